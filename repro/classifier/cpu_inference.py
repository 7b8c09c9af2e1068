"""The network, arranged for speed on a CPU; its answers differ from the plain network's by rounding only.

Three things, measured on one core of an EPYC with images of 240 pixels (milliseconds an image): BatchNorm folded into the
convolutions, and one image at a time through the first stages, whose maps are too large for a core's cache when there are
several, but eight through the later ones, whose weights are many (34 to 25); oneDNN's own operation of a convolution with its
activation, which torch.compile uses as well, but which needs no compiler (25 to 23).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops.misc import Conv2dNormActivation, SqueezeExcitation

from repro.classifier.network import fused

EARLY = 3  # stages that take one image at a time: up to 60 x 60 pixels

_ACTIVATIONS = {nn.SiLU: "swish", nn.Sigmoid: "sigmoid"}


class Arranged(nn.Module):
    """EfficientNet whose early stages see one image at a time.

    Parameters
    ----------
    network : nn.Module
        From :func:`repro.classifier.network.load`; it is changed.
    side_px : int
        Side of the images, for which weights are laid out.
    batch : int
        Images of a batch, likewise; other numbers work, too.
    """

    def __init__(self, network: nn.Module, side_px: int, batch: int) -> None:
        super().__init__()
        network = fused(network.eval()).to(memory_format=torch.channels_last)
        stages = list(network.get_submodule("features").children())
        self.early, self.late = nn.Sequential(*stages[:EARLY]), nn.Sequential(*stages[EARLY:])
        self.head = nn.Sequential(network.get_submodule("avgpool"), nn.Flatten(1), network.get_submodule("classifier"))
        if available():
            with torch.inference_mode():
                # Each part meets what it will be given, so that every convolution learns the size of its input.
                maps = _pack(self.early, torch.zeros(1, 3, side_px, side_px).to(memory_format=torch.channels_last))
                _pack(self.late, maps.repeat(batch, 1, 1, 1).to(memory_format=torch.channels_last))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 2) of images (n, 3, side, side)."""
        maps = torch.cat([self.early(images[place : place + 1]) for place in range(len(images))])
        logits: Tensor = self.head(self.late(maps))
        return logits


def available() -> bool:
    """Whether this torch has oneDNN with the operation used here; without it the plain convolutions remain."""
    has: Any = torch.backends.mkldnn
    return bool(has.is_available()) and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


class _Convolution(nn.Module):
    """A convolution and its activation in one operation of oneDNN, with weights laid out for it."""

    def __init__(self, convolution: nn.Conv2d, activation: nn.Module | None, size: list[int]) -> None:
        super().__init__()
        numbers = convolution.padding, convolution.stride, convolution.dilation
        self.numbers: list[Any] = [*([int(k) for k in pair] for pair in numbers), convolution.groups]
        self.activation = "none" if activation is None else _ACTIVATIONS[type(activation)]
        self.bias = convolution.bias
        reorder: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
        self.weight = reorder(convolution.weight.detach().to_mkldnn(), *self.numbers, size)

    def forward(self, images: Tensor) -> Tensor:
        """As the two modules one after the other."""
        done: Tensor = torch.ops.mkldnn._convolution_pointwise(
            images, self.weight, self.bias, *self.numbers, self.activation, [], ""
        )
        return done


class _Squeeze(nn.Module):
    """Squeeze and excitation out of such convolutions."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, maps: Tensor) -> Tensor:
        """As torchvision's module."""
        weights: Tensor = self.second(self.first(maps.mean((2, 3), keepdim=True)))
        return weights * maps


def _pack(part: nn.Module, images: Tensor) -> Tensor:
    """Put oneDNN's operation in the place of every convolution that a forward pass meets; gives what the part gives."""
    sizes: dict[nn.Module, list[int]] = {}

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        sizes[module] = list(inputs[0].shape)

    hooks = [m.register_forward_pre_hook(note) for m in part.modules() if isinstance(m, nn.Conv2d)]
    try:
        result: Tensor = part(images)
    finally:
        for hook in hooks:
            hook.remove()
    _replace(part, sizes)
    return result


def _replace(module: nn.Module, sizes: dict[nn.Module, list[int]]) -> None:
    for name, child in list(module.named_children()):
        if isinstance(child, Conv2dNormActivation):
            parts = [part for part in child.children() if not isinstance(part, nn.Identity)]  # a folded BatchNorm
            activation = parts[1] if len(parts) > 1 else None
            module.register_module(name, _convolution(parts[0], activation, sizes))
        elif isinstance(child, SqueezeExcitation):
            first = _convolution(child.fc1, child.activation, sizes)
            module.register_module(name, _Squeeze(first, _convolution(child.fc2, child.scale_activation, sizes)))
        else:
            _replace(child, sizes)


def _convolution(module: nn.Module, activation: nn.Module | None, sizes: dict[nn.Module, list[int]]) -> _Convolution:
    if not isinstance(module, nn.Conv2d):
        raise TypeError(f"{type(module).__name__} where a convolution is expected")
    return _Convolution(module, activation, sizes[module])
