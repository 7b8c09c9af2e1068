"""Make a campaign: videos, truth, masks and labels, one night at a time and several at once.

The folder belongs to its user. What lies in it and was not written here is never changed, replaced or removed: receipts
say which files were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.engine import receipts
from repro.engine.run_nights import Task, run_nights
from repro.errors import ReproError
from repro.files import atomic_path, digest, read_json, write_json, write_table, write_text
from repro.observatory import campaign, overlay, truth
from repro.observatory import video_writer as film
from repro.observatory.plan import Night, Times
from repro.observatory.render import render
from repro.observatory.scene import scenes
from repro.params import Params, SimulatedNight
from repro.seeding import generator
from repro.simulated_mark import MARKER, mark_folders
from repro.sky.bins import sky_table

FILE_NAME = "auroramaxHD_{night}_720p.mp4"
TRUTH_PX = 240  # side of the frames from which truth without videos is taken


@dataclass(frozen=True)
class _Job(Task):
    night: SimulatedNight
    params: Params


def simulate(
    out: Path, params: Params, *, nights: int | None = None, named: Iterable[str] = (), seed: int | None = None,
    campaign_name: str | None = None, only: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """Simulate a campaign; gives the truth of the nights that were asked for.

    Nights that are there already, made from the same parameters and code, are kept. ``out`` is new, empty, or made here
    before: ``videos/auroramaxHD_YYYYMMDD_720p.mp4``, ``truth/YYYYMMDD.parquet`` (see :func:`truth_table`),
    ``masks/YYYYMMDD.npz`` (see :func:`write_masks`), and ``labels.csv``, the simulated labeller's labels of all frames. A label
    file that was changed since it was written is left as it is. ``nights`` and ``named`` are as for
    :func:`repro.observatory.campaign.chosen`. ``only`` removes nights that were simulated into the folder before and are not
    asked for now.

    Raises ReproError if the folder holds files that were not written here and are in the way: nothing is written then. If the
    campaign cannot be made, the first night that failed is named; the others are finished first.
    """
    if seed is not None:
        params = params.model_copy(update={"seed": seed})
    plans = campaign.chosen(params, campaign_name, nights, named)
    films = params.simulate.campaigns[campaign_name or params.simulate.campaign].films
    jobs = [_job(out, night, params, films) for night in plans]
    _check_folder(out, jobs)
    mark_folders(out, *sorted({path.parent for job in jobs for path in job.work.outputs}))
    if only:
        for work in _works(out):
            if work.night not in {plan.night for plan in plans}:
                receipts.invalidate(work)
    outcome = run_nights("simulate", out, jobs, _make, workers=params.engine, unit="minutes", clear_stale=False)
    if outcome.failed:
        raise outcome.failed[0].error()
    _write_labels(out)
    return pd.concat([pd.read_parquet(job.work.outputs[0]) for job in jobs], ignore_index=True)


def truth_table(
    night: SimulatedNight, params: Params, mask_to: Path | None = None, film_to: Path | None = None
) -> pd.DataFrame:
    """Truth of a night, one row a minute: the frames that the film stage keeps.

    ``mask_to`` and ``film_to`` are where to write the aurora's pixels and the video; without a video, frames of 240 pixels
    give the truth. Columns: ``name`` (as the film and clock stages name the frame), ``night``,
    ``number``, ``frame`` (index in the video), ``time_utc``, ``clock_text``, ``generation``, ``weather``; ``sun_alt_deg``,
    ``moon_alt_deg``, ``moon_phase_deg``, ``sun_bin``, ``moon_bin``; ``cloud_cover`` (0 to 1); ``aurora_share`` (of the sky),
    ``margin``, ``visible``, ``certain``, ``form``, ``colour``, ``label`` (yes or no, by the simulated labeller).
    """
    plan = campaign.plan(night, params)
    site = params.schedule.site
    times = film.key_times(plan)
    keys = scenes(plan, times, site)
    if film_to is not None:
        mask, seen = film.write_film(
            film_to, plan, keys, time_zone=site.time_zone, crf=params.simulate.crf, kind=night.overlay
        )
    else:
        made = render(keys, size=TRUTH_PX)
        mask, seen = made.mask.numpy(), made.truth
    if mask_to is not None:
        write_masks(mask_to, mask)
    table = rows(plan, times, keys.weather_kind, params)
    table = pd.concat([table, pd.DataFrame(seen)], axis=1)
    rng = generator(params.seed, night.night, "labeller")
    table["label"] = truth.label(table["margin"].to_numpy(), rng, params.simulate.label_error_share)
    return table


def write_masks(target: Path, mask: npt.NDArray[np.bool_]) -> None:
    """Write the aurora's pixels of a night's frames (n, rows, columns): ``mask``, packed along the last axis, and ``shape``."""
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, mask=np.packbits(mask, axis=-1), shape=np.array(mask.shape))


def rows(plan: Night, times: Times, weather: npt.NDArray[np.str_], params: Params) -> pd.DataFrame:
    """The columns of :func:`truth_table` that need no picture, from ``name`` to ``moon_bin``, of kept frames (n,)."""
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


def _check_folder(out: Path, jobs: Iterable[_Job]) -> None:
    """Raise an error if the folder was not made here, or files of others have the names of those to be written."""
    written = {path for work in _works(out) for path in work.outputs}
    if written or (out / MARKER).is_file():
        foreign = [path for job in jobs for path in job.work.outputs if path.exists() and path not in written]
    else:
        first = next((path for path in out.rglob("[!.]*") if path.is_file()), None) if out.is_dir() else out
        foreign = [first] if first is not None and first.exists() else []
    if foreign:
        others = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise ReproError(
            found=f"{foreign[0].relative_to(out.parent)}{others}, which repro simulate did not write",
            expected="a new or empty folder, or one that repro simulate made",
            where=str(out),
            remedy="choose another folder with --out, or move these files elsewhere; nothing was changed",
        )


def _works(out: Path) -> Iterator[receipts.NightWork]:
    """Nights that were simulated into a folder, finished or not, with the files that were written and are unchanged."""
    for path in sorted((out / "receipts").glob("[!.]*.json")):
        document = receipts.read(path)
        if document is not None:
            outputs = ((out / name, size) for name, size in document["outputs"].items())
            own = tuple(
                file for file, size in outputs if file.is_file() and size in (receipts.UNFINISHED, file.stat().st_size)
            )
            yield receipts.NightWork(path.stem, (), own, path, "")


def _write_labels(out: Path) -> None:
    """Write the labels of all nights in a folder, unless somebody has changed them or put others there."""
    target, receipt = out / "labels.csv", out / "labels.json"
    if target.exists():
        ours = receipt.is_file() and read_json(receipt, made_by="repro simulate").get("sha256") == digest(target)
        if not ours:
            print(f"simulate: {target} was not written here or was changed since; it is left as it is")
            return
    tables = [
        pd.read_parquet(out / "truth" / f"{work.night}.parquet", columns=["name", "label"]) for work in _works(out)
    ]
    labels = pd.concat(tables).sort_values("name").assign(labeller="simulated", labelled_at="")
    write_text(target, labels.to_csv(index=False, lineterminator="\n"))
    write_json(receipt, {"sha256": digest(target)})


def _job(out: Path, night: SimulatedNight, params: Params, films: bool) -> _Job:
    outputs = [out / "truth" / f"{night.night}.parquet", out / "masks" / f"{night.night}.npz"]
    if films:
        outputs.append(out / "videos" / FILE_NAME.format(night=night.night))
    settings = {
        "night": night.model_dump(), "seed": params.seed, "site": params.schedule.site.model_dump(),
        "sky": params.sky.model_dump(), "switch_on": params.simulate.switch_on_sun_alt_deg, "crf": params.simulate.crf,
        "label_error_share": params.simulate.label_error_share,
    }  # fmt: skip
    work = receipts.NightWork(
        night.night, (), tuple(outputs), out / "receipts" / f"{night.night}.json",
        receipts.settings_digest(settings, __name__),
    )  # fmt: skip
    return _Job(work, night.minutes, night, params)


def _make(job: _Job) -> dict[str, int]:
    # Should this run be killed, its files are known to be ours.
    receipts.claim_outputs(job.work)
    target, mask, *video = job.work.outputs
    table = truth_table(job.night, job.params, mask, video[0] if video else None)
    write_table(target, table)
    return {"frames": len(table), "visible": int(table["visible"].sum())}
