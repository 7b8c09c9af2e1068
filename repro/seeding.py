"""The one place that turns the seed of ``params.yaml`` into sources of random numbers."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def generator(seed: int, *names: object) -> np.random.Generator:
    """Source of random numbers that depends on the seed and the names, and on nothing else.

    Each date or night has its own source, so that a night added later changes no draw of the others.
    ``seed`` is from ``params.yaml``, 0 or more; ``names`` say what the numbers are for, such as ``"sample", "2024-02-01"``, and
    are compared by their text.
    """
    return np.random.default_rng([seed, *(zlib.crc32(str(name).encode()) for name in names)])


def torch_generator(seed: int, *names: object) -> torch.Generator:
    """As :func:`generator`, for torch, on the CPU."""
    import torch  # takes seconds and half a gigabyte; stages without a network must not pay for it

    return torch.Generator().manual_seed(int(generator(seed, *names).integers(2**63)))
