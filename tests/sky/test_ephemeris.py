"""Sun and moon against two independent authorities, and the limits of the ephemeris."""

from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy import coordinates
from astropy.time import Time
from astropy.utils import iers

from repro.bench.sky_speed import YELLOWKNIFE, bench, positions_one_by_one
from repro.errors import ReproError
from repro.params import Site
from repro.sky import ephemeris
from repro.sky.ephemeris import fold, load_ephemeris, positions, sidereal_time_deg

FIRST, LAST = np.datetime64("2022-12-01", "us"), np.datetime64("2025-03-01", "us")
SVALBARD = Site(latitude_deg=78.148, longitude_deg=16.043, elevation_m=520.0, time_zone="Arctic/Longyearbyen")
SOUTH = Site(latitude_deg=-67.6, longitude_deg=110.5, elevation_m=30.0, time_zone="UTC")


def random_times(count: int, seed: int) -> np.ndarray:
    """Times over the thesis' whole period, to the microsecond, in no order."""
    span_us = int((LAST - FIRST) / np.timedelta64(1, "us"))
    return FIRST + np.random.default_rng(seed).integers(0, span_us, count).astype("timedelta64[us]")


TIMES = random_times(400, seed=20250627)


def turn_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Difference of two directions, 0 to 180."""
    return np.abs((a - b + 180.0) % 360.0 - 180.0)


@pytest.fixture(autouse=True)
def _no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    # astropy ships a table of the Earth's rotation; it must not ask the network for a newer one.
    monkeypatch.setattr(iers.conf, "auto_download", False)


@pytest.fixture(params=["builtin", "de421"])
def astropy_sky(request: pytest.FixtureRequest):
    """Horizontal places and the moon's elongation by astropy (ERFA), with its own ephemeris and with DE421."""
    name = "builtin" if request.param == "builtin" else ephemeris.ephemeris_path().as_uri()
    time = Time(TIMES.astype(str), scale="utc")
    place = coordinates.EarthLocation.from_geodetic(YELLOWKNIFE.longitude_deg * u.deg, YELLOWKNIFE.latitude_deg * u.deg)
    with coordinates.solar_system_ephemeris.set(name):
        horizon = coordinates.AltAz(obstime=time, location=place)
        seen = {body: coordinates.get_body(body, time, place).transform_to(horizon) for body in ("sun", "moon")}
        ecliptic = coordinates.GeocentricTrueEcliptic(equinox=time, obstime=time)
        moon, sun = (coordinates.get_body(body, time).transform_to(ecliptic).lon for body in ("moon", "sun"))
    coordinates.solar_system_ephemeris.set("builtin")
    return seen, coordinates.Longitude(moon - sun).deg


def test_sun_and_moon_agree_with_astropy(astropy_sky) -> None:
    """Altitude, azimuth and phase agree within 0.005 deg with an independent implementation, over the whole period."""
    seen, elongation = astropy_sky
    ours = positions(TIMES, YELLOWKNIFE)
    # The largest differences are not ours: astropy bends the sun's light by the sun itself (up to 0.0016 deg), and its
    # builtin moon is good to about 10 arcseconds.
    for body, theirs in seen.items():
        alt, az = (getattr(ours, f"{body}_{angle}_deg") for angle in ("alt", "az"))
        np.testing.assert_allclose(alt, theirs.alt.deg, rtol=0, atol=0.005)
        assert (turn_deg(az, theirs.az.deg) * np.cos(np.radians(alt))).max() <= 0.005
    assert turn_deg(ours.moon_elongation_deg, elongation).max() <= 0.005


@pytest.mark.parametrize("altitude", ["apparent", "refracted", "geometric"])
@pytest.mark.parametrize("site", [YELLOWKNIFE, SVALBARD, SOUTH], ids=["yellowknife", "svalbard", "south"])
def test_interpolation_agrees_with_skyfield_one_by_one(altitude: str, site: Site) -> None:
    """Interpolating between hourly nodes stays within 0.00001 deg of one Skyfield evaluation a frame."""
    times = random_times(60, seed=7)
    fast, slow = (call(times, site, altitude=altitude) for call in (positions, positions_one_by_one))
    for name in ("sun_alt_deg", "moon_alt_deg", "moon_phase_deg", "moon_elongation_deg"):
        np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=0, atol=1e-5)
    for body in ("sun", "moon"):
        across = turn_deg(getattr(fast, f"{body}_az_deg"), getattr(slow, f"{body}_az_deg"))
        assert (across * np.cos(np.radians(getattr(slow, f"{body}_alt_deg")))).max() <= 1e-5


def test_error_stays_within_the_bound_between_nodes() -> None:
    """Midway between nodes, where interpolation is worst, the moon's error stays near the bound of 1.5e-6 deg."""
    # Terrestrial time runs 69.184 s ahead of UTC, and nodes stand on its full hours.
    days = FIRST + np.arange(0, 820, 7).astype("timedelta64[D]").astype("timedelta64[us]")
    midway = days + np.timedelta64(30 * 60_000_000 - 69_184_000, "us")
    error = positions(midway, YELLOWKNIFE).moon_alt_deg - positions_one_by_one(midway, YELLOWKNIFE).moon_alt_deg
    assert np.abs(error).max() < 2e-6


def test_sidereal_time_agrees_with_astropy() -> None:
    """Local apparent sidereal time agrees with astropy over fifty years, leap seconds included."""
    stamps = ["1975-06-01T00:00:00", "2016-12-31T23:59:59", "2017-01-01T00:00:00", "2024-02-01T01:19:54"]
    times = np.array(stamps, dtype="datetime64[us]")
    expected = Time(stamps, scale="utc").sidereal_time("apparent", YELLOWKNIFE.longitude_deg * u.deg).deg
    assert turn_deg(sidereal_time_deg(times, YELLOWKNIFE), expected).max() <= 1e-4


