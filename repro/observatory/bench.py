"""Speed of the renderer, as ratios in one run on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from repro.observatory import campaign, film
from repro.observatory.geometry import FRAME_PX
from repro.observatory.render import double, render
from repro.observatory.scene import Scenes, scenes
from repro.params import load_params
from repro.paths import find_project

FRAMES = 48  # spread over the default campaign, so that aurora, cloud and Moon have their usual share


def bench(device: str = "cpu", project: Path | None = None) -> dict[str, str | float]:
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
        ``ours``: this renderer, on all threads torch may use. ``baseline``: the same scene computed at full size, one
        frame at a time. ``limit``: only enlarging ready pictures, adding noise and rounding, which any renderer must do.
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
    sample = chosen.take(np.arange(0, FRAMES, 6))

    def slow() -> None:
        for index in range(len(sample)):
            render(sample.take(slice(index, index + 1)), device=device, shortcut=False)

    half_size = torch.rand(1, 3, FRAME_PX // 2, FRAME_PX // 2, device=device)
    noise = torch.rand(FRAME_PX, FRAME_PX, device=device)

    def least() -> None:
        for _ in range(FRAMES):
            double(half_size).add_(noise).mul_(255).round_().clamp_(0, 255).to(torch.uint8)

    ours = FRAMES / _seconds(lambda: render(chosen, device=device), device)
    baseline = len(sample) / _seconds(slow, device)
    limit = FRAMES / _seconds(least, device)
    return {
        "name": "observatory",
        "ours": round(ours, 1),
        "baseline": round(baseline, 1),
        "limit": round(limit, 1),
        "ratio_to_baseline": round(ours / baseline, 2),
        "ratio_to_limit": round(ours / limit, 3),
        "unit": "frames/s",
    }


def _seconds(work: Callable[[], object], device: str) -> float:
    """Time of the second run: the first fills caches."""
    for _ in range(2):
        began = time.perf_counter()
        work()
        if device != "cpu":
            torch.cuda.synchronize()
    return time.perf_counter() - began
