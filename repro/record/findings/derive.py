"""Run every detector of findings over the verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from repro.record.claims import Claims, EvidenceKind
from repro.record.comparator import Verdict
from repro.record.findings import classification, kopri, network, occurrence, pictures, sky, split, text
from repro.record.findings.finding import Detector, Finding, Kind, NotAvailableError, View

DETECTORS: tuple[Detector, ...] = tuple(
    detector
    for module in (sky, split, network, classification, occurrence, pictures, text, kopri)
    for detector in module.DETECTORS
)


def derive_findings(
    claims: Claims,
    verdicts: Sequence[Verdict],
    quantities: Mapping[EvidenceKind, Mapping[str, Any]],
    missing: Mapping[str, str],
    detectors: Sequence[Detector] = DETECTORS,
) -> tuple[Finding, ...]:
    """What the detectors find, in order of rank.

    What could not be derived comes last, with its reason: kind ``not_derived`` where something that it needs is not
    available, kind ``error`` where anything else went wrong.
    """
    findings: list[Finding] = []
    for detector in detectors:
        view = View(claims, verdicts, quantities, missing)
        try:
            finding = detector(view)
        except NotAvailableError as error:
            finding = _failure(detector, view, "not_derived", f"Missing: {error}.")
        except Exception as error:  # whatever a detector does wrong is reported, and the others still run
            name = type(error).__name__
            finding = _failure(detector, view, "error", f"Deriving it failed with {name}: {error}.")
        if finding is not None:
            findings.append(finding)
    return tuple(sorted(findings, key=lambda finding: (finding.kind in ("not_derived", "error"), finding.rank)))


def _failure(detector: Detector, view: View, kind: Kind, explanation: str) -> Finding:
    name = getattr(detector, "__name__", "detector")
    question = (detector.__doc__ or name).strip().splitlines()[0].rstrip(".")
    title = f"Not examined: {question[0].lower()}{question[1:]}"
    claims = tuple(claim.id for claim in view.claims if claim.id in view.claims_read)
    return Finding(f"NOT_DERIVED.{name.upper()}", title, claims, explanation, kind=kind)
