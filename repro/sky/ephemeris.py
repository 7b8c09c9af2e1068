"""Sun and moon for very many times: Skyfield on hourly nodes, interpolation between them, exact rotation of the Earth.

The positions of sun and moon against the stars change slowly, the sky above the observer turns fast. So Skyfield is
asked once an hour for topocentric vectors in the true equator and equinox of date; these are interpolated with six
nodes, and only then turned by the sidereal time of each frame.

The fastest term that is interpolated is the moon's parallax, p = 0.0166 rad at most, with the Earth's turn of 0.262 rad
an hour. The remainder of six-node interpolation in its middle interval is at most 225/64 h**6 |f(6)| / 6!, here
0.00488 * 0.262**6 * 0.0166 rad = 1.5e-6 deg; ``tests/sky/test_ephemeris.py`` measures it (4e-7 deg at Yellowknife).

Positions are from JPL's DE421 (Folkner, Williams and Boggs 2009, IPN Progress Report 42-178), the ephemeris the
thesis used, as shipped by the package ``skyfield-data``.
"""

from __future__ import annotations

import atexit
import hashlib
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from skyfield import almanac
from skyfield.api import load, wgs84
from skyfield.framelib import true_equator_and_equinox_of_date
from skyfield.jpllib import SpiceKernel
from skyfield.nutationlib import iau2000b_radians
from skyfield_data import get_skyfield_data_path

from repro.errors import ReproError
from repro.params import Site

Altitude = Literal["apparent", "refracted", "geometric"]
Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

DE421_SHA256 = "a20a7139da04cbc462454634918e9a9ca69127044e2cc9d4f9c16e238d2deedc"
NODES_A_DAY = 24
_STENCIL = np.arange(-2, 4)  # nodes used around the interval from 0 to 1
_REMEDY = "reinstall it: python -m pip install --force-reinstall skyfield-data"


@dataclass(frozen=True)
class Positions:
    """Sun and moon over one site; every array has shape (n,), float64, in the order of the times.

    Parameters
    ----------
    sun_alt_deg, moon_alt_deg : ndarray
        Altitude of the disc's centre, -90 to 90, positive up.
    sun_az_deg, moon_az_deg : ndarray
        Azimuth from north through east, 0 to 360.
    moon_phase_deg : ndarray
        Folded phase angle, 0 new to 180 full: ``180 - abs(180 - moon_elongation_deg)``.
    moon_elongation_deg : ndarray
        Ecliptic longitude of the moon minus that of the sun, geocentric and apparent, 0 to 360.
    """

    sun_alt_deg: Floats
    sun_az_deg: Floats
    moon_alt_deg: Floats
    moon_az_deg: Floats
    moon_phase_deg: Floats
    moon_elongation_deg: Floats


def ephemeris_path() -> Path:
    """Where the package ``skyfield-data`` keeps DE421."""
    with warnings.catch_warnings():
        # The package warns when its table of Earth orientation is old. DE421 does not age, and Skyfield brings its
        # own tables for leap seconds and the Earth's rotation, so the warning is about a file that is not used.
        warnings.simplefilter("ignore", RuntimeWarning)
        return Path(get_skyfield_data_path()) / "de421.bsp"


@lru_cache(maxsize=4)
def load_ephemeris(path: Path | None = None) -> SpiceKernel:
    """Open DE421, the file of ``skyfield-data`` if none is given, after checking that it is the one JPL published.

    Raises
    ------
    ReproError
        If the file is missing or its SHA-256 is another one.
    """
    try:
        path = path or ephemeris_path()
        with path.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReproError(
            found=f"cannot read the ephemeris: {error.strerror}",
            expected="JPL DE421 (de421.bsp, 16.8 MB)",
            where=str(path or error.filename),
            remedy=_REMEDY,
        ) from None
    if actual != DE421_SHA256:
        raise ReproError(
            found=f"a damaged or different ephemeris, {path.stat().st_size} bytes, SHA-256 {actual[:12]}...",
            expected=f"JPL DE421, 16788480 bytes, SHA-256 {DE421_SHA256[:12]}...",
            where=str(path),
            remedy=_REMEDY,
        )
    kernel = SpiceKernel(str(path))
    atexit.register(kernel.close)
    return kernel


