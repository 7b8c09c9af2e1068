"""Figures in the style of the record's, drawn by matplotlib from known values."""

import io
from itertools import product

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from repro.figures.jpeg import decode
from repro.figures.panel_drawing import ALPHA, SERIES
from repro.figures.slide_bars import BARS
from repro.figures.softmax_grid import MOONS, SUNS


def rendered(figure: Figure) -> np.ndarray:
    """Pixels of a figure, RGB."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def as_jpeg(picture: np.ndarray, quality: int | None) -> bytes:
    """A picture as JPEG with colours at half the resolution, as in the record's PDF; as PNG if quality is None."""
    image = Image.fromarray(picture)
    return coded(image, "JPEG", quality=quality, subsampling=2) if quality else coded(image, "PNG")


def coded(image: Image.Image, coding: str, **options: int) -> bytes:
    """Bytes of an image in a coding of Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, coding, **options)
    return buffer.getvalue()


def draw_curves(seed: int, quality: int, size: tuple[float, float]) -> tuple[bytes, dict[str, np.ndarray]]:
    """Two panels of two curves over twelve epochs, and their values."""
    generator = np.random.default_rng(seed)
    epochs = np.arange(1, 13)
    fall = np.exp(-epochs / 6)
    truth = {
        "train_loss": 0.1 + 0.4 * fall + generator.normal(0, 0.01, 12),
        "val_loss": 0.08 + 0.28 * fall + generator.normal(0, 0.01, 12),
        "train_accuracy": 0.95 - 0.15 * fall + generator.normal(0, 0.004, 12),
        "val_accuracy": 0.97 - 0.1 * fall + generator.normal(0, 0.004, 12),
    }
    with mpl.rc_context({"font.size": 10}):
        figure = Figure(figsize=size)
        for panel, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
            panel.plot(epochs, truth[f"train_{name}"], label=f"Train {name.title()}", marker="o")
            panel.plot(epochs, truth[f"val_{name}"], label=f"Validation {name.title()}", marker="s")
            panel.set(xlabel="Epoch", ylabel=name.title(), title=f"Training and Validation {name.title()}")
            panel.legend()
            panel.grid(True)
        figure.tight_layout()
    return as_jpeg(rendered(figure), quality), truth


def draw_grid(seed: int, quality: int) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Two panels of nine cells over a colour bar, and the printed means of the first and deviations of both, (moon, sun)."""
    generator = np.random.default_rng(seed)
    mean = np.round(generator.uniform(52, 95, (3, 3)), 1)
    deviation = np.round(generator.uniform(10.0, 19.9, (3, 3)), 1)
    figure = Figure(figsize=(10, 6))
    left, right = figure.add_axes((0.125, 0.247, 0.352, 0.587)), figure.add_axes((0.548, 0.247, 0.352, 0.587))
    for panel, values, title in ((left, mean, "(a) Yes"), (right, 100 - mean, "(b) No")):
        image = panel.imshow(deviation, cmap="Blues", aspect="auto")
        for row, column in np.ndindex(3, 3):
            panel.text(
                column, row, f"{values[row, column]:.1f}±{deviation[row, column]:.1f}",
                ha="center", va="center", color="black", fontsize=12,
            )  # fmt: skip
        panel.set_xticks(range(3), [sun.title() for sun in SUNS], fontsize=12)
        panel.set_yticks(range(3), [moon.title() for moon in MOONS] if panel is left else [""] * 3, fontsize=12)
        panel.set_title(f"Softmax Probability ± Std\n{title}", fontsize=14)
    bar = figure.colorbar(image, cax=figure.add_axes((0.25, 0.08, 0.5, 0.03)), orientation="horizontal")
    bar.set_label("Standard Deviation (%)", fontsize=12)
    return as_jpeg(rendered(figure), quality), mean, deviation


Condition = tuple[str, str]


