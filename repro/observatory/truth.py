"""What is true of a frame: whether aurora can be seen, where, of which colour; and a labeller who mostly agrees.

**Visible** is a contrast criterion. With and without aurora, before noise, a pixel's brightness (mean of R, G and B on
the display scale, 0 to 255) differs by D over a background B. The pixel is auroral when

    D >= max(CONTRAST_NOISE * sigma, CONTRAST_COUNTS, CONTRAST_SHARE * B),

sigma the camera's noise in counts: aurora must stand above noise, above what a video keeps, and above a share of the
sky's own brightness. Auroral light that thick cloud has spread over the sky belongs to the background: it has no outline. A frame shows aurora when auroral pixels are more than VISIBLE_SHARE of the sky above 5 deg.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory import weather
from repro.observatory.geometry import Sky

if TYPE_CHECKING:
    from repro.observatory.scene import Scenes

CONTRAST_NOISE = 3.5
CONTRAST_COUNTS = 7.0
CONTRAST_SHARE = 0.18
VISIBLE_SHARE = 0.02
COLOURS = ("none", "green", "red", "purple", "pink")
NEAR = 0.8  # natural logarithms from the threshold within which a labeller errs
ERROR_RATE = 0.4  # of labels at the threshold itself; falls to zero at NEAR


@dataclass(frozen=True)
class Seen:
    """Truth of n frames: the aurora's pixels (n, rows, columns) and a table of arrays (n,)."""

    mask: Tensor
    table: dict[str, npt.NDArray[Any]]


def auroral_pixels(with_aurora: Tensor, without: Tensor, noise: Tensor) -> Tensor:
    """Pixels that meet the contrast criterion, bool (n, rows, columns).

    Parameters
    ----------
    with_aurora, without : Tensor, shape (n, 3, rows, columns)
        Display values 0 to 1, before noise.
    noise : Tensor, shape (n, 1, 1, 1)
        Deviation of the noise on the same scale.
    """
    background = without.mean(1) * 255
    gain = with_aurora.mean(1) * 255 - background
    limit = (CONTRAST_NOISE * 255 * noise[:, 0]).clamp_min(CONTRAST_COUNTS)
    return gain >= torch.maximum(limit.expand_as(background), CONTRAST_SHARE * background)


def measure(
    with_aurora: Tensor, without: Tensor, aurora: Tensor, noise: Tensor, sky: Sky, scenes: Scenes, depth: Tensor
) -> Seen:
    """Truth of rendered frames.

    Parameters
    ----------
    with_aurora, without : Tensor, shape (n, 3, rows, columns)
        Display values 0 to 1, before noise, stars and foreground.
    aurora : Tensor, shape (n, 3, rows, columns)
        Linear light of the aurora alone.
    noise : Tensor, shape (n, 1, 1, 1)
        Deviation of the noise, display values.
    sky : Sky
        Maps of that size.
    scenes : Scenes
        The n frames.
    depth : Tensor, shape (n, 1, rows, columns)
        Optical depth of the clouds.

    Returns
    -------
    Seen
        Columns ``aurora_share`` (of the sky, 0 to 1), ``margin`` (natural logarithm of the share over VISIBLE_SHARE),
        ``visible`` (bool), ``form`` and ``colour`` (``none`` where nothing is visible), ``cloud_cover`` (0 to 1).
    """
    inside = (sky.alt_deg > 5) & (sky.mask > 0.5)
    mask = auroral_pixels(with_aurora, without, noise) & inside
    share = (mask.sum((1, 2)) / inside.sum()).cpu().numpy().astype(float)
    weight = mask[:, None] * aurora.sum(1, keepdim=True)
    mean = (aurora * weight).sum((2, 3)) / weight.sum((2, 3)).clamp_min(1e-9)
    visible = share >= VISIBLE_SHARE
    colours = np.where(visible, colour_of(mean.cpu().numpy().astype(float)), "none")
    table = {
        "aurora_share": share,
        "margin": np.log(np.maximum(share, 1e-4) / VISIBLE_SHARE),
        "visible": visible,
        "form": np.where(visible, scenes.form, "none"),
        "colour": colours,
        "cloud_cover": weather.cover(depth, sky).cpu().numpy().astype(float),
    }
    return Seen(mask, table)


def colour_of(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.str_]:
    """Name of the aurora's mean linear colour (n, 3), weighted by its brightness.

    Green where red is at most 1.12 times and blue at most once as strong; else by blue over red: purple from 0.7, pink from 0.4, red below.
    """
    red, green, blue = rgb.T
    names = np.where(blue >= 0.7 * red, "purple", np.where(blue >= 0.4 * red, "pink", "red"))
    return np.where((1.12 * green >= red) & (green >= blue), "green", names)


def label(margin: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.str_]:
    """Labels (yes or no) of a labeller who errs near the threshold.

    The chance of an error is ``ERROR_RATE * (1 - |margin| / NEAR)`` within NEAR of the threshold, zero beyond.

    Parameters
    ----------
    margin : ndarray, shape (n,)
        Natural logarithm of auroral share over its threshold.
    rng : Generator
        Source of the errors.
    """
    chance = ERROR_RATE * np.clip(1 - np.abs(margin) / NEAR, 0, 1)
    wrong = rng.random(len(margin)) < chance
    return np.where((margin >= 0) ^ wrong, "yes", "no")
