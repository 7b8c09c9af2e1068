"""A panel of Figure 7 drawn from assumed heights of its bars, as matplotlib draws it and as the figure was coded.

All that shares a block of the coding with bars is drawn: bars, dashed grid lines, the lower line of the box, and ticks.
The drawing of right heights is that of matplotlib, pixel by pixel: what is left out, or is a pixel off, would be made up for
by wrong heights of low bars, of which strong coding leaves little.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from repro.figures.jpeg import Coding
from repro.figures.picture_axes import Box, Floats, Pixels, Scale, grey

BINS = 100  # of one percentage point
LEAST_WIDTH = 0.93  # of a bar in percentage points: each histogram has its 100 bars between its own extremes
SLOTS = 110  # places for bars of one series, so many that narrow ones cover the whole axis
ALPHA = 0.6  # opacity of the bars
#: Histograms in the order in which they are drawn, and their colours: green, orange and navy of matplotlib.
SERIES: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("ASTRO", (0, 128, 0)),
    ("NAUTICAL", (255, 165, 0)),
    ("NIGHT", (0, 0, 128)),
)
Heights = npt.NDArray[np.int_]
_MARGIN = 24  # pixels around a panel that are coded with it
REACH = 10  # columns beyond a bar that its colour spreads to by the coding
#: Grid lines as matplotlib draws them at 100 dots per inch: 0.8 points wide, dashes and gaps of 3.7 and 1.6 widths, grey.
LINE_PX = 0.8 * 100 / 72
LINE_SIDE = (LINE_PX - 1) / 2  # share of the pixels on both sides that a line covers; also true of the box
DASHES_PX = (3.7 * LINE_PX, 1.6 * LINE_PX)
GRID_GREY = 176
_TICK_ROWS = (1.0, 1.0, 1.0, 1.0, 0.5)  # a tick of 3.5 points below the box
_BELOW = 8  # rows that may share a block of the coding with bars; letters are further down


class PanelDrawing:
    """A panel that can be drawn from assumed heights and compared with the figure.

    Parameters
    ----------
    picture : ndarray, uint8, shape (height, width, 3)
        The figure, RGB.
    coding : Coding or None
        How it was coded; None if it lost nothing.
    box : Box
        Of the panel.
    across, up : Scale
        Its axes.
    """

    def __init__(self, picture: Pixels, coding: Coding | None, box: Box, across: Scale, up: Scale) -> None:
        self.coding = coding
        self.base = box.bottom  # row of the lower line; bars end above it
        self.limit = box.bottom - box.top - 1
        # A part of the figure that begins where a block of the coding does.
        self.left = max(0, (box.left - _MARGIN) // 16 * 16)
        self.top = max(0, (box.top - _MARGIN) // 16 * 16)
        right, bottom = box.right + _MARGIN, box.bottom + _MARGIN
        self.seen = picture[self.top : bottom, self.left : right]
        self.across = across
        self.widths, self.phases = np.ones(len(SERIES)), np.zeros(len(SERIES))
        self.set_edges(0.0)
        rows = np.arange(self.seen.shape[0]) + self.top
        self.above = (self.base - rows)[:, None]  # pixels above the lower line; 1 is the first row of bars
        self.rows = slice(box.top + 2 - self.top, self.base - self.top)
        self.weight = np.ones(self.seen.shape[:2])
        self.weight[: box.top + 3 - self.top] = 0
        self.weight[self.base - self.top :] = 0
        legend = find_legend(picture, box)
        self.copied = np.zeros(self.seen.shape[:2], dtype=bool)
        if legend is not None:
            inside = np.s_[
                legend.top - self.top : legend.bottom - self.top, legend.left - self.left : legend.right - self.left
            ]
            self.weight[inside] = 0
            self.copied[inside] = True
        # What is not drawn here (lines, ticks, letters) is taken over, so that it disturbs both pictures alike.
        self.copied[self.base + _BELOW - self.top :] = True
        self.copied[: box.top + 1 - self.top] = True
        self.copied[:, : box.left + 2 - self.left] = True
        self.copied[:, box.right - 1 - self.left :] = True
        self.colours = mixtures()
        self.black = self._foot([round(place) - self.left for place, _ in across.ticks])
        self.lines = self._grid_lines([round(place) - self.top for place, _ in up.ticks], box)

    def _foot(self, ticks: list[int]) -> Floats:
        """Share of black by pixel, shape (rows, columns, 1), in the rows of the lower line of the box and of the ticks."""
        black = np.zeros((_BELOW + 1, self.seen.shape[1]))
        black[:3] = np.array([LINE_SIDE, 1.0, LINE_SIDE])[:, None]
        for tick in ticks:
            for offset, share in ((-1, LINE_SIDE), (0, 1.0), (1, LINE_SIDE)):
                for row, part in enumerate(_TICK_ROWS, start=2):
                    black[row, tick + offset] += (1 - black[row, tick + offset]) * share * part
        return black[:, :, None]

    def _grid_lines(self, rows: list[int], box: Box) -> Floats:
        """Share of each pixel that the dashed grid lines cover; they lie over the bars."""
        along = np.arange(self.seen.shape[1])[:, None] + np.array([0.0, 1.0]) - (box.left + 0.5 - self.left)
        dash, gap = DASHES_PX
        # Length of dashes up to a place, so that a pixel has the difference of its two sides.
        drawn = np.where(along > 0, along // (dash + gap) * dash + np.minimum(along % (dash + gap), dash), 0.0)
        across = np.clip(drawn[:, 1] - drawn[:, 0], 0, 1)
        lines = np.zeros(self.seen.shape[:2])
        for row in rows:
            for offset, share in ((-1, LINE_SIDE), (0, 1.0), (1, LINE_SIDE)):
                if 0 <= row + offset < len(lines):
                    lines[row + offset] = share * across
        lines[self.copied] = 0
        return lines

    def set_edges(self, shift: float, stretch: float = 0.0) -> None:
        """Put the bars' borders on whole pixels, as they are drawn, with the scale shifted and stretched by parts of a pixel."""
        self.scale_offset = (shift, stretch)
        borders = self.borders_pct
        exact = self.across.pixel(borders) - self.left + shift + stretch * (borders / 100 - 0.5)
        self.exact = np.asarray(exact)
        self.use_edges(np.round(self.exact).astype(int))

    @property
    def borders_pct(self) -> Floats:
        """Borders of the slots of each series in percent, shape (3, SLOTS + 1); beyond the axis they fall together."""
        width, phase = self.widths[:, None], self.phases[:, None]
        return np.asarray(np.clip(phase + width * (np.arange(SLOTS + 1) - 1), 0, 100))

    def use_edges(self, edges: Heights) -> None:
        """Put the borders of each series on these columns, counted from the left of what is drawn, shape (3, SLOTS + 1)."""
        self.edges = edges
        columns = np.arange(self.seen.shape[1])
        self.slots = np.stack([np.searchsorted(own, columns, side="right") - 1 for own in edges])
        self.slots = np.clip(self.slots, 0, SLOTS - 1)
        self.inside = (columns >= edges.min()) & (columns < edges.max())

    def total(self, heights: Heights) -> float:
        """Misfit of the whole panel."""
        return float(self.misfit(heights).sum())

    def draw(self, heights: Heights, top: int = 0) -> Pixels:
        """The panel from a row on, with bars of these heights (series, bin) in pixels."""
        columns = np.where(self.inside, np.take_along_axis(heights, self.slots, axis=1), 0)
        above = self.above[top:]
        code = np.zeros((len(above), len(columns[0])), dtype=np.uint8)
        for number in range(len(SERIES)):
            code |= ((above <= columns[number]) & (above > 0)).astype(np.uint8) << number
        drawn = np.take(self.colours, code, axis=0)
        lined = np.flatnonzero(self.lines[top:].any(axis=1))
        drawn[lined] = _blend(drawn[lined], np.array(GRID_GREY), self.lines[top:][lined][:, :, None])
        foot = slice(self.base - 1 - self.top - top, self.base + _BELOW - self.top - top)
        drawn[foot] = _blend(drawn[foot], np.array(0), self.black)
        np.copyto(drawn, self.seen[top:], where=self.copied[top:, :, None])
        return self.coding.apply(drawn) if self.coding else drawn

    def misfit(self, heights: Heights, top: int = 0) -> Floats:
        """Sum of squared differences by column, from a row on."""
        difference = np.subtract(self.draw(heights, top), self.seen[top:], dtype=np.float32)
        return np.asarray((self.weight[top:] * np.einsum("ijk,ijk->ij", difference, difference)).sum(axis=0))

    def all_around(self, misfit: Floats) -> Floats:
        """Misfit of each slot of each series with the columns beside it that its colour spreads to, shape (3, SLOTS)."""
        total = np.concatenate([[0.0], np.cumsum(misfit)])
        return np.asarray(total[self.edges[:, 1:] + REACH] - total[self.edges[:, :-1] - REACH])


