"""What a finding is, and how a detector finds one.

A detector is a function from a :class:`View` to a :class:`Finding`, or to None where what it looks for is not so. It
stands in the ``DETECTORS`` of its module. The first line of its docstring is the question that it answers, "Whether ...";
it is shown where the finding could not be derived. Each number is set once, as an attribute of :class:`Numbers` with its
unit in the name, and both the sentences and the JSON document take it from there.

A detector reads claims, verdicts and quantities only through the view, and catches no exception:

- A quantity that was not measured, or a comparison that was not made, raises :class:`NotAvailableError`. The finding is then
  listed as "could not be derived", with the reason.
- A claim or a pattern that is not registered, a rule that a claim does not have, and everything else that goes wrong is
  an error: it is listed with kind ``error``, ``repro verify`` exits with 2, and a test fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Literal

from repro.record.claims import Claims, EvidenceKind
from repro.record.comparator import CONFLICTS, NOT_COMPARED, Verdict, reason_missing, round_for_print

Kind = Literal["agreement", "conflict", "remark", "not_derived", "error"]
#: Times of night and lunar conditions: their names in ids of claims, and as the tables print them.
SUNS = {"NIGHT": "Night", "ASTRO": "Astro", "NAUTICAL": "Nautical"}
MOONS = {"NO_MOON": "No_moon", "MOON_QUARTER": "Moon_Quarter", "MOON_FULL": "Moon_Full"}
#: The nine conditions, in the order of the claims.
CONDITIONS = [(sun, moon) for sun in SUNS for moon in MOONS]


def agreement(holds: bool) -> Kind:
    """Kind of a finding about a comparison, by whether it holds."""
    return "agreement" if holds else "conflict"


def condition_words(sun: str, moon: str) -> str:
    """A condition as the tables print it, such as Night & No_moon."""
    return f"{SUNS[sun]} & {MOONS[moon]}"


class NotAvailableError(Exception):
    """A quantity or a comparison that a finding needs does not exist yet; the message says why."""


class UnknownClaimError(LookupError):
    """A detector asks for a claim, a pattern or a rule that is not registered."""


class Numbers(SimpleNamespace):
    """The computed numbers of a finding, in the order in which they are set."""


@dataclass(frozen=True)
class Finding:
    """One thing a careful reader should know.

    Kinds: ``agreement``: evidence supports the record. ``conflict``: evidence or the record itself is against it.
    ``remark``: how something was done that the text does not tell. ``not_derived``: what the finding needs is not available.
    ``error``: deriving it broke.
    """

    id: str  # permanent; never reused
    title: str  # a short statement
    claims: tuple[str, ...]  # ids of the claims it rests on
    explanation: str  # one plain sentence, or a few, with the numbers
    numbers: Mapping[str, float] = field(default_factory=dict)  # by name, with units in the names
    kind: Kind = "conflict"
    rank: int = 100  # in the order of worth; findings with a low rank are listed first

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
    """What a detector may look at: claims, verdicts and measured quantities; nothing else.

    ``verdicts`` has one for each claim and kind of evidence; ``quantities`` and ``missing`` are as in
    :class:`repro.record.judge.Evidence`.
    """

    def __init__(
        self,
        claims: Claims,
        verdicts: Iterable[Verdict],
        quantities: Mapping[EvidenceKind, Mapping[str, Any]],
        missing: Mapping[str, str],
    ) -> None:
        self.claims, self._quantities, self._missing = claims, quantities, missing
        self._verdicts: dict[str, dict[str, Verdict]] = {}
        for verdict in verdicts:
            self._verdicts.setdefault(verdict.claim, {})[verdict.evidence] = verdict
        self.claims_read: set[str] = set()

    def check(self, claim: str) -> None:
        """Raise :class:`UnknownClaimError` if a claim is not registered."""
        if claim not in self.claims:
            raise UnknownClaimError(f"claim {claim} is not registered")
        self.claims_read.add(claim)

    def value(self, claim: str) -> float:
        """Published value of a claim that is a number."""
        self.check(claim)
        return self.claims[claim].number

    def values(self, pattern: str) -> dict[str, float]:
        """Published values of all claims that match a pattern, by id."""
        return {name: self.value(name) for name in self._matching(pattern)}

    def measured(self, claim: str, evidence: EvidenceKind = "arithmetic") -> float:
        """Measured number of one comparison."""
        verdict = self._compared(claim, evidence)
        if not isinstance(verdict.measured, int | float):
            raise TypeError(f"{claim} has no single measured number by {evidence}")
        return float(verdict.measured)

    def conflicts(self, claim: str, evidence: EvidenceKind = "arithmetic") -> bool:
        """Whether a comparison failed."""
        return self._compared(claim, evidence).outcome in CONFLICTS

    def fails(self, claim: str) -> bool:
        """Whether a claim fails any comparison; "no" needs at least one that was made."""
        self.check(claim)
        verdicts = list(self._verdicts.get(claim, {}).values())
        if verdicts and all(verdict.outcome in NOT_COMPARED for verdict in verdicts):
            raise NotAvailableError(f"{claim} was not compared: {verdicts[0].reason}")
        return any(verdict.outcome in CONFLICTS for verdict in verdicts)

    def failing(self, *patterns: str) -> tuple[str, ...]:
        """Ids of the claims that match any of the patterns and fail a comparison, in the order of the files."""
        names = {name for pattern in patterns for name in self._matching(pattern)}
        return tuple(
            name
            for name in (claim.id for claim in self.claims if claim.id in names)
            if any(verdict.outcome in CONFLICTS for verdict in self._verdicts.get(name, {}).values())
        )

    def quantity(self, evidence: EvidenceKind, name: str) -> float:
        """A measured number by name."""
        return float(self._quantity(evidence, name))

    def quantities(self, evidence: EvidenceKind, subject: str, *names: str) -> list[float]:
        """Measured numbers ``subject.name``."""
        return [self.quantity(evidence, f"{subject}.{name}") for name in names]

    def word(self, evidence: EvidenceKind, name: str) -> str:
        """A measured word by name."""
        return str(self._quantity(evidence, name))

    def interval(self, evidence: EvidenceKind, name: str) -> tuple[float, float]:
        """A measured interval by name."""
        low, high = self._quantity(evidence, name)
        return float(low), float(high)

    def _matching(self, pattern: str) -> list[str]:
        names = [claim.id for claim in self.claims.matching(pattern)]
        if not names:
            raise UnknownClaimError(f"no registered claim matches {pattern}")
        self.claims_read.update(names)
        return names

    def _compared(self, claim: str, evidence: EvidenceKind) -> Verdict:
        self.check(claim)
        verdict = self._verdicts.get(claim, {}).get(evidence)
        if verdict is None:
            raise UnknownClaimError(f"claim {claim} has no rule for {evidence}")
        if verdict.outcome in NOT_COMPARED:
            raise NotAvailableError(f"{claim} was not compared by {evidence}: {verdict.reason}")
        return verdict

    def _quantity(self, evidence: EvidenceKind, name: str) -> Any:
        quantities = self._quantities.get(evidence, {})
        if name not in quantities:
            reason = reason_missing(self._missing, evidence, name)
            raise NotAvailableError(f"{reason} (quantity {name}, evidence: {evidence})")
        return quantities[name]


Detector = Callable[[View], Finding | None]
