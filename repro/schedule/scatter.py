"""Scatter of counts about a prediction: from gaps in the record, and from the moment within a minute of each frame.

The model. The camera misses frames in gaps that begin at random moments and last an exponentially distributed time; gaps are
added until the missing share of the frames is reached. Their mean length is the one that makes the sample for labelling
lose as many frames as it did: long gaps take whole dates out of it, short ones leave every date its twenty frames. Where a
condition begins or ends, the frame of that minute falls on either side. Every draw is fitted as the published counts are,
so that a count that is fitted does not scatter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from repro.params import SampleParams
from repro.schedule.rule_reading import BRIGHT, FittedRule, matching_cells
from repro.schedule.windows import Integers, Minutes, count_cells
from repro.sky.ephemeris import Floats

DRAWS, DRAWS_OF_SEARCH = 1000, 100
#: Mean gaps between these are tried, in hours: shorter ones are single frames, longer ones are weeks.
SHORTEST_GAP_H, LONGEST_GAP_H = 0.25, 240.0
#: Variance of the number of frames up to a moment when the first of them is at any second of a minute, averaged over the
#: moment: the mean of p (1 - p) for p between 0 and 1.
VARIANCE_OF_A_BORDER = 1 / 6
#: A night that loses more frames than all but this share of the model's nights is reported.
RARE_NIGHT = 0.01
#: Above this quotient of eigenvalues a direction is free to vary; a fitted sum stays below 1e-6, a real one is above 1e-4.
FLOOR = 1e-5
_OFF = BRIGHT + 1


@dataclass(frozen=True)
class Gaps:
    """Random gaps over the nights of a schedule."""

    mean_h: float  # mean length of a gap
    missing: list[Integers]  # for each draw, the minutes that no frame is of, whether or not the camera was on
    sample_lost: Floats  # frames that the sample loses, shape (draws,)


@dataclass(frozen=True)
class Scatter:
    """Scatter of the counts of one reading."""

    covariance: Floats  # of the nine cells about their prediction, shape (9, 9)

    def sd(self, sun: str = "", moon: str = "") -> float:
        """Standard deviation of the frames of a bin of the sun, of the moon, or of both."""
        chosen = matching_cells(sun, moon)
        return float(np.sqrt(max(self.covariance[np.ix_(chosen, chosen)].sum(), 0.0)))

    def distance(self, deviation: Floats, cells: tuple[int, ...]) -> tuple[float, int]:
        """Chi-square and degrees of freedom of a deviation (published minus predicted, shape (9,)) over some cells.

        Directions that the fit leaves no freedom are left out.
        """
        deviation, covariance = deviation[list(cells)], self.covariance[np.ix_(cells, cells)]
        inverse = np.linalg.pinv(covariance, rcond=FLOOR, hermitian=True)
        freedom = int(np.linalg.matrix_rank(covariance, tol=FLOOR * np.abs(covariance).max(), hermitian=True))
        return float(deviation @ inverse @ deviation), freedom


@dataclass(frozen=True)
class NightScatter:
    """Scatter of the counts of single nights about the minutes that the schedule gives them."""

    sd: Floats  # of each cell, with the frames that are missing on average taken off, shape (9, nights)
    sd_total: Floats  # of all cells together, shape (nights,)
    rare_loss: float  # frames that only a share RARE_NIGHT of the nights loses
    #: Frames that a cell may have above its minutes: three standard deviations of where its borders fall, shape (9, nights).
    surplus: Floats


def sample_by_date(minutes_of_date: npt.ArrayLike) -> Floats:
    """Frames that the published script takes of dates with these many, see :class:`SampleParams`; none of an empty one."""
    counts = np.asarray(minutes_of_date, dtype=np.float64)
    # The printed size of the sample is predicted, so the published values count, whatever params.yaml draws here.
    published = SampleParams()
    return np.where(counts > 0, np.clip(counts // published.one_in, 1, published.max_per_date), 0.0)


def draw_gaps(minutes: Minutes, rule: FittedRule, lost_by_sample: float, seed: int) -> Gaps:
    """Draw gaps whose mean length costs the sample as many frames as it lost.

    ``lost_by_sample`` is the number of frames that the sample would have on the whole schedule, less those that it had.
    """
    model = _GapDraws(minutes, rule, seed)
    low, high = SHORTEST_GAP_H, LONGEST_GAP_H
    while high / low > 1.1:
        middle = (low * high) ** 0.5
        lost = model.draw(middle, DRAWS_OF_SEARCH).sample_lost.mean()
        low, high = (middle, high) if lost < lost_by_sample else (low, middle)
    return model.draw((low * high) ** 0.5, DRAWS)


class _GapDraws:
    """Random moments and lengths that are kept while the mean length of a gap is varied."""

    def __init__(self, minutes: Minutes, rule: FittedRule, seed: int) -> None:
        self._seed = seed
        self._on = rule.camera_on
        self._to_lose = round(max(1.0 - rule.fit.availability, 0.0) * int(self._on.sum()))
        self._cadence_h = minutes.cadence_s / 3600
        sampled = np.flatnonzero(rule.sampled)
        days = minutes.times_utc[sampled].astype("datetime64[D]")
        self._date = np.full(self._on.size, -1)
        self._date[sampled] = np.unique(days, return_inverse=True)[1]
        self._frames = np.bincount(self._date[sampled])
        self._frames_before = np.concatenate([[0], np.cumsum(self._on)])

    def draw(self, mean_h: float, draws: int) -> Gaps:
        # Enough gaps to lose the frames three times over, at the share of the time that the camera is on.
        expected = self._to_lose / max(self._on.mean() * mean_h / self._cadence_h, 1e-9)
        count = int(3 * expected + 50)
        missing, lost = [], []
        for number in range(draws):
            gone = self._one(np.random.default_rng([self._seed, number]), count, mean_h)
            missing.append(gone)
            dates = self._date[gone]
            left = self._frames - np.bincount(dates[dates >= 0], minlength=self._frames.size)
            lost.append(sample_by_date(self._frames).sum() - sample_by_date(left).sum())
        return Gaps(mean_h, missing, np.array(lost))

    def _one(self, rng: np.random.Generator, count: int, mean_h: float) -> Integers:
        size = self._on.size
        begin = rng.integers(0, size, count)
        length = np.ceil(rng.exponential(mean_h / self._cadence_h, count)).astype(np.int64)
        end = np.minimum(begin + length, size)
        frames = np.cumsum(self._frames_before[end] - self._frames_before[begin])
        used = int(np.searchsorted(frames, self._to_lose))  # gaps overlap too seldom to matter
        begin, end = begin[: used + 1], end[: used + 1]
        if used < count:  # the last gap ends where the share is reached
            reached = self._frames_before[end[-1]] - (frames[used] - self._to_lose)
            end[-1] = max(begin[-1], int(np.searchsorted(self._frames_before, reached)))
        order = np.argsort(begin)
        begin, end = begin[order], np.maximum.accumulate(end[order])
        begin[1:] = np.maximum(begin[1:], end[:-1])
        # The minutes of each gap, one after the other.
        length = end - begin
        offset = np.repeat(begin - np.concatenate([[0], np.cumsum(length)[:-1]]), length)
        return np.asarray(np.arange(length.sum()) + offset)


def scatter_of(rule: FittedRule, minutes: Minutes, gaps: Gaps, seed: int) -> Scatter:
    """Scatter of a reading's cells: each draw of gaps and borders is fitted as the published counts are."""
    on, draws = rule.camera_on, len(gaps.missing)
    whole = np.bincount(rule.condition[on], minlength=BRIGHT + 1).astype(np.float64)
    kept = np.array(
        [whole - np.bincount(rule.condition[gone[on[gone]]], minlength=BRIGHT + 1) for gone in gaps.missing]
    )
    rng = np.random.default_rng(seed)
    pairs, borders = np.unique(np.sort(_borders(rule, minutes)[:2], axis=0), axis=1, return_counts=True)
    for one, other, count in zip(*pairs, borders, strict=True):
        moved = rng.normal(0.0, np.sqrt(VARIANCE_OF_A_BORDER * count), draws)
        kept[:, one] += moved
        if other != _OFF:
            kept[:, other] -= moved
    predicted = rule.ladder.predicted(kept.sum(axis=1), kept[:, matching_cells("Nautical")].sum(axis=1))
    return Scatter(np.cov((kept - predicted)[:, :BRIGHT], rowvar=False))


