"""From an image file to the network's input, exactly as published: torchvision's transforms on PIL images.

Training: ``Resize((240, 240)), RandomResizedCrop(240, scale=(0.8, 1.0)), RandomHorizontalFlip(0.5),
ColorJitter(brightness=0.3, contrast=0.3, saturation=0.3), ToTensor, Normalize``. Validation and inference:
``Resize((240, 240)), ToTensor, Normalize``. PIL resizes with antialiasing; other ways of resizing differ by up to 45
counts. The random parts are the functions of PIL that torchvision calls, with their parameters drawn here from a given
generator, so that an image's augmentation depends on seed, epoch and image alone and not on the order of work. Tests hold
the results to torchvision's, bit for bit; torch is loaded by what needs it, since the report needs no tensor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

from repro.film.frame_archive import read_frame
from repro.untrusted import open_picture

if TYPE_CHECKING:
    import torch
    from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CROP_AREA = (0.8, 1.0)
CROP_RATIO = (3 / 4, 4 / 3)  # torchvision's default
JITTER = 0.3
_ENHANCE: dict[str, type[ImageEnhance.Brightness | ImageEnhance.Contrast | ImageEnhance.Color]] = {
    "brightness": ImageEnhance.Brightness,
    "contrast": ImageEnhance.Contrast,
    "saturation": ImageEnhance.Color,
}

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class DrawnTransforms:
    """Parameters of the random transforms of one image.

    The crop is in pixels; ``flip`` says whether left and right change places; ``jitter`` holds brightness, contrast and
    saturation factors by name, in the order in which they are applied.
    """

    top: int
    left: int
    height: int
    width: int
    flip: bool
    jitter: tuple[tuple[str, float], ...]


def load_frame(source: Path, name: str, size_px: int) -> Pixels:
    """One frame of a night's archive, decoded and resized; see :func:`repro.film.frame_archive.read_frame`."""
    return decode(read_frame(source, name), size_px, f"{source}, {name}")


def decode(data: bytes, size_px: int, name: str) -> Pixels:
    """Decode a JPEG or PNG file and resize it to a square, as PIL does: RGB uint8 (size_px, size_px, 3).

    Raises ReproError, which bears ``name``, if it is no image, a damaged one, or larger than any frame.
    """
    with open_picture(data, name) as image:
        return np.asarray(image.convert("RGB").resize((size_px, size_px), Image.Resampling.BILINEAR))


def draw(rng: np.random.Generator, size_px: int) -> DrawnTransforms:
    """Draw the random transforms of a square image, with the distributions of torchvision's ``get_params``."""
    area = size_px * size_px
    for _ in range(10):
        target = area * rng.uniform(*CROP_AREA)
        ratio = math.exp(rng.uniform(math.log(CROP_RATIO[0]), math.log(CROP_RATIO[1])))
        width, height = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if width <= size_px and height <= size_px:
            top = int(rng.integers(size_px - height + 1))
            left = int(rng.integers(size_px - width + 1))
            break
    else:
        top, left, height, width = 0, 0, size_px, size_px
    flip = bool(rng.random() < 0.5)
    order = rng.permutation(["brightness", "contrast", "saturation"]).tolist()
    return DrawnTransforms(
        top, left, height, width, flip, tuple((name, float(rng.uniform(1 - JITTER, 1 + JITTER))) for name in order)
    )


def augment(image: Pixels, chosen: DrawnTransforms) -> Pixels:
    """Apply drawn transforms to an image (height, width, 3); the result has the same size."""
    right, bottom = chosen.left + chosen.width, chosen.top + chosen.height
    picture = Image.fromarray(image).crop((chosen.left, chosen.top, right, bottom))
    picture = picture.resize((image.shape[1], image.shape[0]), Image.Resampling.BILINEAR)
    if chosen.flip:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    for name, factor in chosen.jitter:
        picture = _ENHANCE[name](picture).enhance(factor)
    return np.asarray(picture)


def normalise(images: Pixels, device: torch.device | str = "cpu") -> Tensor:
    """ToTensor and Normalize of a batch, RGB uint8 (batch, height, width, 3), on a device.

    Gives float32 (batch, 3, height, width) in channels-last memory, which is how the images come and what convolutions like
    best.
    """
    # permute() of a contiguous (n, h, w, c) array is a channels-last (n, c, h, w) tensor without a copy.
    import torch

    batch = torch.from_numpy(np.require(images, requirements=["C", "W"])).to(device).permute(0, 3, 1, 2)
    mean = torch.tensor(IMAGENET_MEAN, device=device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=device).view(1, 3, 1, 1)
    return batch.float().div_(255).sub_(mean).div_(std)
