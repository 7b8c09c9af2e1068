"""Fine-tuning as published: the head alone for six epochs, then all weights for six more, at a tenth of the rate.

Two quirks of the published script are switches. The backbone is never put into evaluation mode while its weights are
frozen, so all 69 BatchNorm layers keep adapting (``batchnorm``); and the epoch kept is the first with the highest
validation accuracy, on the very images that are then reported (``best``).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softmax

from repro.classifier.checkpoint import (
    Phase,
    Progress,
    Validation,
    from_checkpoint,
    phases_of,
    resumed,
    save_checkpoint,
    start_phase,
)
from repro.classifier.device import autocast, deterministic, halved_batch, say, tf32
from repro.classifier.images import Images, plain_batches, training_batches
from repro.classifier.network import check_loss, drawn, fix_batchnorm
from repro.engine.progress import progress as progress_bar
from repro.frames import CLASSES
from repro.params import TrainParams


@dataclass(frozen=True)
class TrainingJob:
    """One training to be done, on images of both classes.

    ``seed`` decides order, augmentation, dropout and stochastic depth of every epoch; ``workers`` are threads that prepare
    images, 0 for one a core. ``checkpoint`` is written after every epoch. If it exists and has the same ``settings``,
    training resumes after its epoch and with its seed; in deterministic mode the result is then the same as without the
    interruption. ``settings`` names data, parameters and, where it matters, the seed, so that a checkpoint of another
    training is not used.
    """

    train: Images
    val: Images
    params: TrainParams
    seed: int
    device: torch.device
    workers: int = 0
    checkpoint: Path | None = None
    settings: str = ""
    title: str = "train"


@dataclass(frozen=True)
class Trained:
    """Outcome of one training: the network with the weights of the best epoch (from 1), in evaluation mode.

    ``curves`` has one row an epoch, columns :data:`repro.classifier.checkpoint.CURVES`; losses are means over images,
    training values those of the augmented images, while the weights changed. ``validation`` has ``name``, ``label``,
    ``p_yes`` and ``predicted`` of every validation image at the best epoch. ``seed`` is that of the checkpoint, if training
    resumed from one; ``train_images`` are images of an epoch. ``statistics_moved`` says whether running statistics of
    BatchNorm changed while the backbone was frozen.
    """

    network: nn.Module
    curves: pd.DataFrame
    best_epoch: int
    validation: pd.DataFrame
    seed: int
    train_images: int
    statistics_moved: bool


def fine_tune(
    network: nn.Module, training: TrainingJob, *, after_epoch: Callable[[int], None] | None = None
) -> Trained:
    """Fine-tune a network from :func:`repro.classifier.network.build`; it is changed.

    ``after_epoch`` is called with the epoch's number after its checkpoint is written. Raises ReproError if the loss is not
    finite, or not even a batch of one fits into the GPU's memory.
    """
    params, device, where = training.params, training.device, (training.checkpoint, training.settings)
    network = network.to(device).to(memory_format=torch.channels_last)
    for module in network.modules():
        if isinstance(module, nn.SiLU):
            module.inplace = False  # torch would copy what is overwritten, because the gradient needs it
    phases = phases_of(params)
    images = len(training.train) + len(training.val)
    repeatable = deterministic(device) if params.mode == "deterministic" else nullcontext()
    with (
        repeatable,
        tf32(params.precision, device),
        progress_bar(training.title, len(phases) * images, "images") as bar,
    ):
        begun = from_checkpoint(*where, "train", lambda document: resumed(document, network, params))
        network, optimiser, progress = begun or (network, None, Progress(params.batch, training.seed))
        bar.advance(progress.epoch * images)
        while progress.epoch < len(phases):
            epoch, phase = progress.epoch + 1, phases[progress.epoch]
            if optimiser is None or phase != phases[max(0, epoch - 2)]:
                optimiser = start_phase(network, phase, params)
            weights_before = {key: value.detach().cpu().clone() for key, value in network.state_dict().items()}
            optimiser_before = copy.deepcopy(optimiser.state_dict())
            try:
                with drawn(progress.seed, "epoch", epoch):
                    loss_and_accuracy = _train_epoch(network, optimiser, phase, training, progress)
                validation = validate(network, training.val, params, device)
            except torch.OutOfMemoryError as error:
                progress.batch = halved_batch(progress.batch, error, device)
                say(
                    f"train: the GPU ran out of memory; epoch {epoch} begins again with a batch of {progress.batch}. "
                    "This is not the published batch; the curves say where it changed."
                )
                network.load_state_dict(weights_before)
                optimiser.load_state_dict(optimiser_before)
                continue
            progress.statistics_moved |= phase == "head" and _statistics_differ(weights_before, network)
            progress.add(phase, loss_and_accuracy, validation, network, params.best)
            save_checkpoint(*where, network, optimiser, state=vars(progress))
            bar.advance(images, note=f"epoch {epoch}: {validation.accuracy:.4f}")
            if after_epoch is not None:
                after_epoch(epoch)
    network.load_state_dict(progress.best_weights)
    best = validate(network, training.val, params, device)
    label, predicted = (np.array(CLASSES)[classes] for classes in (training.val.classes, best.predicted))
    table = pd.DataFrame({"name": training.val.names, "label": label, "p_yes": best.p_yes, "predicted": predicted})
    table = table.astype({"name": "str", "label": "str", "predicted": "str"})
    counts = progress.seed, len(training.train), progress.statistics_moved
    return Trained(network.eval(), progress.curves(), progress.best_epoch, table, *counts)


def validate(network: nn.Module, images: Images, params: TrainParams, device: torch.device) -> Validation:
    """Classify images in evaluation mode."""
    network.eval()
    logits = []
    with torch.inference_mode(), autocast(params.precision, device):
        for batch in plain_batches(images.pixels, max(params.batch, 16), device):
            logits.append(network(batch).float().cpu())
    answers = torch.cat(logits).double()
    classes = torch.from_numpy(images.classes)
    predicted = answers.argmax(1)
    loss, correct = float(cross_entropy(answers, classes)), int((predicted == classes).sum())
    return Validation(loss, correct, softmax(answers, 1)[:, 1].numpy(), predicted.numpy())


def _train_epoch(
    network: nn.Module, optimiser: torch.optim.Adam, phase: Phase, training: TrainingJob, progress: Progress
) -> tuple[float, float]:
    """Train for one epoch; mean loss and accuracy over its images."""
    params, device, epoch = training.params, training.device, progress.epoch + 1
    network.train()
    if phase == "head" and params.batchnorm == "fixed":
        fix_batchnorm(network)
    total, correct = 0.0, 0
    batches = training_batches(training.train, progress.batch, progress.seed, epoch, device, workers=training.workers)
    for inputs, classes in batches:
        with autocast(params.precision, device):
            logits = network(inputs)
        loss = cross_entropy(logits.float(), classes)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total += float(loss.detach()) * len(classes)
        correct += int((logits.detach().argmax(1) == classes).sum())
        check_loss(total, f"stage train, epoch {epoch}", "train in float32, or with a smaller learning rate")
    return total / len(training.train), correct / len(training.train)


def _statistics_differ(before: Mapping[str, Tensor], network: nn.Module) -> bool:
    now = network.state_dict()
    return any(not torch.equal(value, now[name].cpu()) for name, value in before.items() if "running_" in name)
