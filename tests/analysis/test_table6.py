"""Table 6: counts, odds and shares, compared with the record's numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.analysis.table6 import quantities, table3_quantities, table6
from repro.record.claims import Claims
from repro.sky.bins import CONDITIONS
from tests.support.answers import cells

COUNTS = st.tuples(st.integers(0, 9), st.integers(0, 9))


def published(claims: Claims) -> pd.DataFrame:
    """Frames with the record's counts, one row each."""
    parts = []
    for sun, moon in CONDITIONS:
        for label in ("yes", "no"):
            count = int(claims[f"T6.{sun}.{moon}.{label}".upper()].value)
            parts.append(pd.DataFrame({"sun_bin": sun, "moon_bin": moon, "predicted": [label] * count}))
    return pd.concat(parts, ignore_index=True)


def test_the_records_table_comes_back(claims: Claims) -> None:
    """From as many frames as the record counts, every printed number of Table 6 and its average come back."""
    table = table6(published(claims))
    found = quantities(table)
    for sun, moon in CONDITIONS:
        cell = f"{sun}.{moon}"
        for name in ("yes", "no"):
            assert found[f"table6.{cell}.{name}".lower()] == claims[f"T6.{cell}.{name}".upper()].value
        assert round(float(found[f"table6.{cell}.ratio".lower()]), 1) == claims[f"T6.{cell}.RATIO".upper()].value
    assert round(float(found["table6.mean_ratio"]), 1) == claims["TXT.OCCURRENCE"].value == 39.3
    assert found["table6.highest_ratio_at"] == claims["TXT.RATIO.HIGHEST_AT"].value
    assert round(float(found["table6.yes_share_percent"]), 1) == 28.4
    assert found["table6.yes"] == 61013
    three = table3_quantities(table)
    assert three["table3.night.no_moon"] == 98126
    assert three["table2.nautical"] == 3108
    assert three["table3.no_moon"] == 124332


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from(CONDITIONS), COUNTS, min_size=1))
def test_every_frame_is_counted_once(counts: dict[tuple[str, str], tuple[int, int]]) -> None:
    """Yes and no add up to the frames; odds and shares agree with each other wherever both exist."""
    table = table6(cells(counts))
    assert len(table) == 9
    assert table["frames"].sum() == sum(yes + no for yes, no in counts.values())
    assert (table["yes"] + table["no"] == table["frames"]).all()
    both = table[(table["no"] > 0)]
    odds, share = both["odds_percent"] / 100, both["share_percent"] / 100
    assert np.allclose(share, odds / (1 + odds))


def test_an_empty_condition_has_no_odds() -> None:
    """A condition without frames, or without a frame classified no, has no odds, and makes no quantity."""
    table = table6(cells({("Night", "No_moon"): (2, 3), ("Astro", "No_moon"): (4, 0)})).set_index(
        ["sun_bin", "moon_bin"]
    )
    assert table.loc[("Night", "No_moon"), "odds_percent"] == pytest.approx(200 / 3)
    assert np.isnan(table.loc[("Astro", "No_moon"), "odds_percent"])
    assert table.loc[("Astro", "No_moon"), "share_percent"] == 100
    assert np.isnan(table.loc[("Nautical", "Moon_Full"), "share_percent"])
    found = quantities(table.reset_index())
    assert "table6.astro.no_moon.ratio" not in found
    assert found["table6.mean_ratio"] == pytest.approx(200 / 3)


def test_bright_twilight_and_unanswered_frames_are_left_out() -> None:
    """Frames of civil twilight, and frames that were not classified, are in no cell."""
    frames = cells({("Night", "No_moon"): (2, 3), ("Civil", "No_moon"): (5, 5)})
    frames.loc[0, "predicted"] = None
    assert table6(frames)["frames"].sum() == 4
