"""Classes of a user's own all-sky pictures, by the best network of stages/kvammen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.classifier.device import of_workers
from repro.engine.progress import progress
from repro.errors import ReproError
from repro.forms.best_network import answers, best_training, trained_network
from repro.forms.classes import CLASSES
from repro.forms.layout import decode_square
from repro.params import FormsNetwork, Params
from repro.paths import Paths


def classify_forms(files: Sequence[Path], paths: Paths, params: Params) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Class of each picture, by the network of the project.

    Files are PNG or JPEG of the whole sky, north up, the horizon's circle filling the picture, or its middle square.
    Raises ReproError if no network was trained, or a file is missing or is no picture.

    Returns
    -------
    DataFrame
        ``file``, ``class``, ``p`` (its probability, 0 to 1), ``second`` and ``p_second``, and ``p_<class>`` of all seven.
    dict
        ``method`` (the network) and ``simulated`` (whether it learnt on simulated pictures).
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
    document, training = best_training(folder)
    best, device = document["best"], str(of_workers(params.engine))
    weights = paths.stage("kvammen", "networks") / "weights" / f"{training}.safetensors"
    network = trained_network(weights, FormsNetwork.model_validate(best["network"]), device)
    with progress("classify", len(files), "pictures") as tally:

        def read(path: Path) -> npt.NDArray[np.uint8]:
            tally.advance()
            return decode_square(path, best["image_size_px"])[0]

        p = answers(network, files, read, device)
    order = np.argsort(-p, axis=1, kind="stable")
    columns: dict[str, Any] = {"file": [str(path) for path in files]}
    for rank, (name, p_name) in enumerate((("class", "p"), ("second", "p_second"))):
        columns[name] = np.array(CLASSES)[order[:, rank]]
        columns[p_name] = p[np.arange(len(p)), order[:, rank]]
    table = pd.DataFrame({**columns, **{f"p_{label}": p[:, k] for k, label in enumerate(CLASSES)}})
    return table, {"method": best["method"], "simulated": document["simulated"] is not False}
