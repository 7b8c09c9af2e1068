"""The nine conditions, exactly at their boundaries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import repro
from repro.bench.sky_speed import YELLOWKNIFE
from repro.errors import ReproError
from repro.params import MoonLimits, SkyParams, load_params
from repro.sky.bins import (
    CONDITIONS,
    MOON_BINS,
    SUN_BINS,
    altitude_margin_deg,
    moon_bin,
    on_boundary,
    sky_table,
    sun_bin,
)
from tests.conftest import ROOT
from tests.support.project import write_params

ALTITUDES = st.floats(-90, 90)
PHASES = st.floats(0, 180)
PUBLISHED = load_params(ROOT / "params.yaml").sky
SOUTH_POLE = {"latitude_deg": -90, "longitude_deg": 0, "elevation_m": 0, "time_zone": "UTC"}
AS_PRINTED = PUBLISHED.model_copy(update={"moon_rule": "as_printed"})


def below(value: float) -> float:
    """The next float down."""
    return float(np.nextafter(value, -np.inf))


def above(value: float) -> float:
    """The next float up."""
    return float(np.nextafter(value, np.inf))


@pytest.mark.parametrize(
    ("boundary", "at_or_below", "higher"),
    [(-18.0, "Night", "Astro"), (-12.0, "Astro", "Nautical"), (-6.0, "Nautical", "Civil")],
)
def test_twilight_boundaries_belong_to_the_darker_side(boundary: float, at_or_below: str, higher: str) -> None:
    """The sun at exactly -18, -12 or -6 deg counts as darker; one float higher it does not."""
    found = sun_bin([below(boundary), boundary, above(boundary)])
    assert found.tolist() == [at_or_below, at_or_below, higher]


def test_day_begins_at_exactly_zero() -> None:
    """Unlike the others, the boundary at 0 deg belongs to the brighter side."""
    assert sun_bin([below(0.0), 0.0, -0.0, above(0.0), 90.0]).tolist() == ["Civil", "Day", "Day", "Day", "Day"]


@pytest.mark.parametrize(
    ("phase", "alt", "published", "as_printed"),
    [
        (150.0, above(5.0), "Moon_Full", "No_moon"),
        (150.0, 5.0, "No_moon", "Moon_Full"),
        (180.0, 90.0, "Moon_Full", "No_moon"),
        (below(150.0), above(10.0), "Moon_Quarter", "Moon_Quarter"),
        (below(150.0), 10.0, "No_moon", "Moon_Full"),
        (150.0, 10.0, "Moon_Full", "No_moon"),
        (45.0, above(10.0), "Moon_Quarter", "Moon_Quarter"),
        (45.0, 10.0, "No_moon", "Moon_Full"),
        (below(45.0), 90.0, "No_moon", "Moon_Full"),
        (0.0, -90.0, "No_moon", "Moon_Full"),
    ],
)
def test_moonlight_boundaries(phase: float, alt: float, published: str, as_printed: str) -> None:
    """Phases of 45 and 150 deg belong to the brighter kind, altitudes of 5 and 10 deg to the darker, in either rule."""
    assert moon_bin(phase, alt, PUBLISHED).item() == published
    assert moon_bin(phase, alt, AS_PRINTED).item() == as_printed


@given(ALTITUDES, PHASES, ALTITUDES)
def test_every_sky_is_in_one_bin(sun_alt: float, phase: float, moon_alt: float) -> None:
    """Every sky has a bin of the sun and one of the moon, and reading the table upside down only swaps two names."""
    assert sun_bin(sun_alt).item() in SUN_BINS
    kinds = {reading.moon_rule: moon_bin(phase, moon_alt, reading).item() for reading in (PUBLISHED, AS_PRINTED)}
    swap = {"No_moon": "Moon_Full", "Moon_Full": "No_moon", "Moon_Quarter": "Moon_Quarter"}
    assert kinds["published"] in MOON_BINS
    assert kinds["as_printed"] == swap[kinds["published"]]


def test_limits_of_the_moon_are_parameters() -> None:
    """Other limits in params.yaml move the bins and what is flagged as near a limit."""
    wider = PUBLISHED.model_copy(update={"full_moon": MoonLimits(phase_deg=140, altitude_deg=3)})
    assert moon_bin(145.0, 4.0, PUBLISHED).item() == "No_moon"
    assert moon_bin(145.0, 4.0, wider).item() == "Moon_Full"
    assert on_boundary(-30.0, 4.0, 140.0, switches=wider).item() is True
    with pytest.raises(ValueError, match="above full_moon"):
        SkyParams(full_moon=PUBLISHED.full_moon, quarter_moon=MoonLimits(phase_deg=160, altitude_deg=10))


def test_sky_at_follows_params_yaml(tmp_path: Path) -> None:
    """The public function takes limits, reading and site from the project's params.yaml."""
    (tmp_path / "expected").mkdir()
    times = ["2024-01-23T02:00"]  # phase 149.7 deg, altitude 40 deg
    write_params(tmp_path, "simulated")
    assert repro.sky_at(times, project=tmp_path)["moon_bin"].item() == "Moon_Quarter"
    write_params(tmp_path, "simulated", sky={"full_moon": {"phase_deg": 140, "altitude_deg": 5}})
    assert repro.sky_at(times, project=tmp_path)["moon_bin"].item() == "Moon_Full"
    write_params(tmp_path, "simulated", sky={"moon_rule": "as_printed"}, schedule={"site": SOUTH_POLE})
    sky = repro.sky_at(times, project=tmp_path).iloc[0]
    assert (sky["moon_bin"], sky["moon_alt_deg"] < 0) == ("Moon_Full", True)


