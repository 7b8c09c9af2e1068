"""The one comparator: a published claim, a measured value, and the outcome of comparing them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from repro.record.claims import LARGEST, NO_COMPARISON, Claim, EvidenceKind, Grade, Outcome, Rule, Value

Interval = tuple[float, float]

#: Relative slack for sums of floating-point numbers; far below any printed step.
FLOAT_SLACK = 1e-9
#: A prediction that is further away, in standard deviations, is contradicted.
MOST_SIGMA = 3.0
#: A bound that excludes a smaller share of the plausible range decides nothing.
LEAST_EXCLUDED = 0.5
#: How far the published value is moved in search of a value that is caught, in multiples of the value.
_REACH = 10.0
#: Outcomes of a comparison that could not be made.
NOT_COMPARED: tuple[Outcome, ...] = ("not_run", "error")
#: Outcomes that are not against the record.
_NO_CONFLICT: tuple[Outcome, ...] = ("confirmed", "consistent", "repeated", "undecidable")
#: Outcomes that are against the record.
CONFLICTS: tuple[Outcome, ...] = ("contradicted", "source_conflict")


def reason_missing(missing: Mapping[str, str], evidence: EvidenceKind, name: str) -> str:
    """Why a quantity was not measured: the reason for it, else for its subject, else for the whole kind of evidence."""
    keys = (f"{evidence}:{name}", f"{evidence}:{name.split('.')[0]}", evidence)
    return next((missing[key] for key in keys if missing.get(key)), f"no stage measures {name}")


@dataclass(frozen=True)
class Measured:
    """What one kind of evidence says about one claim."""

    value: Value | Interval | None  # in the claim's unit; an interval is a pair ``(low, high)``
    missing: str = ""  # without a value: what is missing and how to get it
    failed: str = ""  # what went wrong if measuring broke; such a comparison is an error, never a pass
    sd: float | None = None  # standard deviation of the value


@dataclass(frozen=True)
class Caught:
    """The wrong values next to the accepted ones: what a comparison would have caught at least.

    The measured value stays fixed while the published one is moved.
    """

    below: float | None = None  # nearest printed value that is refused; None if none is on this side
    above: float | None = None
    any_other: bool = False  # of words and truth values only one is accepted, and of values with other digits none

    def __bool__(self) -> bool:
        return self.any_other or self.below is not None or self.above is not None


@dataclass(frozen=True)
class Verdict:
    """The outcome of one comparison: one claim, one kind of evidence."""

    claim: str
    evidence: EvidenceKind
    outcome: Outcome
    expected: Outcome  # as declared
    measured: Value | Interval | None
    tolerance: str  # how the comparison was made
    reason: str  # and why so, or why it was not made
    grade: Grade | None = None  # None if nothing is compared
    catches: Caught | None = None  # None if no comparison was made
    excluded: float | None = None  # share of the plausible range that a bound excludes, 0 to 1
    sd: float | None = None  # standard deviation of the measured value
    z: float | None = None  # published minus measured, in standard deviations
    equation: tuple[str, ...] = ()  # claims that an arithmetic relates; verdicts with the same ids are one equation

    @property
    def compared(self) -> bool:
        """Whether a comparison was made at all."""
        return self.outcome not in NOT_COMPARED and not (self.outcome == "undecidable" and self.grade is None)

    @property
    def awaits_corpus(self) -> bool:
        """Whether this comparison only waits for the thesis' own videos and labels."""
        return self.evidence == "corpus" and self.outcome == "not_run"

    @property
    def drifted(self) -> bool:
        """Whether a comparison came out otherwise than declared: agreement instead of conflict, or the reverse.

        How strong an agreement is follows from the rule, so ``confirmed`` declares every agreement.
        """
        if self.outcome in NOT_COMPARED:
            return False
        if self.outcome in _NO_CONFLICT:
            return self.expected not in _NO_CONFLICT
        return self.outcome != self.expected

    @property
    def uncompared(self) -> bool:
        """Whether a comparison that was declared to be possible could not be made."""
        return self.outcome in NOT_COMPARED and self.outcome != self.expected and not self.awaits_corpus

    @property
    def words(self) -> str:
        """The outcome in words; a bound that leaves most of the range open reads "not excluded"."""
        if self.outcome == "undecidable" and self.grade == "B":
            return "not excluded"
        return self.outcome.replace("_", " ")

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        measured: Any = self.measured
        if isinstance(measured, tuple):
            measured = [round_for_print(end) for end in measured]
        elif isinstance(measured, float):
            measured = round_for_print(measured) if math.isfinite(measured) else str(measured)
        return {
            "evidence": self.evidence,
            "grade": self.grade,
            "outcome": self.outcome,
            "expected": self.expected,
            "measured": measured,
            "tolerance": self.tolerance,
            "catches": None if self.catches is None else asdict(self.catches),
            "excluded": None if self.excluded is None else round(self.excluded, 3),
            "sd": None if self.sd is None else round_for_print(self.sd),
            "z": None if self.z is None else round(self.z, 2),
            "reason": self.reason,
            "equation": list(self.equation),
            "drifted": self.drifted,
        }


