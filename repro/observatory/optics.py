"""The camera: what a night's light becomes as numbers in a frame. Two generations, before and from 2024.

The values were set beside the reference frames: the first camera shows a pale green and a grey-blue sky, the second a
yellowish, more saturated green and a colourless dark sky.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory.plan import Night
from repro.seeding import generator

GAMMA = 2.2
NAMES = ("gain", "lift", "noise", "wb_red", "wb_green", "wb_blue", "saturation", "vignette", "ghost", "town", "town_az",
         "dark", "blur")  # fmt: skip
Floats = npt.NDArray[np.float64]

# Linear camera colours of the emission planes (green, red, blue, pink, sunlit_low, sunlit_high), by generation.
EMISSION = {
    1: ((0.62, 1.0, 0.30), (1.0, 0.16, 0.22), (0.45, 0.20, 1.0), (1.0, 0.30, 0.80), (0.55, 0.20, 1.0), (0.45, 0.18, 1.0)),
    2: ((0.71, 1.0, 0.19), (1.0, 0.15, 0.16), (0.50, 0.13, 1.0), (1.0, 0.22, 0.70), (0.85, 0.10, 1.0), (0.42, 0.10, 1.0)),
}  # fmt: skip
# Linear value of the dark zenith: about 30 counts of 255 for the first camera, 19 for the second.
DARK = {1: 0.0058, 2: 0.0013}
DARK_COLOUR = {1: (1.0, 0.95, 1.16), 2: (1.02, 1.0, 0.93)}
LIFT = {1: 5.0 / 255, 2: 6.0 / 255}
NOISE = {1: 1.5 / 255, 2: 1.9 / 255}


def of_night(night: Night) -> Floats:
    """Settings of a night, shape (len(NAMES),): its generation's, and how this night's exposure and air vary them."""
    rng = generator(night.seed, night.night, "camera")
    g = night.generation
    # The second camera was seen with a much longer exposure on some nights (reference pink_corona_yes).
    gain = rng.lognormal(0, 0.28 if g == 1 else 0.38) * (3.0 if g == 2 and rng.random() < 0.25 else 1.0)
    wb = rng.lognormal(0, 0.05, 3)
    return np.array(
        [
            gain, LIFT[g], NOISE[g] * rng.uniform(0.7, 1.3), *wb, rng.uniform(0.85, 1.1) if g == 1 else rng.uniform(0.9, 1.2),
            rng.uniform(0.05, 0.3), rng.uniform(0.004, 0.03) if g == 1 else rng.uniform(0.0, 0.012),
            rng.lognormal(0, 0.45), rng.normal(184, 10), DARK[g] * rng.lognormal(0, 0.25), rng.uniform(0.1, 1.0),
        ]
    )  # fmt: skip


def tone(light: Tensor, lift: Tensor) -> Tensor:
    """Linear light to display values, 0 to 1: a soft shoulder, the gamma, and the black level ``lift``."""
    return lift + (1 - lift) * (-torch.expm1(-light.clamp_min(0))).clamp_min(1e-8) ** (1 / GAMMA)


def saturate(light: Tensor, saturation: Tensor) -> Tensor:
    """Move colours away from (or towards) their own grey."""
    grey = (light * torch.tensor([0.3, 0.59, 0.11], device=light.device).view(1, 3, 1, 1)).sum(1, keepdim=True)
    return (grey + saturation * (light - grey)).clamp_min(0)


@lru_cache(maxsize=4)
def noise_bank(device: str = "cpu") -> Tensor:
    """Noise of the sensor, float32 (side, side), deviation 1: slightly smeared, as after a video coder."""
    rng = np.random.default_rng(1280_720)
    side = 1536
    white = rng.standard_normal((side, side)).astype(np.float32)
    smear = white + 0.5 * (np.roll(white, 1, 0) + np.roll(white, 1, 1)) + 0.3 * np.roll(white, (1, 1), (0, 1))
    return torch.as_tensor(smear / smear.std(), device=device)


def add_noise(image: Tensor, sigma: Tensor, seeds: npt.NDArray[np.int64]) -> None:
    """Add noise in place: brightness only, the same in all colours, as the reference frames show.

    Parameters
    ----------
    image : Tensor, shape (n, 3, size, size)
        Display values.
    sigma : Tensor, shape (n,)
        Deviation in display values.
    seeds : ndarray, shape (n,)
        One a frame: a frame's noise does not depend on its neighbours in the batch.
    """
    bank = noise_bank(str(image.device))
    size = image.shape[-1]
    for frame, seed in enumerate(seeds):
        row, column = np.random.default_rng([int(seed), 3]).integers(0, bank.shape[0] - size, 2)
        image[frame].add_(bank[None, row : row + size, column : column + size], alpha=float(sigma[frame]))


# ITU-T T.81 tables K.1 and K.2 for brightness and colour.
_LUMA = (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29,
         51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121,
         120, 101, 72, 92, 95, 98, 112, 100, 103, 99)  # fmt: skip
_CHROMA = (17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99,
           99, 99, 99, 99, 99, *[99] * 32)  # fmt: skip


def jpeg(image: Tensor, quality: int) -> Tensor:
    """Look of a JPEG with colour at half resolution, computed on any device.

    Parameters
    ----------
    image : Tensor, shape (n, 3, size, size)
        Counts, 0 to 255, any float type; ``size`` a multiple of 16.
    quality : int
        1 to 100, as the reference coder counts it.

    Returns
    -------
    Tensor
        Same shape and range.
    """
    scale = (5000 / quality if quality < 50 else 200 - 2 * quality) / 100
    to = torch.tensor(
        [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], device=image.device
    )
    ycc = torch.einsum("ck,nkhw->nchw", to, image)
    luma = _quantise(ycc[:, :1] - 128, _LUMA, scale) + 128
    half = torch.nn.functional.avg_pool2d(ycc[:, 1:], 2)
    chroma = torch.nn.functional.interpolate(_quantise(half, _CHROMA, scale), scale_factor=2, mode="bilinear")
    back = torch.linalg.inv(to.cpu()).to(image.device)
    return torch.einsum("ck,nkhw->nchw", back, torch.cat([luma, chroma], 1)).clamp(0, 255)


def _quantise(plane: Tensor, table: tuple[int, ...], scale: float) -> Tensor:
    n, c, h, w = plane.shape
    k = torch.arange(8, device=plane.device)
    basis = torch.cos((2 * k[None] + 1) * k[:, None] * torch.pi / 16) / 2
    basis[0] /= 2**0.5
    steps = (torch.tensor(table, dtype=torch.float32, device=plane.device).view(8, 8) * scale).round().clamp(1, 255)
    blocks = plane.view(n, c, h // 8, 8, w // 8, 8).transpose(3, 4)
    waves = basis @ blocks @ basis.T
    waves = (waves / steps).round() * steps
    return (basis.T @ waves @ basis).transpose(3, 4).reshape(n, c, h, w)
