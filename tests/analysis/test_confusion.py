"""Errors by condition: confusion, calibration and the thesis' claims, on answers made to be known."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from repro.analysis.confusion import calibration_error, claims, confusion, outcomes, reliability
from repro.sky.bins import CONDITIONS
from tests.support.answers import answered

BY = ["sun_bin", "moon_bin"]


def judged(night: str, p: np.ndarray, truth: np.ndarray, cell: tuple[str, str] = ("Night", "No_moon")) -> pd.DataFrame:
    """Answers with the truth beside them."""
    words = pd.Series(np.where(np.asarray(truth, dtype=bool), "yes", "no"), dtype="str")
    return answered(night, p, cell).assign(truth=words)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Three right yes, two wrong yes, one missed, four right no, on two nights."""
    p = np.array([0.9, 0.8, 0.7, 0.6, 0.9, 0.2, 0.1, 0.2, 0.3, 0.4])
    truth = np.array([1, 1, 1, 0, 0, 1, 0, 0, 0, 0])
    return pd.concat([judged("20240201", p[:5], truth[:5]), judged("20240202", p[5:], truth[5:], ("Astro", "No_moon"))])


def test_confusion_counts_and_rates(rows: pd.DataFrame) -> None:
    """Counts and rates are those of the textbook, over all frames and by condition."""
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


def test_outcomes_are_exclusive(rows: pd.DataFrame) -> None:
    """Every frame has exactly one outcome."""
    assert (sum(hit.astype(int) for hit in outcomes(rows).values()) == 1).all()


def test_a_calibrated_network_has_no_calibration_error() -> None:
    """Answers that come true as often as they say have an error near zero; overconfident ones do not."""
    rng = np.random.default_rng(0)
    p = rng.random(6000)
    truth = rng.random(6000) < p
    names = [f"202402{night:02}" for night in range(1, 13)]
    honest, bold = (
        pd.concat([judged(name, q[k::12], truth[k::12]) for k, name in enumerate(names)], ignore_index=True)
        for q in (p, np.clip(0.5 + 2.2 * (p - 0.5), 0, 1))
    )
    found = calibration_error(honest, 500, rng)
    assert found["ece"] < 0.03
    assert found["frames"] == 6000
    wrong = calibration_error(bold, 500, rng)
    assert wrong["ece"] > 0.1
    assert wrong["by_night"][0] < wrong["ece"] < wrong["by_night"][1] + 0.02
    curve = reliability(honest, BY)
    every = curve[curve["sun_bin"] == "all"]
    assert every["bin"].tolist() == list(range(10))
    inside = (every["low"] <= every["p_yes"]) & (every["p_yes"] <= every["high"])
    assert inside.sum() >= 8  # of ten 95 % intervals
    assert every["frames"].sum() == 6000


def test_calibration_error_by_hand() -> None:
    """Two bins with gaps of 0.05 and 0.35, of one and three frames, make an error of 0.275."""
    rows = judged("20240201", np.array([0.95, 0.65, 0.65, 0.65]), np.array([1, 1, 1, 1]))
    assert calibration_error(rows, 10, np.random.default_rng(0))["ece"] == pytest.approx((0.05 + 3 * 0.35) / 4)


def nights_with(rate_at: dict[tuple[str, str], tuple[float, float]]) -> pd.DataFrame:
    """Ten nights with 40 frames in each condition, half of them aurora, with these false positive and negative rates."""
    rng = np.random.default_rng(5)
    parts, truth = [], np.arange(40) % 2 == 0
    for night, cell in product(range(1, 11), CONDITIONS):
        false_positive, false_negative = rate_at.get(cell, (0.05, 0.05))
        wrong = rng.random(40) < np.where(truth, false_negative, false_positive)
        parts.append(judged(f"202402{night:02}", np.where(truth ^ wrong, 0.9, 0.1), truth, cell))
    return pd.concat(parts, ignore_index=True)


def test_claims_that_hold() -> None:
    """Where the claimed conditions do suffer most from the claimed errors, the test says so, and how surely."""
    rows = nights_with({("Nautical", "Moon_Quarter"): (0.5, 0.05), ("Nautical", "No_moon"): (0.05, 0.5)})
    found = claims(rows, 500, np.random.default_rng(0))
    for claim in found.values():
        assert claim["holds"] is True
        assert claim["rank"] == 1
        assert claim["share_highest"] == 1.0
        assert claim["wilson"][0] < claim["rate"] < claim["wilson"][1]
        assert claim["conditions"] == 9
    assert found["false_positives"]["predicted_odds"] > found["false_positives"]["true_odds"] == 100


def test_claims_that_do_not_hold() -> None:
    """Where another condition suffers more, it is named."""
    rows = nights_with({("Night", "Moon_Full"): (0.6, 0.05), ("Astro", "Moon_Full"): (0.05, 0.6)})
    found = claims(rows, 500, np.random.default_rng(0))
    assert found["false_positives"]["holds"] is False
    assert found["false_positives"]["highest_at"] == "Night.Moon_Full"
    assert found["false_negatives"]["highest_at"] == "Astro.Moon_Full"
    assert found["false_negatives"]["share_highest"] < 0.05


def test_claims_without_frames() -> None:
    """Where the claimed condition has no such frame, nothing is claimed."""
    found = claims(nights_with({}).query("sun_bin != 'Nautical'"), 100, np.random.default_rng(0))
    nothing = {"condition": "Nautical.Moon_Quarter", "conditions": 6, "frames": 0, "holds": None}
    assert found["false_positives"] == nothing
