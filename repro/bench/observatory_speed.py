"""Speed of the renderer, as ratios in one run on one machine."""

from __future__ import annotations

import time
from collections.abc import Callable
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
    processes = workers.worker_count(0)
    few = chosen.take(np.arange(0, FRAMES, 6))
    ways = {"ours": (_ours, chosen), "baseline": (_plain, few), "limit": (_least, few)}
    rates = {
        name: sum(_good(result) for _, result in workers.run(work, [items] * processes, workers=processes))
        for name, (work, items) in ways.items()
    }
    return speed_document("observatory", "frames/s", rates)


def _ours(frames: Scenes) -> float:
    return len(frames) / _seconds(lambda: render(frames, device="cpu"))


def _plain(frames: Scenes) -> float:
    def work() -> None:
        for index in range(len(frames)):
            render(frames.take(slice(index, index + 1)), device="cpu", shortcut=False)

    return len(frames) / _seconds(work)


def _least(_frames: Scenes) -> float:
    half_size = torch.rand(1, 3, FRAME_PX // 2, FRAME_PX // 2)
    noise = torch.rand(FRAME_PX, FRAME_PX)

    def work() -> None:
        for _ in range(FRAMES):
            double(half_size).add_(noise).mul_(255).round_().clamp_(0, 255).to(torch.uint8)

    return FRAMES / _seconds(work)


def _good(result: float | Exception) -> float:
    if isinstance(result, Exception):
        raise result
    return result


def _seconds(work: Callable[[], object]) -> float:
    """Time of the second run: the first fills caches."""
    for _ in range(2):
        began = time.perf_counter()
        work()
    return time.perf_counter() - began
