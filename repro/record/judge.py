"""Visit every registered claim once for each evidence it declares, and gather the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from repro.record.claims import Claim, Claims, EvidenceKind, Outcome
from repro.record.comparator import Measured, Verdict, compare, reason_missing
from repro.record.findings.derive import DETECTORS, find
from repro.record.findings.finding import Detector, Finding
from repro.record.formula import FormulaError, evaluate
from repro.record.protocol import protocol_quantities

Quantities = Mapping[str, Any]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Evidence:
    """What the stages measured, by kind of evidence, and on how many nights.

    Parameters
    ----------
    quantities : mapping
        For each kind of evidence that has run: its quantities by name.
    missing : mapping
        Why there is no value, and what to do: by kind of evidence, by ``evidence:quantity``, or by ``evidence:subject``
        for all quantities whose name begins with ``subject.``.
    nights, expected_nights : int
        Nights of the corpus that are evidence, and nights that the record covers.
    """

    quantities: Mapping[EvidenceKind, Quantities]
    missing: Mapping[str, str]
    nights: int = 0
    expected_nights: int = 0


@dataclass(frozen=True)
class Verification:
    """Verdicts on all claims, and the findings derived from them."""

    claims: Claims
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]

    @property
    def summary(self) -> dict[str, int]:
        """Verdicts by outcome; every outcome is listed, also when it never occurred."""
        counts = Counter(verdict.outcome for verdict in self.verdicts)
        return {outcome: counts[outcome] for outcome in OUTCOMES}

    @property
    def exit_code(self) -> int:
        """0: every verdict as declared; 1: some verdict drifted; 2: something could not be compared or derived."""
        if any(verdict.uncompared for verdict in self.verdicts) or any(
            finding.kind == "error" for finding in self.findings
        ):
            return 2
        return 1 if any(verdict.drifted for verdict in self.verdicts) else 0

    def only(self, prefix: str) -> Verification:
        """The same verification restricted to claims whose id begins with ``prefix``."""
        chosen = Claims([claim for claim in self.claims if claim.id.startswith(prefix)])
        return Verification(
            chosen,
            tuple(verdict for verdict in self.verdicts if verdict.claim in chosen),
            tuple(finding for finding in self.findings if any(name in chosen for name in finding.claims)),
        )

    def by_claim(self) -> Iterator[tuple[Claim, list[Verdict]]]:
        """Each claim with its verdicts, in the order of the claim files."""
        mine: dict[str, list[Verdict]] = {claim.id: [] for claim in self.claims}
        for verdict in self.verdicts:
            mine[verdict.claim].append(verdict)
        for claim in self.claims:
            yield claim, mine[claim.id]

    def as_dict(self) -> dict[str, Any]:
        """The document that ``repro verify --format json`` prints."""
        return {
            "claims": [
                {
                    "id": claim.id,
                    "published": claim.value,
                    "printed": claim.shown(),
                    "unit": claim.unit,
                    "kind": claim.kind,
                    "source": claim.source.model_dump(),
                    "note": claim.note,
                    "verdicts": [verdict.as_dict() for verdict in verdicts],
                }
                for claim, verdicts in self.by_claim()
            ],
            "findings": [finding.as_dict() for finding in self.findings],
            "summary": self.summary,
        }


def measure(claim: Claim, evidence: EvidenceKind, claims: Claims, results: Evidence) -> Measured:
    """What one kind of evidence says about one claim; the reason if it says nothing."""
    rule = claim.evidence[evidence]
    if rule.formula is not None:
        try:
            return Measured(evaluate(rule.formula, claims))
        except FormulaError as error:
            return Measured(None, failed=str(error))
    if rule.measure is None:
        return Measured(None)
    name = rule.measure
    quantities = results.quantities.get(evidence)
    if quantities is not None and name in quantities:
        value = quantities[name]
        return Measured(tuple(value) if isinstance(value, list) else value)  # JSON has lists for intervals
    return Measured(None, missing=reason_missing(results.missing, evidence, name))


def verify(claims: Claims, results: Evidence, detectors: Sequence[Detector] = DETECTORS) -> Verification:
    """Judge every claim by every evidence it declares.

    Parameters
    ----------
    claims : Claims
        All registered claims; bounds of the protocol are derived from them.
    results : Evidence
        What the stages measured.
    detectors : sequence of callable
        What derives the findings; for a record of other claims than the thesis', its own.
    """
    protocol = protocol_quantities(claims, results.quantities.get("ephemeris", {}))
    no_bound = "a count that the bound rests on is not registered, or does not fit on the dates that the sky offers"
    results = Evidence({**results.quantities, "protocol": protocol}, {"protocol": no_bound, **results.missing})
    verdicts = tuple(
        compare(claim, evidence, measure(claim, evidence, claims, results))
        for claim in claims
        for evidence in claim.evidence
    )
    return Verification(claims, verdicts, find(claims, verdicts, results.quantities, results.missing, detectors))
