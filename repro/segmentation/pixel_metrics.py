"""How good a segmentation is: one confusion matrix over all pixels of all images, and what follows from it.

A mean over images would be 0 / 0 on images without aurora, and pixel accuracy alone rewards a network that always says no.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from repro.observatory.geometry import HORIZON_RADIUS
from repro.segmentation.cells import directions

Flags = npt.NDArray[np.bool_]
LOWEST_ALT_DEG = 5.0  # of the pixels that count; the observatory's truth ends there, too
WIDTHS_DEG = (3.0, 6.0, 12.0)  # borders between narrow and wide structures


def share_of(part: float, whole: float) -> float:
    """A part over the whole; NaN where the whole is zero."""
    return float(part / whole) if whole else math.nan


@dataclass(frozen=True)
class Confusion:
    """Counts of pixels or cells."""

    true_yes: int
    false_yes: int
    false_no: int
    true_no: int

    @property
    def iou(self) -> float:
        """Intersection over union of aurora; NaN where there is neither aurora nor any detected."""
        return share_of(self.true_yes, self.true_yes + self.false_yes + self.false_no)

    @property
    def precision(self) -> float:
        """Share of the detected that is aurora."""
        return share_of(self.true_yes, self.true_yes + self.false_yes)

    @property
    def recall(self) -> float:
        """Share of the aurora that is detected."""
        return share_of(self.true_yes, self.true_yes + self.false_no)

    @property
    def false_alarms(self) -> float:
        """Share of what is no aurora that is detected as such."""
        return share_of(self.false_yes, self.false_yes + self.true_no)

    @property
    def accuracy(self) -> float:
        """Share that is right."""
        return share_of(self.true_yes + self.true_no, sum(vars(self).values()))

    def as_dict(self) -> dict[str, float | int | None]:
        """Counts and measures for JSON; None where a measure is 0 / 0."""
        shares = {name: getattr(self, name) for name in ("iou", "precision", "recall", "false_alarms", "accuracy")}
        return {
            **vars(self),
            **{name: None if np.isnan(value) else round(float(value), 4) for name, value in shares.items()},
        }


def confusion(detected: Flags, truth: Flags, counted: Flags | None = None) -> Confusion:
    """Confusion matrix of what was detected against the truth, over all that is ``counted``, which broadcasts."""
    counted = np.broadcast_to(True if counted is None else counted, truth.shape)
    hits, yes, aurora = (int((flags & counted).sum()) for flags in (detected & truth, detected, truth))
    return Confusion(hits, yes - hits, aurora - hits, int(counted.sum()) - yes - aurora + hits)


@lru_cache(maxsize=4)
def sky_pixels(size: int) -> Flags:
    """Pixels of a square all-sky image that count, bool (size, size)."""
    alt, _ = directions(size)
    return np.asarray(alt > LOWEST_ALT_DEG)


def degrees_per_pixel(size: int) -> float:
    """Zenith angle that a pixel of an equidistant all-sky image spans."""
    return 90.0 / (HORIZON_RADIUS * size)


def width_class(mask: Flags) -> npt.NDArray[np.int64]:
    """Class of the width of the structure that each pixel of a mask (size, size) belongs to.

    0 below the first of :data:`WIDTHS_DEG`, 1 below the second, and so on, -1 outside the mask: the widest disc that holds
    the pixel and fits into the mask (a granulometry by openings).
    """
    result = np.where(mask, 0, -1)
    image = mask.astype(np.uint8)
    for number, width in enumerate(WIDTHS_DEG, start=1):
        pixels = max(2, math.ceil(width / degrees_per_pixel(len(mask))))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (pixels, pixels))
        result[cv2.morphologyEx(image, cv2.MORPH_OPEN, disc) > 0] = number
    return np.where(mask, result, -1)
