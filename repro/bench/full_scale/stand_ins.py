"""What stands in for pixels: grey squares for frames and keograms, and misread texts for what an OCR makes of strips."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

MARGINS = (-5.3, 3.9)  # of the aurora's share over its threshold, natural logarithms; what 8 bits hold
FIRST, SECOND = 0.02, 0.005  # shares of texts that are misread at the first and at the second look
Floats = npt.NDArray[np.float64]


def level(margin: Floats) -> npt.NDArray[np.int64]:
    """Brightness of squares, 0 to 255, that say how much aurora there is: frames with such margins."""
    low, high = MARGINS
    return np.asarray(np.rint((np.asarray(margin) - low) / (high - low) * 255), dtype=np.int64)


def margin_of(brightness: npt.NDArray[np.int64]) -> Floats:
    """Margins of frames with such brightness."""
    low, high = MARGINS
    return np.asarray(low + np.asarray(brightness) / 255 * (high - low))


@lru_cache(maxsize=1)
def jpegs() -> tuple[bytes, ...]:
    """All 256 different squares, by brightness."""
    encoded = []
    for brightness in range(256):
        data = io.BytesIO()
        Image.new("RGB", (8, 8), (brightness,) * 3).save(data, "jpeg", quality=95)
        encoded.append(data.getvalue())
    return tuple(encoded)


def misread(texts: Sequence[str], share: float, rng: np.random.Generator) -> list[tuple[str, float]]:
    """Texts as read, with a confidence of 0 to 100 each; about ``share`` are misread, as Table 1 repairs it, or worse."""
    wrong = rng.random(len(texts)) < share
    return [
        (_wrong(text, rng), float(rng.uniform(20, 90))) if bad else (text, 95.0)
        for text, bad in zip(texts, wrong, strict=True)
    ]


def _wrong(text: str, rng: np.random.Generator) -> str:
    """One of eight misreadings; where one cannot happen to a text, the text stays."""
    place = int(rng.choice([at for at, glyph in enumerate(text) if glyph.isdigit()]))
    lost = int(rng.integers(len(text)))
    date, _, time = text.partition(" ")
    ways = (
        text[:place] + str((int(text[place]) + int(rng.integers(1, 10))) % 10) + text[place + 1 :],
        text[:lost] + text[lost + 1 :],
        "",
        f"{date} 4{time}",
        text.replace(":", ":4", 1),
        f"{date} 2{time[1:]}" if time[0] == "1" and time[1] >= "4" else text,  # 18:19:54 as 28:19:54
        text[:8] + "4" + text[9:] if text[8] == "1" else text,  # the 11th as the 41st
        text[:3] + "A4" + text[4:] if text[3] == "4" else text,  # 2024 as 202A4
    )
    return ways[int(rng.integers(len(ways)))]
