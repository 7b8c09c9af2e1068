"""What a damaged reading must be, decided by the line through its night; or that nobody can tell.

Each frame in doubt has the few seconds around the line as candidates. A candidate is as likely as the clock's own
jitter makes it, times how likely its stamp is read as what was read. It is taken only if it is nearly certain and if
most of its time's digits were really read; else the frame stays unreadable. Nothing is filled in from the line alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from repro.clock.confusions import Glyphs, agreement, confusions
from repro.clock.formats import Moment
from repro.clock.timeline import Line, Reading

_NEIGHBOURS = 5  # readings on each side that tell where the line runs
_REACH_S = 6  # candidates this far from the line
_RARE = 0.03  # a residual that fewer of a night's readings show is in doubt
_BIN_S = 0.5
_ROUNDS = 2  # the second knows the confusions that the first has shown
UNREADABLE = "unreadable"
_SHORT = 60  # frames; a longer run is not read wrong in the same place throughout


@dataclass(frozen=True)
class Verdict:
    """What became of a frame: its moment, or None, and the names of what continuity did."""

    moment: Moment | None
    repairs: tuple[str, ...] = ()


class Residuals:
    """How far good readings stray from the line through their neighbours.

    Parameters
    ----------
    line : Line
        The night's line.
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self._segments = [
            (np.array([r.number for r in part]), np.array([r.moment.utc_s for r in part], dtype=np.float64), part)
            for part in line.segments()
            if part
        ]
        self.of: dict[int, float] = {}
        self._few: set[int] = set()
        for numbers, _, part in self._segments:
            for reading in part:
                expected = self._expect(numbers, part, reading.number)
                self.of[reading.number] = reading.moment.utc_s - expected if expected is not None else 0.0
                if len(numbers) <= 3:
                    self._few.add(reading.number)
        self._bins = Counter(round(off / _BIN_S) for off in self.of.values())

    def _expect(self, numbers: np.ndarray, part: Sequence[Reading], number: int) -> float | None:
        at = int(np.searchsorted(numbers, number))
        near = [r for r in part[max(0, at - _NEIGHBOURS) : at + _NEIGHBOURS + 1] if r.number != number]
        if not near:
            return None
        return float(np.median([r.moment.utc_s + self.line.step_s * (number - r.number) for r in near]))

    def expected(self, number: int) -> list[tuple[float, Moment]]:
        """Where the line runs at a frame: time, and the neighbour that lends format and offset.

        Two answers in a break or where the offset changes: that of the segment before and that of the one after.
        """
        before = [entry for entry in self._segments if entry[0][0] <= number]
        after = [entry for entry in self._segments if entry[0][-1] >= number]
        found: list[tuple[float, Moment]] = []
        for numbers, _, part in before[-1:] + after[:1]:
            time = self._expect(numbers, part, number)
            if time is None:
                continue
            at = int(np.searchsorted(numbers, number))
            for lender in {part[max(0, at - 1)].moment, part[min(at, len(part) - 1)].moment}:
                if all((abs(time - t), m.offset_s, m.form) != (0, lender.offset_s, lender.form) for t, m in found):
                    found.append((time, lender))
        return found

    def log_prior(self, off_s: float) -> float:
        """Logarithm of how often readings stray that far, with a floor that falls with the distance."""
        total = sum(self._bins.values())
        floor = 1e-2 * 0.3 ** abs(off_s)
        return math.log((self._bins.get(round(off_s / _BIN_S), 0) + floor) / (total + 1))

    def in_doubt(self, number: int, *, strict: bool = False) -> bool:
        """Whether a reading on the line strays as few do, or has too few neighbours to be held against.

        ``strict``: whether it strays in any other way than most do. Where many stamps are damaged, a misread last digit
        can pass for the clock's own jitter.
        """
        here = self._bins.get(round(self.of[number] / _BIN_S), 0)
        least = 0.5 if strict else _RARE
        return number in self._few or here < least * sum(self._bins.values())


def misread_runs(line: Line, zones_s: Mapping[int, str]) -> set[int]:
    """Frames of short runs behind or before a gap that one misread glyph explains as well as the gap does.

    If 18:10 to 18:19 are read as 18:40 to 18:49 at the end of a night, the readings themselves look like a gap of
    half an hour. A gap is not in doubt if more than one glyph differs, or if the glyph in question had been read right
    just across the gap.
    """
    suspects: set[int] = set()
    segments = line.segments()
    for one, two, gap in zip(segments, segments[1:], line.breaks, strict=False):
        sizes = [unit * count for unit in (1, 10, 60, 600, 3600, 36000) for count in range(1, 10)]
        size = min(sizes, key=lambda seconds: abs(seconds - abs(gap.seconds)))
        if abs(size - abs(gap.seconds)) > 1.0:
            continue
        shift = math.copysign(size, gap.seconds)
        for run, other, sign, edge in ((two, one, -1, -3), (one, two, 1, 0)):
            if len(run) > _SHORT or len(run) > len(other):
                continue
            pairs = set()
            for reading in run:
                read = reading.moment.text(dict(zones_s))
                meant = replace(reading.moment, utc_s=round(reading.moment.utc_s + sign * shift)).text(dict(zones_s))
                pairs.add(tuple((k, a, b) for k, (a, b) in enumerate(zip(meant, read, strict=True)) if a != b))
            if len(pairs) != 1 or len(different := pairs.pop()) != 1:
                continue
            place, meant_glyph, _ = different[0]
            beyond = other[edge:] if edge < 0 else other[:3]
            known = any(r.moment.text(dict(zones_s))[place] == meant_glyph for r in beyond)
            if not known or len(run) <= 3:
                suspects |= {r.number for r in run}
    return suspects


