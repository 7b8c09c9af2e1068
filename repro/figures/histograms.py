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

from repro.figures.jpeg import Coding
from repro.figures.panel_drawing import ALPHA, BINS, BLOCK_PX, CLASSES, SERIES, Integers, PanelDrawing, Part
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
_LEAST_GAIN = 1e-3  # of the misfit by which a change must bring it down
_SUSPECT = 2.0  # times the typical misfit, beyond which a bar is changed together with others
_UNDECIDED_PX = 0.2  # from the middle between two pixels, within which the rounding of a border is tried both ways
_BORDER_SWEEPS = 2
_MOST_MARGIN = 4.0  # points that the bars of a class may leave free, on both sides together
_MARGIN_STEP = 0.1  # points; half a pixel
_COARSE = 3  # such steps at once in a first search: a pixel and a half, where a bar has five
#: Bars between other borders than 0, 50 and 100 % are taken if they leave less than this share of the misfit.
_CLEARLY = 0.8
_SETTLING_PX = 120  # height of the part of the panel on which the axis is settled
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
    extents_pct : tuple of float
        First and last border of the 50 bars of class no, then of class yes.
    extent_error : float
        Standard error of each, in percent: borders are drawn on whole pixels.
    """

    sun: str
    moon: str
    density: Floats
    error_px: Floats
    per_px: float
    scale_error: float
    extents_pct: tuple[float, float, float, float]
    extent_error: float

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
    return [
        histogram
        for box, moon in zip(boxes, MOONS, strict=True)
        for histogram in read_panel(picture, coding, box, up, moon, where=f"{where}, panel {moon}")
    ]


def read_panel(
    picture: Pixels, coding: Coding | None, box: Box, up: Scale, moon: str, *, where: str
) -> list[Histogram]:
    """The three histograms of one panel, see :func:`read_histograms`; ``up`` is the scale of the y axis."""
    across = read_scale(picture, box, "bottom", where=f"{where}, x axis")
    panel = FittedPanel(picture, coding, box, across, up)
    _check_colours(panel, where)
    heights = panel.fit()
    errors = panel.errors(heights)
    rows = np.where(heights > 0, heights + float(up.pixel(0)) - panel.base_row, 0.0)
    per_px = abs(up.per_px)
    histograms = []
    extent_error = ROUNDING_PX * across.per_px
    for number, (sun, _) in enumerate(SERIES):
        covers = panel.overlap(number)
        variance = np.maximum(covers @ errors[number], HEIGHT_PX) ** 2
        extents = panel.extents[number]
        for place in np.argwhere(extents != CLASSES):
            extents[tuple(place)] += extent_error
            variance += ((panel.overlap(number) - covers) @ rows[number]) ** 2
            extents[tuple(place)] -= extent_error
        histograms.append(
            Histogram(
                sun=sun,
                moon=moon,
                density=covers @ rows[number] * per_px,
                error_px=np.sqrt(variance),
                per_px=per_px,
                scale_error=per_px * up.error_px,
                extents_pct=tuple(panel.extents[number].ravel().tolist()),
                extent_error=extent_error,
            )
        )
    return histograms


class FittedPanel(PanelDrawing):
    """A panel whose heights are found."""

    def overlap(self, series: int) -> Floats:
        """Share of each percentage point that each bar of a series covers, shape (100, 100)."""
        borders, points = self.borders_pct[series], np.arange(BINS)[:, None]
        shared = np.clip(np.minimum(borders[1:], points + 1) - np.maximum(borders[:-1], points), 0, None)
        return np.delete(shared, BINS // 2, axis=1)  # between the classes there is no bar

    def fit(self) -> Integers:
        """Heights whose drawing comes nearest to the figure, shape (3, 100)."""
        self._settle()
        heights = self._typical_heights()
        active = np.ones(heights.shape, dtype=bool)
        for sweep in range(_SWEEPS):
            changed = self._improve(heights, active, _SINGLE_MOVES)
            if sweep < _BORDER_SWEEPS:
                self._settle_borders(heights)
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
                if new.sum() < squares[part].sum() - _LEAST_GAIN:
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
        return self._redrawn(trial, (self.base - ends.max(), self.base - ends.min() + 1), columns)

    def _redrawn(self, heights: Integers, rows: tuple[int, int], columns: tuple[int, int]) -> tuple[Part, Floats]:
        """The part that changes with these rows and columns, and its squared differences with these heights."""
        part, coded = self.changed_part(rows, columns)
        inside = tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(part, coded, strict=True))
        return part, self.squares(heights, coded)[inside]

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

    def _settle(self) -> None:
        """Find what the ticks leave open: borders of the series, opacity of the grid lines, shift and stretch of the x axis.

        Ticks stand on whole pixels, so that some borders of bars would be drawn a pixel off.
        """
        self.by_column = self._column_heights()
        low = (self._low(_SETTLING_PX), slice(None))

        def misfit() -> float:
            return float(self.squares(self._typical_heights(), low).sum())

        _set_best(self.draw_lines, [(float(opacity),) for opacity in np.linspace(0, 1, 21)], misfit)
        for reach in (0.6, 0.2):
            around = np.linspace(-reach, reach, 5)
            _set_best(self.place_bars, list(product(*(offset + around for offset in self.scale_offset))), misfit)
        for series, number in np.ndindex(self.extents.shape[:2]):
            self._find_extent(series, number)
        own = np.argwhere((self.extents != CLASSES).any(axis=2))
        for reach in (0.6, 0.2, 0.07, 0.02):
            around = np.linspace(-reach, reach, 5)
            _set_best(self.place_bars, list(product(*(offset + around for offset in self.scale_offset))), misfit)
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
            return float(self.squares(self._typical_heights(), part).sum())

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

    def _settle_borders(self, heights: Integers) -> None:
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
            part, new = self._redrawn(heights, rows, (at, at + 1))
            if new.sum() < squares[part].sum() - _LEAST_GAIN:
                squares[part] = new
            else:
                self.use_edges(before)

    def _typical_heights(self) -> Integers:
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
            found = np.zeros_like(heights)
            for number in reversed(range(len(order))):
                row = ends[number][row, np.arange(len(columns))]
                found[order[number]] = row
            better = final < best - 1e-9
            best[better], heights[:, better] = final[better], found[:, better]
        return heights


def _near(changed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether any bar within two of each has changed, shape (100,)."""
    return np.asarray(np.convolve(changed.any(axis=0), np.ones(5), mode="same") > 0)


def _set_best(setting: Callable[..., None], choices: list[tuple[float, ...]], misfit: Callable[[], float]) -> None:
    """Set what gives the smallest misfit; of equally good neighbours the one in their middle."""
    misfits = []
    for choice in choices:
        setting(*choice)
        misfits.append(misfit())
    best = [choice for choice, value in zip(choices, misfits, strict=True) if value <= min(misfits)]
    setting(*best[len(best) // 2])


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
