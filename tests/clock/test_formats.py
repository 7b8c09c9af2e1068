"""Formats, zones and nights."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.camera import load_camera
from repro.clock.formats import ClockFormat, NightSpan, parse
from repro.clock.table1 import repair
from tests.hostile.inputs import WORDS

CAMERA = load_camera("auroramax")


def utc(*parts: int) -> int:
    """Seconds since 1970 of a UTC time."""
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


def meanings(night: str, text: str) -> list[int]:
    """All that a stamp can mean in a night."""
    span = NightSpan.of(night, CAMERA)
    (stamp,) = parse(text, span.formats)
    return sorted(moment.utc_s for moment in span.moments(stamp.local, stamp.zone, stamp.format))


@pytest.mark.parametrize(
    ("night", "text", "expected"),
    [
        ("20240201", "2024-01-31 18:19:54 MST", utc(2024, 2, 1, 1, 19, 54)),  # the thesis' own example
        ("20221201", "2022/12/01 02:00:00", utc(2022, 12, 1, 9)),
        ("20230420", "2023/04/20 02:00:00", utc(2023, 4, 20, 8)),
        ("20240420", "2024-04-20 02:00:00 MDT", utc(2024, 4, 20, 8)),
    ],
)
def test_winter_and_summer(night: str, text: str, expected: int) -> None:
    """MST is seven hours behind UTC and MDT six, whether the zone is printed or follows from the date."""
    assert meanings(night, text) == [expected]


def test_a_repeated_hour_has_two_meanings() -> None:
    """01:30 of 2023-11-05, without a zone, was shown twice, an hour apart; with a zone it is one moment."""
    assert meanings("20231105", "2023/11/05 01:30:00") == [utc(2023, 11, 5, 7, 30), utc(2023, 11, 5, 8, 30)]
    assert meanings("20231105", "2023-11-05 01:30:00 MST") == [utc(2023, 11, 5, 8, 30)]


def test_a_missing_hour_is_a_clock_that_was_not_set() -> None:
    """02:30 of 2024-03-10, without a zone, is no lawful time of either offset, and is kept as such."""
    span = NightSpan.of("20240310", CAMERA)
    moments = span.moments(datetime(2024, 3, 10, 2, 30), None, ClockFormat("%Y/%m/%d %H:%M:%S"))
    assert [moment.dst_consistent for moment in moments] == [False, False]


@pytest.mark.parametrize(
    ("camera", "night", "first", "last"),
    [
        ("auroramax", "20240310", utc(2024, 3, 9, 19), utc(2024, 3, 10, 18)),
        ("kho", "20131204", utc(2013, 12, 4, 12), utc(2013, 12, 5, 12)),
    ],
)
def test_a_night_runs_from_noon_to_noon(camera: str, night: str, first: int, last: int) -> None:
    """A night dated by its morning begins at noon of the day before, is an hour short in spring, or is dated by its evening."""
    span = NightSpan.of(night, load_camera(camera))
    assert (span.first_s, span.last_s) == (first, last)


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("2024-01-31 18:19:54 MST", False),
        ("202 4-01-31 18:19:54 MST", True),
        ("2024-01-3118:19:54MST", True),
        (": 2024/01/31 18:19:54 -", True),
    ],
)
def test_spaces_and_stray_marks(text: str, corrected: bool) -> None:
    """Spaces that are missing or too many, and marks at the ends, do not hide a stamp, but are flagged."""
    (stamp,) = parse(text, NightSpan.of("20240201", CAMERA).formats)
    assert stamp.local == datetime(2024, 1, 31, 18, 19, 54)
    assert stamp.corrected is corrected


@pytest.mark.parametrize("text", ["", "2024-01-34 18:19:54 MST", "2024-01-31 18:19 MST", "2024-01-31 18:19:54 EST"])
def test_what_is_no_stamp(text: str) -> None:
    """A day that does not exist, a lost part and an unknown zone are no stamp."""
    assert parse(text, NightSpan.of("20240201", CAMERA).formats) == []


@given(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda moment: moment.replace(microsecond=0)),
    st.sampled_from(CAMERA.clock.formats),
)
def test_rendering_and_parsing_are_inverse(moment: datetime, text: str) -> None:
    """A stamp that is printed and read again is the same time, and its digits of time are where ``time_places`` says."""
    form = ClockFormat(text, ("MST", "MDT"))
    stamp = form.render(moment, "MDT")
    expected = (moment, "MDT" if "%Z" in text else None)
    # A camera of other centuries need not be read; Python prints years before 1000 with fewer digits.
    assert form.parse(stamp) == expected if 2000 <= moment.year <= 2099 else form.parse(stamp) in (expected, None)
    assert "".join(stamp[place] for place in form.time_places(moment, "MDT")) == moment.strftime("%H%M%S")


#: Stamps at the ends of the calendar, of digits of other scripts, and far too long.
STAMPS = (
    "0001-01-01 00:00:00", "0001/01/01 00:00:00", "9999/12/31 23:59:59", "9999-12-31 23:59:59 MST", "0000/00/00 00:00:00",
    "2024/02/30 00:00:00", "2024/02/01 24:00:00", "2024/02/01 23:59:60", "1899/12/31 12:00:00", "2024/11/03 01:30:00",
    "２０２４/02/01 06:00:00", "٢٠٢٤/02/01 06:00:00", "2024/02/0106:00:00 XXX", "A4-01-31 18:19:54", "4" * 4000, "A0" * 2000,
    "/" * 4000, ":" * 4000, "4-01-41 418:419:54" * 100, " 4" * 3000,
)  # fmt: skip


@given(st.sampled_from([*STAMPS, *WORDS]) | st.text(alphabet="0123456789-/: AMSTDZ.'\t\n٠２", max_size=60))
def test_any_text_is_understood_or_left(text: str) -> None:
    """Whatever is read off a frame, before and after Table 1's repairs, has meanings within the calendar or none."""
    for camera in (CAMERA, load_camera("kho")):
        span = NightSpan.of("20240201", camera)
        for words in (text, repair(text)[0]):
            for stamp in parse(words, span.formats):
                for moment in span.moments(stamp.local, stamp.zone, stamp.format):
                    assert moment.stamp
                    span.contains(moment)
