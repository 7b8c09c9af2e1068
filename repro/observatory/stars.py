"""Points of light: stars, planets, and trails of satellites and aircraft. The sky turns with sidereal time.

No catalogue of real positions ships with the packages used here, so those of the stars are drawn once, from a fixed seed,
evenly over the sphere. Their count follows the real one: about 5,000 stars down to magnitude 6, 3.2 times fewer a
magnitude brighter (Allen's Astrophysical Quantities).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory import geometry
from repro.observatory.optics import GAMMA

Floats = npt.NDArray[np.float64]
FAINTEST = 5.0
STARS = 1600  # down to FAINTEST
PEAK_AT_0 = 0.30  # linear light of a star of magnitude 0 in the middle of a 720-pixel frame's star image
LEAST_LIGHT = 3e-4
SIGMA_PX = 0.75  # of a star's image in a frame of 720 pixels
PLANETS = 3
SATELLITE_CHANCE, AIRCRAFT_CHANCE = 0.12, 0.06  # of a frame; exposures of AuroraMAX last some seconds
#: Right ascension and declination of a point of the ecliptic follow from its longitude and this obliquity.
OBLIQUITY = np.radians(23.44)


@lru_cache(maxsize=1)
def catalogue() -> tuple[Floats, Floats, Floats, Floats]:
    """Right ascension and declination (deg, of date), magnitude, and colour (-1 blue to 1 red) of all stars."""
    rng = np.random.default_rng(2000)
    ra = rng.uniform(0, 360, STARS)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, STARS)))
    magnitude = FAINTEST + np.log10(1 - rng.uniform(0, 1, STARS)) / np.log10(3.2)
    return ra, dec, np.maximum(magnitude, -1.4), rng.normal(0, 0.5, STARS)


def planets(night: str) -> tuple[Floats, Floats, Floats, Floats]:
    """Right ascension, declination (deg), magnitude and colour of a night's planets, as of :func:`catalogue`, each (PLANETS,).

    They stand on the ecliptic, in places drawn for every month.
    """
    rng = np.random.default_rng([int(night[:6]), 8])
    longitude = rng.uniform(0, 2 * np.pi, PLANETS) + int(night[6:]) * np.radians(0.4)
    ra = np.degrees(np.arctan2(np.cos(OBLIQUITY) * np.sin(longitude), np.cos(longitude))) % 360
    dec = np.degrees(np.arcsin(np.sin(OBLIQUITY) * np.sin(longitude)))
    return ra, dec, rng.uniform(-4.0, 1.0, PLANETS), np.full(PLANETS, 0.3)


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


def place(sidereal_deg: Floats, latitude_deg: Floats, ra: Floats, dec: Floats) -> tuple[Floats, Floats]:
    """Altitude and azimuth (deg), shape (n, k), of places ``ra`` and ``dec`` (k,), deg, at sidereal times and latitudes (n,)."""
    hour = np.radians(np.asarray(sidereal_deg)[:, None] - ra)
    dec, lat = np.radians(dec), np.radians(np.asarray(latitude_deg))[:, None]
    up = np.sin(lat) * np.sin(dec) + np.cos(lat) * np.cos(dec) * np.cos(hour)
    north = np.cos(lat) * np.sin(dec) - np.sin(lat) * np.cos(dec) * np.cos(hour)
    east = -np.cos(dec) * np.sin(hour)
    return np.degrees(np.arcsin(np.clip(up, -1, 1))), np.degrees(np.arctan2(east, north)) % 360.0


def splat(
    image: Tensor, through: Tensor, night: npt.NDArray[np.str_], turn: tuple[Floats, Floats], seeds: npt.NDArray[np.int64],
    exposure: Tensor,
) -> None:  # fmt: skip
    """Add stars, planets, and trails of satellites and aircraft to display values (n, 3, size, size) in place.

    The picture is after the camera's tone curve: light adds before it, so its gamma is undone under each star. ``through``
    (n, 1, rows, columns) is the share of a star's light that gets through cloud and dome; ``night`` (n,) is YYYYMMDD, for
    the planets; ``turn`` holds local sidereal time and latitude, deg, each (n,); ``seeds`` (n,) are of the twinkling and of
    the trails; ``exposure`` (n,) is the camera's gain for points of light.
    """
    size, device = image.shape[-1], image.device
    points = [
        _points(k, night[k], (turn[0][k : k + 1], turn[1][k : k + 1]), int(seeds[k]), size) for k in range(len(night))
    ]
    frame, x, y, light, hue = (np.concatenate(parts) for parts in zip(*points, strict=True))
    # Under frames of fewer pixels the same light covers a smaller share of a pixel.
    light = light * min(1.0, (size / geometry.FRAME_PX) ** 2 * 2.2)
    flat = image.view(len(night), 3, -1)
    sigma = max(SIGMA_PX * size / geometry.FRAME_PX, 0.5)
    where = torch.as_tensor(frame, device=device)
    rows, columns = through.shape[-2:]
    dim = through[where, 0, torch.as_tensor((y * rows / size).astype(int).clip(0, rows - 1), device=device),
                  torch.as_tensor((x * columns / size).astype(int).clip(0, columns - 1), device=device)]  # fmt: skip
    light_t = torch.as_tensor(light, dtype=torch.float32, device=device) * dim * exposure[where]
    # What is far below the darkest sky is not drawn: most of the stars under cloud.
    kept = (light_t > LEAST_LIGHT).cpu().numpy()
    frame, x, y, light_t = frame[kept], x[kept], y[kept], light_t[torch.as_tensor(kept, device=device)]
    hue_t = torch.as_tensor(hue[kept], dtype=torch.float32, device=device)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    dy, dx = (grid.ravel() for grid in np.mgrid[-1:3, -1:3])
    columns_, rows_ = x0[:, None] + dx, y0[:, None] + dy
    weight = np.exp(-0.5 * ((rows_ - y[:, None]) ** 2 + (columns_ - x[:, None]) ** 2) / sigma**2)
    inside = (columns_ >= 0) & (columns_ < size) & (rows_ >= 0) & (rows_ < size) & (weight > 0.02)
    which = np.nonzero(inside)[0]
    pixel = torch.as_tensor((frame[:, None] * size * size + rows_ * size + columns_)[inside], device=device)
    source = torch.as_tensor(which, device=device)
    light_t = light_t[source] * torch.as_tensor(weight[inside], dtype=torch.float32, device=device)
    # Two stars may share a pixel: their light is summed before the picture is touched.
    pixel, place_of = torch.unique(pixel, return_inverse=True)
    add = torch.zeros(len(pixel), 3, device=device).index_add_(0, place_of, light_t[:, None] * hue_t[source])
    at_frame, at = pixel // (size * size), pixel % (size * size)
    old = flat[at_frame, :, at]
    flat[at_frame, :, at] = (old.clamp_min(0) ** GAMMA + add).clamp_max(1) ** (1 / GAMMA)


def _points(
    frame: int, night: str, turn: tuple[Floats, Floats], seed: int, size: int
) -> tuple[npt.NDArray[np.int64], Floats, Floats, Floats, Floats]:
    """Points of light of one frame: its number again and again, column, row, light, and colour (k, 3)."""
    ra, dec, magnitude, tint = (np.concatenate(both) for both in zip(catalogue(), planets(night), strict=True))
    alt, az = (angle[0] for angle in place(*turn, ra, dec))
    flux = PEAK_AT_0 * 10 ** (-0.4 * magnitude)
    flux = flux * np.exp(-0.17 / np.maximum(np.sin(np.radians(alt)), 0.03))
    # Planets do not twinkle.
    flux[:STARS] *= np.random.default_rng(seed).normal(1, 0.18, STARS).clip(0.3, 1.7)
    seen = (alt > 1.0) & (flux > 2e-4)
    column, row = geometry.pixel_of(alt[seen], az[seen], size)
    tint = tint[seen]
    hue = np.stack([1 + 0.12 * tint, np.ones_like(tint), 1 - 0.12 * tint], 1)
    x, y, light, colour = trail(seed, size)
    joined = np.concatenate([column, x]), np.concatenate([row, y]), np.concatenate([flux[seen], light])
    return np.full(len(joined[0]), frame), *joined, np.concatenate([hue, colour])
