"""What lies before the lens: the camera's own trees, pole, snow and rim, and what a night adds to them.

A night adds snow patches, drops, ragged trees and lamps, drawn once a night and kept, because such things stay for hours.
Sharp edges matter: they are what a network takes for the edge of a cloud or of an arc, so they are drawn at the frame's
own size.
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

from repro.observatory.geometry import FRAME_PX, MASK_RADIUS
from repro.observatory.noise import CELL, TILE, tile
from repro.observatory.optics import GAMMA
from repro.observatory.plan import Night
from repro.seeding import generator

Image = npt.NDArray[np.float32]
NAMES = ("patches", "drops", "rim", "lamps")
WARM, WHITE, GREENISH = (1.0, 0.72, 0.38), (1.0, 1.0, 0.95), (0.75, 1.0, 0.8)
FINE = 3  # the surroundings are drawn this much larger, then averaged
VARIANTS = 4  # states of the snow around the dome
#: Angle (deg, 0 right, 90 up) and length (pixels of a frame of 720) of trees that point to the zenith, by camera generation.
TREES = {
    1: ((146, 46), (148, 36), (189, 40), (193, 48), (195, 42), (28, 16), (8, 12), (345, 14)),
    2: ((152, 26), (148, 62), (153, 64), (163, 40), (166, 38), (169, 46), (190, 74), (194, 84), (198, 46), (207, 24)),
}
SPRUCES = ((148, 62), (153, 64))  # the other trees are bare
_SIDE = FRAME_PX * FINE


@dataclass(frozen=True)
class BeforeLens:
    """All that lies before the lens on a night: the camera's own surroundings and the night's dirt."""

    index: Tensor  # (k,), pixels of the flattened frame
    opacity: Tensor  # (k,), 0 to 1
    brightness: Tensor  # (k,), on the display scale, as a share of what the light on the ground would give
    glow: Tensor | None  # (3, k), light of lamps, display values, laid over everything
    hidden: Tensor  # (rows, columns), opacity of the dirt at a quarter of the side, for what can be seen of the aurora


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
    generation: int, snow_variant: int, counts: tuple[int, ...], size: int, coarse: int, device: str = "cpu"
) -> BeforeLens:
    """Draw what stands around the camera, and over it what :func:`of_night` counted; ``coarse`` is the side of ``hidden``.

    ``generation`` is the camera's, 1 or 2; ``snow_variant`` is the state of the snow, 0 to VARIANTS - 1.
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
    around, lit = _surroundings(generation, snow_variant)
    behind, shade = (cv2.resize(layer, (size, size), interpolation=cv2.INTER_AREA) for layer in (around, around * lit))
    shade = shade / np.maximum(behind, 1e-3)
    both = 1 - (1 - behind) * (1 - opacity)
    covered = both > 0.012
    if lamps:
        covered |= np.maximum(np.maximum(glow[..., 0], glow[..., 1]), glow[..., 2]) > 0.004
    touched = np.flatnonzero(covered)
    behind, shade, over, bright, both = (
        layer.ravel()[touched] for layer in (behind, shade, opacity, np.maximum(light, 0), both)
    )
    # The tone curve of a product: gamma of the light times gamma of the brightness is close enough for dim things.
    shown = (1 - over) * behind * shade ** (1 / GAMMA) + over * bright ** (1 / GAMMA)
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
    return tile("cpu").numpy().reshape(TILE, TILE)


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


@lru_cache(maxsize=8)
def _surroundings(generation: int, variant: int) -> tuple[Image, Image]:
    """Opacity (0 to 1) and brightness (a share of the light on the ground), as fine pictures."""
    rng = np.random.default_rng([generation, 62])
    trees = np.zeros((_SIDE, _SIDE), np.uint8)
    for angle, length in TREES[generation]:
        _tree(trees, angle, length, spruce=(angle, length) in SPRUCES, rng=rng)
    # The short pole with its fittings at the lower left of all reference frames.
    _line(trees, (86, 602), (119, 573), 6.5)
    for x, y, r in ((97, 577, 2.6), (107, 572, 1.8), (94, 585, 1.5)):
        cv2.circle(trees, (round(x * FINE), round(y * FINE)), round(r * FINE), 255, -1, cv2.LINE_AA)
    blur = 0.9 if generation == 2 else 2.4
    opacity = cv2.GaussianBlur(trees.astype(np.float32) / 255, (0, 0), blur * FINE)
    opacity = np.clip(opacity * (1.15 if generation == 2 else 1.3), 0, 0.97)
    light = np.full_like(opacity, 0.12)
    if generation == 1:
        _cover(opacity, light, _rim(variant), 1.15, 1.2)
        _cover(opacity, light, _drift(variant), 0.42, 1.5)
    elif variant == 3:
        _cover(opacity, light, _drift(variant) * 0.9, 0.5, 1.5)
    return opacity.astype(np.float32), light.astype(np.float32)


