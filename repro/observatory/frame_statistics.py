"""How a masked frame looks in numbers, to compare simulated frames with real ones.

:func:`statistics` is of the contact sheet. :func:`colours` and :func:`compression` give the quantities of
``repro/bench/real_frames.yaml``, measured on frames scaled to 240 pixels, as the network sees them, except the traces of
compression and the profile at the rim, which need 720.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from repro.analysis.colour_rule import auroral_pixels, circle
from repro.observatory.geometry import FRAME_PX

Picture = npt.NDArray[np.uint8]
SIDE_PX = 240
GAMMA = 2.2  # from counts to linear light
STAR_COUNTS = 10.0  # of a star's peak above its surroundings
INNER = 0.45  # radius of the circle in which stars are counted, in sides of the frame: trees and rims have peaks, too
PER_DISTANCE = 1.375  # deviation of white noise over its mean distance from a median of 3 x 3 pixels
GREEN_SHARE = 0.006  # least share of the circle that must be green for its colour to be measured
INNER_PX = 340  # pixels of a frame of 720 that are farther from the centre may be trees or the dome's rim
RADII_PX = (340.0, 354.0, 359.0, 360.5)  # at which the brightness of a frame of 720 pixels is taken


def statistics(frame: Picture) -> dict[str, float]:
    """Brightness, colour, noise and stars of a masked frame, RGB uint8 (720, 720, 3).

    In counts of 255: ``median_red``, ``median_green``, ``median_blue``; ``p01`` to ``p99`` of the mean of R, G, B; ``noise``,
    the median deviation from a local mean within blocks of 24 pixels; ``centre`` and ``rim``, means within 90 and from 270 to
    340 pixels; ``north`` and ``south``, means of the two halves' outer thirds. ``stars`` counts spots of at most 20 pixels that
    stand 12 counts above their surroundings.
    """
    y, radius = _from_centre()
    inside = radius < INNER_PX
    values = frame.astype(np.float32)
    grey = values.mean(2)
    red, green, blue = np.median(values[inside], 0)
    result = {"median_red": red, "median_green": green, "median_blue": blue}
    for share in (1, 5, 25, 75, 95, 99):
        result[f"p{share:02d}"] = np.percentile(grey[inside], share)
    detail = (grey - cv2.GaussianBlur(grey, (0, 0), 3)) ** 2
    blocks = detail[: FRAME_PX // 24 * 24].reshape(FRAME_PX // 24, 24, -1, 24).mean((1, 3))
    full = inside.reshape(FRAME_PX // 24, 24, -1, 24).all((1, 3))
    result["noise"] = np.sqrt(np.median(blocks[full]))
    result["centre"] = grey[radius < 90].mean()
    result["rim"] = grey[(radius > 270) & inside].mean()
    result["north"], result["south"] = grey[inside & (y < -200)].mean(), grey[inside & (y > 200)].mean()
    spots = values.max(2) - cv2.medianBlur(frame, 7).max(2)
    _, _, table, _ = cv2.connectedComponentsWithStats(((spots > 12) & inside).astype(np.uint8))
    result["stars"] = int((table[1:, cv2.CC_STAT_AREA] <= 20).sum())
    return {name: round(float(value), 2) for name, value in result.items()}


def colours(frame: Picture) -> dict[str, float]:
    """Statistics of one masked frame, RGB uint8 (240, 240, 3).

    ``saturation``, median HSV saturation of the circle, 0 to 255; ``dark_bg`` and ``dark_rg``, blue and red over green in
    linear light of the darkest 40 % of the circle; ``sky_bg`` and ``sky_rg``, of the whole circle; ``green_rg``, ``green_bg`` and
    ``green_saturation`` of the pixels that the colour rule calls green, NaN where these are too few; ``darkest``, the 5th
    percentile of brightness in counts; ``spread``, its deviation; ``noise`` and ``colour_noise`` in counts; ``stars``, peaks
    over 10 counts; ``rim_roughness``, relative deviation of the brightness along the rim; ``dark_rim``, share of the rim darker
    than a third of the frame's median.
    """
    inside = circle(SIDE_PX)
    values = frame.astype(np.float32)
    grey = values.mean(2)
    linear = (values / 255) ** GAMMA
    saturation = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)[..., 1]
    dark = inside & (grey <= np.percentile(grey[inside], 40))
    green = auroral_pixels(frame)[0] & inside
    values_by_name = {"saturation": float(np.median(saturation[inside]))}
    for name, where in (("dark", dark), ("sky", inside), ("green", green)):
        enough = where.sum() > GREEN_SHARE * inside.sum()
        red, grn, blue = linear[where].mean(0) + 1e-6 if enough else (np.nan,) * 3
        values_by_name |= {f"{name}_bg": blue / grn, f"{name}_rg": red / grn}
    values_by_name["green_saturation"] = float(np.median(saturation[green])) if enough else np.nan
    values_by_name |= {"darkest": np.percentile(grey[inside], 5), "spread": grey[inside].std()}
    values_by_name["noise"] = _noise(grey, inside)
    chroma = cv2.cvtColor(frame, cv2.COLOR_RGB2YCrCb)[..., 1:].astype(np.float32)
    values_by_name["colour_noise"] = float(np.mean([_noise(chroma[..., k], inside) for k in (0, 1)]))
    above = grey - cv2.medianBlur(frame, 5).astype(np.float32).mean(2)
    peak = (above > STAR_COUNTS) & (grey >= cv2.dilate(grey, np.ones((3, 3)))) & circle(SIDE_PX, INNER)
    values_by_name["stars"] = int(peak.sum())
    angle = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    rim = np.mean([_along(grey, radius, angle) for radius in (110, 112, 114, 116)], 0)
    smooth = np.convolve(np.concatenate([rim[-7:], rim, rim[:7]]), np.ones(15) / 15, "valid")
    values_by_name["rim_roughness"] = np.std(rim - smooth) / max(rim.mean(), 1.0)
    values_by_name["dark_rim"] = (rim < np.median(grey[inside]) / 3).mean()
    return {name: float(value) for name, value in values_by_name.items()}


def compression(frame: Picture) -> dict[str, float]:
    """Traces of a block coder, and the profile at the rim, of one frame of 720 pixels.

    Returns ``block_step``: mean change of brightness from one pixel to the next across the borders of 8 x 8 blocks over
    that elsewhere, in the calm half of the picture; ``r340`` and so on: mean brightness at :data:`RADII_PX`, counts.
    """
    grey = frame.astype(np.float32).mean(2)
    _, radius = _from_centre()
    inside = radius[:, 1:] < 330
    # Second differences: a slope steps everywhere, a block border at one place.
    step = np.abs(np.diff(grey, axis=1))
    rise = np.abs(step[:, 1:-1] * 2 - step[:, :-2] - step[:, 2:])
    calm = inside[:, 1:-1] & (cv2.blur(rise, (25, 25)) < np.median(cv2.blur(rise, (25, 25))[inside[:, 1:-1]]))
    border = (np.arange(rise.shape[1]) + 2) % 8 == 0
    at, other = (rise[:, where][calm[:, where]].mean() for where in (border, ~border))
    profile = {"block_step": float(at / max(other, 1e-3))}
    for wanted in RADII_PX:
        profile[f"r{wanted:g}"] = float(grey[np.abs(radius - wanted) < 0.5].mean())
    return profile


def _from_centre() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Distance below the centre, and from it, of each pixel of a frame of 720."""
    y, x = np.mgrid[:FRAME_PX, :FRAME_PX] - (FRAME_PX / 2 - 0.5)
    return y, np.hypot(x, y)


def _noise(values: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_]) -> float:
    """Deviation of the noise where the picture is calm: median over blocks of the distance from a median of 3 x 3 pixels."""
    distance = np.abs(values - cv2.medianBlur(np.ascontiguousarray(values), 3))
    side = SIDE_PX // 12
    blocks = distance.reshape(side, 12, side, 12).mean((1, 3))
    whole = inside.reshape(side, 12, side, 12).all((1, 3))
    return float(PER_DISTANCE * np.median(blocks[whole]))


def _along(grey: npt.NDArray[np.float32], radius: float, angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    centre = SIDE_PX / 2 - 0.5
    x, y = centre + radius * np.cos(angle), centre + radius * np.sin(angle)
    return np.asarray(cv2.remap(grey, x.astype(np.float32)[None], y.astype(np.float32)[None], cv2.INTER_LINEAR)[0])
