"""Changes made to simulated frames at every look, so that a network cannot learn the simulator's fingerprints.

They include what no simulation knows: another orientation and size of the circle, other cameras' colours, black level,
noise and compression, and things before the lens. Half of the frames of a batch are only turned and flipped.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

PLAIN_SHARE = 0.5
CHANCE = 0.7  # of each further change of a frame that is not plain
RADIUS = (0.85, 1.15)  # of the sky's circle, in that of the simulated frame
SATURATION = (0.8, 3.0)
BLACK_LEVEL = (-5 / 255, 22 / 255)  # added to all colours
NOISE = 15 / 255  # greatest deviation
QUALITY = (15, 80)  # of the JPEG, with colour at half resolution
SIDE_PX = 240  # of the frames


def augment(frames: Tensor, masks: Tensor, size: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Change frames, uint8 (n, 3, SIDE_PX, SIDE_PX), with their masks, uint8 (n, cells, cells).

    Every frame is turned by any angle and flipped by half. Of those that are not plain the circle grows or shrinks and
    moves, and each of the following happens by CHANCE: rim of wedges and lamps; gamma, exposure and white balance;
    saturation; black level; blur; noise, a part of it in colour; JPEG. Gives frames (n, 3, size, size) and masks
    (n, 1, size // 16, size // 16), both 0 to 1.
    """
    n, device = len(frames), frames.device

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return (low + (high - low) * torch.rand(shape or (n, 1, 1, 1), generator=rng)).to(device)

    def normal(deviation: float, *shape: int) -> Tensor:
        return (deviation * torch.randn(shape or (n, 1, 1, 1), generator=rng)).to(device)

    changed = uniform(0, 1) >= PLAIN_SHARE

    def happens() -> Tensor:
        return changed & (uniform(0, 1) < CHANCE)

    flat = changed.view(n)
    angle = uniform(-math.pi, math.pi, n)
    scale = torch.where(flat, 1 / uniform(*RADIUS, n), 1.0)
    flips = torch.where(uniform(0, 1, n, 2) < 0.5, -1.0, 1.0)
    shift = torch.where(flat[:, None], normal(0.03, n, 2), 0.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = torch.stack([cos * flips[:, 0], -sin * flips[:, 1], shift[:, 0]], 1)
    columns = torch.stack([sin * flips[:, 0], cos * flips[:, 1], shift[:, 1]], 1)
    theta = torch.stack([rows, columns], 1)

    pictures = frames.float() / 255
    if size < SIDE_PX:  # without antialiasing, stars and noise would alias
        pictures = interpolate(pictures, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    pictures = grid_sample(pictures, affine_grid(theta, [n, 3, size, size], align_corners=False), align_corners=False)
    cells = affine_grid(theta, [n, 1, size // 16, size // 16], align_corners=False)
    cut_masks = grid_sample(masks[:, None].float() / 255, cells, align_corners=False)

    inside = (pictures.amax(1, keepdim=True) > 0.004).float()
    rim = torch.where(happens(), _rim(n, size, rng).to(device), 1.0)
    light = pictures.clamp(1e-4, 1) ** torch.where(happens(), torch.exp(normal(0.15)), 1.0)
    light = light * torch.where(happens(), torch.exp(normal(0.3)) * torch.exp(normal(0.1, n, 3, 1, 1)), 1.0) * rim
    grey = light.mean(1, keepdim=True)
    low, high = (math.log(end) for end in SATURATION)
    light = grey + (light - grey) * torch.where(happens(), torch.exp(uniform(low, high)), 1.0)
    light = light + torch.where(happens(), uniform(*BLACK_LEVEL), 0.0)
    if torch.rand((), generator=rng) < 0.3:  # out of focus; a batch at a time, for speed
        small = max(8, int(size / float(uniform(1.3, 2.5, 1))))
        soft = interpolate(light, size=(small, small), mode="bilinear", antialias=True, align_corners=False)
        soft = interpolate(soft, size=(size, size), mode="bilinear", align_corners=False)
        light = torch.where(changed, soft, light)
    strength = torch.where(happens(), NOISE * uniform(0, 1) ** 2, 0.0)
    coloured = uniform(0, 0.8)
    noise = torch.randn((n, 1, size, size), generator=rng).to(device) * (1 - coloured)
    noise = noise + torch.randn((n, 3, size, size), generator=rng).to(device) * coloured
    light = ((light + strength * noise) * inside).clamp(0, 1)
    coded = happens().view(n)
    qualities = uniform(*QUALITY, n).round()
    for number in torch.nonzero(coded).view(-1).tolist():
        light[number] = _as_jpeg(light[number], int(qualities[number]))
    return light, cut_masks


def _rim(n: int, size: int, rng: torch.Generator) -> Tensor:
    """Share of the light that a ragged rim of trees, houses and wedges lets through, (n, 1, size, size)."""
    y, x = torch.meshgrid(*[(torch.arange(size) + 0.5) / size * 2 - 1] * 2, indexing="ij")
    radius, angle = torch.hypot(x, y), torch.atan2(y, x)
    steps = 64
    draws = torch.rand((n, steps), generator=rng) * torch.rand((n, 1), generator=rng) ** 2
    # Every fourth rim is a row of broad wedges, the others are ragged.
    broad = torch.rand((n, 1), generator=rng) < 0.25
    draws = torch.where(broad, draws[:, torch.arange(steps) // 8 * 8], draws)
    place = ((angle + math.pi) / (2 * math.pi) * steps).long().clamp(0, steps - 1)
    height = 0.25 * draws[:, place.view(-1)].view(n, size, size)
    closed = torch.sigmoid((radius[None] - (1 - height)) * size / 2)
    return (1 - 0.9 * closed)[:, None]


def _as_jpeg(picture: Tensor, quality: int) -> Tensor:
    """A picture (3, size, size), 0 to 1, after OpenCV's JPEG coder."""
    values = np.ascontiguousarray((picture.cpu() * 255).round().byte().permute(1, 2, 0).numpy()[..., ::-1])
    data = cv2.imencode(".jpg", values, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1].copy()
    return (torch.from_numpy(decoded).permute(2, 0, 1).float() / 255).to(picture.device)
