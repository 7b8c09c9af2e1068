"""Scenes to frames and truth, in batches, on any device.

What is smooth is computed small and enlarged: aurora and tone curve at half the side of a 720-pixel frame, sky, cloud
and truth at a quarter. Stars, foreground and noise are added at full size. Random numbers are drawn on the CPU from
each frame's own seed, so a frame is the same in any batch (99.9 % of its values to one count: sums are taken in another
order); on a GPU at least 99.9 % of them are within 2 counts of the CPU's.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from repro.engine.threads import limited_threads
from repro.observatory import foreground, geometry, light, stars, truth, weather
from repro.observatory import optics as camera
from repro.observatory.aurora import PLANES, clouds, colours, sheets, to_frame
from repro.observatory.scene import Scenes

CHUNK = 2  # frames at a time on a CPU: more would leave its caches
GPU_CHUNK = 128
DIM = 1e-4  # amplitudes below leave no trace in a frame


@dataclass(frozen=True)
class Rendered:
    """Frames with their truth."""

    frames: Tensor  # (n, 3, size, size), masked, RGB
    mask: Tensor  # (n, coarse, coarse), pixels of the aurora by the contrast criterion, at a coarser size
    truth: dict[str, npt.NDArray[Any]]  # (n,) each, see :func:`repro.observatory.truth.measure`

    def picture(self, number: int = 0) -> npt.NDArray[np.uint8]:
        """One frame, RGB uint8 (size, size, 3)."""
        return np.ascontiguousarray(self.frames[number].permute(1, 2, 0).cpu().numpy())


def render(
    scenes: Scenes, *, size: int = geometry.FRAME_PX, device: str = "cpu", aurora: bool = True, noise: bool = True,
    coded: bool = True, shortcut: bool = True, site: geometry.MagneticSite = geometry.YELLOWKNIFE,
) -> Rendered:  # fmt: skip
    """Render frames of ``size`` 240 or 720 (any multiple of 16 works); on a CPU on one thread, so run one process a core.

    ``aurora``, ``noise`` and ``coded`` leave out, where False, the aurora and nothing else, the sensor's noise, and the
    camera's own JPEG. ``shortcut`` False computes everything at full size; slow, to measure what the shortcut costs and
    saves. ``site`` has the directions of the magnetic field, and says whether trees stand in front of the sky. The frames
    stay on ``device``.
    """
    chunk = CHUNK if device == "cpu" else GPU_CHUNK
    fine = size // 2 if shortcut and size > 360 else size

    # Single steps are too small to share: on a busy machine more threads are several times slower than one.
    with limited_threads() if device == "cpu" else nullcontext(), torch.inference_mode():
        parts = [
            _render(scenes.take(slice(start, start + chunk)), size, fine, device, aurora, noise, coded, site)
            for start in range(0, len(scenes), chunk)
        ]
    frames, masks = torch.cat([part.frames for part in parts]), torch.cat([part.mask for part in parts])
    return Rendered(frames, masks, joined([part.truth for part in parts]))


def joined(tables: Sequence[dict[str, npt.NDArray[Any]]]) -> dict[str, npt.NDArray[Any]]:
    """Tables of arrays (n,), one after the other."""
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def _render(
    scenes: Scenes, size: int, fine: int, device: str, aurora: bool, noise: bool, coded: bool,
    site: geometry.MagneticSite,
) -> Rendered:  # fmt: skip
    coarse = fine // 2
    sky = geometry.sky(coarse, device)

    cam = _by_name(scenes.camera, camera.NAMES, device)
    air = _by_name(scenes.weather, weather.NAMES, device)
    depth = weather.optical_depth(sky, air)
    through = torch.exp(-depth) * (1 - weather.frost_veil(sky, air))
    snow = weather.snow_cover(sky, air)
    clear, cloud = _sky_light(scenes, sky, cam, air, depth, through)
    dark = _cover_with_snow(clear * through + cloud * (1 - through), snow)
    without = _expose(dark, cam)
    lit = dark
    sharp = aurora_light(scenes, fine, device, site) if aurora else None
    if sharp is not None:
        small = half(sharp)
        sharp = sharp + cam["blur"] * (double(small) - sharp)
        direct, near, wide = _veiled(small, through, snow)
        # Light that thick cloud has spread without an outline is background: nobody calls it aurora.
        without = _expose(dark + wide, cam)
        lit = dark + small * direct + near + wide
        ways = double(torch.cat([dark + near + wide, direct], 1))
        picture = _expose(ways[:, :3] + sharp * ways[:, 3:], cam)
    else:
        small = torch.zeros_like(dark)
        picture = double(without)
    layers = [
        foreground.before_lens(*kept, tuple(map(int, counts)), size, coarse, device)
        for *kept, counts in zip(map(int, scenes.generation), map(int, scenes.snow_variant), scenes.dirt, strict=True)
    ]
    hidden = torch.stack([layer.hidden for layer in layers]) * site.trees
    mask, table = truth.measure(half(picture), without, small, cam["noise"], sky, scenes.form, depth, hidden)
    if size != fine:
        picture = double(picture)
    turn = scenes.sidereal_deg, scenes.latitude_deg
    exposure = (cam["gain"] * cam["stars"]).view(-1)
    stars.splat(picture, through * (1 - snow), scenes.night, turn, scenes.seed, exposure)
    if site.trees:
        _stand_in_front(picture, lit, cam, layers)
    if noise:
        # A smaller frame is the mean of a larger one's pixels, whose noise is partly shared by neighbours.
        shrink = 1.0 if size >= geometry.FRAME_PX else max(size / geometry.FRAME_PX, 0.2) * 1.6
        sigma = cam["noise"].view(-1) * min(shrink, 1.0)
        camera.add_noise(picture, sigma, cam["colour_noise"].view(-1), scenes.seed)
    whole = geometry.sky(size, device)
    frames = picture.mul_(whole.counts).round_().clamp_(0, 255).to(torch.uint8)
    if coded:
        frames = camera.code(frames, scenes.camera[:, camera.NAMES.index("quality")])
        frames *= whole.inside  # a coder rings beyond the circle, where the film stage cuts
    return Rendered(frames, mask, table)


def half(image: Tensor) -> Tensor:
    """Mean of every 2 x 2 pixels."""
    return 0.25 * (image[..., ::2, ::2] + image[..., 1::2, ::2] + image[..., ::2, 1::2] + image[..., 1::2, 1::2])


def double(image: Tensor) -> Tensor:
    """Twice the side, linear between pixel centres; several times faster on a CPU than torch's own interpolation."""
    n, c, h, w = image.shape
    wide = image.new_empty(n, c, h, 2 * w)
    torch.lerp(image[..., 1:], image[..., :-1], 0.25, out=wide[..., 2::2])
    torch.lerp(image[..., :-1], image[..., 1:], 0.25, out=wide[..., 1:-1:2])
    wide[..., 0], wide[..., -1] = image[..., 0], image[..., -1]
    tall = image.new_empty(n, c, 2 * h, 2 * w)
    torch.lerp(wide[..., 1:, :], wide[..., :-1, :], 0.25, out=tall[..., 2::2, :])
    torch.lerp(wide[..., :-1, :], wide[..., 1:, :], 0.25, out=tall[..., 1:-1:2, :])
    tall[..., 0, :], tall[..., -1, :] = wide[..., 0, :], wide[..., -1, :]
    return tall


