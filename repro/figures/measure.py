"""Read all pictures of the documents that are there, and give them as tables of readings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from repro.engine.code_digest import closure, code_of
from repro.figures.augmentation_panels import Augmentation, read_augmentation
from repro.figures.curves import BLUE, ORANGE, Curve, read_curves
from repro.figures.documents import RecordDocument
from repro.figures.histograms import read_histograms
from repro.figures.jpeg import Coding, decode
from repro.figures.overlays import GRID, enlarge, recover_map
from repro.figures.panel_drawing import BINS
from repro.figures.pdf import embedded_pictures
from repro.figures.picture_axes import Floats, Pixels, find_boxes, grey
from repro.figures.readings import Reading
from repro.figures.readme_pictures import (
    read_frames,
    read_gradcam_panels,
    read_overlay_clock,
    read_readme_curves,
    read_table3_picture,
)
from repro.figures.sky_circle import Circle, find_circle, sky_of
from repro.figures.slide_bars import read_slide_bars
from repro.figures.softmax_grid import read_softmax_grid

EPOCHS = range(1, 13)
#: Cases of the Grad-CAM figures, by group (sections III.2.1 to III.2.4), in the order of print.
CASES: dict[str, tuple[str, ...]] = {
    "background": ("night", "astro", "nautical"),
    "colour": ("red", "purple", "pink"),
    "form": ("arc", "radial", "diffuse"),
    "weather": ("clear", "cloud", "snow"),
}
_EDGE_OF_MASK = np.ones((25, 25))  # neighbourhood of the mask's edge that no measure of a frame counts
Pictures = Mapping[str, tuple[Pixels, Coding | None]]


def read_pictures(document: RecordDocument, source: Path) -> dict[str, tuple[Pixels, Coding | None]]:
    """Pictures of a document by name: those in a PDF, or the file itself under the document's name.

    Raises
    ------
    ReproError
        If the file is damaged or lacks a picture.
    """
    if document.pictures:
        data = embedded_pictures(source, document.pictures)
        return {name: decode(content, where=f"{source.name}, {name}") for name, content in data.items()}
    return {document.name: decode(source.read_bytes(), where=source.name)}


def measure_document(document: RecordDocument, source: Path) -> dict[str, Reading]:
    """All readings that a document gives, by name.

    Raises
    ------
    ReproError
        If a picture cannot be read; nothing is given then, rather than a part.
    """
    pictures = read_pictures(document, source)
    readings: dict[str, Reading] = {}
    for needed, read in _READERS:
        if needed not in pictures:
            continue
        named = [picture for picture in document.pictures if picture.name == needed]
        origin = {
            "document": document.file,
            "document_sha256": document.sha256,
            "object": "".join(f"page {picture.page}, image {picture.sha256}" for picture in named)
            or "the whole picture",
            "code": code_version(),
        }
        if needed.startswith("frame."):
            origin["object"] = "pages 17 to 19, twelve frames and twelve overlays; hashes in documents.yaml"
        readings |= {name: Reading(table, origin) for name, table in read(pictures).items()}
    return readings


def code_version() -> str:
    """First digits of a digest of the code that reads pictures, comments and layout left out."""
    files = sorted({Path(__file__), *closure(Path(__file__))}, key=str)
    text = "".join(code_of(file.read_text(encoding="utf-8")) for file in files)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _figure3(pictures: Pictures) -> pd.DataFrame:
    seen: Augmentation = read_augmentation(pictures["figure3"][0], where="Figure 3")
    values = asdict(seen)
    errors = {
        "crop_area": seen.crop_area_error,
        "crop_aspect": 0.015,  # both sides are tried in steps of 0.01
        "brightness": seen.jitter_error,
        "contrast": seen.jitter_error,
        # Chroma is stored at half the resolution and in coarse steps, which takes from the saturation of narrow forms.
        "saturation": float(np.hypot(seen.jitter_error, 0.03)),
    }
    rows = [(name, value, errors.get(name, 0.005)) for name, value in values.items() if not name.endswith("_error")]
    return pd.DataFrame(rows, columns=["quantity", "value", "error"])


def _figure5(pictures: Pictures) -> pd.DataFrame:
    picture = pictures["figure5"][0]
    rows = []
    for box, quantity in zip(find_boxes(picture, where="Figure 5", count=2), ("loss", "accuracy"), strict=True):
        drawn = [Curve(f"train_{quantity}", BLUE, "disc"), Curve(f"val_{quantity}", ORANGE, "square")]
        points = read_curves(picture, box, drawn, list(EPOCHS), where=f"Figure 5, {quantity}")
        rows += [(point.curve, int(point.x), point.value, point.error) for point in points]
    return pd.DataFrame(rows, columns=["curve", "epoch", "value", "error"])


def _figure6(pictures: Pictures) -> pd.DataFrame:
    return pd.DataFrame([asdict(cell) for cell in read_softmax_grid(pictures["figure6"][0], where="Figure 6")]).rename(
        columns={"sd_by_colour_error": "sd_by_colour_pct_error"}
    )


def _figure7(pictures: Pictures) -> dict[str, pd.DataFrame]:
    picture, coding = pictures["figure7"]
    histograms = read_histograms(picture, coding, where="Figure 7")
    rows = [
        (histogram.moon, histogram.sun, number, histogram.density[number], histogram.error_px[number] * histogram.per_px, histogram.scale_error)
        for histogram in histograms
        for number in range(BINS)
    ]  # fmt: skip
    extents = [
        (histogram.moon, histogram.sun, *histogram.extents_pct, histogram.extent_error) for histogram in histograms
    ]
    return {
        "figure7": pd.DataFrame(rows, columns=["moon", "sun", "bin_from_pct", "value", "error", "scale_error"]),
        "figure7_extents": pd.DataFrame(
            extents, columns=["moon", "sun", "no_first_pct", "no_last_pct", "yes_first_pct", "yes_last_pct", "error"]
        ),
    }


def _gradcam(pictures: Pictures) -> dict[str, pd.DataFrame]:
    """The maps, and what each frame shows, by cells of the network's last feature map; and the circles of sky."""
    pairs = {
        (group, case): (pictures[f"frame.{group}.{case}"][0], pictures[f"overlay.{group}.{case}"][0])
        for group, cases in CASES.items()
        for case in cases
    }
    circles = []
    for (group, case), (frame, _) in pairs.items():
        circle: Circle = find_circle(frame, where=f"Grad-CAM, {group}, {case}")
        height, width = frame.shape[:2]
        circles.append((group, case, width, height, circle.x, circle.y, circle.radius, circle.error))
    maps, cells = _maps_of(pairs)
    return {
        "gradcam_maps": maps,
        "gradcam_cells": cells,
        "sky_circles": pd.DataFrame(circles, columns=["group", "case", "width", "height", "x", "y", "radius", "error"]),
    }


