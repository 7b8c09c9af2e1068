"""How many clocks come out exact of noisy, compressed, low-contrast overlays, and strips matched with learnt glyphs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from repro import frames
from repro.clock import ocr
from repro.clock.clock_corpus import clock_corpus
from repro.clock.learned import CONFIDENCE, GlyphModel, read_by_matching
from repro.clock.read_clock import ClockSetup, confirmed_stamps, read_clock
from repro.film.film_corpus import film_corpus
from repro.params import ClockParams, FilmParams
from tests.clock.nights import AURORAMAX as CAMERA
from tests.clock.nights import ZONE, ZONED, local
from tests.support.camera import DASHES, SLASHES, Look, film_night, strip

FAIR = Look(text=170, background=40, noise=10)
LOW = Look(text=120, background=45, noise=12, jpeg_quality=40)
POOR = Look(text=100, background=50, noise=12, jpeg_quality=40)  # half the stamps of an eye's first glance
#: Nights in winter time, in summer time, and across both changes of the clocks.
NIGHTS = [("20221202", SLASHES), ("20230312", SLASHES), ("20230420", SLASHES), ("20231105", SLASHES),
          ("20240201", ZONED), ("20240310", ZONED), ("20240420", ZONED)]  # fmt: skip


def night_times(night: str, count: int, rng: np.random.Generator, jitter_s: int = 0) -> list[datetime]:
    """UTC times a minute apart from ten in the evening on, each up to ``jitter_s`` early or late."""
    evening = datetime.strptime(night, "%Y%m%d") - timedelta(hours=2, seconds=int(rng.integers(3600)))
    start = ZONE.localize(evening).astimezone(UTC)
    return [start + timedelta(minutes=n, seconds=int(rng.integers(-jitter_s, jitter_s + 1))) for n in range(count)]


def read_night(
    times: Sequence[datetime], form: str, look: Look, rng: np.random.Generator, night: str, **params: str
) -> pd.DataFrame:
    """The clock of a night of strips with these times."""
    strips = [strip(text, look, rng) for text in local(times, form)]
    return read_clock(strips, ClockSetup(night, CAMERA, ClockParams(**params), 10), threads=2).table


def read_nights(count: int, looks: list[Look], jitter_s: int = 0, nights: slice = slice(None)) -> pd.DataFrame:
    """Frames of nights in every look: whether their time is ``exact``, or wrong without any flag (``silent``)."""
    tables = []
    for number, (night, form) in list(enumerate(NIGHTS))[nights]:
        for look in looks:
            rng = np.random.default_rng([number, look.text, jitter_s])
            times = night_times(night, count, rng, jitter_s)
            table = read_night(times, form, look, rng, night)
            exact = table["time_utc"] == pd.Series(times)
            silent = ~exact & table["time_utc"].notna() & (table["clock_repair"] == "")
            tables.append(pd.DataFrame({"exact": exact, "silent": silent}))
    return pd.concat(tables)


def test_low_contrast_strips_are_exact() -> None:
    """Of some low-contrast strips in both formats and zones every stamp is exact."""
    assert read_nights(8, [LOW])["exact"].all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("read", "least"),
    [
        ({"count": 240, "looks": [FAIR, POOR]}, 0.999),
        ({"count": 150, "looks": [POOR], "jitter_s": 1, "nights": slice(0, None, 2)}, 0.995),
    ],
    ids=["more than 3,000 strips", "a clock that jitters by a second"],
)
def test_stamps_are_exact_and_never_wrong_in_silence(read: dict[str, Any], least: float) -> None:
    """At least 99.9 % of the UTC stamps are exact, 99.5 % of an unsteady clock's, and none is wrong without a flag."""
    frames = read_nights(**read)
    assert frames["exact"].mean() >= least
    assert not frames["silent"].any()


@pytest.mark.slow
@pytest.mark.parametrize(("night", "form"), [("20230312", SLASHES), ("20240420", ZONED)])
def test_through_a_real_encoder(night: str, form: str, tmp_path: Path) -> None:
    """Overlays burned into 1280 x 720 frames and encoded as H.264 are read exactly, from file to frame table."""
    exposures = film_night(tmp_path / "videos", night, "22:15:30", int(night), 80, form, LOW)
    film_corpus(tmp_path / "videos", tmp_path / "film", CAMERA, FilmParams(), workers=1)
    outcome = clock_corpus(tmp_path / "film", tmp_path / "clock", CAMERA, ClockParams(), workers=1)
    assert outcome.failed == ()
    table = frames.read_nights(tmp_path / "clock" / "tables", "clock")
    assert [time.to_pydatetime() for time in table["time_utc"]] == exposures


