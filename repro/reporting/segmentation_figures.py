"""Figures of the page on segmentation: curves over thresholds, maps by magnetic local time, panels as in Figure 4."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Circle

from repro.reporting.canvas import FIRST, INK, QUIET, SECOND, canvas, write_csv
from repro.segmentation.cells import borders_deg, directions
from repro.segmentation.compare_corpus import HOURS, Occurrence
from repro.segmentation.threshold_curves import FACTOR

THIRD = "#009e73"  # bluish green of the same palette
BIN_HOURS = 2  # of the maps on the page
NAMES = {"truth": "truth", "network": "network"}
STYLES = {1: "-", 2: "--"}


def method_name(method: str) -> str:
    """Words for a method of the tables, such as ``differencing_2``."""
    return NAMES.get(method, f"differencing, {method.rsplit('_', 1)[-1]} min")


def draw_precision_recall(table: pd.DataFrame, folder: Path, *, simulated: bool) -> None:
    """Precision against recall of both methods, and recall of stationary and moving aurora against false alarms."""
    with canvas(folder / "kopri_curves.svg", width_in=7.6, height_in=4.3, simulated=simulated) as figure:
        left, right = figure.subplots(1, 2)
        for (method, lag), rows in table.groupby(["method", "lag_min"], sort=False):
            differencing = method == "differencing"
            name = f"differencing, {lag} min" if differencing else "network"
            colour, style = (SECOND, STYLES.get(int(str(lag)), "-.")) if differencing else (FIRST, "-")
            marker: dict[str, Any] = {"marker": "s" if differencing else "o", "ms": 2.5}
            left.plot(rows["recall"], rows["precision"], color=colour, ls=style, label=name, **marker)
            moving: dict[str, Any] = {"color": THIRD, "ls": style} if differencing else {"color": FIRST, "ls": ":"}
            alarms = rows["false_alarms"]
            right.plot(alarms, rows["recall_stationary"], color=colour, ls=style, label=f"{name}, stationary")
            right.plot(alarms, rows["recall_moving"], label=f"{name}, moving", **moving)
        left.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02), title="Precision and recall")
        right.set(xlabel="false alarms, share of cells without aurora", ylabel="recall", xscale="log", ylim=(0, 1.02))
        right.set(xlim=(1e-4, 1), title="Recall at equal false alarms")
        for axes in (left, right):
            axes.grid(visible=True)
            axes.legend(fontsize=6.5, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    write_csv(folder / "kopri_curves.csv", table)


def draw_factor(table: pd.DataFrame, folder: Path, *, simulated: bool) -> None:
    """The factor between occurrences over the threshold of differencing, for both lags, and the poster's five."""
    looks: dict[str, dict[str, Any]] = {"network": {"color": FIRST}, "truth": {"color": QUIET, "lw": 1}}
    with canvas(folder / "kopri_factor.svg", width_in=7.6, height_in=3.1, simulated=simulated) as figure:
        axes = figure.subplots()
        rows = table[table["method"] == "differencing"]
        for lag, curve in rows.groupby("lag_min"):
            for name, look in looks.items():
                look |= {"ls": STYLES.get(int(str(lag)), "-."), "label": f"{name} over differencing, {lag} min"}
                axes.plot(curve["threshold"], curve[f"factor_of_{name}"], **look)
        axes.axhline(FACTOR, color=SECOND, lw=1)
        axes.annotate(
            'the poster: "approximately five times"', (1, FACTOR), (0, 3), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", color=SECOND, fontsize=7.5,
        )  # fmt: skip
        axes.axhline(1, color=INK, lw=0.5)
        axes.set(xlabel="threshold, counts of 255", ylabel="factor", yscale="log", xlim=(0, rows["threshold"].max()))
        axes.set_yticks([0.5, 1, 2, 5, 10, 20, 50], labels=["0.5", "1", "2", "5", "10", "20", "50"])
        axes.minorticks_off()
        axes.grid(visible=True)
        axes.legend(fontsize=7, loc="upper left")


