"""Frames and keograms of nights without pixels: grey squares whose brightness says how much aurora there is."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

MARGINS = (-5.3, 3.9)  # of the aurora's share over its threshold, natural logarithms; what 8 bits hold
Floats = npt.NDArray[np.float64]


def level(margin: Floats) -> npt.NDArray[np.int64]:
    """Brightness of frames with such margins, 0 to 255."""
    low, high = MARGINS
    return np.asarray(np.rint((np.asarray(margin) - low) / (high - low) * 255), dtype=np.int64)


def margin_of(brightness: npt.NDArray[np.int64]) -> Floats:
    """Margins of frames with such brightness."""
    low, high = MARGINS
    return np.asarray(low + np.asarray(brightness) / 255 * (high - low))


@lru_cache(maxsize=1)
def jpegs() -> tuple[bytes, ...]:
    """All 256 different frames, by brightness."""
    squares = []
    for brightness in range(256):
        data = io.BytesIO()
        Image.new("RGB", (8, 8), (brightness,) * 3).save(data, "jpeg", quality=95)
        squares.append(data.getvalue())
    return tuple(squares)
