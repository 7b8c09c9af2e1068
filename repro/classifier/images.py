"""Labelled images in memory, and batches of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from repro.classifier.transforms import Pixels, augment, draw, load_frame, normalise
from repro.engine.executors import Item, Result
from repro.engine.progress import progress
from repro.engine.workers import worker_count
from repro.frames import CLASSES
from repro.seeding import generator


@dataclass(frozen=True)
class Images:
    """Labelled images, sorted by name.

    ``pixels``, RGB uint8 (n, size, size, 3), are those after the transforms' first step, the resize, which is the same in every
    epoch; ``classes``, int64 (n,), are 0 for no and 1 for yes.
    """

    names: tuple[str, ...]
    pixels: Pixels
    classes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.names)


def gather(rows: pd.DataFrame, archives: Path, size_px: int, *, workers: int = 0) -> Images:
    """Read, decode and resize labelled frames, given by ``name``, ``night`` and ``label``, in threads (0 for one a core).

    Raises ReproError if an archive is missing or damaged, or lacks a frame.
    """
    rows = rows.sort_values("name")
    frames = list(zip(rows["night"], rows["name"], strict=True))
    pixels = np.empty((len(frames), size_px, size_px, 3), np.uint8)

    def one(frame: tuple[str, str]) -> Pixels:
        return load_frame(archives / f"{frame[0]}.zip", frame[1], size_px)

    # Sorted by night, so that each thread opens an archive once.
    order = sorted(range(len(frames)), key=lambda place: frames[place])
    threads = worker_count(workers)
    with ThreadPoolExecutor(threads) as pool, progress("labelled frames", len(frames)) as tally:
        for place, image in zip(order, map_ahead(one, [frames[i] for i in order], pool, 4 * threads), strict=True):
            pixels[place] = image
            tally.advance()
    classes = np.array([CLASSES.index(label) for label in rows["label"]], dtype=np.int64)
    return Images(tuple(rows["name"]), pixels, classes)


def training_batches(
    images: Images, size: int, seed: int, epoch: int, device: torch.device, *, workers: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Shuffled and augmented batches of one epoch; the last one may be smaller.

    Order and augmentation depend on seed, epoch and image alone, so a single epoch can be repeated.

    Yields input (batch, 3, height, width), normalised, and classes (batch,), on the device.
    """
    order = generator(seed, "order", epoch).permutation(len(images))

    def one(place: int) -> Pixels:
        rng = generator(seed, "augment", epoch, images.names[place])
        return augment(images.pixels[place], draw(rng, images.pixels.shape[1]))

    threads = worker_count(workers)
    with ThreadPoolExecutor(threads) as pool:
        coming = map_ahead(one, order.tolist(), pool, 2 * size)
        for start in range(0, len(order), size):
            places = order[start : start + size]
            batch = np.stack([next(coming) for _ in places])
            yield normalise(batch, device), torch.from_numpy(images.classes[places]).to(device)


def plain_batches(pixels: Pixels, size: int, device: torch.device) -> Iterator[Tensor]:
    """Inputs of :func:`training_batches`, in order and without augmentation."""
    for start in range(0, len(pixels), size):
        yield normalise(pixels[start : start + size], device)


def map_ahead(
    work: Callable[[Item], Result], items: Sequence[Item], pool: ThreadPoolExecutor, waiting: int
) -> Iterator[Result]:
    """Apply a function in threads, at most ``waiting`` items ahead of the consumer, which bounds memory.

    Results come in the order of items; an error is raised where its result would have been taken.
    """
    coming = iter(items)
    queue = deque(pool.submit(work, item) for item in islice(coming, waiting))
    while queue:
        result = queue.popleft().result()
        queue.extend(pool.submit(work, item) for item in islice(coming, 1))
        yield result
