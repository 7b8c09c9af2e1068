"""What crosses the sky or stands in it without being a star: planets, satellites and aircraft, as points of light."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from repro.observatory import geometry

Floats = npt.NDArray[np.float64]
PLANETS = 3
SATELLITE_CHANCE, AIRCRAFT_CHANCE = 0.12, 0.06  # of a frame; exposures of AuroraMAX last some seconds
#: Right ascension and declination of a point of the ecliptic follow from its longitude and this obliquity.
OBLIQUITY = np.radians(23.44)


def planets(night: str) -> tuple[Floats, Floats, Floats]:
    """Right ascension, declination (deg) and magnitude of a night's planets, each of shape (PLANETS,).

    They stand on the ecliptic, in places drawn for every month.
    """
    rng = np.random.default_rng([int(night[:6]), 8])
    longitude = rng.uniform(0, 2 * np.pi, PLANETS) + int(night[6:]) * np.radians(0.4)
    ra = np.degrees(np.arctan2(np.cos(OBLIQUITY) * np.sin(longitude), np.cos(longitude))) % 360
    dec = np.degrees(np.arcsin(np.sin(OBLIQUITY) * np.sin(longitude)))
    return ra, dec, rng.uniform(-4.0, 1.0, PLANETS)


def trail(seed: int, size: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Points of a satellite's or aircraft's trail in a frame of side ``size``, most often none.

    Gives column and row in pixels, linear light as of a star in a frame of 720 pixels, each (k,), and hue (k, 3).
    """
    rng = np.random.default_rng([int(seed), 5])
    chance = rng.random()
    if chance > SATELLITE_CHANCE + AIRCRAFT_CHANCE:
        return np.empty(0), np.empty(0), np.empty(0), np.empty((0, 3))
    aircraft = chance > SATELLITE_CHANCE
    scale = size / geometry.FRAME_PX
    away, angle, heading = 300 * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi), rng.uniform(0, 2 * np.pi)
    length = rng.uniform(20, 120) if aircraft else rng.uniform(6, 24)
    along = np.arange(0, length, 1.0)
    bend = rng.normal(0, 2e-4) * along**2
    x = 360 + away * np.cos(angle) + along * np.cos(heading) - bend * np.sin(heading)
    y = 360 + away * np.sin(angle) + along * np.sin(heading) + bend * np.cos(heading)
    light = np.full(len(along), np.exp(rng.uniform(np.log(0.003), np.log(0.03))))
    hue = np.ones((len(along), 3))
    if aircraft:
        flash = (along % rng.uniform(7, 14)) < 1.5
        light = np.where(flash, 8 * light, light)
        hue[flash] = (1.0, 0.35, 0.3) if rng.random() < 0.5 else (1.0, 1.0, 1.0)
    return x * scale, y * scale, light, hue
