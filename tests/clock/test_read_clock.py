"""From readings to UTC: texts with known damage go in, and what comes out is right or unreadable, never wrong in silence.

No picture is involved: the two looks are made of text, so that thousands of frames are quick.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import numpy as np
import pytest

from repro.clock.read_clock import NightClock
from repro.errors import ReproError
from tests.clock.nights import ZONE, ZONED, evening, exact, local, resolve, right
from tests.clock.test_formats import STAMPS
from tests.hostile.inputs import WORDS
from tests.support.camera import SLASHES

Damage = Callable[[int, str], str]


def moments(night: str, count: int, *, begin: str = "20:00:07") -> list[datetime]:
    """UTC times of a night's frames, a minute apart, from a local time of its evening on."""
    start = datetime.strptime(night + begin, "%Y%m%d%H:%M:%S") - timedelta(days=1)
    return evening(count, start=start.isoformat())


def clock_of(
    night: str,
    times: Sequence[datetime],
    form: str,
    first: Damage = lambda _, text: text,
    second: Damage = lambda _, text: text,
    **params: float,
) -> NightClock:
    """The clock of a night whose stamps are damaged in two looks."""
    texts = list(enumerate(local(times, form)))
    return resolve([first(*entry) for entry in texts], night, second=[second(*entry) for entry in texts], **params)


@pytest.mark.parametrize("form", [SLASHES, ZONED])
@pytest.mark.parametrize("night", ["20221202", "20230312", "20231105", "20240201", "20240310", "20240420"])
def test_a_clean_night_is_read_as_it_is(night: str, form: str) -> None:
    """In winter, in summer and across every change of the clocks, clean stamps give the true UTC and need no repair."""
    times = moments(night, 660)
    clock = clock_of(night, times, form)
    assert exact(clock, times)
    assert set(clock.table["clock_repair"]) == {""}
    assert clock.summary["breaks"] == []


def test_a_clock_that_was_not_set_is_followed() -> None:
    """A clock that shows winter time all through the night of change, the missing hour included, gives the true UTC."""
    times = moments("20240310", 600)
    shown = [(time - timedelta(hours=7)).strftime(SLASHES) for time in times]
    clock = resolve(shown, "20240310")
    assert exact(clock, times)
    assert clock.summary["dst_inconsistent"] > 0


def test_a_repeated_hour_by_itself_is_not_guessed() -> None:
    """A video that lies within the repeated hour and prints no zone has no sure time: the night fails and says so."""
    times = moments("20231105", 25, begin="23:00:00")
    times = [time + timedelta(hours=2, minutes=10) for time in times]
    with pytest.raises(ReproError, match=r"25 of 25 frames without a time: 25 stamps, such as .* have two meanings"):
        clock_of("20231105", times, SLASHES)


@pytest.mark.parametrize("form", [SLASHES, ZONED])
def test_table_1_then_continuity(form: str) -> None:
    """A stamp with a fault of Table 1 is repaired, named by its rule, and right even where the rule alone is not."""
    times = moments("20240201", 300)

    def damage(number: int, text: str) -> str:
        if number == 50:  # 31 read as 34: the rule's guess is right
            return text.replace("31 ", "34 ", 1)
        if number == 80:  # 21:20 read as 24:20: the rule makes it 14:20, which only the line can know to be wrong
            return text.replace(" 21:", " 24:")
        return text

    clock = clock_of("20240201", times, form, damage)
    assert exact(clock, times)
    assert clock.table["clock_repair"][50] == "day_34"
    assert clock.table["clock_repair"][80] == "hour_over_24+continuity"


def test_a_valid_but_wrong_stamp_is_put_right() -> None:
    """A misread digit that leaves a valid stamp is found by the line, and repaired if the second look helps."""
    times = moments("20240201", 300)
    clock = clock_of("20240201", times, SLASHES, lambda n, text: text[:-2] + "51" if n == 100 else text)
    assert exact(clock, times)
    assert clock.table["clock_repair"][100] == "continuity"
    assert clock.table["clock_read"][100].endswith("51")


def test_a_real_delay_is_kept_and_flagged() -> None:
    """An exposure that really came four seconds late, and reads so twice, keeps its own time and is flagged."""
    times = moments("20240201", 300)
    times[150] += timedelta(seconds=4)
    clock = clock_of("20240201", times, SLASHES)
    assert exact(clock, times)
    assert clock.table["clock_repair"][150] == "second_look"


@pytest.mark.parametrize(
    ("numbers", "left"), [([42], 0), ([42], 10), (range(100, 120), 0)], ids=["nothing", "date", "stretch"]
)
def test_nothing_is_filled_in(numbers: Sequence[int], left: int) -> None:
    """Frames of which nothing was read, or the date alone, stay unreadable between good neighbours; all others are right."""
    times = moments("20240201", 300)
    damage: Damage = lambda n, text: text[:left] if n in numbers else text  # noqa: E731
    clock = clock_of("20240201", times, SLASHES, damage, damage)
    assert clock.summary["unreadable"] == list(numbers)
    assert set(clock.table["clock_repair"][list(numbers)]) == {"unreadable"}
    assert sum(right(clock, times)) == 300 - len(numbers)


def test_too_long_a_stretch_fails_the_night() -> None:
    """More unreadable frames than allowed fail the night with an error that says which."""
    times = moments("20240201", 100)
    blank: Damage = lambda n, text: "" if n >= 80 else text  # noqa: E731
    with pytest.raises(ReproError, match="20 of 100 frames") as caught:
        clock_of("20240201", times, SLASHES, blank, blank)
    assert "80-99" in caught.value.where


