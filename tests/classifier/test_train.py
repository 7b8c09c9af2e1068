"""Fine-tuning: phases, switches, the epoch kept, resuming, and what happens when memory runs out."""

from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from repro.classifier import finetune as training
from repro.classifier.checkpoint import CURVES, Phase, Validation, start_phase
from repro.classifier.finetune import Trained, TrainingJob, fine_tune
from repro.classifier.images import training_batches
from repro.classifier.training_results import (
    UNSEEN,
    generalisation_gap,
    kept_epoch,
    kept_epoch_message,
    unseen_accuracy,
)
from repro.errors import ReproError
from repro.params import TrainParams
from tests.support.images import Hungry, labelled_images, same_training, small

CPU = torch.device("cpu")
FAST = {"image_size_px": 32, "epochs_head": 2, "epochs_all": 2, "batch": 8, "learning_rate_head": 0.01}
#: Twenty images, half with aurora, so that the last batch of eight is smaller; and ten others.
TRAIN, VAL = (labelled_images(count, np.random.default_rng(seed)) for seed, count in enumerate((20, 10)))


def tune(
    seed: int = 3,
    checkpoint: Path | None = None,
    after_epoch: Callable[[int], None] | None = None,
    network: nn.Module | None = None,
    settings: str = "s",
    **params: object,
) -> Trained:
    """Fine-tune the small network."""
    chosen = TrainParams.model_validate({**FAST, **params})
    job = TrainingJob(TRAIN, VAL, chosen, seed, CPU, workers=2, checkpoint=checkpoint, settings=settings)
    return fine_tune(network or small(), job, after_epoch=after_epoch)


@pytest.fixture(scope="module")
def plain() -> Trained:
    """A training that nothing disturbs."""
    return tune()


def test_curves_have_one_row_an_epoch(plain: Trained) -> None:
    """Columns, types and counts of the curves are as declared, and the answers to validation images agree with them."""
    curves, table = plain.curves, plain.validation
    assert {name: str(kind) for name, kind in curves.dtypes.items()} == CURVES
    assert curves["epoch"].tolist() == [1, 2, 3, 4]
    assert curves["phase"].tolist() == ["head", "head", "all", "all"]
    assert (curves["val_accuracy"] == curves["val_correct"] / 10).all()
    right = (table["label"] == table["predicted"]).sum()
    assert right == curves["val_correct"][plain.best_epoch - 1] == curves["val_correct"].max()
    assert table["name"].tolist() == list(VAL.names)
    assert table["label"].tolist() == [("no", "yes")[k] for k in VAL.classes]
    assert ((table["p_yes"] > 0.5) == (table["predicted"] == "yes")).all()


def test_it_learns() -> None:
    """Arcs that anyone can see are learnt: all validation images are classified rightly."""
    trained = tune(epochs_head=4, epochs_all=8, learning_rate_all=0.01)
    assert trained.curves["val_correct"].max() == 10
    assert trained.curves["train_loss"].iloc[-1] < trained.curves["train_loss"].iloc[0] / 2


def test_only_the_head_learns_at_first() -> None:
    """In the first phase no weight of the backbone changes; in the second all do."""
    begun = small()
    head = tune(epochs_all=0, best="loss").network
    for name, value in begun.features.named_parameters():
        assert torch.equal(value, head.get_submodule("features").get_parameter(name))
    assert not torch.equal(begun.classifier[1].weight, head.get_submodule("classifier.1").weight)
    everything = tune(epochs_head=0, best="loss").network
    for name, value in begun.named_parameters():
        assert not torch.equal(value, everything.get_parameter(name)), name


@pytest.mark.parametrize(("batchnorm", "moves"), [("adapt", True), ("fixed", False)])
def test_batchnorm_under_freeze(batchnorm: str, moves: bool) -> None:
    """As published, BatchNorm's statistics move while the backbone is frozen; the switch holds them."""
    trained = tune(epochs_all=0, batchnorm=batchnorm)
    statistics = trained.network.get_submodule("features.1").state_dict()["running_mean"]
    assert bool(statistics.abs().max() > 0) == moves
    assert trained.statistics_moved == moves


@pytest.mark.parametrize(("phase", "tensors", "rate"), [("head", 2, 3e-4), ("all", 10, 3e-5)])
def test_each_phase_begins_with_a_new_optimiser(phase: Phase, tensors: int, rate: float) -> None:
    """Adam changes the head at the published rate, then all weights at a tenth of it, without memory of the first phase."""
    optimiser = start_phase(small(), phase, TrainParams())
    (group,) = optimiser.param_groups
    assert isinstance(optimiser, torch.optim.Adam)
    assert (len(group["params"]), group["lr"], len(optimiser.state)) == (tensors, rate, 0)


@pytest.mark.parametrize(("best", "epoch"), [("accuracy", 2), ("loss", 4)])
def test_epoch_kept(monkeypatch: pytest.MonkeyPatch, best: str, epoch: int) -> None:
    """Kept is the first epoch with the highest accuracy, as published, or the one with the lowest loss."""
    judged = [(0.5, 6), (0.4, 8), (0.3, 8), (0.2, 7), (0.0, 0)]
    answers = [Validation(*values, np.zeros(10), np.zeros(10, dtype=np.int64)) for values in judged]
    monkeypatch.setattr(training, "validate", Mock(side_effect=answers))
    assert tune(best=best).best_epoch == epoch


