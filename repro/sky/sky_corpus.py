"""Sun, moon and conditions of a corpus' frames, one night at a time.

Output of a night, in the stage's folder: ``tables/NIGHT.parquet``, the frame table up to ``on_boundary``.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from repro import frames
from repro.camera import Camera
from repro.engine.receipts import NightWork, receipt_path, settings_digest
from repro.engine.run_nights import Outcome, Task, run_nights, summaries
from repro.engine.workers import Workers
from repro.params import Site, SkyParams
from repro.sky.bins import sky_table
from repro.untrusted import count_in


def sky_corpus(clock: Path, folder: Path, camera: Camera, params: SkyParams, *, workers: Workers = 0) -> Outcome:
    """Compute the sky of every night that needs it, see :func:`repro.engine.workers.run` for the workers.

    ``clock`` and ``folder`` are the output folders of the stages clock and sky, ``params`` is the section ``sky`` of the
    parameters. It is a ReproError if no night has a clock.
    """
    read = summaries(clock, made_by="clock")
    settings = settings_digest({"camera": camera.model_dump(), "sky": params.model_dump()}, __name__)
    tasks = []
    for night, summary in read.items():
        inputs, outputs = (clock / "tables" / f"{night}.parquet",), (folder / "tables" / f"{night}.parquet",)
        work = NightWork(night, inputs, outputs, receipt_path(folder, night), settings)
        count = count_in(summary, "frames", where=receipt_path(clock, night), made_by="dvc repro clock")
        tasks.append(Task(work, count))
    return run_nights("sky", folder, tasks, partial(sky_night, site=camera.site, params=params), workers=workers)


def sky_night(task: Task, site: Site, params: SkyParams) -> dict[str, Any]:
    """Compute one night's sky, write its table, and return the counts of its conditions."""
    table = add_sky(frames.read(task.work.inputs[0], "clock"), site, params)
    frames.write(task.work.outputs[0], table, "sky")
    timed = frames.readable(table)
    counts = Counter(zip(timed["moon_bin"], timed["sun_bin"], strict=True))
    return {
        "frames": len(table),
        "timed": len(timed),
        "on_boundary": int(timed["on_boundary"].sum()),
        "conditions": [[moon, sun, count] for (moon, sun), count in sorted(counts.items())],
    }


def add_sky(table: pd.DataFrame, site: Site, params: SkyParams) -> pd.DataFrame:
    """The frames of stage ``clock`` with sun, moon and conditions; those of frames without a time are missing.

    See :func:`repro.sky.bins.sky_table`, which also makes the truth of simulated frames.
    """
    timed = table["time_utc"].notna()
    times = table.loc[timed, "time_utc"].dt.tz_localize(None).to_numpy()
    sky = sky_table(times, site, params).set_index(table.index[timed])
    joined = table.join(sky)
    joined["on_boundary"] = joined["on_boundary"].eq(True)
    return joined.astype({"sun_bin": "str", "moon_bin": "str"})
