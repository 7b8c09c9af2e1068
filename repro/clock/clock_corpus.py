"""One night's clock: strips to readings, readings to UTC, and frames under their final names.

Outputs of a night, in the stage's folder: ``tables/NIGHT.parquet``, the frame table up to ``time_utc``, and
``frames/NIGHT.zip``, the film stage's JPEGs, byte for byte, under the thesis' names ``<UTC stamp>_<night>_<n>.jpg``.
A frame whose clock is unreadable has a row but no name; its JPEG stays in the film stage's archive.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from repro import frames
from repro.camera import Camera
from repro.clock.read_clock import NightClock, read_clock
from repro.engine.nights import Outcome, run_nights, summaries
from repro.engine.receipts import Work, settings_digest
from repro.engine.workers import Crew, worker_count
from repro.errors import ReproError
from repro.files import atomic_path
from repro.film.cut import decode_grey
from repro.film.film_corpus import outputs as film_outputs
from repro.params import ClockParams
from repro.untrusted import count_in, member, open_archive

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ClockTask:
    """One night for a worker."""

    work: Work
    size: int
    camera: Camera
    params: ClockParams
    step: int
    threads: int


def clock_corpus(
    film: Path,
    folder: Path,
    camera: Camera,
    params: ClockParams,
    *,
    workers: Crew = 0,
    do: Callable[[ClockTask], dict[str, Any]] | None = None,
) -> Outcome:
    """Read the clock of every filmed night that needs it.

    Parameters
    ----------
    film, folder : Path
        Output folders of the stages film and clock.
    camera : Camera
        The corpus' camera.
    params : ClockParams
        Section ``clock`` of the parameters.
    workers : int or Engine
        Who does it, see :func:`repro.engine.workers.run`.
    do : callable, optional
        Instead of :func:`clock_night`, for nights without pixels.

    Raises
    ------
    ReproError
        If no night was filmed.
    """
    filmed = summaries(film)
    if not filmed:
        raise ReproError(
            found="no filmed night",
            expected="receipts of the film stage",
            where=str(film),
            remedy="run: dvc repro film",
        )
    free = {"strips_per_call", "max_failed_share"}  # these change no night's result
    settings = settings_digest({"camera": camera.model_dump(), "clock": params.model_dump(exclude=free)}, __name__)
    threads = max(1, worker_count(workers) // len(filmed))
    tasks = []
    for night, summary in filmed.items():
        outputs = (folder / "tables" / f"{night}.parquet", folder / "frames" / f"{night}.zip")
        inputs = film_outputs(film, night)[:3]
        work = Work(night, inputs, outputs, folder / "receipts" / f"{night}.json", settings)
        sampled, step = (
            count_in(summary, key, where=film / "receipts" / f"{night}.json", made_by="dvc repro film")
            for key in ("sampled", "step")
        )
        tasks.append(ClockTask(work, sampled, camera, params, step, threads))
    return run_nights("clock", folder, tasks, do or clock_night, workers=workers)


def read_night(task: ClockTask, table: pd.DataFrame) -> NightClock:
    """Read the clock strips of one night; ``table`` is the film stage's."""
    night = task.work.night
    with open_archive(task.work.inputs[1]) as archive:
        names = [f"{night}_{number}.png" for number in table["number"]]
        images = [decode_grey(member(archive, name), f"{task.work.inputs[1]}, {name}") for name in names]
    if len({image.shape for image in images}) > 1:
        raise ReproError(
            found="strips of several sizes",
            expected="the clock's corner of every frame, as the film stage cuts it",
            where=str(task.work.inputs[1]),
            remedy="film the night again: dvc repro film",
        )
    return read_clock(images, night, task.camera, task.params, step=task.step, threads=task.threads)


def clock_night(task: ClockTask, read: Callable[[ClockTask, pd.DataFrame], NightClock] = read_night) -> dict[str, Any]:
    """Read one night's clock, write its table and its named frames, and say what was found.

    Parameters
    ----------
    task : ClockTask
        The night.
    read : callable
        Another way to read it, for nights without pixels.

    Raises
    ------
    ReproError
        See :func:`read_clock`.
    """
    night, (jpegs, _, index) = task.work.night, task.work.inputs
    table = frames.read(index, "film")
    clock = read(task, table)
    table = pd.concat([table, clock.table], axis=1)
    stamp = table["time_utc"].dt.strftime("%Y%m%d%H%M%S")
    # A missing stamp makes a missing name.
    table["name"] = stamp + "_" + table["night"] + "_" + table["number"].astype(str) + ".jpg"
    table_path, named_path = task.work.outputs
    with open_archive(jpegs) as source, atomic_path(named_path) as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for number, name in zip(table["number"], table["name"], strict=True):
                if isinstance(name, str):
                    archive.writestr(zipfile.ZipInfo(name, _EPOCH), member(source, f"{night}_{number}.jpg"))
        frames.write(table_path, table, "clock")
    return clock.summary
