"""The circle of sky in a masked frame: centre and radius, from the edge between sky and black."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repro.errors import ReproError
from repro.figures.picture_axes import Floats, Pixels

_ANGLES = 720
_REACH = 0.06  # of the radius, within which the edge is looked for on both sides
_LEAST_STEP = 3.0  # counts between sky and black; an edge fainter than JPEG's noise is none
_LEAST_POINTS = 60


@dataclass(frozen=True)
class Circle:
    """A circle of sky, in pixels of the picture.

    Parameters
    ----------
    x, y, radius : float
        Column and row of the centre, counted from the picture's left and upper border, and the radius.
    error : float
        Standard error of each.
    """

    x: float
    y: float
    radius: float
    error: float


def find_circle(frame: Pixels, *, where: str) -> Circle:
    """Circle of sky of a masked frame, RGB uint8 (height, width, 3), on black; ``where`` is its name for the error.

    The circle is looked for near the largest one that fits into the picture. Only its edge on black counts; where the
    circle touches the border of the picture there is none.

    Raises
    ------
    ReproError
        If the sky is as dark as the mask along most of the edge.
    """
    from scipy.optimize import least_squares  # takes half a second, and the report only draws what was measured

    brightness = np.asarray(frame, dtype=float).max(axis=2)
    height, width = brightness.shape
    guess = np.array([width / 2, height / 2, min(height, width) / 2])
    for _ in range(3):
        points = _edge(brightness, guess)
        if len(points) < _LEAST_POINTS:
            raise ReproError(
                found=f"{len(points)} points of an edge between sky and black",
                expected=f"at least {_LEAST_POINTS}, of a circle about as large as the picture",
                where=where,
                remedy="give a masked frame whose sky is brighter than its mask",
            )

        def beyond(circle: Floats, points: Floats = points) -> Floats:
            return np.asarray(np.hypot(*(points - circle[:2]).T) - circle[2])

        guess = least_squares(beyond, guess, loss="soft_l1").x
        rest = float(np.median(abs(beyond(guess))) * 1.4826)
    # Points of one block of JPEG err together, so about a sixteenth of them are independent.
    error = max(0.1, float(np.hypot(rest, 0.3) / np.sqrt(len(points) / 16)))
    return Circle(float(guess[0]), float(guess[1]), float(guess[2]), error)


def _edge(brightness: Floats, circle: Floats) -> Floats:
    """Points (x, y), counted from the border, where brightness falls to half on the way out."""
    from scipy.ndimage import map_coordinates

    height, width = brightness.shape
    x, y, radius = circle
    steps = np.arange(-_REACH * radius, _REACH * radius, 0.5)
    points = []
    for angle in np.arange(_ANGLES) * 2 * np.pi / _ANGLES:
        columns, rows = x + (radius + steps) * np.cos(angle), y + (radius + steps) * np.sin(angle)
        if columns.min() < 2 or rows.min() < 2 or columns.max() > width - 2 or rows.max() > height - 2:
            continue
        line = map_coordinates(brightness, [rows - 0.5, columns - 0.5], order=1)
        inside, outside = np.median(line[: len(line) // 4]), np.median(line[-len(line) // 4 :])
        if inside - outside < _LEAST_STEP:
            continue
        below = np.flatnonzero(line < (inside + outside) / 2)
        if len(below) and below[0] > 0:
            points.append((columns[below[0]], rows[below[0]]))
    return np.array(points).reshape(-1, 2)


def sky_of(frame: Pixels, circle: Circle) -> Floats:
    """1 inside a circle and 0 outside, shape (height, width)."""
    height, width = frame.shape[:2]
    rows, columns = np.mgrid[:height, :width] + 0.5
    return np.asarray((np.hypot(columns - circle.x, rows - circle.y) <= circle.radius).astype(float))
