"""The all-sky lens, and the map from pixels to the aurora's own coordinates.

The lens is equidistant: the distance from the image's centre grows in proportion to the zenith angle. North is up and
east is left, because the camera looks up.

Aurora follows the Earth's magnetic field lines. For parallel field lines over a flat Earth, a line of sight meets the
field line with the foot ``h * q`` at height ``h``, where ``q`` depends on the pixel alone and is zero at the magnetic
zenith. So all heights along a line of sight lie on one ray of a polar grid about the observer's own field line, and in
the logarithm of the radius a height is a mere shift. Looking through a curtain is then a convolution along that axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Floats = npt.NDArray[np.float64]

FRAME_PX = 720  # side of a masked frame
MASK_RADIUS = 359.9 / FRAME_PX  # of the circular mask, in sides of the frame; measured on the reference frames
MASK_EDGE = 2.2 / FRAME_PX  # width of the mask's soft edge, in sides of the frame; likewise
HORIZON_RADIUS = 362.0 / FRAME_PX  # of the horizon, in sides of the frame; the mask hides the last degree
EARTH_KM = 6371.0
# Field at Yellowknife around 2023, rounded from the World Magnetic Model 2020.
INCLINATION_DEG = 83.0
DECLINATION_DEG = 15.0
REFERENCE_KM = 110.0  # height at which a curved Earth's distances are taken over into the flat model
STEP = 0.028  # of the logarithmic radius
AZIMUTHS = 448
LOG_Q = (-3.6, 2.4)  # from 1.6 deg about the magnetic zenith to the horizon
LOG_H = (4.5, 6.8)  # 90 to 900 km
Q_ROWS = round((LOG_Q[1] - LOG_Q[0]) / STEP) + 1  # of a (log q, azimuth) grid
HEIGHTS_KM: Floats = np.exp(np.arange(LOG_H[0], LOG_H[1] + STEP / 2, STEP))  # along a line of sight
FARTHEST_KM = 2200.0  # feet of field lines beyond are under the horizon


def pixel_of(alt_deg: Floats, az_deg: Floats, size: int) -> tuple[Floats, Floats]:
    """Column and row (pixel centres are whole numbers) of a direction in a square frame; azimuth from north through east."""
    radius = HORIZON_RADIUS * size * (90.0 - np.asarray(alt_deg)) / 90.0
    az = np.radians(az_deg)
    centre = size / 2 - 0.5
    return centre - radius * np.sin(az), centre - radius * np.cos(az)


def direction_of(column: Floats, row: Floats, size: int) -> tuple[Floats, Floats]:
    """Altitude and azimuth (deg) of pixels; the altitude is negative outside the horizon's circle."""
    centre = size / 2 - 0.5
    west, south = np.asarray(column) - centre, np.asarray(row) - centre
    alt = 90.0 - 90.0 * np.hypot(west, south) / (HORIZON_RADIUS * size)
    return alt, np.degrees(np.arctan2(-west, -south)) % 360.0


@dataclass(frozen=True)
class MagneticSite:
    """What a place on Earth decides beside its latitude: two directions of its magnetic field, and what stands around it."""

    zenith_distance_deg: float  # of the magnetic zenith, where going up along the field line leads
    zenith_azimuth_deg: float
    #: From north through east, towards the magnetic pole of the hemisphere: arcs lie across it. Where the field's
    #: coordinates are strongly bent it is not opposite to the magnetic zenith.
    poleward_azimuth_deg: float
    trees: bool = True  # whether trees and a pole stand in front of the sky, and snow lies on the dome


#: AuroraMAX: a northern site, where the field line leads away from the pole.
YELLOWKNIFE = MagneticSite(90.0 - INCLINATION_DEG, DECLINATION_DEG + 180.0, DECLINATION_DEG)


@dataclass(frozen=True)
class Sky:
    """Fixed maps of a square frame; tensors are float32 of shape (size, size) where not said otherwise."""

    alt_deg: Tensor  # direction of each pixel's centre; the altitude is held at 0.5 deg or more
    az_deg: Tensor
    mask: Tensor  # 1 inside the circular mask, 0 outside, with a soft edge
    counts: Tensor  # the mask times 255
    inside: Tensor  # uint8, 1 where the mask is above 0
    lookup: Tensor  # (size, size, 2), where to look in a (log q, azimuth) grid, as ``grid_sample`` wants it
    east: Tensor  # unit vector of each pixel's direction
    north: Tensor
    up: Tensor


