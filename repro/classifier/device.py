"""Where networks run, and in which precision."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from repro.errors import ReproError, StageError
from repro.params import Engine

Precision = Literal["float32", "tf32", "bfloat16"]


def choose(asked: str) -> torch.device:
    """Device by its name in ``engine.device``; ``auto`` is the first GPU if torch can use one, else the CPU."""
    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if asked.startswith("cuda") and not torch.cuda.is_available():
        raise StageError(
            found=f"engine.device {asked!r}, but torch finds no usable GPU",
            expected="an NVIDIA GPU with its driver, and torch built for it",
            where="params.yaml",
            remedy="set engine.device to auto or cpu",
        )
    return torch.device(asked)


def of_workers(engine: Engine) -> torch.device:
    """Device of the workers, as :func:`choose`.

    The workers of a cluster may differ from this machine: there ``auto`` is the CPU, and a GPU is looked for by the worker.
    """
    if engine.scheduler:
        return torch.device("cpu" if engine.device == "auto" else engine.device)
    return choose(engine.device)


def name(device: torch.device) -> str:
    """Name of a device for people: the GPU's, or ``cpu``."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """Block in which convolutions and products are taken in bfloat16, if that is the precision."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


@contextmanager
def tf32(precision: Precision, device: torch.device) -> Iterator[None]:
    """Block in which a GPU rounds products to TF32 only if that is the precision; torch's default is to do so in convolutions."""
    if device.type != "cuda":  # threads that switch it at the same time would restore each other's value
        yield
        return
    was = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = was


@contextmanager
def deterministic(device: torch.device, *, warn_only: bool = False) -> Iterator[None]:
    """Block of deterministic algorithms; ``warn_only`` where a network has steps without one. Torch's settings are put back."""
    was = torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it
    torch.use_deterministic_algorithms(True, warn_only=warn_only)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was[0])
        torch.backends.cudnn.benchmark = was[1]


def say(line: str) -> None:
    """Print a line for the user on stderr."""
    print(line, file=sys.stderr, flush=True)


def halved_batch(size: int, error: torch.OutOfMemoryError, device: torch.device) -> int:
    """Half a batch's size, after the GPU ran out of memory; a ReproError if the batch was a single image."""
    if size == 1:
        raise ReproError(
            found="not enough GPU memory even for a batch of one image",
            expected="about 1 GB free",
            where=f"{device}: {str(error).splitlines()[0]}",
            remedy="end other programs on the GPU, or set engine.device to cpu",
        ) from None
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return size // 2