def round_for_print(value: float) -> float:
    """Seven significant digits: more than any claim prints, less than floating-point noise."""
    return float(f"{value:.7g}")


def compare(claim: Claim, evidence: EvidenceKind, measured: Measured, grade: Grade | None = None) -> Verdict:
    """Compare one claim with one measured value.

    Gives ``confirmed`` by an exact or printed-digits rule that holds; ``consistent`` by a tolerance, bound or interval
    that holds; ``repeated`` instead of either with grade R; ``undecidable`` for a bound that excludes less than half of
    the plausible range, and for a rule that compares nothing; ``source_conflict`` if the record's own arithmetic fails;
    ``contradicted`` if other evidence fails; ``not_run`` or ``error`` if there is no value. A missing value is never a
    pass.
    """
    rule = claim.evidence[evidence]
    tolerance = tolerance_text(claim, rule)
    bare = Verdict(claim.id, evidence, "error", rule.expect, measured.value, tolerance, rule.reason, grade)
    if measured.failed:
        return replace(bare, reason=measured.failed)
    if not rule.compares:
        reason = f"{NO_COMPARISON[rule.rule]}: {rule.reason}"
        return replace(bare, outcome="undecidable", expected="undecidable", reason=reason, grade=None)
    if measured.value is None:
        return replace(bare, outcome="not_run", reason=measured.missing or "no value was measured")
    try:
        holds = _holds(claim.value, claim, rule, measured)
    except (TypeError, ValueError, OverflowError) as error:
        return replace(bare, reason=str(error))
    catches = caught(claim, rule, measured)
    excluded = excluded_share(claim, rule, catches) if grade == "B" else None
    z = None
    if measured.sd and not isinstance(measured.value, bool | str | tuple):
        z = (_number(claim.value) - float(measured.value)) / measured.sd
    made = replace(bare, catches=catches, excluded=excluded, sd=measured.sd, z=z)
    if not holds:
        return replace(made, outcome="source_conflict" if evidence == "arithmetic" else "contradicted")
    if grade == "R":
        return replace(made, outcome="repeated")
    if excluded is not None and excluded < LEAST_EXCLUDED:
        reason = (
            f"not excluded: the bound leaves {100 * (1 - excluded):.0f} % of the plausible range open; {rule.reason}"
        )
        return replace(made, outcome="undecidable", reason=reason)
    return replace(made, outcome="confirmed" if rule.rule in ("exact", "rounds_to") else "consistent")


def tolerance_text(claim: Claim, rule: Rule) -> str:
    """The tolerance of a rule in words, with the claim's unit; differences of percentages are points."""
    unit = {"": "", "%": " points"}.get(claim.unit, f" {claim.unit}")
    if not rule.compares:
        return "not compared"
    match rule.rule:
        case "exact":
            return "exact"
        case "rounds_to":
            return f"to the printed digits (half a step, {claim.step / 2:g}{unit})"
        case "absolute":
            return f"within {rule.tolerance:g}{unit}"
        case "relative":
            return f"within {100 * (rule.tolerance or 0):g} % of the published value"
        case "scatter":
            return f"within {MOST_SIGMA:g} standard deviations"
        case "interval":
            beside = f", or within {rule.tolerance:g}{unit} of it" if rule.tolerance else ""
            return f"inside the interval{beside}"
    bound = "not above the printed value" if rule.rule == "at_most" else "not below the printed value"
    return bound if rule.tolerance is None else f"{bound} by more than {rule.tolerance:g}{unit}"