@pytest.mark.parametrize(("seconds", "frames"), [(95 * 60, 95), (6, 0)])
def test_a_pause_is_a_gap(seconds: int, frames: int) -> None:
    """A pause of 95 minutes, or one exposure lost from the video, is one listed gap, and every time is true."""
    times = [time + timedelta(seconds=seconds if n >= 120 else 0) for n, time in enumerate(moments("20240201", 300))]
    clock = clock_of("20240201", times, SLASHES)
    assert exact(clock, times)
    (gap,) = clock.summary["breaks"]
    assert gap == {"kind": "gap", "after": 119, "before": 120, "seconds": seconds, "frames": frames}


def test_repeated_frames_are_duplicates() -> None:
    """Frames that repeat a moment keep the clock they show and are reported as duplicates."""
    times = moments("20240201", 300)
    times = times[:150] + [times[149]] * 5 + times[150:295]
    clock = clock_of("20240201", times, SLASHES)
    wrong = [n for n, good in enumerate(right(clock, times)) if not good]
    assert all(clock.table["time_utc"][n] is not None and n in clock.summary["unreadable"] for n in wrong)
    assert {gap["kind"] for gap in clock.summary["breaks"]} == {"duplicate"}
    assert len(wrong) <= 5


@pytest.mark.parametrize("seen_again", [False, True])
def test_a_misread_end_of_the_night_does_not_pass_for_a_gap(seen_again: bool) -> None:
    """Ten last minutes 04:1x read as 04:4x look like a pause of half an hour; they are repaired or unreadable, not wrong."""
    times = moments("20240201", 500)[:500]
    damage: Damage = lambda _, text: text.replace(" 04:1", " 04:4")  # noqa: E731
    second = (lambda _, text: text) if seen_again else damage
    clock = clock_of("20240201", times, SLASHES, damage, second)
    assert times[-1].astimezone(ZONE).strftime("%H:%M") == "04:19"
    good = right(clock, times)
    assert all(good[:490])
    assert all(good[490:]) if seen_again else clock.summary["unreadable"] == list(range(490, 500))


@pytest.mark.parametrize(
    ("night", "form", "message"),
    [
        ("20240201", "", r"(?s)no text in any strip.*box_px"),
        ("20240201", "%d.%m.%Y %H:%M:%S", r"(?s)'31\.01\.2024 20:00:07'.*%Y/%m/%d %H:%M:%S"),
        ("20240205", SLASHES, "a clock of another night"),
    ],
)
def test_a_night_of_another_clock_says_so(night: str, form: str, message: str) -> None:
    """No clock, one that prints the day first, and one of another night are errors that say what was read and expected."""
    with pytest.raises(ReproError, match=message):
        clock_of(night, moments("20240201", 200), form)


def test_confusions_are_reported() -> None:
    """Glyphs that were read as others are counted in the report: printed, read, how often."""
    times = moments("20240201", 200)
    clock = clock_of("20240201", times, SLASHES, lambda n, t: t.replace(" 22:", " 2Z:") if n % 3 == 0 else t)
    assert ["2", "Z", 20] in clock.summary["confusions"]


def test_a_short_night_still_counts() -> None:
    """Two frames only are read twice and taken if both looks agree."""
    times = moments("20240201", 2)
    clock = clock_of("20240201", times, SLASHES)
    assert exact(clock, times)


@pytest.mark.parametrize("form", [SLASHES, ZONED])
@pytest.mark.parametrize(("rate", "least"), [(0.002, 0.999), (0.01, 0.995), (0.05, 0.9)])
def test_random_damage_is_repaired_or_listed(rate: float, least: float, form: str) -> None:
    """With glyphs misread, lost and added at random in both looks, nearly all times are exact, and none is wrong unflagged."""
    rng = np.random.default_rng(int(rate * 1e4))

    def spoil(_: int, text: str) -> str:
        glyphs = []
        for glyph in text:
            chance = rng.random()
            if chance < rate * 0.7:
                glyphs.append(str(rng.integers(10)))
            elif chance < rate * 0.9:
                continue
            elif chance < rate:
                glyphs += [glyph, "4"]
            else:
                glyphs.append(glyph)
        return "".join(glyphs)

    exact = total = 0
    for night in ("20230312", "20231105", "20240201"):
        times = moments(night, 600 if rate < 0.02 else 150)
        clock = clock_of(night, times, form, spoil, spoil, max_unreadable_share=1.0)
        good = np.array(right(clock, times))
        timed = clock.table["time_utc"].notna().to_numpy()
        flagged = (clock.table["clock_repair"] != "").to_numpy()
        assert not (timed & ~good & ~flagged).any()
        exact, total = exact + int(good.sum()), total + len(times)
    assert exact >= least * total


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.7, 1.0])
def test_texts_of_any_kind_never_give_a_wrong_time(share: float) -> None:
    """However many of a night's texts are something else, a time that is given is right; the others are unreadable."""
    times, others = moments("20240201", 60), [*STAMPS[:12], *WORDS[:20], "", "2024/01/31 20:00:07"]
    for seed in range(5):
        rng = np.random.default_rng([seed, round(100 * share)])
        bad, words = rng.random((2, 60)) < share, rng.integers(len(others), size=(2, 60))

        def damage(look: int, number: int, text: str, bad: np.ndarray = bad, words: np.ndarray = words) -> str:
            return others[words[look, number]] if bad[look, number] else text

        try:
            clock = clock_of("20240201", times, SLASHES, partial(damage, 0), partial(damage, 1))
        except ReproError:
            assert share > 0.02
            continue
        given = clock.table["time_utc"].notna()
        assert all(is_right or not known for is_right, known in zip(right(clock, times), given, strict=True))
