"""The fully convolutional networks: torchvision's ``fcn_resnet50``, and the same head on the shipped backbone.

Both end in two channels, background before aurora; softmax at 0.5 is then the larger of the two. The poster's text also
allows one channel with a sigmoid: two-class cross-entropy is the loss of torchvision's reference, and our choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models import efficientnet_b1
from torchvision.models.segmentation import FCN_ResNet50_Weights, fcn_resnet50
from torchvision.models.segmentation.fcn import FCNHead

from repro.classifier import network as classifier
from repro.classifier.network import drawn

Initial = Literal["coco", "observatory", "none"]
CLASSES = 2
OTHERWISE = (
    "name the corpus in kopri.train.initial_weights of params.yaml, such as {jang_bogo: observatory}, which needs no download "
    "but is not what the poster used"
)
WEIGHTS = FCN_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1
WEIGHTS_FILE = "{unit}.safetensors"  # of a network, by the unit of its split
RESNET, OBSERVATORY = "fcn_resnet50", "fcn_observatory"
KIND = f"{RESNET} or {OBSERVATORY}"
STAGES = 6  # of EfficientNet-B1 that are kept: what follows halves the image a fifth time
#: Stages whose features the head sees, with their channels: a feature spans 4, 8 and 16 pixels.
TAPS = {2: 24, 3: 40, 5: 112}


class FcnObservatory(nn.Module):
    """torchvision's FCN head over features of the shipped EfficientNet-B1 backbone.

    One layer of ResNet-50 at stride 8 is 2,048 channels wide; here the features of three strides are brought to the finest
    and put beside each other (Long et al. 2015 join strides too), so that narrow arcs keep a place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(*list(efficientnet_b1(weights=None).features[:STAGES]))
        self.classifier = FCNHead(sum(TAPS.values()), CLASSES)

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Logits ``out`` (n, 2, height, width) of images (n, 3, height, width) normalised as ImageNet."""
        features, tapped = images, []
        for number, stage in enumerate(self.backbone):
            features = stage(features)
            if number in TAPS:
                tapped.append(features)
        size = tapped[0].shape[-2:]
        joined = torch.cat([tapped[0], *(_enlarged(item, size) for item in tapped[1:])], 1)
        return {"out": _enlarged(self.classifier(joined), images.shape[-2:])}


def _enlarged(features: Tensor, size: torch.Size) -> Tensor:
    return interpolate(features, size=size, mode="bilinear", align_corners=False)


def build(initial: Initial, seed: int, *, auxiliary: bool = False) -> nn.Module:
    """Build a network, in evaluation mode, on the CPU.

    ``initial`` ``coco`` is ``fcn_resnet50`` with torchvision's weights and new last layers, as published; ``none`` the same
    without weights; ``observatory`` :class:`FcnObservatory` on the shipped backbone. ``auxiliary`` keeps the auxiliary head
    of ``fcn_resnet50``, for training; the other network has none. Raises ReproError if the weights cannot be had or are of
    another network.
    """
    network: nn.Module
    with drawn(seed, "kopri", "network"):
        if initial == "observatory":
            own = FcnObservatory()
            trained = classifier.build("observatory", seed).get_submodule("features")
            kept = {key: value for key, value in trained.state_dict().items() if int(key.split(".")[0]) < STAGES}
            own.backbone.load_state_dict(kept)
            return own.eval()
        if initial == "none":
            network = _resnet(CLASSES, auxiliary=auxiliary)
        else:
            # The published weights fix the number of classes and the auxiliary head: both are changed afterwards.
            network = _resnet(len(WEIGHTS.meta["categories"]), auxiliary=True)
            weights = classifier.published_weights(WEIGHTS, OTHERWISE)
            classifier.fill(network, weights, classifier.published_path(WEIGHTS), KIND, "make records")
            for head in ("classifier", "aux_classifier"):
                layers = cast(nn.Sequential, network.get_submodule(head))
                layers[-1] = nn.Conv2d(cast(nn.Conv2d, layers[-1]).in_channels, CLASSES, 1)
            if not auxiliary:
                network.register_module("aux_classifier", None)
    return network.eval()


def name_of(network: nn.Module) -> str:
    """Name of a network in the notes of its weights."""
    return OBSERVATORY if isinstance(network, FcnObservatory) else RESNET


def load(source: Path) -> tuple[nn.Module, dict[str, Any]]:
    """A trained network in evaluation mode, and the notes in its file; see :func:`repro.classifier.network.save`.

    Raises ReproError if the file is missing, damaged, or of another network.
    """
    # The auxiliary head served training only.
    return classifier.load(source, _empty, kind=KIND, made_by="make records", ignored="aux_classifier")


def _empty(notes: Mapping[str, Any]) -> nn.Module | None:
    """The network that notes name, without weights of meaning; None if they name another."""
    if notes.get("network") == OBSERVATORY:
        return FcnObservatory()
    return _resnet(CLASSES, auxiliary=False) if notes.get("network") == RESNET else None


def _resnet(classes: int, *, auxiliary: bool) -> nn.Module:
    network: nn.Module = fcn_resnet50(weights=None, weights_backbone=None, num_classes=classes, aux_loss=auxiliary)
    return network
