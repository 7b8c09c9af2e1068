"""Fine-tuning as published: the head alone for six epochs, then everything, a tenth as fast, for six more.

Two quirks of the published script are switches. The backbone is never put into evaluation mode while its weights are
frozen, so all 69 BatchNorm layers keep adapting (``batchnorm``); and the epoch kept is the first with the highest
validation accuracy, on the very images that are then reported (``best``).
"""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softmax
from torch.nn.modules.batchnorm import _BatchNorm

from repro.classifier.device import autocast, say, tf32
from repro.classifier.images import Images, plain_batches, training_batches
from repro.classifier.network import CLASSES, drawn
from repro.engine.progress import progress
from repro.errors import ReproError, printable
from repro.files import atomic_path
from repro.params import TrainParams
from repro.untrusted import message_of

Phase = Literal["head", "all"]

#: Columns of the curves and their types.
CURVES = {
    "epoch": "int64",
    "phase": "str",
    "batch": "int64",
    "train_loss": "float64",
    "train_accuracy": "float64",
    "val_loss": "float64",
    "val_accuracy": "float64",
    "val_correct": "int64",
    "val_images": "int64",
}


@dataclass(frozen=True)
class Trained:
    """Outcome of one training.

    Parameters
    ----------
    network : nn.Module
        With the weights of the best epoch, in evaluation mode.
    curves : DataFrame
        One row an epoch, columns :data:`CURVES`; losses are means over images, training values those of the augmented
        images as they were met, while the weights changed.
    best_epoch : int
        From 1.
    validation : DataFrame
        ``name``, ``label``, ``p_yes``, ``predicted`` of every validation image at the best epoch.
    seed : int
        What the epochs drew from; that of the checkpoint, if training went on from one.
    train_images : int
        Images that an epoch saw.
    statistics_moved : bool
        Whether running statistics of BatchNorm changed while the backbone was frozen.
    """

    network: nn.Module
    curves: pd.DataFrame
    best_epoch: int
    validation: pd.DataFrame
    seed: int
    train_images: int
    statistics_moved: bool


def fine_tune(
    network: nn.Module,
    train: Images,
    val: Images,
    params: TrainParams,
    *,
    seed: int,
    device: torch.device,
    workers: int = 0,
    checkpoint: Path | None = None,
    title: str = "train",
    settings: str = "",
    after_epoch: Callable[[int], None] | None = None,
) -> Trained:
    """Fine-tune a network.

    Parameters
    ----------
    network : nn.Module
        From :func:`repro.classifier.network.build`; it is changed.
    train, val : Images
        Both classes in each.
    params : TrainParams
        Section ``train`` of the parameters.
    seed : int
        Decides order, augmentation, dropout and stochastic depth of every epoch.
    device : torch.device
        Where to train.
    workers : int
        Threads that prepare images; 0 for one a core.
    checkpoint : Path, optional
        Written after every epoch. If it is there and of the same ``settings``, training goes on after its epoch and with
        its seed; in deterministic mode the result is then the same as without the interruption.
    title : str
        For the progress bar.
    settings : str
        Names data, parameters and, where it matters, the seed, so that a checkpoint of others is not taken up.
    after_epoch : callable, optional
        Called with the epoch's number after its checkpoint is written.

    Raises
    ------
    ReproError
        If the loss is no number, or not even a batch of one fits into the GPU's memory.
    """
    network = network.to(device).to(memory_format=torch.channels_last)
    state = _State(params.batch, seed)
    phases: list[Phase] = ["head" if epoch < params.epochs_head else "all" for epoch in range(params.epochs)]
    images = len(phases) * (len(train) + len(val))
    with _determinism(params, device), progress(title, images, "images") as tally:
        optimiser = None
        if checkpoint is not None:
            optimiser = _resume(checkpoint, network, state, phases, params, settings)
            tally.advance(state.epoch * (len(train) + len(val)))
        while state.epoch < len(phases):
            epoch, phase = state.epoch + 1, phases[state.epoch]
            if epoch == 1 or phase != phases[epoch - 2]:
                optimiser = _enter(network, phase, params)
            assert optimiser is not None
            before = _copy(network, optimiser)
            try:
                with drawn(state.seed, "epoch", epoch):
                    learnt = _learn(network, optimiser, train, phase, params, state, device, workers)
                judged = judge(network, val, params, device)
            except torch.OutOfMemoryError as error:
                _smaller(state, error, device)
                _restore(network, optimiser, before)
                continue
            state.statistics_moved |= phase == "head" and _statistics_differ(before[0], network)
            state.add(epoch, phase, learnt, judged, network, params.best)
            if checkpoint is not None:
                _keep(checkpoint, network, optimiser, state, settings)
            tally.advance(len(train) + len(val), note=f"epoch {epoch}: {judged.accuracy:.4f}")
            if after_epoch is not None:
                after_epoch(epoch)
    network.load_state_dict(state.best_weights)
    curves = pd.DataFrame(state.rows, columns=list(CURVES)).astype(CURVES)
    best = judge(network, val, params, device)
    table = pd.DataFrame(
        {
            "name": pd.Series(val.names, dtype="str"),
            "label": pd.Series([CLASSES[k] for k in val.classes], dtype="str"),
            "p_yes": best.p_yes,
            "predicted": pd.Series([CLASSES[k] for k in best.predicted], dtype="str"),
        }
    )
    return Trained(network.eval(), curves, state.best_epoch, table, state.seed, len(train), state.statistics_moved)