def aurora_light(
    scenes: Scenes, size: int, device: str, site: geometry.MagneticSite = geometry.YELLOWKNIFE
) -> Tensor | None:
    """Linear light of the aurora above clouds and dome, (n, 3, size, size), before the camera's gain; None if all dark."""
    n = len(scenes)
    bright = np.flatnonzero((scenes.sheets[:, :, 0] > DIM).any(1) | (scenes.clouds[:, :, 0] > DIM).any(1))
    if not bright.size:
        return None
    rows = geometry.feet(device)[0].shape[0]
    feet = torch.zeros(n, 3, rows, geometry.AZIMUTHS, device=device)
    for table, function in ((scenes.sheets, sheets), (scenes.clouds, clouds)):
        for place in range(table.shape[1]):
            lit = np.flatnonzero(table[:, place, 0] > DIM)
            if lit.size:
                feet[torch.as_tensor(lit, device=device)] += function(_tensor(table[lit, place], device), device)
    image = torch.zeros(n, 3, size, size, device=device)
    where = torch.as_tensor(bright, device=device)
    lit_share = _tensor(scenes.sunlit[bright], device)
    weights = torch.ones(bright.size, len(PLANES), device=device)
    # The low plane already holds what lies above the high one's limit.
    weights[:, 4] = lit_share[:, 0]
    weights[:, 5] = (lit_share[:, 1] - lit_share[:, 0]).clamp_min(0)
    grid = colours(feet[where], weights, _tensor(scenes.hues[bright], device))
    image[where] = to_frame(grid, size, site)
    return image


def _by_name(table: npt.NDArray[np.float64], names: Sequence[str], device: str) -> dict[str, Tensor]:
    """Columns of a table (n, len(names)), each (n, 1, 1, 1)."""
    return {name: _tensor(table[:, k], device).view(-1, 1, 1, 1) for k, name in enumerate(names)}


def _tensor(array: npt.NDArray[Any], device: str) -> Tensor:
    return torch.as_tensor(np.ascontiguousarray(array), dtype=torch.float32, device=device)


