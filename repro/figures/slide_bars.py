"""Bars of the chart on slide 10: three lunar conditions' frames by time of night, against its grid lines."""

from __future__ import annotations

import numpy as np
import pandas as pd

from repro.figures.picture_axes import Pixels, grey, not_as_published, read_grid_lines, runs
from repro.figures.softmax_grid import SUNS

#: Series in the order in which they are drawn at each time of night, and their colours.
BARS: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("full", (159, 159, 159)),
    ("quarter", (0, 0, 0)),
    ("yes", (124, 179, 74)),
    ("no", (69, 112, 43)),
)
_LINES = (0, 20_000, 40_000, 60_000, 80_000)  # printed below the five lines
_NEAR = 45.0  # counts in RGB
_LEAST_PX = 4  # length and thickness of the smallest bar that is read; the picture is smoothed over two pixels
ERROR_PX = 0.5  # of a bar's length: both of its ends are smoothed


def read_slide_bars(picture: Pixels, *, where: str) -> pd.DataFrame:
    """All bars that are long enough to be read, from a chart (RGB) on white; those of less than 4 px give no number.

    Returns
    -------
    DataFrame
        ``sun``, ``series``, ``value`` in frames, and ``error``, its standard error.

    Raises
    ------
    ReproError
        If there are not five evenly spaced vertical lines, or a time of night has no bar.
    """
    lum = grey(picture)
    neutral = np.ptp(picture.astype(int), axis=2) < 20
    shade = np.where(neutral & (lum > 90), 255 - lum, 0)
    half = (picture.shape[0] // 7, picture.shape[0] * 6 // 7)  # without legend and labels
    covered = (shade[slice(*half)] > 8).mean(axis=0)
    weight = np.median(shade[slice(*half)], axis=0) + 1
    _, per_px, start = read_grid_lines(covered, weight, _LINES, where=where)
    zero = -start / per_px
    bars: list[tuple[float, str, float]] = []
    for series, colour in BARS:
        near = np.linalg.norm(picture.astype(float) - colour, axis=2) < _NEAR
        beside = near[:, round(zero) + 2 : round(zero) + 2 + _LEAST_PX - 1].all(axis=1)
        for top, bottom in runs(beside):
            if bottom - top < _LEAST_PX:
                continue
            # Letters beside a bar touch its upper and lower rows.
            core = picture[top + 1 : bottom - 1, round(zero) + 1 :].astype(float)
            share = np.median(_share(core, np.asarray(colour, dtype=float)), axis=0)
            bars.append(((top + bottom) / 2, series, round(zero) + 0.5 + _length(share) - zero))
    return _by_time(bars, per_px, where)


def _share(part: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """How far each pixel lies from white to the colour of a bar, 0 to 1."""
    towards = colour - 255
    return np.asarray(np.clip((part - 255) @ towards / (towards @ towards), 0, 1))


def _length(share: np.ndarray) -> float:
    """Pixels up to where a bar's share falls below one half, the last one in part."""
    below = np.flatnonzero(share < 0.5)
    end = int(below[0]) if len(below) else len(share)
    last = float(share[end]) if end < len(share) else 0.0
    return end + last


def _by_time(bars: list[tuple[float, str, float]], per_px: float, where: str) -> pd.DataFrame:
    """Bars with their time of night: those of one time lie side by side, with the widest gaps between times."""
    bars.sort()
    if len(bars) < len(SUNS):
        raise not_as_published(f"{len(bars)} bars", f"bars for each of {', '.join(SUNS)}", where)
    gaps = np.diff([row for row, _, _ in bars])
    widest = np.sort(np.argsort(gaps)[len(gaps) - len(SUNS) + 1 :])
    groups = np.split(np.arange(len(bars)), widest + 1)
    rows = [
        (sun, bars[number][1], bars[number][2] * per_px, ERROR_PX * per_px)
        for sun, group in zip(SUNS, groups, strict=True)
        for number in group
    ]
    return pd.DataFrame(rows, columns=["sun", "series", "value", "error"])
