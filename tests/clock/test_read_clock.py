"""From readings to UTC: texts with known damage go in, and what comes out is right or unreadable, never wrong in silence.

No picture is involved: the two looks are made of text, so that thousands of frames are quick.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from repro.camera import Camera
from repro.errors import ReproError
from tests.clock.nights import AURORAMAX, STILLS, ZONED, behind, evening, exactly, local, resolve, right
from tests.clock.test_formats import STAMPS
from tests.hostile.inputs import WORDS
from tests.support.camera import SLASHES


@pytest.mark.parametrize("form", [SLASHES, ZONED])
@pytest.mark.parametrize(
    "night",
    ["20221202", "20230101", "20230312", "20231105", "20240201", "20240229", "20240301", "20240310", "20240420"],
)
def test_a_clean_night_is_read_as_it_is(night: str, form: str) -> None:
    """In winter, in summer, across every change of the clocks, leap days and the turn of the year no stamp needs a repair."""
    times = evening(400, begin="21:00:07", night=night)
    clock = exactly(times, local(times, form), night)
    assert set(clock.table["clock_repair"]) == {""}
    assert clock.summary["breaks"] == []


def test_a_clock_that_was_not_set_is_followed() -> None:
    """A clock that shows winter time all through the night of change, the missing hour included, gives the true UTC."""
    times = evening(600, night="20240310")
    clock = exactly(times, [(time - timedelta(hours=7)).strftime(SLASHES) for time in times], "20240310")
    assert clock.summary["dst_inconsistent"] > 0


def test_a_repeated_hour_by_itself_is_not_guessed() -> None:
    """A video that lies within the repeated hour and prints no zone has no sure time: the night fails and says so."""
    times = evening(25, lambda n: 60.0 * (n + 130), "23:00:00", "20231105")
    with pytest.raises(ReproError, match=r"25 of 25 frames without a time: 25 stamps, such as .* have two meanings"):
        resolve(local(times), "20231105")


@pytest.mark.parametrize("form", [SLASHES, ZONED])
def test_table_1_then_continuity(form: str) -> None:
    """A stamp with a fault of Table 1 is repaired, named by its rule, and right even where the rule alone is not."""
    times = evening(300, night="20240201")
    texts = local(times, form)
    first = texts.copy()
    first[50] = first[50].replace("31 ", "34 ", 1)  # 31 read as 34: the rule's guess is right
    first[80] = first[80].replace(" 21:", " 24:")  # the rule makes it 14:20, which only the line can know to be wrong
    clock = exactly(times, first, "20240201", second=texts)
    assert clock.table["clock_repair"][[50, 80]].tolist() == ["day_34", "hour_over_24+continuity"]


def test_a_real_delay_is_kept_and_flagged() -> None:
    """An exposure that really came four seconds late, and reads so twice, keeps its own time and is flagged."""
    clock = exactly(evening(300, lambda n: 60.0 * n + (4 if n == 150 else 0)))
    assert clock.table["clock_repair"][150] == "second_look"


@pytest.mark.parametrize(
    ("numbers", "left"),
    [([42], 0), ([42], 10), (range(100, 120), 0), (range(15), 0)],
    ids=["nothing", "date", "stretch", "late overlay"],
)
def test_nothing_is_filled_in(numbers: Sequence[int], left: int) -> None:
    """Frames of which nothing was read, or the date alone, stay unreadable beside good neighbours; all others are right."""
    times = evening(300)
    clock = resolve([text[:left] if n in numbers else text for n, text in enumerate(local(times))])
    assert clock.summary["unreadable"] == list(numbers)
    assert set(clock.table["clock_repair"][list(numbers)]) == {"unreadable"}
    assert right(clock, times).sum() == 300 - len(numbers)


@pytest.mark.parametrize(
    ("cadence_s", "pause_s", "frames", "notes"),
    [
        (60, 95 * 60, 95, []),
        (60, 6, 0, []),
        (60, 3600, 60, ["the clock jumps ahead by 1 h between frames 19 and 20"]),
        (150, 1800, 12, ["the clock advances 15 s a frame, cadence_s says 6"]),
    ],
)
def test_a_pause_is_a_gap(cadence_s: int, pause_s: int, frames: int, notes: list[str]) -> None:
    """A pause, or one exposure lost from the video, is one listed gap; one of whole hours may also be a clock that was set."""
    clock = exactly(evening(40, lambda n: cadence_s * n + (pause_s if n >= 20 else 0)))
    gap = {"kind": "gap", "after": 19, "before": 20, "seconds": pause_s, "frames": frames}
    assert clock.summary["breaks"] == [gap]
    assert [note.split(":")[0] for note in clock.summary["notes"]] == notes


@pytest.mark.parametrize("count", [5, 10])
def test_repeated_frames_are_duplicates(count: int) -> None:
    """Frames that repeat a moment have no time or the one they show, and are no clock that was set back."""
    times = evening(200)
    times = times[:150] + [times[149]] * count + times[150:]
    clock = resolve(local(times))
    wrong = set(np.flatnonzero(~right(clock, times)))
    assert wrong <= set(clock.summary["unreadable"]) & set(range(149, 150 + count))
    assert {gap["kind"] for gap in clock.summary["breaks"]} == {"duplicate"}
    assert [entry["standing"] for entry in clock.summary["contradictions"]] == [True]
    assert not any("set back" in note for note in clock.summary["notes"])


@pytest.mark.parametrize("seen_again", [False, True])
def test_a_misread_end_of_the_night_does_not_pass_for_a_gap(seen_again: bool) -> None:
    """Ten last minutes 04:1x read as 04:4x look like a pause of half an hour; they are repaired or unreadable, not wrong."""
    times = evening(500)
    texts = local(times)
    assert texts[490:] == [text for text in texts if " 04:1" in text]
    clock = resolve([text.replace(" 04:1", " 04:4") for text in texts], second=texts if seen_again else None)
    assert right(clock, times).tolist() == [True] * 490 + [seen_again] * 10
    assert clock.summary["unreadable"] == ([] if seen_again else list(range(490, 500)))


@pytest.mark.parametrize("frames", [AURORAMAX, STILLS], ids=["video", "stills"])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda times: local(times[:51] + [times[50]] * 49), "is that of the frame before.* or the clock is frozen"),
        (lambda times: local([time for time in times[:40] for _ in range(2)]), "each exposure appears several times"),
        (lambda times: [""] * 60 + local(times[60:]), "no text in frames 0-59"),
        (lambda times: local(times[:80]) + [""] * 20, r"(?s)20 of 100 frames.*night 20221203, frames 80-99"),
        (lambda times: behind(times, 60, minutes=150), "40 of 100 .* frames 60-99 .* 2:30:00 behind the timeline"),
        (lambda times: behind(times, 50, hours=-7), "jumps ahead by 7 h between frames 49 and 50"),
        (lambda times: [""] * len(times), r"(?s)no text in any strip.*box_px"),
        (lambda times: local(times, "%d.%m.%Y %H:%M:%S"), r"(?s)'02\.12\.2022 20:00:07'.*%Y/%m/%d %H:%M:%S"),
        (lambda times: behind(times, 0, days=4), "a clock of another night"),
    ],
    ids=[
        "frozen", "twice", "late overlay", "stretch", "set back", "UTC", "no clock", "day first", "another night",
    ],
)  # fmt: skip
def test_a_night_that_fails_says_why(
    spoil: Callable[[list[datetime]], list[str]], message: str, frames: Camera
) -> None:
    """If more frames stay without a time than may be left out, the error names the cause, not that nothing could be read."""
    with pytest.raises(ReproError, match=message):
        resolve(spoil(evening(100)), camera=frames)


def test_confusions_are_reported() -> None:
    """Glyphs that were read as others are counted in the report: printed, read, how often."""
    texts = local(evening(200))
    first = [text.replace(" 22:", " 2Z:") if n % 3 == 0 else text for n, text in enumerate(texts)]
    assert ["2", "Z", 20] in resolve(first, second=texts).summary["confusions"]


def test_a_short_night_still_counts() -> None:
    """Two frames only are read twice and taken if both looks agree."""
    exactly(evening(2))


@pytest.mark.parametrize("form", [SLASHES, ZONED])
@pytest.mark.parametrize(("rate", "count", "least"), [(0.002, 600, 0.999), (0.01, 300, 0.995), (0.05, 120, 0.9)])
def test_random_damage_is_repaired_or_listed(rate: float, count: int, least: float, form: str) -> None:
    """With glyphs misread, lost and added at random in both looks, nearly all times are exact, and none is wrong unflagged."""
    rng = np.random.default_rng(int(rate * 1e4))

    def spoil(text: str) -> str:
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

    answers: list[np.ndarray] = []
    for night in ("20230312", "20231105", "20240201"):
        times = evening(count, begin="23:30:07", night=night)
        first, second = ([spoil(text) for text in local(times, form)] for _ in range(2))
        clock = resolve(first, night, second=second, max_unreadable_share=1.0)
        good = right(clock, times)
        assert (clock.table["time_utc"].isna() | (clock.table["clock_repair"] != "") | good).all()
        answers.append(good)
    assert np.mean(answers) >= least


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.7, 1.0])
def test_texts_of_any_kind_never_give_a_wrong_time(share: float) -> None:
    """However many of a night's texts are something else, a time that is given is right; the others are unreadable."""
    times, others = evening(60), [*STAMPS[:12], *WORDS[:20], "", "2022/12/02 20:00:07"]
    for seed in range(5):
        rng = np.random.default_rng([seed, round(100 * share)])
        bad, words = rng.random((2, 60)) < share, rng.integers(len(others), size=(2, 60))
        first, second = (
            [others[words[look, n]] if bad[look, n] else text for n, text in enumerate(local(times))] for look in (0, 1)
        )
        try:
            clock = resolve(first, second=second)
        except ReproError:
            assert share > 0.02
            continue
        assert (clock.table["time_utc"].isna() | right(clock, times)).all()
