"""Figures 6 and 7 in both readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.analysis.softmax import BINS, figure6, figure7, quantities
from tests.support.answers import answered

NIGHT = ("Night", "No_moon")
PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def cell(table: pd.DataFrame, over: str) -> pd.Series:
    """The row of Night and No_moon in one reading."""
    return table[(table["over"] == over) & (table["sun_bin"] == "Night") & (table["moon_bin"] == "No_moon")].iloc[0]


def test_figure6_in_both_readings() -> None:
    """The record's cells are over the frames classified yes; a reader's are over all frames."""
    p = np.array([0.1, 0.2, 0.7, 0.9])
    table = figure6(answered("20240201", p))
    yes, every = cell(table, "predicted yes"), cell(table, "all")
    assert (yes["frames"], every["frames"]) == (2, 4)
    assert yes["mean_percent"] == pytest.approx(80)
    assert yes["sd_percent"] == pytest.approx(10)
    assert every["mean_percent"] == pytest.approx(47.5)
    assert every["sd_percent"] == pytest.approx(100 * np.std(p))
    assert len(table) == 18
    assert table["mean_percent"].isna().sum() == 16


@settings(max_examples=50)
@given(PROBABILITIES)
def test_the_records_means_stay_above_one_half(p: list[float]) -> None:
    """A mean over frames classified yes lies between 50 and 100 %, and is never below the mean over all frames."""
    table = figure6(answered("20240201", np.array(p)))
    yes, every = cell(table, "predicted yes"), cell(table, "all")
    if yes["frames"]:
        assert 50 <= yes["mean_percent"] <= 100
        assert yes["mean_percent"] >= every["mean_percent"] - 1e-9


@settings(max_examples=50)
@given(PROBABILITIES)
def test_deviations_are_the_populations(p: list[float]) -> None:
    """With divisor n, as in the published script, a deviation keeps Bhatia and Davis' bound, and one frame has none."""
    yes = cell(figure6(answered("20240201", np.array(p))), "predicted yes")
    if yes["frames"]:
        mean = yes["mean_percent"]
        assert yes["sd_percent"] <= np.sqrt(max((mean - 50) * (100 - mean), 0)) + 1e-6
    if yes["frames"] == 1:
        assert yes["sd_percent"] == 0


@settings(max_examples=50)
@given(PROBABILITIES)
def test_figure7_in_both_normalisations(p: list[float]) -> None:
    """The record's histograms have an area of one for each predicted class; a reader's, one for both together."""
    table = figure7(answered("20240201", np.array(p)))
    assert table["frames"].sum() == len(p)
    assert np.allclose(table.groupby("predicted")["density"].sum(), 1)
    assert table["density_of_all"].sum() == pytest.approx(1)
    assert (table.loc[table["predicted"] == "no", "frames"][table["low_percent"] > 50] == 0).all()
    assert (table.loc[table["predicted"] == "yes", "frames"][table["low_percent"] < 50] == 0).all()


def test_bins_of_figure7() -> None:
    """Bins are one point wide, hold their lower edge, and the last one holds 100 % too."""
    table = figure7(answered("20240201", np.array([0.0, 0.0099, 0.5, 0.99, 1.0])))
    at = table.set_index(["predicted", "low_percent"])["frames"]
    assert len(table) == 2 * BINS
    assert at["no", 0] == 2
    assert at["no", 50] == 1  # exactly one half: argmax gives no
    assert at["yes", 99] == 2


def test_quantities_of_the_figures() -> None:
    """First and last bins are those of the frames classified no and yes; what is undefined is left out."""
    frames = answered("20240201", np.array([0.001, 0.3, 0.6, 0.995]))
    found = quantities(figure6(frames), figure7(frames))
    assert found["figure7.first_bin.night.no_moon"] == 0.5
    assert found["figure7.last_bin.night.no_moon"] == 0.5
    assert found["figure6.mean.night.no_moon"] == pytest.approx(79.75)
    assert not any("moon_full" in name for name in found)
