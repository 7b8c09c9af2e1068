"""What stands around the dome: trees, a pole, snow, and the dome's own rim. Drawn once for each camera generation."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory import geometry
from repro.observatory.noise import CELL, TILE, tile

Image = npt.NDArray[np.float32]
FINE = 3  # drawn this much larger, then averaged
VARIANTS = 4  # states of the snow around the dome
_SIDE = geometry.FRAME_PX * FINE


@lru_cache(maxsize=32)
def layers(generation: int, variant: int, size: int, device: str = "cpu") -> tuple[Tensor, Tensor]:
    """Opacity (0 to 1) and brightness (a share of the light on the ground) of the foreground, each (1, size, size).

    ``generation`` is the camera's, 1 or 2; ``variant`` is the state of the snow, 0 to VARIANTS - 1.
    """
    opacity, light = _draw(generation, variant)
    side = (size, size)
    small = [cv2.resize(layer, side, interpolation=cv2.INTER_AREA) for layer in (opacity, opacity * light)]
    tensors = [torch.as_tensor(layer, device=device)[None] for layer in small]
    return tensors[0], tensors[1] / tensors[0].clamp_min(1e-3)


@lru_cache(maxsize=8)
def _draw(generation: int, variant: int) -> tuple[Image, Image]:
    rng = np.random.default_rng([generation, 62])
    trees = np.zeros((_SIDE, _SIDE), np.uint8)
    if generation == 2:
        for angle, length, kind in ((152, 26, 1), (148, 62, 0), (153, 64, 0), (163, 40, 1), (166, 38, 1), (169, 46, 1),
                                    (190, 74, 1), (194, 84, 1), (198, 46, 1), (207, 24, 1)):  # fmt: skip
            _tree(trees, angle, length, spruce=kind == 0, rng=rng)
    else:
        for angle, length in ((146, 46), (148, 36), (189, 40), (193, 48), (195, 42), (28, 16), (8, 12), (345, 14)):
            _tree(trees, angle, length, spruce=False, rng=rng)
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
    grain = cv2.resize(np.tile(np.asarray(tile("cpu")).reshape(TILE, TILE), (3, 3)), (_SIDE, _SIDE))
    light[:] = light * (1 - layer) + brightness * (1 + 0.04 * grain) * layer
    opacity[:] = opacity * (1 - layer) + layer


def _polar() -> tuple[Image, Image]:
    """Radius in pixels of a 720 frame and angle in degrees (0 right, 90 up) of every fine pixel."""
    y, x = (axis.astype(np.float32) / FINE - geometry.FRAME_PX / 2 for axis in np.ogrid[:_SIDE, :_SIDE])
    return np.hypot(x, y), np.asarray(np.degrees(np.arctan2(-y, x)) % 360.0, np.float32)


def _rim(variant: int) -> Image:
    """Crescent of the dome's rim at the upper left, about 18 px at its thickest (reference overcast_no)."""
    radius, angle = _polar()
    away = (angle - 160 + 180) % 360 - 180
    thick = 18.5 * np.exp(-((np.abs(away) / 62.0) ** 3.2))
    if variant >= 2:  # rimed all around, thinner
        thick = np.maximum(thick, (5.0 if variant == 2 else 9.0) + 3.0 * np.sin(np.radians(3 * angle)))
    return np.asarray((radius > 359 - thick).astype(np.float32))


def _drift(variant: int) -> Image:
    """Snow heaped on the lower left of the dome: lumpy, up to 55 px high (references overcast_no, folded_arc_yes)."""
    radius, angle = _polar()
    row = np.asarray(tile("cpu")).reshape(TILE, TILE)[37 + 41 * variant]
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
