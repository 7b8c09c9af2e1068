"""One night's clock: strips to readings, readings to UTC, and frames under their final names.

Outputs of a night, in the stage's folder: ``tables/NIGHT.parquet``, the frame table up to ``time_utc``, and
``frames/NIGHT.zip``, the film stage's JPEGs, byte for byte, under the thesis' names ``<UTC stamp>_<night>_<n>.jpg``.
A frame whose clock is unreadable has a row but no name; its JPEG stays in the film stage's archive.
"""

from __future__ import annotations

import sys
import zipfile
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


def clock_corpus(film: Path, folder: Path, camera: Camera, params: ClockParams, *, workers: Crew = 0) -> Outcome:
    """Read the clock of every filmed night that needs it, and print the notes on all nights.

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

    Raises
    ------
    ReproError
        If no night was filmed.
    """
    tasks = clock_tasks(film, folder, camera, params, workers=workers)
    outcome = run_nights("clock", folder, tasks, clock_night, workers=workers)
    for night, summary in summaries(folder).items():
        for note in summary.get("notes", ()):
            print(f"clock: night {night}: {note}", file=sys.stderr)
    return outcome


def clock_tasks(film: Path, folder: Path, camera: Camera, params: ClockParams, *, workers: Crew = 0) -> list[ClockTask]:
    """One task for each filmed night; arguments and errors as for :func:`clock_corpus`."""
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
    return tasks


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


def clock_night(task: ClockTask) -> dict[str, Any]:
    """Read one night's clock, write its outputs, and give its summary.

    Raises
    ------
    ReproError
        See :func:`repro.clock.read_clock.read_clock`.
    """
    table = frames.read(task.work.inputs[2], "film")
    return write_night(task, table, read_night(task, table))


def write_night(task: ClockTask, table: pd.DataFrame, clock: NightClock) -> dict[str, Any]:
    """Write one night's table and its named frames, and give its summary; ``table`` is the film stage's."""
    night, jpegs = task.work.night, task.work.inputs[0]
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
