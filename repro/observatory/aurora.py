"""Aurora: where field lines are lit and by how hard particles, what shines at which height, and what a camera sees of it.

Two families cover the catalogue of forms. A *sheet* is a curve in the horizontal plane with a thickness: arcs, bands,
folds, spirals, rayed bands and coronae are sheets, more or less bent and striated. A *cloud* has no edge:
diffuse glow, patches and pulsating patches. Positions are km of magnetic east and north from the observer's field line.

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
from repro.observatory.noise import look, smooth

SHEET = (
    "amplitude", "north_km", "slope", "curve", "wave_km", "wave_length_km", "ripple_km", "ripple_length_km",
    "overhang_km", "overhang_length_km", "width_km", "bands", "spacing_km", "ray", "ray_km", "patchiness", "patch_km",
    "east_km", "half_length_km", "soft", "energetic", "tail_km", "swirl_deg", "swirl_east_km", "swirl_north_km",
    "swirl_km", "swirl2_deg", "swirl2_east_km", "swirl2_north_km", "swirl2_km", "offset", "age", "drift_km",
)  # fmt: skip
CLOUD = (
    "amplitude", "north_km", "half_width_km", "east_km", "half_length_km", "patch_km", "stretch", "threshold",
    "sharpness", "soft", "ray", "ray_km", "pulse", "pulse_phase", "offset", "age", "drift_km",
)  # fmt: skip
PLANES = ("green", "red", "blue", "pink", "sunlit_low", "sunlit_high")
SUNLIT_KM = (220.0, 420.0)  # lower limits of the two sunlit planes


def sheets(parameters: Tensor, device: str) -> Tensor:
    """Footprints of sheets, whose parameters are (n, len(SHEET)): (n, 3, rows, azimuths).

    The kinds are hard, soft and energetic, on the grid of :func:`repro.observatory.geometry.feet`.
    """
    p = {name: parameters[:, k, None, None].to(device) for k, name in enumerate(SHEET)}
    east, north, spacing = geometry.feet(device)
    u, v = east[None], north[None]
    for name in ("swirl", "swirl2"):
        turned = p[f"{name}_deg"] != 0
        if bool(turned.any()):
            # Frames without a swirl keep their numbers to the last bit, whatever else is in the batch.
            wound = _swirl(u, v, p, name)
            u, v = torch.where(turned, wound[0], u), torch.where(turned, wound[1], v)
    u = u - p["drift_km"]
    if bool((p["overhang_km"] != 0).any()):
        shift = look(v / p["overhang_length_km"] + p["offset"], u / (2.5 * p["overhang_length_km"]) + p["age"])
        u = u + p["overhang_km"] * shift
    middle = p["north_km"] + p["slope"] * u + p["curve"] * u * u
    middle = middle + p["wave_km"] * smooth(u / p["wave_length_km"] + p["offset"], p["age"] + p["offset"])
    middle = middle + p["ripple_km"] * look(u / p["ripple_length_km"] + 3.7 * p["offset"], 2.0 * p["age"] + 0.4)
    d = v - middle
    band = torch.zeros_like(d)
    if bool((p["bands"] > 1).any()):
        # Every band is the same curve again, at a whole number of spacings, with its own noise.
        band = ((d / p["spacing_km"]).round() + (p["bands"] - 1) / 2).floor().clamp_min(0)
        band = torch.minimum(band, p["bands"] - 1)
        d = d - (band - ((p["bands"] - 1) / 2).floor()) * p["spacing_km"]
    along = u + 977.0 * band
    # Far away the grid is coarser than a sheet: widen it there and keep its light.
    width = p["width_km"] * (1 + 0.35 * look(along / 260.0 + p["offset"], 0.7 * p["age"])).clamp(0.4, 2.2)
    seen = (width**2 + (0.6 * spacing) ** 2).sqrt()
    thin = width / seen
    core = torch.exp(-0.5 * (d / seen) ** 2) * thin
    # A discrete sheet trails off on the equatorward side, more gently than it begins.
    tail = torch.exp(-0.5 * (d / (p["tail_km"] + spacing)) ** 2)
    bright = 1 + p["patchiness"] * look(along / p["patch_km"] + 2.1 * p["offset"], 1.3 * p["age"])
    bright = bright.clamp_min(0.05) * torch.exp(-(((u - p["east_km"]) / p["half_length_km"]) ** 4))
    resolved = p["ray_km"] / (p["ray_km"] + 0.7 * spacing)
    striae = look(along / p["ray_km"] + 5.9 * p["offset"], 6.0 * p["age"]) + 0.6 * look(
        along / (2.7 * p["ray_km"]) + 1.7 * p["offset"], 4.0 * p["age"]
    )
    rays = torch.nn.functional.softplus(1 + p["ray"] * resolved * striae, beta=4.0)
    hard = p["amplitude"] * bright * rays * (core + 0.16 * tail)
    soft = p["soft"] * p["amplitude"] * bright * rays * (0.6 * core + 0.4 * tail)
    energetic = p["energetic"].clamp_min(0) * (hard - 0.25 * p["amplitude"]).clamp_min(0)
    return torch.stack([hard, soft, energetic], 1)


def clouds(parameters: Tensor, device: str) -> Tensor:
    """Footprints of clouds of aurora; as :func:`sheets`, with parameters (n, len(CLOUD))."""
    p = {name: parameters[:, k, None, None].to(device) for k, name in enumerate(CLOUD)}
    east, north, spacing = geometry.feet(device)
    u, v = east[None] - p["drift_km"], north[None]
    envelope = torch.exp(-0.5 * ((v - p["north_km"]) / p["half_width_km"]) ** 2)
    envelope = envelope * torch.exp(-(((u - p["east_km"]) / p["half_length_km"]) ** 2))
    x, y = u / (p["patch_km"] * p["stretch"]), v / p["patch_km"]
    near = p["patch_km"] / (p["patch_km"] + 0.7 * spacing)
    field = look(x + p["offset"], y + p["age"]) + 0.6 * look(1.9 * x - 0.8 * p["age"], 1.9 * y + p["offset"])
    lit = torch.sigmoid(p["sharpness"] * (near * field - p["threshold"]))
    beat = torch.ones_like(lit)
    if bool((p["pulse"] > 0).any()):
        phase = look(0.5 * x + 3.3 * p["offset"], 0.5 * y)
        beat = 1 - p["pulse"] * (0.5 + 0.5 * torch.sin(p["pulse_phase"] + 4.0 * phase))
    striae = torch.ones_like(lit)
    if bool((p["ray"] > 0).any()):
        fine = look(u / p["ray_km"] + p["offset"], v / p["ray_km"] + 3.0 * p["age"])
        striae = (1 + p["ray"] * p["ray_km"] / (p["ray_km"] + 0.7 * spacing) * fine).clamp_min(0.2)
    light = p["amplitude"] * envelope * lit * beat * striae
    hard = light * (1 - 0.8 * p["soft"].clamp(0, 1))
    return torch.stack([hard, light * p["soft"], torch.zeros_like(light)], 1)


def _swirl(u: Tensor, v: Tensor, p: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """Wind the plane about a centre, most at its middle: a sheet becomes a fold or a spiral."""
    du, dv = u - p[f"{name}_east_km"], v - p[f"{name}_north_km"]
    angle = torch.deg2rad(p[f"{name}_deg"]) * torch.exp(-(du**2 + dv**2) / p[f"{name}_km"] ** 2)
    cos, sin = torch.cos(angle), torch.sin(angle)
    return p[f"{name}_east_km"] + cos * du - sin * dv, p[f"{name}_north_km"] + sin * du + cos * dv


@lru_cache(maxsize=4)
def profiles(device: str = "cpu") -> Tensor:
    """Emission a step of height, float32 (plane, kind, height); kinds are hard, soft, energetic."""
    h = geometry.HEIGHTS_KM

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
    heights = len(geometry.HEIGHTS_KM)
    step = torch.arange(rows)[None] - torch.arange(geometry.Q_ROWS)[:, None]
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
