"""The straight line that a night's clock follows: which readings lie on it, and where it breaks.

Within a night the frames advance by the cadence, so readings that are right lie on a line of time against frame
number. Where the camera paused, time skips ahead (a gap); where the video repeats a frame, time stands still (a
duplicate); it never runs backwards. The line is the chain of readings, in the order of frames, with the greatest
weight, each break costing as much as several readings: single misreadings drop out, real breaks stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from repro.clock.formats import Moment

Floats = npt.NDArray[np.float64]

_GAP, _STUCK = 3.0, 6.0  # cost of a break, in readings
_DRIFT = 0.001  # of the time between two readings: error allowed in the estimated cadence


@dataclass(frozen=True)
class Reading:
    """One possible reading of a frame: running number, meaning, and weight (1 for a flawless one)."""

    number: int
    moment: Moment
    weight: float = 1.0


@dataclass(frozen=True)
class Break:
    """Where the line breaks: between two frame numbers, by how many seconds; negative where time stood still."""

    after: int
    before: int
    seconds: float


@dataclass(frozen=True)
class Line:
    """The line through a night.

    Parameters
    ----------
    readings : tuple of Reading
        Those that lie on it, in the order of frames, one a frame.
    step_s : float
        Time from one sampled frame to the next.
    breaks : tuple of Break
        Its breaks.
    disputed : frozenset of int
        Frames that lie as well on another line, by an offset of the clock that the readings cannot settle.
    """

    readings: tuple[Reading, ...]
    step_s: float
    breaks: tuple[Break, ...]
    disputed: frozenset[int] = frozenset()

    def segments(self) -> list[list[Reading]]:
        """The readings between breaks."""
        ends = {gap.before for gap in self.breaks}
        found: list[list[Reading]] = [[]]
        for reading in self.readings:
            if reading.number in ends:
                found.append([])
            found[-1].append(reading)
        return found


def fit(readings: Sequence[Reading], nominal_step_s: float, jitter_s: float) -> Line:
    """Find the line.

    Parameters
    ----------
    readings : sequence of Reading
        All candidates; a frame may have several.
    nominal_step_s : float
        The expected time from one sampled frame to the next, used where the readings do not tell.
    jitter_s : float
        How far a reading may stray from the line through its neighbours.
    """
    readings = sorted(readings, key=lambda r: (r.number, r.moment.utc_s))
    if not readings:
        return Line((), nominal_step_s, ())
    step_s = _step(readings, nominal_step_s)
    chosen, score = _chain(readings, step_s, jitter_s)
    disputed = _disputed(readings, chosen, score, step_s, jitter_s)
    breaks = []
    for one, two in pairwise(chosen):
        off = (two.moment.utc_s - one.moment.utc_s) - step_s * (two.number - one.number)
        if abs(off) > _allowed(two.number - one.number, step_s, jitter_s):
            breaks.append(Break(one.number, two.number, off))
    return Line(tuple(chosen), step_s, tuple(breaks), disputed)


def _step(readings: Sequence[Reading], nominal_s: float) -> float:
    """Time from frame to frame: the median slope over more and more frames, in three rounds."""
    number = np.array([r.number for r in readings])
    time = np.array([r.moment.utc_s for r in readings], dtype=np.float64)
    step = nominal_s
    for lag, apart_s in ((1, 0.25 * nominal_s), (20, max(1.0, 0.05 * nominal_s)), (len(readings) // 3, 0.1)):
        lag = max(1, min(lag, len(readings) // 3))
        run = number[lag:] - number[:-lag]
        slope = (time[lag:] - time[:-lag])[run > 0] / run[run > 0]
        # Breaks and misreadings tilt single slopes far; those near the former value are the clock's.
        slope = slope[np.abs(slope - step) <= apart_s]
        if slope.size >= 3:
            step = float(np.median(slope))
    return step


def _allowed(frames: npt.ArrayLike, step_s: float, jitter_s: float) -> Floats:
    return jitter_s + _DRIFT * step_s * np.asarray(frames, dtype=np.float64)


def _chain(readings: Sequence[Reading], step_s: float, jitter_s: float) -> tuple[list[Reading], float]:
    """The chain of the greatest weight, and that weight; quadratic in the readings, some ms a night."""
    number = np.array([r.number for r in readings])
    time = np.array([r.moment.utc_s for r in readings], dtype=np.float64)
    best = np.array([r.weight for r in readings])
    origin = np.full(len(readings), -1)
    for j in range(1, len(readings)):
        before = int(np.searchsorted(number, number[j]))
        if before == 0:
            continue
        frames, passed = number[j] - number[:before], time[j] - time[:before]
        off = passed - step_s * frames
        allowed = _allowed(frames, step_s, jitter_s)
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


def _disputed(
    readings: Sequence[Reading], chosen: Sequence[Reading], score: float, step_s: float, jitter_s: float
) -> frozenset[int]:
    """Frames whose other meaning lies on a line as good as the chosen one."""
    meanings: dict[int, int] = {}
    for reading in readings:
        meanings[reading.number] = meanings.get(reading.number, 0) + 1
    double = {r for r in chosen if meanings[r.number] > 1}
    if not double:
        return frozenset()
    other, rival = _chain([r for r in readings if r not in double], step_s, jitter_s)
    if rival < score - 1e-3:
        return frozenset()
    return frozenset(r.number for r in other) & frozenset(r.number for r in double)
