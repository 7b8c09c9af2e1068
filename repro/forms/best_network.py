"""The best network of stage evaluate, and its answers to pictures that are read as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from repro.classifier.images import Images
from repro.classifier.network import load
from repro.engine.threads import limited_threads
from repro.files import read_json
from repro.forms import networks
from repro.forms.classes import CLASSES
from repro.forms.load_corpus import SPLITS
from repro.params import FormsNetwork

BATCH = 64  # pictures in memory at a time


def best_training(evaluated: Path) -> tuple[dict[str, Any], str]:
    """Document of stage evaluate, and the name of the best network's first training in the folder of stage networks."""
    document = read_json(evaluated / "evaluate.json", made_by="make records")
    return document, f"{document['best']['id']}_{SPLITS[document['main']]}_0"


@lru_cache(maxsize=1)
def trained_network(weights: Path, wanted: FormsNetwork, device: str) -> nn.Module:
    """The network of a weight file on its device; each process reads it once."""
    return load(weights, lambda _: networks.empty(wanted))[0].to(torch.device(device))


def answers(
    network: nn.Module, sources: Sequence[Any], read: Callable[[Any], npt.NDArray[np.uint8]], device: str
) -> npt.NDArray[np.float64]:
    """Probabilities (n, 7) of the classes of pictures, each read from its source as uint8 (side, side, 3)."""
    parts = [np.zeros((0, len(CLASSES)))]
    with limited_threads():
        for start in range(0, len(sources), BATCH):
            part = sources[start : start + BATCH]
            images = Images(
                tuple(map(str, part)), np.stack([read(source) for source in part]), np.zeros(len(part), int)
            )
            parts.append(networks.probabilities(network, images, torch.device(device)))
    return np.concatenate(parts)
