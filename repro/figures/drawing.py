"""Readings drawn over the originals, and Figure 7 redrawn as nine panels with one scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from repro.figures.curves import EPOCHS
from repro.figures.map_statements import LEAST_SKY, case_grid
from repro.figures.measure import Pair, Pictures, frame_pairs, readme_pairs
from repro.figures.overlays import enlarge
from repro.figures.panel_drawing import ALPHA, BINS, SERIES
from repro.figures.picture_axes import Pixels, find_boxes, read_scale
from repro.figures.slide_bars import BARS
from repro.figures.softmax_grid import MOONS, SUNS
from repro.files import atomic_path

_MARK = "#d62728"


@contextmanager
def drawing(target: Path, width: float, height: float, *, constrained: bool = True) -> Iterator[Figure]:
    """A figure of this size in inches, written as PNG when the block ends."""
    with mpl.rc_context({"font.size": 8, "figure.dpi": 100}):
        figure = Figure(figsize=(width, height), layout="constrained" if constrained else None)
        yield figure
        FigureCanvasAgg(figure)
        with atomic_path(target) as temporary:
            figure.savefig(temporary, format="png", metadata={"Software": None})


@contextmanager
def _over(picture: Pixels, target: Path, enlarge_by: int = 1) -> Iterator[Axes]:
    """Axes over a picture that is shown pixel by pixel."""
    height, width = picture.shape[:2]
    with drawing(target, enlarge_by * width / 100, enlarge_by * height / 100, constrained=False) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(picture, interpolation="nearest")
        axes.set_axis_off()
        axes.autoscale(enable=False)
        yield axes


def draw_over_curves(picture: Pixels, table: pd.DataFrame, target: Path) -> None:
    """Figure 5 with a cross at each value that was read, put there by the scales that were read."""
    with _over(picture, target) as axes:
        for box, quantity in zip(find_boxes(picture, where="Figure 5", count=2), ("loss", "accuracy"), strict=True):
            across = read_scale(picture, box, "bottom", where="Figure 5, x axis")
            up = read_scale(picture, box, "left", where="Figure 5, y axis")
            part = table[table["curve"].str.endswith(quantity)]
            axes.plot(across.pixel(part["epoch"]), up.pixel(part["value"]), "+", color=_MARK, markersize=9, mew=0.8)


def draw_over_histograms(picture: Pixels, table: pd.DataFrame, target: Path) -> None:
    """Figure 7 with the tops of all bars that were read as lines."""
    with _over(picture, target, enlarge_by=2) as axes:
        boxes = find_boxes(picture, where="Figure 7", count=len(MOONS))
        up = read_scale(picture, boxes[0], "left", where="Figure 7, y axis")
        colours = {"ASTRO": "#00ff00", "NAUTICAL": "#ff0000", "NIGHT": "#00ffff"}
        for box, moon in zip(boxes, MOONS, strict=True):
            across = read_scale(picture, box, "bottom", where="Figure 7, x axis")
            edges = across.pixel(np.arange(BINS + 1)) - 0.5
            for sun, colour in colours.items():
                tops = up.pixel(_density(table, sun, moon)) - 0.5
                axes.stairs(tops, edges, baseline=None, color=colour, linewidth=0.5)


def draw_over_circle(picture: Pixels, circle: pd.Series, target: Path) -> None:
    """A frame with the circle that was found on it."""
    x, y, radius = circle["x"] - 0.5, circle["y"] - 0.5, circle["radius"]
    angle = np.linspace(0, 2 * np.pi, 361)
    with _over(picture, target) as axes:
        axes.plot(x + radius * np.cos(angle), y + radius * np.sin(angle), color=_MARK, linewidth=0.6)


def draw_maps(cells: pd.DataFrame, target: Path, pairs: Sequence[Pair] = ()) -> None:
    """Recovered maps side by side; given frames and overlays in their order, as lines of equal value over both.

    ``cells`` is the table ``gradcam_cells`` or ``readme_gradcam_cells`` of the readings.
    """
    cases = cells["case"].unique()
    rows = 2 if pairs else 1
    with drawing(target, 1.5 * len(cases), 1.7 * rows + 0.3) as figure:
        axes = figure.subplots(rows, len(cases), squeeze=False)
        for column, case in enumerate(cases):
            full = enlarge(case_grid(cells[cells["case"] == case], "value"))
            axes[0, column].set_title(str(case))
            for row, panel in enumerate(axes[:, column]):
                panel.set_axis_off()
                if pairs:
                    panel.imshow(pairs[column][row])
                    panel.contour(full, levels=[0.25, 0.5, 0.75], colors=["white", "yellow", "red"], linewidths=0.7)
                else:
                    panel.imshow(full, cmap="jet", vmin=0, vmax=1)


def draw_slide_bars(table: pd.DataFrame, target: Path) -> None:
    """Bars of slide 10 redrawn from their readings, with errors; the shortest bars were not read."""
    with drawing(target, 6, 3) as figure:
        panel = figure.subplots()
        names = table["sun"].str.title() + ", " + table["series"]
        colours = [tuple(part / 255 for part in dict(BARS)[series]) for series in table["series"]]
        panel.barh(names, table["value"], xerr=3 * table["error"], color=colours, ecolor=_MARK)
        panel.invert_yaxis()
        panel.set_xlabel("frames")


def draw_error_frames(errors: pd.DataFrame, cells: pd.DataFrame, target: Path) -> None:
    """Chroma and brightness of the README's misclassified frames beside those of its Grad-CAM frames."""
    sky = cells[cells["sky_share"] > LEAST_SKY].groupby("case")[["brightness", "chroma"]].mean()
    with drawing(target, 4.5, 3) as figure:
        panel = figure.subplots()
        panel.plot(sky["brightness"], sky["chroma"], "o", color="#1f77b4", label="frames with Grad-CAM")
        panel.plot(errors["brightness"], errors["chroma"], "x", color=_MARK, label="misclassified frames")
        panel.set(xlabel="mean brightness of the sky, 0 to 255", ylabel="mean chroma, 0 to 255")
        panel.legend()


