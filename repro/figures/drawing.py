"""Readings drawn over the originals, and Figure 7 redrawn as nine panels with one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from repro.figures.map_statements import LEAST_SKY, case_grid
from repro.figures.measure import CASES, EPOCHS, Pictures
from repro.figures.overlays import enlarge
from repro.figures.panel_drawing import ALPHA, BINS, SERIES
from repro.figures.picture_axes import Pixels, find_boxes, read_scale
from repro.figures.readme_pictures import read_gradcam_panels
from repro.figures.slide_bars import BARS
from repro.figures.softmax_grid import MOONS, SUNS
from repro.files import atomic_path

_MARK = "#d62728"
_STYLE: Any = {"font.size": 8, "figure.dpi": 100}


def draw_over_curves(picture: Pixels, table: pd.DataFrame, target: Path) -> None:
    """Figure 5 with a cross at each value that was read, put there by the scales that were read."""
    with mpl.rc_context(_STYLE):
        figure, axes = _over(picture)
        for box, quantity in zip(find_boxes(picture, where="Figure 5", count=2), ("loss", "accuracy"), strict=True):
            across = read_scale(picture, box, "bottom", where="Figure 5, x axis")
            up = read_scale(picture, box, "left", where="Figure 5, y axis")
            part = table[table["curve"].str.endswith(quantity)]
            axes.plot(across.pixel(part["epoch"]), up.pixel(part["value"]), "+", color=_MARK, markersize=9, mew=0.8)
        _save(figure, target)


def draw_over_histograms(picture: Pixels, table: pd.DataFrame, target: Path) -> None:
    """Figure 7 with the tops of all bars that were read as lines."""
    with mpl.rc_context(_STYLE):
        figure, axes = _over(picture, enlarge_by=2)
        boxes = find_boxes(picture, where="Figure 7", count=len(MOONS))
        up = read_scale(picture, boxes[0], "left", where="Figure 7, y axis")
        colours = {"ASTRO": "#00ff00", "NAUTICAL": "#ff0000", "NIGHT": "#00ffff"}
        for box, moon in zip(boxes, MOONS, strict=True):
            across = read_scale(picture, box, "bottom", where="Figure 7, x axis")
            for sun, _ in SERIES:
                density = _density(table, sun, moon)
                axes.stairs(
                    up.pixel(density) - 0.5,
                    across.pixel(np.arange(BINS + 1)) - 0.5,
                    baseline=None, color=colours[sun], linewidth=0.5,
                )  # fmt: skip
        _save(figure, target)


def draw_over_circle(picture: Pixels, circle: pd.Series, target: Path) -> None:
    """A frame with the circle that was found on it."""
    with mpl.rc_context(_STYLE):
        figure, axes = _over(picture)
        angle = np.linspace(0, 2 * np.pi, 361)
        axes.plot(
            circle["x"] - 0.5 + circle["radius"] * np.cos(angle), circle["y"] - 0.5 + circle["radius"] * np.sin(angle),
            color=_MARK, linewidth=0.6,
        )  # fmt: skip
        _save(figure, target)


def draw_maps(cells: pd.DataFrame, target: Path, pairs: Sequence[tuple[Pixels, Pixels]] = ()) -> None:
    """Recovered maps side by side; given frames and overlays, as lines of equal value over both.

    Parameters
    ----------
    cells : DataFrame
        Table ``gradcam_cells`` or ``readme_gradcam_cells`` of the readings.
    target : Path
        The PNG.
    pairs : sequence of (frame, overlay)
        In the order of the maps.
    """
    cases = cells["case"].unique()
    with mpl.rc_context(_STYLE):
        rows = 2 if pairs else 1
        figure = Figure(figsize=(1.5 * len(cases), 1.7 * rows + 0.3), layout="constrained")
        axes = figure.subplots(rows, len(cases), squeeze=False)
        for column, case in enumerate(cases):
            full = enlarge(case_grid(cells[cells["case"] == case], "value"))
            axes[0, column].set_title(str(case))
            for row in range(rows):
                panel = axes[row, column]
                panel.set_axis_off()
                if pairs:
                    panel.imshow(pairs[column][row])
                    panel.contour(full, levels=[0.25, 0.5, 0.75], colors=["white", "yellow", "red"], linewidths=0.7)
                else:
                    panel.imshow(full, cmap="jet", vmin=0, vmax=1)
        _save(figure, target)


def draw_slide_bars(table: pd.DataFrame, target: Path) -> None:
    """Bars of slide 10 redrawn from their readings, with errors; the shortest bars were not read."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6, 3), layout="constrained")
        panel = figure.subplots()
        names = [f"{str(sun).title()}, {series}" for sun, series in zip(table["sun"], table["series"], strict=True)]
        colours = [tuple(part / 255 for part in dict(BARS)[series]) for series in table["series"]]
        panel.barh(names, table["value"], xerr=3 * table["error"], color=colours, ecolor=_MARK)
        panel.invert_yaxis()
        panel.set_xlabel("frames")
        _save(figure, target)


def draw_error_frames(errors: pd.DataFrame, cells: pd.DataFrame, target: Path) -> None:
    """Chroma and brightness of the README's misclassified frames beside those of its Grad-CAM frames."""
    sky = cells[cells["sky_share"] > LEAST_SKY].groupby("case")[["brightness", "chroma"]].mean()
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(4.5, 3), layout="constrained")
        panel = figure.subplots()
        panel.plot(sky["brightness"], sky["chroma"], "o", color="#1f77b4", label="frames with Grad-CAM")
        panel.plot(errors["brightness"], errors["chroma"], "x", color=_MARK, label="misclassified frames")
        panel.set(xlabel="mean brightness of the sky, 0 to 255", ylabel="mean chroma, 0 to 255")
        panel.legend()
        _save(figure, target)


