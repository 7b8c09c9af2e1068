"""What an OCR makes of a clock's text: mostly the text, sometimes one of the misreadings that Table 1 repairs, or worse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FIRST, SECOND = 0.02, 0.005  # shares of texts that are misread at the first and at the second look


def misread(texts: Sequence[str], share: float, rng: np.random.Generator) -> list[tuple[str, float]]:
    """Texts as read, with a confidence of 0 to 100 each; about ``share`` of them are misread."""
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
