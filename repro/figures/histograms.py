"""Figure 7: three panels, each with three translucent histograms of 100 bins, read bar by bar.

Where bars overlap, their colours mix; each of the eight mixtures says which bars cover a pixel. JPEG blurs colours over 16
pixels, three bars wide, so bars are not read one by one: a panel is drawn from assumed heights, coded as the figure was,
and compared with it; heights are changed, one bar or two at a time, as long as that brings the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
import numpy.typing as npt

from repro.errors import ReproError
from repro.figures.jpeg import Coding
from repro.figures.panel_drawing import ALPHA, BINS, LEAST_WIDTH, SERIES, SLOTS, Heights, PanelDrawing
from repro.figures.picture_axes import ROUNDING_PX, Floats, Pixels, find_boxes, read_scale
from repro.figures.softmax_grid import MOONS

_APART = 9  # bars changed at a time are this many bins apart, so that no two share a block
#: Standard error of a height: drawn on whole pixels, and three quarters of one for what strong coding leaves open under
#: other bars. Synthetic figures come back to half of it (root mean square); single low bars to five times it (see the tests).
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
_UNDECIDED_PX = 0.2  # from the middle between two pixels, within which the rounding of a border is tried both ways
_BORDER_SWEEPS = 2
_ONE_POINT = 0.9985  # points; bars as wide as this are bars of one point, to the accuracy of the axis
_CLEARLY = 0.8  # of the scatter within bars of one point, below which bars of another width are taken
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
        rows = np.where(heights > 0, heights + zero_px, 0.0)
        for number, (sun, _) in enumerate(SERIES):
            histograms.append(
                Histogram(
                    sun, moon, panel.overlap(number) @ rows[number] * abs(up.per_px), np.full(BINS, HEIGHT_PX),
                    abs(up.per_px), abs(up.per_px) * up.error_px,
                )
            )  # fmt: skip
    return histograms


class _Panel(PanelDrawing):
    """A panel whose heights are found."""

    def overlap(self, series: int) -> Floats:
        """Share of each percentage point that each slot of a series covers, shape (100, SLOTS)."""
        borders, points = self.borders_pct[series], np.arange(BINS)[:, None]
        return np.asarray(np.clip(np.minimum(borders[1:], points + 1) - np.maximum(borders[:-1], points), 0, None))

    def _find_widths(self) -> None:
        """Find how wide the bars of each series are, and where they begin: heights do not change within a bar.

        One point from 0 is kept unless other bars fit clearly better.
        """
        columns = np.arange(self.edges.min(), self.edges.max())
        percent = self.across.value(columns + self.left + 0.5)
        own = np.minimum(self._column_heights(columns), LOW).astype(float)
        for series in range(len(SERIES)):

            def scatter(width: float, phase: float, heights: Floats = own[series]) -> float:
                slots = np.floor((percent - phase) / width).astype(int) + 2
                count, first, second = (np.bincount(slots, part) for part in (None, heights, heights**2))
                full = count > 0
                return float((second[full] - first[full] ** 2 / count[full]).sum())

            usual = scatter(1.0, 0.0)
            tried = [
                (scatter(width, phase), width, phase)
                for width in np.arange(LEAST_WIDTH, 1.0005, 0.001) for phase in np.arange(0, width, 0.05)
            ]  # fmt: skip
            least, width, phase = min(tried)
            if least < _CLEARLY * usual and width < _ONE_POINT:
                self.widths[series], self.phases[series] = width, phase

    def _settle_borders(self, heights: Heights) -> None:
        """Round single borders to the other side, where they lie near the middle of two pixels and that fits better."""
        least = self.total(heights)
        for series, number in np.argwhere(abs(self.exact % 1 - 0.5) < _UNDECIDED_PX):
            before = self.edges
            other = before.copy()
            other[series, number] = 2 * np.floor(self.exact[series, number]) + 1 - before[series, number]
            self.use_edges(other)
            misfit = self.total(heights)
            if misfit < least:
                least = misfit
            else:
                self.use_edges(before)

    def _settle(self) -> None:
        """Find what the ticks leave open: opacity of the grid lines, shift and stretch of the x axis, and widths of bars.

        Ticks stand on whole pixels, so that some borders of bars would be drawn a pixel off.
        """
        self._find_widths()
        self.set_edges(0.0)
        heights = self.start()
        covered = self.lines

        def draw_lines(opacity: float) -> None:
            self.lines = covered * opacity

        _set_best(draw_lines, [(float(opacity),) for opacity in np.linspace(0, 1, 21)], lambda: self.total(heights))
        offsets = [float(offset) for offset in np.linspace(-0.6, 0.6, 13)]
        _set_best(self.set_edges, list(product(offsets, offsets)), lambda: self.total(heights))
        for series in np.flatnonzero(self.widths != 1).tolist():
            width, phase = self.widths[series], self.phases[series]

            def draw_bars(of_width: float, of_phase: float, series: int = series) -> None:
                self.widths[series], self.phases[series] = of_width, of_phase
                self.set_edges(*self.scale_offset)

            choices = product(width + np.linspace(-1e-3, 1e-3, 9), phase + np.linspace(-0.1, 0.1, 9))
            _set_best(draw_bars, list(choices), lambda: self.total(heights))

    def start(self) -> Heights:
        """Typical heights of the columns of each bar."""
        columns = np.arange(self.edges.min(), self.edges.max())
        by_column = self._column_heights(columns)
        heights = np.zeros((len(SERIES), SLOTS), dtype=int)
        for series, slot in np.ndindex(heights.shape):
            own = by_column[series, self.slots[series, columns] == slot]
            heights[series, slot] = int(np.median(own[1:-1] if len(own) > 2 else own)) if len(own) else 0
        return heights

    def _column_heights(self, columns: npt.NDArray[np.int_]) -> Heights:
        """Heights that fit each column of pixels best, all rows at once, shape (3, columns).

        From the lower line upwards bars end one after another, in one of six orders; for each order the best rows follow
        from sums over the rows below and above (dynamic programming), for all columns together.
        """
        profile = self.seen[self.rows][::-1][:, columns].astype(float)  # from the lower line upwards
        weight = np.where(self.lines > 0, 0.1, self.weight)[self.rows][::-1][:, columns]
        cost = ((profile[:, :, None] - self.colours[None, None].astype(float)) ** 2).sum(axis=3) * weight[..., None]
        total = np.concatenate([np.zeros((1, *cost.shape[1:])), np.cumsum(cost, axis=0)])  # (rows + 1, columns, codes)
        best, heights = np.full(len(columns), np.inf), np.zeros((len(SERIES), len(columns)), dtype=int)
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
            row = np.full(len(columns), len(value) - 1)
            final = value[-1]
            found = np.zeros_like(heights)
            for number in reversed(range(len(order))):
                row = ends[number][row, np.arange(len(columns))]
                found[order[number]] = row
            better = final < best - 1e-9
            best[better], heights[:, better] = final[better], found[:, better]
        return heights

    def fit(self) -> Heights:
        """Heights whose drawing comes nearest to the figure, shape (3, SLOTS)."""
        self._settle()
        heights = self.start()
        active = np.ones(heights.shape, dtype=bool)
        for sweep in range(_SWEEPS):
            changed = self._improve(heights, active, _SINGLE_MOVES)
            if not changed.any():
                break
            if sweep < _BORDER_SWEEPS:
                self._settle_borders(heights)
            # A bar is tried again if it or one near it has changed.
            active = np.stack([np.convolve(changed.any(axis=0), np.ones(5), mode="same") > 0] * len(SERIES))
        # Where the coding leaves little of a bar, one wrong height makes up for another: both are changed at once.
        for _ in range(_SWEEPS):
            around = self.all_around(self.misfit(heights))
            if not self._improve(heights, around > _SUSPECT * np.median(around), _JOINT_MOVES).any():
                break
        return heights

    def _improve(self, heights: Heights, active: npt.NDArray[np.bool_], moves: Sequence[Move]) -> npt.NDArray[np.bool_]:
        """Make all moves that bring the drawing nearer to the figure, in place; gives the bars that have changed."""
        changed = np.zeros(heights.shape, dtype=bool)
        low = max((self.base - self.top - LOW - 32) // 16 * 16, 0)  # where the part begins that holds the low bars
        middles = np.clip((self.edges[:, :-1] + self.edges[:, 1:]) // 2, 0, self.slots.shape[1] - 1)
        tallest = np.take_along_axis(heights, self.slots, axis=1).max(axis=0)  # by column
        is_tall = tallest[middles] > LOW
        drawn = self.edges[:, 1:] > self.edges[:, :-1]
        for tall, top in ((False, low), (True, 0)):
            candidates = active & (is_tall == tall) & drawn
            if not candidates.any():
                continue
            current = self.all_around(self.misfit(heights, top))
            for move in moves:
                leader = move[0][0]
                reach = max(offset for _, offset, _ in move)
                for group in _groups_apart(np.flatnonzero(candidates[leader, : SLOTS - reach])):
                    trial = heights.copy()
                    for series, offset, step in move:
                        # The bar of another series that stands at the same place.
                        at = group + offset if series == leader else self.slots[series, middles[leader, group]]
                        trial[series, at] = np.clip(trial[series, at] + step, 0, self.limit)
                    new = self.all_around(self.misfit(trial, top))
                    better = group[new[leader, group] < current[leader, group] - 1e-3]
                    if len(better):
                        for series, offset, _ in move:
                            at = better + offset if series == leader else self.slots[series, middles[leader, better]]
                            heights[series, at] = trial[series, at]
                        changed[leader, better] = True
                        current = self.all_around(self.misfit(heights, top))
        return changed


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


def _check_colours(panel: _Panel, where: str) -> None:
    """Whether the pixels of a panel have the colours of the eight mixtures."""
    inside = panel.seen[panel.rows][:, panel.edges.min() : panel.edges.max()].astype(float)
    distance = np.linalg.norm(inside[:, :, None] - panel.colours[None, None].astype(float), axis=3).min(axis=2)
    counted = panel.weight[panel.rows][:, panel.edges.min() : panel.edges.max()] == 1
    typical = float(np.percentile(distance[counted & (inside.min(axis=2) < 230)], 50)) if counted.any() else np.inf
    if not typical < _COLOUR_LIMIT:
        raise ReproError(
            found=f"bars whose colours differ by {typical:.0f} counts from the nearest mixture",
            expected=f"bars in green, orange and navy of opacity {ALPHA:g}",
            where=where,
            remedy="give the figure as it was published; without its colours overlapping bars cannot be told apart",
        )