def mixtures() -> Pixels:
    """Colours of the eight ways in which three bars can cover a pixel; bit k of the index stands for series k."""
    colours = np.full((2 ** len(SERIES), 3), 255)
    for number, (_, colour) in enumerate(SERIES):
        covered = np.flatnonzero(np.arange(len(colours)) >> number & 1)
        colours[covered] = _blend(colours[covered], np.asarray(colour), np.array(ALPHA))
    return colours.astype(np.uint8)


def _blend(below: npt.NDArray[Any], colour: npt.NDArray[Any], opacity: Floats) -> npt.NDArray[np.int_]:
    """A translucent colour over opaque pixels in the whole numbers of matplotlib's renderer (fixed_blender_rgba_plain)."""
    alpha, below = np.round(255 * opacity).astype(int), below.astype(int)
    return np.asarray(((256 * colour - 255 * below) * alpha + 255 * 256 * below) // (alpha + 255 * 256))


def find_legend(picture: Pixels, box: Box) -> Box | None:
    """Part of a panel that a legend takes, its samples included: its letters are the only black inside; None if none."""
    part = picture[box.top + 3 : box.bottom - 20, box.left + 3 : box.right - 2]
    # The darkest mixture of bars has a luminance of 67 and more.
    black = (grey(part) < 35) & (np.ptp(part.astype(int), axis=2) < 30)
    rows = np.flatnonzero(black.sum(axis=1) > 3)
    if len(rows) == 0:
        return None
    # The coding may darken single pixels of the bars as well: only rows that hold letters say how wide the legend is.
    columns = np.flatnonzero(black[rows].any(axis=0))
    return Box(
        max(box.left + columns[0] - 60, box.left), max(box.top + rows[0] - 8, box.top),
        min(box.left + columns[-1] + 20, box.right), box.top + rows[-1] + 20,
    )  # fmt: skip