@dataclass(frozen=True)
class Judged:
    """A network's answers to validation images: mean loss, images classified rightly, p(yes) and class of each."""

    loss: float
    correct: int
    accuracy: float
    p_yes: npt.NDArray[np.float64]
    predicted: npt.NDArray[np.int64]


def judge(network: nn.Module, images: Images, params: TrainParams, device: torch.device) -> Judged:
    """Classify images in evaluation mode."""
    network.eval()
    logits = []
    with torch.inference_mode(), autocast(params.precision, device):
        for batch, _ in plain_batches(images, max(params.batch, 16), device):
            logits.append(network(batch).float().cpu())
    answers = torch.cat(logits).double()
    classes = torch.from_numpy(images.classes)
    predicted = answers.argmax(1)
    correct = int((predicted == classes).sum())
    return Judged(
        float(cross_entropy(answers, classes)),
        correct,
        correct / len(images),
        softmax(answers, 1)[:, 1].numpy(),
        predicted.numpy(),
    )


@dataclass
class _State:
    """What a training has come to; all that a checkpoint keeps beside weights and optimiser."""

    batch: int
    seed: int
    epoch: int = 0
    best_epoch: int = 0
    best_value: float = -float("inf")
    statistics_moved: bool = False

    def __post_init__(self) -> None:
        self.rows: list[list[Any]] = []
        self.best_weights: dict[str, Tensor] = {}

    def add(
        self, epoch: int, phase: Phase, learnt: tuple[float, float], judged: Judged, network: nn.Module, best: str
    ) -> None:
        """Note an epoch, and its weights if it is the best so far; the first of equals stays."""
        row = [epoch, phase, self.batch, *learnt, judged.loss, judged.accuracy, judged.correct, len(judged.p_yes)]
        self.rows.append(row)
        self.epoch = epoch
        value = judged.accuracy if best == "accuracy" else -judged.loss
        if value > self.best_value:
            self.best_epoch, self.best_value = epoch, value
            self.best_weights = {key: tensor.detach().cpu().clone() for key, tensor in network.state_dict().items()}


def _enter(network: nn.Module, phase: Phase, params: TrainParams) -> torch.optim.Adam:
    """Begin a phase: what may change, and an optimiser without memory of the phase before."""
    head = network.get_submodule("classifier")
    for parameter in network.parameters():
        parameter.requires_grad_(phase == "all")
    for parameter in head.parameters():
        parameter.requires_grad_(True)
    if phase == "head":
        return torch.optim.Adam(head.parameters(), lr=params.learning_rate_head)
    return torch.optim.Adam(network.parameters(), lr=params.learning_rate_all)


def _learn(
    network: nn.Module,
    optimiser: torch.optim.Adam,
    images: Images,
    phase: Phase,
    params: TrainParams,
    state: _State,
    device: torch.device,
    workers: int,
) -> tuple[float, float]:
    """One epoch; mean loss and accuracy over its images."""
    network.train()
    if phase == "head" and params.batchnorm == "fixed":
        for module in network.modules():
            if isinstance(module, _BatchNorm):
                module.eval()
    total, correct, epoch = 0.0, 0, state.epoch + 1
    for inputs, classes in training_batches(images, state.batch, state.seed, epoch, device, workers=workers):
        with autocast(params.precision, device):
            logits = network(inputs)
        loss = cross_entropy(logits.float(), classes)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        total += float(loss.detach()) * len(classes)
        correct += int((logits.detach().argmax(1) == classes).sum())
        if not np.isfinite(total):
            raise ReproError(
                found=f"a loss of {float(loss.detach())}",
                expected="a number",
                where=f"stage train, epoch {epoch}",
                remedy="train in float32, or with a smaller learning rate",
            )
    return total / len(images), correct / len(images)


def _smaller(state: _State, error: torch.OutOfMemoryError, device: torch.device) -> None:
    """Halve the batch after the GPU ran out of memory, and say so: it changes the result."""
    if state.batch == 1:
        raise ReproError(
            found="not enough GPU memory even for a batch of one",
            expected="about 1 GB free",
            where=f"{device}: {str(error).splitlines()[0]}",
            remedy="end other programs on the GPU, or set engine.device to cpu",
        ) from None
    state.batch //= 2
    if device.type == "cuda":
        torch.cuda.empty_cache()
    say(
        f"train: the GPU ran out of memory; epoch {state.epoch + 1} begins again with a batch of {state.batch}. "
        "This is not the published batch; the curves say where it changed."
    )


