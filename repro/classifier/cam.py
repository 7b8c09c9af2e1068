"""Grad-CAM: where in the image the network finds its reasons (Selvaraju et al. 2017), by the package grad-cam.

Maps are kept as they are, at the size of the layer and unscaled: scaled maps of two images cannot be compared or
averaged. Overlays follow the published script: each map scaled to 0 to 1 separately, enlarged, and laid
over the frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import torch
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.image import show_cam_on_image
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from repro.classifier.transforms import Pixels, normalise
from repro.frames import CLASSES

TargetLayer = Literal["features", "mbconv"]
Maps = npt.NDArray[np.float32]

BATCH = 8


@dataclass(frozen=True)
class Explained:
    """Grad-CAM of n images for one class, float32.

    ``raw`` (n, rows, columns) are unscaled maps at the size of the layer, 0 and up; ``shown`` (n, side, side) are those that
    the package scales to 0 to 1 and enlarges to the network's input.
    """

    raw: Maps
    shown: Maps


class _Keeping(GradCAM):  # type: ignore[misc]
    """The package's Grad-CAM, keeping the maps that it scales."""

    def get_cam_image(self, *args: Any, **kwargs: Any) -> npt.NDArray[np.float32]:
        cam: npt.NDArray[np.float32] = super().get_cam_image(*args, **kwargs)
        self.raw = np.maximum(cam, 0).astype(np.float32)  # the package takes the positive part just after this
        return cam


def layer_of(network: nn.Module, target: TargetLayer) -> nn.Module:
    """Layer of EfficientNet-B1 whose activations are explained.

    ``features``, as published, is ``features[-1]``, the 1x1 convolution that leads to the head; ``mbconv``, as the thesis' text
    says, is the last MBConv block, just before it.
    """
    stages = list(network.get_submodule("features").children())
    return stages[-1] if target == "features" else list(stages[-2].children())[-1]


def explain(
    network: nn.Module,
    pixels: Pixels,
    label: str,
    target: TargetLayer | nn.Module = "features",
    *,
    device: torch.device | str = "cpu",
    classes: Sequence[str] = CLASSES,
) -> Explained:
    """Grad-CAM maps of images (n, side, side, 3), RGB uint8, for one of ``classes``, whatever the network's own answer is.

    ``network`` is from :func:`repro.classifier.network.load`. It is put into evaluation mode; hooks are released and
    gradients cleared afterwards. ``target`` is as for :func:`layer_of`, or the layer itself, of another network.
    """
    wanted = ClassifierOutputTarget(list(classes).index(label))
    raw, shown = [], []
    # It needs gradients even if the caller has switched them off. They are needed no further
    # back than the layer: only its parameters ask for them, and the backward pass ends there.
    asked = [parameter.requires_grad for parameter in network.parameters()]
    layer = target if isinstance(target, nn.Module) else layer_of(network, target)
    network.requires_grad_(False)
    layer.requires_grad_(True)
    cam = _Keeping(model=network, target_layers=[layer])
    try:
        with torch.inference_mode(False), torch.enable_grad():
            for start in range(0, len(pixels), BATCH):
                part = pixels[start : start + BATCH]
                shown.append(cam(normalise(part, device), targets=[wanted] * len(part)))
                raw.append(cam.raw)
    finally:
        # Not as a context manager: the package's swallows every IndexError.
        cam.activations_and_grads.release()
        network.zero_grad(set_to_none=True)
        for parameter, was in zip(network.parameters(), asked, strict=True):
            parameter.requires_grad_(was)
    return Explained(np.concatenate(raw), np.concatenate(shown))


def overlay(frame: Pixels, shown: Maps) -> Pixels:
    """A frame, RGB uint8 (height, width, 3), with a map laid over it as the published script draws it.

    The map, float32 (side, side) from 0 to 1, is enlarged to the frame.
    """
    mask = cv2.resize(shown, (frame.shape[1], frame.shape[0]))
    drawn: Pixels = show_cam_on_image(frame.astype(np.float32) / 255, np.clip(mask, 0, 1), use_rgb=True)
    return drawn


def on_target(raw: Maps, mask: npt.NDArray[np.bool_]) -> tuple[bool, float] | None:
    """Share of a map (rows, columns) on the aurora, whose pixels are ``mask``, bool (height, width); None if the map is zero.

    The first value says whether the map's highest point, enlarged to the mask, is on the aurora (pointing game: Zhang et
    al. 2018, IJCV 126, 1084; without their tolerance of 15 pixels). The second is the share of the map's sum on the aurora,
    0 to 1 (energy: Wang et al. 2020, Score-CAM, CVPR workshops).
    """
    large = np.maximum(cv2.resize(raw, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR), 0)
    total = float(large.sum())
    if total <= 0:
        return None
    return bool(mask.flat[int(large.argmax())]), float(large[mask].sum()) / total