def test_order_gaps_and_duplicates_change_nothing() -> None:
    """A time's position does not depend on the other times it is asked with."""
    apart = np.array(["2024-02-01T01:20", "2024-02-01T01:19", "1950-01-01T03:00", "2024-02-01T01:19"], "datetime64[us]")
    together, alone = positions(apart, YELLOWKNIFE), [positions(apart[[place]], YELLOWKNIFE) for place in range(4)]
    # The sums behind the nodes are made in another order when there are more of them.
    for name in ("moon_alt_deg", "sun_az_deg"):
        one_by_one = np.concatenate([getattr(sky, name) for sky in alone])
        np.testing.assert_allclose(getattr(together, name), one_by_one, rtol=0, atol=1e-9)
    assert together.moon_alt_deg[1] == together.moon_alt_deg[3]


def test_gaps_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two frames fifty years apart need Skyfield at twelve nodes, not at every hour between them."""
    asked = []
    real = ephemeris._at_nodes
    monkeypatch.setattr(ephemeris, "_at_nodes", lambda nodes, *rest: (asked.append(nodes.size), real(nodes, *rest))[1])
    positions(np.array(["1975-01-01T00:30", "2025-01-01T00:30"], "datetime64[m]"), YELLOWKNIFE)
    assert asked == [12]


def test_no_times_give_no_positions() -> None:
    """An empty night is no error."""
    empty = positions(np.array([], dtype="datetime64[us]"), YELLOWKNIFE)
    assert empty.sun_alt_deg.shape == empty.moon_elongation_deg.shape == (0,)
    assert sidereal_time_deg(np.array([], dtype="datetime64[us]"), YELLOWKNIFE).shape == (0,)


def test_refraction_lifts_only_what_is_above_minus_one_degree() -> None:
    """Refraction raises low bodies by up to 0.6 deg and leaves the twilight boundaries where they are."""
    plain = positions(TIMES, YELLOWKNIFE).sun_alt_deg
    lifted = positions(TIMES, YELLOWKNIFE, altitude="refracted").sun_alt_deg
    np.testing.assert_array_equal(lifted > plain, plain >= -1.0)
    assert (lifted - plain).min() == 0
    assert 0.4 < (lifted - plain).max() < 0.7


def test_phase_is_folded_about_full_moon() -> None:
    """The folded phase is 0 at new moon and 180 at full moon, the same while waxing and waning."""
    np.testing.assert_allclose(fold(np.array([0.0, 90.0, 180.0, 270.0, 359.0])), [0.0, 90.0, 180.0, 90.0, 1.0])
    # Moments by the US Naval Observatory: new moon 2024-01-11 11:57, full moon 2024-01-25 17:54 UTC.
    moons = positions(np.array(["2024-01-11T11:57", "2024-01-25T17:54"], "datetime64[us]"), YELLOWKNIFE)
    np.testing.assert_allclose(moons.moon_phase_deg, [0.0, 180.0], atol=0.01)


@pytest.mark.parametrize("stamp", ["1899-07-29T00:00", "2053-10-09T12:00", "2054-01-01T00:00", "NaT"])
def test_times_outside_the_ephemeris_are_refused(stamp: str) -> None:
    """A time that DE421 does not hold is refused by name instead of being extrapolated; the days that are named work."""
    with pytest.raises(ReproError, match="1899-07-30 to 2053-10-0") as caught:
        positions(np.array(["2024-01-01T00:00", stamp], dtype="datetime64[us]"), YELLOWKNIFE)
    assert caught.value.where == "element 1 of the times"
    assert caught.value.found.startswith("1 of 2 times")
    ends = np.array(["1899-07-30T00:00", "2053-10-07T23:59"], dtype="datetime64[us]")
    assert np.isfinite(positions(ends, YELLOWKNIFE).moon_alt_deg).all()


@pytest.mark.parametrize("damage", ["missing", "cut short", "one bit"])
def test_missing_and_damaged_ephemeris_is_refused(tmp_path: Path, damage: str) -> None:
    """No file, a truncated one, and one with a single wrong bit are found at once; the error says where and how to get it."""
    copy = tmp_path / "de421.bsp"
    if damage != "missing":
        content = bytearray(ephemeris.ephemeris_path().read_bytes())
        content[9_000_000] ^= damage == "one bit"
        copy.write_bytes(content[: 10_000_000 if damage == "cut short" else None])
    with pytest.raises(ReproError, match="cannot read" if damage == "missing" else "damaged") as caught:
        load_ephemeris(copy)
    assert str(copy) in str(caught.value)
    assert "skyfield-data" in str(caught.value)


def test_a_removed_data_folder_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the package's whole data folder is gone, the error is the same kind and not a traceback."""
    monkeypatch.setattr(ephemeris, "get_skyfield_data_path", lambda: Path("/gone/data").stat())
    with pytest.raises(ReproError, match="/gone/data"):
        load_ephemeris.__wrapped__()


def test_bench_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark runs and gives its rates."""
    monkeypatch.setattr("repro.bench.sky_speed.FRAMES", 20_000)
    monkeypatch.setattr("repro.bench.sky_speed.BASELINE_FRAMES", 10)
    result = bench()
    assert result["name"] == "sky"
    assert min(result[rate] for rate in ("ours", "baseline", "limit")) > 0