def _sky_light(
    scenes: Scenes, sky: geometry.Sky, cam: dict[str, Tensor], air: dict[str, Tensor], depth: Tensor, through: Tensor
) -> tuple[Tensor, Tensor]:
    """Light of the clear sky and of clouds, linear, before gain; each (n, 3, coarse, coarse)."""
    device = str(sky.up.device)
    tint = _by_name(scenes.tint, light.NAMES, device)
    sun_alt, sun_az, moon_alt, moon_az, phase = (
        _tensor(getattr(scenes, f"{name}_deg"), device)
        for name in ("sun_alt", "sun_az", "moon_alt", "moon_az", "moon_phase")
    )
    town_az = cam["town_az"].view(-1)
    clear = light.airglow(sky, tint, air["offset"]) + cam["town"] * light.town(sky, town_az, tint["town_warmth"])
    cloud = 0.35 * light.dark_colour(tint)
    # Most frames are dark and moonless: what is exactly zero is not computed.
    moon_up, sun_near = bool((moon_alt > light.MOON_DOWN_DEG).any()), bool((sun_alt > light.NIGHT_DEG).any())
    if moon_up or sun_near:
        above = torch.zeros(1, 3, 1, 1, device=device)
        if sun_near:
            above = above + light.twilight(sky, sun_alt, sun_az, tint["twilight"])
        if moon_up:
            above = above + light.moonlight(sky, moon_alt, moon_az, phase, tint["moon"])
        clear = clear + above
        # Clouds spread the light that falls on them, brighter about the Moon and towards the Sun, and on the lit side;
        # they grey its blue, which is the clear air's own.
        above = 0.5 * above + 0.5 * above.mean(1, keepdim=True)
        az = torch.deg2rad(torch.where(moon_alt > 0, moon_az, sun_az)).view(-1, 1, 1, 1)
        side = weather.lit_side(depth, air, torch.sin(az), torch.cos(az))
        cloud = cloud + (0.55 * above.mean((2, 3), keepdim=True) + 0.7 * above) * side
    if moon_up:
        veil = -torch.log(through.clamp_min(1e-4)).mean((1, 2, 3)).clamp_max(3)
        # Cloud smears the disc before it hides it.
        glare = light.moon_glare(sky, moon_alt, moon_az, phase, veil) * through**1.5
        if bool((cam["reflections"] > 0).any()):
            moon_through = through.mean((1, 2, 3), keepdim=True)
            glare = glare + light.reflections(sky, moon_alt, moon_az, phase, cam["reflections"]) * moon_through
        clear, cloud = clear + glare, cloud + 0.05 * glare
    # From below the thick parts are the bright ones.
    thick = 0.55 + 0.45 * torch.tanh(0.5 * depth)
    cloud = cloud + cam["town"] * light.town_on_cloud(sky, town_az, tint["town_warmth"]) * thick
    return cam["dark"] * clear, cam["dark"] * cloud


def _veiled(small: Tensor, through: Tensor, snow: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What cloud and snow make of the aurora.

    Returns the share that is seen sharp (n, 1, ...), what thin cloud blurs a little (n, 3, ...), and what thick cloud
    spreads over the sky (n, 3, ...).
    """
    side = small.shape[-1]
    little = interpolate(half(small), size=(30, 30), mode="bilinear", antialias=True)
    near = interpolate(little, size=(side, side), mode="bilinear")
    wide = interpolate(
        interpolate(little, size=(10, 10), mode="bilinear", antialias=True), size=(side, side), mode="bilinear"
    )
    wide = 0.3 * wide + 0.7 * wide.mean((2, 3), keepdim=True)
    open_dome = 1 - 0.8 * snow
    blurred = 0.45 * near * through * (1 - through) * open_dome
    return through * (0.55 + 0.45 * through) * (1 - snow), blurred, 0.4 * wide * (1 - through) * open_dome


def _cover_with_snow(picture: Tensor, snow: Tensor) -> Tensor:
    ambient = picture.mean((2, 3), keepdim=True)
    return picture * (1 - snow) + snow * (0.65 * ambient + 0.35 * picture) * 1.15


def _expose(picture: Tensor, cam: dict[str, Tensor]) -> Tensor:
    """Linear light to display values 0 to 1."""
    sky = geometry.sky(picture.shape[-1], str(picture.device))
    ghost = torch.flip(picture.clamp_max(3.0), (-2, -1)) * cam["ghost"]
    fall = 1 - cam["vignette"] * (1 - sky.alt_deg / 90)[None, None] ** 2
    exposed = camera.saturate((picture + ghost) * fall * cam["gain"] * _balance(cam), cam["saturation"])
    return camera.tone(exposed, cam["lift"])


def _balance(cam: dict[str, Tensor]) -> Tensor:
    """White balance (n, 3, 1, 1)."""
    return torch.cat([cam["wb_red"], cam["wb_green"], cam["wb_blue"]], 1)


def _stand_in_front(
    picture: Tensor, ambient: Tensor, cam: dict[str, Tensor], layers: list[foreground.BeforeLens]
) -> None:
    """Lay trees, pole, rim, snow and dirt over the picture, lit by the mean of the sky, and the light of lamps; in place."""
    mean = ambient.clamp_max(1.0).mean((2, 3), keepdim=True) * cam["gain"] * _balance(cam)
    for frame, layer in enumerate(layers):
        shade = camera.tone(mean[frame : frame + 1], cam["lift"][frame : frame + 1])[0, :, :, 0]
        flat = picture[frame].view(3, -1)
        behind = flat.index_select(1, layer.index)
        behind += layer.opacity * (shade * layer.brightness - behind)
        if layer.glow is not None:
            behind = 1 - (1 - behind) * (1 - layer.glow)
        flat.index_copy_(1, layer.index, behind)