@lru_cache(maxsize=16)
def sky(size: int, device: str = "cpu", site: MagneticSite = YELLOWKNIFE) -> Sky:
    """Maps of a ``size`` x ``size`` frame on a device, at a site; made once."""
    row, column = np.mgrid[:size, :size].astype(float)
    alt, az = direction_of(column, row, size)
    radius = np.hypot(column - size / 2 + 0.5, row - size / 2 + 0.5)
    mask = np.clip((MASK_RADIUS * size - radius) / max(MASK_EDGE * size, 1) + 0.5, 0, 1)
    alt = np.maximum(alt, 0.5)
    flat, turn = np.cos(np.radians(alt)), np.radians(az)
    east, north, up = flat * np.sin(turn), flat * np.cos(turn), np.sin(np.radians(alt))
    q_east, q_north = field_offset(alt, az, site)
    log_q = np.log(np.maximum(np.hypot(q_east, q_north), 1e-9))
    angle = np.arctan2(q_north, q_east) % (2 * np.pi)
    y = (np.clip(log_q, *LOG_Q) - LOG_Q[0]) / STEP / (Q_ROWS - 1) * 2 - 1
    # The grid carries its first column again at the end, so that looking between the last and the first works.
    x = angle / (2 * np.pi) * 2 - 1
    lookup = np.stack([x, y], -1)

    def tensor(array: Floats) -> Tensor:
        return torch.as_tensor(array, dtype=torch.float32, device=device)

    inside = torch.as_tensor(mask > 0, dtype=torch.uint8, device=device)
    alt_deg, az_deg, soft = tensor(alt), tensor(az), tensor(mask)
    return Sky(alt_deg, az_deg, soft, soft * 255, inside, tensor(lookup), *map(tensor, (east, north, up)))


def field_offset(alt_deg: Floats, az_deg: Floats, site: MagneticSite = YELLOWKNIFE) -> tuple[Floats, Floats]:
    """Offset ``q`` of a line of sight from the magnetic field: km of foot distance a km of height, magnetic east and north.

    Magnetic north is poleward, and magnetic east stands 90 deg clockwise of it, in either hemisphere. Low directions are
    first moved to where a flat Earth would show the same ground distance at 110 km.
    """
    alt, az = np.radians(np.asarray(alt_deg)), np.radians(np.asarray(az_deg) - site.poleward_azimuth_deg)
    arc = np.arccos(np.clip(EARTH_KM * np.cos(alt) / (EARTH_KM + REFERENCE_KM), -1, 1)) - alt
    slope = EARTH_KM * arc / REFERENCE_KM  # horizontal km a km of height
    # A point of the field line's upper part stands over a foot that lies back against the line's own direction.
    lean = np.tan(np.radians(site.zenith_distance_deg))
    towards = np.radians(site.zenith_azimuth_deg - site.poleward_azimuth_deg)
    return slope * np.sin(az) - lean * np.sin(towards), slope * np.cos(az) - lean * np.cos(towards)


@lru_cache(maxsize=4)
def feet(device: str = "cpu") -> tuple[Tensor, Tensor, Tensor]:
    """Footprint grid: magnetic east and north of the feet of field lines and the grid's spacing there, in km.

    Each is float32 of shape (rows, azimuths), the rows equally spaced in the logarithm of the distance.
    """
    rows = min(Q_ROWS + len(HEIGHTS_KM) - 1, round((np.log(FARTHEST_KM) - LOG_Q[0] - LOG_H[0]) / STEP))
    radius = np.exp(LOG_Q[0] + LOG_H[0] + STEP * np.arange(rows))[:, None]
    angle = np.arange(AZIMUTHS)[None] * (2 * np.pi / AZIMUTHS)
    spacing = radius * np.hypot(STEP, 2 * np.pi / AZIMUTHS) * np.ones_like(angle)
    grids = (radius * np.cos(angle), radius * np.sin(angle), spacing)
    east, north, space = (torch.as_tensor(grid, dtype=torch.float32, device=device) for grid in grids)
    return east, north, space
