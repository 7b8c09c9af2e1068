"""What a finding is, and what a detector may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from repro.record.claims import Claims, EvidenceKind, Outcome
from repro.record.comparator import Verdict, round_for_print


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
        ``remark``: how something was done that the text does not tell.
    """

    id: str
    title: str
    claims: tuple[str, ...]
    explanation: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    kind: Literal["agreement", "conflict", "remark"] = "conflict"

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


class View:
    """What a detector may look at: claims, verdicts and measured quantities; nothing else."""

    def __init__(
        self,
        claims: Claims,
        verdicts: Iterable[Verdict],
        quantities: Mapping[EvidenceKind, Mapping[str, Any]],
    ) -> None:
        self.claims = claims
        self._verdicts = {(verdict.claim, verdict.evidence): verdict for verdict in verdicts}
        self._quantities = quantities

    def value(self, claim: str) -> float:
        """Published value of a claim that is a number."""
        value = self.claims[claim].value
        if isinstance(value, bool | str):
            raise TypeError(f"{claim} is no number")
        return float(value)

    def values(self, pattern: str) -> dict[str, float]:
        """Published values of all claims that match a pattern, by id; ``LookupError`` if there is none."""
        found = {claim.id: self.value(claim.id) for claim in self.claims.matching(pattern)}
        if not found:
            raise KeyError(pattern)
        return found

    def outcome(self, claim: str, evidence: EvidenceKind = "arithmetic") -> Outcome:
        """Outcome of one comparison."""
        return self._verdicts[claim, evidence].outcome

    def measured(self, claim: str, evidence: EvidenceKind = "arithmetic") -> float:
        """Measured number of one comparison."""
        value = self._verdicts[claim, evidence].measured
        if not isinstance(value, int | float):
            raise TypeError(f"{claim} has no single measured number by {evidence}")
        return float(value)

    def conflicts(self, claim: str, evidence: EvidenceKind = "arithmetic") -> bool:
        """Whether a comparison was made and failed."""
        return self.outcome(claim, evidence) in ("source_conflict", "contradicted")

    def quantity(self, evidence: EvidenceKind, name: str) -> float:
        """A measured number by name; ``LookupError`` if it was not measured."""
        return float(self._quantities[evidence][name])

    def failing(self, *patterns: str) -> tuple[str, ...]:
        """Ids of the claims that match any of the patterns and fail a comparison, in the order of the files."""
        names = {claim.id for pattern in patterns for claim in self.claims.matching(pattern)}
        return tuple(claim.id for claim in self.claims if claim.id in names and claim.id in self.failed)

    @property
    def failed(self) -> frozenset[str]:
        """Ids of all claims that fail at least one comparison."""
        return frozenset(
            name
            for (name, _), verdict in self._verdicts.items()
            if verdict.outcome in ("source_conflict", "contradicted")
        )

    def interval(self, evidence: EvidenceKind, name: str) -> tuple[float, float]:
        """A measured interval by name."""
        low, high = self._quantities[evidence][name]
        return float(low), float(high)


Detector = Callable[[View], Finding | None]
