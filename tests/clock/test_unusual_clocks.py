"""Clocks that are not what the profile says: what people who film skies complain about, each with its right answer."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from repro.camera import Camera
from repro.errors import ReproError
from tests.clock.nights import AURORAMAX, ZONED, evening, exact, local, resolve, right
from tests.support.camera import times as utc_times

STILLS = AURORAMAX.model_copy(update={"frames": "stills", "file_pattern": "YYYYMMDD/*"})


def camera(formats: Sequence[str], time_zone: str = "UTC", **zones_h: float) -> Camera:
    """A camera like AuroraMAX with another clock."""
    document = AURORAMAX.model_dump()
    document["site"]["time_zone"] = time_zone
    document["clock"] |= {"formats": list(formats), "zones_h": zones_h, "published_repairs": False}
    return Camera.model_validate(document)


def behind(times: list[datetime], first: int, **late: float) -> list[str]:
    """Stamps of a clock that is set back at a frame."""
    return local([time - timedelta(**late) if number >= first else time for number, time in enumerate(times)])


@pytest.mark.parametrize(("count", "step_s"), [(30, 60), (70, 60), (300, 60), (40, 150), (200, 9), (60, 600)])
@pytest.mark.parametrize("step", [10, 20])
def test_the_step_is_the_clocks_own(count: int, step_s: int, step: int) -> None:
    """Whatever cadence the profile names, the clock's own step is found and no well-read frame is dropped."""
    times = evening(count, lambda n: step_s * n, "2022-12-02 18:00:00")
    clock = resolve(local(times), step=step)
    assert exact(clock, times)
    assert clock.summary["step_s"] == step_s
    assert clock.summary["breaks"] == []
    assert bool(clock.summary["notes"]) == (step_s != 6 * step)


def test_a_video_that_shows_each_exposure_twice_is_noted() -> None:
    """A 25 fps night converted to 50 fps keeps its times, and a note says that each exposure appears twice."""
    clock = resolve(local(evening(70)), step=20)
    assert clock.summary["notes"] == [
        "the clock advances 3 s a frame, cadence_s says 6: each exposure appears 2 times in this video, or cadence_s is wrong"
    ]


def test_a_converted_frame_rate_drops_no_frame() -> None:
    """At 59.94 fps every 24th frame is mostly the tenth next exposure, and now and then the eleventh; all keep their times."""
    times = evening(200, lambda n: 6 * int(24 * n * 25 / 59.94))
    clock = resolve(local(times), step=24)
    assert exact(clock, times)
    assert clock.summary["step_s"] == pytest.approx(60, abs=0.1)


def test_a_pause_is_a_gap_at_another_cadence() -> None:
    """With 15 s a frame instead of 6, half an hour's pause is listed as one gap, and the note names both cadences."""
    times = evening(40, lambda n: 150 * n + (1800 if n >= 20 else 0))
    clock = resolve(local(times))
    assert exact(clock, times)
    assert [(gap["after"], gap["seconds"]) for gap in clock.summary["breaks"]] == [(19, 1800.0)]
    assert clock.summary["notes"] == ["the clock advances 15 s a frame, cadence_s says 6"]


@pytest.mark.parametrize(("before_s", "after_s"), [(60, 120), (60, 150), (150, 60), (60, 30), (60, 65)])
def test_a_cadence_that_changes_within_the_night(before_s: int, after_s: int) -> None:
    """A cadence that changes in mid-night is followed from the frame on where it changes, and noted."""
    times = evening(120, lambda n: before_s * min(n, 70) + after_s * max(0, n - 70), "2022-12-02 18:00:00")
    clock = resolve(local(times))
    assert exact(clock, times)
    assert clock.summary["steps_s"] == [[0, before_s], [70, after_s]]
    assert clock.summary["breaks"] == []
    assert "changes within the night" in clock.summary["notes"][0]


def test_a_cadence_that_follows_the_exposure() -> None:
    """A camera whose exposures grow from 20 s to 60 s through dusk keeps 199 of 200 frames, and lists the others."""
    advances = [20.0] * 40 + [20 + 0.5 * n for n in range(80)] + [60.0] * 80
    times = evening(200, lambda n: round(sum(advances[:n])))
    clock = resolve(local(times))
    read = clock.table["time_utc"]
    assert [n for n in range(200) if read[n] != times[n]] == clock.summary["unreadable"]
    assert [entry["first"] for entry in clock.summary["contradictions"]] == clock.summary["unreadable"]
    assert len(clock.summary["unreadable"]) <= 1


