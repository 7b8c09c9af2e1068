"""The report's counts of verdicts, and its tables: published values beside predicted and rebuilt ones."""

import inspect

import numpy as np
import pandas as pd
import pytest

from repro.classifier import checkpoint, finetune
from repro.classifier.transforms import draw
from repro.clock.table1 import RULES, repair
from repro.intervals import wilson
from repro.record.comparator import Measured, compare
from repro.record.judge import Verification
from repro.reporting import published_beside_rebuilt as compared
from repro.reporting.classifier_results import Gradcam, Predictions, Training, f1_ends
from repro.reporting.sky_tables import sky_tables, table4
from repro.reporting.summary import CITED, COMPANIONS, SCRIPTS, by_part, part_of, summarise
from repro.reporting.verdicts import JudgedClaim, Results, load_results
from repro.sky.bins import CONDITIONS
from tests.reporting.conftest import WAITS, judge


@pytest.fixture(scope="module")
def results(claims) -> Results:
    """The real claims, with nothing measured yet."""
    nothing = Measured(None, missing="not measured in this test")
    judged = {c.id: JudgedClaim(c, tuple(compare(c, evidence, nothing) for evidence in c.evidence)) for c in claims}
    return Results(claims, judged, (), {}, pd.DataFrame(), pd.DataFrame(), Verification(claims, (), ()))


@pytest.fixture(scope="module")
def answers() -> Predictions:
    """Predictions in which every condition has 30 frames yes and 70 no, and one that the record does not have has none."""
    cells = pd.DataFrame(CONDITIONS, columns=["sun_bin", "moon_bin"])
    table6 = cells.assign(yes=30, no=70, odds_percent=300 / 7, share_percent=30.0)
    table6.loc[9] = ("Civil", "No_moon", 0, 0, np.nan, np.nan)
    over = {"predicted yes": 90.0, "all": 40.0}
    figure6 = [cells.assign(over=frames, mean_percent=mean, sd_percent=5.0) for frames, mean in over.items()]
    ends = {"no": 0, "yes": 99}
    figure7 = [cells.assign(predicted=label, low_percent=low, density=0.25) for label, low in ends.items()]
    return Predictions({}, {"table6": table6, "figure6": pd.concat(figure6), "figure7": pd.concat(figure7)})


def test_table1_shows_what_each_rule_does(results):
    """The rule in each row of the published table is the one that turns what the row shows into what it shows."""
    rows = compared.table1(results, dict.fromkeys(RULES, 3))
    assert len(rows) == 7
    for row in rows:
        (before, _), (after, _) = row.published
        assert repair(before) == (after, [row.label])
        assert row.rebuilt == ("3",)
        assert [evidence for evidence, _ in row.evidence] == ["arithmetic"]
    assert compared.table1(results, {})[0].rebuilt == ("—",)


def test_table5_has_every_setting(results, params):
    """All settings of Table 5 are listed; of the default run on simulated frames only the initial weights differ."""
    rows = compared.table5(results, params, None)
    listed = {claim for row in rows for _, claim in row.published}
    assert listed == {claim.id for claim in results.claims if claim.id.startswith("T5.")}
    different = [(row.label, row.rebuilt) for row in rows if row.difference == "differs"]
    assert different == [("initial weights", ("observatory",))]


def test_words_about_the_code_are_true():
    """Loss, optimiser and flip that the report names are those of the code."""
    source = inspect.getsource(finetune) + inspect.getsource(checkpoint)
    assert "cross_entropy(logits" in source
    assert {word for word in ("Adam", "AdamW", "SGD", "RMSprop") if f"optim.{word}(" in source} == {"Adam"}
    rng = np.random.default_rng(1)
    assert abs(np.mean([draw(rng, 240).flip for _ in range(2000)]) - 0.5) < 0.05


def test_figure5_compares_accuracies(results):
    """Epochs stand beside the published ones, accuracies in percent though the record's claims are counts of images."""
    epochs = pd.DataFrame({"epoch": [10], "train_loss": [0.2], "val_loss": [0.3], "val_accuracy": [0.9]})
    training = Training({}, epochs, 42, 6)
    (row,) = compared.figure5(results, training, simulated=False)
    assert row.published[2] == ("95.59", "F5.VAL_ACCURACY_COUNT.E10")
    assert (row.rebuilt, row.difference) == (("0.200", "0.300", "90.00"), "−5.59")
    assert compared.figure5(results, training, simulated=True)[0].difference == "—"


