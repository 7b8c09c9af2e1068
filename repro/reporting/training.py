"""Stage train in the report: the rebuilt curves, every training, and accuracy on unseen nights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from repro.files import read_json
from repro.intervals import wilson
from repro.paths import Paths
from repro.untrusted import read_table

MADE_BY = "dvc repro train"


@dataclass(frozen=True)
class Training:
    """The trainings of a corpus: ``train.json``, and of the training that is used its epochs, validation images and frozen epochs.

    ``epochs`` has one row an epoch; columns as :func:`repro.reporting.figures.learning_curves` takes.
    """

    document: Mapping[str, Any]
    epochs: pd.DataFrame
    images: int
    frozen: int

    @property
    def kept(self) -> int:
        """The epoch whose network is used."""
        return int(self.document["runs"][0]["best_epoch"])

    @property
    def lowest_loss(self) -> int:
        """The first epoch with the lowest validation loss."""
        return int(self.epochs["epoch"].iloc[int(self.epochs["val_loss"].argmin())])

    def generalisation_gap(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Accuracy as published, within nights, and on unseen nights, where each was measured."""
        names = {"within_nights": "within nights, as published", "unseen_nights": "nights not used in training"}
        gap = self.document["generalisation_gap"]
        return [(words, gap[key]) for key, words in names.items() if key in gap]


def load_training(paths: Paths, corpus: str) -> Training | None:
    """Read the results of stage train; None if it has not run."""
    folder = paths.stage(corpus, "train")
    if not (folder / "train.json").is_file() or not (folder / "curves.parquet").is_file():
        return None
    document = read_json(folder / "train.json", made_by=MADE_BY)
    used = document["runs"][0]
    curves = read_table(folder / "curves.parquet", made_by=MADE_BY)
    curves = curves[(curves["split"] == used["split"]) & (curves["network"] == used["network"])].sort_values("epoch")
    images, frozen = int(used["val_images"]), int((curves["phase"] == "head").sum())
    columns = ["epoch", "train_loss", "val_loss", "train_accuracy", "val_correct", "val_accuracy"]
    return Training(document, with_intervals(curves[columns].reset_index(drop=True), images), images, frozen)


def with_intervals(epochs: pd.DataFrame, images: int) -> pd.DataFrame:
    """Epochs with the ends of the 95 % Wilson interval of their validation accuracy, as fractions."""
    ends = [wilson(int(correct), images) for correct in epochs["val_correct"]]
    return epochs.assign(val_accuracy_low=[low for low, _ in ends], val_accuracy_high=[high for _, high in ends])