def _cover(opacity: Image, light: Image, layer: Image, brightness: float, blur: float) -> None:
    """Lay something over what is there, in place."""
    layer = cv2.GaussianBlur(layer, (0, 0), blur * FINE)
    grain = cv2.resize(np.tile(_field(), (3, 3)), (_SIDE, _SIDE))
    light[:] = light * (1 - layer) + brightness * (1 + 0.04 * grain) * layer
    opacity[:] = opacity * (1 - layer) + layer


def _fine_polar() -> tuple[Image, Image]:
    """Radius in pixels of a 720 frame and angle in degrees (0 right, 90 up) of every fine pixel."""
    y, x = (axis.astype(np.float32) / FINE - FRAME_PX / 2 for axis in np.ogrid[:_SIDE, :_SIDE])
    return np.hypot(x, y), np.asarray(np.degrees(np.arctan2(-y, x)) % 360.0, np.float32)


def _rim(variant: int) -> Image:
    """Crescent of the dome's rim at the upper left, about 18 px at its thickest (reference overcast_no)."""
    radius, angle = _fine_polar()
    away = (angle - 160 + 180) % 360 - 180
    thick = 18.5 * np.exp(-((np.abs(away) / 62.0) ** 3.2))
    if variant >= 2:  # rimed all around, thinner
        thick = np.maximum(thick, (5.0 if variant == 2 else 9.0) + 3.0 * np.sin(np.radians(3 * angle)))
    return np.asarray((radius > 359 - thick).astype(np.float32))


def _drift(variant: int) -> Image:
    """Snow heaped on the lower left of the dome: lumpy, up to 55 px high (references overcast_no, folded_arc_yes)."""
    radius, angle = _fine_polar()
    row = _field()[37 + 41 * variant]
    lumps = np.interp(np.arange(0, 360, 0.05) / 14.0 * CELL % TILE, np.arange(TILE), row)
    rough = np.interp(np.arange(0, 360, 0.05) / 2.3 * CELL % TILE, np.arange(TILE), row[::-1])
    middle, spread, high = ((248, 24, 40), (250, 17, 30), (240, 36, 46), (258, 44, 26))[variant]
    steps = np.arange(0, 360, 0.05)
    profile = high * np.exp(-((np.abs(steps - middle) / spread) ** 3)) * (1 + 0.28 * lumps + 0.07 * rough)
    edge = 359 - np.maximum(profile, 0)[(angle / 0.05).astype(int) % len(profile)]
    return np.asarray((radius > edge).astype(np.float32))


def _line(canvas: npt.NDArray[np.uint8], start: tuple[float, float], end: tuple[float, float], width: float) -> None:
    shift = 4
    ends = [tuple(round(value * FINE * 2**shift) for value in point) for point in (start, end)]
    cv2.line(canvas, ends[0], ends[1], 255, max(1, round(width * FINE)), cv2.LINE_AA, shift)


def _tree(
    canvas: npt.NDArray[np.uint8], angle: float, length: float, *, spruce: bool, rng: np.random.Generator
) -> None:
    """A tree that points to the zenith: a spruce with drooping boughs, or a bare tree with a crown of twigs."""
    lean, a = rng.uniform(-4, 4), np.radians(angle)

    def on(share: float, side: float = 0.0) -> tuple[float, float]:
        """Place on the tree, a share of its length from the rim and some pixels beside it, in pixels of a 720 frame."""
        radius, sideways = 361.0 - share * length, side + lean * share
        x = 360 + radius * np.cos(a) - sideways * np.sin(a)
        return float(x), float(360 - radius * np.sin(a) - sideways * np.cos(a))

    _line(canvas, on(-0.2), on(1.0), 1.3 if spruce else 1.0)
    if spruce:
        for share in np.linspace(0.02, 0.99, int(length * 1.3)):
            reach = (1.08 - share) * length * 0.21 * rng.uniform(0.5, 1.2)
            for side in (-1, 1):
                _line(canvas, on(share), on(share - 0.05 * rng.uniform(0.2, 1.6), side * reach), 0.7)
        return
    for share in rng.uniform(0.1, 0.98, int(length * 1.1)):
        reach = (1.25 - share) * length * 0.24 * rng.uniform(0.3, 1.2) * rng.choice([-1, 1])
        tip = on(share + rng.uniform(0.02, 0.14), reach)
        _line(canvas, on(share), tip, 0.45)
        for _ in range(3):
            twig = (tip[0] + rng.normal(0, 3.0), tip[1] + rng.normal(0, 3.0))
            _line(canvas, tip, twig, 0.35)
