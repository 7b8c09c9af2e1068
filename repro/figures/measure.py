"""Read all pictures of the documents that are there, and give them as tables of readings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from repro.engine.code_digest import closure, code_of
from repro.figures.augmentation_panels import read_augmentation
from repro.figures.curves import read_learning_curves
from repro.figures.documents import RecordDocument
from repro.figures.histograms import read_histograms
from repro.figures.jpeg import Coding, decode
from repro.figures.overlays import GRID, enlarge, recover_map
from repro.figures.pdf import embedded_pictures
from repro.figures.picture_axes import Floats, Pixels, grey
from repro.figures.readings import Reading
from repro.figures.readme_pictures import read_frames, read_overlay_clock, read_readme_curves, read_table3_picture
from repro.figures.sky_circle import find_circle, sky_of
from repro.figures.slide_bars import read_slide_bars
from repro.figures.softmax_grid import read_softmax_grid

#: Cases of the Grad-CAM figures, by group (sections III.2.1 to III.2.4), in the order of print.
CASES: dict[str, tuple[str, ...]] = {
    "background": ("night", "astro", "nautical"),
    "colour": ("red", "purple", "pink"),
    "form": ("arc", "radial", "diffuse"),
    "weather": ("clear", "cloud", "snow"),
}
_EDGE_OF_MASK = np.ones((25, 25))  # neighbourhood of the mask's edge that no measure of a frame counts
Pictures = Mapping[str, tuple[Pixels, Coding | None]]
Pair = tuple[Pixels, Pixels]


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


def measure_document(document: RecordDocument, pictures: Pictures) -> dict[str, Reading]:
    """All readings that a document's pictures give, by name.

    Raises
    ------
    ReproError
        If a picture cannot be read; nothing is given then, rather than a part.
    """
    readings: dict[str, Reading] = {}
    for needed, read in READERS.items():
        if needed not in pictures:
            continue
        places = [f"page {one.page}, image {one.sha256}" for one in document.pictures if one.name == needed]
        if needed.startswith("frame."):
            places = ["pages 17 to 19, twelve frames and twelve overlays; hashes in documents.yaml"]
        origin = {
            "document": document.file,
            "document_sha256": document.sha256,
            "object": "".join(places) or "the whole picture",
            "code": code_version(),
        }
        readings |= {name: Reading(table, origin) for name, table in read(pictures).items()}
    return readings


def code_version() -> str:
    """First digits of a digest of the code that reads pictures, comments and layout left out."""
    files = sorted({Path(__file__), *closure(Path(__file__))}, key=str)
    text = "".join(code_of(file.read_text(encoding="utf-8")) for file in files)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _figure7(pictures: Pictures) -> dict[str, pd.DataFrame]:
    bars, extents = read_histograms(*pictures["figure7"], where="Figure 7")
    return {"figure7": bars, "figure7_extents": extents}


def frame_pairs(pictures: Pictures) -> dict[tuple[str, str], Pair]:
    """The thesis' frames and overlays by group and case."""
    return {
        (group, case): (pictures[f"frame.{group}.{case}"][0], pictures[f"overlay.{group}.{case}"][0])
        for group, cases in CASES.items()
        for case in cases
    }


def _gradcam(pictures: Pictures) -> dict[str, pd.DataFrame]:
    """The maps, and what each frame shows, by cells of the network's last feature map; and the circles of sky."""
    pairs = frame_pairs(pictures)
    circles = []
    for (group, case), (frame, _) in pairs.items():
        circle = find_circle(frame, where=f"Grad-CAM, {group}, {case}")
        height, width = frame.shape[:2]
        circles.append((group, case, width, height, circle.x, circle.y, circle.radius, circle.error))
    maps, cells = _maps_of(pairs)
    columns = ["group", "case", "width", "height", "x", "y", "radius", "error"]
    return {"gradcam_maps": maps, "gradcam_cells": cells, "sky_circles": pd.DataFrame(circles, columns=columns)}


