"""Magnetic coordinates of the table and magnetic local time, against the library that made the one and published values."""

import numpy as np
import pytest

from repro.errors import ReproError
from repro.segmentation.station import STATION
from repro.sky.ephemeris import positions
from repro.sky.magnetic import COLUMNS, magnetic_local_time, magnetic_place, table
from repro.sky.tabulate_magnetic import HEIGHT_KM, PLACES


def test_table_has_the_station_and_auroramax() -> None:
    """Every year of the poster has both places, once; the station is where its group's CEDAR poster of 2024 puts it."""
    rows = table()
    assert tuple(rows.columns) == COLUMNS
    assert not rows.duplicated(["place", "year"]).any()
    for place in ("jang_bogo", "yellowknife"):
        assert set(range(2018, 2024)) <= set(rows.loc[rows["place"] == place, "year"])
    assert abs(magnetic_place("jang_bogo", 2020).magnetic_latitude_deg) == pytest.approx(79.0, abs=1.0)


@pytest.mark.parametrize("name", PLACES)
def test_table_is_that_of_aacgm(name: str) -> None:
    """Where the library can be built, its coordinates are those of the table, to 0.25 deg, and its local time to 0.4 h."""
    library = pytest.importorskip("aacgmv2")
    for year in (2018, 2021, 2023):
        place = magnetic_place(name, year)
        when = np.datetime64(f"{year}-07-01T09:00:00").astype("datetime64[s]").item()
        at = library.get_aacgm_coord(*PLACES[name], HEIGHT_KM, when)
        assert place.magnetic_latitude_deg == pytest.approx(at[0], abs=0.25)
        assert place.magnetic_longitude_deg == pytest.approx(at[1], abs=0.25)
        mine = magnetic_local_time(np.array([when], "datetime64[s]"), place)[0]
        assert abs((mine - at[2] + 12) % 24 - 12) < 0.4


@pytest.mark.parametrize(
    ("time", "hours"), [("2021-04-19T10:53:30", 2.46), ("2020-07-02T07:02:00", 22.47)], ids=["figure 1", "figure 2"]
)
def test_times_of_the_figures(time: str, hours: float) -> None:
    """Magnetic local time of the poster's two images is within 0.4 h of what AACGM gives (aacgmv2 2.7.1)."""
    found = magnetic_local_time(np.array([time], "datetime64[s]"), magnetic_place("jang_bogo", int(time[:4])))[0]
    assert abs(found - hours) < 0.4


def test_noon_is_where_the_sun_stands() -> None:
    """At magnetic noon the Sun is highest over the station to within two hours, at midnight lowest: it goes round once a day."""
    times = np.arange("2020-04-01", "2020-04-02", 10, "datetime64[m]").astype("datetime64[s]")
    place = magnetic_place("jang_bogo", 2020)
    hours = magnetic_local_time(times, place)
    steps = (np.diff(hours) + 12) % 24 - 12
    assert (steps > 0).all()
    assert steps.sum() == pytest.approx(24 * 143 / 144, abs=0.05)
    # Geographic noon (01:03 UT) is 16.5 h of magnetic local time here: the two have little to do with each other.
    highest = positions(times, STATION).sun_alt_deg.argmax()
    assert hours[highest] == pytest.approx(16.4, abs=0.5)


def test_what_is_not_in_the_table() -> None:
    """For a year beyond the table the nearest stands; another place is refused, with the known ones and how to add one."""
    assert magnetic_place("jang_bogo", 1999) == magnetic_place("jang_bogo", 2018) != magnetic_place("jang_bogo", 2099)
    with pytest.raises(ReproError, match="jang_bogo") as caught:
        magnetic_place("atlantis", 2020)
    assert "tabulate_magnetic" in caught.value.remedy