def _copy(network: nn.Module, optimiser: torch.optim.Adam) -> tuple[Mapping[str, Tensor], Mapping[str, Any]]:
    weights = {key: value.detach().cpu().clone() for key, value in network.state_dict().items()}
    return weights, copy.deepcopy(optimiser.state_dict())


def _restore(
    network: nn.Module, optimiser: torch.optim.Adam, before: tuple[Mapping[str, Tensor], Mapping[str, Any]]
) -> None:
    network.load_state_dict(before[0])
    optimiser.load_state_dict(dict(before[1]))


def _statistics_differ(before: Mapping[str, Tensor], network: nn.Module) -> bool:
    now = network.state_dict()
    return any(not torch.equal(value, now[name].cpu()) for name, value in before.items() if "running_" in name)


def _keep(checkpoint: Path, network: nn.Module, optimiser: torch.optim.Adam, state: _State, settings: str) -> None:
    document = {
        "settings": settings,
        "weights": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "state": vars(state),
    }
    with atomic_path(checkpoint) as temporary:
        torch.save(document, temporary)


def _resume(
    checkpoint: Path, network: nn.Module, state: _State, phases: list[Phase], params: TrainParams, settings: str
) -> torch.optim.Adam | None:
    """Take up a checkpoint of the same settings; no random state is needed, each epoch draws from its own source."""
    if not checkpoint.is_file():
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torch's thoughts on pickles that are refused anyway
            document = torch.load(checkpoint, map_location="cpu", weights_only=True)
        if document["settings"] != settings:
            return None
        # On a copy first: of a checkpoint that is wrong anywhere, nothing may be left in the network.
        kept = document["state"]
        _check_state(kept, phases, params)
        trial = copy.deepcopy(network)
        for weights in (kept["best_weights"], document["weights"]):
            trial.load_state_dict(weights)
            if not all(bool(torch.isfinite(value).all()) for value in trial.state_dict().values()):
                raise ValueError("weights that are no numbers")
        _take_up(_enter(trial, phases[kept["epoch"] - 1], params), document["optimiser"])
    except Exception as error:  # whatever is wrong with it, the training can begin anew
        say(f"train: the checkpoint {checkpoint} cannot be used, training begins anew: {printable(message_of(error))}")
        return None
    network.load_state_dict(document["weights"])
    vars(state).update(kept)
    optimiser = _take_up(_enter(network, phases[state.epoch - 1], params), document["optimiser"])
    say(f"train: going on after epoch {state.epoch} of {len(phases)}")
    return optimiser


def _check_state(kept: Mapping[str, Any], phases: list[Phase], params: TrainParams) -> None:
    """Refuse a checkpoint's state that no training could have come to."""
    fresh = vars(_State(params.batch, 0))
    if set(kept) != set(fresh) or any(type(kept[name]) is not type(fresh[name]) for name in fresh):
        raise ValueError("a state of other fields")
    rows = pd.DataFrame(kept["rows"], columns=list(CURVES)).astype(CURVES)
    done = kept["epoch"]
    if not 1 <= done <= len(phases) or rows["epoch"].tolist() != list(range(1, done + 1)):
        raise ValueError(f"{done} epochs of {len(phases)}, {len(rows)} of them recorded")
    if not (1 <= kept["batch"] <= params.batch and 1 <= kept["best_epoch"] <= done and kept["seed"] >= 0):
        raise ValueError("a batch, a best epoch or a seed that cannot be")


def _take_up(optimiser: torch.optim.Adam, document: dict[str, Any]) -> torch.optim.Adam:
    """Give a fresh optimiser its former memory; torch's own loader takes over any settings and shapes."""
    settings = [set(group) for group in optimiser.param_groups]
    optimiser.load_state_dict(document)
    if [set(group) for group in optimiser.param_groups] != settings:
        raise ValueError("an optimiser of other settings")
    for parameter, memory in optimiser.state.items():
        if any(memory[name].shape != parameter.shape for name in ("exp_avg", "exp_avg_sq")) or "step" not in memory:
            raise ValueError("an optimiser of other weights")
    return optimiser


@contextmanager
def _determinism(params: TrainParams, device: torch.device) -> Iterator[None]:
    """Torch's switches for the block; as they were afterwards."""
    was = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    if params.mode == "deterministic":
        if device.type == "cuda":
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
    try:
        with tf32(params.precision, device):
            yield
    finally:
        torch.use_deterministic_algorithms(was[0])
        torch.backends.cudnn.benchmark = was[1]
