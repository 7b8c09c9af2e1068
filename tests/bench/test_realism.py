"""Simulated beside real: the committed numbers, and how they are compared."""

from __future__ import annotations

import numpy as np
import yaml

from repro.bench import realism

REAL = yaml.safe_load(realism.REAL_FRAMES.read_text(encoding="utf-8"))


def test_every_committed_statistic_is_complete() -> None:
    """Each statistic has a meaning and numbers of real frames; a span is in order around its median."""
    assert REAL["frames"] == {"auroramax": 31, "other_cameras": 47}
    for name, row in REAL["statistics"].items():
        assert row["meaning"], name
        for key in ("simulated_before", "auroramax", "other_cameras"):
            if len(row.get(key, ())) == 3:
                median, low, high = row[key]
                assert low <= median <= high, (name, key)


def test_medians_and_spans_are_compared() -> None:
    """Median and span are those of the named percentiles, frames without a value are left out."""
    values = np.concatenate([np.arange(101.0), [np.nan] * 5])
    rows = {
        "usual": {"meaning": "a", "auroramax": [45, 40, 60], "other_cameras": [90, 80, 95]},
        "quartiles": {"meaning": "b", "span": "25 to 75 %", "auroramax": [1, 0, 2], "other_cameras": [1, 0, 2]},
    }
    table = realism.compare({"usual": values, "quartiles": values}, rows)
    assert table["usual"]["simulated"] == [50, 10, 90]
    assert table["quartiles"]["simulated"] == [50, 25, 75]
    assert table["usual"]["simulated_frames"] == 101
    printed = realism.lines({"statistics": table})
    assert "50 (10 to 90)" in printed[1]
    assert "45 (40 to 60)" in printed[1]


def test_simulated_frames_of_before_miss_what_real_frames_show() -> None:
    """Of the numbers of the time before, the medians of saturation and of the blue sky lie outside the real spans."""
    for name in ("blue_sky_rg", "blue_sky_bg", "green_rg", "green_saturation"):
        assert not realism._within(REAL["statistics"][name]["simulated_before"][0], REAL["statistics"][name])
