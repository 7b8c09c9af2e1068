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
from repro.figures.panel_drawing import ALPHA, BINS, SERIES, Heights, PanelDrawing
from repro.figures.picture_axes import ROUNDING_PX, Floats, Pixels, find_boxes, read_scale
from repro.figures.softmax_grid import MOONS

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


class _Panel(PanelDrawing):
    """A panel whose heights are found."""

    def _settle_borders(self, heights: Heights) -> None:
        """Round single borders to the other side, where they lie near the middle of two pixels and that fits better."""
        least = self.total(heights)
        for number in np.flatnonzero(abs(self.exact % 1 - 0.5) < _UNDECIDED_PX):
            before = self.edges
            other = before.copy()
            other[number] = 2 * np.floor(self.exact[number]) + 1 - before[number]
            self.use_edges(other)
            misfit = self.total(heights)
            if misfit < least:
                least = misfit
            else:
                self.use_edges(before)

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
        _set_best(self.set_edges, list(product(offsets, offsets)), lambda: self.total(heights))

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
            around = self.all_around(self.misfit(heights))
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
            current = self.all_around(self.misfit(heights, top))
            for move in moves:
                reach = max(offset for _, offset, _ in move)
                for group in _groups_apart(np.flatnonzero(candidates[: BINS - reach])):
                    trial = heights.copy()
                    for series, offset, step in move:
                        trial[series, group + offset] = np.clip(trial[series, group + offset] + step, 0, self.limit)
                    new = self.all_around(self.misfit(trial, top))
                    better = group[new[group] < current[group] - 1e-3]
                    if len(better):
                        for series, offset, _ in move:
                            heights[series, better + offset] = trial[series, better + offset]
                        changed[better] = True
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
