"""Maps of occurrence: how often each sky cell shows aurora, by hour of magnetic local time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from repro.segmentation.cells import CELLS

Floats = npt.NDArray[np.float64]
HOURS = 24


@dataclass(frozen=True)
class Occurrence:
    """Occurrence of one method.

    Parameters
    ----------
    rate : ndarray, shape (24, 400)
        Flagged images over usable images of each hour of magnetic local time and cell; NaN where there was no image: an
        empty bin is empty, not zero.
    images : ndarray of int64, shape (24,)
        Usable images of each hour.
    """

    rate: Floats
    images: npt.NDArray[np.int64]

    def merged(self, hours: int) -> Occurrence:
        """The same with bins of so many hours, a divisor of 24."""
        images = self.images.reshape(-1, hours).sum(1)
        flagged = np.nan_to_num(self.rate * self.images[:, None]).reshape(-1, hours, CELLS).sum(1)
        return Occurrence(_over(flagged, images), images)

    @property
    def mean(self) -> float:
        """Share of all cells of all usable images; NaN without images."""
        total = int(self.images.sum())
        return float(np.nan_to_num(self.rate * self.images[:, None]).sum() / (total * CELLS)) if total else float("nan")


def occurrence(flags: npt.NDArray[np.bool_], mlt_h: Floats) -> Occurrence:
    """Occurrence by magnetic local time and cell.

    Parameters
    ----------
    flags : ndarray of bool, shape (n, 400)
        Cells with aurora in each usable image.
    mlt_h : ndarray, shape (n,)
        Magnetic local time of each, 0 to 24.
    """
    hour = np.floor(mlt_h).astype(np.int64) % HOURS
    images = np.bincount(hour, minlength=HOURS)
    flagged = np.zeros((HOURS, CELLS))
    np.add.at(flagged, hour, flags)
    return Occurrence(_over(flagged, images), images)


def _over(flagged: Floats, images: npt.NDArray[np.int64]) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(images[:, None] > 0, flagged / images[:, None], np.nan)
