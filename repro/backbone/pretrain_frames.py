"""Simulated frames for pre-training: drawn from many random nights, rendered once, changed anew at every look."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

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
