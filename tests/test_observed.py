"""What the videos that are here say of the record."""

from __future__ import annotations

import pytest

from repro.observed import LEAST_NIGHTS, Coverage, against_schedule, coverage_of, listed, part_quantities, quantities
from repro.params import Params, Schedule
from repro.record.claims import Claims
from tests.support.receipts import FRAMES, MINUTES, conditions, predicted_nights

VIDEO = {"fps": 25.0, "step": 10, "width_px": 1280, "height_px": 720, "sampled": 600}
CELLS = [["No_moon", "Night", 590], ["No_moon", "Civil", 7], ["Moon_Full", "Civil", 2]]
NIGHTS = ("20221201", "20230430", "20250228", "20250301")


@pytest.fixture(scope="module")
def schedule(params: Params) -> Schedule:
    """The windows of the record."""
    return params.schedule


@pytest.fixture
def measured(schedule: Schedule) -> dict[str, float]:
    """Two nights of the first window, one of the third, and one after the record."""
    return quantities(
        dict.fromkeys(NIGHTS, VIDEO),
        {night: {"step_s": 60.0} for night in NIGHTS},
        {night: {"conditions": CELLS} for night in NIGHTS},
        schedule,
    )


def test_later_nights_do_not_count(measured: dict[str, float]) -> None:
    """Nights, frames and bins are counted over the record's own windows, both ends included."""
    assert (measured["nights"], measured["frames"]) == (3, 1800)
    assert (measured["table2.civil"], measured["table2.daytime"]) == (27, 0)


def test_nights_of_a_window_are_counted_when_it_is_whole(schedule: Schedule) -> None:
    """A part of a window says nothing about its length; all its nights, with a later one, do."""
    window = [f"202402{day:02}" for day in range(1, 30)]
    spring = [f"2024{month:02}{day:02}" for month, days in ((3, 31), (4, 30)) for day in range(1, days + 1)]
    assert "window2.nights" not in quantities(dict.fromkeys(window, VIDEO), {}, {}, schedule)
    whole = quantities(dict.fromkeys([*window, *spring, "20240501"], VIDEO), {}, {}, schedule)
    assert whole["window2.nights"] == 90
    assert "window1.nights" not in whole


def test_simulated_nights_do_not_count(schedule: Schedule) -> None:
    """Nights of the observatory enter no number."""
    film = dict.fromkeys(NIGHTS, VIDEO)
    sky = {night: {"conditions": CELLS} for night in NIGHTS}
    assert quantities(film, {}, sky, schedule, simulated=NIGHTS) == {}
    assert quantities(film, {}, sky, schedule, simulated=NIGHTS[:1])["nights"] == 2


def test_cadence_is_that_of_the_clock(measured: dict[str, float]) -> None:
    """A minute between sampled frames, ten frames of the video apart, is six seconds from frame to frame."""
    assert measured["frames.interval_min"] == 1
    assert measured["video.cadence_s"] == 6


def test_every_quantity_is_asked_for_by_a_claim(measured: dict[str, float], claims: Claims) -> None:
    """No quantity is measured under a name that no claim knows."""
    asked = {claim.evidence["corpus"].measure for claim in claims if "corpus" in claim.evidence}
    assert set(measured) <= asked


def test_nothing_is_said_of_stages_that_have_not_run(schedule: Schedule) -> None:
    """Without nights there are no numbers, not even zeros."""
    assert quantities({}, {}, {}, schedule) == {}


def test_coverage_counts_real_nights_of_the_record(schedule: Schedule) -> None:
    """Finished real nights inside the windows are here; simulated, unfinished and later ones are not."""
    film = dict.fromkeys(["20221201", "20221202", "20221203", "20250301"], VIDEO)
    coverage = coverage_of(film, ["20221201", "20221202", "20250301"], ["20221202"], schedule)
    assert coverage.present == ("20221201",)
    assert (coverage.simulated, coverage.later) == (("20221202",), ("20250301",))
    assert len(coverage.expected) == 331
    assert len(coverage.missing) == 330
    assert not coverage.complete


