"""Hostile weights and checkpoints: no code in them runs, and nothing of a damaged one is taken over."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from repro.classifier import network as networks
from repro.classifier.finetune import Trained, TrainingJob, fine_tune
from repro.classifier.images import Images
from repro.errors import ReproError
from repro.params import TrainParams
from tests.hostile.conftest import Attempt
from tests.hostile.spoil import spoilt
from tests.support.images import labelled_images, small

CPU = torch.device("cpu")
PARAMS = TrainParams(epochs_head=1, epochs_all=1, batch=8)


class Bomb:
    """An object that leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("gone", "w")


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """Weights of a network drawn at random."""
    return networks.build("none", 1).state_dict()


def tried(attempt: Attempt, path: Path, what: object) -> Any:
    """Outcome of loading a file; a network that is loaded has finite weights of the right kind."""
    found = attempt("weights", lambda: networks.load(path), what)
    if not isinstance(found, ReproError):
        network, notes = found
        assert isinstance(notes, dict)
        assert all(bool(torch.isfinite(value).all()) for value in network.state_dict().values())
        assert all(value.dtype == torch.float32 for value in network.parameters())
    assert not Path("gone").exists()
    return found


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_spoilt_weights(attempt: Attempt, state: dict[str, torch.Tensor], suffix: str) -> None:
    """Flipped, lost and foreign bytes in a weight file are refused, or leave a network of finite numbers."""
    path = Path(f"w{suffix}")
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    good = path.read_bytes()
    for how, data in spoilt(good, 51, 9):
        path.write_bytes(data)
        tried(attempt, path, how)
    # Headers and tables of contents, where a flipped byte does most.
    head, tail = (200_000, 0) if suffix == ".safetensors" else (2_000, 60_000)
    for at, part in ((0, good[:head]), (len(good) - tail, good[len(good) - tail :])):
        for how, data in spoilt(part, 52, 22) if part else ():
            path.write_bytes(good[:at] + data + good[at + len(part) :])
            tried(attempt, path, how)


def test_pickles_run_nothing(attempt: Attempt, state: dict[str, torch.Tensor]) -> None:
    """A pickle that opens, starts or imports something is refused unread, in every place it can stand in."""
    path = Path("w.pt")
    for document in (Bomb(), {"features": Bomb()}, {**state, "x": Bomb()}, [Bomb()]):
        torch.save(document, path)
        assert isinstance(tried(attempt, path, "torch"), ReproError)
        for protocol in range(5):
            path.write_bytes(pickle.dumps(document, protocol))
            assert isinstance(tried(attempt, path, protocol), ReproError)
    for code in (
        b"cos\nsystem\n(S'touch gone'\ntR.",
        b'cbuiltins\neval\n(S\'open("gone","w")\'\ntR.',
        b"\x80\x04\x95" + bytes(8) + b".",
    ):
        path.write_bytes(code)
        assert isinstance(tried(attempt, path, code), ReproError)


def test_weights_of_another_kind(attempt: Attempt, state: dict[str, torch.Tensor]) -> None:
    """Weights of other types, other shapes or no numbers are refused before a frame is classified by them."""
    name = "classifier.1.weight"
    path = Path("w.safetensors")
    others = {
        "NaN": torch.full((2, 1280), float("nan")), "infinite": torch.full((2, 1280), float("inf")),
        "whole numbers": torch.zeros((2, 1280), dtype=torch.int8), "a row": torch.zeros((1, 1280)), "empty": torch.zeros((0,)),
    }  # fmt: skip
    for what, value in others.items():
        save_file({**state, name: value}, path)
        assert isinstance(tried(attempt, path, what), ReproError), what
    for what, document in {
        "a list": [1],
        "a tensor": torch.zeros(2),
        "numbers": {name: 1.0},
        "nothing": None,
        "nested": {"a": state},
    }.items():
        torch.save(document, Path("w.pt"))
        assert isinstance(tried(attempt, Path("w.pt"), what), ReproError), what
    for dtype in (torch.float64, torch.float16):
        save_file({key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}, path)
        tried(attempt, path, dtype)
    path.write_bytes(b"")
    Path("folder.safetensors").mkdir()
    for other in (path, Path("folder.safetensors"), Path("gone.pt")):
        assert isinstance(tried(attempt, other, other), ReproError)


@pytest.mark.parametrize(
    "notes",
    [
        "[1]",
        "3",
        "null",
        "{",
        '{"image_size_px": "x"}',
        '{"image_size_px": -1}',
        '{"image_size_px": 1e9}',
        '{"image_size_px": null}',
        "[" * 5000,
    ],
)
def test_hostile_notes_of_weights(attempt: Attempt, state: dict[str, torch.Tensor], notes: str) -> None:
    """Notes that are none, or that ask for images of a thousand million pixels, are refused."""
    path = Path("w.safetensors")
    save_file(state, path, metadata={"notes": notes})
    assert isinstance(tried(attempt, path, notes[:50]), ReproError)


