"""Clocks that are not what the profile says: what people who film skies complain about, each with its right answer."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from repro.camera import Camera
from tests.clock.nights import AURORAMAX, NIGHT, STILLS, ZONED, behind, evening, exactly, local, resolve, right
from tests.support.camera import times as utc_times


def camera(formats: Sequence[str], time_zone: str = "UTC", **zones_h: float) -> Camera:
    """A camera like AuroraMAX with another clock."""
    document = AURORAMAX.model_dump()
    document["site"]["time_zone"] = time_zone
    document["clock"] |= {"formats": list(formats), "zones_h": zones_h, "published_repairs": False}
    return Camera.model_validate(document)


@pytest.mark.parametrize(("count", "step_s"), [(30, 60), (70, 60), (300, 60), (40, 150), (200, 9), (60, 600)])
@pytest.mark.parametrize("step", [10, 20])
def test_the_step_is_the_clocks_own(count: int, step_s: int, step: int) -> None:
    """Whatever cadence the profile names, the clock's own step is found and no well-read frame is dropped."""
    clock = exactly(evening(count, lambda n: step_s * n), step=step)
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
    clock = exactly(evening(200, lambda n: 6 * int(24 * n * 25 / 59.94)), step=24)
    assert clock.summary["step_s"] == pytest.approx(60, abs=0.1)


@pytest.mark.parametrize(("before_s", "after_s"), [(60, 120), (60, 150), (150, 60), (60, 30), (60, 65)])
def test_a_cadence_that_changes_within_the_night(before_s: int, after_s: int) -> None:
    """A cadence that changes in mid-night is followed from the frame on where it changes, and noted."""
    times = evening(120, lambda n: before_s * min(n, 70) + after_s * max(0, n - 70))
    clock = exactly(times)
    assert clock.summary["steps_s"] == [[0, before_s], [70, after_s]]
    assert clock.summary["breaks"] == []
    assert "changes within the night" in clock.summary["notes"][0]


def test_a_cadence_that_follows_the_exposure() -> None:
    """A camera whose exposures grow from 20 s to 60 s through dusk keeps 199 of 200 frames, and lists the others."""
    advances = [20.0] * 40 + [20 + 0.5 * n for n in range(80)] + [60.0] * 80
    times = evening(200, lambda n: round(sum(advances[:n])))
    clock = resolve(local(times))
    assert np.flatnonzero(~right(clock, times)).tolist() == clock.summary["unreadable"]
    assert [entry["first"] for entry in clock.summary["contradictions"]] == clock.summary["unreadable"]
    assert len(clock.summary["unreadable"]) <= 1


@pytest.mark.parametrize("before_s", [60, 150])
def test_a_misreading_is_repaired_at_any_cadence(before_s: int) -> None:
    """A misread digit that leaves a valid stamp is found by the timeline, also of another cadence and after it changes."""
    times = evening(120, lambda n: before_s * min(n, 70) + 60 * max(0, n - 70))
    texts = local(times)
    clock = exactly(times, [text[:-2] + "51" if n in (30, 100) else text for n, text in enumerate(texts)], second=texts)
    assert clock.table["clock_repair"][[30, 100]].tolist() == ["continuity"] * 2
    assert clock.table["clock_read"][[30, 100]].str.endswith("51").all()


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
    times = utc_times(datetime(2023, 1, 1, 22, 30, 7, tzinfo=UTC), 240, 60)
    exactly(times, [time.strftime(printed) for time in times], "20230102", camera([form]))


def test_the_order_of_day_and_month_is_decided_by_the_night() -> None:
    """Where both orders are listed, 03/12 in the night of 3 December is not taken for 12 March."""
    times = utc_times(datetime(2022, 12, 2, 22, 0, tzinfo=UTC), 300, 60)
    orders = ["%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S"]
    for listed in (orders, orders[::-1]):
        exactly(times, [f"{time:{orders[1]}}" for time in times], NIGHT, camera(listed))


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
    read = [text.replace(":20:", ":2O:") for text in texts]
    clock = exactly(times, read, NIGHT, camera([ZONED], UTC=0, GMT=0))
    assert clock.table["clock_text"].tolist() == texts


def test_zone_names_that_change_within_the_night() -> None:
    """A camera that prints UTC and, after its software was changed, GMT or local time, has one timeline."""
    times = evening(90)
    texts = [
        f"{time:%Y-%m-%d %H:%M:%S} UTC" if n < 30 else f"{time:%Y-%m-%d %H:%M:%S} GMT" if n < 60
        else f"{time - timedelta(hours=7):%Y-%m-%d %H:%M:%S} MST"
        for n, time in enumerate(times)
    ]  # fmt: skip
    clock = exactly(times, texts, NIGHT, camera([ZONED], "America/Yellowknife", UTC=0, GMT=0, MST=-7))
    assert clock.table["clock_text"].tolist() == texts


def test_midnight_as_24_hours() -> None:
    """A clock that prints midnight as 24:00:00 of the old day has the true time there, and flags it."""
    times = utc_times(datetime(2022, 12, 2, 20, 0, tzinfo=UTC), 480, 60)
    texts = [f"{time:%Y-%m-%d %H:%M:%S}" for time in times]
    texts[240] = "2022-12-02 24:00:00"
    clock = exactly(times, texts, NIGHT, camera(["%Y-%m-%d %H:%M:%S"]))
    assert clock.table["clock_repair"][240] == "continuity"


@pytest.mark.parametrize(
    ("first", "late", "repaired", "note"),
    [
        (185, {"minutes": 50, "seconds": 13}, False, "0:50:13 behind the timeline"),
        (180, {"hours": 1}, True, "1:00:00 behind"),
        (150, {"days": 1}, True, "1 day, 0:00:00 behind"),
        (150, {"days": -1}, True, "1 day, 0:00:00 ahead of"),
    ],
    ids=["restart", "end of summer time elsewhere", "day before", "day after"],
)
def test_a_clock_that_was_set_is_listed(first: int, late: dict[str, int], repaired: bool, note: str) -> None:
    """Frames of a camera that restarts on another time or date are listed; they have no time or the timeline's, never theirs."""
    times = evening(200)
    clock = resolve(behind(times, first, **late))
    (entry,) = clock.summary["contradictions"]
    assert [entry[key] for key in ("first", "last", "frames", "repaired")] == [first, 199, 200 - first, repaired]
    assert entry["off_s"] == -timedelta(**late).total_seconds()
    assert right(clock, times).tolist() == [True] * first + [repaired] * (200 - first)
    assert clock.summary["unreadable"] == ([] if repaired else list(range(first, 200)))
    assert note in clock.summary["notes"][0]


def test_a_clock_set_back_in_the_middle_is_noted() -> None:
    """If the clock later passes the time at which it was set back, the frames between are listed and a note says what happened."""
    clock = resolve(behind(evening(300), 120, minutes=20))
    assert clock.summary["unreadable"] == list(range(120, 139))
    assert "the clock was set back by 0:20:00 between frames 119 and 139" in clock.summary["notes"][0]


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
    times = evening(70, lambda n: int(elapsed_s[n]), "15:00:00")
    texts = local(times)
    first = [text[:-2] + "58" if number in (7, 30) else text for number, text in enumerate(texts)]
    clock = resolve(first, camera=STILLS, second=texts, step=1)
    assert np.flatnonzero(~right(clock, times)).tolist() == clock.summary["unreadable"]
    assert set(clock.summary["unreadable"]) <= {7, 30}
