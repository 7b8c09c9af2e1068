"""Recover misread stamps from the night's timeline, or mark them unreadable.

Each doubtful frame has the few seconds around the timeline as candidates. The probability of a candidate is that of the
clock's own jitter, times that of reading its stamp as what was read. It is accepted only if it is nearly certain and if
most digits of its time were really read; else the frame stays unreadable. Nothing is filled in from the timeline alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from repro.clock.confusions import ConfusionModel, agreement, confusions
from repro.clock.formats import Moment
from repro.clock.timeline import StampReading, Timeline
from repro.params import ClockParams

_NEIGHBOURS = 5  # readings on each side that define the timeline at a frame
_REACH_S = 6  # candidates this far from the timeline
_RARE = 0.03  # a residual that fewer of a night's readings show is in doubt
_BIN_S = 0.5
_ROUNDS = 2  # the second round uses the confusions learnt in the first
Continuity = Literal["second_look", "continuity", "two_meanings", "unreadable"]
_SHORT = 60  # frames; a longer run is not misread in the same place all the time


@dataclass(frozen=True)
class FrameTime:
    """The time of a frame: its moment, or None, and how it was repaired, if it was."""

    moment: Moment | None
    repair: Continuity | None = None


_UNREADABLE = FrameTime(None, "unreadable")


@dataclass(frozen=True)
class DoubtfulFrame:
    """Texts of a doubtful frame in both looks, and what they mean within the night, taken literally."""

    texts: tuple[str, str]
    literal: tuple[Moment, ...]


class Residuals:
    """Distances of good readings from the timeline through their neighbours."""

    def __init__(self, timeline: Timeline) -> None:
        self._pace = timeline.pace
        self._segments = [(np.array([r.number for r in part]), part) for part in timeline.segments() if part]
        self.of: dict[int, float] = {}
        self._few: set[int] = set()
        for numbers, part in self._segments:
            for reading in part:
                expected = self._expect(numbers, part, reading.number)
                self.of[reading.number] = reading.moment.utc_s - expected if expected is not None else 0.0
                if len(numbers) <= 3:
                    self._few.add(reading.number)
        self._bins = Counter(round(off / _BIN_S) for off in self.of.values())

    def _expect(self, numbers: np.ndarray, part: Sequence[StampReading], number: int) -> float | None:
        at = int(np.searchsorted(numbers, number))
        near = [r for r in part[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS + 1] if r.number != number]
        if not near:
            return None
        here = self._pace.elapsed_s(number)
        return float(np.median([r.moment.utc_s + here - self._pace.elapsed_s(r.number) for r in near]))

    def expected(self, number: int) -> list[tuple[float, Moment]]:
        """The time of a frame by the timeline, and the neighbour whose format and offset it takes.

        Two answers in a break or where the offset changes: that of the segment before and that of the one after.
        """
        before = [entry for entry in self._segments if entry[0][0] <= number]
        after = [entry for entry in self._segments if entry[0][-1] >= number]
        answers: list[tuple[float, Moment]] = []
        for numbers, part in before[-1:] + after[:1]:
            time = self._expect(numbers, part, number)
            if time is None:
                continue
            at = int(np.searchsorted(numbers, number))
            for lender in {part[max(0, at - 1)].moment, part[min(at, len(part) - 1)].moment}:
                printed = (lender.offset_s, lender.format, lender.zone)
                if all((t, m.offset_s, m.format, m.zone) != (time, *printed) for t, m in answers):
                    answers.append((time, lender))
        return answers

    def log_prior(self, off_s: float) -> float:
        """Logarithm of how often readings stray that far, with a floor that falls with the distance."""
        total = sum(self._bins.values())
        floor = 1e-2 * 0.3 ** abs(off_s)
        return math.log((self._bins.get(round(off_s / _BIN_S), 0) + floor) / (total + 1))

    def in_doubt(self, number: int, *, strict: bool = False) -> bool:
        """Whether a reading on the timeline strays as few do, or has too few neighbours to be compared with.

        ``strict``: whether it strays in any other way than most do. Where many stamps are damaged, a misread last digit
        can pass for the clock's own jitter.
        """
        alike = self._bins.get(round(self.of[number] / _BIN_S), 0)
        least = 0.5 if strict else _RARE
        return number in self._few or alike < least * sum(self._bins.values())


def misread_runs(timeline: Timeline) -> set[int]:
    """Frames of short runs behind or before a gap that one misread glyph explains as well as the gap does.

    If 18:10 to 18:19 are read as 18:40 to 18:49 at the end of a night, the readings themselves look like a gap of
    half an hour. A gap is not in doubt if more than one glyph differs, or if the glyph in question had been read right
    just across the gap.
    """
    suspects: set[int] = set()
    segments = timeline.segments()
    for one, two, gap in zip(segments, segments[1:], timeline.breaks, strict=False):
        sizes = [unit * count for unit in (1, 10, 60, 600, 3600, 36000) for count in range(1, 10)]
        size = min(sizes, key=lambda seconds: abs(seconds - abs(gap.seconds)))
        if abs(size - abs(gap.seconds)) > 1.0:
            continue
        shift = math.copysign(size, gap.seconds)
        for run, other, sign, edge in ((two, one, -1, -3), (one, two, 1, 0)):
            if len(run) > _SHORT or len(run) > len(other):
                continue
            differences: set[tuple[tuple[int, str, str], ...]] = set()
            for reading in run:
                read = reading.moment.stamp
                meant = replace(reading.moment, utc_s=round(reading.moment.utc_s + sign * shift)).stamp
                if len(meant) != len(read):
                    differences.add(((0, "", ""), (0, "", "")))
                    continue
                differences.add(tuple((k, a, b) for k, (a, b) in enumerate(zip(meant, read, strict=True)) if a != b))
            if len(differences) != 1 or len(different := differences.pop()) != 1:
                continue
            place, meant_glyph, _ = different[0]
            beyond = other[edge:] if edge < 0 else other[:3]
            known = any(r.moment.stamp[place : place + 1] == meant_glyph for r in beyond)
            if not known or len(run) <= 3:
                suspects |= {r.number for r in run}
    return suspects


def resolve_doubts(
    doubtful: Mapping[int, DoubtfulFrame],
    timeline: Timeline,
    *,
    trusted: set[int],
    runs: set[int],
    params: ClockParams,
) -> tuple[dict[int, FrameTime], ConfusionModel]:
    """Decide the time of every frame.

    ``trusted`` frames are on the timeline and not in doubt. A frame of ``runs``, see :func:`misread_runs`, is resolved only if
    its second look reads what the timeline says. Gives the time of each frame, trusted ones included, and the confusions that were learnt.
    """
    on_timeline = {r.number: r.moment for r in timeline.readings}
    times = {number: FrameTime(on_timeline[number]) for number in trusted}
    residuals = Residuals(replace(timeline, readings=tuple(r for r in timeline.readings if r.number not in runs)))
    model = ConfusionModel()
    right = Counter(glyph for number in trusted for glyph in on_timeline[number].stamp)
    for _ in range(_ROUNDS):
        learnt: Counter[tuple[str, str]] = Counter({(glyph, glyph): count for glyph, count in right.items()})
        for number, frame in doubtful.items():
            if number in timeline.ambiguous:
                times[number] = FrameTime(None, "two_meanings")
                continue
            choices = _choices(number, residuals, frame.literal, timeline)
            if number in runs:
                times[number] = _second_opinion(choices, frame.literal, on_timeline[number])
                continue
            times[number] = _decide(frame.texts, choices, model, params)
            if (moment := times[number].moment) is not None:
                for text in filter(None, frame.texts):
                    learnt += confusions(moment.stamp, text, model)
        model = ConfusionModel(learnt)
    # Accepted times must not run backwards: a repaired frame is between its neighbours in time.
    return _forwards(times, trusted), model


def _choices(number: int, residuals: Residuals, literal: Sequence[Moment], timeline: Timeline) -> dict[Moment, float]:
    """Candidates of a frame with the logarithm of their prior."""
    choices: dict[Moment, float] = {}
    for time, lender in residuals.expected(number):
        for utc_s in range(math.ceil(time - _REACH_S), math.floor(time + _REACH_S) + 1):
            moment = replace(lender, utc_s=utc_s)
            choices[moment] = max(choices.get(moment, -math.inf), residuals.log_prior(utc_s - time))
    # At a break, a reading off the timeline may be right; a clock does not run ahead and back again.
    before = max((r.moment.utc_s for r in timeline.readings if r.number < number), default=-math.inf)
    after = min((r.moment.utc_s for r in timeline.readings if r.number > number), default=math.inf)
    for moment in literal:
        if before < moment.utc_s < after and moment not in choices:
            choices[moment] = math.log(1e-6)
    return choices


def _decide(
    looks: tuple[str, str], choices: Mapping[Moment, float], model: ConfusionModel, params: ClockParams
) -> FrameTime:
    texts = [text for text in looks if text]
    if not texts or not choices:
        return _UNREADABLE
    stamps = {moment: moment.stamp for moment in choices}
    costs = [model.costs(stamps.values(), text) for text in texts]
    logs = {moment: prior - sum(cost[stamps[moment]] for cost in costs) for moment, prior in choices.items()}
    # Offsets that name the same instant are one candidate for the time.
    top = max(logs.values())
    weights: Counter[int] = Counter()
    for moment, value in logs.items():
        weights[moment.utc_s] += math.exp(value - top)  # type: ignore[assignment]
    best = max(logs, key=lambda moment: logs[moment])
    if weights[best.utc_s] / sum(weights.values()) < params.min_posterior:
        return _UNREADABLE
    if max(agreement(stamps[best], text, best.time_places, model) for text in texts) < params.min_agreement:
        return _UNREADABLE
    return FrameTime(best, "second_look" if stamps[best] == looks[0] else "continuity")


def _second_opinion(choices: Mapping[Moment, float], literal: Sequence[Moment], first: Moment) -> FrameTime:
    expected = {(moment.utc_s, moment.offset_s) for moment in choices}
    others = (moment for moment in literal if moment != first and (moment.utc_s, moment.offset_s) in expected)
    return next((FrameTime(moment, "continuity") for moment in others), _UNREADABLE)


def _forwards(times: dict[int, FrameTime], trusted: set[int]) -> dict[int, FrameTime]:
    """Take back repairs that would make the clock run backwards."""
    ceilings, earliest = {}, math.inf
    for number in sorted(times, reverse=True):
        ceilings[number] = earliest
        moment = times[number].moment
        if number in trusted and moment is not None:
            earliest = moment.utc_s
    last = -math.inf
    for number in sorted(times):
        moment = times[number].moment
        if moment is None:
            continue
        if number not in trusted and not last <= moment.utc_s <= ceilings[number]:
            times[number] = _UNREADABLE
            continue
        last = moment.utc_s
    return times
