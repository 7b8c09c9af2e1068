"""Magnetic coordinates of named places, and magnetic local time.

Latitude, longitude and the direction of the equator are those of AACGM (Shepherd 2014, J. Geophys. Res. Space Physics 119,
7501): tabulated once, because the library that computes them needs a compiler. ``magnetic_places.csv`` is what
``repro/sky/tabulate_magnetic.py`` wrote. Magnetic local time is the angle to the Sun's meridian in centred dipole
coordinates (Laundal and Richmond 2017, Space Sci. Rev. 206, 27, equation 93).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
import pandas as pd

from repro.errors import ReproError
from repro.params import Site
from repro.sky.ephemeris import Floats, Positions, Times, positions

TABLE = "magnetic_places.csv"
COLUMNS = (
    "place", "year", "latitude_deg", "longitude_deg", "magnetic_latitude_deg", "magnetic_longitude_deg",
    "equatorward_azimuth_deg", "declination_deg", "inclination_deg", "pole_latitude_deg", "pole_longitude_deg",
)  # fmt: skip
#: From here the Sun stands over its subsolar point in the zenith, so its direction there is its direction in space.
_ORIGIN = Site(latitude_deg=0, longitude_deg=0, time_zone="UTC")


@dataclass(frozen=True)
class MagneticPlace:
    """A place on Earth in magnetic coordinates, in the middle of one year.

    Parameters
    ----------
    magnetic_latitude_deg, magnetic_longitude_deg : float
        AACGM, of the point at 110 km over the place.
    equatorward_azimuth_deg : float
        Direction in which the absolute AACGM latitude falls fastest, from geographic north through east.
    declination_deg, inclination_deg : float
        Of the field on the ground (IGRF): the direction of a compass, and the dip, positive down.
    pole_latitude_deg, pole_longitude_deg : float
        Northern pole of the centred dipole, geocentric.
    """

    magnetic_latitude_deg: float
    magnetic_longitude_deg: float
    equatorward_azimuth_deg: float
    declination_deg: float
    inclination_deg: float
    pole_latitude_deg: float
    pole_longitude_deg: float


@lru_cache(maxsize=1)
def table() -> pd.DataFrame:
    """The committed table, with the columns :data:`COLUMNS`."""
    source = resources.files("repro.sky") / TABLE
    with source.open(encoding="utf-8") as file:
        return pd.read_csv(file, comment="#")


def magnetic_place(name: str, year: int) -> MagneticPlace:
    """A named place in one year, or in the nearest year of the table.

    Raises
    ------
    ReproError
        If the table has no such place.
    """
    rows = table()
    mine = rows[rows["place"] == name]
    if mine.empty:
        raise ReproError(
            found=f"no magnetic coordinates of {name!r}",
            expected=f"one of {', '.join(sorted(set(rows['place'])))}",
            where=f"repro/sky/{TABLE}",
            remedy="add the place with: python -m repro.sky.tabulate_magnetic NAME LATITUDE LONGITUDE",
        )
    row = mine.iloc[int((mine["year"] - year).abs().to_numpy().argmin())]
    return MagneticPlace(**{field: float(row[field]) for field in MagneticPlace.__dataclass_fields__})


def magnetic_local_time(times_utc: Times, place: MagneticPlace) -> Floats:
    """Magnetic local time in hours, 0 to 24, shape (n,): 12 plus the longitude difference to the Sun over 15 deg.

    ``times_utc`` are datetime64, shape (n,), in any order, all near the year of the place. Raises ReproError as
    :func:`repro.sky.ephemeris.positions`.
    """
    pole = np.radians([place.pole_latitude_deg, place.pole_longitude_deg])
    axis = np.array([np.cos(pole[0]) * np.cos(pole[1]), np.cos(pole[0]) * np.sin(pole[1]), np.sin(pole[0])])
    y = np.cross([0.0, 0.0, 1.0], axis)
    y /= np.linalg.norm(y)
    x = np.cross(y, axis)
    towards = _direction(positions(times_utc, _ORIGIN))
    sun_longitude = np.degrees(np.arctan2(y @ towards, x @ towards))
    return np.asarray((12.0 + (place.magnetic_longitude_deg - sun_longitude) / 15.0) % 24.0)


def _direction(sun: Positions) -> Floats:
    """Unit vectors to the Sun fixed to the Earth, shape (3, n): towards (0 N, 0 E), (0 N, 90 E) and the pole."""
    alt, az = np.radians(sun.sun_alt_deg), np.radians(sun.sun_az_deg)
    return np.stack([np.sin(alt), np.cos(alt) * np.sin(az), np.cos(alt) * np.cos(az)])
