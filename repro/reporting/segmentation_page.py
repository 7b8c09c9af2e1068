"""What the report shows of the KOPRI record: both methods on the same images, and maps of occurrence by magnetic local time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Circle
from PIL import Image

from repro.files import atomic_path, read_json
from repro.params import Params
from repro.paths import Paths
from repro.reporting.canvas import FIRST, INK, QUIET, SECOND, canvas, write_csv
from repro.reporting.frame_pictures import QUALITY
from repro.segmentation.cells import borders_deg, cell_map, directions
from repro.segmentation.compare_corpus import HOURS, Occurrence, read_maps
from repro.segmentation.image_corpus import find_images, read_change, read_image, read_mask, read_probability
from repro.segmentation.threshold_curves import FACTOR
from repro.sky.magnetic import magnetic_place
from repro.untrusted import read_table

MADE_BY = "make records"
SIDE_PX = 256
LAG_COUNTS = (3.0, 12.0)  # thresholds between which the two lags are compared
TRUTH_COLOUR, DETECTED_COLOUR, CIRCLE_COLOUR = (255, 255, 255), (255, 190, 60), (120, 130, 140)
Picture = npt.NDArray[np.uint8]
THIRD = "#009e73"  # bluish green of the same palette
BIN_HOURS = 2  # of the maps on the page
NAMES = {"truth": "truth", "network": "network"}
STYLES = {1: "-", 2: "--"}


class Example(NamedTuple):
    """One image on the page, and the same with truth and both detections; ``pictures`` are names and paths from the page."""

    name: str
    caption: str
    pictures: tuple[tuple[str, str], ...]


class Segmentation(NamedTuple):
    """Documents of the stages train and compare, and what is drawn of them."""

    simulated: bool
    train: Mapping[str, Any]
    compare: Mapping[str, Any]
    examples: tuple[Example, ...]
    methods: tuple[tuple[str, str], ...]
    equatorward_deg: float
    threshold_counts: float
    lags: tuple[int, ...]

    @property
    def lag_range(self) -> tuple[float, float] | None:
        """Lowest and highest ratio of the occurrences of both lags, over thresholds at which neither is a handful of cells."""
        ratios = self.compare["held_out"]["lag_ratio"] or {}
        low, high = LAG_COUNTS
        chosen = [ratio for threshold, ratio in ratios.items() if low <= float(threshold) <= high]
        return (min(chosen), max(chosen)) if chosen else None


def load_segmentation(paths: Paths, params: Params, target: Path) -> Segmentation | None:
    """Read what the stages of the KOPRI record left, draw figures and pictures; None if they have not run."""
    corpus = params.kopri.corpus
    folder = paths.stage(corpus, "compare")
    if not (folder / "compare.json").is_file():
        return None
    document = read_json(folder / "compare.json", made_by=MADE_BY)
    simulated = bool(document["simulated"])
    table = read_table(folder / "curves.parquet", made_by=MADE_BY)
    maps = read_maps(read_table(folder / "occurrence.parquet", made_by=MADE_BY))
    place = magnetic_place(params.kopri.place, 2020)
    draw_precision_recall(table, target / "figures", simulated=simulated)
    draw_factor(table, target / "figures", simulated=simulated)
    draw_maps(maps, place.equatorward_azimuth_deg, target / "figures", simulated=simulated)
    return Segmentation(
        simulated, read_json(paths.stage(corpus, "train") / "train.json", made_by=MADE_BY), document,
        _examples(paths, params, target, place.equatorward_azimuth_deg),
        tuple((method, method_name(method)) for method in maps), place.equatorward_azimuth_deg,
        params.kopri.difference.threshold_counts, params.kopri.difference.lags_min,
    )  # fmt: skip


def _examples(paths: Paths, params: Params, target: Path, equatorward_deg: float) -> tuple[Example, ...]:
    kopri = params.kopri
    chosen = read_table(paths.stage(kopri.corpus, "compare") / "examples.parquet", made_by=MADE_BY)
    corpus = find_images(paths.corpus(kopri.corpus), kopri.site)
    files = corpus.table.set_index("name")
    result = []
    for row in chosen.to_dict("records"):
        name, night = str(row["name"]), str(row["night"])
        image = read_image(Path(str(files.loc[name, "image"])), SIDE_PX, corpus.circle)
        panels: dict[str, Picture] = {"image": image}
        if files.loc[name, "mask"]:
            mask = read_mask(Path(str(files.loc[name, "mask"])), SIDE_PX, corpus.circle)
            panels["truth"] = painted(mask, TRUTH_COLOUR)
        change = read_change(paths.stage(kopri.corpus, "difference") / "nights" / f"{night}.npz")
        index = int(np.flatnonzero(change.names == name)[0])
        for lag, values in change.change.items():
            flags = values[index] > kopri.difference.threshold_counts
            panels[f"differencing, {lag} min"] = painted(cell_map(SIDE_PX).paint(flags), DETECTED_COLOUR)
        names, probability = read_probability(paths.stage(kopri.corpus, "segment") / "nights" / f"{night}.npz")
        detected = probability[int(np.flatnonzero(names == name)[0])] >= np.ceil(255 * kopri.threshold)
        enlarged = np.asarray(Image.fromarray(detected).resize((SIDE_PX, SIDE_PX), Image.Resampling.NEAREST))
        panels["network"] = painted(enlarged, DETECTED_COLOUR)
        pictures, circle = [], circles(SIDE_PX)[..., None]  # of elevation, every 10 deg
        for title, panel in panels.items():
            shown = turned(panel, equatorward_deg)
            faded = (shown * 0.55 + np.array(CIRCLE_COLOUR) * 0.45).astype(np.uint8)
            file = f"segmentation/{name}.{title.split(',')[0]}{title[-5:-4] if 'min' in title else ''}.webp"
            with atomic_path(target / file) as temporary:
                Image.fromarray(np.where(circle, faded, shown)).save(temporary, quality=QUALITY)
            pictures.append((title, file))
        words = [str(row[key]) for key in ("motion", "place", "light", "weather")]
        caption = ", ".join(word for word in words if word not in ("unknown", "none"))
        result.append(Example(name, caption, tuple(pictures)))
    return tuple(result)


def painted(flags: npt.NDArray[np.bool_], colour: tuple[int, int, int]) -> Picture:
    """Flagged pixels in a colour on black, uint8 (size, size, 3)."""
    return np.asarray(flags[..., None] * np.array(colour, np.uint8), np.uint8)


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
