"""How many clocks come out exact: noisy, compressed, low-contrast overlays of both formats in both zones."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repro import frames
from repro.clock.clock_corpus import clock_corpus
from repro.clock.read_clock import ClockSetup, read_clock
from repro.film.film_corpus import film_corpus
from repro.params import ClockParams, FilmParams
from tests.clock.nights import AURORAMAX as CAMERA
from tests.clock.nights import ZONE, ZONED
from tests.support.camera import SLASHES, Look, sky_frames, strip, write_video

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


def read_nights(count: int, looks: list[Look], jitter_s: int = 0, nights: slice = slice(None)) -> pd.DataFrame:
    """Frames of nights in every look: whether their time is ``exact``, ``wrong``, or wrong without any flag (``silent``)."""
    tables = []
    for number, (night, form) in list(enumerate(NIGHTS))[nights]:
        for look in looks:
            rng = np.random.default_rng([number, look.text, jitter_s])
            times = night_times(night, count, rng, jitter_s)
            strips = [strip(time.astimezone(ZONE).strftime(form), look, rng) for time in times]
            table = read_clock(strips, ClockSetup(night, CAMERA, ClockParams(), 10), threads=2).table
            exact = table["time_utc"] == pd.Series(times)
            wrong = ~exact & table["time_utc"].notna()
            tables.append(
                pd.DataFrame({"exact": exact, "wrong": wrong, "silent": wrong & (table["clock_repair"] == "")})
            )
    return pd.concat(tables)


def test_low_contrast_strips_are_exact() -> None:
    """Of some low-contrast strips in both formats and zones every stamp is exact."""
    assert read_nights(8, [LOW])["exact"].all()


@pytest.mark.slow
def test_three_thousand_strips() -> None:
    """Of more than 3,000 frames at least 99.9 % of the UTC stamps are exact, and none is wrong without a flag."""
    frames = read_nights(240, [FAIR, POOR])
    assert len(frames) >= 3000
    assert frames["exact"].mean() >= 0.999
    assert not frames["silent"].any()


@pytest.mark.slow
def test_an_unsteady_clock_is_never_wrong_in_silence() -> None:
    """With a clock that jitters by a second, poor stamps are exact, flagged or unreadable, hardly ever less."""
    frames = read_nights(150, [POOR], jitter_s=1, nights=slice(0, None, 2))
    assert frames["exact"].mean() >= 0.995
    assert not frames["silent"].any()


@pytest.mark.slow
@pytest.mark.parametrize(("night", "form"), [("20230312", SLASHES), ("20240201", ZONED), ("20240420", ZONED)])
def test_through_a_real_encoder(night: str, form: str, tmp_path: Path) -> None:
    """Overlays burned into 1280 x 720 frames and encoded as H.264 are read exactly, from file to frame table."""
    rng = np.random.default_rng(int(night))
    start = night_times(night, 1, rng)[0]
    exposures = [start + timedelta(seconds=6 * number) for number in range(120)]
    texts = [time.astimezone(ZONE).strftime(form) for time in exposures]
    videos = tmp_path / "videos"
    videos.mkdir()
    write_video(videos / f"auroramaxHD_{night}_720p.mp4", sky_frames(texts, LOW, rng))
    film_corpus(videos, tmp_path / "film", CAMERA, FilmParams(), workers=1)
    outcome = clock_corpus(tmp_path / "film", tmp_path / "clock", CAMERA, ClockParams(), workers=1)
    assert outcome.failed == ()
    table = frames.read_nights(tmp_path / "clock" / "tables", "clock")
    assert [time.to_pydatetime() for time in table["time_utc"]] == exposures[::10]
