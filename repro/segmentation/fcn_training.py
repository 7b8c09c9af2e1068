"""Training as torchvision's reference does it: stochastic gradient descent, a falling rate, resized and cropped images.

The published text gives neither rate nor epochs nor augmentation; parameters name what is the reference's and what is ours.
Order and augmentation of an image depend on seed, epoch and image alone; a checkpoint after each epoch lets an interrupted
training end in the same network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from repro.classifier.checkpoint import from_checkpoint, save_checkpoint
from repro.classifier.device import deterministic, say
from repro.classifier.images import plain_batches
from repro.classifier.network import check_loss, drawn, fix_batchnorm
from repro.classifier.transforms import normalise
from repro.engine.progress import progress
from repro.params import KopriTrain
from repro.seeding import generator
from repro.segmentation.pixel_metrics import confusion

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
IGNORED = 255  # in a target: pixels that a shrunk image does not cover, as in the reference
POWER = 0.9  # of the falling rate, the reference's
AUXILIARY_RATE = 10.0  # of the auxiliary head, the reference's
CROP_STEP = 16  # sides of crops are multiples of it, so that features fit
Rows = list[dict[str, float]]


@dataclass(frozen=True)
class LabelledImages:
    """Images in memory with their masks: uint8 (n, size, size, 3) and bool (n, size, size)."""

    pixels: Pixels
    masks: Mask

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True)
class SegmentationJob:
    """One training; its checkpoint is used again if ``settings`` are the same."""

    train: LabelledImages
    validation: LabelledImages
    params: KopriTrain
    seed: int
    device: torch.device
    checkpoint: Path | None = None
    settings: str = ""
    title: str = "train"


def train(
    network: nn.Module, job: SegmentationJob, *, after_epoch: Callable[[int], None] | None = None
) -> tuple[nn.Module, pd.DataFrame]:
    """Train a network; the last epoch is kept, as in the reference, so validation images decide nothing.

    Gives the network in evaluation mode and one row an epoch: ``epoch``, ``train_loss``, ``val_loss``, ``val_iou``,
    ``val_precision``, ``val_recall``. Raises ReproError if the loss is not finite.
    """
    params, where = job.params, (job.checkpoint, job.settings)
    weights = torch.tensor([1.0, params.aurora_weight], device=job.device)
    network = network.to(job.device).to(memory_format=torch.channels_last)
    rates = [group["lr"] for group in _optimiser(network, params).param_groups]
    begun = from_checkpoint(*where, "kopri/train", lambda document: _resumed(document, network, params))
    network, optimiser, rows = begun or (network, _optimiser(network, params), [])
    steps = -(-len(job.train) // params.batch)
    # On a GPU two steps of this network have no deterministic algorithm.
    repeatable = deterministic(job.device, warn_only=job.device.type == "cuda")
    with repeatable, progress(job.title, params.epochs * len(job.train), "images") as bar:
        bar.advance(len(rows) * len(job.train))
        for epoch in range(len(rows) + 1, params.epochs + 1):
            network.train()
            if params.batchnorm == "fixed":
                fix_batchnorm(network.get_submodule("backbone"))
            total = 0.0
            with drawn(job.seed, "kopri", "epoch", epoch):
                for step, (images, targets) in enumerate(_batches(job, epoch)):
                    done = ((epoch - 1) * steps + step) / (params.epochs * steps)
                    for group, rate in zip(optimiser.param_groups, rates, strict=True):
                        group["lr"] = rate * (1 - done) ** POWER
                    loss = _loss(network(images), targets, weights, params.auxiliary_weight)
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    total += float(loss.detach()) * len(images)
                    bar.advance(len(images))
            remedy = "lower kopri.train.learning_rate in params.yaml"
            check_loss(total, f"stage kopri/train, epoch {epoch}", remedy)
            rows.append({"epoch": epoch, "train_loss": total / len(job.train), **_validated(network, job)})
            save_checkpoint(*where, network, optimiser, rows=rows)
            if after_epoch is not None:
                after_epoch(epoch)
    return network.eval(), pd.DataFrame(rows).astype({"epoch": "int64"})


def probabilities(network: nn.Module, pixels: Pixels, device: torch.device, batch: int = 16) -> npt.NDArray[np.uint8]:
    """Probability of aurora of each pixel, (n, size, size), in 255ths."""
    network = network.to(device).eval()
    parts = []
    with torch.inference_mode():
        for images in plain_batches(pixels, batch, device):
            logits = network(images)["out"].float()
            parts.append(torch.softmax(logits, 1)[:, 1].mul(255).round().to(torch.uint8).cpu().numpy())
    return np.concatenate(parts) if parts else np.zeros((0, *pixels.shape[1:3]), np.uint8)


def _validated(network: nn.Module, job: SegmentationJob) -> dict[str, float]:
    probability = probabilities(network, job.validation.pixels, job.device)
    if not len(probability):
        return dict.fromkeys(("val_loss", "val_iou", "val_precision", "val_recall"), float("nan"))
    p = np.clip(probability / 255.0, 1 / 510, 1 - 1 / 510)
    loss = -np.log(np.where(job.validation.masks, p, 1 - p)).mean()
    counts = confusion(probability >= 128, job.validation.masks)
    return {
        "val_loss": float(loss),
        **{f"val_{name}": getattr(counts, name) for name in ("iou", "precision", "recall")},
    }


def _loss(outputs: dict[str, Tensor], targets: Tensor, weights: Tensor, auxiliary_weight: float) -> Tensor:
    losses = {name: cross_entropy(out.float(), targets, weights, ignore_index=IGNORED) for name, out in outputs.items()}
    return losses["out"] + auxiliary_weight * losses.get("aux", torch.zeros(()))


def _optimiser(network: nn.Module, params: KopriTrain) -> torch.optim.SGD:
    factors = {"backbone": 1.0, "classifier": params.head_rate_factor, "aux_classifier": AUXILIARY_RATE}
    groups = [
        {"params": list(module.parameters()), "lr": params.learning_rate * factors[name]}
        for name, module in network.named_children()
    ]
    return torch.optim.SGD(groups, lr=params.learning_rate, momentum=params.momentum, weight_decay=params.weight_decay)


def _batches(job: SegmentationJob, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    order = generator(job.seed, "kopri", "order", epoch).permutation(len(job.train))
    for start in range(0, len(order), job.params.batch):
        chosen = order[start : start + job.params.batch]
        if len(chosen) == 1 and len(order) > 1:
            continue  # statistics of a single image would spoil BatchNorm
        rngs = [generator(job.seed, "kopri", epoch, int(index)) for index in chosen]
        pairs = zip(job.train.pixels[chosen], job.train.masks[chosen], rngs, strict=True)
        pictures, targets = zip(*(augmented(image, mask, job.params, rng) for image, mask, rng in pairs), strict=True)
        yield normalise(np.stack(pictures), job.device), torch.from_numpy(np.stack(targets)).long().to(job.device)


def augmented(
    image: Pixels, mask: Mask, params: KopriTrain, rng: np.random.Generator
) -> tuple[Pixels, npt.NDArray[np.uint8]]:
    """One image resized, turned, mirrored and cropped at random, and its target of 0, 1 and :data:`IGNORED`.

    Turned and mirrored images have other azimuths, which nothing here uses.
    """
    size = len(image)
    scaled = max(1, round(size * rng.uniform(*params.scale)))
    crop = max(CROP_STEP, round(size * params.crop_share / CROP_STEP) * CROP_STEP)
    picture = np.asarray(Image.fromarray(image).resize((scaled, scaled), Image.Resampling.BILINEAR))
    target = np.asarray(Image.fromarray(mask.astype(np.uint8)).resize((scaled, scaled), Image.Resampling.NEAREST))
    if params.turn:
        quarters = int(rng.integers(4))
        picture, target = np.rot90(picture, quarters), np.rot90(target, quarters)
    if rng.random() < params.flip:
        picture, target = picture[:, ::-1], target[:, ::-1]
    missing = max(0, crop - scaled)
    picture = np.pad(picture, ((0, missing), (0, missing), (0, 0)))
    target = np.pad(target, ((0, missing), (0, missing)), constant_values=IGNORED)
    top, left = (int(rng.integers(len(picture) - crop + 1)) for _ in range(2))
    return picture[top : top + crop, left : left + crop], target[top : top + crop, left : left + crop]


def _resumed(
    document: Mapping[str, Any], network: nn.Module, params: KopriTrain
) -> tuple[nn.Module, torch.optim.SGD, Rows]:
    """A copy of the network, its optimiser and the rows of finished epochs, as they were in a checkpoint."""
    rows, network = document["rows"], deepcopy(network)
    if [row["epoch"] for row in rows] != list(range(1, len(rows) + 1)) or len(rows) > params.epochs:
        raise ValueError("epochs that do not follow each other")
    network.load_state_dict(document["weights"])
    optimiser = _optimiser(network, params)
    optimiser.load_state_dict(document["optimiser"])
    say(f"kopri/train: resuming after epoch {len(rows)} of {params.epochs}")
    return network, optimiser, rows
