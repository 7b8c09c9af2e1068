"""The counts and sentences at the head of the report."""

from __future__ import annotations

from repro.record.judge import OUTCOMES
from repro.reporting.summary import summarise
from repro.reporting.verdicts import load_results
from tests.reporting.conftest import WAITS, judge


def test_counts(small):
    """Claims and comparisons by outcome are those of the verdicts; evidence has a sentence, a headline what decides it."""
    summary = summarise(load_results(small))
    assert (summary.claims, summary.decided) == (30, 13)
    counts = {"confirmed": 1, "consistent": 10, "source_conflict": 1, "repeated": 1, "not_run": 26}
    assert summary.outcomes == {**dict.fromkeys(OUTCOMES, 0), **counts}
    assert (summary.made, summary.agreeing) == (12, 11)
    assert sum(line.total for line in summary.lines) == 39
    sentences = {line.evidence: line.sentence for line in summary.lines}
    assert "Of 2 comparisons made: 1 source conflict, 1 repeated." in sentences["arithmetic"]
    assert "Not one of its 25 comparisons could be made yet." in sentences["corpus"]
    assert "No claim declares this evidence." in sentences["protocol"]
    (headline,) = summary.headlines
    assert (headline.number, headline.sentence) == (1, "Two is two.")
    assert [claim.id for claim in headline.claims] == ["TXT.TWO"]
    assert [verdict.claim for verdict in headline.strongest] == ["TXT.TWO"]


def test_what_was_not_compared_is_never_counted_as_agreement(small):
    """Comparisons without a value are listed with their reason and agree with nothing."""
    before = summarise(load_results(small))
    judge(small, {"night.no_moon": None})
    after = summarise(load_results(small))
    assert after.agreeing == before.agreeing - 1
    assert dict(after.waiting) == {WAITS: 26, "counted layer by layer": 1}
    assert [claim.id for claim, _ in after.drifted] == ["T3.NIGHT.NO_MOON"]


def test_a_claim_is_marked_by_its_gravest_verdict(small):
    """A claim that one evidence contradicts is marked so, whatever other evidence says or lacks."""
    assert load_results(small).judged["T3.NIGHT.NO_MOON"].outcome == "consistent"
    judge(small, {"night.no_moon": 1.0})
    assert load_results(small).judged["T3.NIGHT.NO_MOON"].outcome == "contradicted"
    assert load_results(small).judged["TXT.WORD"].outcome == "not_run"