def draw_figure7_panels(
    table: pd.DataFrame, target: Path, rebuilt: pd.DataFrame | None = None, *, label: str = "rebuilt"
) -> None:
    """Figure 7 as nine panels with one logarithmic scale: bars as published, a line as rebuilt.

    Parameters
    ----------
    table : DataFrame
        Columns ``sun``, ``moon``, ``bin_from_pct`` and ``value`` (density per percentage point), 100 bins a condition;
        frames classified no and yes are normalised apart.
    target : Path
        The PNG.
    rebuilt : DataFrame, optional
        The same of another network.
    label : str
        Of the other network.
    """
    edges = np.arange(BINS + 1)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, 6), layout="constrained")
        axes = figure.subplots(len(SUNS), len(MOONS), sharex=True, sharey=True)
        colour_of = dict(SERIES)
        for row, sun in enumerate(SUNS):
            for column, moon in enumerate(MOONS):
                panel = axes[row, column]
                colour = [part / 255 for part in colour_of[sun]]
                panel.stairs(_density(table, sun, moon), edges, fill=True, color=colour, alpha=ALPHA, label="published")
                if rebuilt is not None:
                    panel.stairs(_density(rebuilt, sun, moon), edges, color="black", linewidth=0.7, label=label)
                panel.axvline(50, color="grey", linewidth=0.6, linestyle=":")
                panel.set_title(f"{sun.title()} & {moon.capitalize()}")
        axes[0, 0].set_yscale("log")
        axes[0, 0].set_ylim(8e-4, 1)
        figure.supxlabel("p(yes) in percent")
        figure.supylabel("density within the predicted class, per percentage point")
        if rebuilt is not None:
            axes[0, -1].legend(loc="upper right")
        _save(figure, target)


def draw_curves(table: pd.DataFrame, target: Path) -> None:
    """Figure 5 redrawn from its readings, with errors."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, 3.4), layout="constrained")
        for panel, quantity in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for curve, marker in (("train", "o"), ("val", "s")):
                part = table[table["curve"] == f"{curve}_{quantity}"]
                panel.errorbar(part["epoch"], part["value"], yerr=3 * part["error"], marker=marker, ms=3, label=curve)
            panel.set_xlabel("epoch")
            panel.set_ylabel(quantity)
            panel.set_xticks(list(EPOCHS))
            panel.legend()
        _save(figure, target)


def draw_all(tables: Mapping[str, pd.DataFrame], pictures: Pictures, folder: Path) -> list[Path]:
    """Every drawing that tables and pictures allow; gives the files."""
    drawn: list[Path] = []

    def target(name: str) -> Path:
        drawn.append(folder / f"{name}.png")
        return drawn[-1]

    if "figure5" in tables:
        draw_curves(tables["figure5"], target("figure5"))
        if "figure5" in pictures:
            draw_over_curves(pictures["figure5"][0], tables["figure5"], target("figure5_over_original"))
    if "figure7" in tables:
        draw_figure7_panels(tables["figure7"], target("figure7_nine_panels"))
        if "figure7" in pictures:
            draw_over_histograms(pictures["figure7"][0], tables["figure7"], target("figure7_over_original"))
    if "gradcam_cells" in tables:
        draw_maps(tables["gradcam_cells"], target("gradcam_maps"))
        if "frame.background.night" in pictures:
            names = [f"{group}.{case}" for group, cases in CASES.items() for case in cases]
            pairs = [(pictures[f"frame.{name}"][0], pictures[f"overlay.{name}"][0]) for name in names]
            draw_maps(tables["gradcam_cells"], target("gradcam_over_original"), pairs)
    if "readme_gradcam_cells" in tables:
        draw_maps(tables["readme_gradcam_cells"], target("readme_gradcam_maps"))
        if "readme_gradcam" in pictures:
            pairs = read_gradcam_panels(pictures["readme_gradcam"][0], where="Grad-CAM of the README")
            draw_maps(tables["readme_gradcam_cells"], target("readme_gradcam_over_original"), pairs)
        if "readme_errors" in tables:
            draw_error_frames(tables["readme_errors"], tables["readme_gradcam_cells"], target("readme_errors"))
    if "slide_bars" in tables:
        draw_slide_bars(tables["slide_bars"], target("slide_bars"))
    if "sky_circles" in tables and "frame.weather.clear" in pictures:
        circles = tables["sky_circles"]
        circle = circles[circles["case"] == "clear"].iloc[0]
        draw_over_circle(pictures["frame.weather.clear"][0], circle, target("circle_over_original"))
    return drawn


def _density(table: pd.DataFrame, sun: str, moon: str) -> np.ndarray:
    part = table[(table["sun"] == sun) & (table["moon"] == moon)].sort_values("bin_from_pct")
    return np.asarray(part["value"], dtype=float)


def _over(picture: Pixels, enlarge_by: int = 1) -> tuple[Figure, Axes]:
    """A figure that shows a picture pixel by pixel, and its axes."""
    height, width = picture.shape[:2]
    figure = Figure(figsize=(enlarge_by * width / 100, enlarge_by * height / 100))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(picture, interpolation="nearest")
    axes.set_axis_off()
    axes.autoscale(enable=False)
    return figure, axes


def _save(figure: Figure, target: Path) -> None:
    FigureCanvasAgg(figure)
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
