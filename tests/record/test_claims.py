"""Every claim by every evidence it declares, one test each."""

from __future__ import annotations

from functools import cache

import pytest

from repro.paths import Paths
from repro.record.claims import Claims, EvidenceKind, load_claims
from repro.record.comparator import Verdict
from repro.record.judge import Evidence, Verification, verify
from repro.verification import measured_now
from tests.conftest import ROOT

CLAIMS = load_claims(Paths(ROOT).published)
PAIRS = [(claim.id, evidence) for claim in CLAIMS for evidence in claim.evidence]
DECLARED_FAILURES = ("contradicted", "source_conflict")


@cache
def results() -> Evidence:
    """What the sky and the networks say; measured once a session."""
    return measured_now(Paths(ROOT), CLAIMS)


@cache
def verification() -> Verification:
    """Verdicts on the record as it stands."""
    return verify(CLAIMS, results())


@cache
def verdicts() -> dict[tuple[str, EvidenceKind], Verdict]:
    """Verdicts by claim and evidence."""
    return {(verdict.claim, verdict.evidence): verdict for verdict in verification().verdicts}


def _parameters() -> list[object]:
    parameters = []
    for name, evidence in PAIRS:
        rule = CLAIMS[name].evidence[evidence]
        # A conflict the record is known to have is expected to fail, strictly: if it vanished, that must be noticed.
        marks = [pytest.mark.xfail(reason=rule.reason, strict=True)] if rule.expect in DECLARED_FAILURES else []
        parameters.append(pytest.param(name, evidence, id=f"{name}-{evidence}", marks=marks))
    return parameters


@pytest.mark.parametrize(("name", "evidence"), _parameters())
def test_claim(name: str, evidence: EvidenceKind) -> None:
    """A published number agrees with one kind of evidence."""
    verdict = verdicts()[name, evidence]
    if verdict.outcome == "not_run":
        assert verdict.awaits_corpus or verdict.expected == "not_run", verdict.reason
        pytest.skip(verdict.reason)
    assert verdict.outcome in ("confirmed", "consistent"), (
        f"{CLAIMS[name].shown()} published, {verdict.measured} measured, {verdict.tolerance}: {verdict.reason}"
    )
    assert not verdict.drifted, f"{verdict.outcome}, declared {verdict.expected}"


def test_every_pair_is_visited_exactly_once() -> None:
    """Each claim has one verdict for each evidence it declares, no more and no fewer."""
    visited = [(verdict.claim, verdict.evidence) for verdict in verification().verdicts]
    assert sorted(visited) == sorted(PAIRS)


def test_no_verdict_drifts_and_nothing_fails_to_compare() -> None:
    """The record is judged as expected/published declares; the command would exit with 0."""
    strange = [verdict for verdict in verification().verdicts if verdict.drifted or verdict.uncompared]
    assert not strange
    assert verification().exit_code == 0


def test_at_least_120_claims_are_decided_without_videos() -> None:
    """At least 200 claims are registered, at least 120 of them are decided, and none is an error."""
    decided = {verdict.claim for verdict in verification().verdicts if verdict.compared}
    assert len(CLAIMS) >= 200
    assert len(decided) >= 120
    assert verification().summary["error"] == 0


COUNTS = [
    claim.id
    for pattern in ("T2.*", "T3.*.*", "T6.*.*.YES", "T6.*.*.NO")
    for claim in CLAIMS.matching(pattern)
    if claim.kind == "count"
]


def test_mutation_covers_every_count() -> None:
    """Tables 2, 3 and 6 print 3, 9 and 18 counts."""
    assert len(COUNTS) == 30


@pytest.mark.parametrize("step", [-1, 1])
@pytest.mark.parametrize("name", COUNTS)
def test_a_count_changed_by_one_is_noticed(name: str, step: int) -> None:
    """A published count that is off by one makes at least one verdict differ from what is declared."""
    claim = CLAIMS[name]
    assert isinstance(claim.value, int)
    changed: Claims = CLAIMS.replacing(claim.model_copy(update={"value": claim.value + step}))
    drifted = [verdict for verdict in verify(changed, results()).verdicts if verdict.drifted]
    assert drifted, f"{name} changed by {step} was not noticed"
