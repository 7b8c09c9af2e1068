"""Small images, archives and networks; test support, no part of the library."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from repro.bench.inference_speed import lively as with_statistics_of
from repro.classifier.finetune import Trained
from repro.classifier.images import Images
from repro.frames import archive_name
from tests.support.camera import write_zip


def sky(rng: np.random.Generator, *, aurora: bool, size_px: int = 32) -> np.ndarray:
    """A noisy dark square, (size, size, 3) uint8, with a green arc where there is aurora."""
    image = rng.normal(25, 6, (size_px, size_px, 3))
    if aurora:
        rows = np.arange(size_px)[:, None]
        arc = np.exp(-(((rows - rng.uniform(0.3, 0.7) * size_px) / (0.1 * size_px)) ** 2)) * np.ones(size_px)
        image[..., 1] += 150 * arc
        image[..., 0] += 30 * arc
    return np.clip(image, 0, 255).astype(np.uint8)


def jpeg(image: np.ndarray) -> bytes:
    """An image as the bytes of a JPEG."""
    data = io.BytesIO()
    Image.fromarray(image).save(data, "jpeg", quality=95)
    return data.getvalue()


def write_archive(path: Path, images: Mapping[str, np.ndarray]) -> Path:
    """A night's archive of JPEGs as stage film stores them, from images by published or short name."""
    return write_zip(path, {archive_name(name): jpeg(image) for name, image in images.items()}, zipfile.ZIP_STORED)


def labelled_images(count: int, rng: np.random.Generator, size_px: int = 32) -> Images:
    """As many images with aurora as without."""
    classes = np.arange(count, dtype=np.int64) % 2
    pixels = np.stack([sky(rng, aurora=bool(k), size_px=size_px) for k in classes])
    return Images(tuple(f"{n:04}.jpg" for n in range(count)), pixels, classes)


class Small(nn.Module):
    """A network with the parts that matter to training: BatchNorm and dropout, a frozen body and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 5, stride=2), nn.BatchNorm2d(6), nn.SiLU(), nn.Conv2d(6, 8, 3), nn.BatchNorm2d(8), nn.SiLU()
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(8, 2))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 2) of images (n, 3, height, width)."""
        return self.classifier(self.features(images).mean((2, 3)))


class Hungry(Small):
    """A network that runs out of memory with more than ``most`` images, while it is trained or while it classifies."""

    def __init__(self, most: int, *, trained: bool) -> None:
        super().__init__()
        self.load_state_dict(small().state_dict())
        self.most, self.trained = most, trained

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 2), if there is room."""
        if self.training == self.trained and len(images) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nmore")
        return super().forward(images)


def small(seed: int = 0) -> Small:
    """The small network, drawn from a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Small()


def same_training(one: Trained, other: Trained) -> bool:
    """Whether two trainings gave the same network, curves and answers, to the last bit."""
    weights = other.network.state_dict()
    return (
        all(torch.equal(value, weights[name]) for name, value in one.network.state_dict().items())
        and one.curves.equals(other.curves)
        and one.best_epoch == other.best_epoch
        and one.validation.equals(other.validation)
    )


def lively(network: nn.Module, side_px: int) -> nn.Module:
    """Give a network with random weights BatchNorm statistics of images, so that its answers depend on the image."""
    return with_statistics_of(network, labelled_images(12, np.random.default_rng(42), side_px).pixels)
