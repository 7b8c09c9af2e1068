"""Campaigns: what the default one covers, which nights are chosen, and the sheet that sets its frames beside real ones."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repro.clock.table1 import repair
from repro.errors import ReproError
from repro.observatory import campaign, overlay, weather
from repro.observatory import video_writer as film
from repro.observatory.contact_sheet import draw, statistics
from repro.observatory.plan import FORMS, WEATHERS, Night
from repro.observatory.render import render
from repro.observatory.scene import Scenes, scenes
from repro.params import Params, SimulatedNight
from repro.sky.bins import CONDITIONS, sky_table


@pytest.fixture(scope="module")
def plans(params: Params) -> list[Night]:
    """The default campaign's nights."""
    return [campaign.plan(night, params) for night in campaign.chosen(params, "default")]


def test_all_nine_conditions_occur(params: Params, plans: list[Night]) -> None:
    """The default campaign holds frames of every condition of Table 3, and none with the Sun above the switch-on altitude."""
    times = np.concatenate([film.key_times(plan) for plan in plans])
    table = sky_table(times, params.schedule.site, params.sky)
    counts = table.groupby(["sun_bin", "moon_bin"]).size()
    assert set(counts.index) == set(CONDITIONS)
    assert counts.min() >= 5
    # The first minute starts before the camera does.
    assert table["sun_alt_deg"].max() < params.simulate.switch_on_sun_alt_deg + 0.15


def test_every_kind_of_night_occurs(params: Params, plans: list[Night]) -> None:
    """All forms, all weathers, both cameras, both clock formats and both zones occur in the default campaign."""
    assert {episode.form for plan in plans for episode in plan.episodes} == set(FORMS)
    kinds = [weather.at(plan, plan.seconds(film.key_times(plan)))[1] for plan in plans]
    assert {str(kind) for night in kinds for kind in night} == set(WEATHERS)
    assert {plan.generation for plan in plans} == {1, 2}
    texts = [overlay.clock_text(plan.begin_utc, plan.generation, params.schedule.site.time_zone) for plan in plans]
    assert {text[-3:] for text in texts if "-" in text} == {"MST", "MDT"}
    assert any("/" in text for text in texts)


def test_the_default_campaign_is_many_short_nights(params: Params) -> None:
    """The default campaign has some 90 of the 331 published nights, of 18 minutes each, some with a clock hard to read."""
    nights = campaign.chosen(params, "default")
    assert len(nights) == 95
    assert sum(night.minutes for night in nights) == 1710
    assert {night.overlay for night in nights} == {"sharp", "smeared", "blurred", "coarse", "faint"}
    every = {night.night for night in campaign.chosen(params, "full")}
    assert len(every) == 331
    assert {night.night for night in nights} <= every


@pytest.mark.slow
def test_a_third_of_the_dark_frames_shows_aurora(params: Params, plans: list[Night]) -> None:
    """Aurora is visible on 25 to 36 % of the default campaign's Night and No_moon frames (the record: 28.7 %)."""
    chosen = Scenes.join([scenes(plan, film.key_times(plan)[::6], params.schedule.site) for plan in plans])
    bins = sky_table(chosen.time_utc, params.schedule.site, params.sky)
    dark = np.flatnonzero((bins["sun_bin"] == "Night") & (bins["moon_bin"] == "No_moon"))
    assert len(dark) > 100
    assert 0.25 <= render(chosen.take(dark), size=240).truth["visible"].mean() <= 0.36


def test_more_nights_than_listed_are_drawn(params: Params) -> None:
    """Asking for more nights keeps the listed ones first and adds others of the windows, none twice, the same each time."""
    listed = campaign.chosen(params, "small")
    more = campaign.chosen(params, "small", 8)
    assert more[: len(listed)] == listed
    assert len({night.night for night in more}) == 8
    assert more == campaign.chosen(params, "small", 8)
    few = campaign.chosen(params, "default", 3)
    assert set(few) <= set(campaign.chosen(params, "default"))
    for night in few:
        sky = sky_table(film.key_times(campaign.plan(night, params))[:1], params.schedule.site, params.sky)
        assert (sky["sun_bin"][0], sky["moon_bin"][0]) == ("Night", "No_moon")


