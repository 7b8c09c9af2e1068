"""The line through a night."""

from __future__ import annotations

import pytest

from repro.clock.formats import ClockFormat, Moment
from repro.clock.timeline import StampReading, fit

FORM = ClockFormat("%Y/%m/%d %H:%M:%S")
START = 1_706_750_394


def reading(number: int, second: float, offset_s: int = -25200, consistent: bool = True) -> StampReading:
    """A reading so many seconds after the start."""
    return StampReading(number, Moment(START + int(second), offset_s, FORM, "", consistent), 1.0 if consistent else 0.9)


def numbers(readings: object) -> list[int]:
    """Frame numbers of readings."""
    return [r.number for r in readings]  # type: ignore[attr-defined]


def test_a_step_that_is_no_whole_second_is_found() -> None:
    """A cadence of 60.475 s, read in whole seconds, is found to a fiftieth of a second and breaks nothing."""
    line = fit([reading(n, 60.475 * n) for n in range(200)], 59, 2)
    assert line.step_s == pytest.approx(60.475, abs=0.02)
    assert line.breaks == ()


@pytest.mark.parametrize("off_s", [3600, -3600, 600, 40, -9])
def test_a_single_misreading_is_not_on_the_line(off_s: int) -> None:
    """One reading that is off, however far, is left out, and breaks nothing."""
    line = fit([reading(n, 60 * n + (off_s if n == 50 else 0)) for n in range(100)], 60, 2)
    assert numbers(line.readings) == [n for n in range(100) if n != 50]
    assert line.breaks == ()


def test_a_run_of_misreadings_is_not_on_the_line() -> None:
    """Ten minutes read half an hour late, as 18:4x for 18:1x, are left out: time does not run back afterwards."""
    line = fit([reading(n, 60 * n + (1800 if 40 <= n < 50 else 0)) for n in range(100)], 60, 2)
    assert numbers(line.readings) == [n for n in range(100) if not 40 <= n < 50]


def test_the_repeated_hour_is_settled_by_its_neighbours() -> None:
    """Across the end of summer time each stamp of the repeated hour gets the meaning that continues the line."""
    readings = []
    for n in range(180):  # from 00:30 MDT on; local time repeats 01:00 to 01:59
        true_s = 60 * n
        readings.append(reading(n, true_s))
        if 30 <= n < 90:
            readings.append(reading(n, true_s + 3600))
        if 90 <= n < 150:
            readings.append(reading(n, true_s - 3600))
    line = fit(readings, 60, 2)
    assert [r.moment.utc_s - START for r in line.readings] == [60 * n for n in range(180)]
    assert line.ambiguous == frozenset()


def test_a_repeated_hour_alone_is_disputed() -> None:
    """A video that lies wholly within the repeated hour, without a zone, could be either hour: it is not decided."""
    readings = [reading(n, 60 * n + late) for n in range(30) for late in (0, 3600)]
    assert fit(readings, 60, 2).ambiguous == frozenset(range(30))


def test_no_readings_no_line() -> None:
    """Without readings the line is empty and has the nominal step."""
    line = fit([], 60.5, 2)
    assert (line.readings, line.step_s) == ((), 60.5)
