"""The networks of Table 4 and of the KOPRI poster, built and counted without a download.

Networks are built on torch's ``meta`` device: every layer has its shape and none has values, so nothing is fetched
and a forward pass costs no arithmetic. Multiply-adds are those of torch's own :class:`FlopCounterMode`, which counts
two operations (one multiplication, one addition) per multiply-add of every convolution and matrix product;
normalisation, activations and pooling are not counted. The "FLOPS" of Table 4, as of the papers it cites, are
multiply-adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models, transforms
from torchvision.models.densenet import DenseNet

REFERENCE = "efficientnet_b1"
BASE = "efficientnet_b0"  # the network that compound scaling starts from
WEIGHTS = "IMAGENET1K_V1"
JITTER = 0.3  # strength of ColorJitter in the published transform
#: Networks of Table 4 that torchvision lists, with weights whose accuracy it documents.
LISTED = (REFERENCE, "resnet152", "inception_v3")
#: The other networks of Table 4, with the side of the image (px) that their papers classify.
UNLISTED = {"densenet264": 224, "xception": 299}
POSTER_NETWORK = "fcn_resnet50"
#: What torchvision's documentation of the poster's weights says they were trained on, and how the poster puts it.
DOCUMENTED, IN_THE_POSTER = "a subset of COCO", "a subset of MS COCO"


class XceptionBlock(nn.Module):
    """ReLU and separable 3x3 convolutions with a shortcut past them (Chollet 2017, Figure 5).

    ``channels`` are those before the first and after each convolution. With ``halves``, pooling halves width and height, and
    the shortcut is a 1x1 convolution with stride 2.
    """

    def __init__(self, channels: Sequence[int], *, halves: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(channels):
            layers += [nn.ReLU(), separable(before, after)]
        self.body = nn.Sequential(*layers, nn.MaxPool2d(3, 2, 1) if halves else nn.Identity())
        first, last = channels[0], channels[-1]
        self.shortcut: nn.Module = (
            nn.Sequential(nn.Conv2d(first, last, 1, 2, bias=False), nn.BatchNorm2d(last)) if halves else nn.Identity()
        )

    def forward(self, images: Tensor) -> Tensor:
        """Feature maps (N, C, H, W) through the block."""
        total: Tensor = self.body(images) + self.shortcut(images)
        return total


def separable(before: int, after: int) -> nn.Sequential:
    """A 3x3 convolution of each channel separately, a 1x1 convolution across channels, BatchNorm."""
    depthwise = nn.Conv2d(before, before, 3, padding=1, groups=before, bias=False)
    return nn.Sequential(depthwise, nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after))


def xception(classes: int = 1000) -> nn.Sequential:
    """Xception as published (Chollet 2017, Figure 5): entry flow, eight middle blocks, exit flow."""
    stem = [nn.Conv2d(3, 32, 3, 2, bias=False), nn.BatchNorm2d(32), nn.ReLU()]
    stem += [nn.Conv2d(32, 64, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    entry = [XceptionBlock((a, b, b), halves=True) for a, b in pairwise((64, 128, 256, 728))]
    middle = [XceptionBlock((728,) * 4, halves=False) for _ in range(8)]
    leaving = [XceptionBlock((728, 728, 1024), halves=True)]
    head = [separable(1024, 1536), nn.ReLU(), separable(1536, 2048), nn.ReLU()]
    head += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, classes)]
    return nn.Sequential(*stem, *entry, *middle, *leaving, *head)


def build(name: str, classes: int = 1000, *, auxiliary: bool = False) -> torch.nn.Module:
    """Build a network on the ``meta`` device, in evaluation mode, without weights.

    ``name`` is in torchvision's list of models, or ``densenet264`` (torchvision's ``DenseNet`` with growth 32 and blocks of
    6, 12, 64 and 48 layers: Huang et al. 2017, Table 1), or ``xception``. ``auxiliary`` keeps the second classifier of
    Inception-v3 and of the poster's network, which serves training only: Table 4's 24M are the network without it, the
    metadata of torchvision's weights count it.
    """
    options: dict[str, Any] = {"num_classes": classes}
    if name == "inception_v3":
        options |= {"aux_logits": auxiliary, "init_weights": False}
    elif name == POSTER_NETWORK:
        options |= {"aux_loss": auxiliary, "weights_backbone": None}
    network: torch.nn.Module
    with torch.device("meta"):
        if name == "densenet264":
            network = DenseNet(growth_rate=32, block_config=(6, 12, 64, 48), num_init_features=64, **options)
        elif name == "xception":
            network = xception(classes)
        else:
            network = models.get_model(name, weights=None, **options)
    return network.eval()


def count_parameters(network: torch.nn.Module) -> int:
    """Trainable numbers of a network; BatchNorm's running statistics are no parameters."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_multiply_adds(network: torch.nn.Module, input_size_px: int) -> int:
    """Multiply-adds of one forward pass of one square RGB image; the network is on the ``meta`` device."""
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
    """Depth multipliers that give the built block counts: low end, itself excluded, and high end, included.

    A stage of n blocks becomes ``ceil(n * depth)`` blocks (Tan & Le's rule, torchvision's ``adjust_depth``), so block
    counts fix the multiplier only within a range. Low is above high if no one multiplier explains the counts.
    """
    low = max((many - 1) / few for few, many in zip(base, scaled, strict=True))
    high = min(many / few for few, many in zip(base, scaled, strict=True))
    return low, high


