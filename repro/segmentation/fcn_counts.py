"""The fully convolutional network of the KOPRI poster, built and counted without a download."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torchvision import models
from torchvision.models import segmentation

NETWORK = "fcn_resnet50"
WEIGHTS = segmentation.FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1
#: What torchvision's documentation of these weights says they were trained on, and how the poster puts it.
DOCUMENTED, POSTER = "a subset of COCO", "a subset of MS COCO"


def empty_network(classes: int, *, auxiliary: bool = True) -> nn.Module:
    """Torchvision's ``fcn_resnet50`` on the ``meta`` device: every layer has its shape, none has values."""
    with torch.device("meta"):
        network: nn.Module = segmentation.fcn_resnet50(
            weights=None, weights_backbone=None, num_classes=classes, aux_loss=auxiliary
        )
    return network.eval()


def quantities() -> dict[str, Any]:
    """Counts of the network and the metadata of its published weights, by name after ``fcn_resnet50.``.

    ``parameters`` are those with 21 classes and the auxiliary head; ``stride`` the pixels of a feature; ``backbone`` and
    ``pretrained_on`` are in the poster's words.
    """
    meta = WEIGHTS.meta
    metrics = meta["_metrics"]["COCO-val2017-VOC-labels"]
    classes = len(meta["categories"])
    full = empty_network(classes)
    values = {
        "parameters": _count(full),
        "metadata_parameters": meta["num_params"],
        "parameters_two_classes": _count(empty_network(2)),
        "parameters_two_classes_no_auxiliary": _count(empty_network(2, auxiliary=False)),
        "parameters_one_channel": _count(empty_network(1, auxiliary=False)),
        "backbone_parameters": _count(full.get_submodule("backbone")),
        "classes": classes,
        "mean_iou_percent": metrics["miou"],
        "pixel_accuracy_percent": metrics["pixel_acc"],
        "gigaflops_520px": meta["_ops"],
        "file_megabytes": meta["_file_size"],
        "stride": _stride(full.get_submodule("backbone")),
        "backbone": _backbone(full.get_submodule("backbone")),
        "pretrained_on": POSTER if DOCUMENTED in " ".join(str(meta["_docs"]).split()) else "something else",
    }
    return {f"{NETWORK}.{key}": value for key, value in values.items()}


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _stride(backbone: nn.Module) -> int:
    features = backbone(torch.empty(1, 3, 64, 64, device="meta"))["out"]
    return 64 // int(features.shape[-1])


def _backbone(backbone: nn.Module) -> str:
    """Name of the residual network: convolutions on the way of its features, and the layer of classes that was cut off."""
    downsampling = [module for name, module in backbone.named_modules() if name.endswith("downsample.0")]
    convolutions = [module for module in backbone.modules() if isinstance(module, nn.Conv2d)]
    deepest = len(convolutions) - len(downsampling) + 1
    with torch.device("meta"):
        resnet50 = models.resnet50(weights=None)
    same = _count(backbone) == _count(resnet50) - _count(resnet50.fc)
    return f"ResNet-{deepest}" if same else f"another network with {deepest} layers"
