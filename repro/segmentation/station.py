"""What the sky over Jang Bogo Station decides about the KOPRI poster: figure times, dark hours, two directions of north."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from repro.params import Site
from repro.sky.ephemeris import positions
from repro.sky.magnetic import magnetic_local_time, magnetic_place

PLACE = "jang_bogo"
#: Jang Bogo Station (Kwon et al. 2018, J. Astron. Space Sci. 35(3), abstract: 74.62 S, 164.22 E).
STATION = Site(latitude_deg=-74.62, longitude_deg=164.22, elevation_m=0, time_zone="Antarctica/McMurdo")
NIGHT_DEG = -18.0  # Sun's altitude below which the sky is dark
DARK_DEG = -12.0  # below which a colour camera can tell aurora from twilight, as the thesis and the poster's group do
TYPICAL_YEAR = 2020  # in the middle of the poster's 2018 to 2023
STEP_MIN = 5  # of the year that is counted

Quantity = float | int | bool | str


def quantities(figure_times_utc: Mapping[str, str]) -> dict[str, Quantity]:
    """What ephemeris and magnetic coordinates say about the station and the figures' times, by name after ``kopri.``.

    A time of ``figure_times_utc`` is written as ``figure1: "2021-04-19 10:53:30"``; at that time it is ``dark`` with the Sun
    at or below -18 deg. ``dark_hours.mltHH`` are the hours of 2020 with the Sun below -12 deg in each hour of magnetic local
    time. The equatorward azimuth is that of AACGM coordinates.
    """
    hours, place = dark_hours(TYPICAL_YEAR), magnetic_place(PLACE, TYPICAL_YEAR)
    between = abs((place.equatorward_azimuth_deg - place.declination_deg + 180.0) % 360.0 - 180.0)
    values: dict[str, Quantity] = {
        f"{name}.{key}": value for name, stamp in figure_times_utc.items() for key, value in _moment(stamp).items()
    }
    values |= {f"dark_hours.mlt{hour:02d}": round(float(value), 1) for hour, value in enumerate(hours)}
    values |= {
        "every_mlt_hour_dark": bool((hours > 0).all()),
        "mlt_hours_without_dark": int((hours == 0).sum()),
        "magnetic_latitude_deg": place.magnetic_latitude_deg,
        "equatorward_azimuth_deg": place.equatorward_azimuth_deg,
        "compass_azimuth_deg": place.declination_deg,
        "between_norths_deg": round(between, 1),
    }
    return {f"kopri.{key}": value for key, value in values.items()}


@lru_cache(maxsize=8)
def dark_hours(year: int, limit_deg: float = DARK_DEG) -> npt.NDArray[np.float64]:
    """Hours of a year with the Sun below a limit, in each hour of magnetic local time 0 to 23, shape (24,)."""
    times = np.arange(f"{year}-01-01", f"{year + 1}-01-01", 60 * STEP_MIN, dtype="datetime64[s]")
    dark = positions(times, STATION).sun_alt_deg < limit_deg
    hour = magnetic_local_time(times[dark], magnetic_place(PLACE, year)).astype(int)
    return np.asarray(np.bincount(hour, minlength=24) * (STEP_MIN / 60), np.float64)


def _moment(stamp: str) -> dict[str, Quantity]:
    time = np.array([stamp.replace(" ", "T")], "datetime64[s]")
    sky = positions(time, STATION)
    lit = (1 - np.cos(np.radians(sky.moon_phase_deg[0]))) / 2
    mlt = magnetic_local_time(time, magnetic_place(PLACE, int(stamp[:4])))
    return {
        "sun_alt_deg": round(float(sky.sun_alt_deg[0]), 2),
        "moon_alt_deg": round(float(sky.moon_alt_deg[0]), 2),
        "moon_lit_percent": round(100 * float(lit), 1),
        "mlt_h": round(float(mlt[0]), 2),
        "second": int(stamp[-2:]),
        "dark": bool(sky.sun_alt_deg[0] <= NIGHT_DEG),
    }
