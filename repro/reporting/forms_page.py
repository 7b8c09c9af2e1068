"""What the report shows of the third record: the seven forms of aurora, classified by several methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter, date2num
from matplotlib.patches import Patch
from PIL import Image

from repro.files import read_json
from repro.paths import Paths
from repro.reporting.canvas import FIRST, INK, QUIET, RULE, SECOND, canvas, write_csv
from repro.reporting.frame_pictures import small_copy

MADE_BY = "make records"
SIDE_PX = 256
#: Colour of each class: the palette of Okabe and Ito, grey for the faintest.
CLASS_COLOUR = {
    "breakup": "#d55e00", "colored": "#cc79a7", "arcs-bands": "#009e73", "discrete": "#0072b2", "patchy": "#f0e442",
    "edge": "#56b4e9", "clear-faint": "#9aa0a6",
}  # fmt: skip
_LOOKS = (("o", FIRST), ("s", SECOND), ("D", INK))


class Forms(NamedTuple):
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
    examples, mistakes = (
        [_copied(entry, folders["pictures"], target) for entry in documents["pictures"][kind]]
        for kind in ("examples", "mistakes")
    )
    night = folders["pictures"] / "whole_night.parquet"
    campaign = paths.corpus(documents["evaluate"]["corpus"]) / "campaign.json"
    return Forms(
        documents["evaluate"], documents["classical"], documents["load"], documents["pictures"],
        read_json(campaign, made_by=MADE_BY) if campaign.is_file() else None, examples, mistakes,
        pd.read_parquet(night) if night.is_file() else None,
    )  # fmt: skip


def _copied(entry: Mapping[str, Any], folder: Path, target: Path) -> dict[str, Any]:
    shown = dict(entry)
    for kind in ("frame", "map"):
        shown[kind] = f"forms/{entry['id']}.{kind}.webp"
        shown["size"] = small_copy(folder / f"{entry['id']}.{kind}.png", target / shown[kind], width_px=SIDE_PX)
    return shown


def draw_forms(forms: Forms, paths: Paths, folder: Path) -> None:
    """Draw the figures of the page, with the table behind each beside it."""

    def figure(name: str, draw: Callable[..., None], table: pd.DataFrame, *shown: Any) -> None:
        write_csv(folder / f"forms_{name}.csv", table)
        draw(*(shown or [table]), folder / f"forms_{name}.svg", simulated=forms.simulated)

    rows = []
    for name, entries in forms.by_split():
        for split, entry in zip(forms.evaluated["methods"], entries, strict=True):
            low, high = entry["interval.mean_precision"] or (None, None)
            precision = {"mean_precision": entry["mean_precision"], "low": low, "high": high}
            rows.append({"method": name, "split": split, **precision})
    figure("methods", draw_methods, pd.DataFrame(rows))
    names = [entry["class"] for entry in forms.best["classes"]]
    matrix = pd.DataFrame(forms.best["confusion"], index=names, columns=names)
    figure("matrix", draw_matrix, matrix.reset_index(names="class"), matrix)
    judged = [entry for entry in forms.main if entry.get("calibration")]
    bins = [{"method": entry["method"], **one} for entry in judged for one in entry["calibration"]["bins"]]
    figure("calibration", draw_calibration, pd.DataFrame(bins))
    if forms.night is not None:
        with Image.open(paths.stage("kvammen", "pictures") / "keogram.png") as opened:
            keogram = opened.convert("RGB")
        columns = ["time_utc", "class", "ambiguous", "predicted", "p"]
        figure("night", draw_ribbon, forms.night[columns], forms.night, keogram)


def draw_methods(table: pd.DataFrame, path: Path, *, simulated: bool) -> None:
    """Mean precision of each method on each split, with intervals.

    The table has ``method``, ``split`` and, as fractions, ``mean_precision``, ``low`` and ``high``, which may be missing.
    """
    names, splits = list(dict.fromkeys(table["method"])), list(dict.fromkeys(table["split"]))
    with canvas(path, width_in=7.6, height_in=0.9 + 0.42 * len(names), simulated=simulated) as figure:
        axes = figure.subplots()
        for number, (split, (marker, colour)) in enumerate(zip(splits, _LOOKS, strict=False)):
            rows = table[table["split"] == split]
            places = [len(names) - 1 - names.index(name) + 0.14 - 0.28 * number for name in rows["method"]]
            value = 100 * rows["mean_precision"].to_numpy(float)
            ends = 100 * rows[["low", "high"]].to_numpy(float).T
            known = np.isfinite(ends).all(0)
            axes.hlines(np.array(places)[known], ends[0][known], ends[1][known], color=colour, lw=1.2)
            axes.plot(value, places, marker, color=colour, ms=5, label=f"split {split}", ls="none")
        axes.set_yticks(range(len(names)), names[::-1])
        axes.set(xlabel="mean precision of the seven classes, %", ylim=(-0.6, len(names) - 0.4), xlim=(None, 101))
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=len(splits))


def draw_matrix(counts: pd.DataFrame, path: Path, *, simulated: bool) -> None:
    """Confusion matrix of counts: true classes by row, answers by column, shaded by the share of the row."""
    share = counts.div(counts.sum(axis=1).clip(lower=1), axis=0).to_numpy()
    with canvas(path, width_in=5.8, height_in=4.9, simulated=simulated) as figure:
        axes = figure.subplots()
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(*share.shape):
            if counts.iloc[row, column]:
                colour = "white" if share[row, column] > 0.55 else INK
                axes.text(column, row, str(counts.iloc[row, column]), ha="center", va="center", color=colour)
        axes.set_xticks(range(len(counts.columns)), list(counts.columns), rotation=35, ha="right")
        axes.set_yticks(range(len(counts.index)), list(counts.index))
        axes.set(xlabel="answer", ylabel="true class")
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)


def draw_calibration(bins: pd.DataFrame, path: Path, *, simulated: bool) -> None:
    """How often an answer is right against its probability: ``method``, ``images``, ``p`` and ``right`` of each bin."""
    with canvas(path, width_in=5.6, height_in=4.2, simulated=simulated) as figure:
        axes = figure.subplots()
        axes.plot([0, 100], [0, 100], color=RULE, lw=1)
        for (name, rows), colour, marker in zip(
            bins.groupby("method", sort=False), (FIRST, SECOND, INK, QUIET, "#009e73", "#cc79a7", "#e69f00"), "osD^vPX", strict=False
        ):  # fmt: skip
            axes.plot(100 * rows["p"], 100 * rows["right"], color=colour, lw=0.8, label=name)
            axes.scatter(100 * rows["p"], 100 * rows["right"], s=6 + 1.2 * rows["images"], color=colour, marker=marker)
        axes.set(xlabel="probability of the answer, %", ylabel="right, %", xlim=(0, 103), ylim=(-3, 103))
        axes.grid()
        axes.legend(loc="upper left")


def draw_ribbon(night: pd.DataFrame, keogram: Image.Image, path: Path, *, simulated: bool) -> None:
    """Keogram of a night, one column a frame, with the classes of its frames below it.

    Frames are equally spaced in ``time_utc`` and have ``predicted``; those of a simulated night ``class`` and ``ambiguous``.
    """
    days = date2num(night["time_utc"].dt.tz_localize(None).to_numpy())  # type: ignore[no-untyped-call]
    step = float(np.median(np.diff(days))) if len(days) > 1 else 1 / 1440
    left, right = float(days[0] - step / 2), float(days[-1] + step / 2)
    rows = [("answer", night["predicted"], np.ones(len(night), bool))]
    if "class" in night:
        known = (night["class"] != "none").to_numpy() & ~night["ambiguous"].to_numpy()
        rows.append(("truth", night["class"], known))
    with canvas(path, width_in=9.2, height_in=3.6, simulated=simulated) as figure:
        top, *strips = figure.subplots(
            1 + len(rows), 1, sharex=True, gridspec_kw={"height_ratios": [6] + [1] * len(rows), "hspace": 0.05}
        )
        top.imshow(np.asarray(keogram), extent=(left, right, -90, 90), aspect="auto", interpolation="nearest")
        top.set_yticks([-90, 0, 90], ["S", "zenith", "N"])
        for axes, (name, classes, shown) in zip(strips, rows, strict=True):
            for day, word, here in zip(days, classes, shown, strict=True):
                if here:
                    axes.axvspan(day - step / 2, day + step / 2, color=CLASS_COLOUR[str(word)], lw=0)
            axes.set_yticks([0.5], [name])
            axes.set_ylim(0, 1)
            axes.tick_params(axis="y", length=0)
        strips[-1].xaxis.set_major_formatter(DateFormatter("%H:%M"))  # type: ignore[no-untyped-call]
        strips[-1].set(xlabel="UTC", xlim=(left, right))
        handles = [Patch(color=colour, label=name) for name, colour in CLASS_COLOUR.items()]
        figure.legend(handles=handles, loc="outside upper left", ncols=len(handles), handlelength=1, columnspacing=1.2)
