"""Clouds that move and are lit, snow and frost on the dome; how the weather of a night becomes numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory.geometry import Sky
from repro.observatory.noise import clouds
from repro.observatory.plan import Night
from repro.params import Weather
from repro.seeding import generator

NAMES = ("tau", "threshold", "sharpness", "veil", "streak", "frost", "snow", "stretch", "scale", "drift_x", "drift_y", "offset",
         "turn", "snow_edge", "relief")  # fmt: skip
CHANGE_S = 900.0  # how long one weather takes to become another
Floats = npt.NDArray[np.float64]


def at(night: Night, t: Floats) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Weather of a night at ``t`` seconds (n,): parameters (n, len(NAMES)) and the prevailing kind."""
    rng = generator(night.seed, night.night, "weather")
    states = np.array([_state(kind, rng) for _, kind in night.weather])
    starts = np.array([start for start, _ in night.weather])
    now = np.searchsorted(starts, t, side="right") - 1
    table = states[np.maximum(now, 0)].copy()
    # Before each change the next weather already creeps in.
    following = np.minimum(now + 1, len(starts) - 1)
    wait = np.where(following > now, starts[following] - t, np.inf)
    near = np.clip(1 - wait / CHANGE_S, 0, 1)[:, None]
    table += near * (states[following] - table)
    kinds = np.array([kind for _, kind in night.weather])[np.where(near[:, 0] > 0.5, following, np.maximum(now, 0))]
    wind, heading = rng.uniform(1.0, 9.0), rng.uniform(0, 2 * np.pi)  # waves of cloud an hour
    scale = rng.uniform(0.5, 1.5)
    drift = wind * np.cos(heading) * t / 3600, wind * np.sin(heading) * t / 3600
    rest = rng.uniform(0, 32), rng.uniform(0, np.pi), rng.uniform(2, 14), rng.uniform(0, 1)
    extra = np.stack(np.broadcast_arrays(scale, *drift, *rest), 1)
    return np.concatenate([table, extra], 1), kinds


def _state(kind: Weather, rng: np.random.Generator) -> list[float]:
    """tau, threshold, sharpness, veil, streak, frost, snow, stretch of one weather.

    Thin cloud is a shapeless veil, or cirrus: fibres drawn out to one side, up to eight times as long as wide. Broken
    cloud is a soft deck with holes, or cumulus with sharp edges.
    """
    u = rng.uniform
    cirrus, cumulus = rng.random() < 0.5, rng.random() < 0.5
    return {
        "clear": [max(u(-1.2, 1.0), 0.0), u(2.2, 3.5), 2.0, u(0, 0.06), 0.0, 0.0, 0.0, 1.0],
        "thin": [u(0.5, 1.4), u(-0.3, 0.9), u(1.2, 2.6) if cirrus else u(0.8, 1.8), u(0.1, 0.5), u(0.2, 0.7), 0.0, 0.0,
                 u(3.0, 8.0) if cirrus else 1.0],
        "broken": [u(2.0, 5.0), u(-0.2, 1.0) if cumulus else u(-0.4, 0.6), u(4.0, 9.0) if cumulus else u(1.3, 3.5),
                   u(0.0, 0.3), 0.3, 0.0, 0.0, 1.0 if cumulus else u(1.0, 2.5)],
        "overcast": [u(2.0, 7.0), u(-3.5, -1.2), u(0.7, 1.5), u(0.3, 2.5), 0.2, 0.0, 0.0, u(1.0, 3.0)],
        "snow": [u(2.0, 5.0), u(-2.5, -1.0), 1.0, u(0.5, 2.0), 0.2, u(0.1, 0.4), u(0.35, 1.0), 1.0],
        "frost": [u(0.2, 1.5), u(0.3, 2.0), 2.0, u(0.05, 0.4), 0.2, u(0.5, 1.0), u(0.0, 0.2), 1.0],
    }[kind]  # fmt: skip


