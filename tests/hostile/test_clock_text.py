"""Hostile overlay text: whatever is read off a frame, a night gets its times or an error, and never a wrong time for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.camera import load_camera
from repro.clock import ocr, table1
from repro.clock.formats import ClockFormat, NightSpan, parse
from repro.clock.read_clock import ClockSetup, NightClock, resolve_times
from repro.errors import ReproError
from repro.params import ClockParams
from tests.hostile.conftest import Attempt
from tests.hostile.spoil import WORDS, hostile

AURORAMAX, KHO = load_camera("auroramax"), load_camera("kho")
PARAMS = ClockParams()
STAMPS = (
    "0001-01-01 00:00:00", "0001/01/01 00:00:00", "9999/12/31 23:59:59", "9999-12-31 23:59:59 MST", "0000/00/00 00:00:00",
    "2024/02/30 00:00:00", "2024/02/01 24:00:00", "2024/02/01 23:59:60", "1899/12/31 12:00:00", "2024/03/10 02:30:00",
    "2024/11/03 01:30:00", "２０２４/02/01 06:00:00", "٢٠٢٤/02/01 06:00:00", "2024/02/01  06:00:00", "2024/02/0106:00:00 XXX",
    "A4-01-31 18:19:54", "4" * 4000, "A0" * 2000, "/" * 4000, ":" * 4000, "4-01-41 418:419:54" * 100, " 4" * 3000,
)  # fmt: skip


def tried(attempt: Attempt, text: str) -> None:
    """All that is done with one text."""
    for camera, night in ((AURORAMAX, "20240201"), (KHO, "20240201")):
        span = NightSpan.of(night, camera)

        def understand(span: NightSpan = span, text: str = text) -> None:
            repaired, _ = table1.repair(text)
            for words in (text, repaired):
                for stamp in parse(words, span.formats):
                    for moment in span.moments(stamp.local, stamp.zone, stamp.format):
                        assert moment.stamp
                        span.contains(moment)

        attempt("overlay texts", understand, text[:200])


def test_texts_of_the_overlay(attempt: Attempt) -> None:
    """Stamps at the ends of the calendar, digits of other scripts, and anything that is no stamp are understood or left."""
    for text in (*STAMPS, *WORDS):
        tried(attempt, text)


@settings(hostile, max_examples=400)
@given(st.text(alphabet="0123456789-/: AMSTDZ.'\t\n٠２", max_size=60))
def test_random_texts_of_the_overlay(attempt: Attempt, text: str) -> None:
    """Any text of the clock's own letters is understood or left."""
    tried(attempt, text)


@settings(hostile, max_examples=300)
@given(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)).map(lambda time: time.replace(microsecond=0)),
    st.sampled_from(AURORAMAX.clock.formats),
)
def test_every_stamp_of_the_calendar_is_read(attempt: Attempt, time: datetime, form: str) -> None:
    """Any second of any year can stand in a frame; it is read as that second or not at all."""
    made = ClockFormat(form, tuple(AURORAMAX.clock.zones_h))
    text = made.render(time, "MST")
    if time.year >= 1000:  # Python prints an earlier year with fewer digits
        found = made.parse(text)
        assert found is None or found[0] == time
    tried(attempt, text)


def night_of(rng: np.random.Generator, count: int, spoil: float) -> list[str]:
    """A night's stamps of which a share is anything else."""
    start = datetime(2024, 1, 31, 18, 0)
    texts = [f"{start + timedelta(minutes=n):%Y/%m/%d %H:%M:%S}" for n in range(count)]
    others = [*STAMPS[:12], *WORDS[:20], "9999/12/31 23:59:59", "", "2024/01/31 18:00:00"]
    return [others[int(rng.integers(len(others)))] if rng.random() < spoil else text for text in texts]


@pytest.mark.parametrize("spoil", [0.02, 0.1, 0.3, 0.7, 1.0])
def test_nights_with_hostile_texts(attempt: Attempt, spoil: float) -> None:
    """However many of a night's texts are something else, a time that is given is right, and the rest is unreadable or an error."""
    for seed in range(8):
        rng = np.random.default_rng([seed, round(100 * spoil)])
        texts = night_of(rng, 60, spoil)
        other = night_of(rng, 60, spoil)

        def look(read: list[str]) -> ocr.Look:
            return lambda numbers: [(read[number], 90.0) for number in numbers]  # type: ignore[return-value]

        found = attempt(
            "overlay texts, whole nights",
            lambda: resolve_times(60, look(texts), look(other), ClockSetup("20240201", AURORAMAX, PARAMS, 10)),  # noqa: B023
            texts,
        )
        if isinstance(found, NightClock):
            start = np.datetime64("2024-02-01T01:00:00")
            times = found.table["time_utc"].to_numpy(dtype="datetime64[s]")
            wrong = [
                n for n, time in enumerate(times) if not np.isnat(time) and time != start + np.timedelta64(60 * n, "s")
            ]
            assert wrong == []
        else:
            assert isinstance(found, ReproError)
            assert spoil > 0.02


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (40, 1), (3, 3)])
def test_strips_of_any_size(attempt: Attempt, shape: tuple[int, int]) -> None:
    """Strips of a pixel, of nothing but noise, or of one grey are prepared or told to hold no text."""
    rng = np.random.default_rng(2)
    for strip in (
        np.zeros(shape, np.uint8),
        np.full(shape, 255, np.uint8),
        rng.integers(0, 256, shape, dtype=np.uint8),
    ):

        def prepare(strip: np.ndarray = strip) -> None:
            box = ocr.text_box([strip] * 3, PARAMS.min_contrast)
            for look in ocr.looks(AURORAMAX.clock, PARAMS):
                ocr.prepare(strip[box], look, PARAMS.min_contrast)

        attempt("clock strips", prepare, (shape, strip.mean()))
