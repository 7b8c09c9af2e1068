"""The sky of a corpus' frames is the table that the truth of simulated frames comes from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from repro.bench.sky_speed import YELLOWKNIFE
from repro.params import load_params
from repro.sky.bins import sky_table
from repro.sky.sky_corpus import add_sky
from tests.conftest import ROOT

PUBLISHED = load_params(ROOT / "params.yaml").sky
TIMES = ["2024-02-01T06:00", None, "2024-02-25T08:00", "2024-04-01T12:30"]


def clock_table() -> pd.DataFrame:
    """Four frames, the second of which has no time, under an index that does not begin at 0."""
    times = pd.to_datetime(pd.Series(TIMES), utc=True).astype("datetime64[us, UTC]")
    return pd.DataFrame({"number": range(4), "time_utc": times}).set_index(pd.Index([7, 3, 9, 1]))


def test_frames_get_the_rows_of_the_sky_table() -> None:
    """Each frame with a time has the row of its time, in the order of the frames; the others stay."""
    table = add_sky(clock_table(), YELLOWKNIFE, PUBLISHED)
    timed = [0, 2, 3]
    times = np.array([TIMES[place] for place in timed], dtype="datetime64[us]")
    expected = sky_table(times, YELLOWKNIFE, PUBLISHED)
    pd.testing.assert_frame_equal(
        table.iloc[timed][expected.columns].reset_index(drop=True), expected, check_dtype=False
    )
    assert table.index.tolist() == [7, 3, 9, 1]
    assert table["number"].tolist() == [0, 1, 2, 3]


def test_a_frame_without_a_time_has_no_sky() -> None:
    """It has no altitude and no bin, and is not flagged as near a boundary."""
    table = add_sky(clock_table(), YELLOWKNIFE, PUBLISHED)
    assert table.loc[3, ["sun_alt_deg", "moon_alt_deg", "moon_phase_deg", "sun_bin", "moon_bin"]].isna().all()
    assert table["on_boundary"].dtype == bool
    assert not table.loc[3, "on_boundary"]
    nothing = add_sky(clock_table().iloc[[1]], YELLOWKNIFE, PUBLISHED)
    assert nothing["sun_bin"].isna().all()
