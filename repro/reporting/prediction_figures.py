"""Figures 6 and 7, as the record made them and as a reader would expect them, and calibration."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MultipleLocator

from repro.reporting.canvas import CONDITION_COLOUR, FIRST, INK, QUIET, SECOND, canvas, label_points
from repro.reporting.wording import MOON_WORDS, SUN_WORDS
from repro.sky.bins import CONDITIONS

READINGS = {"predicted yes": "frames classified yes, as published", "all": "all frames, as the title says"}


def figure6(table: pd.DataFrame, published: pd.DataFrame, path: Path, *, simulated: bool) -> None:
    """Mean and standard deviation of p(yes) by condition, over the frames classified yes and over all.

    ``table`` has ``over``, ``moon_bin``, ``sun_bin``, ``mean_percent`` and ``sd_percent``, NaN where there are too few frames;
    ``published`` the same as read off the print, without ``over``; it may be empty.
    """
    places = {cell: len(CONDITIONS) - 1 - number for number, cell in enumerate(CONDITIONS)}
    with canvas(path, width_in=9.2, height_in=4.4, simulated=simulated) as figure:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (over, words) in zip(panels, READINGS.items(), strict=True):
            shown = table[(table["over"] == over) & table["mean_percent"].notna()]
            for rows, above, look in (
                (published, 0.18, {"fmt": "D", "ms": 5.5, "mfc": "white", "mec": INK, "label": "published"}),
                (shown, -0.14, {"fmt": "o", "ms": 6.5, "mec": INK, "mew": 0.6, "label": "rebuilt"}),
            ):
                for row in rows.to_dict("records"):
                    cell = row["sun_bin"], row["moon_bin"]
                    spread = row["sd_percent"] if pd.notna(row["sd_percent"]) else None
                    face = {} if rows is published else {"mfc": CONDITION_COLOUR[cell]}
                    axes.errorbar(
                        row["mean_percent"], places[cell] + above, xerr=spread, color=QUIET, elinewidth=1, capsize=2.5,
                        **{**look, **face},
                    )  # fmt: skip
            axes.set(title=words.capitalize(), xlabel="p(yes), %: mean ± standard deviation", xlim=(-15, 118))
            axes.xaxis.set_major_locator(FixedLocator([0, 25, 50, 75, 100]))
            axes.grid(axis="x")
            axes.tick_params(axis="y", length=0)
        names = [f"{SUN_WORDS[sun]}, {MOON_WORDS[moon]}" for sun, moon in places]
        panels[0].set_yticks(list(places.values()), names)
        panels[0].set_ylim(-0.6, len(places) - 0.4)
        _shared_legend(figure, panels)


def figure7(table: pd.DataFrame, density: str, path: Path, *, simulated: bool) -> None:
    """Histograms of p(yes) in the nine conditions.

    ``table`` has ``moon_bin``, ``sun_bin``, ``predicted``, ``low_percent`` (0 to 99), and the column ``density``: each predicted
    class separately, as published, or both together.
    """
    edges = np.arange(101)
    with canvas(path, width_in=9.2, height_in=5.6, simulated=simulated) as figure:
        panels = figure.subplots(3, 3, sharex=True)
        for axes, (sun, moon) in zip(panels.flat, CONDITIONS, strict=True):
            in_cell = table[(table["moon_bin"] == moon) & (table["sun_bin"] == sun)]
            for label, colour, hatch in (("no", FIRST, None), ("yes", SECOND, "////")):
                values = in_cell[in_cell["predicted"] == label].sort_values("low_percent")[density].to_numpy()
                if len(values):
                    axes.stairs(values, edges, fill=True, facecolor=colour, alpha=0.35, hatch=hatch, lw=0)
                    axes.stairs(values, edges, color=colour, lw=0.9, label=f"classified {label}")
            if in_cell.empty:
                axes.text(0.5, 0.5, "no frames", transform=axes.transAxes, ha="center", color=QUIET)
                axes.set_yticks([])
            axes.set_title(f"{SUN_WORDS[sun]}, {MOON_WORDS[moon]}", fontsize=8.5)
            axes.set(xlim=(0, 100), ylim=(0, None))
            axes.xaxis.set_major_locator(MultipleLocator(25))
        for axes in panels[2]:
            axes.set_xlabel("p(yes), %")
        for axes in panels[:, 0]:
            axes.set_ylabel("share of frames")
        _shared_legend(figure, panels.flat)


def reliability(table: pd.DataFrame, path: Path, *, simulated: bool) -> None:
    """Reliability of p(yes): of all frames, and of each condition.

    ``table`` has ``sun_bin``, ``moon_bin`` (``all`` for all frames), ``p_yes``, ``share_yes``, ``low``, ``high`` (fractions) and
    ``frames``, one row a bin.
    """
    # Placed by hand: matplotlib's layout of this figure differs in the last digit from run to run.
    with canvas(path, width_in=9.2, height_in=5.2, arrange=False, simulated=simulated) as figure:
        axes = figure.add_axes((0.07, 0.16, 0.34, 0.72))
        _curve(axes, table[table["sun_bin"] == "all"], counts=True)
        axes.set(xlabel="p(yes) the network gives, %", ylabel="frames with aurora, %", title="All frames")
        axes.set_aspect("equal")
        grid = figure.add_gridspec(3, 3, left=0.49, right=0.985, bottom=0.12, top=0.93, wspace=0.14, hspace=0.36)
        panels: Any = grid.subplots(sharex=True, sharey=True)
        for axes, (sun, moon) in zip(panels.flat, CONDITIONS, strict=True):
            in_cell = table[(table["moon_bin"] == moon) & (table["sun_bin"] == sun)]
            _curve(axes, in_cell, counts=False)
            axes.set_title(f"{sun}, {MOON_WORDS[moon]}", fontsize=7.5)
            axes.text(0.04, 0.88, f"{int(in_cell['frames'].sum()):,} frames", transform=axes.transAxes, fontsize=7)
        for axes in panels[2]:
            axes.set_xlabel("p(yes), %")


def _curve(axes: Axes, table: pd.DataFrame, *, counts: bool) -> None:
    percent = 100 * table[["p_yes", "share_yes", "low", "high"]]
    bars = [percent["share_yes"] - percent["low"], percent["high"] - percent["share_yes"]]
    axes.plot([0, 100], [0, 100], color=QUIET, lw=0.8, ls=(0, (4, 3)))
    axes.errorbar(percent["p_yes"], percent["share_yes"], yerr=bars, fmt="o-", color=FIRST, ms=4, lw=1, capsize=2)
    if counts:
        look: dict[str, Any] = {"xytext": (6, -10), "fontsize": 7, "color": QUIET}
        label_points(axes, (f"{n:,}" for n in table["frames"]), percent["p_yes"], percent["share_yes"], **look)
    axes.set(xlim=(-3, 103), ylim=(-3, 103))
    axes.xaxis.set_major_locator(MultipleLocator(50))
    axes.yaxis.set_major_locator(MultipleLocator(50))
    axes.grid()


def _shared_legend(figure: Figure, panels: Iterable[Axes]) -> None:
    """One legend for all panels, each entry from the first panel that has it."""
    keys: dict[str, Any] = {}
    for axes in panels:
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
            keys.setdefault(text, handle)
    if keys:
        figure.legend(list(keys.values()), list(keys), loc="outside upper right", ncols=2)
