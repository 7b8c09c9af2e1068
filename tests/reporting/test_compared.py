"""Published values beside rebuilt ones, with the claims of the real record."""

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
from repro.reporting.verdicts import JudgedClaim, Results
from repro.sky.bins import CONDITIONS


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
    items = [
        JudgedClaim(claim, (compare(claim, "arithmetic", Measured(value)),))
        for claim, value in zip(claims, (16, 0.1), strict=True)
    ]
    assert compared.gravest_outcomes(items) == (("arithmetic", "source_conflict"),)


def test_the_interval_of_f1():
    """F1's interval holds F1, comes from the counts it is made of, and is not known where no frame counts."""
    low, high = f1_ends({"tp": 80, "fp": 5, "fn": 15})
    assert low < 160 / 180 < high
    share_low, share_high = wilson(80, 100)
    assert (low, high) == pytest.approx((2 * share_low / (1 + share_low), 2 * share_high / (1 + share_high)))
    assert np.isnan(f1_ends({"tp": 0, "fp": 0, "fn": 0})).all()
