"""Detectors of findings: what is missing or wrong is listed with its reason, and never reads as "nothing found"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from repro.record.claims import Claims
from repro.record.findings.derive import derive_findings
from repro.record.findings.finding import Detector, Finding, NotAvailableError, View
from repro.record.judge import Evidence, verify
from tests.record.test_claims import CLAIMS, verification

VERDICTS = verify(
    Claims([CLAIMS["TXT.FRAMES"], CLAIMS["TXT.NIGHTS"]]), Evidence({}, {"ephemeris": "the sky fell"}), detectors=()
)


def derived(detector: Detector) -> Finding:
    """What one detector gives on two claims without any measured quantity."""
    missing = {"ephemeris": "the sky fell"}
    (finding,) = derive_findings(VERDICTS.claims, VERDICTS.verdicts, {}, missing, [detector])
    return finding


def needs_quantity(view: View) -> Finding:
    """Whether the sky has minutes."""
    return Finding("FND.X", "x", ("TXT.FRAMES",), f"{view.value('TXT.FRAMES')} {view.quantity('ephemeris', 'minutes')}")


def test_finding_that_cannot_be_derived_is_listed_with_its_reason() -> None:
    """A quantity that was not measured gives an entry with the question, the claims read so far and the reason."""
    finding = derived(needs_quantity)
    assert (finding.kind, finding.id) == ("not_derived", "NOT_DERIVED.NEEDS_QUANTITY")
    assert finding.title == "Not examined: whether the sky has minutes"
    assert finding.claims == ("TXT.FRAMES",)
    assert "the sky fell" in finding.explanation


@pytest.mark.parametrize(
    "look",
    [
        lambda view: view.value("TXT.FRAMEZ"),
        lambda view: view.values("TXT.FRAMEZ.*"),
        lambda view: view.fails("TXT.FRAMEZ"),
        lambda view: view.failing("TXT.FRAMEZ"),
        lambda view: view.conflicts("TXT.FRAMEZ"),
        lambda view: view.conflicts("TXT.FRAMES", "figure"),
        lambda _: 1 / 0,
        lambda view: view.value("TXT.FRAMES").real_part,
    ],
)
def test_detector_that_is_wrong_is_an_error(look: Callable[[View], object]) -> None:
    """A misspelt claim, a rule that a claim does not have, and any other fault is listed as an error, never swallowed."""

    def detector(view: View) -> Finding | None:
        look(view)
        return None

    finding = derived(detector)
    assert finding.kind == "error"
    assert replace(VERDICTS, findings=(finding,)).exit_code == 2


def test_what_was_not_compared_does_not_read_as_no_conflict() -> None:
    """Asked for the outcome of a comparison that was not made, a detector stops instead of reading "no conflict"."""
    claims = Claims(
        [CLAIMS["TXT.FRAMES"].model_copy(update={"evidence": {"corpus": CLAIMS["TXT.FRAMES"].evidence["corpus"]}})]
    )
    verdicts = verify(claims, Evidence({}, {"corpus": "no videos"}), detectors=()).verdicts
    view = View(claims, verdicts, {}, {})
    with pytest.raises(NotAvailableError, match="no videos"):
        view.conflicts("TXT.FRAMES", "corpus")
    with pytest.raises(NotAvailableError, match="no videos"):
        view.fails("TXT.FRAMES")


def test_every_detector_finds_its_claims_and_quantities() -> None:
    """No detector names a claim that is not registered, and nothing that needs no images waits for anything."""
    assert [
        finding.explanation
        for finding in verification().findings
        if finding.kind == "error" or (finding.kind == "not_derived" and "corpus" not in finding.explanation)
    ] == []


def test_findings_are_listed_by_rank_and_what_is_missing_comes_last() -> None:
    """A low rank comes first; what could not be derived stands at the end."""
    detectors: list[Detector] = [
        needs_quantity,
        lambda _: Finding("FND.LATE", "late", ("TXT.FRAMES",), "", rank=9),
        lambda _: Finding("FND.EARLY", "early", ("TXT.FRAMES",), "", rank=1),
    ]
    listed = derive_findings(VERDICTS.claims, VERDICTS.verdicts, {}, {}, detectors)
    assert [finding.id for finding in listed] == ["FND.EARLY", "FND.LATE", "NOT_DERIVED.NEEDS_QUANTITY"]