def test_conditions_are_the_nine_cells_of_table_3() -> None:
    """The conditions are three ranges of the sun by three kinds of moonlight, each once."""
    assert len(set(CONDITIONS)) == 9
    assert {sun for sun, _ in CONDITIONS} == {"Night", "Astro", "Nautical"}
    assert {moon for _, moon in CONDITIONS} == set(MOON_BINS)


@pytest.mark.parametrize("boundary", [-18.0, -12.0, -6.0, 0.0])
def test_sun_near_a_boundary_is_flagged(boundary: float) -> None:
    """A sun within 0.001 deg of a boundary is flagged on both sides, one at 0.0011 deg is not."""
    sun = boundary + np.array([-0.0011, -0.0009, 0.0, 0.0009, 0.0011])
    assert on_boundary(sun, np.full(5, -20.0), np.zeros(5), switches=PUBLISHED).tolist() == [
        False,
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("phase", "alt", "flagged"),
    [
        (170.0, 5.0009, True),
        (170.0, 4.9991, True),
        (170.0, 5.0011, False),
        (170.0, 10.0, False),  # 10 deg matters for a quarter moon only
        (100.0, 10.0009, True),
        (100.0, 5.0, False),  # 5 deg matters for a full moon only
        (30.0, 10.0, False),  # neither matters for a thin crescent
        (150.0009, 20.0, True),
        (149.9991, 7.0, True),  # full above 150 deg, none below
        (150.0, 2.0, False),  # too low to matter
        (45.0009, 20.0, True),
        (45.0, 7.0, False),
        (150.0005, 5.0005, True),  # the corner where both matter
    ],
)
def test_only_moonlight_boundaries_that_matter_are_flagged(phase: float, alt: float, flagged: bool) -> None:
    """A moon is flagged if and only if a change of 0.001 deg would change its bin."""
    assert on_boundary(-30.0, alt, phase, switches=PUBLISHED).item() is flagged
    assert on_boundary(-30.0, alt, phase, switches=AS_PRINTED).item() is flagged


def test_margin_covers_one_second_of_the_clock() -> None:
    """At Yellowknife an altitude moves up to 0.0019 deg a second, and the margin is no smaller."""
    margin = altitude_margin_deg(YELLOWKNIFE)
    assert margin == pytest.approx(360.0 / 86164.1 * np.cos(np.radians(62.4333)), rel=1e-4)
    assert on_boundary(-18.0 + 0.9 * margin, -20.0, 0.0, switches=PUBLISHED, margin_deg=margin).item() is True
    pole = YELLOWKNIFE.model_copy(update={"latitude_deg": 90.0})
    assert altitude_margin_deg(pole) == 0.001


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_angles_that_are_no_numbers_are_refused(value: float) -> None:
    """A frame without a time is not sorted into Day or No_moon by accident."""
    with pytest.raises(ReproError, match="element 1"):
        sun_bin([0.0, value])
    with pytest.raises(ReproError, match="not numbers"):
        moon_bin([10.0, value], [0.0, 0.0], PUBLISHED)


def test_sky_table_of_three_known_skies() -> None:
    """A clear new-moon midnight, a full-moon midnight and a noon at Yellowknife are sorted as an observer would."""
    stamps = np.array(["2024-01-11T07:30", "2024-01-25T07:30", "2024-01-25T19:45"], dtype="datetime64[us]")
    table = sky_table(stamps, YELLOWKNIFE, PUBLISHED)
    assert table["sun_bin"].tolist() == ["Night", "Night", "Day"]
    assert table["moon_bin"].tolist() == ["No_moon", "Moon_Full", "No_moon"]
    assert table["on_boundary"].dtype == bool
    assert table["moon_phase_deg"].between(0, 180).all()


def test_switches_reach_the_table() -> None:
    """The three switches of the reading change the bins or the altitudes they name."""
    # 2024-01-31: a waning moon, elongation 240 deg, folded 120 deg.
    stamp = np.array(["2024-01-31T11:00"], dtype="datetime64[us]")
    plain = sky_table(stamp, YELLOWKNIFE, PUBLISHED)
    assert plain["moon_bin"].item() == "Moon_Quarter"
    unfolded = sky_table(stamp, YELLOWKNIFE, PUBLISHED.model_copy(update={"moon_phase": "unfolded"}))
    assert unfolded["moon_bin"].item() == "Moon_Full"
    assert unfolded["moon_phase_deg"].item() == plain["moon_phase_deg"].item()
    assert (
        sky_table(stamp, YELLOWKNIFE, AS_PRINTED.model_copy(update={"moon_phase": "unfolded"}))["moon_bin"].item()
        == "No_moon"
    )
    assert (
        sky_table(stamp, YELLOWKNIFE, PUBLISHED.model_copy(update={"altitude": "refracted"}))["moon_alt_deg"].item()
        > plain["moon_alt_deg"].item()
    )


def test_flag_uses_the_clocks_second() -> None:
    """Around a crossing of -18 deg the frames within one second of it are flagged, and no others."""
    stamps = np.datetime64("2024-02-01T00:00:00", "us") + np.arange(6 * 3600) * np.timedelta64(1, "s")
    table = sky_table(stamps, YELLOWKNIFE, PUBLISHED)
    flagged = np.flatnonzero(table["on_boundary"] & (table["sun_bin"].isin(["Astro", "Night"])))
    crossing = int(np.argmax(table["sun_alt_deg"] <= -18.0))
    near = flagged[np.abs(flagged - crossing) < 60]
    assert {crossing - 1, crossing} <= set(near.tolist())
    assert near.size <= 5
