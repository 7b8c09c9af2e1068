"""Points of the learning curves of Figure 5: every marker's centre, below a pixel, with its error.

Each curve has one colour and one marker, a disc or a square of known size. A marker is found by comparing its picture with
the pixels around each place where it may be; pixels that a curve drawn later hides, and those of the connecting lines, do
not count. matplotlib draws markers on whole pixels, so a centre is off by up to half a pixel whatever is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.figures.picture_axes import ROUNDING_PX, Box, Floats, Pixels, find_boxes, not_as_published, read_scale

Shape = Literal["disc", "square"]
#: Row of a marker's centre, and the part of it that is seen; None where no marker is found.
Marker = tuple[float, float] | None


class Curve(NamedTuple):
    """What a curve shows, its colour (RGB), and the shape of its markers."""

    name: str
    colour: tuple[int, int, int]
    shape: Shape


#: Curves of each panel in the order in which they are drawn, in the first colours of matplotlib's default cycle.
CURVES = (Curve("train", (31, 119, 180), "disc"), Curve("val", (255, 127, 14), "square"))
EPOCHS = range(1, 13)
_NEAR = 75.0  # distance in RGB within which a pixel belongs to a colour, after JPEG
#: Standard error of a marker that is all seen: drawn on a whole pixel, and found after JPEG to a quarter of one.
PLACE_PX = float(np.hypot(ROUNDING_PX, 0.25))
_SHARE_SEEN = 0.4  # of a marker's area must be visible


def read_learning_curves(picture: Pixels, *, where: str) -> pd.DataFrame:
    """Values of all four curves, from a figure (RGB) of two panels; ``where`` is its name for errors.

    Returns
    -------
    DataFrame
        ``curve``, ``epoch``, ``value`` in the unit of the axis, and ``error``, its standard error: rounding of the marker
        to a pixel, that of the ticks, and what is hidden.

    Raises
    ------
    ReproError
        If an axis cannot be read, or a marker is not to be seen.
    """
    points = []
    for box, quantity in zip(find_boxes(picture, where=where, count=2), ("loss", "accuracy"), strict=True):
        points += _read_panel(picture, box, quantity, f"{where}, {quantity}")
    return pd.DataFrame(points, columns=["curve", "epoch", "value", "error"])


def _read_panel(picture: Pixels, box: Box, quantity: str, where: str) -> list[tuple[str, int, float, float]]:
    up = read_scale(picture, box, "left", where=f"{where}, y axis")
    columns = read_scale(picture, box, "bottom", where=f"{where}, x axis").pixel(list(EPOCHS))
    legend = _legend(picture, box)
    shares = [_share(picture, curve.colour) for curve in CURVES]
    diameter = _diameter(shares[-1], ~legend, columns, box, CURVES[-1].shape)
    points = []
    for number, (name, _, shape) in enumerate(CURVES):
        share, hidden = shares[number], legend.copy()
        for above in shares[number + 1 :]:
            hidden |= cv2.dilate((above > 0.3).astype(np.uint8), np.ones((3, 3))) > 0
        # The connecting lines are known only when the markers have been found once.
        rows = [_marker(share, ~hidden, column, box, shape, diameter) for column in columns]
        lines = _line_pixels(picture.shape[:2], rows, columns, diameter)
        rows = [_marker(share, ~hidden & ~lines, column, box, shape, diameter) for column in columns]
        for place, (epoch, position) in enumerate(zip(EPOCHS, rows, strict=True)):
            if position is not None:
                # What is hidden of a marker loosens its fit, in proportion.
                row, spread = position[0], float(np.hypot(PLACE_PX, 0.15 * diameter * (1 - position[1])))
            else:
                followed = _follow_line(share * ~hidden, rows, columns, place, diameter)
                if followed is None:
                    raise not_as_published(
                        f"no marker of {name}_{quantity} at x = {epoch}",
                        "one marker of each curve at each place, or a line that leads to it",
                        where,
                    )
                row, spread = followed
            error = abs(up.per_px) * float(np.hypot(spread, up.error_px))
            points.append((f"{name}_{quantity}", epoch, float(up.value(row)), error))
    return points


def _share(picture: Pixels, colour: tuple[int, int, int]) -> Floats:
    """How much of each pixel has a colour, 0 to 1, on white."""
    away = 255.0 - np.asarray(colour, dtype=float)
    pixel = 255.0 - picture.astype(float)
    share = pixel @ away / (away @ away)
    rest = np.linalg.norm(pixel - share[..., None] * away, axis=2)
    return np.where(rest < _NEAR * np.clip(share, 0.3, 1), np.clip(share, 0, 1), 0.0)


def _legend(picture: Pixels, box: Box) -> npt.NDArray[np.bool_]:
    """Pixels of the legend: its letters are the only black inside the box; its samples stand to their left."""
    mask = np.zeros(picture.shape[:2], dtype=bool)
    inside = picture[box.top + 3 : box.bottom - 2, box.left + 3 : box.right - 2].astype(int)
    black = (inside.max(axis=2) < 90) & (np.ptp(inside, axis=2) < 45)
    rows, columns = np.flatnonzero(black.sum(axis=1) > 3), np.flatnonzero(black.any(axis=0))
    if len(rows) == 0:
        return mask
    lines = 1 + np.count_nonzero(np.diff(rows) > 3)
    height = (rows[-1] - rows[0] + 1) / lines
    # Letters stand close together; a dark spot elsewhere, where two curves mix, is none.
    columns = max(np.split(columns, np.flatnonzero(np.diff(columns) > 2 * height) + 1), key=len)
    top, bottom = box.top + 3 + rows[0] - height, box.top + 3 + rows[-1] + height
    left, right = box.left + 3 + columns[0] - 5.0 * height, box.left + 3 + columns[-1] + height
    mask[max(int(top), 0) : int(bottom) + 1, max(int(left), 0) : int(right) + 1] = True
    return mask


def _template(shape: Shape, diameter: float, offset: float, half: int) -> Floats:
    """Picture of a marker whose centre lies ``offset`` pixels below the middle of a patch, 0 to 1."""
    fine = (np.arange((2 * half + 1) * 5) + 0.5) / 5 - half - 0.5
    y, x = np.meshgrid(fine - offset, fine, indexing="ij")
    radius = diameter / 2
    inside = np.hypot(x, y) <= radius if shape == "disc" else np.maximum(abs(x), abs(y)) <= radius
    return np.asarray(inside.reshape(2 * half + 1, 5, 2 * half + 1, 5).mean(axis=(1, 3)))


def _marker(
    share: Floats, weight: npt.NDArray[np.bool_], column: float, box: Box, shape: Shape, diameter: float
) -> Marker:
    half = int(np.ceil(diameter / 2)) + 3
    middle = round(column)
    offsets = np.linspace(-0.5, 0.5, 11)
    templates = {float(offset): _template(shape, diameter, float(offset), half) for offset in offsets}
    area = templates[0.0].sum()
    columns = slice(middle - half, middle + half + 1)
    if columns.start < 0 or columns.stop > share.shape[1]:
        return None

    def fit(row: int, template: Floats) -> tuple[float, float, float]:
        """Misfit of a marker at a row, the part of it that is seen, and the sum of what has its colour there."""
        part = np.s_[row - half : row + half + 1, columns]
        patch, counted = share[part], weight[part]
        seen = float((template * counted).sum() / area)
        misfit = float((counted * (patch - template) ** 2).sum() / max(1, counted.sum()) / max(seen, 1e-6))
        return misfit, seen, float((patch * counted).sum())

    # Only rows near pixels of the curve can hold its marker.
    coloured = np.convolve((share[:, columns] > 0.3).sum(axis=1), np.ones(2 * half + 1), mode="same") > 3
    coarse = []
    for row in range(max(box.top, half), min(box.bottom, share.shape[0] - half - 1)):
        if coloured[row]:
            misfit, seen, colour = fit(row, templates[0.0])
            if seen >= _SHARE_SEEN and colour >= 0.5 * seen * area:
                coarse.append((misfit, row))
    fine = []
    for _, row in sorted(coarse)[:3]:
        for offset, template in templates.items():
            misfit, seen, _ = fit(row, template)
            fine.append((misfit, row + offset, min(seen, 1.0)))
    return min(fine, key=lambda marker: marker[0])[1:] if fine else None


def _diameter(share: Floats, weight: npt.NDArray[np.bool_], columns: Floats, box: Box, shape: Shape) -> float:
    """Size of the markers in pixels, edge included: the one whose pictures fit best on the topmost curve."""

    def cost(size: float) -> float:
        return sum(_cost(share, weight, column, box, shape, size) for column in columns)

    best = min((float(size) for size in np.arange(6.0, 16.0)), key=cost)
    return min((best - 0.5, best, best + 0.5), key=cost)


def _cost(
    share: Floats, weight: npt.NDArray[np.bool_], column: float, box: Box, shape: Shape, diameter: float
) -> float:
    """Sum of squares between the best place of a marker and the picture, over a patch of fixed size."""
    half, middle = 10, round(column)
    template = _template(shape, diameter, 0.0, half)
    padded, counted = np.pad(share, half), np.pad(weight, half)
    columns = slice(middle, middle + 2 * half + 1)
    costs = [
        float(
            (
                counted[row : row + 2 * half + 1, columns] * (padded[row : row + 2 * half + 1, columns] - template) ** 2
            ).sum()
        )
        for row in range(box.top, box.bottom)
        if share[row, min(max(middle, 0), share.shape[1] - 1)] > 0.5 and weight[row, middle]
    ]
    return min(costs, default=float(half**2))


def _line_pixels(
    size: tuple[int, ...], rows: Sequence[Marker], columns: Floats, diameter: float
) -> npt.NDArray[np.bool_]:
    """Pixels of the lines between markers, outside the markers themselves."""
    mask = np.zeros(size, dtype=bool)
    for i, (first, second) in enumerate(pairwise(rows)):
        if first is None or second is None:
            continue
        (x1, y1), (x2, y2) = (columns[i], first[0]), (columns[i + 1], second[0])
        for t in np.linspace(0, 1, int(2 * np.hypot(x2 - x1, y2 - y1)) + 2):
            x, y = x1 + t * (x2 - x1), y1 + t * (y2 - y1)
            if min(np.hypot(x - x1, y - y1), np.hypot(x - x2, y - y2)) > diameter / 2 + 2:
                mask[max(round(y) - 2, 0) : round(y) + 3, max(round(x) - 2, 0) : round(x) + 3] = True
    return mask


def _follow_line(
    share: Floats, rows: Sequence[Marker], columns: Floats, place: int, diameter: float
) -> tuple[float, float] | None:
    """Where the connecting lines lead that end at a hidden marker: row and its standard error in pixels."""
    ends = []
    for neighbour in (place - 1, place + 1):
        if not 0 <= neighbour < len(rows) or (start := rows[neighbour]) is None:
            continue
        direction = 1 if neighbour < place else -1
        points: list[tuple[float, float]] = []
        row, slope = start[0], 0.0
        first = round(columns[neighbour] + direction * (diameter / 2 + 2))
        for column in range(first, round(columns[place]), direction):
            middle = row + slope
            window = np.arange(max(int(middle) - 6, 0), min(int(middle) + 8, share.shape[0]))
            weight = share[window, column]
            if weight.sum() < 0.8:
                continue
            row = float((window * weight).sum() / weight.sum())
            points.append((column, row))
            if len(points) > 4:
                slope = float(np.polyfit([p[0] for p in points], [p[1] for p in points], 1)[0]) * direction
        if len(points) < 8:
            continue
        x, y = np.array(points).T
        # The marker that is seen ties the line down at its other end.
        x, y = np.append(x, columns[neighbour]), np.append(y, start[0])
        (gradient, level), covariance = np.polyfit(x, y, 1, cov=True)
        at = columns[place]
        variance = covariance[0, 0] * at**2 + 2 * covariance[0, 1] * at + covariance[1, 1]
        ends.append((gradient * at + level, max(variance, ROUNDING_PX**2)))
    if not ends:
        return None
    weights = np.array([1 / variance for _, variance in ends])
    return float(np.average([row for row, _ in ends], weights=weights)), float(np.sqrt(1 / weights.sum()))
