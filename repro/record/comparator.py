"""The one comparator: a published claim, a measured value, and the outcome of holding one against the other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repro.record.claims import NO_COMPARISON, Claim, EvidenceKind, Outcome, Rule, Value

Interval = tuple[float, float]

#: Relative slack for sums of floating-point numbers; far below any printed step.
FLOAT_SLACK = 1e-9


#: Outcomes that are against the record.
CONFLICTS: tuple[Outcome, ...] = ("contradicted", "source_conflict")


def reason_missing(missing: Mapping[str, str], evidence: EvidenceKind, name: str) -> str:
    """Why a quantity was not measured: the reason for it, else for its subject, else for the whole kind of evidence."""
    keys = (f"{evidence}:{name}", f"{evidence}:{name.split('.')[0]}", evidence)
    return next((missing[key] for key in keys if missing.get(key)), f"no stage measures {name}")


@dataclass(frozen=True)
class Measured:
    """What one kind of evidence says about one claim.

    Parameters
    ----------
    value : number, word, pair or None
        The measured value in the claim's unit; a pair ``(low, high)`` for an interval; None if there is none.
    missing : str
        If there is no value: what is missing, and how to get it.
    failed : str
        If measuring broke: what went wrong. Such a comparison is an error, never a pass.
    """

    value: Value | Interval | None
    missing: str = ""
    failed: str = ""


@dataclass(frozen=True)
class Verdict:
    """The outcome of one comparison: one claim, one kind of evidence."""

    claim: str
    evidence: EvidenceKind
    outcome: Outcome
    expected: Outcome
    measured: Value | Interval | None
    tolerance: str
    reason: str

    @property
    def compared(self) -> bool:
        """Whether a comparison was made at all."""
        return self.outcome not in ("not_run", "error")

    @property
    def awaits_corpus(self) -> bool:
        """Whether this comparison only waits for the thesis' own videos and labels."""
        return self.evidence == "corpus" and self.outcome == "not_run"

    @property
    def drifted(self) -> bool:
        """Whether a comparison that was made came out otherwise than declared."""
        return self.compared and self.outcome != self.expected

    @property
    def uncompared(self) -> bool:
        """Whether a comparison that was declared to be possible could not be made."""
        return not self.compared and self.outcome != self.expected and not self.awaits_corpus

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        measured: Any = self.measured
        if isinstance(measured, tuple):
            measured = [round_for_print(end) for end in measured]
        elif isinstance(measured, float):
            measured = round_for_print(measured) if math.isfinite(measured) else str(measured)
        return {
            "evidence": self.evidence,
            "outcome": self.outcome,
            "expected": self.expected,
            "measured": measured,
            "tolerance": self.tolerance,
            "reason": self.reason,
            "drifted": self.drifted,
        }


def round_for_print(value: float) -> float:
    """Seven significant digits: more than any claim prints, less than floating-point noise."""
    return float(f"{value:.7g}")


def compare(claim: Claim, evidence: EvidenceKind, measured: Measured) -> Verdict:
    """Hold one claim against one measured value.

    Parameters
    ----------
    claim : Claim
        The claim; its rule for this evidence decides.
    evidence : str
        Kind of evidence that the measured value is.
    measured : Measured
        The value, or why there is none.

    Returns
    -------
    Verdict
        ``confirmed`` by an exact or printed-digits rule that holds; ``consistent`` by a tolerance, bound or interval
        that holds; ``source_conflict`` if the record's own arithmetic fails; ``contradicted`` if other evidence
        fails; ``not_run`` or ``error`` if there is no value. A missing value is never a pass.
    """
    rule = claim.evidence[evidence]

    def verdict(outcome: Outcome, reason: str) -> Verdict:
        return Verdict(
            claim.id,
            evidence,
            outcome,
            rule.expect if rule.compares else "undecidable",
            measured.value,
            tolerance_text(claim, rule),
            reason,
        )

    if measured.failed:
        return verdict("error", measured.failed)
    if not rule.compares:
        return verdict("undecidable", f"{NO_COMPARISON[rule.rule]}: {rule.reason}")
    if measured.value is None:
        return verdict("not_run", measured.missing or "no value was measured")
    try:
        holds = _holds(claim, rule, measured.value)
    except (TypeError, ValueError, OverflowError) as error:
        return verdict("error", str(error))
    if holds:
        return verdict("confirmed" if rule.rule in ("exact", "rounds_to") else "consistent", rule.reason)
    return verdict("source_conflict" if evidence == "arithmetic" else "contradicted", rule.reason)


def tolerance_text(claim: Claim, rule: Rule) -> str:
    """The tolerance of a rule in words, with the claim's unit."""
    unit = f" {claim.unit}" if claim.unit else ""
    match rule.rule:
        case "exact":
            return "exact"
        case "rounds_to":
            return f"to the printed digits (half a step, {claim.step / 2:g}{unit})"
        case "absolute":
            return f"within {rule.tolerance:g}{unit}"
        case "relative":
            return f"within {100 * (rule.tolerance or 0):g} %"
        case "interval":
            return "inside the interval"
        case "scatter":
            return "within 3 standard deviations"
        case "undecidable" | "other_quantity" | "out_of_scope":
            return "not compared"
    bound = "not above the printed value" if rule.rule == "at_most" else "not below the printed value"
    return bound if rule.tolerance is None else f"{bound} by more than {rule.tolerance:g}{unit}"


def _holds(claim: Claim, rule: Rule, measured: Value | Interval) -> bool:
    published = claim.value
    if rule.rule == "interval":
        if not isinstance(measured, tuple):
            raise TypeError(f"an interval was expected, {measured!r} was measured")
        low, high = measured
        return low <= _number(published) <= high
    if isinstance(measured, tuple):
        raise TypeError(f"one value was expected, the interval {measured!r} was measured")
    words = isinstance(published, bool | str) or isinstance(measured, bool | str)
    if words:
        if type(published) is not type(measured):
            raise TypeError(f"{published!r} was published, {measured!r} was measured: not of one type")
        return published == measured
    difference = _number(measured) - _number(published)
    slack = FLOAT_SLACK * max(1.0, abs(_number(published)))
    match rule.rule:
        case "exact":
            return abs(difference) <= slack
        case "rounds_to":
            return abs(difference) <= claim.step / 2 + slack
        case "absolute":
            return abs(difference) <= (rule.tolerance or 0) + slack
        case "relative":
            return abs(difference) <= (rule.tolerance or 0) * abs(_number(published)) + slack
        case "at_most":
            return difference <= (rule.tolerance or 0) + slack
        case _:
            return difference >= -(rule.tolerance or 0) - slack


def _number(value: Value) -> float:
    if isinstance(value, bool | str):
        raise TypeError(f"{value!r} is no number")
    number = float(value)
    if number != number:
        raise TypeError("the measured value is not a number (NaN)")
    return number