def night_scatter(rule: FittedRule, minutes: Minutes, gaps: Gaps) -> NightScatter:
    """Scatter of single nights, which are not fitted."""
    nights, on = len(minutes.mornings), rule.camera_on
    missing = [gone[on[gone]] for gone in gaps.missing]
    lost = np.array([count_cells(rule.condition[gone], minutes.night[gone], nights) for gone in missing])
    before, after, night = _borders(rule, minutes)
    borders = np.zeros((_OFF + 1, nights))
    np.add.at(borders, (before, night), 1)
    np.add.at(borders, (after, night), 1)
    of_border = VARIANCE_OF_A_BORDER * borders[:BRIGHT]
    total = lost.sum(axis=1)
    return NightScatter(
        np.sqrt(lost.var(axis=0) + of_border),
        # Borders between two cells cancel; those where the camera switches stay.
        np.sqrt(total.var(axis=0) + VARIANCE_OF_A_BORDER * borders[_OFF]),
        float(np.quantile(total, 1 - RARE_NIGHT)),
        3 * np.sqrt(of_border),
    )


def _borders(rule: FittedRule, minutes: Minutes) -> Integers:
    """Condition before, condition after and night of every change, shape (3, changes); a camera that is off is ``_OFF``."""
    state = np.where(rule.camera_on, rule.condition, _OFF)
    changed = np.flatnonzero((state[1:] != state[:-1]) & (minutes.night[1:] == minutes.night[:-1]))
    return np.stack([state[changed], state[changed + 1], minutes.night[changed]])