def draw_maps(maps: Mapping[str, Occurrence], equatorward_deg: float, folder: Path, *, simulated: bool) -> None:
    """Occurrence by magnetic local time, a row a method, with the number of images under each map."""
    merged = {method: occurrence.merged(BIN_HOURS) for method, occurrence in maps.items()}
    bins = [number for number in range(HOURS // BIN_HOURS) if any(rates.images[number] for rates in merged.values())]
    highest = max(0.1, *(float(np.nanmax(rates.rate)) for rates in merged.values() if rates.images.any()))
    scale = ScalarMappable(Normalize(0, highest), "viridis")
    shapes, rows, columns = cell_shapes(equatorward_deg), len(merged), len(bins)
    height_in = 0.55 + 0.95 * rows
    with canvas(
        folder / "kopri_maps.svg", width_in=7.8, height_in=height_in, arrange=False, simulated=simulated
    ) as figure:
        for row, (method, rates) in enumerate(merged.items()):
            bottom = 1 - (row + 1) * 0.86 / rows
            for column, number in enumerate(bins):
                axes = figure.add_axes((0.085 + column * 0.85 / columns, bottom, 0.82 / columns, 0.74 / rows))
                _map(axes, shapes, rates.rate[number] if rates.images[number] else None, scale)
                if row == 0:
                    hours = f"{number * BIN_HOURS}–{(number + 1) * BIN_HOURS} h"
                    axes.set_title(hours, fontsize=7, loc="center", pad=2)
                style: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 5.5, "color": QUIET}
                axes.text(0.5, -0.06, f"n={rates.images[number]}", transform=axes.transAxes, **style)
            name = method_name(method).replace(", ", "\n")
            figure.text(0.005, bottom + 0.37 / rows, name, fontsize=7, va="center")
        bar = figure.add_axes((0.945, 0.3, 0.012, 0.45))
        figure.colorbar(scale, cax=bar)
        bar.tick_params(labelsize=6)
    tables = []
    for method, rates in maps.items():
        head = pd.DataFrame({"method": method, "hour": range(HOURS), "images": rates.images})
        tables.append(pd.concat([head, pd.DataFrame(rates.rate).add_prefix("cell_")], axis=1))
    write_csv(folder / "kopri_maps.csv", pd.concat(tables))


def _map(
    axes: Axes, shapes: list[npt.NDArray[np.float64]], rate: npt.NDArray[np.float64] | None, scale: ScalarMappable
) -> None:
    if rate is not None:
        colours = scale.to_rgba(np.nan_to_num(rate))
        axes.add_collection(PolyCollection(shapes, facecolors=colours, edgecolors="none", antialiased=False))
    colour = "#ffffff" if rate is not None else "#c9ced4"
    for zenith in range(10, 90, 10):  # circles of elevation, every 10 deg
        axes.add_patch(Circle((0, 0), zenith / 90, fill=False, ec=colour, lw=0.25))
    axes.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal")
    axes.axis("off")


def cell_shapes(equatorward_deg: float) -> list[npt.NDArray[np.float64]]:
    """Outlines of the 400 cells, radius 1 at the horizon, equatorward at the top, as the sky is seen from below."""
    shapes = []
    for inner, outer, first, width in borders_deg():
        turn = np.radians(np.linspace(first, first + width, max(3, int(width / 6))) - equatorward_deg)
        # From below the sky, azimuth turns anticlockwise.
        arc = np.stack([-np.sin(turn), np.cos(turn)], 1)
        shapes.append(np.concatenate([arc * outer / 90, arc[::-1] * inner / 90]))
    return shapes


def turned(picture: npt.NDArray[np.uint8], equatorward_deg: float) -> npt.NDArray[np.uint8]:
    """A square all-sky picture, north up and east left, turned so that the equator's direction is at the top."""
    size = picture.shape[0]
    turn = cv2.getRotationMatrix2D((size / 2 - 0.5, size / 2 - 0.5), -equatorward_deg, 1.0)
    return np.asarray(cv2.warpAffine(picture, turn, (size, size), flags=cv2.INTER_LINEAR))


def circles(size: int) -> npt.NDArray[np.bool_]:
    """Pixels of the circles of elevation every 10 deg in a square all-sky picture."""
    alt, _ = directions(size)
    step = 90.0 / size
    return np.asarray((np.abs((alt + 5) % 10 - 5) < step) & (alt > 5) & (alt < 85))
