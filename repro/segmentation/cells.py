"""The sky in 400 cells of equal area: rings of 1, 3, 5, ... cells about the zenith.

The poster names 400 equal-area cells and no more. 400 is the sum of 1, 3, ..., 39, so twenty rings fit; that the poster's
cells lie so is our reading. With u = sqrt((1 - cos z) / (1 - cos z_max)) of the zenith angle z, ring k holds 20 u from
k - 1 to k, and 2 k - 1 sectors of equal azimuth; every cell has the solid angle 2 pi (1 - cos z_max) / 400.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from repro.observatory.geometry import direction_of

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]
RINGS = 20
CELLS = RINGS * RINGS
ZENITH_MAX_DEG = 80.0  # lower, trees, buildings and the lens' edge stand in the way; the poster does not say


def cell_of(alt_deg: npt.ArrayLike, az_deg: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Cell of directions, 0 at the zenith to 399, and -1 below the lowest ring; azimuth from north through east."""
    zenith = np.radians(90.0 - np.asarray(alt_deg, float))
    u = np.sqrt((1 - np.cos(zenith)) / (1 - np.cos(np.radians(ZENITH_MAX_DEG))))
    ring = np.floor(RINGS * u).astype(np.int64)
    sectors = 2 * ring + 1
    turn = np.asarray(az_deg, float) % 360.0 / 360.0
    sector = np.minimum((turn * sectors).astype(np.int64), sectors - 1)
    return np.where(ring < RINGS, ring**2 + sector, -1)


def borders_deg() -> Floats:
    """Inner and outer zenith angle, first azimuth and width in azimuth of each cell, (400, 4) deg."""
    edges = np.degrees(np.arccos(1 - (np.arange(RINGS + 1) / RINGS) ** 2 * (1 - np.cos(np.radians(ZENITH_MAX_DEG)))))
    ring = np.repeat(np.arange(RINGS), 2 * np.arange(RINGS) + 1)
    width = 360.0 / (2 * ring + 1)
    return np.stack([edges[ring], edges[ring + 1], (np.arange(CELLS) - ring**2) * width, width], 1)


@dataclass(frozen=True)
class CellMap:
    """Which pixels of a square all-sky image lie in which cell.

    ``cell`` (size, size) is the cell of each pixel, -1 outside; ``order`` are flat indices of the pixels inside, cell by
    cell; ``starts`` and ``pixels`` (400,) say where each cell begins in ``order``, and how many pixels it has.
    """

    cell: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.int64]

    def means(self, image: Pixels) -> Floats:
        """Mean of each channel of an image (size, size, channels) in each cell, (400, channels); sums are exact."""
        flat = image.reshape(len(self.cell) ** 2, -1)[self.order]
        return np.asarray(np.add.reduceat(flat, self.starts, dtype=np.uint32) / self.pixels[:, None])

    def paint(self, values: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Image (size, size) of a flag of each cell; False outside."""
        return np.where(self.cell >= 0, values[self.cell], False)


@lru_cache(maxsize=8)
def cell_map(size: int) -> CellMap:
    """Map of the cells to a square image of at least 96 pixels, north up, whose horizon touches its sides."""
    cell = cell_of(*directions(size))
    order = np.argsort(cell.ravel(), kind="stable")
    order = order[cell.ravel()[order] >= 0]
    pixels = np.bincount(cell.ravel()[order], minlength=CELLS)
    if (pixels == 0).any():
        raise ValueError(f"{int((pixels == 0).sum())} cells without a pixel in an image of {size} px")
    return CellMap(cell, order, np.concatenate([[0], np.cumsum(pixels)[:-1]]), pixels)


def directions(size: int) -> tuple[Floats, Floats]:
    """Altitude and azimuth (deg) of every pixel of a square all-sky image, each (size, size)."""
    row, column = np.mgrid[:size, :size].astype(float)
    return direction_of(column, row, size)
