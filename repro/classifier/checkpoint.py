"""Checkpoints of a training: after an interruption it continues with the next epoch and gives the same network."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn

from repro.classifier.device import say
from repro.classifier.network import load_tensors
from repro.errors import printable
from repro.files import atomic_path
from repro.params import TrainParams
from repro.untrusted import message_of

Phase = Literal["head", "all"]
Restored = TypeVar("Restored")

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
class Validation:
    """A network's predictions of validation images: mean loss, count of correct ones, p(yes) and class of each."""

    loss: float
    correct: int
    p_yes: npt.NDArray[np.float64]
    predicted: npt.NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Share of correct predictions."""
        return self.correct / len(self.p_yes)


def phases_of(params: TrainParams) -> list[Phase]:
    """Phase of every epoch."""
    return ["head" if epoch < params.epochs_head else "all" for epoch in range(params.epochs)]


@dataclass
class Progress:
    """State of a training beside weights and optimiser.

    ``batch`` is smaller than in the parameters if the GPU's memory did not suffice. ``epoch`` counts epochs done, ``rows``
    holds a row of :data:`CURVES` for each, and ``seed`` decides their random numbers. ``best_epoch`` is the one to keep so
    far, with its weights on the CPU and the value that decides (accuracy, or minus the loss). ``statistics_moved`` says
    whether running statistics of BatchNorm changed while the backbone was frozen.
    """

    batch: int
    seed: int
    epoch: int = 0
    best_epoch: int = 0
    best_value: float = -float("inf")
    statistics_moved: bool = False
    rows: list[list[Any]] = field(default_factory=list)
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def add(
        self, phase: Phase, training: tuple[float, float], validation: Validation, network: nn.Module, best: str
    ) -> None:
        """Add an epoch: mean loss and accuracy in training, and validation. The first of equally good epochs is kept."""
        self.epoch += 1
        measures = [*training, validation.loss, validation.accuracy, validation.correct, len(validation.p_yes)]
        self.rows.append([self.epoch, phase, self.batch, *measures])
        value = validation.accuracy if best == "accuracy" else -validation.loss
        if value > self.best_value:
            self.best_epoch, self.best_value = self.epoch, value
            self.best_weights = {key: tensor.detach().cpu().clone() for key, tensor in network.state_dict().items()}

    def curves(self) -> pd.DataFrame:
        """The rows as a table."""
        return pd.DataFrame(self.rows, columns=list(CURVES)).astype(CURVES)


def start_phase(network: nn.Module, phase: Phase, params: TrainParams) -> torch.optim.Adam:
    """Freeze or free the backbone, and return a new optimiser, without memory of the phase before."""
    head = network.get_submodule("classifier")
    for parameter in network.parameters():
        parameter.requires_grad_(phase == "all")
    for parameter in head.parameters():
        parameter.requires_grad_(True)
    if phase == "head":
        return torch.optim.Adam(head.parameters(), lr=params.learning_rate_head)
    return torch.optim.Adam(network.parameters(), lr=params.learning_rate_all)


def save_checkpoint(
    path: Path | None, settings: str, network: nn.Module, optimiser: torch.optim.Optimizer, **state: Any
) -> None:
    """Write a checkpoint, whole or not at all, if a path is given."""
    if path is not None:
        states = {"weights": network.state_dict(), "optimiser": optimiser.state_dict(), **state}
        with atomic_path(path) as temporary:
            torch.save({"settings": settings, **states}, temporary)


def from_checkpoint(
    path: Path | None, settings: str, stage: str, restore: Callable[[dict[str, Any]], Restored]
) -> Restored | None:
    """What ``restore`` makes of a checkpoint of the same settings; None without one that can be used.

    ``restore`` works on copies, so that nothing of a wrong checkpoint remains. No random state is needed: each epoch has its
    own source of random numbers.
    """
    if path is None or not path.is_file():
        return None
    try:
        document = load_tensors(path)
        return restore(document) if document["settings"] == settings else None
    except Exception as error:  # the training can always begin anew
        say(f"{stage}: the checkpoint {path} cannot be used, training begins anew: {printable(message_of(error))}")
        return None


def resumed(
    document: Mapping[str, Any], network: nn.Module, params: TrainParams
) -> tuple[nn.Module, torch.optim.Adam, Progress]:
    """A copy of a network, the optimiser of its phase and the progress as they were in a checkpoint, all of it checked."""
    state, phases, network = document["state"], phases_of(params), copy.deepcopy(network)
    _check_state(state, phases, params)
    for weights in (state["best_weights"], document["weights"]):
        network.load_state_dict(weights)
        if not all(bool(torch.isfinite(value).all()) for value in network.state_dict().values()):
            raise ValueError("non-finite weights")
    optimiser = _restored(start_phase(network, phases[state["epoch"] - 1], params), document["optimiser"])
    say(f"train: resuming after epoch {state['epoch']} of {len(phases)}")
    return network, optimiser, Progress(**state)


def _check_state(state: Mapping[str, Any], phases: Sequence[Phase], params: TrainParams) -> None:
    """Refuse a state that no training could have reached."""
    fresh = vars(Progress(params.batch, 0))
    if set(state) != set(fresh) or any(type(state[name]) is not type(fresh[name]) for name in fresh):
        raise ValueError("a state with other fields")
    rows = pd.DataFrame(state["rows"], columns=list(CURVES)).astype(CURVES)
    done = state["epoch"]
    if not 1 <= done <= len(phases) or rows["epoch"].tolist() != list(range(1, done + 1)):
        raise ValueError(f"{done} epochs of {len(phases)}, with {len(rows)} rows")
    if not (1 <= state["batch"] <= params.batch and 1 <= state["best_epoch"] <= done and state["seed"] >= 0):
        raise ValueError("an impossible batch, best epoch or seed")


def _restored(optimiser: torch.optim.Adam, document: dict[str, Any]) -> torch.optim.Adam:
    """Load an optimiser's state; torch's own loader would accept any settings and shapes."""
    settings = [set(group) for group in optimiser.param_groups]
    optimiser.load_state_dict(document)
    if [set(group) for group in optimiser.param_groups] != settings:
        raise ValueError("an optimiser with other settings")
    for parameter, memory in optimiser.state.items():
        if any(memory[name].shape != parameter.shape for name in ("exp_avg", "exp_avg_sq")) or "step" not in memory:
            raise ValueError("an optimiser of other weights")
    return optimiser