def test_same_seed_same_network(plain: Trained) -> None:
    """One seed gives one result to the last bit, another seed another; torch's switches and random numbers are left alone."""

    def switches() -> list[bool]:
        memory = torch.utils.deterministic.fill_uninitialized_memory
        return [torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark, memory]

    before, state = switches(), torch.random.get_rng_state()
    assert same_training(plain, tune())
    assert switches() == before
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not same_training(plain, tune(seed=4))


@pytest.mark.parametrize("stop", [1, 2, 3, 4])
def test_interrupted_training_gives_the_same_result(tmp_path: Path, plain: Trained, stop: int) -> None:
    """Broken off after any epoch, training goes on there with its own seed, and ends in the very same network."""

    def interrupt(epoch: int) -> None:
        if epoch == stop:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "checkpoint.pt"
    with pytest.raises(KeyboardInterrupt):
        tune(checkpoint=checkpoint, after_epoch=interrupt)
    seen: list[int] = []
    resumed = tune(seed=6, checkpoint=checkpoint, after_epoch=seen.append)
    assert seen == list(range(stop + 1, 5))
    assert same_training(resumed, plain)
    assert resumed.seed == plain.seed == 3


def test_foreign_checkpoints_are_not_taken_up(tmp_path: Path) -> None:
    """With a checkpoint of other data or parameters training begins anew (a damaged one: tests/hostile/test_weights.py)."""
    checkpoint = tmp_path / "checkpoint.pt"
    tune(checkpoint=checkpoint, settings="other", epochs_all=0)
    seen: list[int] = []
    tune(checkpoint=checkpoint, after_epoch=seen.append)
    assert seen == [1, 2, 3, 4]


def test_too_little_memory_halves_the_batch(capsys: pytest.CaptureFixture[str]) -> None:
    """Out of memory, the epoch begins again with half the batch; stderr and the curves say so, or that nothing fits."""
    trained = tune(network=Hungry(4, trained=True))
    assert trained.curves["batch"].tolist() == [4, 4, 4, 4]
    assert "begins again with a batch of 4" in capsys.readouterr().err
    assert same_training(trained, tune(batch=4))
    with pytest.raises(ReproError, match=r"set engine\.device to cpu"):
        tune(network=Hungry(0, trained=True))


def test_a_loss_that_is_no_number_is_an_error() -> None:
    """A network that diverges is stopped in the epoch it happens."""
    network = small()
    with torch.no_grad():
        network.classifier[1].bias.fill_(float("nan"))
    with pytest.raises(ReproError, match="a loss of nan"):
        tune(network=network)


def test_batches_cover_every_image_once() -> None:
    """An epoch meets every image once, in an order of its own, with one thread or many; a smaller last batch is kept."""
    seen = []
    for epoch, threads in ((1, 1), (1, 4), (2, 1)):
        images, classes = zip(*training_batches(TRAIN, 8, 0, epoch, CPU, workers=threads), strict=True)
        assert [len(batch) for batch in classes] == [8, 8, 4]
        seen.append((torch.cat(images), torch.cat(classes)))
    assert seen[0][1].sum() == seen[2][1].sum() == 10
    assert all(map(torch.equal, seen[0], seen[1]))
    assert not torch.equal(seen[0][1], seen[2][1])


@pytest.mark.parametrize(("nights", "judged"), [(12, True), (2, False)])
def test_accuracy_on_unseen_nights_is_a_quantity(nights: int, judged: bool) -> None:
    """The interval by night reaches the claim in percent, and nothing is given where nights are too few for one."""
    frames = pd.DataFrame(
        {"night": [f"{number % nights:02d}" for number in range(120)], "label": "yes", "split": UNSEEN}
    )
    frames = frames.assign(network=0, predicted=["yes"] * 90 + ["no"] * 30)
    interval = unseen_accuracy(generalisation_gap(frames, np.random.default_rng(0))).get("accuracy.unseen_nights")
    if judged:
        assert interval is not None
        assert 50 < interval[0] <= 75 <= interval[1] < 100
    else:
        assert interval is None


def test_kept_epoch_is_compared_with_the_lowest_loss() -> None:
    """Of a training whose kept epoch has not the lowest loss, both epochs and both losses are given."""
    curves = pd.DataFrame({"epoch": [1, 2, 3], "val_loss": [0.6, 0.2, 0.3]})
    run = kept_epoch(curves, 1)
    assert run == {"epochs": 3, "best_epoch": 1, "val_loss": 0.6, "lowest_loss_epoch": 2, "lowest_val_loss": 0.2}
    assert "3.0 times the lowest, 0.200 at epoch 2" in kept_epoch_message(run)
    assert kept_epoch_message(kept_epoch(curves, 2)).endswith("the lowest")