def draw_histograms(
    seed: int, quality: int | None, size: tuple[float, float], *, own_bins: bool = False
) -> tuple[bytes, dict[Condition, np.ndarray], dict[Condition, tuple[float, ...]]]:
    """Three panels of three translucent histograms.

    Gives the figure, and by time of night and lunar condition its densities, and the first and last borders of its bars of
    no and yes. With ``own_bins`` both classes of each Nautical histogram have 50 bins between their own extremes, as
    matplotlib draws them if no range is given; densities are means over percentage points.
    """
    generator = np.random.default_rng(seed)
    truth, extent = {}, {}
    figure = Figure(figsize=size)
    panels = figure.subplots(1, 3, sharey=True)
    edges = np.arange(101)
    for panel, moon in zip(panels, MOONS, strict=True):
        for sun, colour in SERIES:
            frames = {"ASTRO": 4000, "NAUTICAL": 400, "NIGHT": 20000}[sun]
            yes = 100 - 50 * generator.beta(0.5, generator.uniform(1.0, 3.0), frames // 3)
            no = 50 * generator.beta(0.4, generator.uniform(1.0, 3.0), frames)
            ends = np.array([0.0, 50.0, 50.0, 100.0])
            if own_bins and sun == "NAUTICAL":
                ends += generator.uniform([0.0, -0.8, 0.1, -2.5], [2.5, -0.1, 0.8, 0.0])
                no, yes = ends[0] + no * (ends[1] - ends[0]) / 50, ends[2] + (yes - 50) * (ends[3] - ends[2]) / 50
            borders = np.unique(np.concatenate([np.linspace(*ends[:2], 51), np.linspace(*ends[2:], 51)]))
            density = sum(np.histogram(part, borders)[0] / len(part) for part in (yes, no)) / np.diff(borders)
            summed = np.concatenate([[0.0], np.cumsum(density * np.diff(borders))])
            extent[sun, moon] = tuple(ends)
            truth[sun, moon] = np.diff(np.interp(edges, borders, summed))
            panel.hist(
                borders[:-1] + np.diff(borders) / 2, bins=borders, weights=density, alpha=ALPHA, label=sun.title(),
                color=[part / 255 for part in colour],
            )  # fmt: skip
        panel.set_title(moon.replace("_", " ").title(), fontsize=14)
        panel.set_xlabel('Probability of "Yes" (%)', fontsize=12)
        panel.grid(axis="y", linestyle="--", alpha=0.4)
    panels[0].set_ylabel("Density", fontsize=12)
    # As in the record, the legend hides no bar; what it hides could not be read.
    panels[2].legend(fontsize=12, loc="upper center")
    figure.tight_layout()
    return as_jpeg(rendered(figure), quality), truth, extent


def draw_bars(seed: int) -> tuple[np.ndarray, dict[tuple[str, str], float]]:
    """A chart of four series at three times of night in the style of slide 10, on white, and its values."""
    generator = np.random.default_rng(seed)
    largest = (70_000, 20_000, 2_500)
    truth = {
        (sun, series): float(generator.uniform(0.2, 1) * most)
        for sun, most in zip(SUNS, largest, strict=True) for series, _ in BARS
    }  # fmt: skip
    figure = Figure(figsize=(4.4, 4.0))
    panel = figure.add_axes((0.2, 0.09, 0.65, 0.76))
    for (place, sun), (offset, (series, colour)) in product(enumerate(SUNS), enumerate(BARS)):
        panel.barh(place * 7 + offset, truth[sun, series], height=0.9, color=[part / 255 for part in colour])
    panel.set(xlim=(0, 81_000), ylim=(21, -3), xticks=range(0, 80_001, 20_000), yticks=[], axisbelow=True)
    panel.grid(axis="x", color="#bdbdbd")
    panel.spines[["top", "right", "bottom"]].set_visible(False)
    panel.spines["left"].set_color("#757575")
    return rendered(figure), truth


def draw_gradcam_page(maps: list[np.ndarray], generator: np.random.Generator, side: int = 199) -> np.ndarray:
    """Frames in a row and their overlays below, shrunk and on a light page, as the README shows them."""
    page = np.full((2 * side + 30, len(maps) * (side + 10) + 10, 3), 244, dtype=np.uint8)
    for place, nodes in enumerate(maps):
        frame = draw_sky(generator)
        left = 10 + place * (side + 10)
        for top, picture in ((10, frame), (side + 20, draw_overlay(frame, nodes))):
            page[top : top + side, left : left + side] = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return page


def draw_sky(generator: np.random.Generator, side: int = 720) -> np.ndarray:
    """A masked frame: a dim sky with a bright band, black outside the circle."""
    rows, columns = np.mgrid[:side, :side]
    band = np.exp(-(((rows - side * generator.uniform(0.3, 0.7)) / (0.08 * side)) ** 2))
    sky = np.stack([20 + 60 * band, 25 + 140 * band, 45 + 40 * band], axis=2) + generator.normal(0, 2, (side, side, 1))
    inside = np.hypot(rows - side // 2, columns - side // 2) <= side // 2
    return np.clip(sky * inside[..., None], 0, 255).astype(np.uint8)


def random_map(generator: np.random.Generator) -> np.ndarray:
    """A map of 8 x 8 nodes, 0 to 1."""
    nodes = np.clip(generator.normal(-0.2, 0.6, (8, 8)), 0, None)
    return nodes / nodes.max()


def draw_overlay(frame: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """An overlay as the published script makes it: enlarged, in JET, half and half, divided by its maximum."""
    side = frame.shape[0]
    shown = cv2.resize(cv2.resize(nodes.astype(np.float32), (240, 240)), (side, side))
    heat = cv2.applyColorMap(np.uint8(255 * np.clip(shown, 0, 1)), cv2.COLORMAP_JET)[..., ::-1] / 255
    both = 0.5 * heat + 0.5 * frame / 255
    return np.uint8(255 * both / both.max())


def recode(picture: np.ndarray, quality: int) -> np.ndarray:
    """A picture after JPEG."""
    return decode(as_jpeg(picture, quality), where="synthetic")[0]
