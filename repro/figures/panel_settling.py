"""What the ticks of a panel of Figure 7 leave open, settled before its bars are fitted: axis, grid lines, borders of bars."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product

import numpy as np
import numpy.typing as npt

from repro.figures.panel_drawing import BINS, BLOCK_PX, CLASSES, SERIES, Integers, PanelDrawing
from repro.figures.picture_axes import Floats

#: Of the misfit, by which a change must bring it down.
LEAST_GAIN = 1e-3
_UNDECIDED_PX = 0.2  # from the middle between two pixels, within which the rounding of a border is tried both ways
_MOST_MARGIN = 4.0  # points that the bars of a class may leave free, on both sides together
_MARGIN_STEP = 0.1  # points; half a pixel
_COARSE = 3  # such steps at once in a first search: a pixel and a half, where a bar has five
#: Bars between other borders than 0, 50 and 100 % are taken if they leave less than this share of the misfit.
_CLEARLY = 0.8
_SETTLING_PX = 120  # height of the part of the panel on which the axis is settled


class SettledPanel(PanelDrawing):
    """A panel whose axis, grid lines and borders of bars are found, with typical heights of the bars."""

    def settle(self) -> None:
        """Find what the ticks leave open: borders of the series, opacity of the grid lines, shift and stretch of the x axis.

        Ticks stand on whole pixels, so that some borders of bars would be drawn a pixel off.
        """
        self.by_column = self._column_heights()
        low = (self._low(_SETTLING_PX), slice(None))

        def misfit() -> float:
            return float(self.squares(self.typical_heights(), low).sum())

        def settle_axis(reach: float) -> None:
            around = np.linspace(-reach, reach, 5)
            _set_best(self.place_bars, list(product(*(offset + around for offset in self.scale_offset))), misfit)

        _set_best(self.draw_lines, [(float(opacity),) for opacity in np.linspace(0, 1, 21)], misfit)
        for reach in (0.6, 0.2):
            settle_axis(reach)
        for series, number in np.ndindex(self.extents.shape[:2]):
            self._find_extent(series, number)
        own = np.argwhere((self.extents != CLASSES).any(axis=2))
        for reach in (0.6, 0.2, 0.07, 0.02):
            settle_axis(reach)
            around = np.linspace(-reach, reach, 5)
            for series, number in own:
                extent, (least, most) = self.extents[series, number], CLASSES[number]

                def place(first: float, last: float, extent: Floats = extent) -> None:
                    extent[:] = first, last
                    self.place_bars(*self.scale_offset)

                first, last = (border + around / 5 for border in extent)
                _set_best(place, list(product(np.maximum(first, least), np.minimum(last, most))), misfit)

    def _find_extent(self, series: int, number: int) -> None:
        """Find the first and last border of a class: the borders between which its drawn bars come nearest to the figure.

        The limits of the class are kept unless other borders fit clearly better.
        """
        extent, (least, most) = self.extents[series, number], CLASSES[number]
        percent = self.across.value(self.columns + self.left + 0.5)
        inside = self.columns[(percent > least) & (percent < most)]
        part = (self._low(_SETTLING_PX), slice(int(inside[0]) // BLOCK_PX * BLOCK_PX, int(inside[-1]) + 1))

        def misfit(first: float, last: float) -> float:
            extent[:] = first, last
            self.place_bars(*self.scale_offset)
            return float(self.squares(self.typical_heights(), part).sum())

        def tried(lows: npt.ArrayLike, highs: npt.ArrayLike) -> list[tuple[float, float, float]]:
            return [
                (misfit(least + low, most - high), least + low, most - high)
                for low, high in product(np.maximum(lows, 0), np.maximum(highs, 0)) if low + high < _MOST_MARGIN
            ]  # fmt: skip

        margins = np.arange(0, _MOST_MARGIN, _COARSE * _MARGIN_STEP)
        near = np.arange(-_COARSE, _COARSE + 1) * _MARGIN_STEP
        coarse = tried(margins, margins)
        _, first, last = min(coarse)
        best, first, last = min(tried(first - least + near, most - last + near))
        # The outermost bar, at 0 or 100 %, holds an extreme: if it may as well be left out, all bars stand further in.
        inwards = (last - first) * (1 if number == 0 else -1) / (BINS // 2)
        while (
            least <= first + inwards and last + inwards <= most
            and (value := misfit(first + inwards, last + inwards)) * _CLEARLY < best
        ):  # fmt: skip
            best, first, last = value, first + inwards, last + inwards
        whole, *_ = coarse[0]
        misfit(*((first, last) if best < _CLEARLY * whole else (least, most)))

    def _low(self, height: int) -> slice:
        """Rows up to a height above the lower line, from where a block begins."""
        return slice(max(self.base - height, 0) // BLOCK_PX * BLOCK_PX, None)

    def settle_borders(self, heights: Integers) -> None:
        """Round single borders to the other side, where they lie near the middle of two pixels and that fits better."""
        squares = self.squares(heights)
        for series, number in np.argwhere(abs(self.exact % 1 - 0.5) < _UNDECIDED_PX):
            before, other = self.edges, self.edges.copy()
            same = self.exact[series] == self.exact[series, number]  # where the classes meet, two borders are one
            other[series, same] = 2 * np.floor(self.exact[series, number]) + 1 - before[series, number]
            at = int(min(before[series, number], other[series, number]))
            tallest = np.append(heights[series], 0)[self.slots[series, at - 1 : at + 2]].max()
            rows = (self.base - int(tallest), self.base)
            self.use_edges(other)
            part, new = self.redrawn(heights, rows, (at, at + 1))
            if new.sum() < squares[part].sum() - LEAST_GAIN:
                squares[part] = new
            else:
                self.use_edges(before)

    def typical_heights(self) -> Integers:
        """Medians of the heights of each bar's columns; those at its borders count only if there are no others."""
        heights = np.zeros((len(SERIES), BINS), dtype=int)
        columns = self.columns
        for series, by_column in enumerate(self.by_column):
            slots = self.slots[series, columns]
            inner = (slots == self.slots[series, columns - 1]) & (slots == self.slots[series, columns + 1])
            inner |= ~np.isin(slots, slots[inner])
            order = np.lexsort((by_column[inner], slots[inner]))
            ordered = slots[inner][order]
            bars = np.unique(ordered[ordered < BINS])
            middles = (np.searchsorted(ordered, bars) + np.searchsorted(ordered, bars, side="right")) // 2
            heights[series, bars] = by_column[inner][order][middles]
        return heights

    def _column_heights(self) -> Integers:
        """Heights that fit each column of pixels best, all rows at once, shape (3, columns).

        From the lower line upwards bars end one after another, in one of six orders; for each order the best rows follow
        from sums over the rows below and above (dynamic programming), for all columns together.
        """
        rows, columns = slice(self.base - self.limit + 1, self.base), self.columns
        profile = self.seen[rows][::-1][:, columns].astype(np.float32)  # from the lower line upwards
        weight = np.where(self.lines > 0, 0.1, self.counted)[rows][::-1][:, columns]
        cost = np.stack([((profile - colour) ** 2).sum(axis=2) for colour in self.colours.astype(np.float32)], axis=2)
        total = np.concatenate([np.zeros((1, *cost.shape[1:])), np.cumsum(cost * weight[..., None], axis=0)])
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
                rows_of = np.where(step <= cheapest, np.arange(len(step))[:, None], 0)
                ends.append(np.maximum.accumulate(rows_of, axis=0))
                value = cheapest + total[..., after]
            row = np.full(len(columns), len(value) - 1)
            final = value[-1]
            ended_at = np.zeros_like(heights)
            for number in reversed(range(len(order))):
                row = ends[number][row, np.arange(len(columns))]
                ended_at[order[number]] = row
            better = final < best - 1e-9
            best[better], heights[:, better] = final[better], ended_at[:, better]
        return heights


def _set_best(setting: Callable[..., None], choices: list[tuple[float, ...]], misfit: Callable[[], float]) -> None:
    """Set what gives the smallest misfit; of equally good neighbours the one in their middle."""
    misfits = []
    for choice in choices:
        setting(*choice)
        misfits.append(misfit())
    best = [choice for choice, value in zip(choices, misfits, strict=True) if value <= min(misfits)]
    setting(*best[len(best) // 2])
