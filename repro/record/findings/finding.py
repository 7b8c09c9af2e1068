"""What a finding is, and how a detector finds one.

A detector is a function from a :class:`View` to a :class:`Finding`, or to None where what it looks for is not so. It
stands in the ``DETECTORS`` of its module. The first line of its docstring is the question that it answers, "Whether ...";
it is shown where the finding could not be derived.

A detector reads claims, verdicts and quantities only through the view, and catches no exception:

- A quantity that was not measured, or a comparison that was not made, raises :class:`NotAvailableError`. The finding is then
  listed as "could not be derived", with the reason.
- A claim or a pattern that is not registered, a rule that a claim does not have, and everything else that goes wrong is
  an error: it is listed with kind ``error``, ``repro verify`` exits with 2, and a test fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, Literal

from repro.record.claims import Claims, EvidenceKind, Outcome
from repro.record.comparator import CONFLICTS, NOT_COMPARED, Verdict, reason_missing, round_for_print


class NotAvailableError(Exception):
    """A quantity or a comparison that a finding needs does not exist yet; the message says why."""


class UnknownClaimError(LookupError):
    """A detector asks for a claim, a pattern or a rule that is not registered."""


@dataclass(frozen=True)
class Finding:
    """One thing a careful reader should know.

    Parameters
    ----------
    id : str
        Permanent; never reused.
    title : str
        A short statement.
    claims : tuple of str
        Ids of the claims it rests on.
    explanation : str
        One plain sentence, or a few, with the numbers.
    numbers : mapping
        The computed numbers by name, with units in the names.
    kind : str
        ``agreement``: evidence supports the record. ``conflict``: evidence or the record itself is against it.
        ``remark``: how something was done that the text does not tell. ``not_derived``: what the finding needs is not
        available. ``error``: deriving it broke.
    rank : int
        Place in the order of worth; findings with a low rank are listed first.
    """

    id: str
    title: str
    claims: tuple[str, ...]
    explanation: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    kind: Literal["agreement", "conflict", "remark", "not_derived", "error"] = "conflict"
    rank: int = 100

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "claims": list(self.claims),
            "explanation": self.explanation,
            "numbers": {name: round_for_print(float(value)) for name, value in self.numbers.items()},
        }


class FailedClaims(Set[str]):
    """Ids of the claims that fail a comparison; asking for one that cannot be known raises, it never reads as "no"."""

    def __init__(self, view: View, ids: Iterable[str]) -> None:
        self._view = view
        self._ids = frozenset(ids)

    def __contains__(self, name: object) -> bool:
        self._view.check(str(name))
        if name in self._ids:
            return True
        self._view.check_compared(str(name))
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class View:
    """What a detector may look at: claims, verdicts and measured quantities; nothing else.

    Parameters
    ----------
    claims : Claims
        All registered claims.
    verdicts : iterable of Verdict
        One for each claim and kind of evidence.
    quantities, missing : mapping
        As in :class:`repro.record.judge.Evidence`.
    """

    def __init__(
        self,
        claims: Claims,
        verdicts: Iterable[Verdict],
        quantities: Mapping[EvidenceKind, Mapping[str, Any]],
        missing: Mapping[str, str],
    ) -> None:
        self.claims = claims
        self._verdicts = {(verdict.claim, verdict.evidence): verdict for verdict in verdicts}
        self._quantities = quantities
        self._missing = missing
        by_claim: dict[str, list[Verdict]] = {}
        for verdict in self._verdicts.values():
            by_claim.setdefault(verdict.claim, []).append(verdict)
        self._by_claim = by_claim
        #: Ids of all claims that fail at least one comparison.
        self.failed = FailedClaims(
            self, (name for name, own in by_claim.items() if any(verdict.outcome in CONFLICTS for verdict in own))
        )
        self.claims_read: set[str] = set()

    def check(self, claim: str) -> None:
        """Raise :class:`UnknownClaimError` if a claim is not registered."""
        if claim not in self.claims:
            raise UnknownClaimError(f"claim {claim} is not registered")
        self.claims_read.add(claim)

    def check_compared(self, claim: str) -> None:
        """Raise :class:`NotAvailableError` if no comparison of a claim was made."""
        verdicts = self._by_claim.get(claim, [])
        if verdicts and all(verdict.outcome in NOT_COMPARED for verdict in verdicts):
            raise NotAvailableError(f"{claim} was not compared: {verdicts[0].reason}")

    def value(self, claim: str) -> float:
        """Published value of a claim that is a number."""
        self.check(claim)
        value = self.claims[claim].value
        if isinstance(value, bool | str):
            raise TypeError(f"{claim} is no number")
        return float(value)

    def values(self, pattern: str) -> dict[str, float]:
        """Published values of all claims that match a pattern, by id."""
        return {name: self.value(name) for name in self._matching(pattern)}

    def outcome(self, claim: str, evidence: EvidenceKind = "arithmetic") -> Outcome:
        """Outcome of one comparison."""
        return self._verdict(claim, evidence).outcome

    def measured(self, claim: str, evidence: EvidenceKind = "arithmetic") -> float:
        """Measured number of one comparison."""
        verdict = self._compared(claim, evidence)
        if not isinstance(verdict.measured, int | float):
            raise TypeError(f"{claim} has no single measured number by {evidence}")
        return float(verdict.measured)

    def conflicts(self, claim: str, evidence: EvidenceKind = "arithmetic") -> bool:
        """Whether a comparison failed."""
        return self._compared(claim, evidence).outcome in CONFLICTS

    def quantity(self, evidence: EvidenceKind, name: str) -> float:
        """A measured number by name."""
        return float(self._quantity(evidence, name))

    def word(self, evidence: EvidenceKind, name: str) -> str:
        """A measured word by name."""
        return str(self._quantity(evidence, name))

    def interval(self, evidence: EvidenceKind, name: str) -> tuple[float, float]:
        """A measured interval by name."""
        low, high = self._quantity(evidence, name)
        return float(low), float(high)

    def failing(self, *patterns: str) -> tuple[str, ...]:
        """Ids of the claims that match any of the patterns and fail a comparison, in the order of the files."""
        names = {name for pattern in patterns for name in self._matching(pattern)}
        return tuple(claim.id for claim in self.claims if claim.id in names and claim.id in set(self.failed))

    def _matching(self, pattern: str) -> list[str]:
        names = [claim.id for claim in self.claims.matching(pattern)]
        if not names:
            raise UnknownClaimError(f"no registered claim matches {pattern}")
        self.claims_read.update(names)
        return names

    def _verdict(self, claim: str, evidence: EvidenceKind) -> Verdict:
        self.check(claim)
        if (claim, evidence) not in self._verdicts:
            raise UnknownClaimError(f"claim {claim} has no rule for {evidence}")
        return self._verdicts[claim, evidence]

    def _compared(self, claim: str, evidence: EvidenceKind) -> Verdict:
        verdict = self._verdict(claim, evidence)
        if verdict.outcome in NOT_COMPARED:
            raise NotAvailableError(f"{claim} was not compared by {evidence}: {verdict.reason}")
        return verdict

    def _quantity(self, evidence: EvidenceKind, name: str) -> Any:
        quantities = self._quantities.get(evidence, {})
        if name not in quantities:
            raise NotAvailableError(
                f"{reason_missing(self._missing, evidence, name)} (quantity {name}, evidence: {evidence})"
            )
        return quantities[name]


Detector = Callable[[View], Finding | None]
