"""Stage difference, the previous method: aurora is where the means of red and green of a cell change in a minute or two.

The poster and Jee et al. (2021) give neither thresholds nor the rule in full; what is ours is a parameter. A pair of images
has one detection, which belongs to the later image.

- Cell means, not pixels: a star that moves by a pixel stays in its cell, where a pixelwise difference would see a pair of
  a bright and a dark star.
- A step of the camera's gain moves all cells alike: the median over the cells of each channel's difference is taken out,
  unless ``align`` is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.camera import PixelCircle
from repro.engine import receipts
from repro.engine.run_nights import Outcome, Task, run_nights
from repro.errors import ReproError
from repro.files import atomic_path
from repro.params import KopriDifference, Params
from repro.segmentation.cells import CELLS, Pixels, cell_map
from repro.segmentation.image_corpus import NightChange, find_images, read_image

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
Channels = Literal["and", "or"]
BLACK = 2.0  # median count of the sky in red and green; below, the shutter was closed or the file is empty
SATURATED = 250.0  # from this count on a cell's mean is not meaningful
LEAST_PX = 96  # of an image's side: smaller ones leave cells without a pixel
SATURATED_SHARE = 0.5  # of the cells; from here on an image is not used


def cell_means(images: Pixels) -> Floats:
    """Means of red and green in the 400 cells of square RGB images (n, size, size, 3), north up; (n, 400, 2)."""
    table = cell_map(images.shape[1])
    return np.stack([table.means(image[..., :2]) for image in images]) if len(images) else np.zeros((0, 400, 2))


def fault_of(means: Floats) -> str:
    """Why an image with these cell means (400, 2) cannot be used; empty if it can."""
    if np.median(means) < BLACK:
        return "black"
    if (means.max(1) >= SATURATED).mean() >= SATURATED_SHARE:
        return "saturated"
    return ""


def pairs(
    times_utc: Times, lag_s: float, tolerance_s: float, usable: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Indices (later, earlier) of each usable image with the usable one a lag before it, if there is one within the tolerance.

    Times (n,) are in order; usable images (n,) are neither black nor saturated.
    """
    seconds = np.asarray(times_utc, "datetime64[ms]").astype("int64") / 1000.0
    later, earlier = [], []
    for index in np.flatnonzero(usable):
        wanted = seconds[index] - lag_s
        nearest = int(np.abs(seconds - wanted).argmin())
        if abs(seconds[nearest] - wanted) <= tolerance_s and usable[nearest] and nearest < index:
            later.append(int(index))
            earlier.append(nearest)
    return np.array(later, np.int64), np.array(earlier, np.int64)


def change(later: Floats, earlier: Floats, *, align: bool = True, channels: Channels = "and") -> Floats:
    """How much each cell changed, (p, 400) in counts: a cell is flagged where this is above the threshold.

    ``later`` and ``earlier`` (p, 400, 2) are means of red and green. ``align`` takes the median over all cells out of each
    channel's difference. With ``channels`` ``and`` both channels must change by more than the threshold, with ``or`` one of
    them.
    """
    difference = later - earlier
    if align:
        difference = difference - np.median(difference, axis=1, keepdims=True)
    size = np.abs(difference)
    return np.asarray(size.min(2) if channels == "and" else size.max(2))


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


def measure(times_utc: Times, paths: list[Path], circle: PixelCircle | None, params: KopriDifference) -> NightChange:
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
    return NightChange(
        np.array([path.stem for path in paths], str), np.array(faults, str), means.astype(np.float32), changes
    )


def _make(job: _Job) -> Mapping[str, Any]:
    rows = job.images
    times = rows["time_utc"].to_numpy("datetime64[s]")
    night = measure(times, [Path(path) for path in rows["image"]], job.circle, job.params)
    changes: dict[str, Any] = {f"change_{lag}": table for lag, table in night.change.items()}
    with atomic_path(job.work.outputs[0]) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, names=night.names, faults=night.faults, means=night.means, **changes)
    faults = zip(night.names.tolist(), night.faults.tolist(), strict=True)
    return {
        "images": len(rows),
        "faults": {name: fault for name, fault in faults if fault},
        "without_partner": {str(lag): int(np.isnan(table[:, 0]).sum()) for lag, table in night.change.items()},
    }
