"""Make a campaign: videos, truth, masks and labels, one night at a time and several at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.engine import receipts
from repro.engine.nights import run_nights
from repro.files import atomic_path, write_table, write_text
from repro.observatory import campaign, overlay, truth
from repro.observatory import video_writer as film
from repro.observatory.plan import Night, Times
from repro.observatory.render import render
from repro.observatory.scene import scenes
from repro.params import Params, SimulatedNight
from repro.seeding import generator
from repro.sky.bins import sky_table

FILE_NAME = "auroramaxHD_{night}_720p.mp4"
TRUTH_PX = 240  # side of the frames from which truth without videos is taken
BATCH = 64  # frames at a time in that case
LABELLER = "simulated"


@dataclass(frozen=True)
class _Job:
    work: receipts.Work
    night: SimulatedNight
    params: Params
    films: bool

    @property
    def size(self) -> int:
        """Minutes, for the progress bar."""
        return self.night.minutes


def simulate(
    out: Path, params: Params, *, nights: int | None = None, seed: int | None = None, campaign_name: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Simulate a campaign; nights that are there already, made from the same parameters and code, are kept.

    Nights of another campaign that were simulated into the same folder are removed.

    Parameters
    ----------
    out : Path
        Folder to write: ``videos/auroramaxHD_YYYYMMDD_720p.mp4``, ``truth/YYYYMMDD.parquet`` (see :func:`truth_table`),
        ``masks/YYYYMMDD.npz`` (``mask``: bool, packed along the last axis; ``shape``), ``labels.csv``.
    params : Params
        All parameters.
    nights : int, optional
        How many, see :func:`repro.observatory.campaign.chosen`.
    seed : int, optional
        Instead of ``params.seed``.
    campaign_name : str, optional
        Instead of ``params.simulate.campaign``.

    Returns
    -------
    DataFrame
        Truth of all nights.

    Raises
    ------
    ReproError
        If the campaign cannot be made; the first night that failed is named, the others are finished first.
    """
    if seed is not None:
        params = params.model_copy(update={"seed": seed})
    plans = campaign.chosen(params, campaign_name, nights)
    films = params.simulate.campaigns[campaign_name or params.simulate.campaign].films
    jobs = [_job(out, night, params, films) for night in plans]
    outcome = run_nights("simulate", out, jobs, _make, workers=params.engine, unit="minutes")
    if outcome.failed:
        raise outcome.failed[0].error()
    table = pd.concat([pd.read_parquet(job.work.outputs[0]) for job in jobs], ignore_index=True)
    pool = table[(table["sun_bin"] == "Night") & (table["moon_bin"] == "No_moon")]
    write_labels(out / "labels.csv", pool, params.seed)
    return table


def truth_table(
    night: SimulatedNight, params: Params, mask_to: Path | None = None, film_to: Path | None = None, device: str = "cpu"
) -> pd.DataFrame:
    """Truth of a night, one row a minute: the frames that the film stage keeps.

    Parameters
    ----------
    night : SimulatedNight
        Which.
    params : Params
        All parameters.
    mask_to, film_to : Path, optional
        Where to write the aurora's pixels and the video; without a video, frames of 240 pixels give the truth.
    device : str
        Where to render, when no video is made.

    Returns
    -------
    DataFrame
        ``name`` (as the film and clock stages name the frame), ``night``, ``number``, ``frame`` (index in the video),
        ``time_utc``, ``clock_text``, ``generation``, ``weather``; ``sun_alt_deg``, ``moon_alt_deg``, ``moon_phase_deg``,
        ``sun_bin``, ``moon_bin``; ``cloud_cover`` (0 to 1); ``aurora_share`` (of the sky), ``margin``, ``visible``,
        ``form``, ``colour``, ``label`` (yes or no, by the simulated labeller).
    """
    plan = campaign.plan(night, params)
    site = params.schedule.site
    times = film.key_times(plan)
    keys = scenes(plan, times, site)
    if film_to is not None:
        mask, seen = film.write_film(film_to, plan, keys, time_zone=site.time_zone, crf=params.simulate.crf)
    else:
        parts = [
            render(keys.take(slice(i, i + BATCH)), size=TRUTH_PX, device=device) for i in range(0, len(keys), BATCH)
        ]
        mask = np.concatenate([part.mask.cpu().numpy() for part in parts])
        seen = {name: np.concatenate([part.truth[name] for part in parts]) for name in parts[0].truth}
    if mask_to is not None:
        with atomic_path(mask_to) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, mask=np.packbits(mask, axis=-1), shape=np.array(mask.shape))
    table = rows(plan, times, keys.weather_kind, params)
    table = pd.concat([table, pd.DataFrame(seen)], axis=1)
    table["label"] = truth.label(table["margin"].to_numpy(), generator(params.seed, night.night, "labeller"))
    return table


