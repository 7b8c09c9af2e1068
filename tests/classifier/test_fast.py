"""The network arranged for a CPU: the same answers as the plain network, on any number of images."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from repro.classifier import cpu_inference as fast
from repro.classifier.network import build
from repro.classifier.transforms import normalise
from tests.support.images import labelled_images, lively

SIDE = 96


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """A network drawn at random whose answers depend on the image."""
    return lively(build("none", 5), SIDE)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(("count", "side"), [(8, SIDE), (3, SIDE), (1, SIDE), (9, 64)])
def test_answers_are_the_plain_networks(
    network: nn.Module, monkeypatch: pytest.MonkeyPatch, packed: bool, count: int, side: int
) -> None:
    """Logits agree with the plain network's to 1e-4 with and without oneDNN's operation, whatever the batch and the side."""
    if packed and not fast.available():
        pytest.skip("this torch has no oneDNN operation of that kind")
    monkeypatch.setattr(fast, "available", lambda: packed)
    arranged = fast.Arranged(copy.deepcopy(network), SIDE, 8)
    images = normalise(labelled_images(count, np.random.default_rng(3), side).pixels)
    with torch.inference_mode():
        expected = network(images.contiguous())
        assert torch.allclose(arranged(images), expected, atol=1e-4)
    assert count == 1 or expected.std(0).max() > 0.01


def test_every_convolution_is_packed(network: nn.Module) -> None:
    """No plain convolution, BatchNorm or activation is left behind where oneDNN's operation is at hand."""
    if not fast.available():
        pytest.skip("this torch has no oneDNN operation of that kind")
    arranged = fast.Arranged(copy.deepcopy(network), SIDE, 8)
    kinds = {type(module) for module in arranged.modules()}
    assert not kinds & {nn.Conv2d, nn.BatchNorm2d, nn.SiLU, nn.Sigmoid}
    assert sum(isinstance(module, fast._Convolution) for module in arranged.modules()) == 115
