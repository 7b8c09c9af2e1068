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


def first_of_ring(ring: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Number of the first cell of each ring, rings from 0."""
    return np.asarray(ring, np.int64) ** 2


def cell_of(alt_deg: npt.ArrayLike, az_deg: npt.ArrayLike, *, zero_az_deg: float = 0.0) -> npt.NDArray[np.int64]:
    """Cell of directions, 0 at the zenith to 399, and -1 below the lowest ring; shapes broadcast.

    Parameters
    ----------
    alt_deg, az_deg : array_like
        Altitude, and azimuth from north through east.
    zero_az_deg : float
        Azimuth at which the sectors of each ring begin.
    """
    zenith = np.radians(90.0 - np.asarray(alt_deg, float))
    u = np.sqrt((1 - np.cos(zenith)) / (1 - np.cos(np.radians(ZENITH_MAX_DEG))))
    ring = np.floor(RINGS * u).astype(np.int64)
    sectors = 2 * ring + 1
    turn = (np.asarray(az_deg, float) - zero_az_deg) % 360.0 / 360.0
    sector = np.minimum((turn * sectors).astype(np.int64), sectors - 1)
    return np.where(ring < RINGS, first_of_ring(ring) + sector, -1)


def borders_deg(*, zero_az_deg: float = 0.0) -> Floats:
    """Inner and outer zenith angle, first azimuth and width in azimuth of each cell, (400, 4) deg."""
    edges = np.degrees(np.arccos(1 - (np.arange(RINGS + 1) / RINGS) ** 2 * (1 - np.cos(np.radians(ZENITH_MAX_DEG)))))
    rows = [
        (edges[ring], edges[ring + 1], zero_az_deg + sector * 360.0 / (2 * ring + 1), 360.0 / (2 * ring + 1))
        for ring in range(RINGS)
        for sector in range(2 * ring + 1)
    ]
    return np.array(rows)


def solid_angles() -> Floats:
    """Solid angle of each cell in sr, (400,), from its own borders."""
    inner, outer, _, width = np.radians(borders_deg()).T
    return np.asarray((np.cos(inner) - np.cos(outer)) * width)


@dataclass(frozen=True)
class CellMap:
    """Which pixels of a square all-sky image lie in which cell.

    Parameters
    ----------
    cell : ndarray, int64, shape (size, size)
        Cell of each pixel, -1 outside.
    order : ndarray
        Flat indices of the pixels inside, cell by cell.
    starts : ndarray, shape (400,)
        Where each cell begins in ``order``.
    pixels : ndarray, shape (400,)
        Pixels of each cell.
    """

    cell: npt.NDArray[np.int64]
    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    pixels: npt.NDArray[np.int64]

    def means(self, image: Pixels) -> Floats:
        """Mean of each channel in each cell, (400, channels); sums are exact whole numbers.

        Parameters
        ----------
        image : ndarray of uint8 or bool, shape (size, size, channels)
            The image.
        """
        flat = image.reshape(len(self.cell) ** 2, -1)[self.order]
        return np.asarray(np.add.reduceat(flat, self.starts, dtype=np.uint32) / self.pixels[:, None])

    def paint(self, values: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Image (size, size) of a flag of each cell; False outside."""
        return np.where(self.cell >= 0, values[self.cell], False)


@lru_cache(maxsize=8)
def cell_map(size: int, zero_az_deg: float = 0.0, north_deg: float = 0.0) -> CellMap:
    """Map of the cells to a square image whose horizon touches its sides, made once.

    Parameters
    ----------
    size : int
        Side in pixels; at least 96, so that every cell has pixels.
    zero_az_deg : float
        Azimuth at which the sectors begin.
    north_deg : float
        Direction of north in the image, anticlockwise from up.
    """
    alt, az = directions(size, north_deg)
    cell = cell_of(alt, az, zero_az_deg=zero_az_deg)
    order = np.argsort(cell.ravel(), kind="stable")
    order = order[cell.ravel()[order] >= 0]
    pixels = np.bincount(cell.ravel()[order], minlength=CELLS)
    if (pixels == 0).any():
        raise ValueError(f"{int((pixels == 0).sum())} cells without a pixel in an image of {size} px")
    return CellMap(cell, order, np.concatenate([[0], np.cumsum(pixels)[:-1]]), pixels)


def directions(size: int, north_deg: float = 0.0) -> tuple[Floats, Floats]:
    """Altitude and azimuth (deg) of every pixel of a square all-sky image, each (size, size)."""
    row, column = np.mgrid[:size, :size].astype(float)
    alt, az = direction_of(column, row, size)
    return alt, (az - north_deg) % 360.0
