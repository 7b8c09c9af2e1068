"""The nine conditions, exactly at their boundaries, and the table of the sky of frames."""

from math import inf, nextafter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import repro
from repro.bench.sky_speed import YELLOWKNIFE
from repro.errors import ReproError
from repro.params import MoonLimits, SkyParams, load_params
from repro.sky import bins
from repro.sky.bins import altitude_margin_deg, moon_bin, on_boundary, sun_bin
from repro.sky.sky_corpus import add_sky
from tests.conftest import ROOT
from tests.support.project import write_params

ALTITUDES = st.floats(-90, 90)
PHASES = st.floats(0, 180)
#: What Table 3 read literally gives instead of each kind of moonlight.
SWAPPED = {"No_moon": "Moon_Full", "Moon_Full": "No_moon", "Moon_Quarter": "Moon_Quarter"}
#: The published reading of the rule, and Table 3 read literally.
PUBLISHED = load_params(ROOT / "params.yaml").sky
AS_PRINTED = PUBLISHED.model_copy(update={"moon_rule": "as_printed"})
SOUTH_POLE = {"latitude_deg": -90, "longitude_deg": 0, "elevation_m": 0, "time_zone": "UTC"}


def sky_table(times: list[str] | np.ndarray, **switches: str) -> pd.DataFrame:
    """The sky over Yellowknife."""
    chosen = PUBLISHED.model_copy(update=switches)
    return bins.sky_table(np.array(times, dtype="datetime64[us]"), YELLOWKNIFE, chosen)


@pytest.mark.parametrize(
    ("boundary", "kinds"),
    [
        (-18.0, ["Night", "Night", "Astro"]),
        (-12.0, ["Astro", "Astro", "Nautical"]),
        (-6.0, ["Nautical", "Nautical", "Civil"]),
        (0.0, ["Civil", "Day", "Day"]),
        (-0.0, ["Civil", "Day", "Day"]),
        (90.0, ["Day", "Day", "Day"]),
    ],
)
def test_twilight_boundaries(boundary: float, kinds: list[str]) -> None:
    """The sun one float below, at, and above a boundary: at -18, -12 and -6 deg it counts as darker, at 0 deg as brighter."""
    assert sun_bin([nextafter(boundary, -inf), boundary, nextafter(boundary, inf)]).tolist() == kinds


def test_moonlight_boundaries() -> None:
    """Phases of 45 and 150 deg belong to the brighter kind, altitudes of 5 and 10 deg to the darker, in either rule."""
    cases = [
        (150.0, nextafter(5.0, inf), "Moon_Full"),
        (150.0, 5.0, "No_moon"),
        (180.0, 90.0, "Moon_Full"),
        (nextafter(150.0, 0), nextafter(10.0, inf), "Moon_Quarter"),
        (nextafter(150.0, 0), 10.0, "No_moon"),
        (150.0, 10.0, "Moon_Full"),
        (45.0, nextafter(10.0, inf), "Moon_Quarter"),
        (45.0, 10.0, "No_moon"),
        (nextafter(45.0, 0), 90.0, "No_moon"),
        (0.0, -90.0, "No_moon"),
    ]
    phase, alt, kinds = zip(*cases, strict=True)
    assert moon_bin(phase, alt, PUBLISHED).tolist() == list(kinds)
    assert moon_bin(phase, alt, AS_PRINTED).tolist() == [SWAPPED[kind] for kind in kinds]


@given(ALTITUDES, PHASES, ALTITUDES)
def test_every_sky_is_in_one_bin(sun_alt: float, phase: float, moon_alt: float) -> None:
    """Every sky has a bin of the sun and one of the moon, and reading the table upside down only swaps two names."""
    assert sun_bin(sun_alt).item() in bins.SUN_BINS
    kind = moon_bin(phase, moon_alt, PUBLISHED).item()
    assert moon_bin(phase, moon_alt, AS_PRINTED).item() == SWAPPED[kind]


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

    def sky_with(**sections: dict[str, object]) -> pd.Series:
        write_params(tmp_path, "simulated", **sections)
        return repro.sky_at(["2024-01-23T02:00"], project=tmp_path).iloc[0]  # phase 149.7 deg, altitude 40 deg

    assert sky_with()["moon_bin"] == "Moon_Quarter"
    assert sky_with(sky={"full_moon": {"phase_deg": 140, "altitude_deg": 5}})["moon_bin"] == "Moon_Full"
    sky = sky_with(sky={"moon_rule": "as_printed"}, schedule={"site": SOUTH_POLE})
    assert (sky["moon_bin"], sky["moon_alt_deg"] < 0) == ("Moon_Full", True)