def measure() -> dict[str, Any]:
    """Count every network of Table 4 and the KOPRI poster's, and read the metadata of the weights that torchvision has.

    Gives ``quantities``, flat name to number or ``[low, high]``, and ``convention``, what a multiply-add is. Top-1 and top-5
    are what torchvision documents for its weights, not a measurement of ours; DenseNet-264 and Xception have
    none. Multiply-adds are taken at the size that the weights' preset crops to, or that the paper classifies.
    """
    networks = {name: _count(name, size_px) for name, size_px in UNLISTED.items()}
    networks |= {name: _count(name, _input_size_px(name)) | _metadata(name) for name in LISTED}
    reference = networks[REFERENCE]
    darkest, brightest = transforms.ColorJitter(brightness=JITTER).brightness
    for numbers in networks.values():
        numbers["parameter_ratio"] = numbers["parameters"] / reference["parameters"]
        numbers["multiply_add_ratio"] = numbers["multiply_adds"] / reference["multiply_adds"]
    return {
        "quantities": {
            **{f"{name}.{key}": value for name, numbers in networks.items() for key, value in numbers.items()},
            **{f"{REFERENCE}.{key}": value for key, value in (_scaling() | _head()).items()},
            **{f"normalize.{key}": value for key, value in _normalisation().items()},
            # The factor of brightness that ColorJitter draws at most, and the lowest change.
            "jitter.highest_factor": round(brightest, 6),
            "jitter.lowest_change": round(darkest - 1, 6),
            **poster_quantities(),
        },
        "convention": "1 multiply-add = 2 FLOPs of torch's FlopCounterMode; convolutions and matrix products only",
    }


def _weights(name: str) -> Any:
    return models.get_model_weights(name)[WEIGHTS]


def _input_size_px(name: str) -> int:
    return int(_weights(name).transforms().crop_size[0])


def _count(name: str, size_px: int) -> dict[str, float]:
    network = build(name)
    parameters, multiply_adds = count_parameters(network), count_multiply_adds(network, size_px)
    return {
        "parameters": parameters,
        "parameters_millions": parameters / 1e6,
        "multiply_adds": multiply_adds,
        "multiply_adds_billions": multiply_adds / 1e9,
        "input_size_px": size_px,
        "batchnorm_layers": sum(isinstance(module, nn.BatchNorm2d) for module in network.modules()),
    }


def _metadata(name: str) -> dict[str, float]:
    meta = _weights(name).meta
    return {
        "parameters_with_auxiliary": count_parameters(build(name, auxiliary=True)),
        "classes": len(meta["categories"]),
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


def _head() -> dict[str, int | bool]:
    return {
        "head_inputs": build(REFERENCE).state_dict()["classifier.1.weight"].shape[1],
        "parameters_two_classes": count_parameters(build(REFERENCE, classes=2)),
        "statistics_move_while_frozen": statistics_move_while_frozen(),
    }


def statistics_move_while_frozen() -> bool:
    """Whether BatchNorm statistics move in training mode when no weight may be trained, seen in the first stage."""
    stage = build(REFERENCE).get_submodule("features.0").to_empty(device="cpu")
    for layer in stage.children():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d):
            layer.reset_parameters()
    stage.train().requires_grad_(False)
    stage(torch.linspace(0, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8))
    return bool((stage.state_dict()["1.running_var"] != 1).all())


def _normalisation() -> dict[str, float]:
    preset = _weights(REFERENCE).transforms()
    return {
        f"{kind}_{colour}": float(value)
        for kind in ("mean", "std")
        for colour, value in zip(("red", "green", "blue"), getattr(preset, kind), strict=True)
    }


def poster_quantities() -> dict[str, Any]:
    """Counts of the poster's network and the metadata of its published weights, by name after ``fcn_resnet50.``.

    ``parameters`` are those with 21 classes and the auxiliary head; ``stride`` the pixels of a feature; ``backbone`` and
    ``pretrained_on`` are in the poster's words.
    """
    meta = models.get_model_weights(POSTER_NETWORK)["COCO_WITH_VOC_LABELS_V1"].meta
    metrics = meta["_metrics"]["COCO-val2017-VOC-labels"]
    classes = len(meta["categories"])
    full = build(POSTER_NETWORK, classes, auxiliary=True)
    backbone = full.get_submodule("backbone")
    values = {
        "parameters": count_parameters(full),
        "metadata_parameters": meta["num_params"],
        "parameters_two_classes": count_parameters(build(POSTER_NETWORK, 2, auxiliary=True)),
        "parameters_two_classes_no_auxiliary": count_parameters(build(POSTER_NETWORK, 2)),
        "parameters_one_channel": count_parameters(build(POSTER_NETWORK, 1)),
        "backbone_parameters": count_parameters(backbone),
        "classes": classes,
        "mean_iou_percent": metrics["miou"],
        "pixel_accuracy_percent": metrics["pixel_acc"],
        "gigaflops_520px": meta["_ops"],
        "file_megabytes": meta["_file_size"],
        "stride": 64 // int(backbone(torch.empty(1, 3, 64, 64, device="meta"))["out"].shape[-1]),
        "backbone": _backbone_name(backbone),
        "pretrained_on": IN_THE_POSTER if DOCUMENTED in " ".join(str(meta["_docs"]).split()) else "something else",
    }
    return {f"{POSTER_NETWORK}.{key}": value for key, value in values.items()}


def _backbone_name(backbone: nn.Module) -> str:
    """Name of a residual network: convolutions on the way of its features, and the layer of classes that was cut off."""
    convolutions = [name for name, module in backbone.named_modules() if isinstance(module, nn.Conv2d)]
    deepest = sum(not name.endswith("downsample.0") for name in convolutions) + 1
    whole = build("resnet50")
    same = count_parameters(backbone) == count_parameters(whole) - count_parameters(whole.get_submodule("fc"))
    return f"ResNet-{deepest}" if same else f"another network with {deepest} layers"
