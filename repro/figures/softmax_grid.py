"""Figure 6: the mean and deviation printed in each of its 18 cells, and the deviation once more from the cell's colour."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from repro.figures.picture_axes import Box, Floats, Pixels, find_boxes, not_as_published, read_scale

SUNS = ("NIGHT", "ASTRO", "NAUTICAL")  # columns, from left to right
MOONS = ("NO_MOON", "MOON_QUARTER", "MOON_FULL")  # rows, from top to bottom
Ink = npt.NDArray[np.float32]
PANELS = ("YES", "NO")
_DIGIT_HEIGHT, _BEARING = 0.729, 0.13  # of that font, in em; the latter is what two digits leave free at the ends
LAYOUTS = ("00.0±00.0", "0.0±00.0")
_LEAST_AGREEMENT = 0.6
_COLOUR_NOISE = 5.0  # counts in RGB by which JPEG moves the colour of an area


def read_softmax_grid(picture: Pixels, *, where: str) -> pd.DataFrame:
    """All cells of both panels, from a figure (RGB) of two panels of 3 x 3 cells above a colour bar.

    Returns
    -------
    DataFrame
        ``panel``, ``sun`` and ``moon`` of each cell; ``mean_pct`` and ``sd_pct``, mean and deviation as printed;
        ``sd_by_colour_pct`` and ``sd_by_colour_pct_error``, the deviation by its colour with its standard error.

    Raises
    ------
    ReproError
        If the panels or the scale of the colour bar are not found, or a cell's text cannot be read.
    """
    boxes = find_boxes(picture, where=where, count=3)
    bar = max(boxes, key=lambda box: box.top)
    panels = sorted((box for box in boxes if box is not bar), key=lambda box: box.left)
    scale = read_scale(picture, bar, "bottom", where=f"{where}, colour bar")
    cells = [
        (panel, sun, moon, _inside(box, column, row))
        for (panel, box), (row, moon), (column, sun) in product(
            zip(PANELS, panels, strict=True), enumerate(MOONS), enumerate(SUNS)
        )
    ]
    colours = [_colour(picture, cell) for *_, cell in cells]
    inks = [_ink(picture, cell, colour) for (*_, cell), colour in zip(cells, colours, strict=True)]
    size = _letter_size(inks)
    columns = np.arange(bar.left + 2, bar.right - 1)
    strip = np.median(picture[bar.top + 4 : bar.bottom - 3, columns], axis=0)
    read = []
    for (panel, sun, moon, _), colour, ink in zip(cells, colours, inks, strict=True):
        mean, deviation = _printed(ink, size, f"{where}, panel {panel}, {sun} & {moon}")
        distance = np.linalg.norm(strip - colour, axis=1)
        # Noise of JPEG makes several neighbours about equally near; their mean and half their range are the reading.
        near = columns[distance <= distance.min() + _COLOUR_NOISE]
        error = abs(scale.per_px) * float(np.hypot(max(np.ptp(near) / 2, 2.0), scale.error_px))
        read.append((panel, sun, moon, mean, deviation, float(scale.value(near.mean())), error))
    columns_read = ["panel", "sun", "moon", "mean_pct", "sd_pct", "sd_by_colour_pct", "sd_by_colour_pct_error"]
    return pd.DataFrame(read, columns=columns_read)


def _inside(box: Box, column: int, row: int) -> Box:
    """A cell of a panel, without its border."""
    width, height = (box.right - box.left) / 3, (box.bottom - box.top) / 3
    return Box(
        round(box.left + column * width) + 3,
        round(box.top + row * height) + 3,
        round(box.left + (column + 1) * width) - 3,
        round(box.top + (row + 1) * height) - 3,
    )


def _colour(picture: Pixels, cell: Box) -> Floats:
    """Colour of a cell beside its text."""
    part = picture[cell.top : cell.bottom, cell.left : cell.right].astype(float)
    quarter = len(part) // 4
    return np.asarray(np.median(np.concatenate([part[2:quarter], part[-quarter:-2]]), axis=(0, 1)))


def _letter_size(inks: list[Ink]) -> float:
    """Size of the letters in pixels (em): of the text whose digits agree best, all texts being of one size."""
    best_score, best_size = 0.0, 0.0
    for ink in inks:
        columns = np.flatnonzero((ink > 0.5).sum(axis=0) > 1)
        if len(columns) == 0:
            continue
        for layout in LAYOUTS:
            ems = _font(100).getlength(layout) / 100
            size = float(columns[-1] - columns[0]) / (ems - _BEARING)
            if 6 < size < 60 and (score := _spell(ink, layout, size)[0]) > best_score:
                best_score, best_size = score, size
    return best_size


def _ink(picture: Pixels, cell: Box, colour: Floats) -> Ink:
    """The middle third of a cell: 0 where it has the cell's colour, 1 where it is black."""
    third = (cell.bottom - cell.top) // 3
    part = picture[cell.top + third : cell.bottom - third, cell.left : cell.right].astype(float)
    return np.asarray(1 - np.clip(part @ colour / (colour @ colour), 0, 1), dtype=np.float32)


def _printed(ink: Ink, size: float, where: str) -> tuple[float, float]:
    """Both numbers of a cell: each digit is the one whose picture in matplotlib's font agrees best."""
    score, text = max(
        _spell(ink, layout, stretch * size) for layout in LAYOUTS for stretch in (0.98, 1.0, 1.02) if size > 0
    ) if size > 0 else (0.0, "")  # fmt: skip
    if score < _LEAST_AGREEMENT:
        raise not_as_published(
            f"the text {text!r}, which agrees with the picture by {score:.2f}",
            f"a mean and a deviation, such as 92.9±12.0, with an agreement of at least {_LEAST_AGREEMENT}",
            where,
        )
    mean, deviation = text.split("±")
    return float(mean), float(deviation)


def _spell(ink: Ink, layout: str, size: float) -> tuple[float, str]:
    """Text of a layout of digits in the middle of a cell, and the lowest agreement (correlation) of any of its digits."""
    font = _font(size)
    start = (ink.shape[1] - font.getlength(layout)) / 2
    text, scores = "", []
    for place, letter in enumerate(layout):
        if letter != "0":
            text += letter
            continue
        left = start + font.getlength(layout[:place])
        agreement = {}
        for digit in "0123456789":
            picture = _glyph(digit, font, left % 1)
            x = max(int(left) - 3, 0)
            window = ink[:, x : x + picture.shape[1] + 3]
            if window.shape[0] < picture.shape[0] or window.shape[1] < picture.shape[1]:
                return 0.0, ""
            agreement[digit] = float(cv2.matchTemplate(window, picture, cv2.TM_CCOEFF_NORMED).max())
        digit = max(agreement, key=agreement.__getitem__)
        text += digit
        scores.append(agreement[digit])
    return min(scores), text


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    """Matplotlib's own font, ``size`` pixels high."""
    import matplotlib  # takes a tenth of a second, and `repro verify` draws nothing

    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf", size)


def _glyph(digit: str, font: ImageFont.FreeTypeFont, offset: float) -> Ink:
    """Picture of a digit, 1 where it is black, with a margin of two pixels at the sides."""
    page = Image.new("L", (round(font.getlength("0")) + 4, round(font.size * _DIGIT_HEIGHT) + 2))
    ImageDraw.Draw(page).text((2 + offset, 1), digit, fill=255, font=font, anchor="lt")
    return np.asarray(np.asarray(page) / 255, dtype=np.float32)
