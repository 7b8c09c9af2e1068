"""Errors by condition: confusion, calibration and the thesis' claims, on answers made to be known."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from repro.analysis.confusion import calibration_error, claims, confusion, outcomes, reliability
from repro.sky.bins import CONDITIONS
from tests.support.answers import Cell, answered

BY = ["sun_bin", "moon_bin"]


def judged(night: str, p: np.ndarray, truth: np.ndarray, cell: Cell = ("Night", "No_moon")) -> pd.DataFrame:
    """Answers with the truth beside them."""
    return answered(night, p, cell).assign(truth=pd.Series(np.where(truth, "yes", "no"), dtype="str"))


def test_confusion_counts_and_rates() -> None:
    """Of three right yes, two wrong yes, one missed and four right no, on two nights, counts and rates are the textbook's."""
    p = np.array([0.9, 0.8, 0.7, 0.6, 0.9, 0.2, 0.1, 0.2, 0.3, 0.4])
    truth = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    rows = pd.concat([judged("20240201", p[:5], truth[:5]), judged("20240202", p[5:], truth[5:], ("Astro", "No_moon"))])
    table = confusion(rows, BY, 200, np.random.default_rng(0))
    assert table[BY].to_numpy().tolist() == [["all", "all"], ["Astro", "No_moon"], ["Night", "No_moon"]]
    every, astro, night = table.to_dict("records")
    counts = {"nights": 2, "frames": 10, "tp": 3, "fp": 2, "fn": 1, "tn": 4}
    rates = {"accuracy": 0.7, "precision": 0.6, "recall": 0.75, "f1": 2 * 0.6 * 0.75 / 1.35}
    rates |= {"false_positive_rate": 1 / 3, "false_negative_rate": 0.25}
    assert {name: every[name] for name in counts} == counts
    assert {name: every[name] for name in rates} == pytest.approx(rates)
    assert every["accuracy_low"] < 0.7 < every["accuracy_high"]
    assert np.isnan(every["accuracy_night_low"])  # two nights are too few for an interval by night
    assert np.isnan(astro["precision"])  # nothing was called yes
    assert night["recall"] == 1
    assert (np.sum(list(outcomes(rows).values()), axis=0) == 1).all()  # every frame has one outcome


def test_a_calibrated_network_has_no_calibration_error() -> None:
    """Answers that come true as often as they say have an error near zero; overconfident ones do not."""
    rng = np.random.default_rng(0)
    p = rng.random(6000)
    truth = rng.random(6000) < p
    honest, bold = (
        pd.concat([judged(f"202402{k + 1:02}", q[k::12], truth[k::12]) for k in range(12)], ignore_index=True)
        for q in (p, np.clip(0.5 + 2.2 * (p - 0.5), 0, 1))
    )
    right, wrong = (calibration_error(rows, 500, rng) for rows in (honest, bold))
    assert right["ece"] < 0.03
    assert right["frames"] == 6000
    assert wrong["ece"] > 0.1
    assert wrong["by_night"][0] < wrong["ece"] < wrong["by_night"][1] + 0.02
    every = reliability(honest, BY).query("sun_bin == 'all'")
    assert every["bin"].tolist() == list(range(10))
    assert every["p_yes"].between(every["low"], every["high"]).sum() >= 8  # of ten 95 % intervals
    assert every["frames"].sum() == 6000


def test_calibration_error_by_hand() -> None:
    """Two bins with gaps of 0.05 and 0.35, of one and three frames, make an error of 0.275."""
    rows = judged("20240201", np.array([0.95, 0.65, 0.65, 0.65]), np.array([1, 1, 1, 1]))
    assert calibration_error(rows, 10, np.random.default_rng(0))["ece"] == pytest.approx((0.05 + 3 * 0.35) / 4)


def claims_with(rate_at: dict[Cell, tuple[float, float]], conditions: Sequence[Cell] = CONDITIONS) -> dict[str, Any]:
    """The claims on ten nights of 40 frames in each condition, half of them aurora, with these false positive and negative rates."""
    rng = np.random.default_rng(5)
    parts, truth = [], np.arange(40) % 2 == 0
    for night, cell in product(range(1, 11), conditions):
        false_positive, false_negative = rate_at.get(cell, (0.05, 0.05))
        wrong = rng.random(40) < np.where(truth, false_negative, false_positive)
        parts.append(judged(f"202402{night:02}", np.where(truth ^ wrong, 0.9, 0.1), truth, cell))
    return claims(pd.concat(parts, ignore_index=True), 500, np.random.default_rng(0))


def test_claims_that_hold() -> None:
    """Where the claimed conditions do suffer most from the claimed errors, the test says so, and how surely."""
    found = claims_with({("Nautical", "Moon_Quarter"): (0.5, 0.05), ("Nautical", "No_moon"): (0.05, 0.5)})
    for claim in found.values():
        assert claim["holds"] is True
        assert claim["rank"] == 1
        assert claim["share_highest"] == 1.0
        assert claim["wilson"][0] < claim["rate"] < claim["wilson"][1]
        assert claim["conditions"] == 9
    assert found["false_positives"]["predicted_odds"] > found["false_positives"]["true_odds"] == 100


def test_claims_that_do_not_hold() -> None:
    """Where another condition suffers more, it is named."""
    found = claims_with({("Night", "Moon_Full"): (0.6, 0.05), ("Astro", "Moon_Full"): (0.05, 0.6)})
    assert found["false_positives"]["holds"] is False
    assert found["false_positives"]["highest_at"] == "Night.Moon_Full"
    assert found["false_negatives"]["highest_at"] == "Astro.Moon_Full"
    assert found["false_negatives"]["share_highest"] < 0.05


def test_claims_without_frames() -> None:
    """Where the claimed condition has no such frame, nothing is claimed."""
    nothing = {"condition": "Nautical.Moon_Quarter", "conditions": 6, "frames": 0, "holds": None}
    assert claims_with({}, [cell for cell in CONDITIONS if cell[0] != "Nautical"])["false_positives"] == nothing
