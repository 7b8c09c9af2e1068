"""The sample: its size by date, its seed, and the dates themselves."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.errors import ReproError
from repro.labels.sample import dates, draw, pool
from repro.params import SampleParams
from tests.support.frames import night_frames, nights

COUNTS = st.lists(st.integers(1, 90), min_size=1, max_size=6)


def corpus(counts: list[int]) -> pd.DataFrame:
    """Nights with these many frames, each within one UTC date."""
    return pd.concat(map(night_frames, nights(len(counts)), counts), ignore_index=True)


@settings(max_examples=25)
@given(COUNTS, st.integers(0, 2**31))
def test_every_date_gives_its_share(counts: list[int], seed: int) -> None:
    """Each date gives exactly min(20, max(1, n // 2)) different frames of its own."""
    frames = corpus(counts)
    drawn = draw(frames, SampleParams(), seed)
    assert drawn["name"].is_unique
    assert set(drawn["name"]) <= set(frames["name"])
    assert drawn.groupby("night").size().tolist() == [min(20, max(1, n // 2)) for n in counts]


@settings(max_examples=25)
@given(COUNTS, st.randoms(use_true_random=False))
def test_order_of_frames_does_not_matter(counts: list[int], random: object) -> None:
    """The same seed draws the same frames, in whatever order the table lists them."""
    frames = corpus(counts)
    shuffled = frames.sample(frac=1, random_state=random.randrange(2**31))  # type: ignore[attr-defined]
    assert draw(frames, SampleParams(), 5)["name"].tolist() == draw(shuffled, SampleParams(), 5)["name"].tolist()


def test_the_seed_decides_and_a_night_added_later_changes_no_other_draw() -> None:
    """Frames drawn of the first nights stay drawn when another night is appended; another seed draws others."""
    names = draw(corpus([50, 70]), SampleParams(), 1)["name"].tolist()
    after = draw(corpus([50, 70, 60]), SampleParams(), 1)
    assert after[after["night"] != "20240203"]["name"].tolist() == names
    assert draw(corpus([50, 70]), SampleParams(), 2)["name"].tolist() != names


def test_dates_are_utc_or_nights() -> None:
    """A night that crosses midnight UTC makes two dates as published, and one when grouped by night."""
    frames = night_frames("20240202", 60, start="2024-02-01 23:30:00")
    assert dates(frames, "utc_date").value_counts().to_dict() == {"2024-02-01": 30, "2024-02-02": 30}
    assert set(dates(frames, "night")) == {"20240202"}
    assert len(draw(frames, SampleParams(), 0)) == 30
    assert len(draw(frames, SampleParams(group="night"), 0)) == 20


def test_only_dark_moonless_frames_are_drawn() -> None:
    """Frames of twilight or moonlight never enter the sample, nor do those without a condition; without others it is an error."""
    frames = night_frames("20240202", 40)
    frames.loc[10:19, "sun_bin"] = "Astro"
    frames.loc[20:29, "moon_bin"] = "Moon_Full"
    frames.loc[30:39, ["sun_bin", "moon_bin"]] = None
    assert pool(frames)["number"].tolist() == list(range(10))
    with pytest.raises(ReproError, match="no frame of Night and No_moon among 30"):
        draw(frames[10:], SampleParams(), 0)
