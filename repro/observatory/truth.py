"""What is true of a frame: whether aurora can be seen, where, of which colour; and a labeller who mostly agrees.

**Visible** is a contrast criterion. With and without aurora, before noise, a pixel differs on the display scale, 0 to 255,
by D over a background B: B is the mean of R, G and B, and D the rise of that mean or a share (SATURATED) of the rise of one
colour, whichever is largest, because a saturated arc is seen that a grey one of the same brightness is not; less half
of the mean of D over the sky, because a glow without an outline is hardly seen. The pixel is auroral when

    D >= max(CONTRAST_NOISE * sigma, CONTRAST_COUNTS, CONTRAST_SHARE * B, CONTRAST_CLUTTER * C),

sigma the camera's noise in counts and C the deviation of B within some 5 deg: aurora must stand above noise, above what a
video keeps, above a share of the sky's own brightness, and above the edges of clouds among which it lies. Auroral light that thick cloud has spread over the sky belongs to the background: it has no outline;
a band that is seen through cloud counts. What trees, snow or drops hide does not count. A frame shows aurora when
auroral pixels are more than VISIBLE_SHARE of the sky above 5 deg, as people label real frames.

**Certain** is an answer that does not hang on the limit: a person with EYES times better or worse eyes for contrast would
say the same. The other frames are ambiguous. They stay in the corpus, with an answer, and are left out where accuracy
on certain frames is asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory import weather
from repro.observatory.geometry import Sky

CONTRAST_NOISE = 2.5
CONTRAST_COUNTS = 7.0
CONTRAST_SHARE = 0.2
CONTRAST_CLUTTER = 0.8
CLUTTER_DEG = 10.0  # side of the square in which the deviation is taken
VISIBLE_SHARE = 0.007
EYES = 1.4
SATURATED = (0.5, 0.6, 0.4)  # of the rise of red, green and blue
COLOURS = ("none", "green", "red", "purple", "pink")
NEAR = 0.8  # natural logarithms from the threshold within which a labeller errs
ERROR_RATE = 0.4  # of labels at the threshold itself; falls to zero at NEAR


def contrast(with_aurora: Tensor, without: Tensor, noise: Tensor) -> Tensor:
    """Contrast of each pixel over its limit, float (n, rows, columns): auroral from 1 on.

    Frames with and without aurora (n, 3, rows, columns) are display values 0 to 1, before noise, whose deviation on the
    same scale is ``noise`` (n, 1, 1, 1).
    """
    background = without.mean(1) * 255
    rise = (with_aurora - without) * 255
    weights = torch.tensor(SATURATED, device=rise.device).view(1, 3, 1, 1)
    gain = torch.maximum(rise.mean(1), (weights * rise).amax(1))
    gain = gain - 0.5 * gain.mean((1, 2), keepdim=True)
    limit = (CONTRAST_NOISE * 255 * noise[:, 0]).clamp_min(CONTRAST_COUNTS)
    limit = torch.maximum(limit.expand_as(background), CONTRAST_SHARE * background)
    return gain / torch.maximum(limit, CONTRAST_CLUTTER * clutter(background))


def clutter(background: Tensor) -> Tensor:
    """Deviation of a background (n, rows, columns) within squares of CLUTTER_DEG, from half overlapping squares."""
    rows = background.shape[-1]
    step = max(1, round(CLUTTER_DEG / 180 * rows / 2))
    mean, square = (
        torch.nn.functional.avg_pool2d(values[:, None], 2 * step, step, count_include_pad=False)
        for values in (background, background**2)
    )
    deviation = (square - mean**2).clamp_min(0).sqrt()
    return torch.nn.functional.interpolate(deviation, size=(rows, rows), mode="bilinear")[:, 0]


def measure(
    with_aurora: Tensor, without: Tensor, aurora: Tensor, noise: Tensor, sky: Sky, form: npt.NDArray[np.str_],
    depth: Tensor, hidden: Tensor,
) -> tuple[Tensor, dict[str, npt.NDArray[Any]]]:  # fmt: skip
    """Truth of n rendered frames: the aurora's pixels, bool (n, rows, columns), and a table of arrays (n,).

    ``with_aurora`` and ``without`` (n, 3, rows, columns) are display values 0 to 1, before noise, stars and foreground;
    ``aurora``, of the same shape, is the linear light of the aurora alone; ``noise`` (n, 1, 1, 1) is the deviation of the
    noise in display values, ``form`` (n,) that of the brightest episode, ``depth`` (n, 1, rows, columns) the optical depth of the clouds, ``hidden`` (n, rows, columns)
    the opacity of what stands before the lens, 0 to 1.

    Columns of the table are ``aurora_share`` (of the sky, 0 to 1), ``margin`` (natural logarithm of the share over
    VISIBLE_SHARE), ``visible`` and ``certain`` (bool), ``form`` and ``colour`` (``none`` where nothing is visible), and
    ``cloud_cover`` (0 to 1).
    """
    inside = (sky.alt_deg > 5) & (sky.mask > 0.5)
    height = torch.where(inside & (hidden < 0.5), contrast(with_aurora, without, noise), 0.0)
    mask = height >= 1
    share, strict, lenient = (
        ((height >= limit).sum((1, 2)) / inside.sum()).cpu().numpy().astype(float) for limit in (1.0, EYES, 1 / EYES)
    )
    weight = mask[:, None] * aurora.sum(1, keepdim=True)
    mean = (aurora * weight).sum((2, 3)) / weight.sum((2, 3)).clamp_min(1e-9)
    visible = share >= VISIBLE_SHARE
    colours = np.where(visible, colour_of(mean.cpu().numpy().astype(float)), "none")
    table = {
        "aurora_share": share,
        "margin": np.log(np.maximum(share, 1e-4) / VISIBLE_SHARE),
        "visible": visible,
        "certain": (strict >= VISIBLE_SHARE) | (lenient < VISIBLE_SHARE),
        "form": np.where(visible, form, "none"),
        "colour": colours,
        "cloud_cover": weather.cover(depth, sky).cpu().numpy().astype(float),
    }
    return mask, table


def colour_of(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.str_]:
    """Name of the aurora's mean linear colour (n, 3), weighted by its brightness.

    Green where red is at most 1.12 times and blue at most once as strong; else by blue over red: purple from 0.7, pink from 0.4, red below.
    """
    red, green, blue = rgb.T
    names = np.where(blue >= 0.7 * red, "purple", np.where(blue >= 0.4 * red, "pink", "red"))
    return np.where((1.12 * green >= red) & (green >= blue), "green", names)


def label(margin: npt.NDArray[np.float64], rng: np.random.Generator, error_rate: float = 0.0) -> npt.NDArray[np.str_]:
    """Labels (yes or no) of a labeller who errs near the threshold, and now and then anywhere.

    ``margin`` (n,) is the natural logarithm of the auroral share over its threshold. The chance of an error is ``ERROR_RATE
    * (1 - |margin| / NEAR)`` within NEAR of the threshold, and at least ``error_rate``, 0 to 1, whatever the frames show.
    """
    chance = np.maximum(ERROR_RATE * np.clip(1 - np.abs(margin) / NEAR, 0, 1), error_rate)
    wrong = rng.random(len(margin)) < chance
    return np.where((margin >= 0) ^ wrong, "yes", "no")
