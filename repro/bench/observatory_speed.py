"""Speed of the renderer, as ratios in one run on one machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from repro.bench.rates import best_rates, speed_document
from repro.engine.workers import run_or_raise, worker_count
from repro.observatory import campaign
from repro.observatory import video_writer as film
from repro.observatory.geometry import FRAME_PX
from repro.observatory.render import double, render
from repro.observatory.scene import Scenes, scenes
from repro.params import load_params
from repro.paths import find_project

FRAMES = 48  # spread over the default campaign, so that aurora, cloud and Moon have their usual share


def bench() -> dict[str, Any]:
    """Measure masked 720-pixel frames a second, rendered straight to tensors with their truth, on the CPU.

    Returns ``ours``: this renderer, one process a core. ``baseline``: the same scene computed at full size, one frame at a
    time, in as many processes. ``limit``: only enlarging ready pictures, adding noise and rounding, which any renderer must
    do. ``unit`` is frames a second; ratios are of ours.
    """
    params = load_params(find_project().params)
    plans = [campaign.plan(night, params) for night in campaign.chosen(params, "default")]
    parts = []
    for plan in plans:
        times = film.key_times(plan)
        parts.append(scenes(plan, times[np.linspace(3, len(times) - 1, 3).astype(int)], params.schedule.site))
    candidates = Scenes.join(parts)
    chosen = candidates.take(np.linspace(0, len(candidates) - 1, FRAMES).astype(int))
    few = chosen.take(np.arange(0, FRAMES, 6))
    rates = {
        way: sum(rate for _, rate in run_or_raise(_rate, [(way, frames)] * worker_count(0)))
        for way, frames in (("ours", chosen), ("baseline", few), ("limit", chosen))
    }
    return speed_document("observatory", "frames/s", rates)


def _rate(job: tuple[str, Scenes]) -> float:
    """Frames a second in one way; the first run fills caches and does not count."""
    way, frames = job
    half_size, noise = torch.rand(1, 3, FRAME_PX // 2, FRAME_PX // 2), torch.rand(FRAME_PX, FRAME_PX)
    numbers = range(len(frames))
    ways = {
        "ours": lambda: [render(frames)],
        "baseline": lambda: [render(frames.take(slice(k, k + 1)), shortcut=False) for k in numbers],
        "limit": lambda: [double(half_size).add_(noise).mul_(255).round_().clamp_(0, 255).byte() for _ in numbers],
    }
    rates, _ = best_rates({way: (len(frames), ways[way])}, 1)
    return rates[way]