def test_named_nights_are_chosen(params: Params) -> None:
    """Nights that are named are planned as in the campaign, or drawn where it has none."""
    listed = campaign.chosen(params, "small")
    assert campaign.chosen(params, "small", named=(listed[0].night, "20250101")) == (
        listed[0], SimulatedNight(night="20250101", minutes=campaign.DRAWN_MINUTES),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["2024-01-31 18:19:54 MST", "2022/12/11 00:09:10", "2023/03/05 23:59:59"])
def test_smeared_clocks_are_those_of_table_1(text: str) -> None:
    """Every smeared clock differs from the true one, and Table 1's repairs give the true one back."""
    for number in range(4):
        looks = overlay.smeared(text, number)
        assert looks != text
        assert repair(looks)[0] == text


@pytest.mark.parametrize(
    ("name", "nights", "message"),
    [("default", 0, "1 to 331"), ("default", 332, "1 to 331"), ("large", None, "default, full, small")],
)
def test_impossible_campaigns_are_refused(params: Params, name: str, nights: int | None, message: str) -> None:
    """An unknown campaign, or a number of nights that it cannot have, is an error that says what is possible."""
    with pytest.raises(ReproError, match=message):
        campaign.chosen(params, name, nights)


@pytest.mark.parametrize(("night", "named"), [("20230621", "20230621"), ("20230231", "2023-02-31")])
def test_an_impossible_night_is_refused(params: Params, night: str, named: str) -> None:
    """A night on which the Sun does not go low enough, or whose date does not exist, is an error, not an empty video."""
    with pytest.raises(ReproError, match=named):
        campaign.plan(SimulatedNight(night=night), params)


def test_camera_generations(plans: list[Night]) -> None:
    """The camera changes with the year 2024."""
    nights = ("20221201", "20230430", "20240201", "20250228")
    assert [replace(plans[0], night=night).generation for night in nights] == [1, 1, 2, 2]


def test_the_clock_changes_to_daylight_saving_time(params: Params, plans: list[Night]) -> None:
    """Night 20230312 holds the missing hour: its clock jumps from 01:59 to 03:00 while UTC runs on."""
    plan = next(plan for plan in plans if plan.night == "20230312")
    zone = params.schedule.site.time_zone
    texts = pd.Series([overlay.clock_text(time, plan.generation, zone) for time in film.frame_times(plan)])
    assert texts.str.contains(" 01:59:").any()
    assert texts.str.contains(" 03:00:").any()
    assert not texts.str.contains(" 02:").any()


def test_statistics_of_a_known_picture() -> None:
    """A flat sky with noise and spots gives back its colour, its noise and the number of its spots."""
    rng = np.random.default_rng(2)
    picture = np.empty((720, 720, 3))
    picture[:] = (40, 50, 60)
    picture += rng.normal(0, 2.0, (720, 720, 1))
    for x, y in ((300, 300), (400, 350), (360, 500)):
        picture[y : y + 2, x : x + 2] = 200
    found = statistics(picture.round().clip(0, 255).astype(np.uint8))
    assert [found[f"median_{name}"] for name in ("red", "green", "blue")] == pytest.approx([40, 50, 60], abs=1)
    assert found["noise"] == pytest.approx(2.0, rel=0.1)
    assert found["stars"] == 3


def test_a_sheet_shows_its_rows() -> None:
    """A sheet has one row of tiles a name, each tile where its caption is."""
    red, blue = (np.full((720, 720, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))
    sheet = np.asarray(draw({"one": {"a": red, "b": blue}, "two": {"c": blue}}))
    assert tuple(sheet[100, 100]) == (200, 0, 0)
    assert tuple(sheet[100, 350]) == (0, 0, 200)
    assert tuple(sheet[400, 100]) == (0, 0, 200)


@pytest.mark.reference
def test_simulated_frames_lie_among_the_real_ones(reference: Path, show) -> None:
    """Dark sky, noise and star counts of simulated frames lie within a factor of two or so of the real frames'."""
    nights = {
        "night_arc_yes": ("clear", ("20241203", "20241229", "20250128")),
        "overcast_no": ("overcast", ("20221220", "20230120", "20230219")),
    }
    for name, (kind, some) in nights.items():
        real = statistics(np.asarray(Image.open(reference / f"{name}.jpg").convert("RGB")))
        values = [statistics(render(show(0.5, night=night, weather=(kind,))).picture()) for night in some]
        for key, factor in (("median_green", 2.0), ("noise", 2.5), ("p95", 2.5)):
            middle = float(np.median([value[key] for value in values]))
            assert real[key] / factor < middle < real[key] * factor, (name, key)
