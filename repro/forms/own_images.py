"""Classes of a user's own all-sky pictures, by the best network of stages/kvammen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repro.classifier.device import of_workers
from repro.classifier.images import Images
from repro.classifier.network import load
from repro.engine.progress import progress
from repro.engine.threads import limited_threads
from repro.errors import ReproError
from repro.forms import networks
from repro.forms.classes import CLASSES
from repro.forms.frame_forms import best_weights
from repro.forms.layout import decode_square
from repro.params import FormsNetwork, Params
from repro.paths import Paths

BATCH = 64  # pictures in memory at a time


def classify_forms(files: Sequence[Path], paths: Paths, params: Params) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Class of each picture, by the network of the project.

    Files are PNG or JPEG of the whole sky, north up, the horizon's circle filling the picture, or its middle square.

    Returns
    -------
    DataFrame
        ``file``, ``class``, ``p`` (its probability, 0 to 1), ``second`` and ``p_second``, and ``p_<class>`` of all seven.
    dict
        ``method`` (the network) and ``simulated`` (whether it learnt on simulated pictures).

    Raises
    ------
    ReproError
        If no network was trained, or a file is missing or is no picture.
    """
    folder = paths.stage("kvammen", "evaluate")
    if not (folder / "evaluate.json").is_file():
        raise ReproError(
            found="no trained network",
            expected="the best network of the third record",
            where=str(folder / "evaluate.json"),
            remedy="train it with: make records",
        )
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise ReproError(
            found=f"{len(missing)} files that are not there",
            expected="PNG or JPEG files",
            where=str(missing[0]),
            remedy="name files that exist; a shell expands patterns such as night/*.jpg",
        )
    document, weights = best_weights(folder, paths.stage("kvammen", "networks"))
    best = document["best"]
    wanted = FormsNetwork.model_validate(best["network"])
    network, _ = load(weights, lambda: networks.empty(wanted))
    import torch

    device, size = torch.device(of_workers(params.engine)), best["image_size_px"]
    network = network.to(device)
    parts = []
    with limited_threads(), progress("classify", len(files), "pictures") as tally:
        for start in range(0, len(files), BATCH):
            part = files[start : start + BATCH]
            pixels = np.stack([decode_square(path, size)[0] for path in part])
            images = Images(tuple(map(str, part)), pixels, np.zeros(len(part), np.int64))
            parts.append(networks.probabilities(network, images, device))
            tally.advance(len(part))
    p = np.concatenate(parts)
    order = np.argsort(-p, axis=1, kind="stable")
    answers = {"file": [str(path) for path in files]}
    for rank, (name, p_name) in enumerate((("class", "p"), ("second", "p_second"))):
        answers[name] = np.array(CLASSES)[order[:, rank]]
        answers[p_name] = p[np.arange(len(p)), order[:, rank]]
    table = pd.DataFrame({**answers, **{f"p_{label}": p[:, k] for k, label in enumerate(CLASSES)}})
    return table, {"method": best["method"], "simulated": document["simulated"] is not False}
