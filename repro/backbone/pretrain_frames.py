"""Simulated frames for pre-training: drawn from many random nights, rendered once, changed anew at every look.

The changes keep a network from learning the simulator's fingerprints. They include what no simulation knows: another
orientation and size of the circle, other cameras' colours, black level, noise and compression, and things before the
lens. Half of the frames of a batch are only turned and flipped.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate

from repro.engine.progress import progress
from repro.files import write_table
from repro.observatory import campaign
from repro.observatory.plan import FORMS, Night, Times, plan_night
from repro.observatory.render import render
from repro.observatory.scene import Scenes, scenes
from repro.observatory.truth import COLOURS
from repro.params import Params, SimulatedNight
from repro.seeding import generator

FRAME_PX = 240
MASK_PX = 30  # cells of the coarse mask of the aurora, 8 pixels of the frame each
PER_NIGHT = 12
BATCH = 48
#: Classes of the joint tasks; the first of each means that no aurora is visible.
FORM_CLASSES = ("none", *FORMS)
COLOUR_CLASSES = COLOURS

PLAIN_SHARE = 0.5
CHANCE = 0.7  # of each further change of a frame that is not plain
RADIUS = (0.85, 1.15)  # of the sky's circle, in that of the simulated frame
SATURATION = (0.8, 3.0)
BLACK_LEVEL = (-5 / 255, 22 / 255)  # added to all colours
NOISE = 15 / 255  # greatest deviation
QUALITY = (15, 80)  # of the JPEG, with colour at half resolution


@dataclass(frozen=True)
class Corpus:
    """Rendered frames and what is true of them."""

    #: uint8, shape (n, 3, FRAME_PX, FRAME_PX). A memory map.
    frames: npt.NDArray[np.uint8]
    #: uint8, shape (n, MASK_PX, MASK_PX). Share of the cell that is auroral, 0 to 255.
    masks: npt.NDArray[np.uint8]
    #: One row a frame: ``night``, the conditions, ``margin``, ``visible``, ``certain``, ``form``, ``colour``,
    #: ``cloud_cover``.
    truth: pd.DataFrame


def draw_moments(params: Params, count: int, name: str) -> Iterator[tuple[Night, Times]]:
    """Moments of random nights of ``schedule.windows``, some PER_NIGHT of them a night, with the plan of each night.

    Another ``name`` draws other weather and aurora for every night.
    """
    every = campaign.chosen(params, "full")
    rng = generator(params.seed, "pretrain", name)
    for start in range(0, count, PER_NIGHT):
        night = every[int(rng.integers(len(every)))].night
        whole = SimulatedNight(night=night, part="all")
        begin, end = campaign.span(whole, params.schedule.site, params.simulate.switch_on_sun_alt_deg)
        # Strong displays are rare on ordinary nights; a network learns forms and colours from those it can see.
        strength = float(np.exp(rng.normal(0.5, 0.7)))
        # Every other night is filmed by a camera that need not be AuroraMAX's.
        variety = 1.0 + float(rng.random() < 0.5)
        plan = plan_night(night, int(rng.integers(2**31)), begin, end, strength=strength, variety=variety)
        length_s = int((end - begin) / np.timedelta64(1, "s"))
        moments = np.sort(rng.choice(length_s, size=min(PER_NIGHT, count - start), replace=False))
        yield plan, begin + moments.astype("timedelta64[s]")


def make(params: Params, count: int, name: str, folder: Path, device: str = "cpu") -> Corpus:
    """Render a corpus into a folder, or open the one that is there; an interrupted rendering goes on where it was.

    ``name`` is as for :func:`draw_moments`; the files are ``NAME.npy``, ``NAME_masks.npy`` and ``NAME.parquet``.
    """
    files = folder / f"{name}.npy", folder / f"{name}_masks.npy", folder / f"{name}.parquet"
    if not files[2].is_file() or len(pd.read_parquet(files[2])) != count:
        _render(params, count, name, folder, device)
    return Corpus(np.load(files[0], mmap_mode="r"), np.load(files[1], mmap_mode="r"), pd.read_parquet(files[2]))


def _render(params: Params, count: int, name: str, folder: Path, device: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # The table of each night is written after its frames, and that of all nights last: what has none was not finished.
    nights = folder / f"{name}_{count}"
    nights.mkdir(exist_ok=True)
    (folder / f"{name}.parquet").unlink(missing_ok=True)
    frames = _array(folder / f"{name}.npy", (count, 3, FRAME_PX, FRAME_PX), nights)
    masks = _array(folder / f"{name}_masks.npy", (count, MASK_PX, MASK_PX), nights)
    with progress(f"render {name}", count) as tally:
        for number, (plan, times) in enumerate(draw_moments(params, count, name)):
            done, table = number * PER_NIGHT, nights / f"{number:05d}.parquet"
            if not table.is_file():
                part = scenes(plan, times, params.schedule.site)
                made = render(part, size=FRAME_PX, device=device)
                frames[done : done + len(part)] = made.frames.cpu().numpy()
                cell = made.mask.shape[-1] // MASK_PX
                shares = avg_pool2d(made.mask.float(), cell) * 255
                masks[done : done + len(part)] = shares.round().cpu().numpy().astype(np.uint8)
                frames.flush()
                masks.flush()
                write_table(table, _table(part, made.truth))
            tally.advance(len(times))
    tables = sorted(nights.glob("[!.]*.parquet"))
    write_table(folder / f"{name}.parquet", pd.concat([pd.read_parquet(table) for table in tables], ignore_index=True))
    shutil.rmtree(nights)


def _array(path: Path, shape: tuple[int, ...], nights: Path) -> np.memmap[Any, np.dtype[np.uint8]]:
    """Memory map of a file; a new one where no night of this corpus is finished."""
    fresh = not path.is_file() or not any(nights.glob("[!.]*.parquet"))
    array: np.memmap[Any, np.dtype[np.uint8]] = np.lib.format.open_memmap(
        path, "w+" if fresh else "r+", np.dtype(np.uint8), shape
    )
    return array


def _table(part: Scenes, truth: dict[str, npt.NDArray[Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "night": part.night,
            "sun_alt_deg": part.sun_alt_deg,
            "moon_alt_deg": part.moon_alt_deg,
            "moon_phase_deg": part.moon_phase_deg,
            "weather": part.weather_kind,
            "generation": part.generation,
            **truth,
        }
    )


def targets(truth: pd.DataFrame) -> dict[str, Tensor]:
    """What the joint tasks ask for, as tensors of shape (n,).

    ``visible`` is the chance that a careful labeller says yes: a logistic of the margin, half at the threshold itself.
    """
    margin = torch.tensor(truth["margin"].to_numpy(float), dtype=torch.float32)
    return {
        "visible": torch.sigmoid(margin / 0.15),
        "form": torch.tensor([FORM_CLASSES.index(form) for form in truth["form"]]),
        "colour": torch.tensor([COLOUR_CLASSES.index(colour) for colour in truth["colour"]]),
        "cloud": torch.tensor(truth["cloud_cover"].to_numpy(float), dtype=torch.float32),
    }


def augment(frames: Tensor, masks: Tensor, size: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Change frames, uint8 (n, 3, FRAME_PX, FRAME_PX), with their masks, uint8 (n, cells, cells).

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
    if size < FRAME_PX:  # without antialiasing, stars and noise would alias
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