@lru_cache(maxsize=1)
def timescale() -> Any:
    """Skyfield's timescale from the tables it is shipped with; nothing is downloaded."""
    return load.timescale(builtin=True)


def skyfield_time(times_utc: Times) -> Any:
    """Skyfield time of UTC stamps, shape (n,).

    Raises
    ------
    ReproError
        If a time is missing (NaT) or is outside the ephemeris.
    """
    times_utc = np.asarray(times_utc, dtype="datetime64[us]")
    spans = [(segment.start_jd, segment.end_jd) for segment in load_ephemeris().spk.segments]
    # A day is kept free at both ends for the nodes around a frame and for the light's way.
    first, last = (_from_jd(max(s for s, _ in spans) + 1), _from_jd(min(e for _, e in spans) - 1))
    bad = ~((times_utc >= first) & (times_utc <= last))
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise ReproError(
            found=f"{int(bad.sum())} of {times_utc.size} times outside the ephemeris, the first is {times_utc[at]}",
            expected=f"times from {first.astype('datetime64[D]')} to {last.astype('datetime64[D]')} (JPL DE421)",
            where=f"element {at} of the times",
            remedy="check the dates; for other years another ephemeris would be needed",
        )
    day = times_utc.astype("datetime64[D]")
    second = (times_utc - day) / np.timedelta64(1, "s")
    return timescale().utc(1970, 1, 1 + day.astype(np.int64), 0, 0, second)


def _from_jd(jd: float) -> np.datetime64:
    return np.datetime64(round((jd - 2440587.5) * 86400), "s")


def positions(times_utc: Times, site: Site, *, altitude: Altitude = "apparent") -> Positions:
    """Sun and moon at many times.

    Parameters
    ----------
    times_utc : ndarray of datetime64, shape (n,)
        In any order, with any gaps; duplicates and n = 0 are fine.
    site : Site
        Observer on the WGS84 ellipsoid.
    altitude : str
        ``apparent``: as seen without an atmosphere (the thesis' reading). ``refracted``: apparent, raised by Skyfield's
        standard atmosphere (10 deg C, 1010 mbar at sea level), which acts above -1 deg only. ``geometric``: without
        aberration and deflection of light, but with its travel time (Skyfield's astrometric place).

    Returns
    -------
    Positions
        Within 1e-5 deg of one Skyfield evaluation a frame; azimuths that much over the cosine of the altitude.

    Raises
    ------
    ReproError
        If the ephemeris is missing or damaged, or a time is missing or outside it.
    """
    time = skyfield_time(times_utc)
    topos = wgs84.latlon(site.latitude_deg, site.longitude_deg, site.elevation_m)
    turn, sun, moon, phase = np.split(_interpolate(time, topos, altitude), [1, 4, 7])
    theta = _sidereal_rad(time, turn[0], site)
    sun_alt, sun_az = horizontal(sun, theta, site.latitude_deg)
    moon_alt, moon_az = horizontal(moon, theta, site.latitude_deg)
    if altitude == "refracted":
        for alt in (sun_alt, moon_alt):
            up = alt >= -1.0  # below, Skyfield's refraction is zero
            if up.any():  # older releases of Skyfield fail on an empty array
                alt[up] = topos.refract(alt[up], "standard", "standard").degrees
    elongation = np.degrees(np.arctan2(phase[1], phase[0])) % 360.0
    return Positions(sun_alt, sun_az, moon_alt, moon_az, fold(elongation), elongation)


