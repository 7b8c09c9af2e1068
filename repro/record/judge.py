"""Visit every registered claim once for each evidence it declares, and gather the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, get_args

from repro.record.claims import Claim, Claims, EvidenceKind, Outcome, Rule
from repro.record.comparator import CONFLICTS, Measured, Verdict, compare, reason_missing
from repro.record.findings.derive import DETECTORS, derive_findings
from repro.record.findings.finding import Detector, Finding
from repro.record.formula import FormulaError, evaluate
from repro.record.protocol import protocol_quantities
from repro.record.strength import GRADES, equation, grade
from repro.untrusted import short_repr

Quantities = Mapping[str, Any]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Evidence:
    """What the stages measured, by kind of evidence, and on how many nights."""

    quantities: Mapping[EvidenceKind, Quantities]  # by name, for each kind of evidence that has run
    #: Why there is no value, and what to do: by kind of evidence, by ``evidence:quantity``, or by ``evidence:subject``
    #: for all quantities whose name begins with ``subject.``.
    missing: Mapping[str, str]
    nights: int = 0  # of the record that are evidence
    expected_nights: int = 0  # of the record
    #: Why rules of corpus evidence cannot be judged yet, by their ``coverage``; empty when all nights are here.
    waiting: Mapping[str, str] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        """Whether some nights of the record are here, but not all."""
        return 0 < self.nights < self.expected_nights


class Headline(NamedTuple):
    """One of the record's headlines: its sentence, its claims, and the comparisons that decide it, strongest first."""

    number: int
    sentence: str
    claims: list[Claim]
    strongest: list[Verdict]


@dataclass(frozen=True)
class Verification:
    """Verdicts on all claims, one for each kind of evidence that a claim declares, and the findings, in order of worth.

    ``nights`` of the ``expected_nights`` that the record covers are here as evidence.
    """

    claims: Claims
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    nights: int = 0
    expected_nights: int = 0

    @property
    def summary(self) -> dict[str, int]:
        """Verdicts by outcome; every outcome is listed, also when it never occurred."""
        counts = Counter(verdict.outcome for verdict in self.verdicts)
        return {outcome: counts[outcome] for outcome in OUTCOMES}

    @property
    def by_grade(self) -> dict[str, dict[str, int]]:
        """Comparisons by grade and outcome; an equation counts once, whichever of its claims it is seen from."""
        different = {
            (verdict.grade, verdict.outcome, verdict.evidence, verdict.equation or verdict.claim)
            for verdict in self.verdicts
        }
        counts = Counter((grade, outcome) for grade, outcome, _, _ in different)
        return {grade: {outcome: counts[grade, outcome] for outcome in OUTCOMES} for grade in GRADES}

    @property
    def drifted(self) -> tuple[Verdict, ...]:
        """Verdicts that came out otherwise than declared, or could not be made though declared."""
        return tuple(verdict for verdict in self.verdicts if verdict.drifted or verdict.uncompared)

    @property
    def exit_code(self) -> int:
        """0: every verdict as declared; 1: some verdict drifted; 2: something could not be compared or derived."""
        if any(verdict.uncompared for verdict in self.verdicts) or any(
            finding.kind == "error" for finding in self.findings
        ):
            return 2
        return 1 if any(verdict.drifted for verdict in self.verdicts) else 0

    def headlines(self) -> Iterator[Headline]:
        """All headlines of the record, by position."""
        for position in sorted({claim.headline for claim in self.claims if claim.headline is not None}):
            claims = [claim for claim in self.claims if claim.headline == position]
            sentence = next(claim.sentence for claim in claims if claim.sentence)
            yield Headline(position, sentence, claims, self.strongest([claim.id for claim in claims]))

    def strongest(self, ids: Collection[str]) -> list[Verdict]:
        """What decides some claims: the strongest comparison of each outcome, conflicts first, then by grade.

        A repetition is listed only where nothing else was compared, and what could not be compared only where nothing was.
        """
        verdicts = [verdict for verdict in self.verdicts if verdict.claim in ids]
        compared = [verdict for verdict in verdicts if verdict.compared] or verdicts
        pool = [verdict for verdict in compared if verdict.outcome != "repeated"] or compared
        weakest_first = [None, *GRADES]
        pool.sort(key=lambda verdict: (verdict.outcome not in CONFLICTS, -weakest_first.index(verdict.grade)))
        # The first of each outcome stays, in this order.
        return list({verdict.outcome: verdict for verdict in reversed(pool)}.values())[::-1]

    def only(self, chosen: Claims) -> Verification:
        """The same verification restricted to some claims."""
        verdicts = tuple(verdict for verdict in self.verdicts if verdict.claim in chosen)
        findings = tuple(finding for finding in self.findings if any(name in chosen for name in finding.claims))
        return replace(self, claims=chosen, verdicts=verdicts, findings=findings)

    def by_claim(self) -> Iterator[tuple[Claim, list[Verdict]]]:
        """Each claim with its verdicts, in the order of the claim files."""
        by_id: dict[str, list[Verdict]] = {claim.id: [] for claim in self.claims}
        for verdict in self.verdicts:
            by_id[verdict.claim].append(verdict)
        return ((claim, by_id[claim.id]) for claim in self.claims)

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
                    "headline": claim.headline,
                    "sentence": claim.sentence,
                    "source": claim.source.model_dump(),
                    "note": claim.note,
                    "verdicts": [verdict.as_dict() for verdict in verdicts],
                }
                for claim, verdicts in self.by_claim()
            ],
            "findings": [finding.as_dict() for finding in self.findings],
            "summary": self.summary,
            "by_grade": self.by_grade,
            "coverage": {"nights": self.nights, "expected": self.expected_nights},
        }


