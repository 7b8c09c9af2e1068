"""The line through a night."""

import pytest

from repro.clock.formats import ClockFormat, Moment
from repro.clock.timeline import StampReading, fit

FORM = ClockFormat("%Y/%m/%d %H:%M:%S")
START = 1_706_750_394


def reading(number: int, second: float) -> StampReading:
    """A reading so many seconds after the start."""
    return StampReading(number, Moment(START + int(second), -25200, FORM))


def test_a_step_that_is_no_whole_second_is_found() -> None:
    """A cadence of 60.475 s, read in whole seconds, is found to a fiftieth of a second and breaks nothing."""
    line = fit([reading(n, 60.475 * n) for n in range(200)], 59, 2)
    assert line.step_s == pytest.approx(60.475, abs=0.02)
    assert line.breaks == ()


@pytest.mark.parametrize("off_s", [3600, -3600, 600, 40, -9])
def test_a_single_misreading_is_not_on_the_line(off_s: int) -> None:
    """One reading that is off, however far, is left out, and breaks nothing."""
    line = fit([reading(n, 60 * n + (off_s if n == 50 else 0)) for n in range(100)], 60, 2)
    assert [r.number for r in line.readings] == [n for n in range(100) if n != 50]
    assert line.breaks == ()


def test_a_run_of_misreadings_is_not_on_the_line() -> None:
    """Ten minutes read half an hour late, as 18:4x for 18:1x, are left out: time does not run back afterwards."""
    line = fit([reading(n, 60 * n + (1800 if 40 <= n < 50 else 0)) for n in range(100)], 60, 2)
    assert [r.number for r in line.readings] == [n for n in range(100) if not 40 <= n < 50]


def test_no_readings_no_line() -> None:
    """Without readings the line is empty and has the nominal step."""
    line = fit([], 60.5, 2)
    assert (line.readings, line.step_s) == ((), 60.5)
