"""The network arranged for a CPU: the same logits as the plain network, on any number of images."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from repro.classifier.cpu_inference import CacheFriendlyNet
from repro.classifier.network import build
from repro.classifier.transforms import normalise
from tests.support.images import labelled_images, lively

SIDE = 96


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """A network drawn at random whose logits depend on the image."""
    return lively(build("none", 5), SIDE)


@pytest.mark.parametrize(("count", "side"), [(8, SIDE), (3, SIDE), (1, SIDE), (9, 64)])
def test_logits_are_the_plain_networks(network: nn.Module, count: int, side: int) -> None:
    """With BatchNorm folded away, logits agree with the plain network's to 1e-4, whatever the batch and the side."""
    arranged = CacheFriendlyNet(copy.deepcopy(network))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in arranged.modules())
    images = normalise(labelled_images(count, np.random.default_rng(3), side).pixels)
    with torch.inference_mode():
        expected = network(images.contiguous())
        assert torch.allclose(arranged(images), expected, atol=1e-4)
    assert count == 1 or expected.std(0).max() > 0.01
