"""Places in the lens: of the Moon and the stars, along the magnetic field, of what crosses the sky or lies before the lens."""

from dataclasses import replace
from datetime import UTC

import cv2
import numpy as np
import pytest
from skyfield.api import load, wgs84

from repro.observatory import foreground, geometry, stars
from repro.observatory.plan import Night
from repro.observatory.render import render
from repro.sky.ephemeris import load_ephemeris

LATITUDE, LONGITUDE = 62.4333, -114.35
Angle = float | np.ndarray


def by_hand(alt_deg: Angle, az_deg: Angle) -> tuple[Angle, Angle]:
    """Column and row in a 720 frame of an equidistant lens that looks up: north above, east left, horizon at 362 px."""
    radius = 362.0 * (90.0 - alt_deg) / 90.0
    return 359.5 - radius * np.sin(np.radians(az_deg)), 359.5 - radius * np.cos(np.radians(az_deg))


def test_directions_lie_where_the_lens_shows_them() -> None:
    """North lies above, east left, south below and west right; a direction turned into a pixel and back is the same."""
    rng = np.random.default_rng(1)
    alt, az = rng.uniform(2, 88, 200), rng.uniform(0, 360, 200)
    pixels = geometry.pixel_of(alt, az, 720)
    np.testing.assert_allclose(pixels, by_hand(alt, az), atol=1e-9)
    np.testing.assert_allclose(geometry.direction_of(*pixels, 720), (alt, az), atol=1e-9)


@pytest.mark.parametrize("night", ["20230108", "20241214", "20240224"])
def test_moon_pixel(show, night: str) -> None:
    """The brightest spot of a moonlit frame lies where Skyfield and the lens formula put the Moon, within 1.5 pixels."""
    state = show(0.1, 0.9, night=night)
    frames = render(state, noise=False).frames.float().mean(1).numpy()
    kernel = load_ephemeris()
    observer = kernel["earth"] + wgs84.latlon(LATITUDE, LONGITUDE)
    for time_utc, frame in zip(state.time_utc, frames, strict=True):
        stamp = load.timescale(builtin=True).from_datetime(time_utc.astype("datetime64[us]").item().replace(tzinfo=UTC))
        alt, az, _ = observer.at(stamp).observe(kernel["moon"]).apparent().altaz()
        column, row = by_hand(alt.degrees, az.degrees)
        peak_row, peak_column = np.unravel_index(cv2.GaussianBlur(frame, (0, 0), 6).argmax(), frame.shape)
        y, x = np.nonzero(frame >= frame.max() - 3)
        spot = np.hypot(x - peak_column, y - peak_row) < 25
        assert np.hypot(x[spot].mean() - column, y[spot].mean() - row) < 1.5


def test_stars_turn_about_the_pole() -> None:
    """In one hour every star turns by 15.041 deg about a pole as high as the latitude, from east to west."""
    turned = 15.041067
    alt, az = np.radians(stars.place(np.array([100.0, 100.0 + turned]), np.full(2, LATITUDE), *stars.catalogue()[:2]))
    first, second = np.stack([np.cos(alt) * np.sin(az), np.cos(alt) * np.cos(az), np.sin(alt)], -1)  # east, north, up
    pole = np.array([0.0, np.cos(np.radians(LATITUDE)), np.sin(np.radians(LATITUDE))])
    # Rodrigues' rotation; east, north and up are right-handed, and the sky goes from east over south to west.
    angle = -np.radians(turned)
    expected = (
        first * np.cos(angle)
        + np.cross(pole, first) * np.sin(angle)
        + np.outer(first @ pole, pole) * (1 - np.cos(angle))
    )
    np.testing.assert_allclose(second, expected, atol=1e-9)


def test_stars_follow_the_clock(show) -> None:
    """Between two frames an hour apart the sky turns by 15.04 deg, and stars in the south move to the right (west)."""
    state = show(0.0, 1.0, minutes=60)
    assert (state.sidereal_deg[1] - state.sidereal_deg[0]) % 360 == pytest.approx(15.041, abs=0.005)
    alt, az = stars.place(state.sidereal_deg, state.latitude_deg, *stars.catalogue()[:2])
    south = (np.abs(az[0] - 180) < 5) & (alt[0] > 20) & (alt[0] < 60)
    column, _ = geometry.pixel_of(alt, az, 720)
    assert south.sum() > 3
    assert (column[1, south] > column[0, south] + 20).all()


