"""What a night has before its lens beside the camera's own surroundings: snow patches, drops, ragged trees, lamps.

Drawn once a night and kept, because such things stay for hours. Sharp edges matter: they are what a network takes for
the edge of a cloud or of an arc, so they are drawn at the frame's own size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory import foreground
from repro.observatory.geometry import FRAME_PX, MASK_RADIUS
from repro.observatory.noise import TILE, tile
from repro.observatory.plan import Night
from repro.seeding import generator

Image = npt.NDArray[np.float32]
NAMES = ("patches", "drops", "rim", "lamps")
WARM, WHITE, GREENISH = (1.0, 0.72, 0.38), (1.0, 1.0, 0.95), (0.75, 1.0, 0.8)


@dataclass(frozen=True)
class BeforeLens:
    """All that lies before the lens on a night: the camera's own surroundings and the night's dirt."""

    #: Shape (k,). Pixels of the flattened frame.
    index: Tensor
    #: Shape (k,). 0 to 1.
    opacity: Tensor
    #: Shape (k,). On the display scale, as a share of what the light on the ground would give.
    brightness: Tensor
    #: Shape (3, k). Light of lamps, display values, laid over everything.
    glow: Tensor | None
    #: Shape (rows, columns). Opacity of the night's dirt at a quarter of the frame's side, for what can be seen of the
    #: aurora.
    hidden: Tensor


def of_night(night: Night) -> npt.NDArray[np.int64]:
    """How many snow patches, drops, rows of trees and lamps a night has, and the seed they are drawn from: shape (5,)."""
    rng = generator(night.seed, night.night, "dirt")
    snowy = any(kind in ("snow", "frost") for _, kind in night.weather)
    patches = rng.integers(1, 5) if rng.random() < (0.5 if snowy else 0.15) else 0
    drops = rng.integers(4, 60) if rng.random() < 0.12 else 0
    rim = 1 + int(night.variety > 1 and rng.random() < 0.6) if rng.random() < 0.6 else 0
    lamps = rng.integers(1, 4) if rng.random() < 0.15 * night.variety else 0
    return np.array([patches, drops, rim, lamps, rng.integers(2**31)], np.int64)


@lru_cache(maxsize=8)
def before_lens(
    generation: int,
    snow_variant: int,
    counts: tuple[int, ...],
    size: int,
    coarse: int,
    gamma: float,
    device: str = "cpu",
) -> BeforeLens:
    """Draw what stands around the camera, and over it what :func:`of_night` counted; ``coarse`` is the side of ``hidden``.

    ``generation`` and ``snow_variant`` are as for :func:`repro.observatory.foreground.layers`.
    """
    patches, drops, rim, lamps, seed = counts
    rng = np.random.default_rng(seed)
    opacity, light = np.zeros((size, size), np.float32), np.zeros((size, size), np.float32)
    radius = MASK_RADIUS * size
    for layer in range(rim):
        _lay(opacity, light, _trees(rng, size, radius, tall=layer > 0), rng.uniform(0.02, 0.2), 0.0)
    for _ in range(patches):
        shape = _patch(rng, size, radius) * np.float32(rng.uniform(0.7, 1.0))
        _lay(opacity, light, shape, np.exp(rng.uniform(np.log(0.6), np.log(2.2))), rng.uniform(0, 0.12))
    for _ in range(drops):
        _drop(rng, opacity, light, radius)
    glow = np.zeros((size, size, 3), np.float32)
    for _ in range(lamps):
        _lamp(rng, glow, radius)
    behind, shade = (layer[0].cpu().numpy() for layer in foreground.layers(generation, snow_variant, size))
    both = 1 - (1 - behind) * (1 - opacity)
    covered = both > 0.012
    if lamps:
        covered |= np.maximum(np.maximum(glow[..., 0], glow[..., 1]), glow[..., 2]) > 0.004
    touched = np.flatnonzero(covered)
    behind, shade, over, bright, both = (
        layer.ravel()[touched] for layer in (behind, shade, opacity, np.maximum(light, 0), both)
    )
    # The tone curve of a product: gamma of the light times gamma of the brightness is close enough for dim things.
    shown = (1 - over) * behind * shade ** (1 / gamma) + over * bright ** (1 / gamma)
    hidden = cv2.resize(opacity, (coarse, coarse), interpolation=cv2.INTER_AREA)

    def tensor(array: npt.NDArray[np.floating[Any]]) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(array, np.float32), device=device)

    return BeforeLens(
        torch.as_tensor(touched, device=device),
        tensor(both), tensor(shown / np.maximum(both, 1e-3)),
        tensor(glow.reshape(-1, 3)[touched].T) if lamps else None,
        tensor(hidden),
    )  # fmt: skip


def _lay(opacity: Image, light: Image, layer: Image, brightness: float, grain: float) -> None:
    """Lay something of a brightness over what is there, in place."""
    shade = brightness * (1 + grain * cv2.resize(_field(), opacity.shape[::-1])) if grain else brightness
    light[:] = light * (1 - layer) + shade * layer
    opacity[:] = opacity * (1 - layer) + layer


def _field() -> Image:
    return np.asarray(tile("cpu"), np.float32).reshape(TILE, TILE)


def _place(rng: np.random.Generator, size: int, radius: float, nearest: float, farthest: float) -> tuple[float, float]:
    """Column and row of a random place between two distances from the centre, in radii."""
    away = radius * np.sqrt(rng.uniform(nearest**2, farthest**2))
    angle = rng.uniform(0, 2 * np.pi)
    return size / 2 - 0.5 + away * np.cos(angle), size / 2 - 0.5 + away * np.sin(angle)


def _patch(rng: np.random.Generator, size: int, radius: float) -> Image:
    """A compact patch of snow, 3 to 20 % of the dome's radius wide, with a jagged, mostly sharp edge."""
    reach = radius * np.exp(rng.uniform(np.log(0.03), np.log(0.2)))
    column, row = _place(rng, size, radius, 0.0, 1.0)
    y, x = (axis.astype(np.float32) for axis in np.ogrid[:size, :size])
    x, y = (x - column) / reach, (y - row) / reach
    flat, turn = rng.uniform(0.45, 1.0), rng.uniform(0, np.pi)
    distance = np.hypot(x * np.cos(turn) + y * np.sin(turn), (y * np.cos(turn) - x * np.sin(turn)) / flat)
    cut = TILE // 8
    row, left = rng.integers(TILE - cut, size=2)
    lumps = cv2.resize(_field()[row : row + cut, left : left + cut], (size, size), interpolation=cv2.INTER_CUBIC)
    inside = 1 - distance + rng.uniform(0.1, 0.3) * lumps
    if rng.random() < 0.3:  # crumbly
        inside = inside + 0.15 * cv2.resize(_field(), (size, size))
    edge = rng.choice([1.0, 1.5, 5.0]) * size / FRAME_PX / reach
    return np.asarray(np.clip(inside / edge * 0.5 + 0.5, 0, 1), np.float32)


