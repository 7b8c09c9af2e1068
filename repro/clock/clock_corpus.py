"""One night's clock: strips to readings, readings to UTC, and a published name for each frame.

Output of a night, in the stage's folder: ``tables/NIGHT.parquet``, the frame table up to ``time_utc``. Its column
``name`` holds the thesis' name of each frame, ``<UTC stamp>_<night>_<n>.jpg``; a frame whose clock is unreadable has a
row but no name. The pictures themselves stay in the film stage's archive.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from repro import frames
from repro.camera import Camera
from repro.clock.read_clock import ClockSetup, NightClock, read_clock
from repro.engine.receipts import NightWork, receipt_path, settings_digest
from repro.engine.run_nights import Outcome, Task, run_nights, summaries
from repro.engine.workers import Workers, worker_count
from repro.errors import ReproError
from repro.film.cut import decode_grey
from repro.film.frame_archive import film_outputs
from repro.params import ClockParams
from repro.untrusted import archive_member, count_in, open_archive

_STAMPS = "stamps.json"
_GAP = 1.5  # of the usual distance of two images; from here on images are missing between them


@dataclass(frozen=True)
class ClockTask(Task):
    """One night for a worker."""

    setup: ClockSetup
    threads: int


def clock_corpus(film: Path, folder: Path, camera: Camera, params: ClockParams, *, workers: Workers = 0) -> Outcome:
    """Read the clock of every filmed night that needs it, and print the notes on all nights.

    ``film`` and ``folder`` are the output folders of the stages film and clock; ``workers`` is as for
    :func:`repro.engine.workers.run`. Raises ReproError if no night was filmed.
    """
    tasks = clock_tasks(film, folder, camera, params, workers=workers)
    outcome = run_nights("clock", folder, tasks, clock_night, workers=workers)
    for night, summary in summaries(folder).items():
        for note in summary.get("notes", ()):
            print(f"clock: night {night}: {note}", file=sys.stderr)
    return outcome


def clock_tasks(
    film: Path, folder: Path, camera: Camera, params: ClockParams, *, workers: Workers = 0
) -> list[ClockTask]:
    """One task for each filmed night; arguments and errors as for :func:`clock_corpus`."""
    filmed = summaries(film, made_by="film")
    free = {"strips_per_call", "max_failed_share"}  # these do not change any night's result
    settings = settings_digest({"camera": camera.model_dump(), "clock": params.model_dump(exclude=free)}, __name__)
    threads = max(1, worker_count(workers) // len(filmed))
    tasks = []
    for night, summary in filmed.items():
        outputs = (folder / "tables" / f"{night}.parquet",)
        inputs = film_outputs(film, night)[1:3]  # strips and index; no picture is touched
        work = NightWork(night, inputs, outputs, receipt_path(folder, night), settings)
        sampled, step = (
            count_in(summary, key, where=receipt_path(film, night), made_by="dvc repro film")
            for key in ("sampled", "step")
        )
        tasks.append(ClockTask(work, sampled, ClockSetup(night, camera, params, step), threads))
    return tasks


def read_night(task: ClockTask, table: pd.DataFrame) -> NightClock:
    """Read the clock strips of one night; ``table`` is the film stage's."""
    night = task.work.night
    with open_archive(task.work.inputs[0]) as archive:
        names = [f"{night}_{number}.png" for number in table["number"]]
        images = [decode_grey(archive_member(archive, name), f"{task.work.inputs[0]}, {name}") for name in names]
    if len({image.shape for image in images}) > 1:
        raise ReproError(
            found="strips of several sizes",
            expected="the clock's corner of every frame, as the film stage cuts it",
            where=str(task.work.inputs[0]),
            remedy="film the night again: dvc repro film",
        )
    return read_clock(images, task.setup, threads=task.threads)


def read_stamps(source: Path, count: int) -> NightClock:
    """Times of a night's ``count`` still images, found in names or EXIF data, from its archive ``strips`` of stage film.

    Raises ReproError if the archive is damaged or does not hold one time for each frame.
    """
    with open_archive(source) as archive:
        data = archive_member(archive, _STAMPS)
    try:
        stamps = [(str(stamp["text"]), float(stamp["utc_s"])) for stamp in json.loads(data)]
        if len(stamps) != count:
            raise ValueError(f"{len(stamps)} times of {count} frames")
        times = pd.to_datetime([round(utc_s) for _, utc_s in stamps], unit="s", utc=True)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ReproError(
            found=f"a damaged list of times: {error}",
            expected="text and utc_s of each frame, as the film stage writes them",
            where=f"{source}, {_STAMPS}",
            remedy="film the night again: dvc repro film",
        ) from None
    table = pd.DataFrame({"clock_read": [text for text, _ in stamps], "clock_confidence": 100.0})
    table = table.assign(clock_text=table["clock_read"], clock_repair="", time_utc=times.as_unit("us"))
    return NightClock(table, _summary_of_stills([utc_s for _, utc_s in stamps]))


def _summary_of_stills(times_s: list[float]) -> dict[str, Any]:
    gaps_s = [after - before for before, after in pairwise(times_s)]
    step_s = float(median(gaps_s)) if gaps_s else 0.0
    breaks = [
        {"kind": "gap", "after": place, "before": place + 1, "seconds": round(gap_s - step_s, 1),
         "frames": round(gap_s / step_s) - 1}
        for place, gap_s in enumerate(gaps_s)
        if step_s > 0 and gap_s > _GAP * step_s
    ]  # fmt: skip
    return {"frames": len(times_s), "step_s": round(step_s, 4), "unreadable": [], "breaks": breaks}


def clock_night(task: ClockTask) -> dict[str, Any]:
    """Read one night's clock, write its table, and return its summary; errors as of :func:`repro.clock.read_clock.read_clock`."""
    table = frames.read(task.work.inputs[1], "film")
    by_clock = task.setup.camera.time_from == "clock"
    clock = read_night(task, table) if by_clock else read_stamps(task.work.inputs[0], len(table))
    return write_night(task, table, clock)


def write_night(task: ClockTask, table: pd.DataFrame, clock: NightClock) -> dict[str, Any]:
    """Write a night's frame table with its clock and the frames' names; returns the night's summary."""
    table = pd.concat([table, clock.table], axis=1)
    table["name"] = frames.published_names(table)
    frames.write(task.work.outputs[0], table, "clock")
    return clock.summary