def test_stars_are_drawn_where_they_are(show) -> None:
    """The brightest stars of a clear, moonless frame are local peaks within a pixel of their computed places."""
    state = show(0.5)
    frame = render(state, noise=False).frames[0].float().mean(0).numpy()
    alt, az = stars.place(state.sidereal_deg, state.latitude_deg, *stars.catalogue()[:2])
    _, _, magnitude, _ = stars.catalogue()
    column, row = geometry.pixel_of(alt[0], az[0], 720)
    bright = np.flatnonzero((magnitude < 2.0) & (alt[0] > 30))
    assert len(bright) >= 8
    for star in bright:
        x, y = round(column[star]), round(row[star])
        box = frame[y - 4 : y + 5, x - 4 : x + 5]
        peak_y, peak_x = np.unravel_index(box.argmax(), box.shape)
        assert np.hypot(x - 4 + peak_x - column[star], y - 4 + peak_y - row[star]) < 1.3
        assert box.max() > np.median(box) + 8


def test_field_lines_meet_at_the_magnetic_zenith() -> None:
    """The field's offset vanishes 7 deg from the zenith towards magnetic south, and nowhere else in the sky."""
    east, north = geometry.field_offset(np.array(83.0), np.array(180.0 + geometry.DECLINATION_DEG))
    assert np.hypot(east, north) < 0.005
    for az in range(0, 360, 20):
        assert np.hypot(*geometry.field_offset(np.array(60.0), np.array(float(az)))) > 0.3


def test_one_height_is_one_scale() -> None:
    """A point at 200 km on a field line is seen where the map puts a foot of its field line scaled by the height."""
    foot_east, foot_north, height = 150.0, 80.0, 200.0
    # Climbing the field line leads towards magnetic south by the complement of the inclination (flat Earth).
    north = foot_north - height * np.tan(np.radians(90 - geometry.INCLINATION_DEG))
    horizontal = np.hypot(foot_east, north)
    az = np.degrees(np.arctan2(foot_east, north)) + geometry.DECLINATION_DEG
    # The map bends low directions to a curved Earth; at this altitude that is worth a few per cent.
    q_east, q_north = geometry.field_offset(np.degrees(np.arctan2(height, horizontal)), az)
    assert q_east * height == pytest.approx(foot_east, rel=0.03)
    assert q_north * height == pytest.approx(foot_north, rel=0.03)


def before(counts: tuple[int, ...], size: int = 240) -> foreground.BeforeLens:
    """What lies before the lens of the second camera."""
    return foreground.before_lens(2, 0, counts, size, size // 4)


@pytest.mark.parametrize("place", range(3), ids=foreground.NAMES[:3])
def test_each_kind_hides_some_of_the_sky(place: int) -> None:
    """Snow patches, drops and trees each hide a part of the sky, and never most of it."""
    bare, dirty = before((0, 0, 0, 0, 5)), before((*(2 * (kind == place) for kind in range(4)), 5))
    assert float(bare.hidden.sum()) == 0
    assert 0 < float((dirty.hidden > 0.02).float().mean()) < 0.3
    assert len(dirty.index) >= len(bare.index)


def test_lamps_shine() -> None:
    """Lamps add light and hide nothing."""
    lit = before((0, 0, 0, 3, 5))
    assert lit.glow is not None
    assert lit.glow.max() > 0.3
    assert lit.hidden.sum() == 0


def test_patches_have_sharp_edges() -> None:
    """A snow patch covers or does not: at most a fifth of its pixels lie on an edge."""
    hidden = foreground.before_lens(2, 0, (4, 0, 0, 0, 9), 720, 720).hidden
    covered, edge = (hidden > 0.65).sum(), ((hidden > 0.1) & (hidden < 0.6)).sum()
    assert covered > 2000
    assert edge < 0.2 * covered


def test_a_night_keeps_its_dirt(planned) -> None:
    """The same night has the same dirt, which stays the whole night; one night in five or so has snow patches."""
    night: Night = planned("20241229")
    assert (foreground.of_night(night) == foreground.of_night(replace(night))).all()
    counts = np.array([foreground.of_night(replace(night, seed=seed)) for seed in range(300)])
    assert 0.08 < (counts[:, 0] > 0).mean() < 0.25
    wide = np.array([foreground.of_night(replace(night, seed=seed, variety=2.0)) for seed in range(300)])
    assert (wide[:, 2] > 1).any()
    assert not (counts[:, 2] > 1).any()


def test_trails_come_at_their_rate() -> None:
    """Satellites and aircraft cross as many frames as stated; an aircraft blinks."""
    trails = [stars.trail(seed, 720) for seed in range(2000)]
    wanted = stars.SATELLITE_CHANCE + stars.AIRCRAFT_CHANCE
    assert np.mean([len(x) > 0 for x, _, _, _ in trails]) == pytest.approx(wanted, abs=0.03)
    assert any(len(light) and light.max() > 5 * light.min() for _, _, light, _ in trails)


def test_planets_stand_on_the_ecliptic() -> None:
    """Planets never leave the zone of declinations that the ecliptic crosses, and move on from night to night."""
    _, dec, magnitude, _ = stars.planets("20241229")
    assert (np.abs(dec) <= 23.45).all()
    assert not np.allclose(stars.planets("20241228")[0], stars.planets("20241229")[0])
    assert magnitude.max() < 1.01
