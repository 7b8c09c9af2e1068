"""Figure 7: three panels, each with three translucent histograms of 100 bins, read bar by bar.

Where bars overlap, their colours mix; each of the eight mixtures says which bars cover a pixel. JPEG blurs colours over 16
pixels, three bars wide, so bars are not read one by one: a panel is drawn from assumed heights, coded as the figure was,
and compared with it; heights are changed, one bar or two at a time, as long as that brings the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.figures.jpeg import Coding
from repro.figures.panel_drawing import ALPHA, BINS, CLASSES, SERIES, Integers, PanelDrawing, Part
from repro.figures.panel_settling import LEAST_GAIN, SettledPanel
from repro.figures.picture_axes import ROUNDING_PX, Box, Floats, Pixels, Scale, find_boxes, not_as_published, read_scale
from repro.figures.softmax_grid import MOONS

#: Standard error of the height of a bar that is seen clearly: it is drawn on whole pixels, and found to half of one.
HEIGHT_PX = float(np.hypot(ROUNDING_PX, 0.5))
#: A change of heights at a bar: series, bars to the right of it, pixels.
Move = tuple[tuple[int, int, int], ...]
_SINGLE_MOVES: tuple[Move, ...] = tuple(((series, 0, step),) for series in range(3) for step in (1, -1, 2, -2))
_JOINT_MOVES: tuple[Move, ...] = (
    *(((series, 0, step),) for series in range(3) for step in (1, -1, 2, -2, 3, -3, 4, -4, 6, -6, 9, -9)),
    *(
        ((series, 0, step), (series, offset, -step))
        for series in range(3) for offset in (1, 2) for step in (1, -1, 2, -2, 4, -4)
    ),
    *(
        ((first, 0, step), (second, 0, sign * step))
        for first, second in ((0, 1), (0, 2), (1, 2)) for sign in (1, -1) for step in (1, -1, 2, -2)
    ),
)  # fmt: skip
_SWEEPS = 8
_ERROR_STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24)  # pixels
_SUSPECT = 2.0  # times the typical misfit, beyond which a bar is changed together with others
_BORDER_SWEEPS = 2
_COLOUR_LIMIT = 30.0  # counts by which a legend's colour may differ


def read_histograms(picture: Pixels, coding: Coding | None, *, where: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All nine histograms of a figure of three panels side by side with one y axis, RGB uint8 (height, width, 3).

    ``coding`` is how it was coded, None if that lost nothing; ``where`` is the name of the figure for errors.

    Returns
    -------
    bars : DataFrame
        ``moon``, ``sun``, ``bin_from_pct`` (bins of one point from 0 to 100 %), ``value`` (density per percentage point);
        ``error``, its standard error without the common scale, and ``scale_error``, that of the zero of the scale.
    extents : DataFrame
        ``moon``, ``sun``; first and last border in percent of the 50 bars of each class, ``no_first_pct``, ``no_last_pct``,
        ``yes_first_pct`` and ``yes_last_pct``, and ``error``, the standard error of each: borders are drawn on whole pixels.

    Raises
    ------
    ReproError
        If panels or scales are not found, or the bars have other colours.
    """
    boxes = find_boxes(picture, where=where, count=len(MOONS))
    up = read_scale(picture, boxes[0], "left", where=f"{where}, y axis")
    panels = [
        read_panel(picture, coding, box, up, moon, where=f"{where}, panel {moon}")
        for box, moon in zip(boxes, MOONS, strict=True)
    ]
    bars, extents = (pd.concat(tables, ignore_index=True) for tables in zip(*panels, strict=True))
    return bars, extents


