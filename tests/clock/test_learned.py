"""Reading strips by matching them with glyphs that were learnt from the night itself."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from repro.clock import ocr
from repro.clock.learned import CONFIDENCE, GlyphModel, read_by_matching
from repro.clock.read_clock import ClockSetup, confirmed_stamps, read_clock
from repro.params import ClockParams
from tests.clock.test_accuracy import CAMERA, FAIR, POOR, ZONE, night_times
from tests.support.camera import DASHES, Look, strip


def night_of_strips(count: int, look: Look = FAIR) -> tuple[list[np.ndarray], list[str]]:
    """A night's strips, cut to the text, and their stamps; the clock jitters, so that all digits occur."""
    rng = np.random.default_rng(8)
    texts = [time.astimezone(ZONE).strftime(DASHES) for time in night_times("20240201", count, rng, jitter_s=9)]
    strips = [strip(text, look, rng) for text in texts]
    box = ocr.text_box(strips, 12)
    return [image[box] for image in strips], texts


class Reader:
    """Reads what is printed, and counts the strips that it is asked for."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts, self.asked = texts, 0

    def __call__(self, numbers: Sequence[int]) -> list[tuple[str, float]]:
        """Texts of some strips."""
        self.asked += len(numbers)
        return [(self.texts[number], 90.0) for number in numbers]


def test_most_strips_are_read_by_matching() -> None:
    """Of 500 strips of fair contrast fewer than one in three is given to Tesseract, and every text is right."""
    strips, texts = night_of_strips(500)
    reader = Reader(texts)
    read = read_by_matching(strips, reader, lambda some: {number: texts[number] for number in some})
    assert [text for text, _ in read] == texts
    assert reader.asked < 500 / 3
    assert sum(confidence == CONFIDENCE for _, confidence in read) == 500 - reader.asked


@pytest.mark.parametrize("place", [14, 15, 18])
def test_a_digit_that_was_not_learnt_is_not_guessed(place: int) -> None:
    """A strip with a digit that no training strip has at that place is not matched with another digit."""
    strips, texts = night_of_strips(300)
    pictures = np.asarray(strips, dtype=np.float32).reshape(len(strips), -1)
    other = np.array([text[place] == "3" for text in texts])
    known = np.flatnonzero(~other)
    model = GlyphModel.learn(pictures[known], [texts[number] for number in known], strips[0].shape)
    assert {text for text, _ in model.explain(pictures[other])} == {""}
    assert [text for text, _ in model.explain(pictures[known[:50]])].count("") <= 10


@pytest.mark.parametrize("damage", ["blank", "moved", "bar"])
def test_strips_that_differ_are_given_to_tesseract(damage: str) -> None:
    """A strip without text, with a moved overlay, or with something over its digits is not matched."""
    strips, texts = night_of_strips(200)
    spoilt = {"blank": np.full_like(strips[0], 40), "moved": np.roll(strips[150], 3, axis=1), "bar": strips[150].copy()}
    spoilt["bar"][:, 120:130] = 170
    pictures = np.asarray([*strips[:150], spoilt[damage]], dtype=np.float32).reshape(151, -1)
    pictures -= np.median(pictures, axis=1, keepdims=True)
    model = GlyphModel.learn(pictures[:150], texts[:150], strips[0].shape)
    assert model.explain(pictures[150:])[0][0] == ""


@pytest.mark.parametrize("step_s", [60, 60.475, 150.3])
def test_the_timeline_confirms_good_readings(step_s: float) -> None:
    """Readings in whole seconds of a clock with any step are confirmed, a misread one is not."""
    start = night_times("20240201", 1, np.random.default_rng(1))[0]
    texts = [f"{(start + timedelta(seconds=int(step_s * n))).astimezone(ZONE):{DASHES}}" for n in range(0, 200, 3)]
    read = {3 * place: (text, 90.0) for place, text in enumerate(texts)}
    read[90] = (read[90][0][:11] + "12:00:00", 90.0)
    confirmed = confirmed_stamps(read, ClockSetup("20240201", CAMERA, ClockParams(), 10))
    assert 90 not in confirmed
    assert len(confirmed) >= 0.9 * len(read)
    assert all(read[number][0] == stamp for number, stamp in confirmed.items())


def test_without_confirmed_readings_tesseract_reads_all() -> None:
    """If the timeline confirms no reading, nothing is matched."""
    strips, texts = night_of_strips(120)
    reader = Reader(texts)
    assert [text for text, _ in read_by_matching(strips, reader, lambda _: {})] == texts
    assert reader.asked == 120


@pytest.mark.slow
@pytest.mark.parametrize("look", [FAIR, POOR], ids=["fair", "poor"])
def test_both_engines_agree(look: Look) -> None:
    """On a night of noisy strips both engines give every frame the same time and stamp, and most frames the true one."""
    rng = np.random.default_rng(3)
    times = night_times("20240201", 180, rng)
    strips = [strip(time.astimezone(ZONE).strftime(DASHES), look, rng) for time in times]
    learned, tesseract = (
        read_clock(strips, ClockSetup("20240201", CAMERA, ClockParams(engine=engine), 10), threads=2).table
        for engine in ("learned", "tesseract")
    )
    columns = ["time_utc", "clock_text"]
    pd.testing.assert_frame_equal(learned[columns], tesseract[columns])
    assert (learned["time_utc"] == pd.Series(times)).mean() > 0.95
    assert (learned["clock_confidence"] == CONFIDENCE).sum() > (90 if look is FAIR else 0)