def test_coverage_says_which_nights_it_means(schedule: Schedule) -> None:
    """Few nights are named as here, few missing ones as missing, and all nights need no names."""
    nights = coverage_of({}, [], [], schedule).expected
    assert Coverage(nights, ("20221203", "20221210")).text() == "2 of 331 nights are here: 20221203, 20221210"
    assert Coverage(nights, nights[1:]).text() == "330 of 331 nights are here; missing: 20221201"
    assert Coverage(nights, nights).text() == "331 of 331 nights are here"
    assert Coverage(nights, nights).waiting() == {}


def test_shares_of_a_part_need_nights_drawn_at_random(schedule: Schedule) -> None:
    """Nights of unknown choice wait, few random ones wait, and enough random ones are judged."""
    nights = coverage_of({}, [], [], schedule).expected
    assert "nights_drawn" in Coverage(nights, nights[:200]).waiting()["unselected"]
    few, enough = (Coverage(nights, nights[:count], drawn_at_random=True) for count in (LEAST_NIGHTS - 1, LEAST_NIGHTS))
    assert str(LEAST_NIGHTS) in few.waiting()["unselected"]
    assert set(enough.waiting()) == {"all"}


@pytest.mark.parametrize(
    ("nights", "text"),
    [
        (["20221203"], "20221203"),
        (["20221231", "20230101", "20230103"], "20221231 to 20230101, 20230103"),
        ([f"202212{day:02}" for day in range(1, 20, 2)], "20221201, 20221203, 20221205, 20221207, 20221209, 20221211 and 4 more"),
    ],
)  # fmt: skip
def test_nights_are_listed_as_spans(nights: list[str], text: str) -> None:
    """Consecutive nights are one span, over the end of a year too, and a long list is cut."""
    assert listed(nights) == text


def test_nights_are_compared_with_their_schedule() -> None:
    """A night that loses much and one with more frames than minutes are outside; a usual night is not."""
    counts = (FRAMES, {**FRAMES, "night.no_moon": 90}, {**FRAMES, "nautical.no_moon": 25})
    sky = {f"2022120{day}": {"conditions": conditions(frames)} for day, frames in enumerate(counts, 3)}
    nights = against_schedule(sky, predicted_nights(sky), sky, 0.98)
    assert nights["outside"].tolist() == [
        "",
        "310 of 530 frames missing",
        "25 frames of nautical.no_moon in 10 minutes",
    ]
    assert nights["predicted"].tolist() == pytest.approx([0.98 * sum(MINUTES.values())] * 3)
    part = part_quantities(nights)
    assert (part["part.nights"], part["part.outside"]) == (3, 2)
    assert part["part.outside_nights"] == "20221204 to 20221205"
    assert part["part.frames"] == sum(nights["frames"])


def test_a_part_is_judged_as_a_whole() -> None:
    """Deviations of the nights add up and their scatter by squares, so a small lack in each of many nights is seen."""
    names = [f"202212{day:02}" for day in range(1, 31)]
    usual = {**FRAMES, "night.no_moon": 392, "astro.no_moon": 88}
    lacking = {**FRAMES, "night.no_moon": 370}
    z = []
    for frames in (usual, lacking):
        sky = {night: {"conditions": conditions(frames)} for night in names}
        part = part_quantities(against_schedule(sky, predicted_nights(names), names, 0.98))
        z.append(part["part.largest_z"])
        assert part["part.outside"] == 0
    assert abs(z[0]) < 3 < abs(z[1])
    assert part["part.largest_z_at"] == "night.no_moon"


def test_a_part_without_nights_says_nothing() -> None:
    """Without a night there is nothing to compare."""
    assert part_quantities(against_schedule({}, predicted_nights(["20221203"]), [], 0.98)) == {}
