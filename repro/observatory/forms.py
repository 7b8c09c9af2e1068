"""Footprints of aurora: where field lines are lit, and how hard the particles are.

Two families cover the catalogue of forms. A *sheet* is a curve in the horizontal plane with a thickness: arcs, bands,
folds, spirals, rayed bands and coronae are sheets, more or less bent and striated. A *cloud* has no edge:
diffuse glow, patches and pulsating patches. Positions are km of magnetic east and north from the observer's field line.
"""

from __future__ import annotations

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