def optical_depth(sky: Sky, p: dict[str, Tensor]) -> Tensor:
    """Optical depth of the clouds along each line of sight, (n, 1, rows, columns).

    ``p`` are the weather's parameters by name, each (n, 1, 1, 1), here and below.
    """
    up = (0.12 + 0.88 * sky.up)[None, None]  # the deck bends with the Earth and stays finite at the horizon
    cos, sin = torch.cos(p["turn"]), torch.sin(p["turn"])
    along, across = (cos * sky.east + sin * sky.north) / up, (cos * sky.north - sin * sky.east) / up
    x = 0.55 * along / p["scale"] / p["stretch"] + p["drift_x"] + p["offset"]
    y = 0.55 * across / p["scale"] * p["stretch"] ** 0.3 + p["drift_y"] + 0.7 * p["offset"]
    deck = p["tau"]
    if bool((deck > 0).any()):
        deck = deck * torch.sigmoid(p["sharpness"] * (clouds(x, y, octaves=5) - p["threshold"]))
    streaks = clouds(0.35 * x + 11.0, 1.1 * y + 3.0, octaves=2)
    veil = p["veil"] * (1 + p["streak"] * streaks).clamp_min(0.1)
    return (deck + veil) * (1 / up).clamp_max(2.5)


def cover(depth: Tensor, sky: Sky) -> Tensor:
    """Share of the sky (n,), above 10 deg and by solid angle, that clouds dim by more than a third."""
    weight = (sky.alt_deg > 10) * torch.cos(torch.deg2rad(sky.alt_deg)) / (90 - sky.alt_deg).clamp_min(0.5)
    return ((depth[:, 0] > 0.4) * weight).sum((1, 2)) / weight.sum()


def snow_cover(sky: Sky, p: dict[str, Tensor]) -> Tensor:
    """How much of the dome is under snow, (n, 1, rows, columns), 0 to 1; it gathers from the rim inward."""
    if not bool((p["snow"] > 0.02).any()):
        return torch.zeros(len(p["snow"]), 1, *sky.up.shape, device=sky.up.device)
    zenith = (1 - sky.alt_deg / 90)[None, None]
    x, y = 0.9 * sky.east * (1 + zenith), 0.9 * sky.north * (1 + zenith)
    grain = clouds(x + 3 * p["offset"], y - 2 * p["offset"], octaves=6)
    return torch.sigmoid(p["snow_edge"] * (grain + 3.2 * p["snow"] - 2.6 + 1.2 * zenith)) * (p["snow"] > 0.02)


def lit_side(depth: Tensor, p: dict[str, Tensor], east: Tensor, north: Tensor) -> Tensor:
    """How much brighter a cloud is on the side that faces a light, about 1; (n, 1, rows, columns).

    ``depth`` (n, 1, rows, columns) is the optical depth; ``relief`` of the weather parameters says how strong the effect
    is. ``east`` and ``north`` (n, 1, 1, 1) are the horizontal direction to the light, a unit vector.
    """
    padded = torch.nn.functional.pad(1 - torch.exp(-0.5 * depth), (2, 2, 2, 2), mode="replicate")
    step = 90 / depth.shape[-1]  # the slope a step of the frame of 360 pixels, at any size
    down = (padded[..., 4:, 2:-2] - padded[..., :-4, 2:-2]) / step
    right = (padded[..., 2:-2, 4:] - padded[..., 2:-2, :-4]) / step
    # The picture's columns go west and its rows south; thickness grows away from the lit edge.
    return (1 + 1.2 * p["relief"] * (right * east + down * north)).clamp(0.45, 1.8)


def frost_veil(sky: Sky, p: dict[str, Tensor]) -> Tensor:
    """Opacity of frost on the dome, (n, 1, rows, columns), 0 to 0.8."""
    if not bool((p["frost"] > 0).any()):
        return torch.zeros(len(p["frost"]), 1, *sky.up.shape, device=sky.up.device)
    x, y = 3.0 * sky.east, 3.0 * sky.north
    feather = clouds(x + p["offset"], y + 2 * p["offset"], octaves=5)
    return 0.8 * p["frost"] * torch.sigmoid(1.5 * feather + 0.3)
