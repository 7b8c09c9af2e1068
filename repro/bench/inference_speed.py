"""Speed of inference: ours, the published script's way, and the limit, side by side in one run."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torchvision import transforms

from repro.bench.rates import Way, best_rates, speed_document
from repro.classifier.device import choose
from repro.classifier.frame_classifier import SUITS, Classifier
from repro.classifier.infer_corpus import Logits, p_yes
from repro.classifier.network import build, load, save
from repro.classifier.transforms import IMAGENET_MEAN, IMAGENET_STD, Pixels, load_frame, normalise
from repro.engine.workers import worker_count
from repro.errors import ReproError
from repro.params import InferParams

SIDE_PX = 720
PARTS_A_THREAD = 2  # batches that each thread gets on a CPU
GPU_FRAMES = 2048
DIFFERENT = 64  # frames; more are these again
ROUNDS = 8  # short ones by turns, of which the fastest counts: what else the machine does strikes all alike
P_TOLERANCE = 0.002
#: What the published script does to an image before the network.
published_transform = transforms.Compose(
    [transforms.Resize((240, 240)), transforms.ToTensor(), transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)]
)


def bench() -> dict[str, Any]:
    """Measure frames per second, decoding included.

    Ours is :class:`repro.classifier.frame_classifier.Classifier` in its ``fast`` mode. The baseline is the published
    script's way: open, transform and classify one image after the other, in float32. The limit is the slower of the two
    things that must happen in any case, decoding alone and the network alone, on the same device with the same batches; on
    a CPU, where both share the cores, it is the highest rate that both can reach together. Raises ReproError if a class
    flips or p(yes) differs by more than 0.002: then speed would say nothing.

    Returns the keys of every benchmark, with ``device``, ``largest_difference`` of p(yes) from the baseline, and ``flipped``
    classes.
    """
    device = choose("auto")
    gpu = device.type == "cuda"
    params = InferParams()
    count = GPU_FRAMES if gpu else SUITS["cpu"] * PARTS_A_THREAD * worker_count(0)
    with tempfile.TemporaryDirectory() as folder:
        archive, weights = Path(folder) / "night.zip", Path(folder) / "weights.safetensors"
        names = write_night(archive, count)
        some = np.stack([load_frame(archive, name, 240) for name in names[:8]])
        save(lively(build("none", 0), some), weights, {"image_size_px": 240})
        fast = Classifier(load(weights)[0], 240, params, device)
        published = load(weights)[0].to(device)
        few = names if not gpu else names[: count // 8]  # one by one, all would take minutes
        ways: dict[str, Way[Any]] = {
            "ours": (count, lambda: fast.classify(archive, names)),
            "baseline": (len(few), lambda: _published(published, archive, few, device)),
            "decode": (count, lambda: _decode_only(archive, names, fast.threads)),
            "network": (count, lambda: _network_only(fast, count)),
        }
        rates, answers = best_rates(ways, ROUNDS)
    difference = np.abs(p_yes(answers["ours"][: len(few)]) - p_yes(answers["baseline"]))
    flipped = int((answers["ours"][: len(few)].argmax(1) != answers["baseline"].argmax(1)).sum())
    if flipped or difference.max() > P_TOLERANCE:
        raise ReproError(
            found=f"{flipped} classes flipped, p(yes) differs by up to {difference.max():.4f}",
            expected=f"none, and at most {P_TOLERANCE}",
            where=f"repro bench inference on {device}",
            remedy="report this: the fast way must give the published answers",
        )
    decode, network = rates.pop("decode"), rates.pop("network")
    return speed_document(
        "inference",
        "frames/s",
        {**rates, "limit": min(decode, network) if gpu else 1 / (1 / decode + 1 / network)},
        device=device_in_words(device),
        largest_difference=float(difference.max()),
        flipped=flipped,
    )


def write_night(target: Path, count: int) -> list[str]:
    """Noisy frames of the size and weight of real ones."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:SIDE_PX, 0:SIDE_PX] / SIDE_PX - 0.5
    inside = rows**2 + columns**2 < 0.25
    names = [f"{number}.jpg" for number in range(count)]
    data: list[bytes] = []
    for number in range(min(count, DIFFERENT)):
        arc = 160 * np.exp(-(((rows - 0.3 * np.sin(number + 4 * columns)) / 0.05) ** 2)) * (number % 3 == 0)
        image = rng.normal(25, 6, (SIDE_PX, SIDE_PX, 3))
        image[..., 1] += arc
        picture = io.BytesIO()
        Image.fromarray((np.clip(image, 0, 255) * inside[..., None]).astype(np.uint8)).save(picture, "jpeg", quality=95)
        data.append(picture.getvalue())
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for number, name in enumerate(names):
            archive.writestr(name, data[number % len(data)])
    return names


def lively(network: nn.Module, pixels: Pixels) -> nn.Module:
    """Give random weights BatchNorm statistics of images, without which every image gets the same answer."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in norms:
        module.momentum = None
        module.reset_running_stats()
        module.train()
    with torch.no_grad():
        network(normalise(pixels))
    return network.eval()


def published_inputs(archive: Path, names: list[str], device: torch.device) -> Iterator[torch.Tensor]:
    """Frames one by one, (1, 3, 240, 240), as the published script reads and transforms them."""
    with zipfile.ZipFile(archive) as file:
        for name in names:
            image = Image.open(io.BytesIO(file.read(name))).convert("RGB")
            yield published_transform(image).unsqueeze(0).to(device)


def device_in_words(device: torch.device) -> str:
    """The GPU's name, or the number of the CPU's cores."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu, {worker_count(0)} cores"


def _published(network: nn.Module, archive: Path, names: list[str], device: torch.device) -> Logits:
    with torch.no_grad():
        answers = [network(inputs)[0].double().cpu().numpy() for inputs in published_inputs(archive, names, device)]
    return np.array(answers)


def _decode_only(archive: Path, names: list[str], threads: int) -> Pixels:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda name: load_frame(archive, name, 240), names))[-1]


def _network_only(fast: Classifier, count: int) -> Logits:
    """The network alone, on images that are ready, divided over threads as ours does."""
    ready = np.random.default_rng(2).integers(0, 256, (fast.batch, 240, 240, 3), dtype=np.uint8)
    return fast.each(lambda _: ready, [()] * (count // fast.batch))
