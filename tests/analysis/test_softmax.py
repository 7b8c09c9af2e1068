"""Table 6, compared with the record's numbers, Figures 6 and 7 in both readings, and intervals that resample nights."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.analysis import table6
from repro.analysis.softmax import BINS, figure6, figure7, quantities
from repro.analysis.softmax_corpus import night_intervals
from repro.record.claims import Claims
from repro.record.table6 import table6_counts
from repro.sky.bins import CONDITIONS
from tests.support.answers import answered, cells

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def cell(table: pd.DataFrame, over: str) -> pd.Series:
    """The row of Night and No_moon in one reading."""
    return table.set_index(["over", "sun_bin", "moon_bin"]).loc[(over, "Night", "No_moon")]


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
def test_bounds_of_the_records_cells(p: list[float]) -> None:
    """Over frames classified yes a mean lies between 50 and 100 % and never below that over all frames.

    With divisor n, as in the published script, a deviation keeps Bhatia and Davis' bound, and one frame has none.
    """
    table = figure6(answered("20240201", np.array(p)))
    yes, every = cell(table, "predicted yes"), cell(table, "all")
    if yes["frames"]:
        mean = yes["mean_percent"]
        assert 50 <= mean <= 100
        assert mean >= every["mean_percent"] - 1e-9
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
    """Bins are one point wide, hold their lower edge, and the last one 100 % too; of exactly one half argmax gives no."""
    table = figure7(answered("20240201", np.array([0.0, 0.0099, 0.5, 0.99, 1.0])))
    assert len(table) == 2 * BINS
    held = table[table["frames"] > 0][["predicted", "low_percent", "frames"]]
    assert sorted(held.itertuples(index=False, name=None)) == [("no", 0, 2), ("no", 50, 1), ("yes", 99, 2)]


def test_quantities_of_the_figures() -> None:
    """First and last bins are those of the frames classified no and yes; what is undefined is left out."""
    frames = answered("20240201", np.array([0.001, 0.3, 0.6, 0.995]))
    found = quantities(figure6(frames), figure7(frames))
    assert found["figure7.first_bin.night.no_moon"] == 0.5
    assert found["figure7.last_bin.night.no_moon"] == 0.5
    assert found["figure6.mean.night.no_moon"] == pytest.approx(79.75)
    assert not any("moon_full" in name for name in found)


def frames_of(yes_by_night: list[int], each: int = 40) -> pd.DataFrame:
    """Nights of equally many frames in every condition, the first of which are classified yes with 90 %."""
    parts = [
        answered(f"{night:%Y%m%d}", np.where(np.arange(each) < yes, 0.9, 0.1), cell)
        for night, yes in zip(pd.date_range("2024-02-01", periods=len(yes_by_night)), yes_by_night, strict=True)
        for cell in CONDITIONS
    ]
    return pd.concat(parts, ignore_index=True)


def test_nights_that_are_alike_leave_no_doubt() -> None:
    """Where every night has the same share, the interval is the share."""
    intervals = night_intervals(frames_of([10] * 12), 200, seed=1)
    assert intervals["interval.table6.yes_share_percent"] == pytest.approx([25.0, 25.0])
    assert intervals["interval.table6.night.no_moon.ratio"] == pytest.approx([100 / 3, 100 / 3])
    assert intervals["interval.table6.mean_ratio"] == pytest.approx([100 / 3, 100 / 3])
    assert intervals["interval.figure6.mean.astro.moon_full"] == pytest.approx([90.0, 90.0])


def test_an_interval_is_as_wide_as_nights_differ() -> None:
    """Half the nights with and half without aurora: three standard deviations of the mean of 36 such nights; of two, none."""
    assert night_intervals(frames_of([3, 5]), 100, seed=1) == {}
    low, high = night_intervals(frames_of([0, 40] * 18), 4000, seed=1)["interval.table6.yes_share_percent"]
    assert (low, high) == (pytest.approx(25.0, abs=3.0), pytest.approx(75.0, abs=3.0))


def test_the_records_table_comes_back(claims: Claims) -> None:
    """From as many frames as the record counts, every printed number of Table 6 and its average come back."""
    counts = table6_counts(claims)
    table = table6.table6(cells({(sun, moon): counts[sun.upper(), moon.upper()] for sun, moon in CONDITIONS}))
    found = table6.quantities(table)
    for sun, moon in CONDITIONS:
        for name in ("yes", "no", "ratio"):
            place = f"{sun}.{moon}.{name}"
            assert round(float(found[f"table6.{place}".lower()]), 1) == claims[f"T6.{place}".upper()].value
    assert round(float(found["table6.mean_ratio"]), 1) == claims["TXT.OCCURRENCE"].value == 39.3
    assert found["table6.highest_ratio_at"] == claims["TXT.RATIO.HIGHEST_AT"].value
    assert round(float(found["table6.yes_share_percent"]), 1) == 28.4
    assert found["table6.yes"] == 61013
    printed = {"table3.night.no_moon": 98126, "table2.nautical": 3108, "table3.no_moon": 124332}
    assert printed.items() <= table6.table3_quantities(table).items()


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(CONDITIONS), st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_every_frame_is_counted_once(counts: dict[tuple[str, str], tuple[int, int]]) -> None:
    """Yes and no add up to the frames; odds and shares agree with each other wherever both exist."""
    table = table6.table6(cells(counts))
    assert len(table) == 9
    assert table["frames"].sum() == sum(yes + no for yes, no in counts.values())
    assert (table["yes"] + table["no"] == table["frames"]).all()
    odds, share = (table.loc[table["no"] > 0, name] / 100 for name in ("odds_percent", "share_percent"))
    assert np.allclose(share, odds / (1 + odds))


def test_an_empty_condition_has_no_odds() -> None:
    """A condition without frames, or without a frame classified no, has no odds, and makes no quantity."""
    table = table6.table6(cells({("Night", "No_moon"): (2, 3), ("Astro", "No_moon"): (4, 0)}))
    found = table.set_index(["sun_bin", "moon_bin"])[["odds_percent", "share_percent"]]
    assert found.loc[("Night", "No_moon")].tolist() == pytest.approx([200 / 3, 40])
    assert found.loc[("Astro", "No_moon")].tolist() == pytest.approx([np.nan, 100], nan_ok=True)
    assert found.loc[("Nautical", "Moon_Full")].isna().all()
    found = table6.quantities(table)
    assert "table6.astro.no_moon.ratio" not in found
    assert found["table6.mean_ratio"] == pytest.approx(200 / 3)


def test_bright_twilight_and_unanswered_frames_are_left_out() -> None:
    """Frames of civil twilight, and frames that were not classified, are in no cell."""
    frames = cells({("Night", "No_moon"): (2, 3), ("Civil", "No_moon"): (5, 5)})
    frames.loc[0, "predicted"] = None
    assert table6.table6(frames)["frames"].sum() == 4