def measure(claim: Claim, kind: EvidenceKind, claims: Claims, evidence: Evidence) -> Measured:
    """What one kind of evidence says about one claim; the reason if it says nothing."""
    rule = claim.evidence[kind]
    if rule.formula is not None:
        try:
            return Measured(evaluate(rule.formula, claims))
        except FormulaError as error:
            return Measured(None, failed=str(error))
    if rule.measure is None:
        return Measured(None)
    quantities = evidence.quantities.get(kind)
    if kind == "corpus" and quantities is not None and rule.coverage in evidence.waiting:
        return Measured(None, missing=evidence.waiting[rule.coverage])
    name = f"interval.{rule.measure}" if _by_interval(rule, kind, evidence) else rule.measure
    if quantities is not None and name in quantities:
        value = quantities[name]
        sd_name = rule.sd or f"sd.{name}"
        sd = quantities.get(sd_name)
        if sd is None and (rule.sd or rule.rule == "scatter"):
            return Measured(None, missing=f"no stage measures {sd_name}, the standard deviation of {name}")
        if sd is not None and not (isinstance(sd, int | float) and not isinstance(sd, bool) and sd >= 0):
            return Measured(None, failed=f"{sd_name} is no standard deviation: {short_repr(sd)}")
        # JSON has lists for intervals.
        return Measured(tuple(value) if isinstance(value, list) else value, sd=sd)
    # What cannot be compared by declaration says why itself.
    missing = rule.reason if rule.expect == "not_run" else reason_missing(evidence.missing, kind, name)
    return Measured(None, missing=missing)


def with_protocol_bounds(claims: Claims, evidence: Evidence) -> Evidence:
    """Evidence with the bounds of the published procedure, which follow from the claims and the sky."""
    bounds, missing = protocol_quantities(claims, evidence.quantities.get("ephemeris", {}))
    quantities = {**evidence.quantities, "protocol": bounds}
    return replace(evidence, quantities=quantities, missing={**missing, **evidence.missing})


def verify(claims: Claims, evidence: Evidence, detectors: Sequence[Detector] = DETECTORS) -> Verification:
    """Judge every claim by every evidence it declares, and derive findings with the detectors of the record."""
    evidence = with_protocol_bounds(claims, evidence)
    verdicts = tuple(judge(claim, kind, claims, evidence) for claim in claims for kind in claim.evidence)
    findings = derive_findings(claims, verdicts, evidence.quantities, evidence.missing, detectors)
    return Verification(claims, verdicts, findings, evidence.nights, evidence.expected_nights)


def _by_interval(rule: Rule, kind: EvidenceKind, evidence: Evidence) -> bool:
    """Whether a claim about all nights is judged by an interval over a part of them."""
    return kind == "corpus" and rule.compares and rule.coverage == "unselected" and evidence.partial


def judge(claim: Claim, kind: EvidenceKind, claims: Claims, evidence: Evidence) -> Verdict:
    """Verdict on one claim by one kind of evidence, with its grade and its equation."""
    rule = claim.evidence[kind]
    if _by_interval(rule, kind, evidence):
        reason = (
            f"{evidence.nights} of {evidence.expected_nights} nights, drawn at random; the interval resamples nights"
        )
        rule = rule.model_copy(update={"rule": "interval", "reason": f"{reason}; {rule.reason}"})
        claim = claim.model_copy(update={"evidence": {**claim.evidence, kind: rule}})
    verdict = compare(claim, kind, measure(claim, kind, claims, evidence), grade(claims, claim, kind))
    cannot_confirm = kind == "corpus" and rule.coverage == "refuting" and evidence.partial
    if cannot_confirm and verdict.compared and verdict.outcome not in CONFLICTS:
        # The nights that are missing could still contradict.
        reason = f"{evidence.nights} of {evidence.expected_nights} nights agree, but only all of them can confirm it"
        return replace(verdict, outcome="not_run", reason=reason, catches=None)
    return replace(verdict, equation=equation(claims, claim)) if kind == "arithmetic" else verdict