def read_panel(
    picture: Pixels, coding: Coding | None, box: Box, up: Scale, moon: str, *, where: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The three histograms of one panel, see :func:`read_histograms`; ``up`` is the scale of the y axis."""
    across = read_scale(picture, box, "bottom", where=f"{where}, x axis")
    panel = FittedPanel(picture, coding, box, across, up)
    _check_colours(panel, where)
    heights = panel.fit()
    errors = panel.errors(heights)
    rows = np.where(heights > 0, heights + float(up.pixel(0)) - panel.base_row, 0.0)
    per_px = abs(up.per_px)
    bars, extents = [], []
    extent_error = ROUNDING_PX * across.per_px
    for number, (sun, _) in enumerate(SERIES):
        covers = panel.overlap(number)
        variance = np.maximum(covers @ errors[number], HEIGHT_PX) ** 2
        extent = panel.extents[number]
        for place in np.argwhere(extent != CLASSES):
            extent[tuple(place)] += extent_error
            variance += ((panel.overlap(number) - covers) @ rows[number]) ** 2
            extent[tuple(place)] -= extent_error
        columns = {
            "moon": moon,
            "sun": sun,
            "bin_from_pct": np.arange(BINS),
            "value": covers @ rows[number] * per_px,
            "error": np.sqrt(variance) * per_px,
            "scale_error": per_px * up.error_px,
        }
        bars.append(pd.DataFrame(columns))
        extents.append((moon, sun, *extent.ravel().tolist(), extent_error))
    names = ["moon", "sun", "no_first_pct", "no_last_pct", "yes_first_pct", "yes_last_pct", "error"]
    return pd.concat(bars, ignore_index=True), pd.DataFrame(extents, columns=names)


class FittedPanel(SettledPanel):
    """A panel whose heights are found."""

    def overlap(self, series: int) -> Floats:
        """Share of each percentage point that each bar of a series covers, shape (100, 100)."""
        borders, points = self.borders_pct[series], np.arange(BINS)[:, None]
        shared = np.clip(np.minimum(borders[1:], points + 1) - np.maximum(borders[:-1], points), 0, None)
        return np.delete(shared, BINS // 2, axis=1)  # between the classes there is no bar

    def fit(self) -> Integers:
        """Heights whose drawing comes nearest to the figure, shape (3, 100)."""
        self.settle()
        heights = self.typical_heights()
        active = np.ones(heights.shape, dtype=bool)
        for sweep in range(_SWEEPS):
            changed = self._improve(heights, active, _SINGLE_MOVES)
            if sweep < _BORDER_SWEEPS:
                self.settle_borders(heights)
            elif not changed.any():
                break
            # A bar is tried again if it or one near it has changed.
            active = np.tile(_near(changed), (len(SERIES), 1))
        # Where the coding leaves little of a bar, one wrong height makes up for another: both are changed at once.
        near = np.ones(BINS, dtype=bool)
        for _ in range(_SWEEPS):
            around = self._around(self.squares(heights))
            changed = self._improve(heights, (around > _SUSPECT * np.median(around)) & near, _JOINT_MOVES)
            if not changed.any():
                break
            near = _near(changed)
        return heights

    def errors(self, heights: Integers) -> Floats:
        """Standard error of each height in pixels, shape (3, 100).

        Heights count as possible as long as they add no more to the misfit of their blocks than is left unexplained there.
        """
        squares = self.squares(heights)
        reach = np.zeros(heights.shape)
        for (series, bar), sign in product(np.ndindex(heights.shape), (1, -1)):
            for step in _ERROR_STEPS:
                trial = self._trial(heights, ((series, 0, sign * step),), bar)
                if trial is None:
                    break
                part, new = self._changed_squares(heights, trial)
                if new.sum() > 2 * squares[part].sum():
                    break
                reach[series, bar] = max(float(reach[series, bar]), float(step))
        return np.asarray(np.maximum(np.hypot(ROUNDING_PX, reach / np.sqrt(3)), HEIGHT_PX))

    def _improve(
        self, heights: Integers, active: npt.NDArray[np.bool_], moves: Sequence[Move]
    ) -> npt.NDArray[np.bool_]:
        """Make all moves that bring the drawing nearer to the figure, in place; gives the bars that have changed."""
        squares = self.squares(heights)
        changed = np.zeros(heights.shape, dtype=bool)
        for series, bar in np.argwhere(active & (self._around(squares) > 0)):
            for move in moves:
                if move[0][0] != series or (trial := self._trial(heights, move, bar)) is None:
                    continue
                part, new = self._changed_squares(heights, trial)
                if new.sum() < squares[part].sum() - LEAST_GAIN:
                    heights[:], squares[part] = trial, new
                    changed[series, bar] = True
        return changed

    def _trial(self, heights: Integers, move: Move, bar: int) -> Integers | None:
        """Heights after a move that begins at a bar; None if it is not possible there."""
        trial, leader = heights.copy(), move[0][0]
        middle = (self.starts[leader, bar] + self.ends[leader, bar]) // 2
        for series, offset, step in move:
            # The bar of another series that stands at the same place.
            at = bar + offset if series == leader else self.slots[series, middle]
            if at >= BINS or self.starts[series, at] == self.ends[series, at]:
                return None
            if not 0 <= trial[series, at] + step <= self.limit:
                return None
            trial[series, at] += step
        return trial

    def _changed_squares(self, heights: Integers, trial: Integers) -> tuple[Part, Floats]:
        """The part of the panel that is drawn otherwise with the trial's heights, and its squared differences."""
        series, bars = np.nonzero(trial != heights)
        columns = (self.starts[series, bars].min(), self.ends[series, bars].max())
        ends = np.concatenate([heights[series, bars], trial[series, bars]])
        return self.redrawn(trial, (self.base - ends.max(), self.base - ends.min() + 1), columns)

    def _around(self, squares: Floats) -> Floats:
        """Misfit of the blocks that each bar shares, shape (3, 100)."""
        sums = np.cumsum(np.append(0.0, squares.sum(axis=0)))
        around = np.zeros((len(SERIES), BINS))
        for series, bar in np.ndindex(around.shape):
            (_, columns), _ = self.changed_part(
                (0, self.base), (int(self.starts[series, bar]), int(self.ends[series, bar]))
            )
            around[series, bar] = sums[columns.stop] - sums[columns.start]
        return around


def _near(changed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether any bar within two of each has changed, shape (100,)."""
    return np.asarray(np.convolve(changed.any(axis=0), np.ones(5), mode="same") > 0)


def _check_colours(panel: PanelDrawing, where: str) -> None:
    """Whether the pixels of a panel have the colours of the eight mixtures."""
    inside = panel.seen[:, panel.columns].astype(np.float32)[panel.counted[:, panel.columns]]
    inside = inside[inside.min(axis=1) < 230]
    distance = [np.linalg.norm(inside - colour, axis=1) for colour in panel.colours.astype(np.float32)]
    typical = float(np.median(np.min(distance, axis=0))) if len(inside) else np.inf
    if not typical < _COLOUR_LIMIT:
        raise not_as_published(
            f"bars whose colours differ by {typical:.0f} counts from the nearest mixture",
            f"bars in green, orange and navy of opacity {ALPHA:g}",
            where,
        )
