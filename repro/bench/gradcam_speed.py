"""Speed of Grad-CAM: ours, one frame after the other as the published script, and forward and backward alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from repro.bench.inference_speed import device_in_words, lively, published_inputs, write_night
from repro.bench.rates import Way, best_rates, speed_document
from repro.classifier.cam import BATCH, Maps, explain, layer_of
from repro.classifier.device import choose
from repro.classifier.network import build
from repro.classifier.transforms import Pixels, load_frame, normalise

FRAMES, ROUNDS = 2 * BATCH, 4
SIDE_PX = 240


def bench() -> dict[str, Any]:
    """Measure explained frames a second, reading included; best of several rounds, by turns.

    The baseline reads, transforms and explains one frame at a time with an object of the package for each, as the
    published script does. The limit is forward and backward alone, no further back than the layer that is explained, on
    images that are ready, in our batches.

    Returns the keys of every benchmark, with ``device`` and ``largest_difference`` between our maps and the baseline's,
    scaled from 0 to 1.
    """
    device = choose("auto")
    with tempfile.TemporaryDirectory(prefix="repro-gradcam-") as folder:
        archive = Path(folder) / "night.zip"
        names = write_night(archive, FRAMES)

        def read(some: list[str]) -> Pixels:
            return np.stack([load_frame(archive, name, SIDE_PX) for name in some])

        network = lively(build("none", 0), read(names[:8])).to(device)
        ready = normalise(read(names[:BATCH]), device)

        ways: dict[str, Way[Maps]] = {
            "ours": (len(names), lambda: explain(network, read(names), "yes", device=device).shown),
            "baseline": (len(names), lambda: _one_by_one(network, archive, names, device)),
            "limit": (len(names), lambda: _forward_backward(network, ready)),
        }
        rates, shown = best_rates(ways, ROUNDS)
    difference = np.abs(shown["ours"] - shown["baseline"]).max()
    return speed_document(
        "gradcam", "frames/s", rates, device=device_in_words(device), largest_difference=float(f"{difference:.2g}")
    )


def _one_by_one(network: nn.Module, archive: Path, names: list[str], device: torch.device) -> Maps:
    network.requires_grad_(True)
    maps = []
    for inputs in published_inputs(archive, names, device):
        with GradCAM(model=network, target_layers=[layer_of(network, "features")]) as cam:
            maps.append(cam(inputs, targets=[ClassifierOutputTarget(1)])[0])
    network.zero_grad(set_to_none=True)
    return np.array(maps)


def _forward_backward(network: nn.Module, ready: torch.Tensor) -> Maps:
    network.requires_grad_(False)
    layer_of(network, "features").requires_grad_(True)
    for _ in range(FRAMES // len(ready)):
        network(ready)[:, 1].sum().backward()
    network.zero_grad(set_to_none=True)
    return np.empty((0, SIDE_PX, SIDE_PX), np.float32)