@pytest.mark.parametrize("boundary", [-18.0, -12.0, -6.0, 0.0])
def test_sun_near_a_boundary_is_flagged(boundary: float) -> None:
    """A sun within 0.001 deg of a boundary is flagged on both sides, one at 0.0011 deg is not."""
    sun = boundary + np.array([-0.0011, -0.0009, 0.0, 0.0009, 0.0011])
    flagged = on_boundary(sun, np.full(5, -20.0), np.zeros(5), switches=PUBLISHED)
    assert flagged.tolist() == [False, True, True, True, False]


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
    for switches in (PUBLISHED, AS_PRINTED):
        assert on_boundary(-30.0, alt, phase, switches=switches).item() is flagged


def test_margin_covers_one_second_of_the_clock() -> None:
    """At Yellowknife an altitude moves up to 0.0019 deg a second, and the margin is no smaller."""
    margin = altitude_margin_deg(YELLOWKNIFE)
    assert margin == pytest.approx(360.0 / 86164.1 * np.cos(np.radians(62.4333)), rel=1e-4)
    assert on_boundary(-18.0 + 0.9 * margin, -20.0, 0.0, switches=PUBLISHED, margin_deg=margin).item() is True
    assert altitude_margin_deg(YELLOWKNIFE.model_copy(update={"latitude_deg": 90.0})) == 0.001


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_angles_that_are_no_numbers_are_refused(value: float) -> None:
    """A frame without a time is not sorted into Day or No_moon by accident."""
    with pytest.raises(ReproError, match="element 1"):
        sun_bin([0.0, value])
    with pytest.raises(ReproError, match="not numbers"):
        moon_bin([10.0, value], [0.0, 0.0], PUBLISHED)


def test_sky_table_of_three_known_skies() -> None:
    """A clear new-moon midnight, a full-moon midnight and a noon at Yellowknife are sorted as an observer would."""
    table = sky_table(["2024-01-11T07:30", "2024-01-25T07:30", "2024-01-25T19:45"])
    assert table["sun_bin"].tolist() == ["Night", "Night", "Day"]
    assert table["moon_bin"].tolist() == ["No_moon", "Moon_Full", "No_moon"]
    assert table["on_boundary"].dtype == bool
    assert table["moon_phase_deg"].between(0, 180).all()


def test_switches_reach_the_table() -> None:
    """The three switches of the reading change the bins or the altitudes they name."""
    waning = ["2024-01-31T11:00"]  # elongation 240 deg, folded 120 deg
    plain, unfolded = sky_table(waning).iloc[0], sky_table(waning, moon_phase="unfolded").iloc[0]
    assert (plain["moon_bin"], unfolded["moon_bin"]) == ("Moon_Quarter", "Moon_Full")
    assert unfolded["moon_phase_deg"] == plain["moon_phase_deg"]
    assert sky_table(waning, moon_phase="unfolded", moon_rule="as_printed")["moon_bin"].item() == "No_moon"
    assert sky_table(waning, altitude="refracted")["moon_alt_deg"].item() > plain["moon_alt_deg"]


def test_flag_uses_the_clocks_second() -> None:
    """Around a crossing of -18 deg the frames within one second of it are flagged, and no others."""
    table = sky_table(np.arange("2024-02-01T00:00:00", "2024-02-01T06:00:00", dtype="datetime64[s]"))
    flagged = np.flatnonzero(table["on_boundary"] & (table["sun_bin"].isin(["Astro", "Night"])))
    crossing = int(np.argmax(table["sun_alt_deg"] <= -18.0))
    near = flagged[np.abs(flagged - crossing) < 60]
    assert {crossing - 1, crossing} <= set(near.tolist())
    assert near.size <= 5


def test_frames_get_the_rows_of_the_sky_table() -> None:
    """Each frame with a time has the row of its time, in the order of the frames; without a time there is no sky, no flag."""
    times = pd.Series(["2024-02-01T06:00", None, "2024-02-25T08:00", "2024-04-01T12:30"])
    clock = pd.DataFrame(
        {"number": range(4), "time_utc": pd.to_datetime(times, utc=True).astype("datetime64[us, UTC]")}
    )
    clock.index = pd.Index([7, 3, 9, 1])
    table = add_sky(clock, YELLOWKNIFE, PUBLISHED)
    expected = sky_table(times.dropna().to_numpy()).set_index(pd.Index([7, 9, 1]))
    pd.testing.assert_frame_equal(table.drop(index=3)[expected.columns], expected, check_dtype=False)
    pd.testing.assert_frame_equal(table[["number", "time_utc"]], clock)
    assert table.loc[3, ["sun_alt_deg", "moon_alt_deg", "moon_phase_deg", "sun_bin", "moon_bin"]].isna().all()
    assert table["on_boundary"].dtype == bool
    assert not table.loc[3, "on_boundary"]
    assert add_sky(clock.loc[[3]], YELLOWKNIFE, PUBLISHED)["sun_bin"].isna().all()
