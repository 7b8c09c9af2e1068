"""The camera: what a night's light becomes as numbers in a frame. Two generations, before and from 2024.

The values were set beside the reference frames and the measured differences between simulated and real frames
(``repro/bench/real_frames.yaml``): the first camera shows a pale green and a grey-blue to purple sky, the second a
yellowish, more saturated green and a darker, browner sky.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory.geometry import FRAME_PX
from repro.observatory.plan import Night
from repro.seeding import generator

GAMMA = 2.2
NAMES = ("gain", "lift", "noise", "wb_red", "wb_green", "wb_blue", "saturation", "vignette", "ghost", "town", "town_az",
         "dark", "blur", "colour_noise", "quality", "stars", "reflections")  # fmt: skip
Floats = npt.NDArray[np.float64]

# Linear camera colours of the emission planes (green, red, blue, pink, sunlit_low, sunlit_high), by generation.
EMISSION = {
    1: ((0.56, 1.0, 0.33), (1.0, 0.16, 0.22), (0.45, 0.20, 1.0), (1.0, 0.30, 0.80), (0.55, 0.20, 1.0), (0.45, 0.18, 1.0)),
    2: ((0.60, 1.0, 0.19), (1.0, 0.15, 0.16), (0.50, 0.13, 1.0), (1.0, 0.22, 0.70), (0.85, 0.10, 1.0), (0.42, 0.10, 1.0)),
}  # fmt: skip
# Linear value of the dark zenith: about 30 counts of 255 for the first camera, 19 for the second.
DARK = {1: 0.0058, 2: 0.0013}
NOISE = {1: 1.5 / 255, 2: 1.9 / 255}
FLOOR = 0.04
LONG_EXPOSURE = 3.0  # the second camera was seen with a much longer exposure on some nights (reference pink_corona_yes)


def of_night(night: Night) -> Floats:
    """Settings of a night, shape (len(NAMES),): its generation's, and how this night's exposure and air vary them."""
    rng = generator(night.seed, night.night, "camera")
    g, any_camera = night.generation, night.variety > 1
    gain = rng.lognormal(0.25, 0.28 if g == 1 else 0.38) * (LONG_EXPOSURE if g == 2 and rng.random() < 0.25 else 1.0)
    gain *= rng.lognormal(0.1, 0.5) if any_camera else 1.0
    balance = rng.lognormal(0, 0.05 * night.variety**1.5, 3)
    low, high = (1.0, 2.4) if not any_camera else (0.9, 3.2)
    # The town of Yellowknife lies in the south; another camera may have it anywhere.
    town_az = rng.uniform(0, 360) if any_camera or rng.random() < 0.25 else rng.normal(184, 15)
    settings = {
        "gain": gain,
        "lift": rng.uniform(0, 7) / 255,
        "noise": NOISE[g] * np.exp(rng.uniform(np.log(0.4), np.log(1.6))),
        "wb_red": balance[0], "wb_green": balance[1], "wb_blue": balance[2],
        "saturation": np.exp(rng.uniform(np.log(low), np.log(high))),
        "vignette": rng.uniform(0.05, 0.6),
        "ghost": rng.uniform(0.004, 0.03) if g == 1 else rng.uniform(0.0, 0.012),
        "town": rng.lognormal(0.3, 0.8),
        "town_az": town_az,
        "dark": DARK[g] * rng.lognormal(0.0 if not any_camera else -0.3, 0.5),
        "blur": rng.uniform(0.1, 1.0),
        "colour_noise": rng.uniform(0.0, 1.0) if any_camera else max(rng.uniform(-1.0, 0.5), 0.0),
        "quality": rng.integers(24, 62) if not any_camera else rng.integers(30, 96),
        "stars": rng.lognormal(0, 0.4) * (1.0 if not any_camera else rng.lognormal(0.8, 0.7)),
        "reflections": np.exp(rng.uniform(np.log(0.02), 0)) if rng.random() < 0.5 else 0.0,
    }  # fmt: skip
    return np.array([settings[name] for name in NAMES], float)


def hues(night: Night) -> Floats:
    """Linear camera colours of the emission planes on a night, shape (6, 3).

    The auroral green of real frames has R/G 0.25 to 0.75 and B/G 0.05 to 0.5, by camera; on some nights it is so pale
    that diffuse aurora looks grey. What the Sun lights is now faint, now as bright as the rest.
    """
    rng = generator(night.seed, night.night, "hues")
    table = np.array(EMISSION[night.generation])
    spread = 0.12 * night.variety
    table[0, [0, 2]] *= np.exp(rng.normal(-0.1 * night.variety, [spread, 1.6 * spread]))
    if rng.random() < 0.12:
        table[0] = 0.5 * table[0] + 0.5 * np.array([0.85, 1.0, 0.8])
    table[4:] *= np.exp(rng.normal(0.5, 0.6))
    return table


def tone(light: Tensor, lift: Tensor) -> Tensor:
    """Linear light to display values, 0 to 1: a soft shoulder, the gamma, and the black level ``lift``."""
    return lift + (1 - lift) * (-torch.expm1(-light.clamp_min(0))).clamp_min(1e-8) ** (1 / GAMMA)


def saturate(light: Tensor, saturation: Tensor) -> Tensor:
    """Move colours away from (or towards) their own grey; no colour falls below a FLOOR of it, as no filter is perfect."""
    grey = (light * torch.tensor([0.3, 0.59, 0.11], device=light.device).view(1, 3, 1, 1)).sum(1, keepdim=True)
    return torch.maximum(grey + saturation * (light - grey), FLOOR * grey)


@lru_cache(maxsize=4)
def noise_bank(device: str = "cpu") -> tuple[Tensor, Tensor]:
    """Noise of the sensor, each of deviation 1: in brightness, float32 (side, side), slightly smeared; in colour (3, side, side).

    Colour noise is coarser: a sensor has each colour on every second pixel at most, and coders keep it at half resolution.
    """
    rng = np.random.default_rng(1280_720)
    side = BANK
    white = rng.standard_normal((side, side)).astype(np.float32)
    smear = white + 0.5 * (np.roll(white, 1, 0) + np.roll(white, 1, 1)) + 0.3 * np.roll(white, (1, 1), (0, 1))
    coarse = np.stack(
        [cv2.GaussianBlur(rng.standard_normal((side, side)).astype(np.float32), (0, 0), 1.1) for _ in range(3)]
    )
    coarse -= np.tensordot(LUMA, coarse, 1)
    return torch.as_tensor(smear / smear.std(), device=device), torch.as_tensor(coarse / coarse.std(), device=device)


BANK = 1024  # side of the pictures of noise, from which each frame takes a part
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # weights of red, green and blue in brightness


def add_noise(image: Tensor, sigma: Tensor, colour: Tensor, seeds: npt.NDArray[np.int64]) -> None:
    """Add noise in place to display values (n, 3, size, size).

    ``sigma`` (n,) is the deviation of the brightness in display values, ``colour`` (n,) that of the colours as a share of
    it. ``seeds`` has one a frame: a frame's noise does not depend on its neighbours in the batch.
    """
    bright, coloured = noise_bank(str(image.device))
    size = image.shape[-1]
    for frame, seed in enumerate(seeds):
        row, column = np.random.default_rng([int(seed), 3]).integers(0, BANK - size, 2)
        part = np.s_[..., row : row + size, column : column + size]
        image[frame].add_(bright[part], alpha=float(sigma[frame]))
        if colour[frame] > 0.02:
            image[frame].add_(coloured[part], alpha=float(sigma[frame] * colour[frame]))


def code(frames: Tensor, qualities: npt.NDArray[np.float64]) -> Tensor:
    """Pass frames, RGB uint8 (n, 3, size, size), through the camera's own JPEG, with colour at half resolution.

    ``qualities`` (n,), 1 to 100, are meant for frames of 720 pixels. A smaller frame stands for a larger one that was
    scaled down after it was coded, which leaves fewer traces: its quality is raised.
    """
    size = frames.shape[-1]
    raised = 100 - (100 - np.asarray(qualities)) * min(1.0, size / FRAME_PX) ** 0.75
    coded = np.empty(tuple(frames.shape), np.uint8)
    for number, (frame, quality) in enumerate(zip(frames.cpu().numpy(), raised, strict=True)):
        coded[number, ::-1] = cv2.split(as_jpeg(cv2.merge(frame[::-1]), quality))
    return torch.from_numpy(coded).to(frames.device)


def as_jpeg(picture: npt.NDArray[np.uint8], quality: float) -> npt.NDArray[np.uint8]:
    """A picture, BGR (height, width, 3), after OpenCV's JPEG coder, which keeps colour at half resolution."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, round(float(quality))])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
