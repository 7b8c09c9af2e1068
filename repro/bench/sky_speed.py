"""Speed of :func:`repro.sky.ephemeris.positions` beside one Skyfield evaluation a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from skyfield import almanac
from skyfield.api import wgs84

from repro.bench.rates import best_rates, speed_document
from repro.params import Site
from repro.sky.ephemeris import Altitude, Positions, Times, fold, horizontal, load_ephemeris, positions, skyfield_time

FRAMES = 214_890  # frames of the thesis
BASELINE_FRAMES, ROUNDS = 300, 3
YELLOWKNIFE = Site(latitude_deg=62.4333, longitude_deg=-114.35, elevation_m=0.0, time_zone="America/Yellowknife")


def positions_one_by_one(times_utc: Times, site: Site, *, altitude: Altitude = "apparent") -> Positions:
    """The same as :func:`repro.sky.ephemeris.positions`, by one plain Skyfield evaluation a frame.

    It is the naive way, and the reference of the tests.
    """
    kernel = load_ephemeris()
    site_frame = wgs84.latlon(site.latitude_deg, site.longitude_deg, site.elevation_m)
    observer = kernel["earth"] + site_frame
    rows = np.empty((5, len(times_utc)))
    for column in range(len(times_utc)):
        t = skyfield_time(times_utc[column : column + 1])[0]
        here = observer.at(t)
        row: list[Any] = []
        for body in ("sun", "moon"):
            place = here.observe(kernel[body])
            if altitude == "geometric":
                # altaz() is refused for an astrometric place; the site's own frame gives the same two angles.
                alt, az, _ = place.frame_latlon(site_frame)
            elif altitude == "refracted":
                alt, az, _ = place.apparent().altaz("standard", "standard")
            else:
                alt, az, _ = place.apparent().altaz()
            row += [alt.degrees, az.degrees]
        rows[:, column] = [*row, almanac.moon_phase(kernel, t).degrees]
    sun_alt, sun_az, moon_alt, moon_az, elongation = rows
    return Positions(sun_alt, sun_az, moon_alt, moon_az, fold(elongation), elongation)


def bench() -> dict[str, Any]:
    """Measure frames a second: ours, one Skyfield evaluation a frame, and the least that any way must do.

    The limit is the last step alone, turning two vectors a frame by a known sidereal time into altitude and azimuth.

    Returns the keys of every benchmark, with ``largest_difference_deg`` (of altitudes and phase).
    """
    # Nights of 649 minutes, the thesis' mean, so that the number of hourly nodes is realistic.
    evenings = np.datetime64("2022-12-01T01:00", "us") + np.arange(332) * np.timedelta64(1, "D").astype("m8[us]")
    minutes = np.arange(649) * np.timedelta64(60, "s").astype("m8[us]")
    times_utc = (evenings[:, None] + minutes).ravel()[:FRAMES]
    some = times_utc[:: FRAMES // BASELINE_FRAMES][:BASELINE_FRAMES]
    vectors = np.random.default_rng(0).normal(size=(3, FRAMES))
    angle = np.linspace(0.0, 2.0 * np.pi, FRAMES)
    rates, results = best_rates(
        {
            "ours": (FRAMES, lambda: positions(times_utc, YELLOWKNIFE)),
            "baseline": (len(some), lambda: positions_one_by_one(some, YELLOWKNIFE)),
            "limit": (FRAMES, lambda: [horizontal(vectors, angle, YELLOWKNIFE.latitude_deg) for _ in "ab"]),
        },
        ROUNDS,
    )
    fast, authority = results["ours"], results["baseline"]
    difference = max(
        float(np.abs(getattr(fast, name)[:: FRAMES // BASELINE_FRAMES][: len(some)] - getattr(authority, name)).max())
        for name in ("sun_alt_deg", "moon_alt_deg", "moon_phase_deg")
    )
    return speed_document("sky", "frames/s", rates, largest_difference_deg=float(f"{difference:.2g}"))
