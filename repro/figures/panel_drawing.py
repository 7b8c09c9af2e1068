"""A panel of Figure 7 drawn from assumed heights of its bars, as matplotlib draws it and as the figure was coded.

All that shares a block of the coding with bars is drawn: bars, dashed grid lines, the lower line of the box, and ticks.
With the right heights the drawing equals that of matplotlib pixel by pixel. Anything left out or a pixel off would be
compensated by wrong heights of low bars, of which strong coding leaves little.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from repro.figures.jpeg import Coding
from repro.figures.picture_axes import Box, Floats, Pixels, Scale, grey

BINS = 100  # bars of one histogram: 50 of each predicted class
CLASSES = ((0.0, 50.0), (50.0, 100.0))  # percent; between these limits lie the bars of the classes no and yes
ALPHA = 0.6  # opacity of the bars
#: Histograms in the order in which they are drawn, and their colours: green, orange and navy of matplotlib.
SERIES: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("ASTRO", (0, 128, 0)),
    ("NAUTICAL", (255, 165, 0)),
    ("NIGHT", (0, 0, 128)),
)
Integers = npt.NDArray[np.int_]
Part = tuple[slice, slice]
ALL: Part = (slice(None), slice(None))
BLOCK_PX = 16  # side of the blocks that JPEG codes together when colours have half the resolution
_SMOOTHED_PX = 2  # beyond its block to which a colour of half the resolution is smoothed in decoding
_MARGIN = 24  # columns beside a panel that are coded with it
#: Grid lines as matplotlib draws them at 100 dots per inch: 0.8 points wide, dashes and gaps of 3.7 and 1.6 widths, grey.
_LINE_PX = 0.8 * 100 / 72
_LINE_SIDE = (_LINE_PX - 1) / 2  # share of the pixels on both sides that a line covers; also true of the box
_ACROSS_LINE = ((-1, _LINE_SIDE), (0, 1.0), (1, _LINE_SIDE))
_DASH_PX, _GAP_PX = 3.7 * _LINE_PX, 1.6 * _LINE_PX
_GRID_GREY = 176
_TICK_ROWS = (1.0, 1.0, 1.0, 1.0, 0.5)  # a tick of 3.5 points below the box
_BELOW = 8  # rows below the box that are drawn; letters are further down


class PanelDrawing:
    """A panel that can be drawn from assumed heights and compared with the figure.

    Heights have the shape (3, 100): pixels by series and bar. Columns and rows count from the upper left corner of the part
    that is drawn, which begins where a block of the coding does.

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
        self.coding, self.across = coding, across
        self.limit = box.bottom - box.top - 1  # of a height
        self.left = max(0, (box.left - _MARGIN) // BLOCK_PX * BLOCK_PX)
        top = max(0, (box.top - _MARGIN) // BLOCK_PX * BLOCK_PX)
        self.base_row = box.bottom  # of the figure: the lower line of the box; bars end above it
        self.base = box.bottom - top
        self.seen = picture[top : top + (self.base // BLOCK_PX + 1) * BLOCK_PX, self.left : box.right + _MARGIN]
        size = self.seen.shape[:2]
        self.above = self.base - np.arange(size[0])[:, None]  # pixels above the lower line; 1 is the first row of bars
        self.counted = np.zeros(size, dtype=bool)  # pixels that are compared
        self.counted[box.top + 3 - top : self.base] = True
        # What is not drawn (letters, the box) is copied from the figure, so that it disturbs both pictures alike.
        self.copied = np.zeros(size, dtype=bool)
        self.copied[: box.top + 1 - top] = self.copied[self.base + _BELOW :] = True
        self.copied[:, : box.left + 2 - self.left] = self.copied[:, box.right - 1 - self.left :] = True
        if (legend := find_legend(picture, box)) is not None:
            inside = np.s_[legend.top - top : legend.bottom - top, legend.left - self.left : legend.right - self.left]
            self.counted[inside], self.copied[inside] = False, True
        self.colours = mixtures()
        self.lines = self._grid_lines([round(place) - top for place, _ in up.ticks], box)
        self._black = self._foot([round(place) - self.left for place, _ in across.ticks])
        self._first_code = np.arange(size[0] * size[1]).reshape(size) * len(self.colours)
        self.draw_lines(1.0)
        #: First and last border of each series' bars of each class in percent, shape (3, 2, 2).
        self.extents = np.tile(CLASSES, (len(SERIES), 1, 1))
        self.scale_offset = (0.0, 0.0)
        first, last = np.round(across.pixel([0.0, 100.0]) - self.left).astype(int)
        self.columns = np.arange(first, last)  # between 0 and 100 %
        self.place_bars(*self.scale_offset)

    def _foot(self, ticks: list[int]) -> Floats:
        """Share of black by pixel in the rows of the lower line of the box and of the ticks."""
        black = np.zeros((_BELOW + 1, self.seen.shape[1]))
        black[:3] = np.array([_LINE_SIDE, 1.0, _LINE_SIDE])[:, None]
        for tick in ticks:
            for offset, share in _ACROSS_LINE:
                for row, part in enumerate(_TICK_ROWS, start=2):
                    black[row, tick + offset] += (1 - black[row, tick + offset]) * share * part
        return black[: len(self.seen) - self.base + 1]

    def _grid_lines(self, rows: list[int], box: Box) -> Floats:
        """Share of each pixel that the dashed grid lines cover; they lie over the bars."""
        along = np.arange(self.seen.shape[1])[:, None] + np.array([0.0, 1.0]) - (box.left + 0.5 - self.left)
        period = _DASH_PX + _GAP_PX
        # Length of dashes up to a place, so that a pixel has the difference of its two sides.
        drawn = np.where(along > 0, along // period * _DASH_PX + np.minimum(along % period, _DASH_PX), 0.0)
        lines = np.zeros(self.seen.shape[:2])
        for row in rows:
            for offset, share in _ACROSS_LINE:
                if 0 <= row + offset < len(lines):
                    lines[row + offset] = share * np.clip(drawn[:, 1] - drawn[:, 0], 0, 1)
        lines[self.copied] = 0
        return lines

    def draw_lines(self, opacity: float) -> None:
        """Draw the grid lines with an opacity from 0 to 1: sets the colour of each pixel under each mixture of bars."""
        colours = np.broadcast_to(self.colours, (*self.seen.shape[:2], *self.colours.shape)).copy()
        colours[self.base :] = 255
        lined = np.flatnonzero(self.lines.any(axis=1))
        colours[lined] = _blend(colours[lined], np.array(_GRID_GREY), opacity * self.lines[lined][..., None, None])
        foot = slice(self.base - 1, self.base - 1 + len(self._black))
        colours[foot] = _blend(colours[foot], np.array(0), self._black[..., None, None])
        np.copyto(colours, self.seen[:, :, None], where=self.copied[..., None, None])
        self._palette = np.pad(colours, ((0, 0), (0, 0), (0, 0), (0, 1))).view(np.uint32).ravel()

    @property
    def borders_pct(self) -> Floats:
        """Borders of the bars of each series in percent, 51 of each class, shape (3, 102)."""
        each = np.linspace(self.extents[..., 0], self.extents[..., 1], BINS // 2 + 1, axis=2)
        return each.reshape(len(SERIES), -1)

    def place_bars(self, shift: float, stretch: float) -> None:
        """Put the borders on whole pixels, as they are drawn, with the scale shifted and stretched by parts of a pixel."""
        self.scale_offset = (shift, stretch)
        borders = self.borders_pct
        self.exact = np.asarray(self.across.pixel(borders) - self.left + shift + stretch * (borders / 100 - 0.5))
        self.use_edges(np.round(self.exact).astype(int))

    def use_edges(self, edges: Integers) -> None:
        """Put the borders on these columns, shape (3, 102)."""
        self.edges = edges
        #: First column and end of each bar, shape (3, 100).
        self.starts, self.ends = np.delete(edges[:, :-1], BINS // 2, axis=1), np.delete(edges[:, 1:], BINS // 2, axis=1)
        bar_of_gap = np.insert(
            np.arange(BINS), (0, BINS // 2, BINS), BINS
        )  # no bar before, between and after the classes
        columns = np.arange(self.seen.shape[1])
        #: Bar of each series that covers a column, shape (3, columns); 100 where there is none.
        self.slots = np.stack([bar_of_gap[np.searchsorted(own, columns, side="right")] for own in edges])

    def draw(self, heights: Integers, part: Part = ALL) -> Pixels:
        """A part of the panel, rows and columns, with bars of these heights."""
        rows, columns = part
        slots = self.slots[:, columns]
        code = self._first_code[part].copy()
        for number in range(len(SERIES)):
            own = np.where(slots[number] < BINS, heights[number, np.minimum(slots[number], BINS - 1)], 0)
            code += (self.above[rows] <= own) * np.int64(1 << number)
        drawn = self._palette[code].view(np.uint8).reshape(*code.shape, 4)
        return self.coding.apply(drawn) if self.coding else drawn[..., :3]

    def squares(self, heights: Integers, part: Part = ALL) -> Floats:
        """Squared difference of each pixel of a part, all channels together."""
        difference = np.subtract(self.draw(heights, part), self.seen[part], dtype=np.float32)
        return np.asarray(np.einsum("ijk,ijk->ij", difference, difference) * self.counted[part], dtype=float)

    def changed_part(self, rows: tuple[int, int], columns: tuple[int, int]) -> tuple[Part, Part]:
        """Part that changes when these rows and columns do, and the part that must be coded to draw it.

        JPEG changes whole blocks, and smooths colours a little beyond them.
        """
        wide, coded = [], []
        for (first, end), size in zip((rows, columns), self.seen.shape[:2], strict=True):
            if self.coding is None:
                wide.append(slice(first, end))
                coded.append(slice(first, end))
                continue
            low, high = first // BLOCK_PX * BLOCK_PX, -(-end // BLOCK_PX) * BLOCK_PX
            wide.append(slice(max(low - _SMOOTHED_PX, 0), min(high + _SMOOTHED_PX, size)))
            coded.append(slice(max(low - BLOCK_PX, 0), min(high + BLOCK_PX, size)))
        return (wide[0], wide[1]), (coded[0], coded[1])

    def redrawn(self, heights: Integers, rows: tuple[int, int], columns: tuple[int, int]) -> tuple[Part, Floats]:
        """The part that changes with these rows and columns, and its squared differences with these heights."""
        part, coded = self.changed_part(rows, columns)
        inside = tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, coded, strict=True))
        return part, self.squares(heights, coded)[inside]


def mixtures() -> Pixels:
    """Colours of the eight ways in which three bars can cover a pixel; bit k of the index stands for series k."""
    colours = np.full((2 ** len(SERIES), 3), 255, dtype=np.uint8)
    for number, (_, colour) in enumerate(SERIES):
        covered = np.flatnonzero(np.arange(len(colours)) >> number & 1)
        colours[covered] = _blend(colours[covered], np.asarray(colour), np.array(ALPHA))
    return colours


def _blend(below: Pixels, colour: npt.NDArray[Any], opacity: Floats) -> Pixels:
    """A translucent colour over opaque pixels in the whole numbers of matplotlib's renderer (fixed_blender_rgba_plain)."""
    alpha, level = np.round(255 * opacity).astype(np.int32), below.astype(np.int32)
    return np.asarray(((256 * colour - 255 * level) * alpha + 255 * 256 * level) // (alpha + 255 * 256), dtype=np.uint8)


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
        max(box.left + columns[0] - 60, box.left), max(box.top + rows[0] - 16, box.top),
        min(box.left + columns[-1] + 20, box.right), box.top + rows[-1] + 20,
    )  # fmt: skip
