"""What aurora shines with at which height, and what a camera sees of it.

Three kinds of precipitation feed the emissions: ``hard`` (discrete arcs, light from about 95 km up), ``soft`` (tall
rays and red tops) and ``energetic`` (bursts that reach below 100 km). Heights follow the textbook picture (Chamberlain
1961; Vallance Jones 1974): green O 557.7 nm from 95 km with its peak near 110 km, red O 630.0 nm above 180 km, blue and
violet N2+ low in hard aurora and, in twilight, high up in the Sun's own light, and pink N2 at the lower border.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory import geometry

PLANES = ("green", "red", "blue", "pink", "sunlit_low", "sunlit_high")
SUNLIT_KM = (220.0, 420.0)  # lower limits of the two sunlit planes


@lru_cache(maxsize=4)
def profiles(device: str = "cpu") -> Tensor:
    """Emission a step of height, float32 (plane, kind, height); kinds are hard, soft, energetic."""
    h = geometry.heights_km()

    def layer(peak: float, below: float, above: float, top: float = 2000.0) -> npt.NDArray[np.float64]:
        """Gaussian lower side, exponential upper side, whose whole is 1."""
        shape = np.where(h < peak, np.exp(-(((h - peak) / below) ** 2) / 2), np.exp(-(h - peak) / above))
        shape = shape * np.exp(-((h / top) ** 4)) * h * geometry.STEP
        return np.asarray(shape / shape.sum())

    table = np.zeros((len(PLANES), 3, len(h)))
    table[0, 0] = layer(107, 4, 17)
    table[0, 1] = 0.30 * layer(135, 14, 45, 420)
    table[0, 2] = 0.25 * layer(101, 3, 10)
    table[1, 0] = 0.06 * layer(190, 30, 60, 500)
    table[1, 1] = 0.70 * layer(225, 28, 110, 620)
    table[2, 0] = 0.16 * layer(105, 4, 22)
    table[2, 1] = 0.10 * layer(140, 20, 70)
    table[3, 2] = layer(96, 2.5, 4)
    for plane, limit in zip((4, 5), SUNLIT_KM, strict=True):
        lit = 1.8 * layer(250, 60, 230)
        table[plane, 1] = lit / (1 + np.exp(-(h - limit) / 25))
    # 90 km is where the grid begins; weight left of it would be lost, so each layer was normalised on the grid itself.
    return torch.as_tensor(table, dtype=torch.float32, device=device)


def colours(feet: Tensor, weights: Tensor, hues: Tensor) -> Tensor:
    """Look through the emission: linear light (n, 3, row, azimuth) on the (log q, azimuth) grid, for a vertical column.

    ``feet`` (n, kind, row, azimuth) are footprints on the grid of :func:`repro.observatory.geometry.feet`; ``weights`` (n,
    plane) and ``hues`` (n, plane, 3) are strength and linear camera colour of each emission.
    """
    n, kinds, rows, azimuths = feet.shape
    kernel = torch.einsum("np,npc,pkh->nckh", weights, hues, profiles(str(feet.device)))
    # The convolution along the radius as one product with a banded matrix: three times faster than conv2d on a CPU.
    band = _band(rows, str(feet.device))
    out = band.shape[0]
    matrix = torch.nn.functional.pad(kernel, (0, 1)).index_select(3, band.view(-1)).view(n, 3, kinds, out, rows)
    matrix = matrix.transpose(2, 3).reshape(n, 3 * out, kinds * rows)
    return torch.bmm(matrix, feet.reshape(n, kinds * rows, azimuths)).view(n, 3, out, azimuths)


@lru_cache(maxsize=4)
def _band(rows: int, device: str) -> Tensor:
    """Which height leads from a foot's row (second axis) to an image's row (first axis); one past the last for none."""
    heights = len(geometry.heights_km())
    step = torch.arange(rows)[None] - torch.arange(geometry.q_rows())[:, None]
    return torch.where((step >= 0) & (step < heights), step, heights).to(device)


def sunlit_share(sun_alt_deg: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Share of each sunlit plane that the Sun reaches, shape (n, 2), from the height of the Earth's shadow overhead."""
    depression = np.radians(np.clip(-np.asarray(sun_alt_deg, float), 0, 60))
    shadow_km = geometry.EARTH_KM * (1 / np.cos(depression) - 1)
    limits = np.array(SUNLIT_KM)
    return np.asarray(1 / (1 + np.exp((shadow_km[:, None] - limits) / 45)))


def to_frame(grid: Tensor, size: int, site: geometry.MagneticSite = geometry.YELLOWKNIFE) -> Tensor:
    """Bring colours on the (log q, azimuth) grid, (frame, 3, row, azimuth), to a frame (frame, 3, size, size)."""
    sky = geometry.sky(size, str(grid.device), site)
    wrapped = torch.cat([grid, grid[..., :1]], -1)
    lookup = sky.lookup.expand(grid.shape[0], -1, -1, -1)
    image = torch.nn.functional.grid_sample(wrapped, lookup, padding_mode="border", align_corners=True)
    # A slanted line of sight crosses the layer at a slant (van Rhijn), and low down the air takes most of it away.
    sin = sky.up.clamp_min(0.02)
    slant = 1 / (1 - ((geometry.EARTH_KM / (geometry.EARTH_KM + 110)) ** 2) * (1 - sin**2)).sqrt()
    air = torch.exp(-0.13 / (sin + 0.025))
    return image * (slant * air)