def draw_figure7_panels(
    table: pd.DataFrame, target: Path, rebuilt: pd.DataFrame | None = None, *, label: str = "rebuilt"
) -> None:
    """Figure 7 as nine panels with one logarithmic scale: bars as published, a line as rebuilt.

    ``table`` has ``sun``, ``moon``, ``bin_from_pct`` and ``value`` (density per percentage point), 100 bins a condition; frames
    classified no and yes are normalised apart. ``rebuilt`` is the same of another network, ``label`` its name.
    """
    edges = np.arange(BINS + 1)
    with drawing(target, 9, 6) as figure:
        axes = figure.subplots(len(SUNS), len(MOONS), sharex=True, sharey=True)
        for row, sun in enumerate(SUNS):
            colour = [part / 255 for part in dict(SERIES)[sun]]
            for panel, moon in zip(axes[row], MOONS, strict=True):
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


def draw_curves(table: pd.DataFrame, target: Path) -> None:
    """Figure 5 redrawn from its readings, with errors."""
    with drawing(target, 9, 3.4) as figure:
        for panel, quantity in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            for curve, marker in (("train", "o"), ("val", "s")):
                part = table[table["curve"] == f"{curve}_{quantity}"]
                panel.errorbar(part["epoch"], part["value"], yerr=3 * part["error"], marker=marker, ms=3, label=curve)
            panel.set(xlabel="epoch", ylabel=quantity, xticks=list(EPOCHS))
            panel.legend()


def draw_all(tables: Mapping[str, pd.DataFrame], pictures: Pictures, folder: Path) -> None:
    """Every drawing that all tables of the readings and the pictures at hand allow."""
    curves, bars, maps = (tables[name] for name in ("figure5", "figure7", "gradcam_cells"))
    draw_curves(curves, folder / "figure5.png")
    draw_figure7_panels(bars, folder / "figure7_nine_panels.png")
    draw_maps(maps, folder / "gradcam_maps.png")
    readme_maps = tables["readme_gradcam_cells"]
    draw_maps(readme_maps, folder / "readme_gradcam_maps.png")
    draw_error_frames(tables["readme_errors"], readme_maps, folder / "readme_errors.png")
    draw_slide_bars(tables["slide_bars"], folder / "slide_bars.png")
    if "figure5" in pictures:  # and all others of the thesis
        draw_over_curves(pictures["figure5"][0], curves, folder / "figure5_over_original.png")
        draw_over_histograms(pictures["figure7"][0], bars, folder / "figure7_over_original.png")
        draw_maps(maps, folder / "gradcam_over_original.png", list(frame_pairs(pictures).values()))
        circle = tables["sky_circles"].query("case == 'clear'").iloc[0]
        draw_over_circle(pictures["frame.weather.clear"][0], circle, folder / "circle_over_original.png")
    if "readme_gradcam" in pictures:
        draw_maps(readme_maps, folder / "readme_gradcam_over_original.png", list(readme_pairs(pictures).values()))


def _density(table: pd.DataFrame, sun: str, moon: str) -> np.ndarray:
    part = table[(table["sun"] == sun) & (table["moon"] == moon)].sort_values("bin_from_pct")
    return np.asarray(part["value"], dtype=float)
