"""Sun, moon and conditions of a corpus' frames, one night at a time, and each night's keogram.

Outputs of a night, in the stage's folder: ``tables/NIGHT.parquet``, the frame table up to ``on_boundary``, and
``keograms/NIGHT.png``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repro import frames
from repro.camera import Camera
from repro.engine.nights import Outcome, run_nights, summaries
from repro.engine.receipts import Work, settings_digest
from repro.engine.workers import Crew
from repro.errors import ReproError
from repro.film.keogram import draw_keogram
from repro.params import Site, Sky
from repro.simulated_mark import CREDIT, simulated_nights
from repro.sky.bins import altitude_margin_deg, moon_bin, on_boundary, sun_bin
from repro.sky.ephemeris import positions
from repro.untrusted import count_in


@dataclass(frozen=True)
class SkyTask:
    """One night for a worker."""

    work: Work
    size: int
    camera: Camera
    params: Sky


def sky_corpus(clock: Path, film: Path, folder: Path, camera: Camera, params: Sky, *, workers: Crew = 0) -> Outcome:
    """Compute the sky of every night that needs it.

    Parameters
    ----------
    clock, film, folder : Path
        Output folders of the stages clock, film and sky.
    camera : Camera
        The corpus' camera.
    params : Sky
        Section ``sky`` of the parameters.
    workers : int or Engine
        Who does it, see :func:`repro.engine.workers.run`.

    Raises
    ------
    ReproError
        If no night has a clock.
    """
    read = summaries(clock)
    if not read:
        raise ReproError(
            found="no night with a clock",
            expected="receipts of the clock stage",
            where=str(clock),
            remedy="run: dvc repro clock",
        )
    settings = settings_digest({"camera": camera.model_dump(), "sky": params.model_dump()}, __name__)
    simulated = simulated_nights(summaries(film))
    tasks = []
    for night, summary in read.items():
        inputs = (clock / "tables" / f"{night}.parquet", film / "keograms" / f"{night}.png")
        outputs = (folder / "tables" / f"{night}.parquet", folder / "keograms" / f"{night}.png")
        seen_by = camera.model_copy(update={"credit": CREDIT}) if night in simulated else camera
        work = Work(night, inputs, outputs, folder / "receipts" / f"{night}.json", settings)
        count = count_in(summary, "frames", where=clock / "receipts" / f"{night}.json", made_by="dvc repro clock")
        tasks.append(SkyTask(work, count, seen_by, params))
    return run_nights("sky", folder, tasks, sky_night, workers=workers)


def sky_night(task: SkyTask) -> dict[str, Any]:
    """Compute one night's sky, write its table and its keogram, and count its conditions."""
    clock_table, keogram = task.work.inputs
    target, picture = task.work.outputs
    table = add_sky(frames.read(clock_table, "clock"), task.camera.site, task.params)
    frames.write(target, table, "sky")
    draw_keogram(keogram, picture, table, title=f"Night {task.work.night}", credit=task.camera.credit)
    timed = frames.readable(table)
    counts = Counter(zip(timed["moon_bin"], timed["sun_bin"], strict=True))
    return {
        "frames": len(table),
        "timed": len(timed),
        "on_boundary": int(timed["on_boundary"].sum()),
        "conditions": [[moon, sun, count] for (moon, sun), count in sorted(counts.items())],
    }


def add_sky(table: pd.DataFrame, site: Site, params: Sky) -> pd.DataFrame:
    """The same frames with sun, moon and conditions; frames without a time get none.

    Parameters
    ----------
    table : DataFrame
        Frame table of stage ``clock``.
    site : Site
        Observer.
    params : Sky
        Readings that the record leaves open. ``moon_phase: unfolded`` bins by the moon's elongation; the column
        ``moon_phase_deg`` is folded all the same.
    """
    timed = table["time_utc"].notna().to_numpy()
    times = table.loc[timed, "time_utc"].dt.tz_localize(None).to_numpy()
    sky = positions(times, site, altitude=params.altitude)
    phase = sky.moon_phase_deg if params.moon_phase == "folded" else sky.moon_elongation_deg
    margin_deg = altitude_margin_deg(site)
    added: dict[str, Any] = {
        "sun_alt_deg": sky.sun_alt_deg,
        "moon_alt_deg": sky.moon_alt_deg,
        "moon_phase_deg": sky.moon_phase_deg,
        "sun_bin": sun_bin(sky.sun_alt_deg),
        "moon_bin": moon_bin(phase, sky.moon_alt_deg, params.moon_rule),
    }
    table = table.copy()
    for name, values in added.items():
        column = np.full(len(table), None if values.dtype.kind == "U" else np.nan, dtype=object)
        column[timed] = values
        table[name] = pd.Series(column, index=table.index, dtype="str" if values.dtype.kind == "U" else "float64")
    flagged = np.zeros(len(table), dtype=bool)
    flagged[timed] = on_boundary(sky.sun_alt_deg, sky.moon_alt_deg, phase, rule=params.moon_rule, margin_deg=margin_deg)
    table["on_boundary"] = flagged
    return table
