"""Grad-CAM of a network trained here on the record's twelve frames, beside the author's maps.

It is another network: where its maps agree with the author's, both look at the same part of the sky; where they do not,
neither is wrong. Nothing of it is evidence about the thesis.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from repro.classifier.cam import explain
from repro.classifier.network import load
from repro.classifier.panels import PANELS
from repro.classifier.transforms import decode, normalise
from repro.errors import ReproError
from repro.figures.documents import RecordDocument, load_documents, present_documents
from repro.figures.map_statements import CHANCE, LEAST_SKY, case_grid, correlation
from repro.figures.measure import CASES
from repro.figures.overlays import FRAME_PX, GRID, NETWORK_PX, enlarge
from repro.figures.pdf import embedded_pictures
from repro.figures.picture_axes import Floats, Pixels
from repro.figures.readings import load_readings
from repro.files import atomic_path, write_json
from repro.params import load_params
from repro.paths import Paths


@dataclass(frozen=True)
class OwnMap:
    """One frame of the record, explained by a network trained here.

    Parameters
    ----------
    group, case, label : str
        The panel, its case, and the class that is explained, as in the thesis.
    p_yes : float
        By the network trained here.
    correlation : float
        Of its map with the author's, over cells of sky.
    reached_by_chance : float
        Share of changed maps (shifted, turned, mirrored, shuffled) that agree as well.
    nodes : ndarray, shape (8, 8)
        Its map, 0 to 1 of its own largest value; zero everywhere if nothing speaks for the class.
    author : ndarray, shape (8, 8)
        The author's.
    frame : ndarray, uint8, shape (720, 720, 3)
        The frame, RGB.
    """

    group: str
    case: str
    label: str
    p_yes: float
    correlation: float
    reached_by_chance: float
    nodes: Floats
    author: Floats
    frame: Pixels


def explain_record_frames(source: Path, document: RecordDocument, weights: Path, cells: pd.DataFrame) -> list[OwnMap]:
    """Explain the twelve frames with a network trained here, and correlate its maps with the author's.

    Parameters
    ----------
    source : Path
        The thesis.
    document : RecordDocument
        Its entry in documents.yaml.
    weights : Path
        Trained weights, as stage train writes them.
    cells : DataFrame
        Table ``gradcam_cells`` of the readings.

    Raises
    ------
    ReproError
        If the document lacks a frame, or the weights are missing, damaged, or of another input size.
    """
    network, notes = load(weights)
    size = int(notes.get("image_size_px", NETWORK_PX))
    if size != NETWORK_PX:
        raise ReproError(
            found=f"a network for images of {size} px",
            expected=f"{NETWORK_PX} px, whose maps have {GRID} x {GRID} cells as the author's",
            where=str(weights),
            remedy=f"train with image_size_px {NETWORK_PX}, or name other weights with --weights",
        )
    wanted = [picture for picture in document.pictures if picture.name.startswith("frame.")]
    data = embedded_pictures(source, wanted)
    found = []
    for group, cases in CASES.items():
        label = PANELS[group][0]
        names = [f"frame.{group}.{case}" for case in cases]
        pixels = np.stack([decode(data[name], NETWORK_PX, name) for name in names])
        maps = explain(network, pixels, label).raw
        with torch.inference_mode():
            chances = torch.softmax(network(normalise(pixels, "cpu")), dim=1)[:, 1]
        for case, name, raw, p_yes in zip(cases, names, maps, chances, strict=True):
            part = cells[cells["case"] == case]
            author, sky = case_grid(part, "value"), case_grid(part, "sky_share") > LEAST_SKY
            own = np.asarray(raw / raw.max() if raw.max() > 0 else raw, dtype=float)
            r, reached = correlation(own, author, sky, f"own.{case}")
            frame = decode(data[name], FRAME_PX, name)
            found.append(OwnMap(group, case, label, float(p_yes), r, reached, own, author, frame))
    return found


def compare_with_author(paths: Paths, weights: Path | None, folder: Path | None) -> dict[str, Any]:
    """Explain the frames of the thesis in data/record, by the network of the corpus unless weights are named.

    Parameters
    ----------
    paths : Paths
        The project.
    weights : Path or None
        Trained weights; those of stage train if None.
    folder : Path or None
        Where ``own_maps.json`` and ``own_maps.png`` go; nothing is written if None.

    Returns
    -------
    dict
        What ``own_maps.json`` holds.

    Raises
    ------
    ReproError
        If thesis.pdf is not in data/record, or no network has been trained.
    """
    source = present_documents(paths).get("thesis")
    if source is None:
        raise ReproError(
            found="no thesis.pdf",
            expected="the thesis, whose twelve frames are explained",
            where=str(paths.record),
            remedy="put it there with: repro record add FILE",
        )
    document = next(document for document in load_documents(paths.published) if document.name == "thesis")
    corpus = load_params(paths.params).corpus
    trained = paths.stage(corpus, "train") / "weights.safetensors"
    if weights is None and not trained.is_file():
        raise ReproError(
            found="no trained network",
            expected="the weights of stage train; a head drawn at random explains nothing",
            where=str(trained),
            remedy="run `dvc repro train`, or name weights with --weights FILE",
        )
    maps = explain_record_frames(
        source, document, weights or trained, load_readings(paths.readings)["gradcam_cells"].table
    )
    words = f"weights {weights.name}" if weights else f"trained on the corpus {corpus}"
    comparison = _document(maps, words)
    if folder is not None:
        write_json(folder / "own_maps.json", comparison)
        draw_comparison(maps, folder / "own_maps.png")
    return comparison


def _document(maps: list[OwnMap], words: str) -> dict[str, Any]:
    rows = [{key: value for key, value in asdict(one).items() if not isinstance(value, np.ndarray)} for one in maps]
    return {
        "network": f"another network than the author's: {words}",
        "maps": [{k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows],
        "mean_correlation": round(float(np.mean([one.correlation for one in maps])), 4),
        "maps_that_agree_beyond_chance": sum(one.reached_by_chance < CHANCE for one in maps),
    }


def draw_comparison(maps: list[OwnMap], target: Path) -> None:
    """Frames, the author's maps and those of the other network below each other."""
    figure = Figure(figsize=(1.5 * len(maps), 4.9), dpi=100, layout="constrained")
    axes = figure.subplots(3, len(maps), squeeze=False)
    for column, one in enumerate(maps):
        small = cv2.resize(one.frame, (240, 240), interpolation=cv2.INTER_AREA)
        axes[0, column].imshow(small)
        axes[0, column].set_title(f"{one.case}\nr = {one.correlation:.2f}", fontsize=9)
        for row, nodes in ((1, one.author), (2, one.nodes)):
            axes[row, column].imshow(enlarge(nodes, 240), cmap="jet", vmin=0, vmax=1)
    for row, title in enumerate(("frame of the thesis", "map of its author", "map of another\nnetwork")):
        axes[row, 0].set_ylabel(title, fontsize=8)
    for panel in axes.flat:
        panel.set_xticks([])
        panel.set_yticks([])
    FigureCanvasAgg(figure)
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
