"""The sky over Jang Bogo against values computed elsewhere, and its simulated nights: what stands still, what drifts, what has a mask."""

from collections import Counter
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from repro.errors import ReproError
from repro.evidence import of_station
from repro.observatory import geometry
from repro.observatory.aurora import CLOUD, SHEET
from repro.params import KopriSimulate, Site
from repro.record.claims import Claims
from repro.segmentation import station_campaign
from repro.segmentation.cells import directions
from repro.segmentation.station import STATION, dark_hours, quantities
from repro.segmentation.station_campaign import (
    DRIFT_KM_S,
    LIGHTS,
    KopriNight,
    Motion,
    magnetic_site,
    night_scenes,
    nights,
    render_night,
)
from repro.sky.ephemeris import positions
from repro.sky.magnetic import magnetic_place
from tests.support.claims import replacing


def test_figures_are_dark_and_the_labelled_one_is_moonlit() -> None:
    """Sun and Moon at the two printed times (Skyfield with DE421, computed apart from this project's interpolation)."""
    found = quantities({"figure1": "2021-04-19 10:53:30", "figure2": "2020-07-02 07:02:00"})
    for figure, sun, moon in (("figure1", -24.2, -18.4), ("figure2", -21.8, 26.8)):
        assert found[f"kopri.{figure}.sun_alt_deg"] == pytest.approx(sun, abs=0.05)
        assert found[f"kopri.{figure}.moon_alt_deg"] == pytest.approx(moon, abs=0.05)
    assert found["kopri.figure2.moon_lit_percent"] == pytest.approx(90, abs=0.5)
    assert found["kopri.figure1.dark"] is found["kopri.figure2.dark"] is True
    assert (found["kopri.figure1.second"], found["kopri.figure2.second"]) == (30, 0)


def test_dark_hours_by_magnetic_local_time() -> None:
    """Hours a year with the Sun below -12 deg, hour by hour, as AACGM gives them, within the difference of definitions (0.4 h)."""
    aacgm = np.array(
        [157, 176, 190, 199, 203, 202, 196, 184, 169, 150, 127, 102, 73, 35, 0, 0, 0, 0, 0, 1, 51, 84, 111, 136]
    )
    found = dark_hours(2020)
    assert found.sum() == pytest.approx(2542, abs=6)
    # Counted up from 16 h, where it is never dark: clocks that differ by 0.4 h at most reach a sum at most 0.4 h apart.
    edges = np.arange(25.0)
    mine, theirs = (np.concatenate([[0], np.cumsum(np.roll(hours, -16))]) for hours in (found, aacgm))
    assert (mine >= np.interp(edges - 0.4, edges, theirs) - 6).all()
    assert (mine <= np.interp(edges + 0.4, edges, theirs) + 6).all()
    assert np.flatnonzero(found == 0).tolist() == [14, 15, 16, 17, 18]
    assert dark_hours(2020, -18.0).sum() == pytest.approx(1805, abs=6)


def test_two_norths_are_apart() -> None:
    """The compass and the way to the equator differ by 64 deg (IGRF and AACGM of mid-2020; 65 between the rounded azimuths)."""
    found = quantities({})
    assert found["kopri.compass_azimuth_deg"] == pytest.approx(132.7, abs=0.1)
    assert found["kopri.equatorward_azimuth_deg"] == pytest.approx(68, abs=0.5)
    assert found["kopri.between_norths_deg"] == pytest.approx(64.3, abs=0.3)


def test_figure_times_come_from_the_claims(claims: Claims) -> None:
    """Another printed time gives another verdict; a text that is no time gives none, and no crash."""
    printed = claims["KOP.FIGURE1.TIME"]
    at_noon = replacing(claims, printed.model_copy(update={"value": "2020-12-21 01:00:00"}))
    assert of_station(claims)["kopri.figure1.dark"] is True
    assert of_station(at_noon)["kopri.figure1.dark"] is False
    for text in ("some time", "9999-01-01 00:00:00"):
        broken = replacing(claims, printed.model_copy(update={"value": text}))
        assert "kopri.figure1.dark" not in of_station(broken)


PLACE = magnetic_place("jang_bogo", 2020)
WANTED = KopriSimulate(nights=48, minutes=4)
NORTH = SHEET.index("north_km")


@pytest.fixture(scope="module")
def planned() -> tuple[KopriNight, ...]:
    """A campaign of 48 nights."""
    return nights(WANTED, STATION, PLACE, 11)


def of_kind(planned: tuple[KopriNight, ...], **wanted: str) -> KopriNight:
    """The first night with these properties, of clear and dark sky."""
    plain = [night for night in planned if all(getattr(night, key) == value for key, value in wanted.items())]
    return replace(plain[0], weather="clear")


def test_campaign_has_everything(planned: tuple[KopriNight, ...]) -> None:
    """All motions and lights occur, each date once, stationary aurora in most nights with aurora."""
    assert len({night.night for night in planned}) == 48
    counts = Counter(night.motion for night in planned)
    assert all(counts[motion] >= 5 for motion in get_args(Motion))
    assert {night.light for night in planned} == set(LIGHTS)
    assert {night.place for night in planned if night.form} == {"horizon", "overhead"}


