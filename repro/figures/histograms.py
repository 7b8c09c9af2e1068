"""Figure 7: three panels, each with three translucent histograms of 100 bins, read bar by bar.

Where bars overlap, their colours mix; each of the eight mixtures says which bars cover a pixel. JPEG blurs colours over 16
pixels, three bars wide, so bars are not read one by one: a panel is drawn from assumed heights, coded as the figure was,
and compared with it; heights are changed, bar by bar, as long as that brings the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

import numpy as np
import numpy.typing as npt

from repro.errors import ReproError
from repro.figures.jpeg import Coding
from repro.figures.picture_axes import ROUNDING_PX, Box, Floats, Pixels, Scale, find_boxes, grey, read_scale
from repro.figures.softmax_grid import MOONS

BINS = 100  # of one percentage point
ALPHA = 0.6  # opacity of the bars
#: Histograms in the order in which they are drawn, and their colours: green, orange and navy of matplotlib.
SERIES: tuple[tuple[str, tuple[int, int, int]], ...] = (
    ("ASTRO", (0, 128, 0)),
    ("NAUTICAL", (255, 165, 0)),
    ("NIGHT", (0, 0, 128)),
)
Heights = npt.NDArray[np.int_]
_MARGIN = 24  # pixels around a panel that are coded with it
_APART = 9  # bars changed at a time are this many bins apart, so that no two share a block
#: Standard error of a height: drawn on whole pixels, and found after JPEG, under other bars, to three quarters of one
#: (root mean square over synthetic figures, see the tests).
HEIGHT_PX = float(np.hypot(ROUNDING_PX, 0.75))
_SWEEPS = 8
LOW = 64  # pixels; all but a few bars are lower, and only the lower part of the panel is drawn again for them
#: A change of heights at a bin: series, bins to the right of it, pixels.
Move = tuple[tuple[int, int, int], ...]
_SINGLE_MOVES: tuple[Move, ...] = tuple(((series, 0, step),) for series in range(3) for step in (1, -1, 2, -2))
_JOINT_MOVES: tuple[Move, ...] = (
    *_SINGLE_MOVES,
    *(((series, 0, step),) for series in range(3) for step in (3, -3, 4, -4, 6, -6)),
    *(
        ((series, 0, step), (series, offset, -step))
        for series in range(3) for offset in (1, 2) for step in (1, -1, 2, -2, 4, -4)
    ),
    *(
        ((first, 0, step), (second, 0, sign * step))
        for first, second in ((0, 1), (0, 2), (1, 2)) for sign in (1, -1) for step in (1, -1, 2, -2)
    ),
)  # fmt: skip
_SUSPECT = 2.0  # times the typical misfit, beyond which a bin is changed together with others
REACH = 10  # columns beyond a bar that its colour spreads to by the coding
#: Grid lines as matplotlib draws them at 100 dots per inch: 0.8 points wide, dashes and gaps of 3.7 and 1.6 widths, grey.
LINE_PX = 0.8 * 100 / 72
LINE_SIDE = (LINE_PX - 1) / 2  # share of the pixels on both sides that a line covers; also true of the box
DASHES_PX = (3.7 * LINE_PX, 1.6 * LINE_PX)
GRID_GREY = 176
_TICK_ROWS = (1.0, 1.0, 1.0, 1.0, 0.5)  # a tick of 3.5 points below the box
_BELOW = 8  # rows that may share a block of the coding with bars; letters are further down
_UNDECIDED_PX = 0.2  # from the middle between two pixels, within which the rounding of a border is tried both ways
_BORDER_SWEEPS = 2
_COLOUR_LIMIT = 30.0  # counts by which a legend's colour may differ


@dataclass(frozen=True)
class Histogram:
    """One histogram.

    Parameters
    ----------
    sun, moon : str
        Its condition.
    density : ndarray, shape (100,)
        Per percentage point, by bins of one point from 0 to 100 %.
    error_px : ndarray, shape (100,)
        Standard error of each bar's height in pixels, the common scale left out.
    per_px : float
        Density of one pixel.
    scale_error : float
        Standard error of the scale's zero, common to all bars, as a density.
    """

    sun: str
    moon: str
    density: Floats
    error_px: Floats
    per_px: float
    scale_error: float

    @property
    def error(self) -> Floats:
        """Standard error of each density."""
        return np.asarray(np.hypot(self.error_px * self.per_px, self.scale_error))


def read_histograms(picture: Pixels, coding: Coding | None, *, where: str) -> list[Histogram]:
    """All nine histograms.

    Parameters
    ----------
    picture : ndarray, uint8, shape (height, width, 3)
        The figure, RGB: three panels side by side with one y axis.
    coding : Coding or None
        How it was coded; None if it lost nothing.
    where : str
        Name of the figure, for errors.

    Raises
    ------
    ReproError
        If panels or scales are not found, or the bars have other colours.
    """
    boxes = find_boxes(picture, where=where, count=len(MOONS))
    up = read_scale(picture, boxes[0], "left", where=f"{where}, y axis")
    histograms = []
    for box, moon in zip(boxes, MOONS, strict=True):
        across = read_scale(picture, box, "bottom", where=f"{where}, x axis of panel {moon}")
        panel = _Panel(picture, coding, box, across, up)
        _check_colours(panel, f"{where}, panel {moon}")
        heights = panel.fit()
        zero_px = float(up.pixel(0)) - panel.base
        for number, (sun, _) in enumerate(SERIES):
            px = heights[number]
            rows = np.where(px > 0, px + zero_px, 0.0)
            histograms.append(
                Histogram(
                    sun, moon, rows * abs(up.per_px), np.full(BINS, HEIGHT_PX), abs(up.per_px),
                    abs(up.per_px) * up.error_px,
                )
            )  # fmt: skip
    return histograms


class _Panel:
    """A panel that can be drawn from assumed heights and compared with the figure."""

    def __init__(self, picture: Pixels, coding: Coding | None, box: Box, across: Scale, up: Scale) -> None:
        self.coding = coding
        self.base = box.bottom  # row of the lower line; bars end above it
        self.limit = box.bottom - box.top - 1
        # A part of the figure that begins where a block of the coding does.
        self.left = max(0, (box.left - _MARGIN) // 16 * 16)
        self.top = max(0, (box.top - _MARGIN) // 16 * 16)
        right, bottom = box.right + _MARGIN, box.bottom + _MARGIN
        self.seen = picture[self.top : bottom, self.left : right]
        self.places = across.pixel(np.arange(BINS + 1)) - self.left
        self._set_edges(0.0)
        rows = np.arange(self.seen.shape[0]) + self.top
        self.above = (self.base - rows)[:, None]  # pixels above the lower line; 1 is the first row of bars
        self.rows = slice(box.top + 2 - self.top, self.base - self.top)
        self.weight = np.ones(self.seen.shape[:2])
        self.weight[: box.top + 3 - self.top] = 0
        self.weight[self.base - self.top :] = 0
        legend = _legend(picture, box)
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
        self.colours = _mixtures()
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

    def _set_edges(self, shift: float, stretch: float = 0.0) -> None:
        """Put the bars' borders on whole pixels, as they are drawn, with the scale shifted and stretched by parts of a pixel."""
        self.exact = self.places + shift + stretch * np.linspace(-0.5, 0.5, BINS + 1)
        self._use_edges(np.round(self.exact).astype(int))

    def _use_edges(self, edges: Heights) -> None:
        self.edges = edges
        self.bins = np.full(self.seen.shape[1], -1)
        for number in range(BINS):
            self.bins[edges[number] : edges[number + 1]] = number

    def _settle_borders(self, heights: Heights) -> None:
        """Round single borders to the other side, where they lie near the middle of two pixels and that fits better."""
        least = self.total(heights)
        for number in np.flatnonzero(abs(self.exact % 1 - 0.5) < _UNDECIDED_PX):
            before = self.edges
            other = before.copy()
            other[number] = 2 * np.floor(self.exact[number]) + 1 - before[number]
            self._use_edges(other)
            misfit = self.total(heights)
            if misfit < least:
                least = misfit
            else:
                self._use_edges(before)

    def _settle(self) -> None:
        """Find what the ticks leave open: opacity of the grid lines, and shift and stretch of the x axis.

        Ticks stand on whole pixels, so that some borders of bars would be drawn a pixel off.
        """
        heights = self.start()
        covered = self.lines

        def draw_lines(opacity: float) -> None:
            self.lines = covered * opacity

        _set_best(draw_lines, [(float(opacity),) for opacity in np.linspace(0, 1, 21)], lambda: self.total(heights))
        offsets = [float(offset) for offset in np.linspace(-0.6, 0.6, 13)]
        _set_best(self._set_edges, list(product(offsets, offsets)), lambda: self.total(heights))

    def total(self, heights: Heights) -> float:
        """Misfit of the whole panel."""
        return float(self.misfit(heights).sum())

    def draw(self, heights: Heights, top: int = 0) -> Pixels:
        """The panel from a row on, with bars of these heights (series, bin) in pixels."""
        columns = np.where(self.bins >= 0, heights[:, np.clip(self.bins, 0, None)], 0)
        above = self.above[top:]
        code = np.zeros((len(above), len(self.bins)), dtype=np.uint8)
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

    def start(self) -> Heights:
        """Heights that fit the middle of each bar best, all rows at once.

        From the lower line upwards bars end one after another, in one of six orders; for each order the best rows follow
        from sums over the rows below and above (dynamic programming), for all bins together.
        """
        middle = (self.edges[:-1] + self.edges[1:] - 1) / 2
        columns = np.stack([np.floor(middle), np.ceil(middle)]).astype(int)
        profile = self.seen[self.rows][::-1][:, columns].astype(float).mean(axis=1)  # from the lower line upwards
        weight = np.where(self.lines > 0, 0.1, self.weight)[self.rows][::-1][:, columns[0]]
        cost = ((profile[:, :, None] - self.colours[None, None].astype(float)) ** 2).sum(axis=3) * weight[..., None]
        total = np.concatenate([np.zeros((1, *cost.shape[1:])), np.cumsum(cost, axis=0)])  # (rows + 1, bins, codes)
        best, heights = np.full(BINS, np.inf), np.zeros((len(SERIES), BINS), dtype=int)
        for order in permutations(range(len(SERIES))):  # which bar ends first, second, last
            codes = [2 ** len(SERIES) - 1]
            for series in order:
                codes.append(codes[-1] & ~(1 << series))
            # Cheapest way to have ended `n` bars at or below each row, and where the last of them ended.
            value, ends = total[..., codes[0]], []
            for after in codes[1:]:
                step = value - total[..., after]
                cheapest = np.minimum.accumulate(step, axis=0)
                rows = np.where(step <= cheapest, np.arange(len(step))[:, None], 0)
                ends.append(np.maximum.accumulate(rows, axis=0))
                value = cheapest + total[..., after]
            row = np.full(BINS, len(value) - 1)
            final = value[-1]
            found = np.zeros_like(heights)
            for number in reversed(range(len(order))):
                row = ends[number][row, np.arange(BINS)]
                found[order[number]] = row
            better = final < best - 1e-9
            best[better], heights[:, better] = final[better], found[:, better]
        return heights

    def fit(self) -> Heights:
        """Heights whose drawing comes nearest to the figure."""
        self._settle()
        heights = self.start()
        active = np.ones(BINS, dtype=bool)
        for sweep in range(_SWEEPS):
            changed = self._improve(heights, active, _SINGLE_MOVES)
            if not changed.any():
                break
            if sweep < _BORDER_SWEEPS:
                self._settle_borders(heights)
            # A bin is tried again if it or a neighbour has changed.
            active = np.convolve(changed, np.ones(5), mode="same") > 0
        # Where the coding leaves little of a bar, one wrong height makes up for another: both are changed at once.
        for _ in range(_SWEEPS):
            around = self._all_around(self.misfit(heights))
            if not self._improve(heights, around > _SUSPECT * np.median(around), _JOINT_MOVES).any():
                break
        return heights

    def _improve(self, heights: Heights, active: npt.NDArray[np.bool_], moves: Sequence[Move]) -> npt.NDArray[np.bool_]:
        """Make all moves that bring the drawing nearer to the figure, in place; gives the bins that have changed."""
        changed = np.zeros(BINS, dtype=bool)
        low = max((self.base - self.top - LOW - 32) // 16 * 16, 0)  # where the part begins that holds the low bars
        is_tall = heights.max(axis=0) > LOW
        for tall, top in ((False, low), (True, 0)):
            candidates = active & (is_tall == tall)
            if not candidates.any():
                continue
            current = self._all_around(self.misfit(heights, top))
            for move in moves:
                reach = max(offset for _, offset, _ in move)
                for group in _groups_apart(np.flatnonzero(candidates[: BINS - reach])):
                    trial = heights.copy()
                    for series, offset, step in move:
                        trial[series, group + offset] = np.clip(trial[series, group + offset] + step, 0, self.limit)
                    new = self._all_around(self.misfit(trial, top))
                    better = group[new[group] < current[group] - 1e-3]
                    if len(better):
                        for series, offset, _ in move:
                            heights[series, better + offset] = trial[series, better + offset]
                        changed[better] = True
                        current = self._all_around(self.misfit(heights, top))
        return changed

    def _all_around(self, misfit: Floats) -> Floats:
        """Misfit of each bin with the columns beside it that its colour spreads to."""
        total = np.concatenate([[0.0], np.cumsum(misfit)])
        return np.asarray(total[self.edges[1:] + REACH] - total[self.edges[:-1] - REACH])


def _groups_apart(bins: npt.NDArray[np.int_]) -> list[npt.NDArray[np.int_]]:
    """Bins in as few groups as will do, those of a group at least :data:`_APART` apart."""
    groups: list[list[int]] = []
    for number in bins:
        for group in groups:
            if number - group[-1] >= _APART:
                group.append(number)
                break
        else:
            groups.append([number])
    return [np.asarray(group) for group in groups]


def _set_best(setting: Callable[..., None], choices: list[tuple[float, ...]], misfit: Callable[[], float]) -> None:
    """Set what gives the smallest misfit; of equally good neighbours the one in their middle."""
    misfits = []
    for choice in choices:
        setting(*choice)
        misfits.append(misfit())
    best = [choice for choice, value in zip(choices, misfits, strict=True) if value <= min(misfits)]
    setting(*best[len(best) // 2])


def _mixtures() -> Pixels:
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


def _legend(picture: Pixels, box: Box) -> Box | None:
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


def _check_colours(panel: _Panel, where: str) -> None:
    """Whether the pixels of a panel have the colours of the eight mixtures."""
    inside = panel.seen[panel.rows][:, panel.edges[0] : panel.edges[-1]].astype(float)
    distance = np.linalg.norm(inside[:, :, None] - panel.colours[None, None].astype(float), axis=3).min(axis=2)
    counted = panel.weight[panel.rows][:, panel.edges[0] : panel.edges[-1]] == 1
    typical = float(np.percentile(distance[counted & (inside.min(axis=2) < 230)], 50)) if counted.any() else np.inf
    if not typical < _COLOUR_LIMIT:
        raise ReproError(
            found=f"bars whose colours differ by {typical:.0f} counts from the nearest mixture",
            expected=f"bars in green, orange and navy of opacity {ALPHA:g}",
            where=where,
            remedy="give the figure as it was published; without its colours overlapping bars cannot be told apart",
        )


def predicted_class(bins: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Whether the bins, by their lower ends in percent, hold frames classified yes (p of at least one half)."""
    return np.asarray(bins) >= BINS // 2
