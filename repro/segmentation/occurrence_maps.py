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
    """Occurrence of one method: flagged images (24, 400) by hour of magnetic local time and cell; usable images (24,)."""

    flagged: npt.NDArray[np.int64]
    images: npt.NDArray[np.int64]

    @property
    def rate(self) -> Floats:
        """Flagged over usable images, (24, 400); NaN where there was no image: an empty bin is empty, not zero."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.flagged / self.images[:, None])

    def merged(self, hours: int) -> Occurrence:
        """The same with bins of so many hours, a divisor of 24."""
        return Occurrence(self.flagged.reshape(-1, hours, CELLS).sum(1), self.images.reshape(-1, hours).sum(1))

    @property
    def mean(self) -> float:
        """Share of all cells of all usable images; NaN without images."""
        total = int(self.images.sum())
        return float(self.flagged.sum() / (total * CELLS)) if total else float("nan")


def occurrence(flags: npt.NDArray[np.bool_], mlt_h: Floats) -> Occurrence:
    """Occurrence of aurora in flags (n, 400) of the cells of n usable images at magnetic local times (n,), 0 to 24 h."""
    hour = np.floor(mlt_h).astype(np.int64) % HOURS
    flagged = np.zeros((HOURS, CELLS), np.int64)
    np.add.at(flagged, hour, flags)
    return Occurrence(flagged, np.bincount(hour, minlength=HOURS))