def test_plans_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed plans the same nights, another seed others."""
    monkeypatch.setattr(station_campaign, "DATES", ("2018-03-15", "2018-09-30"))
    first, again, other = (nights(WANTED, STATION, PLACE, seed) for seed in (11, 11, 12))
    assert first == again != other


def test_lights_are_those_of_the_sky(planned: tuple[KopriNight, ...]) -> None:
    """The Sun and the Moon stand where the plan says."""
    sky = positions(np.array([night.begin_utc for night in planned]), STATION)
    light = np.array([night.light for night in planned])
    assert (sky.sun_alt_deg[light == "dark"] < -18).all()
    assert (sky.moon_alt_deg[light == "dark"] < 0).all()
    assert (sky.moon_alt_deg[light == "moonlit"] > 0).all()
    assert (sky.sun_alt_deg[light == "twilight"] > -12).all()


def test_site_without_dark_hours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a place where the southern winter is midsummer there is no dark night, and the message says so."""
    monkeypatch.setattr(station_campaign, "DATES", ("2018-05-01", "2018-08-01"))
    north_pole = Site(latitude_deg=89.0, longitude_deg=0, time_zone="UTC")
    with pytest.raises(ReproError, match="no further night with"):
        nights(WANTED, north_pole, PLACE, 11)


def test_field_has_two_directions() -> None:
    """The magnetic zenith lies 7.7 deg from the zenith towards 133 deg, and arcs lie across another direction."""
    site = magnetic_site(PLACE)
    assert site.zenith_distance_deg == pytest.approx(7.7, abs=0.1)
    assert site.zenith_azimuth_deg == pytest.approx(133, abs=1)
    assert site.poleward_azimuth_deg == pytest.approx(248, abs=1)
    offset = geometry.field_offset(np.array(90 - site.zenith_distance_deg), np.array(site.zenith_azimuth_deg), site)
    assert np.hypot(*offset) < 5e-3  # the curved Earth moves even high directions a little
    equatorward = geometry.field_offset(np.array(20.0), np.array(68.4), site)
    assert equatorward[1] < -2
    assert abs(equatorward[0]) < 0.3
    yellowknife = magnetic_site(magnetic_place("yellowknife", 2023))
    assert yellowknife.zenith_azimuth_deg == pytest.approx(geometry.YELLOWKNIFE.zenith_azimuth_deg, abs=2)
    assert yellowknife.poleward_azimuth_deg == pytest.approx(geometry.YELLOWKNIFE.poleward_azimuth_deg, abs=6)


def test_stationary_stands_and_drifting_goes_to_the_equator(planned: tuple[KopriNight, ...]) -> None:
    """In a minute stationary aurora moves less than a kilometre, a drifting arc about 21 km towards the equator."""
    still = night_scenes(of_kind(planned, motion="stationary"), WANTED, STATION, 11)
    assert np.abs(np.diff(still.sheets[:, 0, NORTH])).max() < 1.0
    assert np.ptp(still.sheets[:, 0, 0]) / still.sheets[0, 0, 0] < 0.05
    moving = night_scenes(of_kind(planned, motion="drifting"), WANTED, STATION, 11)
    steps = np.diff(moving.sheets[:, 0, NORTH])
    assert steps.mean() == pytest.approx(-60 * DRIFT_KM_S, abs=6)


def test_aurora_lies_where_the_plan_puts_it(planned: tuple[KopriNight, ...]) -> None:
    """Aurora at the equatorward horizon lies on that side and low; sizes are as promised; no aurora has no mask under cloud."""
    night = replace(of_kind(planned, motion="stationary", place="horizon", form="arc"), light="dark")
    frames, masks, truth = render_night(night, WANTED, STATION, magnetic_site(PLACE), 96, 11)
    assert (frames.shape, masks.shape) == ((4, 192, 192, 3), (4, 96, 96))
    alt, az = directions(96)
    share = masks.mean(0)
    assert share.sum() > 20
    assert (share * np.cos(np.radians(az - PLACE.equatorward_azimuth_deg))).sum() / share.sum() > 0.3
    assert (share * alt).sum() / share.sum() < 50
    assert truth["aurora_share"].shape == (4,)
    without = replace(of_kind(planned, motion="none"), weather="broken")
    assert not render_night(without, WANTED, STATION, magnetic_site(PLACE), 96, 11)[1].any()


def test_exposure_smooths_pulsations(planned: tuple[KopriNight, ...]) -> None:
    """A long exposure leaves the mean of a pulsating cloud and takes most of its beat."""
    night = of_kind(planned, motion="pulsating", form="pulsating")
    short, long = (
        night_scenes(night, WANTED.model_copy(update={"exposure_s": seconds}), STATION, 11).clouds[:, 0]
        for seconds in (0.0, 60.0)
    )
    pulse = CLOUD.index("pulse")
    assert (long[:, pulse] < 0.4 * short[:, pulse]).all()
    mean = [cloud[:, 0] * (1 - 0.5 * cloud[:, pulse]) for cloud in (short, long)]
    assert mean[1] == pytest.approx(mean[0], rel=0.02)
