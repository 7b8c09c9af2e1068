"""Axes of a drawn figure: the box, its ticks, the numbers beside them, and the scale that follows.

Figures are drawn by matplotlib: a black box of one pixel, black ticks outside it, numbers beside the ticks. Pixel
coordinates are (column, row) of pixel centres, counted from the top left corner.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytesseract
from PIL import Image, ImageOps

from repro.errors import ReproError

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

DARK = 110  # a pixel below this grey value is part of the box, a tick or a letter; grid lines are 176 and lighter
_ENLARGE = 4  # labels of 10 px become 40 px, near the size that Tesseract's network was trained on
#: Tesseract's page segmentation: sparse text, one block, one line. Each overlooks single digits at other spacings.
_LAYOUTS = (11, 6, 7)
_GLYPHS = "0123456789.-"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# A tick is drawn on a whole pixel, so its place is off by up to half a pixel, evenly distributed.
ROUNDING_PX = 1 / np.sqrt(12)


@dataclass(frozen=True)
class Box:
    """Box around a plot, in pixels; the lines themselves are at these rows and columns."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class Scale:
    """A linear axis.

    Parameters
    ----------
    start : float
        Value at pixel 0.
    per_px : float
        Change of the value from one pixel to the next.
    error_px : float
        Standard error of the scale within the range of its ticks, in pixels.
    ticks : tuple of (float, float)
        Pixel and value of each tick that was used.
    """

    start: float
    per_px: float
    error_px: float
    ticks: tuple[tuple[float, float], ...]

    def value(self, pixel: npt.ArrayLike) -> Floats:
        """Value at pixel positions."""
        return np.asarray(self.start + self.per_px * np.asarray(pixel, dtype=float))

    def pixel(self, value: npt.ArrayLike) -> Floats:
        """Pixel positions of values."""
        return np.asarray((np.asarray(value, dtype=float) - self.start) / self.per_px)


def not_as_published(found: str, expected: str, where: str) -> ReproError:
    """Error about a picture that cannot be read, because it is another one or was changed."""
    remedy = "give the picture as it was published: not scaled, recoloured or cut"
    return ReproError(found=found, expected=expected, where=where, remedy=remedy)


def grey(picture: Pixels) -> Floats:
    """Luminance (ITU-R BT.601), shape (height, width), 0 to 255."""
    luminance: Floats = np.asarray(picture, dtype=float) @ np.array([0.299, 0.587, 0.114])
    return luminance


def find_boxes(picture: Pixels, *, where: str, count: int) -> list[Box]:
    """Boxes of a figure, RGB uint8 (height, width, 3), from left to right, then from top to bottom.

    ``where`` is the name of the figure for the error; raises ReproError if there are not ``count`` boxes.
    """
    dark = grey(picture) < DARK
    horizontal, vertical = _long_runs(dark, least=dark.shape[1] // 12), _long_runs(dark.T, least=12)
    boxes: list[Box] = []
    for top, top_left, top_right in horizontal:
        for bottom, bottom_left, bottom_right in horizontal:
            # A tick at the corner makes one of the lines a little longer.
            left, right = max(top_left, bottom_left), min(top_right, bottom_right)
            if bottom - top < 12 or abs(top_left - bottom_left) > 8 or abs(top_right - bottom_right) > 8:
                continue
            sides = [
                [v for v in vertical if abs(v[0] - x) <= 2 and v[1] <= top + 3 and v[2] >= bottom - 3]
                for x in (left, right)
            ]
            if all(sides):
                boxes.append(Box(sides[0][0][0], top, sides[1][-1][0], bottom))
    boxes = _distinct(boxes)
    if len(boxes) != count:
        raise not_as_published(
            f"{len(boxes)} boxes of axes", f"{count}, each with a black line on all four sides", where
        )
    return boxes


def _long_runs(dark: npt.NDArray[np.bool_], least: int) -> list[tuple[int, int, int]]:
    """Dark lines along rows: (row, first, last), at least ``least`` long; the inside of a dark area is no line."""
    long = []
    beyond = np.pad(dark, ((3, 3), (0, 0)))
    for row, line in enumerate(dark):
        if np.count_nonzero(line) < least:
            continue
        for a, b in runs(line):
            inside = min(float(beyond[row + offset, a:b].mean()) for offset in (0, 6)) > 0.5
            if b - a >= least and not inside:
                long.append((row, a, b - 1))
    return long


def runs(holds: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First places and ends of the runs in which something holds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], holds.astype(np.int8), [0]])))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def read_grid_lines(
    covered: Floats, weight: Floats, values: Sequence[float], *, where: str
) -> tuple[list[float], float, float]:
    """Places of evenly spaced grid lines, and the straight line from a place to its value: value a pixel, value at 0.

    ``covered`` is the share of each row or column that a line covers, ``weight`` its weight in the place of its line;
    ``values`` are those of the lines. Raises ReproError if there are not as many lines.
    """
    places = np.flatnonzero(covered > 0.5)
    groups = np.split(places, np.flatnonzero(np.diff(places) > 2) + 1) if len(places) else []
    lines = [float(np.average(group, weights=weight[group])) for group in groups]
    if len(lines) != len(values) or np.ptp(np.diff(lines)) > 3:
        wanted = f"{len(values)}, evenly spaced, at {values[0]:g} to {values[-1]:,g}"
        raise not_as_published(f"{len(lines)} grid lines", wanted, where)
    per_px, start = (float(part) for part in np.polyfit(lines, values, 1))
    return lines, per_px, start


