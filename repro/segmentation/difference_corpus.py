"""Stage difference: cell means of every image of a night, and how much each cell changed since one and two minutes ago."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.camera import PixelCircle
from repro.engine import receipts
from repro.engine.run_nights import Outcome, Task, run_nights
from repro.errors import ReproError
from repro.files import atomic_path
from repro.params import KopriDifference, Params
from repro.segmentation.cells import CELLS
from repro.segmentation.differencing import cell_means, change, fault_of, pairs
from repro.segmentation.image_corpus import find_images, read_image
from repro.segmentation.night_files import NightChange

LEAST_PX = 96  # of an image's side: smaller ones leave cells without a pixel


@dataclass(frozen=True)
class _Job(Task):
    images: pd.DataFrame
    circle: PixelCircle | None
    params: KopriDifference


def difference(data: Path, folder: Path, params: Params) -> Outcome:
    """Difference all nights of a corpus into ``nights/YYYYMMDD.npz`` of a folder; nights that are done are kept."""
    corpus = find_images(data, params.kopri.site)
    settings = receipts.settings_digest({"params": params.kopri.difference.model_dump()}, __name__)
    jobs = []
    for night, rows in corpus.table.groupby("night"):
        inputs, outputs = tuple(map(Path, rows["image"])), (folder / "nights" / f"{night}.npz",)
        work = receipts.NightWork(str(night), inputs, outputs, receipts.receipt_path(folder, str(night)), settings)
        jobs.append(_Job(work, len(rows), rows.reset_index(drop=True), corpus.circle, params.kopri.difference))
    return run_nights(
        "kopri/difference", folder, jobs, _make, workers=params.engine, unit="images", failed=corpus.faults
    )


def measure(
    names: npt.NDArray[np.str_], times_utc: npt.NDArray[np.datetime64], paths: list[Path], circle: PixelCircle | None,
    params: KopriDifference,
) -> NightChange:  # fmt: skip
    """Cell means and changes of images in order of time; what cannot be read is a fault, not an error."""
    means = np.full((len(paths), CELLS, 2), np.nan)
    faults = []
    for index, path in enumerate(paths):
        try:
            image = read_image(path, None, circle)
            if len(image) < LEAST_PX:
                raise ReproError(
                    found=f"an image of {len(image)} px",
                    expected=f"{LEAST_PX} px or more",
                    where=str(path),
                    remedy="use larger images",
                )
            means[index] = cell_means(image[None])[0]
            faults.append(fault_of(means[index]))
        except ReproError as error:
            faults.append(error.found)
    usable = np.array([not fault for fault in faults], bool)
    changes = {}
    for lag in params.lags_min:
        later, earlier = pairs(times_utc, 60.0 * lag, params.tolerance_s, usable)
        changes[lag] = np.full((len(paths), CELLS), np.nan, np.float32)
        changes[lag][later] = change(means[later], means[earlier], align=params.align, channels=params.channels)
    return NightChange(names, np.array(faults, str), means.astype(np.float32), changes)


def _make(job: _Job) -> Mapping[str, Any]:
    rows = job.images
    names, times = rows["name"].to_numpy(str), rows["time_utc"].to_numpy("datetime64[s]")
    night = measure(names, times, [Path(path) for path in rows["image"]], job.circle, job.params)
    changes: dict[str, Any] = {f"change_{lag}": table for lag, table in night.change.items()}
    with atomic_path(job.work.outputs[0]) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, names=night.names, faults=night.faults, means=night.means, **changes)
    faults = zip(night.names.tolist(), night.faults.tolist(), strict=True)
    return {
        "images": len(rows),
        "faults": {name: fault for name, fault in faults if fault},
        "without_partner": {str(lag): int(np.isnan(table[:, 0]).sum()) for lag, table in night.change.items()},
    }
