"""The counts and sentences at the head of the report, the record by its parts, and its tables beside the prediction."""

from repro.reporting.sky_tables import sky_tables, table4
from repro.reporting.summary import CITED, COMPANIONS, by_part, part_of, summarise
from repro.reporting.verdicts import load_results
from tests.reporting.conftest import WAITS, judge


def test_counts(small):
    """Claims and comparisons by outcome are those of the verdicts; evidence has a sentence, a headline what decides it."""
    summary = summarise(load_results(small))
    assert (summary.claims, summary.decided) == (30, 13)
    assert summary.outcomes == {"confirmed": 1, "consistent": 10, "source_conflict": 1, "repeated": 1, "not_run": 26}
    assert (summary.outcomes.agreeing, summary.outcomes.against) == (11, 1)
    assert sum(line.outcomes.total() for line in summary.lines) == 39
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
    assert after.outcomes.agreeing == before.outcomes.agreeing - 1
    assert dict(after.waiting) == {WAITS: 26, "counted layer by layer": 1}
    assert [claim.id for claim, _ in after.drifted] == ["T3.NIGHT.NO_MOON"]


def test_a_claim_is_marked_by_its_gravest_verdict(small):
    """A claim that one evidence contradicts is marked so, whatever other evidence says or lacks."""
    assert load_results(small).judged["T3.NIGHT.NO_MOON"].outcome == "consistent"
    judge(small, {"night.no_moon": 1.0})
    assert load_results(small).judged["T3.NIGHT.NO_MOON"].outcome == "contradicted"
    assert load_results(small).judged["TXT.WORD"].outcome == "not_run"


def test_every_comparison_is_in_one_part(small):
    """Over all parts, comparisons that agree, that go against the record, that decide nothing and that wait sum to those that claims declare."""
    results = load_results(small)
    parts = by_part(results, {"sky"})
    counts = [part.outcomes for part in parts]
    assert sum(part.total for part in parts) == len(list(results.verdicts))
    assert [of.agreeing + of.against + of.undecided + of.waiting for of in counts] == [part.total for part in parts]
    assert {part.anchor for part in parts} == {"sky", "claims"}


def test_claims_of_the_record_find_their_part(claims):
    """Each section of the thesis belongs to a part of its own subject; only the companions are left for the last."""
    expected = {
        "T1.ROW1.BEFORE": "Clock: Table 1",
        "T3.NIGHT.NO_MOON": "Sun and moon: Tables 2 and 3",
        "SPLIT.TRAIN_YES": "Sample and split",
        "T4.XCEPTION.TOP1": "Network and settings: Tables 4 and 5, Figure 3",
        "T5.BATCH_SIZE": "Network and settings: Tables 4 and 5, Figure 3",
        "F5.VAL_LOSS.E1": "Training: Figure 5",
        "TXT.ACCURACY_BEST": "Training: Figure 5",
        "T6.NIGHT.NO_MOON.YES": "Classification: Table 6, Figures 6 and 7",
        "GC.COLOUR": "Grad-CAM",
        "CIT.KINGMA.LIST": CITED,
        "RDM.FRAMES": COMPANIONS,
    }
    assert {name: part_of(claims[name]) for name in expected} == expected
    for claim in claims:
        if claim.source.document in ("thesis", "readings") and claim.source.section != "slides":
            assert part_of(claim) != COMPANIONS, claim.id


def test_rows(small):
    """A row gives both counts, their difference with its sign, and the difference in percent of the published count.

    A count that nothing predicts, or whose prediction is missing, has dashes and no difference.
    """
    judge(small, {"night": None})
    table2, table3 = sky_tables(load_results(small))
    row = next(row for row in table3.rows if row.claim == "T3.ASTRO.MOON_FULL")
    assert row.label == ("Moon_Full", "Astronomical twilight")
    assert (row.published, row.predicted, row.difference, row.percent) == ("3,100", "3,162", "+62", "+2.00 %")
    assert row.verdict.outcome == "consistent"
    assert len(table3.rows) == 9
    night, astro, nautical = table2.rows
    assert (night.predicted, night.difference, night.percent) == ("—", "—", "—")
    assert night.verdict.outcome == "not_run"
    assert (astro.predicted, astro.verdict, astro.note) == ("—", None, "not declared for this evidence")
    assert (nautical.predicted, nautical.note) == ("—", "the prediction is fitted to it")


def test_a_cell_of_table_4(small):
    """A cell holds the printed figure and the counted one with one digit more; a network that cannot be built has a dash."""
    rows = table4(load_results(small))
    counted = rows["EfficientNet-B1"][2]
    assert (counted.published, counted.measured, counted.verdict.outcome) == ("7.8", "7.79", "confirmed")
    unknown = rows["Xception"][2]
    assert (unknown.published, unknown.measured, unknown.verdict.outcome) == ("23.0", "—", "not_run")
    assert rows["ResNet-152"] == [None] * 6
