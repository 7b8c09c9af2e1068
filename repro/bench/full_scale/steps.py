"""The steps that would need pixels, done on truth instead: ``python -m repro.bench.full_scale.steps STEP``.

Each works in the project of the current folder and leaves what the stage of that name leaves, receipts included; all other
stages are the real ones.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repro import frames
from repro.analysis.colour_corpus import colour_corpus
from repro.bench.full_scale import stand_ins
from repro.camera import camera_of
from repro.classifier.infer_corpus import infer_night, infer_tasks
from repro.clock.clock_corpus import ClockTask, clock_tasks, write_night
from repro.clock.read_clock import resolve_times
from repro.engine.run_nights import Outcome, run_nights
from repro.engine.run_stage import run_stage
from repro.film.cut import write_index
from repro.film.film_corpus import FilmTask, film_tasks
from repro.film.frame_archive import add_file, new_archive
from repro.params import Params
from repro.paths import Paths
from repro.seeding import generator

FPS, KEY_EVERY = 25, 10  # of a video, and of its frames one in ten is kept
KEOGRAM_PX = 90  # height; a real one has 720


def observe(paths: Paths, params: Params, count: int | None = None) -> None:
    """Make the nights."""
    # The observatory brings torch along, which the other steps do without.
    from repro.bench.full_scale import nights_without_pixels as nights

    for plan, lost in nights.chosen(params, count):
        nights.write_night(plan, lost, params, paths)


def film(paths: Paths, params: Params) -> Outcome:
    """Stage film: tables turned into archives of grey squares and lines of text."""
    folder, camera = paths.stage(params.corpus, "film"), camera_of(params.corpus, params.film)
    videos, many = paths.videos(params.corpus), params.engine
    tasks, failed = film_tasks(videos, folder, camera, params.film, workers=many)
    return run_nights("film", folder, tasks, film_night, workers=many, failed=failed)


def clock(paths: Paths, params: Params) -> Outcome:
    """Stage clock: text with simulated errors of OCR, repaired by the real code."""
    source, folder = (paths.stage(params.corpus, name) for name in ("film", "clock"))
    camera, many = camera_of(params.corpus, params.film), params.engine
    tasks = clock_tasks(source, folder, camera, params.clock, workers=many)
    return run_nights("clock", folder, tasks, clock_night, workers=many)


def infer(paths: Paths, params: Params) -> Outcome:
    """Stage infer: answers drawn from a model of the truth, and the colour rule on the grey stand_ins."""
    source, sky, train, folder = (paths.stage(params.corpus, name) for name in ("film", "sky", "train", "infer"))
    colour_corpus(source, paths.stage(params.corpus, "colour"), workers=params.engine)
    tasks = infer_tasks(source, sky, train / "weights.safetensors", folder, params)
    return run_nights(
        "infer", folder, tasks, partial(infer_night, classify=partial(drawn, seed=params.seed)), workers=1
    )


def drawn(archive: Path, names: Sequence[str], *, seed: int) -> stand_ins.Floats:
    """Logits (n, 2) of frames of a night that follow the truth, with errors near its threshold: a network as a seeded model."""
    brightness = {data: level for level, data in enumerate(stand_ins.jpegs())}
    with zipfile.ZipFile(archive) as source:
        levels = np.array([brightness[source.read(frames.archive_name(name))] for name in names], np.int64)
    noise = generator(seed, archive.stem, "logits").normal(0, 0.8, len(levels))
    half = stand_ins.margin_of(levels) + noise
    return np.stack([-half, half], axis=1)


def film_night(task: FilmTask) -> dict[str, Any]:
    """One night's frames, strips, index and keogram from the table that replaces its video."""
    night, (video,) = task.work.night, task.work.inputs
    table = pd.read_parquet(video)
    levels, pictures = stand_ins.level(table["margin"].to_numpy()), stand_ins.jpegs()
    with ExitStack() as stack:
        archive, strips = (new_archive(stack, path) for path in task.work.outputs[:2])
        for number, brightness in enumerate(levels):
            add_file(archive, f"{night}_{number}.jpg", pictures[brightness])
        add_file(strips, "clock.txt", "\n".join(table["clock_text"]).encode())
        columns = [np.full((KEOGRAM_PX, 3), brightness, np.uint8) for brightness in levels]
        write_index(task.work, table["frame"].tolist(), table["video_time_s"].tolist(), columns)
    scanned = KEY_EVERY * len(table)
    counts = {"scanned": scanned, "sampled": len(table), "missing": 0, "holes": [], "undecoded": [], "simulated": True}
    return {"video": video.name, "fps": float(FPS), "step": KEY_EVERY, **counts}


def clock_night(task: ClockTask) -> dict[str, Any]:
    """Stage clock's work on a night whose strips are lines of text, misread at random."""
    table = frames.read(task.work.inputs[1], "film")
    with zipfile.ZipFile(task.work.inputs[0]) as archive:
        texts = archive.read("clock.txt").decode().split("\n")
    rng = generator(0, task.work.night, "ocr")
    first = stand_ins.misread(texts, stand_ins.FIRST, rng)
    second = stand_ins.misread(texts, stand_ins.SECOND, rng)
    looks = [lambda numbers, read=read: [read[number] for number in numbers] for read in (first, second)]
    return write_night(task, table, resolve_times(len(table), looks[0], looks[1], task.setup))


STEPS: dict[str, Callable[[Paths, Params], Outcome]] = {"film": film, "clock": clock, "infer": infer}


def main(name: str, *arguments: str) -> None:
    """Do one step; ``observe`` takes the number of nights."""

    def work(paths: Paths, params: Params) -> Outcome | None:
        if name == "observe":
            observe(paths, params, int(arguments[0]))
            return None
        outcome = STEPS[name](paths, params)
        outcome.check(name, 0.0, paths.stage(params.corpus, name) / "failures.json")
        return outcome

    run_stage(work, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
