"""Make the simulated corpus of the KOPRI record: images, masks and truth, one night at a time and several at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repro.engine import receipts
from repro.engine.run_nights import Outcome, Task, run_nights
from repro.files import write_bytes, write_table
from repro.observatory.geometry import MagneticSite
from repro.params import KopriParams, Params
from repro.segmentation.image_corpus import IMAGES, MASKS, encoded
from repro.segmentation.station_campaign import KopriNight, image_times, magnetic_site, nights, render_night
from repro.simulated_mark import comment_jpeg, mark_folders
from repro.sky.ephemeris import positions
from repro.sky.magnetic import magnetic_place

CORPUS = "kopri_simulated"
QUALITY = 95  # of the JPEG files, as the film stage's
TYPICAL_YEAR = 2020  # whose field all nights take: it turns by less than 0.5 deg over the campaign


@dataclass(frozen=True)
class _Job(Task):
    night: KopriNight
    kopri: KopriParams
    magnetic: MagneticSite
    seed: int


def simulate(folder: Path, params: Params) -> Outcome:
    """Make the campaign; nights made from the same parameters and code are kept, others in the folder are removed.

    ``folder`` gets ``images/YYYYMMDD/<UTC stamp>.jpg`` (RGB, twice the network's size), ``masks/YYYYMMDD/<UTC stamp>.png``
    and ``truth/YYYYMMDD.parquet`` (see :func:`_make`).
    """
    kopri = params.kopri
    place = magnetic_place(kopri.place, TYPICAL_YEAR)
    planned = nights(kopri.simulate, kopri.site, place, params.seed)
    mark_folders(folder)
    jobs = [_job(folder, night, kopri, magnetic_site(place), params.seed) for night in planned]
    outcome = run_nights("kopri/simulate", folder, jobs, _make, workers=params.engine, unit="images", clear_stale=False)
    if outcome.failed:
        raise outcome.failed[0].error()
    _remove_others(folder, {path for job in jobs for path in (job.work.receipt, *job.work.outputs)})
    return outcome


def _job(folder: Path, night: KopriNight, kopri: KopriParams, magnetic: MagneticSite, seed: int) -> _Job:
    stamps = pd.to_datetime(image_times(night)).strftime("%Y%m%d%H%M%S")
    outputs = [folder / "truth" / f"{night.night}.parquet"]
    for kind, suffix in ((IMAGES, "jpg"), (MASKS, "png")):
        outputs += [folder / kind / night.night / f"{stamp}.{suffix}" for stamp in stamps]
    settings = {
        "night": vars(night), "site": kopri.site.model_dump(), "size": kopri.image_size_px, "seed": seed,
        "magnetic": vars(magnetic), "exposure_s": kopri.simulate.exposure_s,
    }  # fmt: skip
    receipt = receipts.receipt_path(folder, night.night)
    digest = receipts.settings_digest(settings, __name__)
    work = receipts.NightWork(night.night, (), tuple(outputs), receipt, digest)
    return _Job(work, night.minutes, night, kopri, magnetic, seed)


def _make(job: _Job) -> Mapping[str, Any]:
    """Write a night: images, masks, and a table of its truth, one row an image.

    Columns: ``name``, ``night``, ``time_utc``; ``motion``, ``light``, ``place``, ``weather``, ``form`` (the plan);
    ``sun_alt_deg``, ``moon_alt_deg``, ``moon_phase_deg``; ``aurora_share`` and ``cloud_cover`` of the sky.
    """
    night = job.night
    kopri = job.kopri
    frames, masks, truth = render_night(night, kopri.simulate, kopri.site, job.magnetic, kopri.image_size_px, job.seed)
    target, *files = job.work.outputs
    for path, frame in zip(files[: len(frames)], frames, strict=True):
        write_bytes(path, comment_jpeg(encoded(frame, "JPEG", quality=QUALITY, subsampling=0)))
    for path, mask in zip(files[len(frames) :], masks, strict=True):
        write_bytes(path, encoded(mask.astype(np.uint8) * 255, "PNG"))
    times = image_times(night)
    sky = positions(times, kopri.site)
    columns = {
        "name": [path.stem for path in files[: len(frames)]],
        "night": night.night,
        "time_utc": pd.to_datetime(times).tz_localize("UTC").as_unit("us"),
        **{name: getattr(night, name) for name in ("motion", "light", "place", "weather")},
        "form": night.form or "none",
        **{name: getattr(sky, name) for name in ("sun_alt_deg", "moon_alt_deg", "moon_phase_deg")},
        **truth,
    }
    write_table(target, pd.DataFrame(columns))
    return {"images": len(frames), "motion": night.motion, "aurora_share": round(float(masks.mean()), 4)}


def _remove_others(folder: Path, own: set[Path]) -> None:
    """Remove what an earlier campaign wrote: nights that are no longer planned, and other hours of those that are."""
    for kind in ("receipts", "truth", f"{IMAGES}/*", f"{MASKS}/*"):
        for path in sorted(folder.glob(f"{kind}/[!.]*")):
            if path.is_file() and path not in own:
                path.unlink()
    for kind in (IMAGES, MASKS):
        for path in (folder / kind).iterdir():
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
