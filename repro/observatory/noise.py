"""Smooth random fields: one periodic tile, looked up with offsets and scales that a seed has drawn."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

TILE = 512  # side of the tile
CELL = 16  # texels a wave: distances are given in waves


@lru_cache(maxsize=4)
def tile(device: str = "cpu") -> Tensor:
    """Periodic smooth field, float32 (TILE * TILE,), mean 0, deviation 1; the same for all nights."""
    rng = np.random.default_rng(557_7)
    wave = np.fft.fftfreq(TILE)[:, None] ** 2 + np.fft.rfftfreq(TILE)[None] ** 2
    # A band about one wave a cell: no drift across the tile, nothing sharper than the lookup can follow.
    band = np.exp(-((np.sqrt(wave) * CELL - 1.0) ** 2) / (2 * 0.55**2))
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((TILE, TILE))) * band)
    field = (field - field.mean()) / field.std()
    return torch.as_tensor(field.ravel(), dtype=torch.float32, device=device)


def look(x: Tensor, y: Tensor) -> Tensor:
    """Value of the tile at (x, y) in waves, of the texel below and left; shapes broadcast."""
    return _take((x * CELL).to(torch.int32), (y * CELL).to(torch.int32))


def _take(column: Tensor, row: Tensor) -> Tensor:
    # 32-bit indices in one flat row: ten times faster on a CPU than indexing with two 64-bit tensors.
    index = column.bitwise_and(TILE - 1) + row.bitwise_and(TILE - 1) * TILE
    return tile(str(column.device)).index_select(0, index.view(-1)).view(index.shape)


def clouds(x: Tensor, y: Tensor, octaves: int = 4) -> Tensor:
    """Fractal sum of the tile, deviation about 1, at (x, y) in waves of its coarsest octave."""
    total = torch.zeros_like(x + y)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        scale = 2.03**octave
        total = total + weight * smooth(x * scale + 5.3 * octave, y * scale + 9.1 * octave)
        norm += weight**2
        weight *= 0.55
    return total / float(norm**0.5)


def smooth(x: Tensor, y: Tensor) -> Tensor:
    """As :func:`look`, with linear interpolation between texels, for fields that are magnified."""
    x, y = x * CELL, y * CELL
    x0, y0 = x.floor(), y.floor()
    fx, fy = x - x0, y - y0
    column, row = x0.to(torch.int32), y0.to(torch.int32)
    top = torch.lerp(_take(column, row), _take(column + 1, row), fx)
    bottom = torch.lerp(_take(column, row + 1), _take(column + 1, row + 1), fx)
    return torch.lerp(top, bottom, fy.expand_as(top))
