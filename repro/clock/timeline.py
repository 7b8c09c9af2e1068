"""The timeline that a night's clock follows: which readings are on it, how fast it advances, and where it breaks.

Within a night the frames advance by a cadence, so correct readings form a line of time against frame number.
The cadence is taken from the readings, whatever the camera's profile says, and may change within the night. Where the
camera paused, time skips ahead (a gap); where the video repeats a frame, time stands still (a duplicate); it never runs
backwards. The timeline is the chain of readings, in the order of frames, with the greatest weight, each break costing as
much as several readings, so that single misreadings drop out and real breaks stay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from repro.clock.formats import Moment

Floats = npt.NDArray[np.float64]

_GAP, _STUCK = 3.0, 6.0  # cost of a break, in readings
_DRIFT = 0.001  # of the time between two readings: error allowed in the estimated cadence
_WINDOW = 15  # advances between frames that are looked at together; most must agree on another cadence
_SAME_S = 0.5  # least difference between two cadences, per sampled frame: clocks show whole seconds


@dataclass(frozen=True)
class StampReading:
    """One possible reading of a frame: running number, meaning, and weight (1 for a flawless one)."""

    number: int
    moment: Moment
    weight: float = 1.0


@dataclass(frozen=True)
class Break:
    """A break between two frame numbers, with its length in seconds; negative where time stood still."""

    after: int
    before: int
    seconds: float


@dataclass(frozen=True)
class Pace:
    """How fast the clock advances: in ``steps`` a frame number, and the time (s) from one sampled frame to the next from there on.

    The first step also holds for the frames before it.
    """

    steps: tuple[tuple[int, float], ...]

    def at(self, number: int) -> float:
        """Time (s) from a frame to the next."""
        return self.steps[max(0, bisect_right(self.steps, (number, np.inf)) - 1)][1]

    def elapsed_s(self, number: int) -> float:
        """Time (s) of a frame, breaks left out, since the first frame of ``steps``."""
        elapsed = 0.0
        for (first, step_s), (following, _) in pairwise((*self.steps, (np.inf, 0.0))):
            if number <= following:
                return elapsed + (number - first) * step_s
            elapsed += (following - first) * step_s
        raise AssertionError  # no number is beyond infinity


@dataclass(frozen=True)
class Timeline:
    """The timeline of a night."""

    readings: tuple[StampReading, ...]  # those that are on it, in the order of frames, one a frame
    pace: Pace  # how fast it advances
    breaks: tuple[Break, ...]
    # Frames that fit another timeline equally well, because the readings cannot decide the offset of the clock.
    ambiguous: frozenset[int] = frozenset()

    @property
    def step_s(self) -> float:
        """Time from one sampled frame to the next, that of most readings if it changes within the night."""
        if not self.readings:
            return self.pace.steps[0][1]
        return Counter(self.pace.at(reading.number) for reading in self.readings).most_common(1)[0][0]

    def segments(self) -> list[list[StampReading]]:
        """The readings between breaks."""
        ends = {gap.before for gap in self.breaks}
        segments: list[list[StampReading]] = [[]]
        for reading in self.readings:
            if reading.number in ends:
                segments.append([])
            segments[-1].append(reading)
        return segments


def fit(readings: Sequence[StampReading], nominal_step_s: float, jitter_s: float) -> Timeline:
    """Find the timeline of a night's readings; a frame may have several.

    ``nominal_step_s``, the expected time from one sampled frame to the next, is used only where the readings do not show
    it; ``jitter_s`` is how far a reading may stray from the line through its neighbours, infinitely far if frames follow no
    cadence.
    """
    readings = sorted(readings, key=lambda r: (r.number, r.moment.utc_s))
    if not readings:
        return Timeline((), Pace(((0, nominal_step_s),)), ())
    pace = estimate_pace(readings, nominal_step_s, jitter_s)
    elapsed = np.array([pace.elapsed_s(r.number) for r in readings])
    chosen, score = _chain(readings, elapsed, jitter_s)
    ambiguous = _ambiguous(readings, chosen, score, elapsed, jitter_s)
    breaks = []
    for one, two in pairwise(chosen):
        expected_s = pace.elapsed_s(two.number) - pace.elapsed_s(one.number)
        off_s = (two.moment.utc_s - one.moment.utc_s) - expected_s
        if abs(off_s) > _allowed(expected_s, jitter_s):
            breaks.append(Break(one.number, two.number, off_s))
    return Timeline(tuple(chosen), pace, tuple(breaks), ambiguous)


def estimate_pace(readings: Sequence[StampReading], nominal_step_s: float, jitter_s: float) -> Pace:
    """How fast the clock advances, from the readings themselves, sorted by frame number.

    The advance per frame between neighbouring readings is the cadence, unless one of them is misread or a break lies
    between. So the night's cadence is the value around which most advances lie, and another one holds where most
    advances of a window agree on another value. Parameters are as for :func:`fit`.
    """
    best = {r.number: r for r in sorted(readings, key=lambda r: r.weight)}
    number = np.array(sorted(best))
    time = np.array([best[n].moment.utc_s for n in number], dtype=np.float64)
    advance = np.diff(time) / np.diff(number)
    # A clock that stands still or runs backwards gives no cadence.
    number, advance = number[:-1][advance > 0], advance[advance > 0]
    same_s = max(jitter_s, _SAME_S)
    main_s, agreeing = _most_common(advance, same_s)
    if agreeing < max(2, int((np.abs(advance - nominal_step_s) <= same_s).sum()) + 1):
        main_s = nominal_step_s
    local = np.full(advance.size, main_s)
    half = _WINDOW // 2
    for at in range(advance.size if advance.size >= _WINDOW else 0):
        start = min(max(0, at - half), advance.size - _WINDOW)
        window = advance[start : start + _WINDOW]
        value = float(np.median(window))
        if abs(value - main_s) > same_s and (np.abs(window - value) <= same_s).sum() > half:
            local[at] = value
    edges = [0]
    for at, value in enumerate(local):
        if abs(value - local[edges[-1]]) > same_s / 2:  # a cadence that follows the exposure changes little by little
            edges.append(at)
    edges.append(local.size)
    steps = []
    for begin, end in pairwise(edges):
        first = int(number[begin]) if begin else 0
        last = int(number[end]) if end < number.size else np.inf
        part = [r for r in readings if first <= r.number <= last]
        steps.append((first, _refine(part, float(np.median(local[begin:end])) if begin < end else main_s)))
    return Pace(tuple(steps))


def _most_common(values: Floats, within: float) -> tuple[float, int]:
    """Median of the largest group of values that lie within a distance of one of them, and the size of the group."""
    if values.size == 0:
        return 0.0, 0
    ordered = np.sort(values)
    sizes = np.searchsorted(ordered, ordered + within, "right") - np.searchsorted(ordered, ordered - within, "left")
    centre = ordered[np.argmax(sizes)]
    return float(np.median(values[np.abs(values - centre) <= within])), int(sizes.max())


def _refine(readings: Sequence[StampReading], step_s: float) -> float:
    """A more exact cadence: the median slope over more and more frames, in three rounds."""
    number = np.array([r.number for r in readings])
    time = np.array([r.moment.utc_s for r in readings], dtype=np.float64)
    for lag, apart_s in ((1, 0.25 * step_s), (20, max(1.0, 0.05 * step_s)), (len(readings) // 3, 0.1)):
        lag = max(1, min(lag, len(readings) // 3))
        frames = number[lag:] - number[:-lag]
        slope = (time[lag:] - time[:-lag])[frames > 0] / frames[frames > 0]
        # Breaks and misreadings tilt single slopes far; those near the former value are the clock's.
        slope = slope[np.abs(slope - step_s) <= apart_s]
        if slope.size >= 3:
            step_s = float(np.median(slope))
    return step_s


def _allowed(expected_s: npt.ArrayLike, jitter_s: float) -> Floats:
    return jitter_s + _DRIFT * np.asarray(expected_s, dtype=np.float64)


def _chain(readings: Sequence[StampReading], elapsed: Floats, jitter_s: float) -> tuple[list[StampReading], float]:
    """The chain of the greatest weight, and that weight; quadratic in the readings, some ms a night."""
    number = np.array([r.number for r in readings])
    time = np.array([r.moment.utc_s for r in readings], dtype=np.float64)
    best = np.array([r.weight for r in readings])
    origin = np.full(len(readings), -1)
    for j in range(1, len(readings)):
        before = int(np.searchsorted(number, number[j]))
        if before == 0:
            continue
        passed, expected = time[j] - time[:before], elapsed[j] - elapsed[:before]
        off = passed - expected
        allowed = _allowed(expected, jitter_s)
        cost = np.where(off > allowed, _GAP, np.where(off < -allowed, _STUCK, 0.0))
        # A break of a whole hour and none must not tie on a night when the clocks change: the smaller break wins.
        cost = cost + np.where(cost > 0, 1e-7 * np.abs(off), 0.0)
        cost = np.where(passed < 0, np.inf, cost)
        total = best[:before] - cost
        top = int(np.argmax(total))
        if total[top] > 0:
            best[j] += total[top]
            origin[j] = top
    at = int(np.argmax(best))
    score, chosen = float(best[at]), []
    while at >= 0:
        chosen.append(readings[at])
        at = int(origin[at])
    return chosen[::-1], score


def _ambiguous(
    readings: Sequence[StampReading], chosen: Sequence[StampReading], score: float, elapsed: Floats, jitter_s: float
) -> frozenset[int]:
    """Frames whose other meaning is on a timeline as good as the chosen one."""
    meanings = Counter(reading.number for reading in readings)
    double = {r for r in chosen if meanings[r.number] > 1}
    if not double:
        return frozenset()
    rest = [place for place, reading in enumerate(readings) if reading not in double]
    rival, rival_score = _chain([readings[place] for place in rest], elapsed[rest], jitter_s)
    if rival_score < score - 1e-3:
        return frozenset()
    return frozenset(r.number for r in rival) & frozenset(r.number for r in double)
