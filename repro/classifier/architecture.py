"""The networks of Table 4, built and counted without a download.

Networks are built on torch's ``meta`` device: every layer has its shape and none has values, so nothing is fetched
and a forward pass costs no arithmetic. Multiply-adds are those of torch's own :class:`FlopCounterMode`, which counts
two operations (one multiplication, one addition) per multiply-add of every convolution and matrix product;
normalisation, activations and pooling are not counted. The "FLOPS" of Table 4, as of the papers it cites, are
multiply-adds.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

REFERENCE = "efficientnet_b1"
BASE = "efficientnet_b0"  # the network that compound scaling starts from
WEIGHTS = "IMAGENET1K_V1"
#: Networks of Table 4 by the name torchvision would give them.
TABLE_4 = (REFERENCE, "resnet152", "densenet264", "inception_v3", "xception")


def build(name: str, classes: int = 1000, *, auxiliary: bool = False) -> torch.nn.Module:
    """Build a torchvision network on the ``meta`` device, in evaluation mode, without weights.

    Parameters
    ----------
    name : str
        Name in torchvision's list of models.
    classes : int
        Outputs of the head.
    auxiliary : bool
        Keep Inception-v3's second classifier. It serves training only: Table 4's 24M are the network without it,
        the metadata of torchvision's weights count it. The other networks have none.
    """
    options: dict[str, Any] = {"num_classes": classes}
    if name == "inception_v3":
        options |= {"aux_logits": auxiliary, "init_weights": False}
    with torch.device("meta"):
        network: torch.nn.Module = models.get_model(name, weights=None, **options)
    return network.eval()


def count_parameters(network: torch.nn.Module) -> int:
    """Trainable numbers of a network; BatchNorm's running statistics are no parameters."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_multiply_adds(network: torch.nn.Module, input_size_px: int) -> int:
    """Multiply-adds of one forward pass of one image.

    Parameters
    ----------
    network : torch.nn.Module
        On the ``meta`` device, in evaluation mode.
    input_size_px : int
        Side of the square RGB image.
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.empty(1, 3, input_size_px, input_size_px, device="meta"))
    flops = counter.get_total_flops()
    return int(flops) // 2


def blocks_per_stage(network: torch.nn.Module) -> list[int]:
    """Number of MBConv blocks in each stage of an EfficientNet, from input to head."""
    stages = list(network.get_submodule("features").children())[1:-1]
    return [len(list(stage.children())) for stage in stages]


def channels_per_stage(network: torch.nn.Module) -> list[int]:
    """Channels that the stem and each MBConv stage of an EfficientNet give, from input to head."""
    stages = list(network.get_submodule("features").children())[:-1]
    return [
        [module.out_channels for module in stage.modules() if isinstance(module, torch.nn.Conv2d)][-1]
        for stage in stages
    ]


def depth_range(base: list[int], scaled: list[int]) -> tuple[float, float]:
    """Depth multipliers that give the built block counts.

    A stage of n blocks becomes ``ceil(n * depth)`` blocks (Tan & Le's rule, torchvision's ``adjust_depth``), so block
    counts fix the multiplier only within a range.

    Returns
    -------
    tuple of float
        Low end, itself excluded, and high end, included. Low is above high if no one multiplier explains the counts.
    """
    low = max((many - 1) / few for few, many in zip(base, scaled, strict=True))
    high = min(many / few for few, many in zip(base, scaled, strict=True))
    return low, high


def measure() -> dict[str, Any]:
    """Count every network of Table 4 that torchvision has, and read the metadata of its weights.

    Returns
    -------
    dict
        ``quantities``: flat name to number or ``[low, high]``, ``unavailable``: network to the reason it could not be
        built, ``convention``: what a multiply-add is. Top-1 and top-5 are what torchvision documents for the weights,
        not a measurement of ours. Multiply-adds are taken at the size the weights' own preset crops to.
    """
    known = models.list_models(module=models)
    networks = {name: _network(name) for name in TABLE_4 if name in known}
    reference = networks[REFERENCE]
    for numbers in networks.values():
        numbers["parameter_ratio"] = numbers["parameters"] / reference["parameters"]
        numbers["multiply_add_ratio"] = numbers["multiply_adds"] / reference["multiply_adds"]
    return {
        "quantities": {
            **{f"{name}.{key}": value for name, numbers in networks.items() for key, value in numbers.items()},
            **{f"{REFERENCE}.{key}": value for key, value in (_scaling() | _head()).items()},
            **{f"normalize.{key}": value for key, value in _normalisation().items()},
        },
        "unavailable": {name: _why_not(name, known) for name in TABLE_4 if name not in known},
        "convention": "1 multiply-add = 2 FLOPs of torch's FlopCounterMode; convolutions and matrix products only",
    }


def _weights(name: str) -> Any:
    return models.get_model_weights(name)[WEIGHTS]


def _input_size_px(name: str) -> int:
    return int(_weights(name).transforms().crop_size[0])


def _network(name: str) -> dict[str, float]:
    meta = _weights(name).meta
    network, size_px = build(name), _input_size_px(name)
    parameters, multiply_adds = count_parameters(network), count_multiply_adds(network, size_px)
    return {
        "parameters": parameters,
        "parameters_millions": parameters / 1e6,
        "parameters_with_auxiliary": count_parameters(build(name, auxiliary=True)),
        "multiply_adds": multiply_adds,
        "multiply_adds_billions": multiply_adds / 1e9,
        "input_size_px": size_px,
        "classes": len(meta["categories"]),
        "batchnorm_layers": sum(isinstance(module, _BatchNorm) for module in network.modules()),
        "top1_percent": meta["_metrics"]["ImageNet-1K"]["acc@1"],
        "top5_percent": meta["_metrics"]["ImageNet-1K"]["acc@5"],
        "metadata_parameters": meta["num_params"],
        "metadata_multiply_adds_billions": meta["_ops"],
    }


def _scaling() -> dict[str, float | list[float]]:
    base, scaled = build(BASE), build(REFERENCE)
    blocks, more_blocks = blocks_per_stage(base), blocks_per_stage(scaled)
    channels, more_channels = channels_per_stage(base), channels_per_stage(scaled)
    return {
        "blocks": sum(more_blocks),
        "block_ratio": sum(more_blocks) / sum(blocks),
        "depth_multiplier": list(depth_range(blocks, more_blocks)),
        "width_multiplier": sum(more_channels) / sum(channels),
        "resolution_multiplier": _input_size_px(REFERENCE) / _input_size_px(BASE),
    }


def _head() -> dict[str, int]:
    head = build(REFERENCE).get_submodule("classifier.1")
    if not isinstance(head, torch.nn.Linear):
        raise TypeError(f"classifier.1 of {REFERENCE} is {type(head).__name__}, not Linear")
    return {
        "head_inputs": head.in_features,
        "parameters_two_classes": count_parameters(build(REFERENCE, classes=2)),
    }


def _normalisation() -> dict[str, float]:
    preset = _weights(REFERENCE).transforms()
    return {
        f"{kind}_{colour}": float(value)
        for kind in ("mean", "std")
        for colour, value in zip(("red", "green", "blue"), getattr(preset, kind), strict=True)
    }


def _why_not(name: str, known: list[str]) -> str:
    family = name.rstrip("0123456789")
    relatives = [other for other in known if other.startswith(family)]
    return f"torchvision offers {', '.join(relatives)}; not {name}" if relatives else f"torchvision offers no {name}"