def test_a_misreading_is_repaired_at_any_cadence() -> None:
    """A misread digit is found by the timeline of a camera with another cadence, before and after it changes."""
    times = evening(120, lambda n: 150 * min(n, 70) + 60 * max(0, n - 70))
    texts = local(times)
    first = [text[:-2] + "51" if number in (30, 100) else text for number, text in enumerate(texts)]
    clock = resolve(first, second=texts)
    assert exact(clock, times)
    assert clock.table["clock_repair"][[30, 100]].tolist() == ["continuity"] * 2


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%SZ"),
        ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d7%H:%M:%S2"),
        ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d%H:%M:%S"),
        ("%Y-%m-%d %H:%M:%S UT", "%Y-%m-%d %H:%M:%S UT"),
        ("%Y-%m-%d %H:%M:%S UT", "%Y-%m-%d %H:%M:%S"),
        ("Sky cam %d.%m.%y %H:%M:%S", "Sky cam %d.%m.%y %H:%M:%S"),
        ("%d %b %Y %I:%M:%S %p", "%d %b %Y %I:%M:%S %p"),
        ("%B %d, %Y %I:%M:%S%p", "%B %d, %Y %I:%M:%S%p"),
        ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
        ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.123"),
        ("%-d.%-m.%Y %-H:%M:%S", "%-d.%-m.%Y %-H:%M:%S"),
    ],
)
def test_formats_of_other_cameras(form: str, printed: str) -> None:
    """ISO 8601, letters, 12-hour clocks, month names, two-digit years, fractions and unpadded numbers give the true UTC."""
    times = utc_times(datetime(2023, 1, 1, 19, 30, 7, tzinfo=UTC), 600, 60)
    clock = resolve([time.strftime(printed) for time in times], "20230102", camera([form]))
    assert exact(clock, times)


def test_the_order_of_day_and_month_is_decided_by_the_night() -> None:
    """Where both orders are listed, 03/12 in the night of 3 December is not taken for 12 March."""
    times = utc_times(datetime(2022, 12, 2, 22, 0, tzinfo=UTC), 300, 60)
    for order in (["%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"], ["%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"]):
        clock = resolve([f"{time:%d/%m/%Y %H:%M:%S}" for time in times], "20221203", camera(order))
        assert exact(clock, times)


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%d %I:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S %p", "%Y-%m-%d %H:%M:%S %z", "%j %H:%M:%S", "%Y %Y-%m-%d %H:%M:%S"],
)  # fmt: skip
def test_formats_without_one_time_are_refused(form: str) -> None:
    """A format that leaves the time open, or has a directive that cannot be read, is refused when the profile is loaded."""
    with pytest.raises(ValueError, match="clock"):
        camera([form])


@pytest.mark.parametrize("zone", ["UTC", "GMT"])
def test_two_names_of_one_offset(zone: str) -> None:
    """Every listed zone name means its offset, and the reported stamp is the printed one."""
    times = utc_times(datetime(2022, 12, 3, 3, 0, tzinfo=UTC), 60, 60)
    texts = [f"{time:%Y-%m-%d %H:%M:%S} {zone}" for time in times]
    read = texts.copy()
    read[20] = read[20].replace(":20:", ":2O:")
    clock = resolve(read, "20221203", camera([ZONED], UTC=0, GMT=0))
    assert exact(clock, times)
    assert clock.table["clock_text"].tolist() == texts


def test_zone_names_that_change_within_the_night() -> None:
    """A camera that prints UTC and, after its software was changed, GMT or local time, has one timeline."""
    times = evening(90)
    texts = [
        f"{time:%Y-%m-%d %H:%M:%S} UTC" if n < 30 else f"{time:%Y-%m-%d %H:%M:%S} GMT" if n < 60
        else f"{time - timedelta(hours=7):%Y-%m-%d %H:%M:%S} MST"
        for n, time in enumerate(times)
    ]  # fmt: skip
    clock = resolve(texts, "20221203", camera([ZONED], "America/Yellowknife", UTC=0, GMT=0, MST=-7))
    assert exact(clock, times)
    assert clock.table["clock_text"].tolist() == texts


@pytest.mark.parametrize(
    ("night", "start"), [("20240301", "2024-02-29 18:00:00"), ("20230101", "2022-12-31 18:00:00"), ("20240229", "2024-02-28 18:00:00")]
)  # fmt: skip
def test_leap_days_and_the_turn_of_the_year(night: str, start: str) -> None:
    """29 February and the turn of the year are nights like any other."""
    times = evening(700, start=start)
    assert exact(resolve(local(times), night), times)


def test_midnight_as_24_hours() -> None:
    """A clock that prints midnight as 24:00:00 of the old day has the true time there, and flags it."""
    times = utc_times(datetime(2022, 12, 2, 20, 0, tzinfo=UTC), 480, 60)
    texts = [f"{time:%Y-%m-%d %H:%M:%S}" for time in times]
    texts[240] = "2022-12-02 24:00:00"
    clock = resolve(texts, "20221203", camera(["%Y-%m-%d %H:%M:%S"]))
    assert exact(clock, times)
    assert clock.table["clock_repair"][240] == "continuity"


def test_a_clock_set_back_is_listed() -> None:
    """Frames of a camera that restarts with its clock some 50 minutes behind have no time, and are listed with that reason."""
    clock = resolve(behind(evening(200), 185, minutes=50, seconds=13))
    assert clock.summary["unreadable"] == list(range(185, 200))
    (entry,) = clock.summary["contradictions"]
    assert (entry["first"], entry["last"], entry["off_s"], entry["repaired"]) == (185, 199, -3013.0, False)
    assert "0:50:13 behind the timeline" in clock.summary["notes"][0]