def sidereal_time_deg(times_utc: Times, site: Site) -> Floats:
    """Local apparent sidereal time, shape (n,), 0 to 360 deg: the right ascension (of date) on the meridian.

    Raises
    ------
    ReproError
        As :func:`positions`.
    """
    time = skyfield_time(times_utc)
    return np.asarray(np.degrees(_sidereal_rad(time, _interpolate(time, None, "apparent")[0], site)) % 360.0)


def fold(elongation_deg: Floats) -> Floats:
    """Fold the moon's elongation, 0 to 360 deg, into a phase of 0 (new) to 180 deg (full)."""
    return np.asarray(180.0 - np.abs(180.0 - elongation_deg))


def _sidereal_rad(time: Any, turn: Floats, site: Site) -> Floats:
    """Local apparent sidereal time; ``turn`` is the equation of the equinoxes, in rad."""
    return np.asarray(np.radians(15.0 * time.gmst + site.longitude_deg) + turn)


def _interpolate(time: Any, topos: Any, altitude: Altitude) -> Floats:
    """Slow quantities at every time, shape (channel, n); channels as in :func:`_at_nodes`."""
    # In terrestrial time, so that no leap second falls between nodes.
    hour = time.tt_fraction * NODES_A_DAY
    before = np.floor(hour)
    x = hour - before
    used, where = np.unique(time.whole.astype(np.int64) * NODES_A_DAY + before.astype(np.int64), return_inverse=True)
    # Only nodes near a frame are computed: gaps of months take no time.
    nodes = np.unique(used[:, None] + _STENCIL)
    first = np.searchsorted(nodes, used + _STENCIL[0])[where]
    table = _at_nodes(nodes, topos, altitude)
    total = np.zeros((len(table), x.size))
    for number, node in enumerate(_STENCIL):
        weight = np.ones_like(x)
        for other in _STENCIL:
            if other != node:
                weight *= (x - other) / (node - other)
        total += weight * table[:, first + number]
    return total


def _at_nodes(nodes: npt.NDArray[np.int64], topos: Any, altitude: Altitude) -> Floats:
    """Skyfield at the nodes, shape (channel, node).

    Channels: equation of the equinoxes (rad); with a site also the vectors to sun and moon (au), and cosine and sine
    of the moon's elongation.
    """
    time = timescale().tt_jd(nodes // NODES_A_DAY, nodes % NODES_A_DAY / NODES_A_DAY)
    # Skyfield's page on accuracy and efficiency gives this short cut: IAU 2000B has 77 terms where 2000A has 1,365 and
    # stays within 1 mas (3e-7 deg) of it.
    time._nutation_angles_radians = iau2000b_radians(time)
    turn = np.radians((15.0 * (time.gast - time.gmst) + 180.0) % 360.0 - 180.0)
    if topos is None:
        return np.asarray(turn[None])
    if nodes.size == 0:
        return np.zeros((9, 0))  # Skyfield cannot take an empty time
    kernel = load_ephemeris()
    observer = (kernel["earth"] + topos).at(time)
    channels = [turn]
    for body in ("sun", "moon"):
        place = observer.observe(kernel[body])
        if altitude != "geometric":
            place = place.apparent()
        channels.extend(place.frame_xyz(true_equator_and_equinox_of_date).au)
    elongation = almanac.moon_phase(kernel, time).radians
    return np.stack([*channels, np.cos(elongation), np.sin(elongation)])


def horizontal(vector: Floats, theta: Floats, latitude_deg: float) -> tuple[Floats, Floats]:
    """Altitude and azimuth (deg) of equatorial vectors, shape (3, n), at local sidereal time ``theta`` (rad)."""
    x, y, z = vector
    south, east = x * np.cos(theta) + y * np.sin(theta), y * np.cos(theta) - x * np.sin(theta)
    sin, cos = np.sin(np.radians(latitude_deg)), np.cos(np.radians(latitude_deg))
    up, north = south * cos + z * sin, z * cos - south * sin
    alt = np.degrees(np.arctan2(up, np.hypot(north, east)))
    return alt, np.degrees(np.arctan2(east, north)) % 360.0