def readme_pairs(pictures: Pictures) -> dict[tuple[str, str], Pair]:
    """The eight frames and overlays of the README by group and number from the left."""
    rows = read_frames(pictures["readme_gradcam"][0], where="Grad-CAM of the README")
    return {("readme", str(number)): pair for number, pair in enumerate(zip(*rows, strict=True), start=1)}


def _readme_gradcam(pictures: Pictures) -> dict[str, pd.DataFrame]:
    maps, cells = _maps_of(readme_pairs(pictures))
    return {"readme_gradcam_maps": maps, "readme_gradcam_cells": cells}


def _readme_errors(picture: Pixels, *, where: str) -> pd.DataFrame:
    """What the eight misclassified frames of the README show, as means over their sky, numbered row by row."""
    upper, lower = read_frames(picture, where=where)
    rows = []
    for number, frame in enumerate((*upper, *lower), start=1):
        inner = cv2.erode(sky_of(frame, find_circle(frame, where=f"{where}, number {number}")), _EDGE_OF_MASK) > 0
        means = {name: float(values[inner].mean()) for name, values in frame_measures(frame).items()}
        rows.append({"number": number} | means)
    return pd.DataFrame(rows)


def _maps_of(pairs: Mapping[tuple[str, str], Pair]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Maps of frames and overlays by group and case, and what is in their cells."""
    maps, cells = [], []
    for (group, case), (frame, overlay) in pairs.items():
        where = f"Grad-CAM, {group}, {case}"
        recovered = recover_map(overlay, frame, where=where)
        maps.append(
            {
                "group": group,
                "case": case,
                "divisor": recovered.divisor,
                "residual": recovered.residual,
                "largest": recovered.nodes.max(),
                "area_above_half": float((enlarge(recovered.nodes) > 0.5).mean()),
                "grid": recovered.grid,
                "error": 0.01,
            }
        )
        sky = sky_of(frame, find_circle(frame, where=where))
        row, column = np.indices((GRID, GRID)).reshape(2, -1)
        shown = {
            "group": group,
            "case": case,
            "row": row,
            "column": column,
            "value": recovered.nodes.ravel(),
            "error": max(recovered.residual, 0.005),
            "sky_share": _cells(sky, np.ones_like(sky)).ravel(),
        }
        shown |= {name: _cells(values, sky).ravel() for name, values in frame_measures(frame).items()}
        cells.append(pd.DataFrame(shown))
    return pd.DataFrame(maps), pd.concat(cells, ignore_index=True)


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


Reader = Callable[[Pictures], dict[str, pd.DataFrame]]


def _single(picture: str, table: str, read: Callable[..., pd.DataFrame], where: str) -> Reader:
    """Reader of one picture that gives one table."""
    return lambda pictures: {table: read(pictures[picture][0], where=where)}


#: Readers of tables by name, by the picture that each needs.
READERS: dict[str, Reader] = {
    "figure3": _single("figure3", "figure3", read_augmentation, "Figure 3"),
    "figure5": _single("figure5", "figure5", read_learning_curves, "Figure 5"),
    "figure6": _single("figure6", "figure6", read_softmax_grid, "Figure 6"),
    "figure7": _figure7,
    "frame.background.night": _gradcam,
    "unmasked_frame": _single("unmasked_frame", "overlay_clock", read_overlay_clock, "unmasked frame"),
    "readme_curves": _single("readme_curves", "readme_curves", read_readme_curves, "curves of the README"),
    "readme_gradcam": _readme_gradcam,
    "readme_errors": _single("readme_errors", "readme_errors", _readme_errors, "misclassified frames of the README"),
    "slide_bars": _single("slide_bars", "slide_bars", read_slide_bars, "chart of slide 10"),
    "readme_conditions": _single("readme_conditions", "readme_table3", read_table3_picture, "picture of Table 3"),
}
