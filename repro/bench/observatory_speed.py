"""Speed of the renderer, as ratios in one run on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from repro.bench.rates import speed_document
from repro.engine import workers
from repro.observatory import campaign
from repro.observatory import video_writer as film
from repro.observatory.geometry import FRAME_PX
from repro.observatory.render import double, render
from repro.observatory.scene import Scenes, scenes
from repro.params import load_params
from repro.paths import find_project

FRAMES = 48  # spread over the default campaign, so that aurora, cloud and Moon have their usual share


def bench(device: str = "cpu", project: Path | None = None) -> dict[str, Any]:
    """Measure masked 720-pixel frames a second, rendered straight to tensors with their truth.

    Parameters
    ----------
    device : str
        Where to render.
    project : Path, optional
        The checkout; found from the current folder if not given.

    Returns
    -------
    dict
        ``ours``: this renderer, one process a core side by side (one process on a GPU). ``baseline``: the same scene computed at full size, one
        frame at a time, in as many processes. ``limit``: only enlarging ready pictures, adding noise and rounding, which any renderer must do.
        ``unit`` is frames a second; ratios are of ours.
    """
    params = load_params(find_project(project).params)
    plans = [campaign.plan(night, params) for night in campaign.chosen(params, "default")]
    parts = []
    for plan in plans:
        times = film.key_times(plan)
        parts.append(scenes(plan, times[np.linspace(3, len(times) - 1, 3).astype(int)], params.schedule.site))
    every = Scenes.join(parts)
    chosen = every.take(np.linspace(0, len(every) - 1, FRAMES).astype(int))
    processes = workers.worker_count(0)
    jobs = [(chosen, device) for _ in range(processes)] if device == "cpu" else [(chosen, device)]
    sample = chosen.take(np.arange(0, FRAMES, 6))
    few = [(sample, device) for _ in jobs]
    ways = {"ours": (_ours, jobs), "baseline": (_plain, few), "limit": (_least, few)}
    rates = {
        name: sum(_good(result) for _, result in workers.run(work, items, workers=processes))
        for name, (work, items) in ways.items()
    }
    return speed_document("observatory", "frames/s", rates)


def _ours(job: tuple[Scenes, str]) -> float:
    scenes_, device = job
    return len(scenes_) / _seconds(lambda: render(scenes_, device=device), device)


def _plain(job: tuple[Scenes, str]) -> float:
    scenes_, device = job

    def work() -> None:
        for index in range(len(scenes_)):
            render(scenes_.take(slice(index, index + 1)), device=device, shortcut=False)

    return len(scenes_) / _seconds(work, device)


def _least(job: tuple[Scenes, str]) -> float:
    device = job[1]
    half_size = torch.rand(1, 3, FRAME_PX // 2, FRAME_PX // 2, device=device)
    noise = torch.rand(FRAME_PX, FRAME_PX, device=device)

    def work() -> None:
        for _ in range(FRAMES):
            double(half_size).add_(noise).mul_(255).round_().clamp_(0, 255).to(torch.uint8)

    return FRAMES / _seconds(work, device)


def _good(result: float | Exception) -> float:
    if isinstance(result, Exception):
        raise result
    return result


def _seconds(work: Callable[[], object], device: str) -> float:
    """Time of the second run: the first fills caches."""
    for _ in range(2):
        began = time.perf_counter()
        work()
        if device != "cpu":
            torch.cuda.synchronize()
    return time.perf_counter() - began