def _trees(rng: np.random.Generator, size: int, radius: float, *, tall: bool) -> Image:
    """A ragged row of tree tops along a part of the rim, 1 to 5 % of the radius high; ``tall``: to 15 %."""
    steps = 1440
    field = _field()
    rough = field[rng.integers(TILE)], field[:, rng.integers(TILE)]
    angle = np.arange(steps) * (2 * np.pi / steps)
    slow = np.interp(angle / (2 * np.pi) * 90 % TILE, np.arange(TILE), rough[0])
    fast = np.abs(np.interp(angle * steps / 9 % TILE, np.arange(TILE), rough[1]))
    middle, width = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 3.2)
    away = np.abs((angle - middle + np.pi) % (2 * np.pi) - np.pi)
    high = rng.uniform(0.04, 0.15) if tall else rng.uniform(0.01, 0.05)
    height = radius * high * np.clip(0.6 + 0.35 * slow, 0, 2) * (0.55 + 0.45 * fast) * (away < width)
    distance, bearing = _polar(size)
    edge = radius - height[np.minimum((bearing / (2 * np.pi) * steps).astype(int), steps - 1)]
    return np.asarray(np.clip(distance - edge + 0.5, 0, 1) * (height.max() > 0.5), np.float32)


@lru_cache(maxsize=4)
def _polar(size: int) -> tuple[Image, Image]:
    y, x = np.mgrid[:size, :size].astype(np.float32) - (size / 2 - 0.5)
    return np.hypot(x, y), np.arctan2(y, x) % np.float32(2 * np.pi)


def _box(column: float, row: float, half: int, size: int) -> tuple[slice, slice]:
    """The part of a square picture within ``half`` pixels of a place."""
    rows, columns = (slice(max(int(middle) - half, 0), min(int(middle) + half, size)) for middle in (row, column))
    return rows, columns


def _drop(rng: np.random.Generator, opacity: Image, light: Image, radius: float) -> None:
    """A drop on the dome: a small disc that blurs and gathers the light behind it."""
    column, row = _place(rng, opacity.shape[0], radius, 0.0, 0.95)
    reach = radius * np.exp(rng.uniform(np.log(0.004), np.log(0.03)))
    box = _box(column, row, int(reach) + 3, opacity.shape[0])
    y, x = np.mgrid[box]
    shape = np.clip(reach - np.hypot(x - column, y - row) + 0.5, 0, 1).astype(np.float32) * rng.uniform(0.3, 0.8)
    rising = 1 + 0.5 * (y - row) / reach
    light[box] = light[box] * (1 - shape) + rng.uniform(0.7, 1.9) * rising * shape
    opacity[box] = opacity[box] * (1 - shape) + shape


def _lamp(rng: np.random.Generator, glow: npt.NDArray[np.float32], radius: float) -> None:
    """A lamp at the rim with the glow around it."""
    size = glow.shape[0]
    column, row = _place(rng, size, radius, 0.88, 1.0)
    reach = radius * rng.uniform(0.004, 0.02)
    box = _box(column, row, int(6 * reach) + 3, size)
    y, x = np.mgrid[box]
    shape = 1 / (1 + ((x - column) ** 2 + (y - row) ** 2) / reach**2) ** 1.5 - 0.005
    hue = (WARM, WHITE, GREENISH)[rng.integers(3)]
    glow[box] = np.maximum(glow[box], rng.uniform(0.3, 1.0) * np.clip(shape, 0, 1)[..., None] * np.array(hue))
