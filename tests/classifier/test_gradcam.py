"""Grad-CAM: against the formula, on any state of the network, and against known masks."""

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import show_cam_on_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn
from torchvision.models.efficientnet import MBConv

from repro.classifier.cam import explain, layer_of, on_target, overlay
from repro.classifier.network import build
from repro.classifier.transforms import normalise
from tests.support.images import labelled_images, lively

SIDE = 96  # three by three cells in the last layer


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """A network drawn at random whose answers depend on the image."""
    return lively(build("none", 5), SIDE)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    """Ten images, more than one batch."""
    return labelled_images(10, np.random.default_rng(2), SIDE).pixels


def test_layers(network: nn.Module) -> None:
    """As published the layer is the 1x1 convolution to 1,280 channels; as written it is the MBConv block before it."""
    published, written = layer_of(network, "features"), layer_of(network, "mbconv")
    assert published[0].kernel_size == (1, 1)
    assert published[0].out_channels == 1280
    assert isinstance(written, MBConv)
    assert published[0].in_channels == [m for m in written.modules() if isinstance(m, nn.Conv2d)][-1].out_channels


@pytest.mark.parametrize("label", ["no", "yes"])
def test_map_is_the_formula(network: nn.Module, pixels: np.ndarray, label: str) -> None:
    """The raw map is ReLU of the activations weighted by the mean gradient of the class' logit (Selvaraju et al. 2017).

    For the last layer before mean pooling and a linear head, that gradient is the head's own weight over the area.
    """
    with torch.no_grad():
        activations = network.get_submodule("features")(normalise(pixels))
    weight = network.get_submodule("classifier.1").weight[["no", "yes"].index(label)].detach()
    area = activations.shape[2] * activations.shape[3]
    expected = torch.relu(torch.einsum("nchw,c->nhw", activations, weight / area)).numpy()
    assert expected.max() > 0
    assert np.allclose(explain(network, pixels, label).raw, expected, atol=1e-5)


def test_shown_map_is_the_packages(network: nn.Module, pixels: np.ndarray) -> None:
    """What is shown is bit for bit what the package gives for each image by itself, as the published script calls it."""
    shown = explain(network, pixels[:3], "yes").shown
    with GradCAM(model=network, target_layers=[network.get_submodule("features")[-1]]) as cam:  # type: ignore[index]
        for place in range(3):
            alone = cam(normalise(pixels[place : place + 1]), targets=[ClassifierOutputTarget(1)])[0]
            assert np.allclose(alone, shown[place], atol=1e-4)
    assert shown.shape == (3, SIDE, SIDE)


def test_works_without_gradients_and_leaves_no_trace(network: nn.Module, pixels: np.ndarray) -> None:
    """Under no_grad, or with frozen weights, maps are the same; no hook and no gradient is left, also after an error."""
    expected = explain(network, pixels[:3], "yes").raw
    assert not np.allclose(expected, explain(network, pixels[:3], "yes", "mbconv").raw)
    network.requires_grad_(False)
    with torch.no_grad():
        frozen = explain(network, pixels[:3], "yes").raw
    assert np.array_equal(frozen, expected)
    assert not any(parameter.requires_grad for parameter in network.parameters())
    network.requires_grad_(True)
    with pytest.raises((IndexError, RuntimeError)):
        explain(network, np.zeros((2, 0, 0, 3), np.uint8), "yes")
    for module in network.modules():
        assert not module._forward_hooks
        assert not module._backward_hooks
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not network.training


def test_overlay_is_the_packages() -> None:
    """The overlay of a map of the frame's size is what show_cam_on_image draws; smaller maps are enlarged to it."""
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 256, (48, 48, 3), dtype=np.uint8)
    shown = rng.random((48, 48)).astype(np.float32)
    expected = show_cam_on_image(frame.astype(np.float32) / 255, shown, use_rgb=True)
    assert np.array_equal(overlay(frame, shown), expected)
    assert overlay(frame, shown[:6, :6]).shape == (48, 48, 3)


def test_map_on_the_aurora() -> None:
    """A map on the aurora scores one, beside it nothing, everywhere the aurora's share; a map of nothing no score."""
    mask = np.zeros((64, 64), dtype=bool)
    mask[:, :16] = True
    for column, expected in ((0, (True, pytest.approx(1.0, abs=0.05))), (6, (False, pytest.approx(0.0, abs=1e-6)))):
        spot = np.zeros((8, 8), np.float32)
        spot[3, column] = 2
        assert on_target(spot, mask) == expected
    assert on_target(np.ones((8, 8), np.float32), mask)[1] == pytest.approx(0.25)  # type: ignore[index]
    assert on_target(np.zeros((8, 8), np.float32), mask) is None
