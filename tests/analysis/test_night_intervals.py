"""Intervals that resample nights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repro.analysis.night_intervals import night_intervals
from repro.sky.bins import CONDITIONS


def frames_of(yes_by_night: list[int], each: int = 40) -> pd.DataFrame:
    """Nights of equally many frames in every condition, the first of which are classified yes with 90 %."""
    rows = []
    for night, yes in enumerate(yes_by_night):
        for sun, moon in CONDITIONS:
            predicted = np.where(np.arange(each) < yes, "yes", "no")
            p_yes = np.where(predicted == "yes", 0.9, 0.1)
            rows.append(pd.DataFrame({"night": f"{night:08}", "sun_bin": sun, "moon_bin": moon, "predicted": predicted,
                                      "p_yes": p_yes}))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def test_nights_that_are_alike_leave_no_doubt() -> None:
    """Where every night has the same share, the interval is the share."""
    intervals = night_intervals(frames_of([10] * 12), 200, seed=1)
    assert intervals["interval.table6.yes_share_percent"] == pytest.approx([25.0, 25.0])
    assert intervals["interval.table6.night.no_moon.ratio"] == pytest.approx([100 / 3, 100 / 3])
    assert intervals["interval.table6.mean_ratio"] == pytest.approx([100 / 3, 100 / 3])
    assert intervals["interval.figure6.mean.astro.moon_full"] == pytest.approx([90.0, 90.0])


def test_an_interval_is_as_wide_as_nights_differ() -> None:
    """Half the nights with and half without aurora: three standard deviations of the mean of 36 such nights."""
    low, high = night_intervals(frames_of([0, 40] * 18), 4000, seed=1)["interval.table6.yes_share_percent"]
    assert (low, high) == (pytest.approx(25.0, abs=3.0), pytest.approx(75.0, abs=3.0))


def test_few_nights_have_no_interval() -> None:
    """With fewer nights than a resampling needs nothing is said."""
    assert night_intervals(frames_of([3, 5]), 100, seed=1) == {}
