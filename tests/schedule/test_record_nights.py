"""Nights of the record: inside the windows, at their ends, and with a camera that the record does not cover."""

import pandas as pd

from repro.params import Schedule, Site, Window
from repro.schedule.record_nights import covers, in_record

WINDOWS = [Window(first="2022-12-01", last="2022-12-03"), Window(first="2024-02-01", last="2024-02-01")]
SCHEDULE = Schedule(windows=WINDOWS, site=Site(latitude_deg=62.4, longitude_deg=-114.4, time_zone="UTC"))


def test_both_ends_of_a_window_are_covered() -> None:
    """A night is covered from the first to the last of a window, both included, and not beside it."""
    nights = ["20221130", "20221201", "20221203", "20221204", "20240201", "20240202"]
    assert [covers(WINDOWS, night) for night in nights] == [False, True, True, False, True, False]


def test_later_nights_are_left_out() -> None:
    """Of a corpus with nights of the record, only those count."""
    table = pd.DataFrame({"night": ["20221201", "20250301", "20240201"]}, index=[5, 6, 7])
    assert in_record(table, SCHEDULE).to_dict() == {5: True, 6: False, 7: True}


def test_another_camera_keeps_all_its_nights() -> None:
    """Where the record covers no night, as with another camera, all of them count."""
    table = pd.DataFrame({"night": ["20131204", "20131205"]})
    assert in_record(table, SCHEDULE).tolist() == [True, True]
