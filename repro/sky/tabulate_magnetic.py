"""Write ``magnetic_places.csv``: AACGM coordinates and the direction of the field, of named places in the middle of years.

Needs ``aacgmv2``, which is built with a C compiler, and ``ppigrf`` (IGRF-14); nothing else of the project does:
``python -m pip install 'aurora-repro[magnetic]'``. Example, for one more place:
``python -m repro.sky.tabulate_magnetic kho 78.148 16.043``.
"""

from __future__ import annotations

import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from repro.files import write_text
from repro.sky.magnetic import COLUMNS, TABLE

#: Latitude and longitude (deg) of the places that are always in the table: the station of the KOPRI poster, and AuroraMAX.
PLACES = {"jang_bogo": (-74.62, 164.22), "yellowknife": (62.4333, -114.35)}
YEARS = range(2018, 2026)
HEIGHT_KM = 110.0  # of the aurora's green light
STEP_DEG = 0.25  # of the differences that give the direction of the equator


def row(name: str, year: int, latitude_deg: float, longitude_deg: float) -> list[object]:
    """One row of the table, see :data:`repro.sky.magnetic.COLUMNS`."""
    import aacgmv2
    import ppigrf

    when = datetime(year, 7, 1)

    def magnetic(north_deg: float, east_deg: float) -> tuple[float, float]:
        at = aacgmv2.get_aacgm_coord(latitude_deg + north_deg, longitude_deg + east_deg, HEIGHT_KM, when)
        return float(at[0]), float(at[1])

    latitude, longitude = magnetic(0, 0)
    north = abs(magnetic(STEP_DEG, 0)[0]) - abs(magnetic(-STEP_DEG, 0)[0])
    east = abs(magnetic(0, STEP_DEG)[0]) - abs(magnetic(0, -STEP_DEG)[0])
    equatorward = np.degrees(np.arctan2(-east / np.cos(np.radians(latitude_deg)), -north)) % 360.0
    # On the ground, where a compass is; ppigrf takes geodetic coordinates and gives east, north and up, in nT.
    field = [float(np.squeeze(part)) for part in ppigrf.igrf(longitude_deg, latitude_deg, 0.0, when)]
    declination = np.degrees(np.arctan2(field[0], field[1]))
    inclination = np.degrees(np.arctan2(-field[2], np.hypot(field[0], field[1])))
    dipole = _dipole(ppigrf, when)
    pole_latitude = np.degrees(np.arctan2(-dipole[0], np.hypot(dipole[1], dipole[2])))
    pole_longitude = np.degrees(np.arctan2(-dipole[2], -dipole[1]))
    numbers = (
        latitude_deg, longitude_deg, latitude, longitude, equatorward, declination, inclination, pole_latitude,
        pole_longitude,
    )  # fmt: skip
    return [name, year, *(round(float(number), 4) for number in numbers)]


def _dipole(ppigrf: object, when: datetime) -> tuple[float, float, float]:
    """Coefficients g10, g11 and h11 (nT): the part of degree one of the field far out, where the others have died away."""
    far_km, earth_km = 6371.2e4, 6371.2
    scale = (far_km / earth_km) ** 3
    radial = [
        float(np.squeeze(ppigrf.igrf_gc(far_km, colatitude, longitude, when)[0])) * scale / 2  # type: ignore[attr-defined]
        for colatitude, longitude in ((0.0001, 0.0), (90.0, 0.0), (90.0, 90.0))
    ]
    return radial[0], radial[1], radial[2]


def main(arguments: list[str]) -> None:
    """Write the table with the standing places and those that are named as NAME LATITUDE LONGITUDE."""
    places = dict(PLACES)
    for name, latitude, longitude in zip(arguments[::3], arguments[1::3], arguments[2::3], strict=True):
        places[name] = (float(latitude), float(longitude))
    rows = [row(name, year, *place) for name, place in places.items() for year in YEARS]
    made_by = ", ".join(f"{package} {version(package)}" for package in ("aacgmv2", "ppigrf"))
    head = f"# AACGM at {HEIGHT_KM:g} km, field of IGRF on the ground, its dipole; 1 July of each year; repro/sky/tabulate_magnetic.py with {made_by}\n"
    text = pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(index=False, lineterminator="\n")
    write_text(Path(__file__).with_name(TABLE), head + text)


if __name__ == "__main__":
    main(sys.argv[1:])