def caught(claim: Claim, rule: Rule, measured: Measured) -> Caught:
    """The smallest wrong values that a comparison would have caught, one printed step apart from the accepted ones.

    The published value is moved in printed steps, up and down, until the comparison fails. If it fails already, the
    search starts at the printed value nearest to the measured one.
    """
    if isinstance(claim.value, bool | str):
        return Caught(any_other=True)
    value = measured.value
    middle = sum(value) / 2 if isinstance(value, tuple) else _number(value) if value is not None else math.nan
    if not math.isfinite(middle):
        return Caught()
    nearest = round(middle, claim.decimals)
    # A bound may refuse the nearest printed value and accept its neighbour.
    beside = (round(nearest + side * claim.step, claim.decimals) for side in (-1, 1))
    starts = (float(claim.value), nearest, *beside)
    start = next((place for place in starts if _holds(place, claim, rule, measured)), None)
    if start is None:  # no value with so many digits agrees
        return Caught(any_other=True)
    farthest = math.ceil(min(_REACH * max(abs(start), abs(middle), claim.step) / claim.step, LARGEST))

    def refused(direction: int) -> float | None:
        def value_at(steps: int) -> float:
            return round(start + direction * steps * claim.step, claim.decimals)

        # What is refused stays refused farther out.
        steps = range(1, farthest + 1)
        first = bisect_left(steps, 1, key=lambda count: not _holds(value_at(count), claim, rule, measured))
        return value_at(steps[first]) if first < len(steps) else None

    return Caught(refused(-1), refused(1))


def excluded_share(claim: Claim, rule: Rule, catches: Caught) -> float | None:
    """Share of the plausible range that a bound excludes, 0 to 1; None if the range is a single value.

    A range that the rule does not declare is 0 to 100 %, or 0 to twice the claim.
    """
    low, high = sorted((0.0, 2 * claim.number))
    if claim.unit == "%" and 0 <= claim.number <= 100:
        low, high = 0.0, 100.0
    low, high = rule.plausible or (low, high)
    if high <= low:
        return None
    # What is accepted ends half a printed step before the nearest value that is caught.
    lowest = low if catches.below is None else max(low, catches.below + claim.step / 2)
    highest = high if catches.above is None else min(high, catches.above - claim.step / 2)
    return min(1.0, max(0.0, 1 - (highest - lowest) / (high - low)))


def _holds(published: Value, claim: Claim, rule: Rule, measured: Measured) -> bool:
    """Whether a value, in place of the published one, agrees with the measured value."""
    value, tolerance = measured.value, rule.tolerance or 0.0
    if rule.rule == "interval":
        if not isinstance(value, tuple):
            raise TypeError(f"an interval was expected, {value!r} was measured")
        return value[0] - tolerance <= _number(published) <= value[1] + tolerance
    if isinstance(value, tuple):
        raise TypeError(f"one value was expected, the interval {value!r} was measured")
    if value is None:
        raise TypeError("no value was measured")
    if isinstance(published, bool | str) or isinstance(value, bool | str):
        if type(published) is not type(value):
            raise TypeError(f"{published!r} was published, {value!r} was measured: not of one type")
        return published == value
    difference = _number(value) - _number(published)
    slack = FLOAT_SLACK * max(1.0, abs(_number(published)))
    if rule.rule == "at_most":
        return difference <= tolerance + slack
    if rule.rule == "at_least":
        return difference >= -tolerance - slack
    if rule.rule == "exact":
        return abs(difference) <= slack
    if rule.rule == "rounds_to":
        return abs(difference) <= claim.step / 2 + slack
    if rule.rule not in ("absolute", "relative", "scatter"):
        raise ValueError(f"rule {rule.rule} compares nothing")
    if measured.sd is None and rule.rule == "scatter":
        raise ValueError("the measured value has no standard deviation")
    # A tolerance never excuses a prediction that is too many standard deviations away.
    most = math.inf if measured.sd is None else MOST_SIGMA * measured.sd + slack
    if rule.rule != "scatter":
        most = min(most, tolerance * (abs(_number(published)) if rule.rule == "relative" else 1) + slack)
    return abs(difference) <= most


def _number(value: Value) -> float:
    if isinstance(value, bool | str):
        raise TypeError(f"{value!r} is not a number")
    number = float(value)
    if number != number:
        raise TypeError("the measured value is not a number (NaN)")
    return number