def test_table6(results, answers):
    """Ratios of real videos have a difference from the print, in points, and simulated ones none; what is not there is a dash."""
    rows = compared.table6(results, answers, simulated=False)
    assert (rows[0].label, rows[0].published[2]) == ("Night, No_moon", ("40.3", "T6.NIGHT.NO_MOON.RATIO"))
    assert (rows[0].rebuilt, rows[0].difference) == (("30", "70", "42.9", "30.0"), "+2.6")
    assert rows[0].evidence == (("arithmetic", "not_run"), ("corpus", "undecidable"))
    assert rows[9] == ("Civil, No_moon", (("—", ""),) * 3, ("0", "0", "—", "—"), "—", ())
    assert {row.difference for row in compared.table6(results, answers, simulated=True)} == {"—"}


def test_figure6_has_both_readings(results, answers):
    """Each condition has the published mean and deviation, the rebuilt ones over yes, and those over all frames."""
    rows = compared.figure6(results, answers, simulated=False)
    assert len(rows) == 9
    assert rows[0].published == (("92.9", "F6.YES.NIGHT.NO_MOON.MEAN"), ("12.0", "F6.YES.NIGHT.NO_MOON.SD"))
    assert (rows[0].rebuilt, rows[0].difference) == (("90.0", "5.0", "40.0", "5.0"), "−2.9")


def test_figure7_shows_the_bins_that_can_be_read(results, answers):
    """Every bin that was read off the print is there once, beside the same bin of the same predicted class."""
    rows = compared.figure7(results, answers, simulated=False)
    read = [claim.id for claim in results.claims if claim.id.startswith(("F7.FIRST_BIN.", "F7.LAST_BIN."))]
    assert [row.published[0][1] for row in rows] == read
    assert {row.rebuilt for row in rows} == {("0.250",)}
    assert rows[0].difference == "−0.316"


def test_panels_are_compared_by_their_cases(results):
    """Panels with the thesis' cases are the same, others differ; a panel without a case has a dash."""
    cases = {"gradcam.background": "Night, Astro, Nautical", "gradcam.colour": "red, pink", "gradcam.form": ""}
    rows = compared.panels(results, Gradcam({"quantities": cases}, ()))
    assert [(row.label, row.rebuilt[0], row.difference) for row in rows] == [
        ("background", "Night, Astro, Nautical", "same"),
        ("colour", "red, pink", "differs"),
        ("form", "—", "differs"),
    ]


def test_the_gravest_outcome_stands_for_several_claims(results):
    """Of several claims the outcome shown for a kind of evidence is the one that a reader must not miss."""
    claims = [results.judged[f"T5.{name}"].claim for name in ("BATCH_SIZE", "LEARNING_RATE")]
    verdicts = [compare(claim, "arithmetic", Measured(value)) for claim, value in zip(claims, (16, 0.1), strict=True)]
    items = [JudgedClaim(claim, (verdict,)) for claim, verdict in zip(claims, verdicts, strict=True)]
    assert compared.gravest_outcomes(items) == (("arithmetic", "source_conflict"),)


def test_the_interval_of_f1():
    """F1's interval holds F1, comes from the counts it is made of, and is not known where no frame counts."""
    low, high = f1_ends({"tp": 80, "fp": 5, "fn": 15})
    assert low < 160 / 180 < high
    share_low, share_high = wilson(80, 100)
    assert (low, high) == pytest.approx((2 * share_low / (1 + share_low), 2 * share_high / (1 + share_high)))
    assert np.isnan(f1_ends({"tp": 0, "fp": 0, "fn": 0})).all()


def test_counts(small):
    """Claims and comparisons by outcome are those of the verdicts; evidence has a sentence, a headline what decides it.

    Comparisons without a value are listed with their reason and agree with nothing.
    """
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
    judge(small, {"night.no_moon": None})
    after = summarise(load_results(small))
    assert after.outcomes.agreeing == 10
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
        "SCR.EVAL.CENTRE_CROP_PX": SCRIPTS,
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