def test_hostile_headers_of_safetensors(attempt: Attempt) -> None:
    """Headers that lie about lengths, places and types are refused."""
    path = Path("w.safetensors")
    headers: tuple[Any, ...] = (
        {}, [], 3, {"a": {}}, {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 1 << 60]}},
        {"a": {"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 8]}}, {"__metadata__": {"notes": 3}},
        {"a": {"dtype": "X9", "shape": [2], "data_offsets": [0, 8]}}, {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [8, 0]}},
    )  # fmt: skip
    for header in headers:
        text = json.dumps(header).encode()
        for length in (len(text), 0, 1 << 62, len(text) - 1):
            path.write_bytes(struct.pack("<Q", length) + text + bytes(64))
            assert isinstance(tried(attempt, path, (header, length)), ReproError)


@pytest.fixture(scope="module")
def images() -> tuple[Images, Images]:
    """Images to train and to validate."""
    rng = np.random.default_rng(4)
    return labelled_images(16, rng), labelled_images(8, rng)


def tune(images: tuple[Images, Images], checkpoint: Path | None = None, after_epoch: Any = None) -> Trained:
    """Train the small network."""
    job = TrainingJob(*images, PARAMS, 3, CPU, workers=1, checkpoint=checkpoint, settings="s")
    return fine_tune(small(), job, after_epoch=after_epoch)


def same(one: Trained, two: Trained) -> bool:
    """Whether two trainings ended alike, to the last bit."""
    states = one.network.state_dict(), two.network.state_dict()
    return one.curves.equals(two.curves) and all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_a_damaged_checkpoint_leaves_no_trace(
    attempt: Attempt, images: tuple[Images, Images], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint in which anything is wrong is set aside whole: training begins anew and ends as if it had never been."""
    path = Path("checkpoint.pt")

    def stop(epoch: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(images, checkpoint=path, after_epoch=stop)
    good = path.read_bytes()
    clean = tune(images)
    document = torch.load(path, weights_only=True)
    weights, kept = document["weights"], document["state"]
    lacking = {key: value + 1 for key, value in weights.items() if key != "classifier.1.bias"}
    changed: dict[str, Any] = {
        "weights lack one": {"weights": lacking},
        "weights of another shape": {"weights": {**{key: value + 1 for key, value in weights.items()}, "classifier.1.bias": torch.zeros(7)}},
        "weights are none": {"weights": 3},
        "weights are no numbers": {"weights": {key: torch.full_like(value, float("nan")) if value.is_floating_point() else value for key, value in weights.items()}},
        "an epoch beyond the end": {"state": {**kept, "epoch": 99}},
        "an epoch before the beginning": {"state": {**kept, "epoch": -1}},
        "an epoch that is none": {"state": {**kept, "epoch": "x"}},
        "no epoch done": {"state": {**kept, "epoch": 0}},
        "a batch of none": {"state": {**kept, "batch": 0}},
        "no rows": {"state": {**kept, "rows": []}},
        "rows of others": {"state": {**kept, "rows": [[1]]}},
        "no best weights": {"state": {**kept, "best_weights": {}}},
        "the state lacks the seed": {"state": {key: value for key, value in kept.items() if key != "seed"}},
        "a seed that is none": {"state": {**kept, "seed": "x"}},
        "the state holds a method": {"state": {**kept, "add": 3}},
        "an optimiser of nothing": {"optimiser": {}},
        "an optimiser of others": {"optimiser": {"state": {}, "param_groups": [{"params": [0]}]}},
        "no optimiser": {"optimiser": None},
    }  # fmt: skip
    for what, part in changed.items():
        torch.save({**document, **part}, path)
        found = attempt("checkpoints", lambda: tune(images, checkpoint=path), what)
        assert same(found, clean), what
    for content in ([1], {"settings": "s"}, "s", None):
        torch.save(content, path)
        assert same(attempt("checkpoints", lambda: tune(images, checkpoint=path), content), clean)
    for how, data in spoilt(good, 53, 22):
        path.write_bytes(data)
        found = attempt("checkpoints", lambda: tune(images, checkpoint=path), how)
        # A flip in a number of a checkpoint that torch does not check makes other, but finite weights.
        assert isinstance(found, ReproError) or same(found, clean) or "flip" in how or "zero" in how or "splice" in how
    torch.save({**document, "x": Bomb()}, path)
    assert same(attempt("checkpoints", lambda: tune(images, checkpoint=path), "code"), clean)
    assert not Path("gone").exists()