def test_a_clock_set_back_in_the_middle_is_noted() -> None:
    """If the clock later passes the time at which it was set back, the frames between are listed and a note says what happened."""
    clock = resolve(behind(evening(300), 120, minutes=20))
    assert clock.summary["unreadable"] == list(range(120, 139))
    assert "the clock was set back by 0:20:00 between frames 119 and 139" in clock.summary["notes"][0]


def test_repeated_frames_are_no_clock_set_back() -> None:
    """A video that repeats ten frames' picture lists them as frames whose clock stands still."""
    texts = local(evening(200))
    clock = resolve(texts[:100] + [texts[99]] * 10 + texts[100:])
    assert [entry["standing"] for entry in clock.summary["contradictions"]] == [True]
    assert not any("set back" in note for note in clock.summary["notes"])


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_on_another_date_is_noted(days: int) -> None:
    """Frames of a camera that restarts on a wrong date are listed, whether their time is taken from the timeline or not."""
    times = evening(200)
    texts = local([time + timedelta(days=days) if n >= 150 else time for n, time in enumerate(times)])
    try:
        clock = resolve(texts)
    except ReproError as error:
        assert "1 day, 0:00:00" in str(error)  # noqa: PT017
        return
    assert sum(entry["frames"] for entry in clock.summary["contradictions"]) == 50
    assert "1 day, 0:00:00" in clock.summary["notes"][0]


def test_a_jump_of_whole_hours_is_noted() -> None:
    """A clock that jumps ahead by exactly an hour may have paused or been set: a note says so."""
    times = evening(200, lambda n: 60 * n + (3600 if n >= 100 else 0))
    clock = resolve(local(times))
    assert exact(clock, times)
    assert "jumps ahead by 1 h between frames 99 and 100" in clock.summary["notes"][0]


def test_an_overlay_that_appears_late_is_listed() -> None:
    """Frames before the overlay appears have no time; the rest has."""
    clock = resolve(["" if n < 15 else text for n, text in enumerate(local(evening(200)))])
    assert clock.summary["unreadable"] == list(range(15))


@pytest.mark.parametrize("frames", [AURORAMAX, STILLS], ids=["video", "stills"])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda times: local(times[:101] + [times[100]] * 99), "is that of the frame before.* or the clock is frozen"),
        (lambda times: local([time for time in times[:60] for _ in range(2)]), "each exposure appears several times"),
        (lambda times: [""] * 60 + local(times[60:]), "no text in frames 0-59"),
        (lambda times: behind(times, 120, minutes=150), "80 of 200 .* frames 120-199 .* 2:30:00 behind the timeline"),
        (lambda times: behind(times, 100, hours=-7), "jumps ahead by 7 h between frames 99 and 100"),
    ],
    ids=["frozen", "twice", "late overlay", "set back", "UTC"],
)
def test_a_night_that_fails_says_why(
    spoil: Callable[[list[datetime]], list[str]], message: str, frames: Camera
) -> None:
    """If more frames stay without a time than may be left out, the error names the cause, not that nothing could be read."""
    with pytest.raises(ReproError, match=message):
        resolve(spoil(evening(200)), camera=frames)


def test_a_clock_set_back_an_hour_as_elsewhere() -> None:
    """A camera with another country's end of summer time steps back an hour: its frames are listed, never moved in silence."""
    clock = resolve(behind(evening(300, start="2022-10-29 18:00:00"), 280, hours=1), "20221030")
    assert sum(entry["frames"] for entry in clock.summary["contradictions"]) == 20
    assert "1:00:00 behind" in clock.summary["notes"][0]


UNEVEN = {
    "motion": [10, 10, 10, 600, 3000],
    "unsteady": list(range(50, 71)),
    "any": list(range(20, 100)),
}


@pytest.mark.parametrize("kind", UNEVEN)
def test_stills_without_a_cadence(kind: str) -> None:
    """Images a camera takes when something moves, or unsteadily, have their true times; misread ones have none."""
    rng = np.random.default_rng(5)
    elapsed_s = np.cumsum(rng.choice(UNEVEN[kind], 70))
    times = evening(70, lambda n: int(elapsed_s[n]), "2022-12-02 15:00:00")
    texts = local(times)
    first = [text[:-2] + "58" if number in (7, 30) else text for number, text in enumerate(texts)]
    clock = resolve(first, camera=STILLS, second=texts, step=1)
    good = right(clock, times)
    assert [number for number in range(70) if not good[number]] == clock.summary["unreadable"]
    assert set(clock.summary["unreadable"]) <= {7, 30}


def test_stills_with_a_cadence_keep_to_it() -> None:
    """Stills whose last ten minutes are misread alike in both looks fail: their distances show that they follow a cadence."""
    texts = [text.replace(" 04:1", " 04:4") for text in local(evening(500))]
    with pytest.raises(ReproError, match="10 of 500 frames without a time"):
        resolve(texts, camera=STILLS, max_unreadable_share=0.01)
