"""The slides' two colour rules as a classifier of its own: aurora is what is green or pink enough on enough of the sky.

The thesis' slides define, pixel by pixel, which are auroral by colour, to show where a network looks. Counted over the frame
they make the simplest classifier there is: yes where such pixels are more than a limit, which is chosen on training
frames. A network that does not beat it has learnt little more than colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

Picture = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

COLUMNS = ("green_share", "pink_share")
#: Side of the pictures on which shares are counted, as the network sees them.
SIDE_PX = 240
RADIUS = 0.49  # of the circle that is counted, in sides of the frame; the rim's last pixels mix with the black outside


def auroral_pixels(picture: Picture) -> tuple[Bools, Bools]:
    """Pixels that the green rule and the pink rule call auroral, bool (height, width) each.

    ``picture`` is RGB uint8 (height, width, 3). The rules are as the slides print them, in OpenCV's 8-bit colour spaces: h (0
    to 180), s, v; r, g, b; cr, cb; and yg, which the slides do not define and which is read as luma.
    """
    h, s, v = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV))
    yg, cr, cb = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2YCrCb))
    r, g, b = cv2.split(picture)
    # Unsigned bytes would wrap below zero; v is never less than luma.
    green = (g == v) & (s >= 25) & (cv2.subtract(v, yg) > 1)
    pink = ((h <= 10) | (h >= 120)) & (cr >= cb) & (s > 50) & (r > 30) | ((b == v) & (cr > 130))
    return np.asarray(green, bool), np.asarray(pink, bool)


def shares(pictures: Sequence[Picture] | Picture) -> npt.NDArray[np.float64]:
    """Share of the sky's circle that each rule calls auroral, 0 to 1, shape (n, 2), columns as :data:`COLUMNS`.

    ``pictures`` are n masked frames, RGB uint8 (side, side, 3).
    """
    counted = np.empty((len(pictures), 2))
    for number, picture in enumerate(pictures):
        inside = circle(picture.shape[0])
        counted[number] = [pixels[inside].mean() for pixels in auroral_pixels(picture)]
    return counted


@lru_cache(maxsize=4)
def circle(side: int, radius: float = RADIUS) -> Bools:
    """Pixels of a square frame within ``radius`` sides of its centre."""
    y, x = np.mgrid[:side, :side] - (side / 2 - 0.5)
    return np.asarray(np.hypot(x, y) < radius * side)


def choose_limit(area: npt.NDArray[np.float64], yes: Bools) -> float:
    """Area limit with the most right answers on labelled frames: yes where ``area`` is at least the limit.

    ``area`` (n,) is the share of the sky that is green or pink, ``yes`` (n,) are the labels. The limit is halfway between two
    neighbouring areas, the smallest of equally good ones; 1 where all labels are no.
    """
    order = np.argsort(area, kind="stable")
    area, yes = np.asarray(area, float)[order], np.asarray(yes, bool)[order]
    # Cutting before place k calls the first k no and the others yes; equal areas cannot be parted.
    right = np.concatenate([[0], np.cumsum(~yes)]) + np.concatenate([np.cumsum(yes[::-1])[::-1], [0]])
    possible = np.concatenate([[True], area[1:] > area[:-1], [True]])
    place = int(np.argmax(np.where(possible, right, -1)))
    below = area[place - 1] if place else 0.0
    above = area[place] if place < len(area) else 1.0
    return float(0.5 * (below + above))


def predict(table: pd.DataFrame, limit: float) -> pd.Series[str]:
    """Yes or no for frames with the columns :data:`COLUMNS`; missing where these are."""
    area = table[list(COLUMNS)].sum(axis=1, min_count=2)
    words = pd.Series(np.where(area >= limit, "yes", "no"), index=table.index, dtype="str")
    return words.where(area.notna())
