"""Hostile weights and checkpoints: no code in them runs, and nothing of a damaged one is used."""

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
from tests.hostile.inputs import Bomb, spoilt
from tests.hostile.test_spoilt import finite
from tests.support.images import labelled_images, same_training, small

PARAMS = TrainParams(epochs_head=1, epochs_all=1, batch=8)


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """Weights of a network drawn at random."""
    return networks.build("none", 1).state_dict()


def test_pickles_run_nothing(attempt: Attempt, state: dict[str, torch.Tensor]) -> None:
    """A pickle that opens, starts or imports something is refused unread, in every place it can stand in."""
    path = Path("w.pt")
    for document in (Bomb(), {"features": Bomb()}, {**state, "x": Bomb()}, [Bomb()]):
        torch.save(document, path)
        attempt.refused(lambda: networks.load(path), "torch")
        for protocol in range(5):
            path.write_bytes(pickle.dumps(document, protocol))
            attempt.refused(lambda: networks.load(path), protocol)
    opens = b'cbuiltins\neval\n(S\'open("gone","w")\'\ntR.'
    for code in (b"cos\nsystem\n(S'touch gone'\ntR.", opens, b"\x80\x04\x95" + bytes(8) + b"."):
        path.write_bytes(code)
        attempt.refused(lambda: networks.load(path), code)


def test_weights_of_another_kind(attempt: Attempt, state: dict[str, torch.Tensor]) -> None:
    """Weights of other types, other shapes or with non-finite values are refused before a frame is classified by them."""
    name, path, checkpoint = "classifier.1.weight", Path("w.safetensors"), Path("w.pt")
    others = {
        "NaN": torch.full((2, 1280), float("nan")), "infinite": torch.full((2, 1280), float("inf")),
        "whole numbers": torch.zeros((2, 1280), dtype=torch.int8), "a row": torch.zeros((1, 1280)), "empty": torch.zeros((0,)),
    }  # fmt: skip
    for what, value in others.items():
        save_file({**state, name: value}, path)
        attempt.refused(lambda: networks.load(path), what)
    for document in ([1], torch.zeros(2), {name: 1.0}, None, {"a": state}):
        torch.save(document, checkpoint)
        attempt.refused(lambda: networks.load(checkpoint), type(document))
    for dtype in (torch.float64, torch.float16):
        save_file({key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}, path)
        found = attempt(lambda: networks.load(path), dtype)
        assert isinstance(found, ReproError) or finite(found)
    Path("folder.safetensors").mkdir()
    attempt.refused(lambda: networks.load(Path("folder.safetensors")), "a folder")


def test_hostile_headers_of_safetensors(attempt: Attempt, state: dict[str, torch.Tensor]) -> None:
    """Headers that lie about lengths, places and types, and notes that are no notes or ask for huge images, are refused."""
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
            attempt.refused(lambda: networks.load(path), (header, length))
    sizes = [f'{{"image_size_px": {size}}}' for size in ('"x"', -1, 1e9, "null")]
    for notes in ("[1]", "3", "null", "{", *sizes, "[" * 5000):
        save_file(state, path, metadata={"notes": notes})
        attempt.refused(lambda: networks.load(path), notes[:50])


@pytest.fixture(scope="module")
def images() -> tuple[Images, Images]:
    """Images to train and to validate."""
    rng = np.random.default_rng(4)
    return labelled_images(16, rng), labelled_images(8, rng)


def test_a_damaged_checkpoint_leaves_no_trace(attempt: Attempt, images: tuple[Images, Images]) -> None:
    """A checkpoint in which anything is wrong is set aside whole: training begins anew and ends as if it had never been."""
    path = Path("checkpoint.pt")

    def tune(checkpoint: Path | None = path, after_epoch: Any = None) -> Trained:
        job = TrainingJob(*images, PARAMS, 3, torch.device("cpu"), workers=1, checkpoint=checkpoint, settings="s")
        return fine_tune(small(), job, after_epoch=after_epoch)

    def stop(epoch: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tune(after_epoch=stop)
    good, clean = path.read_bytes(), tune(None)
    document = torch.load(path, weights_only=True)
    kept = document["state"]
    # Numbers that would be seen in the result if any of them were taken over.
    weights = {key: value + 1 for key, value in document["weights"].items()}
    nan = {key: value * float("nan") if value.is_floating_point() else value for key, value in weights.items()}
    parts: list[Any] = [
        {"weights": {key: value for key, value in weights.items() if key != "classifier.1.bias"}},
        {"weights": weights | {"classifier.1.bias": torch.zeros(7)}}, {"weights": 3}, {"weights": nan},
        {"state": {key: value for key, value in kept.items() if key != "seed"}},
        *({"state": {**kept, "epoch": epoch}} for epoch in (99, -1, "x", 0)), {"state": {**kept, "batch": 0}},
        {"state": {**kept, "rows": []}}, {"state": {**kept, "rows": [[1]]}}, {"state": {**kept, "best_weights": {}}},
        {"state": {**kept, "seed": "x"}}, {"state": {**kept, "add": 3}}, {"optimiser": {}}, {"optimiser": None},
        {"optimiser": {"state": {}, "param_groups": [{"params": [0]}]}}, {"x": Bomb()},
    ]  # fmt: skip
    for content in (*({**document, **part} for part in parts), [1], {"settings": "s"}, "s", None):
        torch.save(content, path)
        assert same_training(attempt(tune, content), clean), f"{content!r:.500}"
    for how, data in spoilt(good, 53, 15):
        path.write_bytes(data)
        found = attempt(tune, how)
        # A flip in a number of a checkpoint that torch does not check makes other, but finite weights.
        assert (
            isinstance(found, ReproError)
            or same_training(found, clean)
            or "flip" in how
            or "zero" in how
            or "splice" in how
        )
