"""Whether a training would be the same as the last one, without loading torch or a single image.

A night that is added changes no labelled frame, and then stage train has nothing to do. The receipt of the training itself
knows the pixels it learnt; to compare them costs reading them all. This one knows where they are from: the receipts of the
nights' film, which name the videos, parameters and code that made them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from repro.classifier.gpu import expects_gpu
from repro.engine.receipts import NightWork, receipt_path, settings_digest
from repro.files import digest
from repro.params import Params

DOCUMENT = "train.json"
OUTPUTS = ("weights.safetensors", "curves.parquet", "validation.parquet", DOCUMENT)
CARD = "model_card.md"


def training_work(split: pd.DataFrame, film: Path, folder: Path, params: Params) -> NightWork:
    """All trainings of a corpus as one piece of work, for :mod:`repro.engine.receipts`.

    ``split`` is the table of stage split, ``film`` and ``folder`` are the output folders of the stages film and train.
    """
    used = split[split[["split", "split_by_night"]].notna().any(axis=1)]
    rows = used[["name", "night", "label", "split", "split_by_night"]].to_csv(index=False)
    settings = {
        "corpus": params.corpus,
        "seed": params.seed,
        "train": params.train.model_dump(),
        "gpu": expects_gpu(params.engine),
        "labels": hashlib.sha256(rows.encode()).hexdigest(),
        "film": {night: _digest(receipt_path(film, night)) for night in sorted(used["night"].unique())},
        "initial": _digest(Path(params.train.initial_weights.get(params.corpus, "imagenet"))),
    }
    outputs = tuple(folder / name for name in (*OUTPUTS, CARD))
    settings_hash = settings_digest(settings, "repro.classifier.train_corpus")
    return NightWork("train", (), outputs, receipt_path(folder, "sources"), settings_hash)


def _digest(path: Path) -> str | None:
    """SHA-256 of a file; None for one that is not there, such as the name of shipped weights."""
    return digest(path) if path.is_file() else None
