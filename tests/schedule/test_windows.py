"""Nights run from local noon to local noon and bear the date of their morning; which of them the record covers."""

import numpy as np
import pandas as pd
import pytest

from repro.bench.sky_speed import YELLOWKNIFE
from repro.errors import ReproError
from repro.params import Schedule, Window
from repro.schedule.record_nights import covers, in_record
from repro.schedule.rule_reading import CELLS
from repro.schedule.windows import count_cells, local_time, minutes_of, mornings, night_table, segments


def schedule(*windows: tuple[str, str], cadence_s: float = 60.0) -> Schedule:
    """Windows of nights at Yellowknife."""
    spans = [Window(first=first, last=last) for first, last in windows]
    return Schedule(windows=spans, site=YELLOWKNIFE, cadence_s=cadence_s)


def test_night_bears_the_date_of_its_morning() -> None:
    """The night 20240201 begins at noon of 31 January, 19:00 UTC: it holds the thesis' first clock of that file, 01:19:54 UTC."""
    found = minutes_of(schedule(("2024-02-01", "2024-02-01")))
    assert found.names == ["20240201"]
    assert found.times_utc[0] == np.datetime64("2024-01-31T19:00")
    assert found.times_utc[-1] == np.datetime64("2024-02-01T18:59")


def test_nights_meet_without_gap_or_overlap_when_the_clocks_change() -> None:
    """The night of the change to summer time has 23 hours, that of the change back 25, and no minute is lost or twice."""
    for first, last, hours in (("2023-03-11", "2023-03-13", [24, 23, 24]), ("2023-11-04", "2023-11-06", [24, 25, 24])):
        found = minutes_of(schedule((first, last)))
        assert (np.diff(found.times_utc) == np.timedelta64(60, "s")).all()
        assert np.bincount(found.night).tolist() == [60 * count for count in hours]


def test_thesis_windows_hold_331_nights() -> None:
    """The three windows of the thesis hold 151, 90 and 90 nights."""
    windows = [("2022-12-01", "2023-04-30"), ("2024-02-01", "2024-04-30"), ("2024-12-01", "2025-02-28")]
    found = minutes_of(schedule(*windows, cadence_s=3600))
    assert np.bincount(found.window).tolist() == [0, 151, 90, 90]
    assert len(found.mornings) == len(set(found.names)) == 331


@pytest.mark.parametrize("clock", ["2024-03-10T02:30", "2023-11-05T01:30", "2024-02-30T12:00"])
def test_clocks_that_were_never_or_twice_shown_are_refused(clock: str) -> None:
    """A local time in the missing or the doubled hour, or on no day, is refused, and so is a misspelt time zone."""
    with pytest.raises(ReproError, match=clock):
        local_time(clock, "America/Yellowknife")
    with pytest.raises(ReproError, match="Yellowknive"):
        local_time(clock, "America/Yellowknive")


@pytest.mark.parametrize(
    ("windows", "found"),
    [
        ([], "no window"),
        ([("2024-02-30", "2024-03-01")], "day"),
        ([("2024-03-02", "2024-03-01")], "the last night comes before the first"),
        ([("2024-03-01", "2024-03-03"), ("2024-03-03", "2024-03-04")], "in two windows"),
        ([("2053-10-01", "2053-10-30")], "outside the ephemeris"),
        ([("1890-01-01", "1890-01-02")], "outside the ephemeris"),
    ],
)
def test_unusable_windows_are_named(windows: list[tuple[str, str]], found: str) -> None:
    """No window, dates that do not exist, backward or doubled spans, and nights outside DE421 are refused by window."""
    with pytest.raises(ReproError, match=found) as caught:
        minutes_of(schedule(*windows))
    assert (windows[-1][0] if windows else "schedule.windows") in caught.value.where


def test_both_ends_of_a_window_are_nights_of_it() -> None:
    """The mornings of a window go from its first date to its last, and a night is covered by these and not beside them."""
    window = Window(first="2024-02-28", last="2024-03-01")
    assert [f"{day:%m%d}" for day in mornings(window)] == ["0228", "0229", "0301"]
    windows = [Window(first="2022-12-01", last="2022-12-03"), window]
    nights = [
        "20221130",
        "20221201",
        "20221203",
        "20221204",
        "20240227",
        "20240228",
        "20240229",
        "20240301",
        "20240302",
    ]
    covered = ["20221201", "20221203", "20240228", "20240229", "20240301"]
    assert [night for night in nights if covers(windows, night)] == covered


def test_the_record_keeps_its_own_nights_and_another_camera_all() -> None:
    """Of a corpus with nights of the record only those count; where the record covers no night, all of them do."""
    windows = schedule(("2022-12-01", "2022-12-03"), ("2024-02-01", "2024-02-01"))
    table = pd.DataFrame({"night": ["20221203", "20250301", "20240201"]}, index=[5, 6, 7])
    assert in_record(table, windows).to_dict() == {5: True, 6: False, 7: True}
    assert in_record(pd.DataFrame({"night": ["20131204", "20131205"]}), windows).tolist() == [True, True]


def test_cells_are_counted_by_night() -> None:
    """Every minute with a condition is counted once, in its night; minutes without one are not."""
    condition, night = np.array([0, 0, 8, 9, 3]), np.array([0, 1, 1, 1, 1])
    found = count_cells(condition, night, 2)
    assert found.shape == (9, 2)
    assert found.sum() == 4
    assert found[0].tolist() == [1, 1]
    assert found[8, 1] == found[3, 1] == 1


def test_segments_tile_each_night() -> None:
    """Spans follow each other without gap from noon to noon, change something each time, and never cross a noon."""
    found = minutes_of(schedule(("2024-02-01", "2024-02-03"), cadence_s=3600))
    n = found.times_utc.size
    sun = np.where(np.arange(n) % 24 < 12, "Night", "Day")
    spans = segments(found, sun, np.full(n, "No_moon"), np.zeros(n, dtype=bool))
    assert spans["night"].tolist() == [name for name in found.names for _ in range(2)]
    assert (spans["start_utc"].to_numpy()[1:] == spans["end_utc"].to_numpy()[:-1]).all()
    assert (spans["end_utc"] - spans["start_utc"]).sum() == np.timedelta64(72, "h")


def test_night_table_tells_when_the_camera_was_on() -> None:
    """A night's row has its first and last frame, and a night without frames has neither."""
    found = minutes_of(schedule(("2024-02-01", "2024-02-02")))
    on = (found.times_utc >= np.datetime64("2024-02-01T02:00")) & (found.times_utc <= np.datetime64("2024-02-01T03:00"))
    table = night_table(found, np.arange(18).reshape(9, 2), on, CELLS)
    assert table["on_utc"][0] == np.datetime64("2024-02-01T02:00")
    assert table["off_utc"][0] == np.datetime64("2024-02-01T03:00")
    assert table["on_utc"].isna().tolist() == [False, True]
    assert table["night.no_moon"].tolist() == [0, 1]