def resolve(
    texts: Mapping[int, Sequence[str]],
    line: Line,
    zones_s: Mapping[int, str],
    *,
    trusted: set[int],
    own: Mapping[int, Sequence[Moment]],
    runs: set[int],
    min_posterior: float,
    min_agreement: float,
) -> tuple[dict[int, Verdict], Glyphs]:
    """Decide every frame.

    Parameters
    ----------
    texts : mapping
        What was read of each frame in doubt, in one or two looks, by running number.
    line : Line
        The night's line.
    zones_s : mapping
        Printed name of the zone by offset (s).
    trusted : set of int
        Frames on the line that are not in doubt.
    own : mapping
        What the readings of a frame in doubt mean, taken literally.
    runs : set of int
        From :func:`misread_runs`; such a frame is resolved only if its second look reads what the line says.
    min_posterior, min_agreement : float
        See ``params.yaml``.

    Returns
    -------
    dict
        Verdict of each frame, trusted ones included.
    Glyphs
        The confusions that were learnt.
    """
    on_line = {r.number: r.moment for r in line.readings}
    verdicts = {number: Verdict(on_line[number]) for number in trusted}
    sound = replace(line, readings=tuple(r for r in line.readings if r.number not in runs))
    residuals = Residuals(sound)
    glyphs = Glyphs()
    right = Counter(glyph for number in trusted for glyph in on_line[number].text(dict(zones_s)))
    for _ in range(_ROUNDS):
        learnt: Counter[tuple[str, str]] = Counter({(glyph, glyph): count for glyph, count in right.items()})
        for number, read in texts.items():
            if number in line.disputed:
                verdicts[number] = Verdict(None, ("two_meanings",))
                continue
            choices = _choices(number, residuals, own.get(number, ()), line)
            if number in runs:
                verdicts[number] = _second_opinion(choices, own.get(number, ()), on_line[number])
                continue
            verdicts[number] = _decide(read, choices, glyphs, dict(zones_s), min_posterior, min_agreement)
            if (moment := verdicts[number].moment) is not None:
                for text in filter(None, read):
                    learnt += confusions(moment.text(dict(zones_s)), text, glyphs)
        glyphs = Glyphs(learnt)
    # What is accepted must still run forwards: a repaired frame lies between its neighbours in time.
    return _forwards(verdicts, trusted), glyphs


def _choices(number: int, residuals: Residuals, own: Sequence[Moment], line: Line) -> dict[Moment, float]:
    """Candidates of a frame with the logarithm of their prior."""
    found: dict[Moment, float] = {}
    for time, lender in residuals.expected(number):
        for utc_s in range(math.ceil(time - _REACH_S), math.floor(time + _REACH_S) + 1):
            moment = replace(lender, utc_s=utc_s)
            found[moment] = max(found.get(moment, -math.inf), residuals.log_prior(utc_s - time))
    # A reading off the line may be right where the line has a break; a clock does not run ahead and back again.
    before = max((r.moment.utc_s for r in line.readings if r.number < number), default=-math.inf)
    after = min((r.moment.utc_s for r in line.readings if r.number > number), default=math.inf)
    for moment in own:
        if before < moment.utc_s < after and moment not in found:
            found[moment] = math.log(1e-6)
    return found


def _decide(
    read: Sequence[str],
    choices: Mapping[Moment, float],
    glyphs: Glyphs,
    zones_s: dict[int, str],
    min_posterior: float,
    min_agreement: float,
) -> Verdict:
    texts = [text for text in read if text]
    if not texts or not choices:
        return Verdict(None, (UNREADABLE,))
    stamps = {moment: moment.text(zones_s) for moment in choices}
    costs = [glyphs.costs(stamps.values(), text) for text in texts]
    logs = {moment: prior - sum(cost[stamps[moment]] for cost in costs) for moment, prior in choices.items()}
    # Offsets that name the same instant are one candidate for the time.
    top = max(logs.values())
    weights: Counter[int] = Counter()
    for moment, value in logs.items():
        weights[moment.utc_s] += math.exp(value - top)  # type: ignore[assignment]
    best = max(logs, key=lambda moment: logs[moment])
    if weights[best.utc_s] / sum(weights.values()) < min_posterior:
        return Verdict(None, (UNREADABLE,))
    agreed = max(agreement(stamps[best], text, best.form.time_places, glyphs) for text in texts)
    if agreed < min_agreement:
        return Verdict(None, (UNREADABLE,))
    return Verdict(best, ("second_look",) if stamps[best] == read[0] else ("continuity",))


def _second_opinion(choices: Mapping[Moment, float], own: Sequence[Moment], first: Moment) -> Verdict:
    expected = {(moment.utc_s, moment.offset_s) for moment in choices}
    for moment in own:
        if moment != first and (moment.utc_s, moment.offset_s) in expected:
            return Verdict(moment, ("continuity",))
    return Verdict(None, (UNREADABLE,))


def _forwards(verdicts: dict[int, Verdict], trusted: set[int]) -> dict[int, Verdict]:
    """Take back repairs that would make the clock run backwards."""
    latest, earliest = -math.inf, math.inf
    floor, ceiling = {}, {}
    for number in sorted(verdicts):
        floor[number] = latest
        moment = verdicts[number].moment
        if number in trusted and moment is not None:
            latest = moment.utc_s
    for number in sorted(verdicts, reverse=True):
        ceiling[number] = earliest
        moment = verdicts[number].moment
        if number in trusted and moment is not None:
            earliest = moment.utc_s
    last = -math.inf
    for number in sorted(verdicts):
        moment = verdicts[number].moment
        if moment is None:
            continue
        if number not in trusted and not max(floor[number], last) <= moment.utc_s <= ceiling[number]:
            verdicts[number] = Verdict(None, (UNREADABLE,))
            continue
        last = moment.utc_s
    return verdicts