def _readme_gradcam(pictures: Pictures) -> dict[str, pd.DataFrame]:
    """The same of the eight frames of the README, numbered from the left."""
    panels = read_gradcam_panels(pictures["readme_gradcam"][0], where="Grad-CAM of the README")
    maps, cells = _maps_of({("readme", str(number)): pair for number, pair in enumerate(panels, start=1)})
    return {"readme_gradcam_maps": maps, "readme_gradcam_cells": cells}


def _readme_errors(pictures: Pictures) -> pd.DataFrame:
    """What the eight misclassified frames of the README show, as means over their sky, numbered row by row."""
    upper, lower = read_frames(pictures["readme_errors"][0], where="misclassified frames of the README")
    rows = []
    for number, frame in enumerate((*upper, *lower), start=1):
        sky = sky_of(frame, find_circle(frame, where=f"misclassified frame {number} of the README"))
        inner = cv2.erode(sky, _EDGE_OF_MASK) > 0
        rows.append(
            {"number": number} | {name: float(values[inner].mean()) for name, values in frame_measures(frame).items()}
        )
    return pd.DataFrame(rows)


def _maps_of(pairs: Mapping[tuple[str, str], tuple[Pixels, Pixels]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Maps of frames and overlays by group and case, and what is in their cells."""
    maps, cells = [], []
    for (group, case), (frame, overlay) in pairs.items():
        where = f"Grad-CAM, {group}, {case}"
        found = recover_map(overlay, frame, where=where)
        best_grid = min(found.residual_by_grid, key=found.residual_by_grid.__getitem__)
        area = float((enlarge(found.nodes) > 0.5).mean())
        maps.append((group, case, found.divisor, found.residual, found.nodes.max(), area, best_grid, 0.01))
        sky = sky_of(frame, find_circle(frame, where=where))
        shows = {"sky_share": _cells(sky, np.ones_like(sky))}
        shows |= {name: _cells(values, sky) for name, values in frame_measures(frame).items()}
        for row, column in np.ndindex(GRID, GRID):
            own = [float(values[row, column]) for values in shows.values()]
            value, error = float(found.nodes[row, column]), max(found.residual, 0.005)
            cells.append((group, case, row, column, value, error, *own))
    return (
        pd.DataFrame(
            maps,
            columns=["group", "case", "divisor", "residual", "largest", "area_above_half", "grid", "error"],
        ),
        pd.DataFrame(
            cells,
            columns=[
                "group", "case", "row", "column", "value", "error", "sky_share", "chroma", "brightness", "edge",
            ],
        ),
    )  # fmt: skip


def frame_measures(frame: Pixels) -> dict[str, Floats]:
    """Chroma, brightness and steepness of edges of a frame, each of its shape, in counts.

    Chroma is the largest less the smallest channel; steepness is the gradient of brightness after a blur of 3 px.
    """
    brightness = grey(frame)
    smooth = cv2.GaussianBlur(brightness, (0, 0), 3.0)
    gradient = np.hypot(cv2.Sobel(smooth, cv2.CV_64F, 1, 0) / 8, cv2.Sobel(smooth, cv2.CV_64F, 0, 1) / 8)
    blurred = cv2.GaussianBlur(frame, (0, 0), 3.0).astype(float)
    return {"chroma": np.asarray(np.ptp(blurred, axis=2)), "brightness": brightness, "edge": np.asarray(gradient)}


def _cells(values: Floats, weight: Floats) -> Floats:
    """Weighted means over 8 x 8 cells; 0 where nothing counts. The edge of the mask is left out of every measure."""
    inner = weight if weight.min() == 1 else cv2.erode(weight, _EDGE_OF_MASK)
    size = values.shape[0] // GRID
    total = (values * inner).reshape(GRID, size, GRID, size).sum(axis=(1, 3))
    count = inner.reshape(GRID, size, GRID, size).sum(axis=(1, 3))
    return np.asarray(np.divide(total, count, out=np.zeros_like(total), where=count > 0))


def _overlay_clock(pictures: Pictures) -> pd.DataFrame:
    clock = read_overlay_clock(pictures["unmasked_frame"][0], where="unmasked frame")
    return pd.DataFrame(
        [("date", clock.date), ("hour", str(clock.hour)), ("separator", clock.separator)], columns=["quantity", "value"]
    )


def _readme_curves(pictures: Pictures) -> pd.DataFrame:
    points = read_readme_curves(pictures["readme_curves"][0], where="curves of the README")
    return pd.DataFrame([asdict(point) for point in points])


def _readme_table3(pictures: Pictures) -> pd.DataFrame:
    counts = read_table3_picture(pictures["readme_conditions"][0], where="picture of Table 3")
    return pd.DataFrame([(moon, sun, count) for (sun, moon), count in counts.items()], columns=["moon", "sun", "value"])


def _slide_bars(pictures: Pictures) -> pd.DataFrame:
    bars = read_slide_bars(pictures["slide_bars"][0], where="chart of slide 10")
    return pd.DataFrame([asdict(bar) for bar in bars])


Reader = Callable[[Pictures], dict[str, pd.DataFrame]]
#: The picture that each reader needs, and the reader; it gives tables by name.
_READERS: tuple[tuple[str, Reader], ...] = (
    ("figure3", lambda pictures: {"figure3": _figure3(pictures)}),
    ("figure5", lambda pictures: {"figure5": _figure5(pictures)}),
    ("figure6", lambda pictures: {"figure6": _figure6(pictures)}),
    ("figure7", _figure7),
    ("frame.background.night", _gradcam),
    ("unmasked_frame", lambda pictures: {"overlay_clock": _overlay_clock(pictures)}),
    ("readme_curves", lambda pictures: {"readme_curves": _readme_curves(pictures)}),
    ("readme_gradcam", _readme_gradcam),
    ("readme_errors", lambda pictures: {"readme_errors": _readme_errors(pictures)}),
    ("slide_bars", lambda pictures: {"slide_bars": _slide_bars(pictures)}),
    ("readme_conditions", lambda pictures: {"readme_table3": _readme_table3(pictures)}),
)