@pytest.fixture(scope="module")
def strips() -> tuple[list[np.ndarray], list[str]]:
    """A night's 500 strips, cut to the text, and their stamps; the clock jitters, so that all digits occur."""
    rng = np.random.default_rng(8)
    texts = local(night_times("20240201", 500, rng, jitter_s=9), DASHES)
    strips = [strip(text, FAIR, rng) for text in texts]
    box = ocr.text_box(strips, 12)
    return [image[box] for image in strips], texts


@pytest.mark.parametrize("confirmed", [True, False])
def test_most_strips_are_read_by_matching(strips: tuple[list[np.ndarray], list[str]], confirmed: bool) -> None:
    """Of strips of fair contrast fewer than one in three is given to Tesseract; all, if the timeline confirms no reading."""
    pictures, texts = strips
    asked: list[int] = []

    def read(numbers: Sequence[int]) -> list[tuple[str, float]]:
        asked.extend(numbers)
        return [(texts[number], 90.0) for number in numbers]

    found = read_by_matching(pictures, read, lambda some: {number: texts[number] for number in some if confirmed})
    assert [text for text, _ in found] == texts
    assert len(asked) < 500 / 3 if confirmed else len(asked) == 500
    assert sum(confidence == CONFIDENCE for _, confidence in found) == 500 - len(asked)


@pytest.mark.parametrize("place", [14, 15, 18])
def test_a_digit_that_was_not_learnt_is_not_guessed(strips: tuple[list[np.ndarray], list[str]], place: int) -> None:
    """A strip with a digit that no training strip has at that place is not matched with another digit."""
    images, texts = strips[0][:300], strips[1][:300]
    pictures = np.asarray(images, dtype=np.float32).reshape(300, -1)
    other = np.array([text[place] == "3" for text in texts])
    known = np.flatnonzero(~other)
    model = GlyphModel.learn(pictures[known], [texts[number] for number in known], images[0].shape)
    assert {text for text, _ in model.explain(pictures[other])} == {""}
    assert [text for text, _ in model.explain(pictures[known[:50]])].count("") <= 10


def test_strips_that_differ_are_given_to_tesseract(strips: tuple[list[np.ndarray], list[str]]) -> None:
    """A strip without text, with a moved overlay, or with something over its digits is not matched."""
    images, texts = strips
    barred = images[150].copy()
    barred[:, 120:130] = 170
    spoilt = [np.full_like(barred, 40), np.roll(images[150], 3, axis=1), barred]
    pictures = np.asarray([*images[:150], *spoilt], dtype=np.float32).reshape(153, -1)
    pictures -= np.median(pictures, axis=1, keepdims=True)
    model = GlyphModel.learn(pictures[:150], texts[:150], barred.shape)
    assert [text for text, _ in model.explain(pictures[150:])] == ["", "", ""]


@pytest.mark.parametrize("step_s", [60, 60.475, 150.3])
def test_the_timeline_confirms_good_readings(step_s: float) -> None:
    """Readings in whole seconds of a clock with any step are confirmed, a misread one is not."""
    start = night_times("20240201", 1, np.random.default_rng(1))[0]
    texts = local([start + timedelta(seconds=int(step_s * n)) for n in range(0, 200, 3)], DASHES)
    read = {3 * place: (text, 90.0) for place, text in enumerate(texts)}
    read[90] = (read[90][0][:11] + "12:00:00", 90.0)
    confirmed = confirmed_stamps(read, ClockSetup("20240201", CAMERA, ClockParams(), 10))
    assert 90 not in confirmed
    assert len(confirmed) >= 0.9 * len(read)
    assert all(read[number][0] == stamp for number, stamp in confirmed.items())


@pytest.mark.slow
@pytest.mark.parametrize("look", [FAIR, POOR], ids=["fair", "poor"])
def test_both_engines_agree(look: Look) -> None:
    """On a night of noisy strips both engines give every frame the same time and stamp, and most frames the true one."""
    times = night_times("20240201", 180, np.random.default_rng(3))
    learned, tesseract = (
        read_night(times, DASHES, look, np.random.default_rng(4), "20240201", engine=engine)
        for engine in ("learned", "tesseract")
    )
    columns = ["time_utc", "clock_text"]
    pd.testing.assert_frame_equal(learned[columns], tesseract[columns])
    assert (learned["time_utc"] == pd.Series(times)).mean() > 0.95
    assert (learned["clock_confidence"] == CONFIDENCE).sum() > (90 if look is FAIR else 0)
