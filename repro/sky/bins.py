"""The nine conditions: three ranges of the sun's altitude by three kinds of moonlight.

Limits of the moon are in section ``sky`` of params.yaml; those of the sun, below, define the kinds of twilight.
Both are those of the author's published script, which Table 3's counts confirm (see the schedule).
"""

from __future__ import annotations

from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.errors import ReproError
from repro.params import Site, SkyParams
from repro.sky.ephemeris import Floats, Positions, Times, positions

Words = npt.NDArray[np.str_]

#: From dark to bright; each reaches up to the next one's lower end.
SUN_BINS = ("Night", "Astro", "Nautical", "Civil", "Day")
#: Upper ends of Night, Astro and Nautical, which belong to them, and of Civil, which does not.
SUN_LIMITS_DEG = (-18.0, -12.0, -6.0, 0.0)
MOON_BINS = ("No_moon", "Moon_Quarter", "Moon_Full")
#: The cells of Table 3, by row of moonlight.
CONDITIONS = tuple((sun, moon) for moon in MOON_BINS for sun in SUN_BINS[:3])

ANGLE_MARGIN_DEG = 0.001
SIDEREAL_DEG_PER_S = 15.0411 / 3600  # the Earth's turn against the stars


def sun_bin(sun_alt_deg: npt.ArrayLike) -> Words:
    """Range of the sun's altitude, shape as given.

    Night alt <= -18; Astro -18 < alt <= -12; Nautical -12 < alt <= -6; Civil -6 < alt < 0; Day from 0 up.

    Raises
    ------
    ReproError
        If an altitude is not a number.
    """
    alt = _finite(sun_alt_deg, "sun_alt_deg")
    index = np.searchsorted(SUN_LIMITS_DEG[:3], alt, side="left") + (alt >= SUN_LIMITS_DEG[3])
    return np.array(SUN_BINS)[index]


def moon_bin(moon_phase_deg: npt.ArrayLike, moon_alt_deg: npt.ArrayLike, switches: SkyParams) -> Words:
    """Kind of moonlight, shape as given.

    Parameters
    ----------
    moon_phase_deg : array_like
        Folded phase, 0 new to 180 full. With an unfolded elongation (0 to 360) the same comparisons are made, which is
        one of the readings that the schedule tests.
    moon_alt_deg : array_like
        Altitude of the moon.
    switches : SkyParams
        Limits and rule. ``published``: Moon_Full if phase >= 150 and alt > 5; else Moon_Quarter if 45 <= phase < 150
        and alt > 10; else No_moon. ``as_printed``: Table 3 read literally, whose conditions contradict
        its labels: the first condition gives No_moon, the rest Moon_Full.

    Raises
    ------
    ReproError
        If a value is not a number.
    """
    phase, alt = _finite(moon_phase_deg, "moon_phase_deg"), _finite(moon_alt_deg, "moon_alt_deg")
    full, quarter = switches.full_moon, switches.quarter_moon
    bright = (phase >= full.phase_deg) & (alt > full.altitude_deg)
    half = (phase >= quarter.phase_deg) & (phase < full.phase_deg) & (alt > quarter.altitude_deg)
    first, rest = ("Moon_Full", "No_moon") if switches.moon_rule == "published" else ("No_moon", "Moon_Full")
    return np.where(bright, first, np.where(half, "Moon_Quarter", rest))


def altitude_margin_deg(site: Site) -> float:
    """How far an altitude may be off: 0.001 deg, or the most that an altitude changes in one second, if that is more."""
    return max(ANGLE_MARGIN_DEG, SIDEREAL_DEG_PER_S * float(np.cos(np.radians(site.latitude_deg))))


def on_boundary(
    sun_alt_deg: npt.ArrayLike,
    moon_alt_deg: npt.ArrayLike,
    moon_phase_deg: npt.ArrayLike,
    *,
    switches: SkyParams,
    margin_deg: float = ANGLE_MARGIN_DEG,
) -> npt.NDArray[np.bool_]:
    """Whether a bin would change if the angles were off by a margin, shape as given.

    A boundary that does not matter, such as 5 deg for a moon that is not full, is ignored.

    Arguments are as for :func:`sun_bin` and :func:`moon_bin`. ``margin_deg`` is for the altitudes, see
    :func:`altitude_margin_deg`; the phase moves 0.00014 deg a second and takes 0.001 deg.
    """
    sun, alt, phase = (_finite(a, "angle") for a in (sun_alt_deg, moon_alt_deg, moon_phase_deg))
    flagged = sun_bin(sun - margin_deg) != sun_bin(sun + margin_deg)
    kind = moon_bin(phase, alt, switches)
    for up, on in product((-1, 1), repeat=2):
        flagged |= moon_bin(phase + up * ANGLE_MARGIN_DEG, alt + on * margin_deg, switches) != kind
    return np.asarray(flagged)


def phase_for(sky: Positions, switches: SkyParams) -> Floats:
    """The phase that a reading compares with the limits of the moon: folded, or the elongation itself."""
    return sky.moon_phase_deg if switches.moon_phase == "folded" else sky.moon_elongation_deg


def sky_table(times_utc: Times, site: Site, switches: SkyParams) -> pd.DataFrame:
    """Sun, moon and bins of frames, one row a time in the order given: datetime64, shape (n,), none of them missing.

    Returns
    -------
    DataFrame
        ``sun_alt_deg``, ``moon_alt_deg``, ``moon_phase_deg`` (folded: 0 new, 180 full), ``sun_bin``, ``moon_bin`` and
        ``on_boundary`` (see :func:`on_boundary`, with the margin of :func:`altitude_margin_deg`).

    Raises
    ------
    ReproError
        As :func:`repro.sky.ephemeris.positions`.
    """
    sky = positions(times_utc, site, altitude=switches.altitude)
    phase = phase_for(sky, switches)
    return pd.DataFrame(
        {
            "sun_alt_deg": sky.sun_alt_deg,
            "moon_alt_deg": sky.moon_alt_deg,
            "moon_phase_deg": sky.moon_phase_deg,
            "sun_bin": sun_bin(sky.sun_alt_deg),
            "moon_bin": moon_bin(phase, sky.moon_alt_deg, switches),
            "on_boundary": on_boundary(
                sky.sun_alt_deg, sky.moon_alt_deg, phase, switches=switches, margin_deg=altitude_margin_deg(site)
            ),
        }
    )


def _finite(values: npt.ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ReproError(
            found=f"{int((~np.isfinite(array)).sum())} values of {name} that are not numbers",
            expected="finite degrees",
            where=f"element {int(np.flatnonzero(~np.isfinite(array.ravel()))[0])}",
            remedy="leave out frames without a time before assigning conditions",
        )
    return array