def rows(plan: Night, times: Times, weather: npt.NDArray[np.str_], params: Params) -> pd.DataFrame:
    """The columns of :func:`truth_table` that need no picture, from ``name`` to ``moon_bin``.

    Parameters
    ----------
    plan : Night
        The night.
    times : ndarray of datetime64, shape (n,)
        Of its kept frames.
    weather : ndarray of str, shape (n,)
        Kind of weather of each.
    params : Params
        All parameters.
    """
    site = params.schedule.site
    stamps = pd.to_datetime(times).tz_localize("UTC")
    numbers = np.arange(len(times))
    names = [f"{t:%Y%m%d%H%M%S}_{plan.night}_{k}.jpg" for k, t in zip(numbers, stamps, strict=True)]
    table = pd.DataFrame(
        {
            "name": names,
            "night": plan.night,
            "number": numbers,
            "frame": numbers * film.KEY_EVERY,
            "time_utc": stamps.as_unit("us"),
            "clock_text": [overlay.clock_text(t, plan.generation, site.time_zone) for t in times],
            "generation": plan.generation,
            "weather": weather,
        }
    )
    bins = sky_table(times, site, params.sky).drop(columns="on_boundary")
    return pd.concat([table, bins], axis=1)


def write_labels(target: Path, table: pd.DataFrame, seed: int, names: Iterable[str] | None = None) -> None:
    """Write the simulated labeller's labels as a label file.

    Parameters
    ----------
    target : Path
        CSV file.
    table : DataFrame
        Truth, with ``name`` and ``label``.
    seed : int
        Decides the day on which the labeller worked.
    names : iterable of str, optional
        Only these frames, for example those that the sample holds.
    """
    day = datetime(2025, 3, 1 + int(generator(seed, "labelled_at").integers(28)), tzinfo=UTC).date().isoformat()
    wanted = table if names is None else table[table["name"].isin(set(names))]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "label", "labeller", "labelled_at"))
    for name, label in wanted.sort_values("name")[["name", "label"]].itertuples(index=False):
        writer.writerow((name, label, LABELLER, day))
    write_text(target, text.getvalue())


def _job(out: Path, night: SimulatedNight, params: Params, films: bool) -> _Job:
    outputs = [out / "truth" / f"{night.night}.parquet", out / "masks" / f"{night.night}.npz"]
    if films:
        outputs.append(out / "videos" / FILE_NAME.format(night=night.night))
    settings = {
        "night": night.model_dump(), "seed": params.seed, "site": params.schedule.site.model_dump(),
        "sky": params.sky.model_dump(), "switch_on": params.simulate.switch_on_sun_alt_deg, "crf": params.simulate.crf,
    }  # fmt: skip
    work = receipts.Work(
        night.night, (), tuple(outputs), out / "receipts" / f"{night.night}.json",
        receipts.settings_digest(settings, __name__),
    )  # fmt: skip
    return _Job(work, night, params, films)


def _make(job: _Job) -> dict[str, int]:
    film.limit_threads()
    target, mask, *video = job.work.outputs
    table = truth_table(job.night, job.params, mask, video[0] if video else None)
    write_table(target, table)
    return {"frames": len(table), "visible": int(table["visible"].sum())}
