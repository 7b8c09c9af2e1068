"""Stages train, softmax and gradcam in the report: curves and trainings; Table 6, Figures 6 and 7 and errors; panels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from repro.files import read_json
from repro.intervals import wilson
from repro.paths import Paths
from repro.reporting.frame_pictures import small_copy
from repro.sky.bins import CONDITIONS
from repro.untrusted import read_table

TRAIN, SOFTMAX, GRADCAM = "dvc repro train", "dvc repro softmax", "dvc repro gradcam"
KINDS = ("form", "colour")  # attributes of frames with aurora only
SIDE_PX = 360  # of the panels


class Training(NamedTuple):
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
    document = read_json(folder / "train.json", made_by=TRAIN)
    used = document["runs"][0]
    curves = read_table(folder / "curves.parquet", made_by=TRAIN)
    curves = curves[(curves["split"] == used["split"]) & (curves["network"] == used["network"])].sort_values("epoch")
    images, frozen = int(used["val_images"]), int((curves["phase"] == "head").sum())
    columns = ["epoch", "train_loss", "val_loss", "train_accuracy", "val_correct", "val_accuracy"]
    return Training(document, with_intervals(curves[columns].reset_index(drop=True), images), images, frozen)


def with_intervals(epochs: pd.DataFrame, images: int) -> pd.DataFrame:
    """Epochs with the ends of the 95 % Wilson interval of their validation accuracy, as fractions."""
    ends = [wilson(int(correct), images) for correct in epochs["val_correct"]]
    return epochs.assign(val_accuracy_low=[low for low, _ in ends], val_accuracy_high=[high for _, high in ends])


class Predictions(NamedTuple):
    """The network's predictions of a corpus, as stage softmax counted them: ``softmax.json`` and the tables by name."""

    document: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    @property
    def errors(self) -> Any:
        """Errors of the network; None where no right answer is known."""
        return self.document.get("errors")

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Rows of a table; none if there is no such table."""
        table = self.tables.get(name)
        return [] if table is None else [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]

    def confusions(self, *, kinds: bool) -> list[tuple[str, list[dict[str, Any]]]]:
        """Confusion by condition, then by weather; or of :data:`KINDS` of aurora, without the frames that have none.

        Name of each grouping that is known, and its rows. Each row has ``group``, its own name in words, and ``f1_ends``, the
        ends of Wilson's interval of F1.
        """
        confusions = []
        for name in self.tables:
            title = "condition" if name == "confusion" else name.removeprefix("confusion_")
            if name.startswith("confusion") and (title in KINDS) == kinds:
                rows = [{**row, "group": _group(row, title), "f1_ends": f1_ends(row)} for row in self.rows(name)]
                confusions.append((title, [row for row in rows if not kinds or row["group"] not in ("all", "none")]))
        return confusions

    @property
    def colour_rule(self) -> Any:
        """What is said of the colour rule; None where no frame is labelled that its limit could be chosen on."""
        rule = self.document.get("colour_rule")
        return rule if rule and rule["limit"] is not None else None

    @property
    def calibration(self) -> Any:
        """What is said of calibrated probabilities; None where none could be fitted or judged."""
        calibration = self.document.get("calibration")
        return calibration if calibration and calibration["error"] else None

    def beside_colour_rule(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Accuracy of network and colour rule on the same frames: words for the frames, and both by who."""
        known: Mapping[str, Any] = (self.colour_rule or {}).get("accuracy", {})
        names = {
            "validation": "validation frames",
            "all": "frames that did not train",
            "certain": "of these, certain ones",
            "before_2024": "nights before 2024",
            "from_2024": "nights from 2024 on, another camera",
            **{f"{sun}.{moon}": f"{sun}, {moon}" for sun, moon in CONDITIONS},
        }
        return [(words, known[key]) for key, words in names.items() if key in known]

    def calibrations(self) -> list[tuple[str, Mapping[str, Any], Mapping[str, Any] | None]]:
        """Calibration of all frames and of each condition in the order of Table 3, where it was measured.

        Words for the frames, the published softmax, and the calibrated one on the same frames without those of
        validation, or None.
        """
        known: Mapping[str, Any] = (self.errors or {}).get("calibration", {})
        after: Mapping[str, Any] = (self.calibration or {}).get("error", {})
        names = {"all": "all", **{f"{sun}.{moon}": f"{sun}, {moon}" for sun, moon in CONDITIONS}}
        return [(words, known[key], after.get(key)) for key, words in names.items() if key in known]


def f1_ends(row: Mapping[str, Any]) -> tuple[float, float]:
    """Ends of the 95 % interval of F1, as fractions, as if frames were independent.

    F1 = 2 q / (1 + q), where q is the share of right predictions among all frames that are yes or were classified yes. This
    share has a Wilson interval, and F1 increases with it.
    """
    counted = int(row["tp"] + row["fp"] + row["fn"])
    if not counted:
        return math.nan, math.nan
    low, high = wilson(int(row["tp"]), counted)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def load_predictions(paths: Paths, corpus: str) -> Predictions | None:
    """Read the results of stage softmax; None if it has not run."""
    folder = paths.stage(corpus, "softmax")
    if not (folder / "softmax.json").is_file():
        return None
    tables = {path.stem: read_table(path, made_by=SOFTMAX) for path in sorted(folder.glob("[!.]*.parquet"))}
    if "confusion" in tables:  # all frames, then as in Table 3; other conditions come last
        table, order = tables["confusion"], [("all", "all"), *CONDITIONS]
        cells = zip(table["sun_bin"], table["moon_bin"], strict=True)
        places = [order.index(cell) if cell in order else len(order) for cell in cells]
        tables["confusion"] = table.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)
    return Predictions(read_json(folder / "softmax.json", made_by=SOFTMAX), tables)


def _group(row: Mapping[str, Any], title: str) -> str:
    if title != "condition":
        return str(row[title])
    return "all" if row["sun_bin"] == "all" else f"{row['sun_bin']}, {row['moon_bin']}"


class Gradcam(NamedTuple):
    """The document of the stage, and its cases in their order.

    A case is a row of the stage's table that has a frame, with the paths of ``frame`` and map (``overlay``) from the page, and
    the ``size`` of both in pixels.
    """

    document: Mapping[str, Any]
    cases: list[dict[str, Any]]

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """Cases by what those of a panel differ in."""
        names = dict.fromkeys(case["panel"] for case in self.cases)
        return {name: [case for case in self.cases if case["panel"] == name] for name in names}


def load_gradcam(paths: Paths, corpus: str, target: Path) -> Gradcam | None:
    """Read the results of stage gradcam and copy its pictures beside the page; None if it has not run."""
    folder = paths.stage(corpus, "gradcam")
    if not (folder / "gradcam.json").is_file():
        return None
    table = read_table(folder / "cases.parquet", made_by=GRADCAM)
    cases: list[dict[str, Any]] = table[table["name"].notna()].to_dict("records")  # type: ignore[assignment]
    for case in cases:
        names = {"frame": f"{case['panel']}.{case['case']}"}
        names["overlay"] = f"{names['frame']}.{case['label']}"
        for kind, name in names.items():
            case[kind] = f"gradcam/{name}.webp"
            case["size"] = small_copy(folder / f"{kind}s" / f"{name}.jpg", target / case[kind], width_px=SIDE_PX)
    return Gradcam(read_json(folder / "gradcam.json", made_by=GRADCAM), cases)
