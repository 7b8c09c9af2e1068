"""A network ready to classify the frames of an archive.

As published, images go through the network one at a time. The fast mode gives the same numbers except for rounding: batches,
channels-last memory, BatchNorm folded into the convolutions, and decoding beside the network. On a CPU every thread takes
whole batches, decoding included, because a network of small convolutions gains little from sharing one batch between
cores; on a GPU threads decode and the GPU is fed in turn.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models import EfficientNet

from repro.classifier.device import autocast, halved_batch, say, tf32
from repro.classifier.images import map_ahead
from repro.classifier.infer_corpus import Logits
from repro.classifier.network import fused
from repro.classifier.transforms import Pixels, load_frame, normalise
from repro.engine.threads import limited_threads
from repro.engine.workers import worker_count
from repro.errors import ReproError
from repro.frames import CLASSES
from repro.params import InferParams

#: Frames whose logits in low precision differ by less than this are computed again in float32. Rounding to bfloat16
#: moves the difference of the logits by up to 0.2 in tests; beyond 6, p(yes) moves by less than 0.0005 for that.
NEAR = 6.0
#: Images of a batch by device; see :class:`CacheFriendlyNet` for the CPU's.
SUITS = {"cpu": 8, "cuda": 64}
EARLY_STAGES = 3  # they hold maps of 60 x 60 pixels and larger


class CacheFriendlyNet(nn.Module):
    """EfficientNet for a CPU, made of a network that is changed; its logits differ by rounding only.

    The early stages take one image at a time, because their maps for several images exceed a core's cache; the later stages
    take a whole batch, because they have many weights. On one core of an EPYC, with images of 240 pixels, this took 25 ms
    an image instead of 34 ms.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        network = fused(network.eval()).to(memory_format=torch.channels_last)
        stages = list(network.get_submodule("features").children())
        self.early, self.late = nn.Sequential(*stages[:EARLY_STAGES]), nn.Sequential(*stages[EARLY_STAGES:])
        self.head = nn.Sequential(network.get_submodule("avgpool"), nn.Flatten(1), network.get_submodule("classifier"))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (n, 2) of images (n, 3, side, side)."""
        maps = torch.cat([self.early(images[place : place + 1]) for place in range(len(images))])
        logits: Tensor = self.head(self.late(maps))
        return logits


class Classifier:
    """A network ready to classify frames.

    ``network`` is from :func:`repro.classifier.network.load`; a copy of it is used in ``fast`` mode. ``image_size_px`` is
    the side of the images it was trained on; ``workers`` are threads, 0 for one a core.
    """

    def __init__(
        self, network: nn.Module, image_size_px: int, params: InferParams, device: torch.device, *, workers: int = 0
    ) -> None:
        self.batch = (params.batch or SUITS[device.type]) if params.mode == "fast" else 1
        self.image_size_px, self.params, self.device = image_size_px, params, device
        self.threads = worker_count(workers)
        network = network.eval().to(device)
        if params.mode == "fast":
            network = copy.deepcopy(network)
            if device.type == "cpu" and params.precision == "float32" and isinstance(network, EfficientNet):
                network = CacheFriendlyNet(network)
            else:
                network = fused(network).to(memory_format=torch.channels_last)
        self.network = network

    def classify(self, archive: Path, names: Sequence[str]) -> Logits:
        """Logits (n, 2), no before yes, of frames out of a night's archive.

        Raises ReproError if the archive is missing or damaged, or lacks a frame, or not even one image fits into GPU memory.
        """

        def read(part: Sequence[str]) -> Pixels:
            return np.stack([load_frame(archive, name, self.image_size_px) for name in part])

        return self.each(read, [names[start : start + self.batch] for start in range(0, len(names), self.batch)])

    def each(self, read: Callable[[Sequence[str]], Pixels], parts: Sequence[Sequence[str]]) -> Logits:
        """Logits of parts of a list that ``read`` turns into decoded images; reading and classifying run in parallel."""
        logits: list[Logits] = [np.empty((0, len(CLASSES)))]
        if self.device.type == "cpu":
            # One thread of torch in each of ours; grad mode is a setting of each thread, too.
            with limited_threads(), ThreadPoolExecutor(self.threads) as pool:
                logits += map_ahead(lambda part: self.logits(read(part)), parts, pool, 2 * self.threads)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                logits += [self.logits(pixels) for pixels in map_ahead(read, parts, pool, 2 * self.threads)]
        return np.concatenate(logits)

    def logits(self, pixels: Pixels) -> Logits:
        """Logits (n, 2) of decoded images (n, height, width, 3), in parts if the GPU's memory requires it."""
        with torch.inference_mode(), tf32(self.params.precision, self.device):
            answers = self._forward(pixels, self.params.precision != "float32")
            if self.params.precision != "float32":
                near = np.abs(answers[:, 1] - answers[:, 0]) < NEAR
                if near.any():
                    with tf32("float32", self.device):
                        answers[near] = self._forward(pixels[near], False)
        if not np.isfinite(answers).all():  # finite weights may still overflow
            raise ReproError(
                found="non-finite logits",
                expected="two finite logits a frame",
                where="the network's weights",
                remedy="train anew with: dvc repro train",
            )
        return answers

    def _forward(self, pixels: Pixels, rounded: bool) -> Logits:
        precision = self.params.precision if rounded else "float32"
        done: list[Logits] = []
        start, size = 0, min(self.batch, len(pixels))
        while start < len(pixels):
            try:
                inputs = normalise(pixels[start : start + size], self.device)
                if self.params.mode == "published":
                    inputs = inputs.contiguous()
                with autocast(precision, self.device):
                    answers = self.network(inputs)
            except torch.OutOfMemoryError as error:
                self.batch = size = halved_batch(size, error, self.device)
                say(f"infer: the GPU ran out of memory; continuing with batches of {size}, which changes no result")
                continue
            done.append(answers.double().cpu().numpy())
            start += size
        return np.concatenate(done)
