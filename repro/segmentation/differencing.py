"""The previous method: aurora is where the means of red and green of a sky cell change from one image to the next.

The poster and Jee et al. (2021) give neither thresholds nor the rule in full; what is ours is a parameter. A pair of images
has one detection, which belongs to the later image.

- Cell means, not pixels: a star that moves by a pixel stays in its cell, where a pixelwise difference would see a pair of
  a bright and a dark star.
- A step of the camera's gain moves all cells alike: the median over the cells of each channel's difference is taken out,
  unless ``align`` is off.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from repro.segmentation.cells import Pixels, cell_map

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
Channels = Literal["and", "or"]
BLACK = 2.0  # median count of the sky in red and green; below, the shutter was closed or the file is empty
SATURATED = 250.0  # from this count on a cell's mean is not meaningful
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
