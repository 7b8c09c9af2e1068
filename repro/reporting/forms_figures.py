"""Figures of the page about the seven forms: methods with intervals, confusion matrix, calibration, classes of a night."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter, date2num
from matplotlib.patches import Patch
from PIL import Image

from repro.reporting.canvas import FIRST, INK, QUIET, RULE, SECOND, canvas

#: Colour of each class: the palette of Okabe and Ito, grey for the faintest.
CLASS_COLOUR = {
    "breakup": "#d55e00", "colored": "#cc79a7", "arcs-bands": "#009e73", "discrete": "#0072b2", "patchy": "#f0e442",
    "edge": "#56b4e9", "clear-faint": "#9aa0a6",
}  # fmt: skip
_LOOKS = (("o", FIRST), ("s", SECOND), ("D", INK))


def methods(table: pd.DataFrame, path: Path, *, simulated: bool) -> None:
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


def matrix(counts: pd.DataFrame, path: Path, *, simulated: bool) -> None:
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


def calibration(bins: pd.DataFrame, path: Path, *, simulated: bool) -> None:
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


def ribbon(night: pd.DataFrame, keogram: Image.Image, path: Path, *, simulated: bool) -> None:
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