def _distinct(boxes: list[Box]) -> list[Box]:
    """The outermost of boxes that overlap."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: (box.left - box.right) * (box.bottom - box.top)):
        apart = all(
            box.left > other.right or box.right < other.left or box.top > other.bottom or box.bottom < other.top
            for other in kept
        )
        if apart:
            kept.append(box)
    return sorted(kept, key=lambda box: (round(box.top / 40), box.left))


def tick_pixels(picture: Pixels, box: Box, side: str) -> list[float]:
    """Places of the ticks below (``bottom``) or to the left (``left``) of a box, in pixels along the axis."""
    lum = grey(picture)
    if side == "bottom":
        strip = 255 - lum[box.bottom + 2 : box.bottom + 4, :].mean(axis=0)
        first, last = box.left, box.right
    else:
        strip = 255 - lum[:, box.left - 3 : box.left - 1].mean(axis=1)
        first, last = box.top, box.bottom
    places: list[float] = []
    position = max(first - 1, 1)
    while position <= min(last + 1, len(strip) - 2):
        if strip[position] > 255 - DARK - 15 and strip[position] >= strip[position - 1 : position + 2].max():
            around = slice(position - 1, position + 2)
            weight = np.clip(strip[around] - 20, 0, None)
            places.append(float((np.arange(position - 1, position + 2) * weight).sum() / weight.sum()))
            position += 3
        position += 1
    return places


def read_scale(picture: Pixels, box: Box, side: str, *, where: str) -> Scale:
    """Scale of an axis of a figure, RGB uint8 (height, width, 3), from its ticks and the numbers beside them.

    ``side`` is ``bottom`` (values by column) or ``left`` (values by row), ``where`` the name of the axis for the error. Raises
    ReproError if fewer than three ticks carry a number that was read, or the numbers are not on one line.
    """
    ticks = tick_pixels(picture, box, side)
    spacing = min((b - a for a, b in pairwise(ticks)), default=0.0)
    for layout in _LAYOUTS:
        numbers = _read_labels(picture, box, side, layout)
        pairs = []
        for tick in ticks:
            near = [(abs(place - tick), value) for place, value in numbers if abs(place - tick) < 0.3 * spacing]
            if near:
                pairs.append((tick, min(near)[1]))
        if used := _most_on_a_line(pairs):
            break
    else:
        raise not_as_published(
            f"{len(ticks)} ticks and the numbers {[value for _, value in numbers]}",
            "at least three ticks with numbers that grow evenly",
            where,
        )
    # All ticks are evenly spaced, so those whose number was not read determine the scale as well.
    places = np.array(ticks)
    apart, step = np.median(np.diff(used, axis=0), axis=0)
    step /= max(1, round(float(apart / spacing)))
    values = used[0][1] + step * np.round((places - used[0][0]) / spacing)
    per_px, start = (float(part) for part in np.polyfit(places, values, 1))
    spread = np.sqrt(np.mean(((values - start) / per_px - places) ** 2))
    error = max(float(spread), ROUNDING_PX) / np.sqrt(max(1, len(ticks) - 2))
    return Scale(start, per_px, float(error), tuple(zip(map(float, places), map(float, values), strict=True)))


def _read_labels(picture: Pixels, box: Box, side: str, layout: int) -> list[tuple[float, float]]:
    """Numbers beside an axis: (pixel along the axis, value)."""
    if side == "bottom":
        top, left, along = box.bottom + 6, max(box.left - 25, 0), ("left", "width")
        part = picture[top : box.bottom + 28, left : box.right + 25]
    else:
        top, left, along = max(box.top - 12, 0), max(box.left - 62, 0), ("top", "height")
        part = picture[top : box.bottom + 12, left : box.left - 6]
    if not part.size:
        return []
    page = ImageOps.expand(ImageOps.scale(Image.fromarray(part).convert("L"), _ENLARGE), 40, fill=255)
    config = f"--psm {layout} -c tessedit_char_whitelist={_GLYPHS}"
    data = pytesseract.image_to_data(page, config=config, output_type=pytesseract.Output.DICT)
    first = left if side == "bottom" else top
    return [
        ((start + size / 2 - 40) / _ENLARGE + first, float(text))
        for text, start, size in zip(data["text"], *(data[key] for key in along), strict=True)
        if _NUMBER.fullmatch(text.strip())
    ]


def _most_on_a_line(pairs: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Most of the pairs that lie on one line, within 1.2 px; none if these are fewer than three, or few of all."""
    best: list[tuple[float, float]] = []
    for i, (x1, v1) in enumerate(pairs):
        for x2, v2 in pairs[i + 1 :]:
            slope = (v2 - v1) / (x2 - x1)
            if slope == 0:
                continue
            on = [(x, v) for x, v in pairs if abs((v - v1) / slope - (x - x1)) < 1.2]
            if len(on) > len(best):
                best = on
    return [] if len(best) < 3 or len(best) < 0.6 * len(pairs) else best
