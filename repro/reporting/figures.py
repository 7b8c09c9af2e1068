"""The figures. Each function takes the data it shows, as a table, and the path it draws to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.ticker import FuncFormatter, MultipleLocator

from repro.reporting.canvas import CONDITION_COLOUR, FIRST, INK, QUIET, SECOND, canvas, label_points
from repro.reporting.wording import MOON_WORDS, SUN_WORDS, signed

SUN_ALTITUDES = {
    "Night": "Night\nsun ≤ −18°",
    "Astro": "Astronomical\n−18° to −12°",
    "Nautical": "Nautical\n−12° to −6°",
}


def table3(cells: pd.DataFrame, path: Path) -> None:
    """Predicted against published counts of Table 3, and by how much they differ; cells as :func:`.drawings.table3_cells`."""
    rows = np.arange(len(cells))[::-1]
    pairs = zip(cells["sun_bin"], cells["moon_bin"], strict=True)
    with canvas(path, width_in=8.6, height_in=4.6) as figure:
        counts, deviations = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.25))
        counts.scatter(
            cells["published"], rows, s=52, marker="D", facecolors="white", edgecolors=INK, label="published"
        )
        counts.scatter(cells["predicted"], rows, s=16, color=FIRST, zorder=3)
        counts.set_xscale("log")
        counts.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        counts.set_xlabel("frames (logarithmic scale)")
        counts.set_yticks(rows, [f"{SUN_WORDS[sun]}, {MOON_WORDS[moon]}" for sun, moon in pairs])
        counts.grid(axis="both")
        for row, tolerance in zip(rows, cells["tolerance_percent"], strict=True):
            band = Rectangle((-tolerance, row - 0.32), 2 * tolerance, 0.64, color="#e4e7ea", lw=0, zorder=1)
            deviations.add_patch(band)
        deviations.errorbar(
            cells["deviation_percent"], rows, xerr=2 * cells["sd_percent"], fmt="o", ms=4.5, color=FIRST, elinewidth=1,
            capsize=2.5, zorder=3, label="predicted, two numbers fitted (±2 sd)",
        )  # fmt: skip
        triangle: dict[str, Any] = {"s": 24, "marker": "^", "facecolors": "none", "edgecolors": SECOND}
        deviations.scatter(cells["unfitted_percent"], rows, label="predicted, nothing fitted", **triangle)
        texts = [signed(deviation, 1) for deviation in cells["deviation_percent"]]
        label_points(deviations, texts, cells["deviation_percent"], rows, xytext=(0, 6), fontsize=7, ha="center")
        deviations.axvline(0, color=INK, lw=0.8, zorder=2)
        reach = 1.15 * float(cells[["deviation_percent", "unfitted_percent", "tolerance_percent"]].abs().max().max())
        deviations.set_xlim(-reach, reach)
        deviations.set_xlabel("predicted minus published, % of published")
        deviations.grid(axis="x")
        handles, labels = [], []
        for axes in (counts, deviations):
            own_handles, own_labels = axes.get_legend_handles_labels()
            handles += own_handles
            labels += own_labels
        figure.legend(
            [*handles, Patch(color="#e4e7ea")], [*labels, "declared tolerance"], loc="outside upper center", ncols=5,
            columnspacing=1.4, handletextpad=0.4,
        )  # fmt: skip
        for axes in (counts, deviations):
            axes.tick_params(axis="y", length=0)
            axes.set_ylim(-0.6, len(cells) - 0.35)


def calendar(segments: pd.DataFrame, windows: Sequence[tuple[str, str]], path: Path) -> None:
    """Every night of the schedule, hour by hour, in the colours of the nine conditions.

    Segments as :func:`.drawings.camera_on`; ``windows`` are first and last night (YYYY-MM-DD) of each, both included.
    """
    spans = segments.assign(
        day=pd.to_datetime(segments["night"], format="%Y%m%d"),
        start_utc=pd.to_datetime(segments["start_utc"], utc=True).dt.tz_localize(None),
        end_utc=pd.to_datetime(segments["end_utc"], utc=True).dt.tz_localize(None),
    )
    spans["from_h"] = (spans["start_utc"] - spans["day"]).dt.total_seconds() / 3600
    spans["to_h"] = (spans["end_utc"] - spans["day"]).dt.total_seconds() / 3600
    limits = float(np.floor(spans["from_h"].min())), float(np.ceil(spans["to_h"].max()))
    days = [(pd.Timestamp(last) - pd.Timestamp(first)).days + 1 for first, last in windows]
    # Placed by hand in inches, so that a night is as tall in every window.
    width, top, bottom, left, between, night = 9.6, 0.45, 0.55, 0.75, 0.8, 0.037
    panel = (width - left - 0.1 - between * (len(windows) - 1)) / len(windows)
    height = top + bottom + night * max(days)
    with canvas(path, width_in=width, height_in=height, arrange=False) as figure:
        for number, ((first, last), nights) in enumerate(zip(windows, days, strict=True)):
            x = left + number * (panel + between)
            y = height - top - nights * night
            axes = figure.add_axes((x / width, y / height, panel / width, nights * night / height))
            _window(axes, spans, pd.Timestamp(first), pd.Timestamp(last), limits)
            axes.set_title(f"{first} to {last}: {nights} nights", fontsize=8.5, pad=8)
        key = figure.add_axes((0.45, bottom / height, 0.52, 1.25 / height))
        _condition_legend(key)


def _condition_legend(axes: Axes) -> None:
    """Three by three boxes: sun across, moon down."""
    suns, moons = list(SUN_WORDS), list(MOON_WORDS)
    for (sun, moon), colour in CONDITION_COLOUR.items():
        axes.add_patch(
            Rectangle((suns.index(sun), moons.index(moon)), 0.94, 0.86, facecolor=colour, edgecolor=QUIET, lw=0.4)
        )
    for column, words in enumerate(SUN_ALTITUDES.values()):
        axes.text(column + 0.47, -0.12, words, ha="center", va="bottom", fontsize=8)
    for row, words in enumerate(MOON_WORDS.values()):
        axes.text(-0.08, row + 0.43, words, ha="right", va="center", fontsize=8)
    axes.set_xlim(-1.2, 3)
    axes.set_ylim(3, -0.9)
    axes.axis("off")


def _window(
    axes: Axes, spans: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp, limits: tuple[float, float]
) -> None:
    shown = spans[spans["day"].between(first, last)]
    rows = (shown["day"] - first).dt.days
    for condition, colour in CONDITION_COLOUR.items():
        cell = (shown["sun_bin"] == condition[0]) & (shown["moon_bin"] == condition[1])
        if cell.any():
            boxes = np.column_stack([shown["from_h"][cell], shown["to_h"][cell], rows[cell]])
            axes.add_patch(PathPatch(_boxes(boxes), facecolor=colour, edgecolor=colour, linewidth=0.1))
    axes.set_xlim(*limits)
    axes.set_ylim((last - first).days + 1, 0)
    months = pd.date_range(first.replace(day=1), last, freq="MS")
    starts = [max((month - first).days, 0) for month in months]
    axes.set_yticks(starts, [f"{month:%b %Y}" for month in months])
    axes.xaxis.set_major_locator(MultipleLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hour, _: f"{int(hour) % 24:02d}"))
    axes.set_xlabel("hour, UTC")
    axes.grid(axis="both")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=2)


def _boxes(boxes: np.ndarray) -> Outline:
    """One outline of many boxes ``(left, right, row)``; one path each would make the file ten times as large."""
    left, right, row = boxes.T
    corners = np.array([(left, row), (right, row), (right, row + 1), (left, row + 1), (left, row)])
    codes = [Outline.MOVETO, Outline.LINETO, Outline.LINETO, Outline.LINETO, Outline.CLOSEPOLY]
    return Outline(corners.transpose(2, 0, 1).reshape(-1, 2), codes * len(boxes))


def learning_curves(
    epochs: pd.DataFrame,
    images: int,
    path: Path,
    *,
    frozen: int = 6,
    mark_loss: float | None = 0.1,
    simulated: bool = False,
) -> None:
    """Figure 5 redrawn: loss and accuracy by epoch, with the number of correctly classified of ``images`` validation images.

    ``epochs`` has one row an epoch: ``epoch``, ``train_loss``, ``val_loss``, ``train_accuracy`` (fraction), ``val_correct``
    (images), ``val_accuracy``, ``val_accuracy_low``, ``val_accuracy_high`` (fraction, 95 % Wilson interval). In the first
    ``frozen`` epochs the backbone is frozen; ``mark_loss`` is a loss to draw a line at.
    """
    with canvas(path, width_in=9.2, height_in=3.9, simulated=simulated) as figure:
        loss, accuracy = figure.subplots(1, 2, width_ratios=(1, 1.45))
        number = epochs["epoch"]
        train = {"color": FIRST, "marker": "o", "ms": 4, "lw": 1.2}
        validation = {"color": SECOND, "marker": "s", "ms": 4, "lw": 1.2}
        loss.plot(number, epochs["train_loss"], label="training", **train)
        loss.plot(number, epochs["val_loss"], label="validation", **validation)
        if mark_loss is not None:
            loss.axhline(mark_loss, color=INK, lw=0.8, ls=(0, (4, 3)))
            loss.text(1, mark_loss, f"{mark_loss:.2f}", va="bottom", fontsize=7.5)
        loss.set(xlabel="epoch", ylabel="cross-entropy loss", title="Loss")
        loss.set_ylim(0, None)
        loss.legend(fontsize=8)

        percent = 100 * epochs[["train_accuracy", "val_accuracy", "val_accuracy_low", "val_accuracy_high"]]
        below = percent["val_accuracy"] - percent["val_accuracy_low"]
        above = percent["val_accuracy_high"] - percent["val_accuracy"]
        accuracy.plot(number, percent["train_accuracy"], label="training", **train)
        bars: dict[str, Any] = {"yerr": [below, above], "capsize": 2.5, "elinewidth": 0.8, "label": "validation"}
        accuracy.errorbar(number, percent["val_accuracy"], **bars, **validation)
        look: dict[str, Any] = {"xytext": (0, 3), "ha": "center", "fontsize": 7.5, "color": SECOND}
        label_points(accuracy, map(str, epochs["val_correct"]), number, percent["val_accuracy_high"], **look)
        accuracy.set(
            xlabel="epoch", ylabel="accuracy, %", title=f"Accuracy, and correctly classified images of {images}"
        )
        accuracy.margins(y=0.08)
        accuracy.legend(loc="lower right", fontsize=8)
        for axes in (loss, accuracy):
            if frozen:
                axes.axvspan(0.5, frozen + 0.5, color="#f1f3f5", lw=0, zorder=0)
            axes.set_xlim(0.5, number.max() + 0.5)
            axes.xaxis.set_major_locator(MultipleLocator(1))
            axes.grid(axis="y")
        if frozen:
            place = {"ha": "right", "va": "bottom", "transform": loss.get_xaxis_transform()}
            loss.text(frozen + 0.4, 0.02, "backbone frozen", fontsize=7.5, color=QUIET, **place)
