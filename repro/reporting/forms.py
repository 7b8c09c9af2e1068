"""What the report shows of the third record: the seven forms of aurora, classified by several methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from repro.files import read_json
from repro.paths import Paths
from repro.reporting import forms_figures as figures
from repro.reporting.canvas import write_csv
from repro.reporting.frame_pictures import small_copy

MADE_BY = "make records"
SIDE_PX = 256


@dataclass(frozen=True)
class Forms:
    """The results of stages/kvammen: documents of the stages, and what is drawn of them.

    ``campaign`` has the counts of the simulated campaign, if the pictures are simulated. ``examples`` are right answers, one
    a class, and ``mistakes`` the most frequent ones: entries of the stage's document with paths of ``frame`` and ``map`` from
    the page, and their ``size`` in pixels. ``night`` is the whole night, see :func:`repro.forms.pictures.draw_pictures`.
    """

    evaluated: Mapping[str, Any]
    classical: Mapping[str, Any]
    loaded: Mapping[str, Any]
    pictures: Mapping[str, Any]
    campaign: Mapping[str, Any] | None
    examples: list[dict[str, Any]]
    mistakes: list[dict[str, Any]]
    night: pd.DataFrame | None

    @property
    def simulated(self) -> bool:
        """Whether the pictures are simulated."""
        return self.evaluated["simulated"] is not False

    @property
    def source(self) -> str:
        """Word for the badge."""
        return "simulated" if self.simulated else str(self.evaluated["corpus"])

    @property
    def main(self) -> list[Mapping[str, Any]]:
        """Scores of every method on the main split."""
        return list(self.evaluated["methods"][self.evaluated["main"]])

    @property
    def best(self) -> Mapping[str, Any]:
        """Scores of the best network."""
        return next(entry for entry in self.main if entry["method"] == self.evaluated["best"]["method"])

    @property
    def against_best(self) -> list[Mapping[str, Any]]:
        """The best network compared with every other method."""
        return [entry for entry in self.evaluated["comparisons"] if entry["first"] == self.best["method"]]

    def settings_of(self, method: str, split: str) -> str:
        """Settings that cross-validation chose, in words; "" for a network."""
        settings = {(entry["method"], entry["split"]): entry["settings"] for entry in self.classical["methods"]}
        chosen = settings.get((method, split), {})
        return ", ".join(f"{name.replace('n_neighbors', 'k')} {value}" for name, value in chosen.items())

    def by_split(self) -> list[tuple[str, list[Mapping[str, Any]]]]:
        """Each method with its scores on every split, the main one first."""
        scores = [{entry["method"]: entry for entry in entries} for entries in self.evaluated["methods"].values()]
        return [(entry["method"], [of_split[entry["method"]] for of_split in scores]) for entry in self.main]


def load_forms(paths: Paths, target: Path) -> Forms | None:
    """Read what stages/kvammen left and copy its pictures beside the page; None if they have not run."""
    folders = {name: paths.stage("kvammen", name) for name in ("load", "classical", "evaluate", "pictures")}
    files = {name: folder / f"{name}.json" for name, folder in folders.items()}
    if not all(path.is_file() for path in files.values()):
        return None
    documents = {name: read_json(path, made_by=MADE_BY) for name, path in files.items()}
    pictures = {
        kind: [_copied(entry, folders["pictures"], target) for entry in documents["pictures"][kind]]
        for kind in ("examples", "mistakes")
    }
    night = folders["pictures"] / "whole_night.parquet"
    campaign = paths.corpus(documents["evaluate"]["corpus"]) / "campaign.json"
    return Forms(
        documents["evaluate"],
        documents["classical"],
        documents["load"],
        documents["pictures"],
        read_json(campaign, made_by=MADE_BY) if campaign.is_file() else None,
        pictures["examples"],
        pictures["mistakes"],
        pd.read_parquet(night) if night.is_file() else None,
    )


def draw_forms(forms: Forms, paths: Paths, folder: Path) -> None:
    """Draw the figures of the page, with the table behind each beside it."""
    methods = pd.DataFrame(
        [
            {
                "method": name,
                "split": split,
                "mean_precision": entry["mean_precision"],
                **dict(zip(("low", "high"), entry["interval.mean_precision"] or (None, None), strict=True)),
            }
            for name, entries in forms.by_split()
            for split, entry in zip(forms.evaluated["methods"], entries, strict=True)
        ]
    )
    write_csv(folder / "forms_methods.csv", methods)
    figures.methods(methods, folder / "forms_methods.svg", simulated=forms.simulated)
    names = [entry["class"] for entry in forms.best["classes"]]
    matrix = pd.DataFrame(forms.best["confusion"], index=names, columns=names)
    write_csv(folder / "forms_matrix.csv", matrix.reset_index(names="class"))
    figures.matrix(matrix, folder / "forms_matrix.svg", simulated=forms.simulated)
    bins = pd.DataFrame(
        [
            {"method": entry["method"], **one}
            for entry in forms.main
            if entry.get("calibration")
            for one in entry["calibration"]["bins"]
        ]
    )
    write_csv(folder / "forms_calibration.csv", bins)
    figures.calibration(bins, folder / "forms_calibration.svg", simulated=forms.simulated)
    if forms.night is not None:
        columns = ["time_utc", "class", "ambiguous", "predicted", "p"]
        write_csv(folder / "forms_night.csv", forms.night[columns])
        with Image.open(paths.stage("kvammen", "pictures") / "keogram.png") as opened:
            keogram = opened.convert("RGB")
        figures.ribbon(forms.night, keogram, folder / "forms_night.svg", simulated=forms.simulated)


def _copied(entry: Mapping[str, Any], folder: Path, target: Path) -> dict[str, Any]:
    shown = dict(entry)
    for kind in ("frame", "map"):
        shown[kind] = f"forms/{entry['id']}.{kind}.webp"
        shown["size"] = small_copy(folder / f"{entry['id']}.{kind}.png", target / shown[kind], width_px=SIDE_PX)
    return shown
