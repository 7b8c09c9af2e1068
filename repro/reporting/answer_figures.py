"""Figures 6 and 7, as the record made them and as a reader would expect them, and calibration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, MultipleLocator

from repro.reporting.canvas import CONDITION_COLOUR, FIRST, INK, QUIET, SECOND, canvas
from repro.reporting.figures import MOON_WORDS, SUN_WORDS
from repro.sky.bins import CONDITIONS, MOON_BINS, SUN_BINS

READINGS = {"predicted yes": "frames classified yes, as published", "all": "all frames, as the title says"}


def figure6(table: pd.DataFrame, path: Path) -> None:
    """Mean and standard deviation of p(yes) by condition, over the frames classified yes and over all.

    Parameters
    ----------
    table : DataFrame
        ``over``, ``moon_bin``, ``sun_bin``, ``mean_percent``, ``sd_percent``; NaN where there are too few frames.
    path : Path
        SVG file.
    """
    places = {cell: len(CONDITIONS) - 1 - number for number, cell in enumerate(CONDITIONS)}
    with canvas(path, width_in=9.2, height_in=3.8) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (over, words) in zip(panels, READINGS.items(), strict=True):
            for row in table[(table["over"] == over) & table["mean_percent"].notna()].to_dict("records"):
                cell = row["sun_bin"], row["moon_bin"]
                spread = row["sd_percent"] if pd.notna(row["sd_percent"]) else None
                axes.errorbar(
                    row["mean_percent"], places[cell], xerr=spread, fmt="o", ms=7, color=QUIET,
                    mfc=CONDITION_COLOUR[cell], mec=INK, mew=0.6, elinewidth=1, capsize=2.5,
                )  # fmt: skip
            axes.set(title=words.capitalize(), xlabel="p(yes), %: mean ± standard deviation", xlim=(-15, 118))
            axes.xaxis.set_major_locator(FixedLocator([0, 25, 50, 75, 100]))
            axes.grid(axis="x")
            axes.tick_params(axis="y", length=0)
        names = [f"{SUN_WORDS[sun]}, {MOON_WORDS[moon]}" for sun, moon in places]
        panels[0].set_yticks(list(places.values()), names)
        panels[0].set_ylim(-0.6, len(places) - 0.4)


def figure7(table: pd.DataFrame, density: str, path: Path) -> None:
    """Histograms of p(yes) in the nine conditions.

    Parameters
    ----------
    table : DataFrame
        ``moon_bin``, ``sun_bin``, ``predicted``, ``low_percent`` (0 to 99), and the column ``density``.
    density : str
        ``density``, each predicted class by itself, as published; or ``density_of_all``.
    path : Path
        SVG file.
    """
    edges = np.arange(101)
    with canvas(path, width_in=9.2, height_in=5.6) as figure:
        panels = figure.subplots(3, 3, sharex=True)
        for (row, moon), (column, sun) in ((m, s) for m in enumerate(MOON_BINS) for s in enumerate(SUN_BINS[:3])):
            axes = panels[row][column]
            here = table[(table["moon_bin"] == moon) & (table["sun_bin"] == sun)]
            for label, colour, hatch in (("no", FIRST, None), ("yes", SECOND, "////")):
                values = here[here["predicted"] == label].sort_values("low_percent")[density].to_numpy()
                if len(values):
                    axes.stairs(values, edges, fill=True, facecolor=colour, alpha=0.35, hatch=hatch, lw=0)
                    axes.stairs(values, edges, color=colour, lw=0.9, label=f"classified {label}")
            if here.empty:
                axes.text(0.5, 0.5, "no frames", transform=axes.transAxes, ha="center", color=QUIET)
                axes.set_yticks([])
            axes.set_title(f"{SUN_WORDS[sun]}, {MOON_WORDS[moon]}", fontsize=8.5)
            axes.set(xlim=(0, 100), ylim=(0, None))
            axes.xaxis.set_major_locator(MultipleLocator(25))
        for axes in panels[2]:
            axes.set_xlabel("p(yes), %")
        for axes in panels[:, 0]:
            axes.set_ylabel("share of frames")
        # One key for all panels, from the first that has both.
        keys = {
            text: handle for axes in panels.flat for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        if keys:
            figure.legend(list(keys.values()), list(keys), loc="outside upper right", ncols=2)


def reliability(table: pd.DataFrame, path: Path) -> None:
    """How often yes is true where the network says p(yes), over all conditions.

    Parameters
    ----------
    table : DataFrame
        ``p_yes``, ``share_yes``, ``low``, ``high`` (fractions) and ``frames``, one row a bin.
    path : Path
        SVG file.
    """
    percent = 100 * table[["p_yes", "share_yes", "low", "high"]]
    bars = [percent["share_yes"] - percent["low"], percent["high"] - percent["share_yes"]]
    with canvas(path, width_in=4.6, height_in=4.2) as figure:
        axes = figure.subplots()
        axes.plot([0, 100], [0, 100], color=QUIET, lw=0.8, ls=(0, (4, 3)))
        axes.errorbar(percent["p_yes"], percent["share_yes"], yerr=bars, fmt="o-", color=FIRST, ms=5, lw=1, capsize=2.5)
        for x, y, frames in zip(percent["p_yes"], percent["share_yes"], table["frames"], strict=True):
            axes.annotate(f"{frames:,}", (x, y), xytext=(5, -9), textcoords="offset points", fontsize=7, color=QUIET)
        axes.set(xlabel="p(yes) the network gives, %", ylabel="frames with aurora, %", xlim=(0, 100), ylim=(0, 100))
        axes.grid()
