"""Speed of Grad-CAM: ours, one frame after the other as the published script, and forward and backward alone."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from repro.bench.inference_speed import lively, published_transform, write_night
from repro.bench.rates import best_rates, speed_document
from repro.classifier.cam import BATCH, Maps, explain, layer_of
from repro.classifier.device import choose
from repro.classifier.network import build
from repro.classifier.transforms import load_frame, normalise
from repro.engine.workers import worker_count

FRAMES, ROUNDS = 2 * BATCH, 4
SIDE_PX = 240


def bench() -> dict[str, Any]:
    """Measure explained frames a second, reading included; best of several rounds, by turns.

    The baseline reads, transforms and explains one frame at a time with an object of the package for each, as the
    published script does. The limit is forward and backward alone, no further back than the layer that is explained, on
    images that are ready, in our batches.

    Returns ``name``, ``ours``, ``baseline``, ``limit``, ``ratio_to_baseline``, ``ratio_to_limit``, ``unit``; ``device``;
    ``largest_difference`` between our maps and the baseline's, scaled from 0 to 1.
    """
    device = choose("auto")
    with tempfile.TemporaryDirectory(prefix="repro-gradcam-") as folder:
        archive = Path(folder) / "night.zip"
        names = write_night(archive, FRAMES)
        network = lively(build("none", 0), np.stack([load_frame(archive, name, SIDE_PX) for name in names[:8]])).to(
            device
        )
        ready = normalise(np.stack([load_frame(archive, name, SIDE_PX) for name in names[:BATCH]]), device)

        def ours() -> Maps:
            pixels = np.stack([load_frame(archive, name, SIDE_PX) for name in names])
            return explain(network, pixels, "yes", device=device).shown

        rates, shown = best_rates(
            {
                "ours": (len(names), ours),
                "baseline": (len(names), lambda: _one_by_one(network, archive, names, device)),
                "limit": (len(names), lambda: _forward_backward(network, ready)),
            },
            ROUNDS,
        )
    difference = np.abs(shown["ours"] - shown["baseline"]).max()
    return speed_document(
        "gradcam",
        "frames/s",
        rates,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu, {worker_count(0)} cores",
        largest_difference=float(f"{difference:.2g}"),
    )


def _one_by_one(network: nn.Module, archive: Path, names: list[str], device: torch.device) -> Maps:
    network.requires_grad_(True)
    maps = []
    with zipfile.ZipFile(archive) as file:
        for name in names:
            image = Image.open(io.BytesIO(file.read(name))).convert("RGB")
            with GradCAM(model=network, target_layers=[layer_of(network, "features")]) as cam:
                maps.append(
                    cam(published_transform(image).unsqueeze(0).to(device), targets=[ClassifierOutputTarget(1)])[0]
                )
    network.zero_grad(set_to_none=True)
    return np.array(maps)


def _forward_backward(network: nn.Module, ready: torch.Tensor) -> Maps:
    network.requires_grad_(False)
    layer_of(network, "features").requires_grad_(True)
    for _ in range(FRAMES // len(ready)):
        network(ready)[:, 1].sum().backward()
    network.zero_grad(set_to_none=True)
    return np.empty((0, SIDE_PX, SIDE_PX), np.float32)
