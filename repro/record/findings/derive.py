"""Run every detector of findings over the verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from repro.record.claims import Claims, Evidence
from repro.record.comparator import Verdict
from repro.record.findings import classification as results
from repro.record.findings import closure, network, pictures, sky, split, text
from repro.record.findings.finding import Finding, View


def find(
    claims: Claims, verdicts: Sequence[Verdict], quantities: Mapping[Evidence, Mapping[str, Any]]
) -> tuple[Finding, ...]:
    """Run every detector.

    A detector gives nothing when what it looks for is not so, or when what it needs was not measured.
    """
    view = View(claims, verdicts, quantities)
    found: list[Finding] = []
    for module in (closure, sky, split, network, results, pictures, text):
        for detector in module.DETECTORS:
            try:
                finding = detector(view)
            except (LookupError, ArithmeticError, TypeError, ValueError):
                # A claim that is not registered or no number, a quantity that was not measured: nothing can be said.
                continue
            if finding is not None:
                found.append(finding)
    return tuple(found)
