"""The networks of Table 4, compared with torchvision's metadata and counts made by hand."""

import socket
from unittest.mock import Mock

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision import models

from repro.classifier import architecture


@pytest.fixture(scope="module")
def quantities():
    """What the stage measures, computed once, by name."""
    return architecture.measure()["quantities"]


@pytest.mark.parametrize("name", ["efficientnet_b1", "resnet152", "inception_v3"])
def test_counts_agree_with_the_metadata(quantities, name):
    """Parameters, auxiliary head included, are those that torchvision documents; so are the billions of multiply-adds."""
    documented = models.get_model_weights(name)["IMAGENET1K_V1"].meta
    assert quantities[f"{name}.parameters_with_auxiliary"] == documented["num_params"]
    assert quantities[f"{name}.metadata_parameters"] == documented["num_params"]
    # One multiply-add is two counted operations.
    assert round(quantities[f"{name}.multiply_adds_billions"], 3) == documented["_ops"]


def test_inception_is_counted_without_its_training_head(quantities):
    """Inception-v3 is counted as it infers, without the auxiliary classifier that only training uses."""
    extra = quantities["inception_v3.parameters_with_auxiliary"] - quantities["inception_v3.parameters"]
    # The auxiliary head by hand: 768 -> 128 (1x1) and 128 -> 768 (5x5) convolutions with BatchNorm, 768 -> 1000.
    assert extra == (768 * 128 + 2 * 128) + (128 * 768 * 25 + 2 * 768) + (768 * 1000 + 1000)


def test_two_classes_change_the_head_alone(quantities):
    """Replacing 1,000 outputs by 2 takes away 998 rows of weights and as many offsets of the head, nothing else."""
    removed = quantities["efficientnet_b1.parameters"] - quantities["efficientnet_b1.parameters_two_classes"]
    assert removed == 998 * (quantities["efficientnet_b1.head_inputs"] + 1)
    assert quantities["efficientnet_b1.parameters_two_classes"] == 6_515_746


def test_multiply_adds_of_one_layer():
    """A 3x3 convolution and a linear layer count outputs times inputs of each, once per multiply-add."""
    with torch.device("meta"):
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, padding=1, bias=False), torch.nn.Flatten(), torch.nn.Linear(8 * 16, 5, bias=False)
        )
    assert architecture.count_multiply_adds(network, 4) == 16 * 8 * 3 * 9 + 8 * 16 * 5
    assert architecture.count_parameters(network) == 8 * 3 * 9 + 8 * 16 * 5


def test_scaling_of_b1_as_built(quantities):
    """B1 differs from B0 by depth and input size and not by width: every stage has one block more, no channel more."""
    # Tan & Le's released code: depth 1.1, width 1.0, 240 pixels.
    assert quantities["efficientnet_b1.depth_multiplier"] == [1.0, 1.25]
    assert quantities["efficientnet_b1.width_multiplier"] == 1.0
    assert quantities["efficientnet_b1.resolution_multiplier"] == 240 / 224


@given(
    blocks=st.lists(st.integers(1, 8), min_size=1, max_size=9),
    depth=st.integers(100, 310).map(lambda hundredths: hundredths / 100),
)
def test_depth_range_holds_the_multiplier(blocks, depth):
    """Whatever multiplier built the stages, the range read back from their block counts holds it."""
    low, high = architecture.depth_range(blocks, [-(-few * round(depth * 100) // 100) for few in blocks])
    assert low < depth <= high


# Keras documents 22.9 million parameters for Xception and counts 22,855,952 without BatchNorm's statistics;
# DenseNet-264 has 33.3 million by the layer table of Huang et al. (2017).
@pytest.mark.parametrize(
    ("name", "parameters", "billions"), [("xception", 22_855_952, 8.4), ("densenet264", 33_337_704, 5.8)]
)
def test_networks_that_torchvision_does_not_list(quantities, name, parameters, billions):
    """DenseNet-264 and Xception are built from their published tables and have no accuracy of torchvision."""
    assert quantities[f"{name}.parameters"] == parameters
    assert round(quantities[f"{name}.multiply_adds_billions"], 1) == billions
    assert f"{name}.top1_percent" not in quantities


def test_counts_of_the_posters_network(quantities):
    """Parameters of all variants, the documented metrics, and a ResNet-50 counted layer by layer."""
    wanted = {
        "parameters": 35_322_218, "metadata_parameters": 35_322_218, "backbone_parameters": 23_508_032,
        "parameters_two_classes": 35_307_588, "parameters_two_classes_no_auxiliary": 32_947_266,
        "parameters_one_channel": 32_946_753, "mean_iou_percent": 60.5, "pixel_accuracy_percent": 91.4,
        "stride": 8, "classes": 21, "backbone": "ResNet-50", "pretrained_on": "a subset of MS COCO",
    }  # fmt: skip
    assert {name: quantities[f"fcn_resnet50.{name}"] for name in wanted} == wanted


def test_densenet_builder_gives_the_networks_that_torchvision_lists():
    """With torchvision's own block table for DenseNet-201 the same formula gives its documented parameters."""
    with torch.device("meta"):
        network = architecture.DenseNet(32, (6, 12, 48, 32), 64)
    assert architecture.count_parameters(network) == models.DenseNet201_Weights.IMAGENET1K_V1.meta["num_params"]


def test_nothing_is_fetched(monkeypatch):
    """Counting opens no connection and keeps no numbers of any layer."""
    monkeypatch.setattr(socket.socket, "connect", Mock(side_effect=AssertionError("a connection was opened")))
    network = architecture.build("efficientnet_b1")
    assert {parameter.device.type for parameter in network.parameters()} == {"meta"}
    assert not network.training
