"""Grad-CAM of a network trained here on the record's twelve frames, beside the author's maps.

It is another network: where its maps agree with the author's, both look at the same part of the sky; where they do not,
neither is wrong. Nothing of it is evidence about the thesis.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch

from repro.classifier.cam import explain
from repro.classifier.network import load
from repro.classifier.panels import PANELS
from repro.classifier.transforms import decode, normalise
from repro.errors import ReproError
from repro.figures.documents import RecordDocument, load_documents, present_documents
from repro.figures.drawing import drawing
from repro.figures.map_statements import CHANCE, LEAST_SKY, case_grid, correlation
from repro.figures.measure import CASES
from repro.figures.overlays import FRAME_PX, GRID, NETWORK_PX, enlarge
from repro.figures.pdf import embedded_pictures
from repro.figures.picture_axes import Floats, Pixels
from repro.figures.readings import load_readings
from repro.files import write_json
from repro.params import load_params
from repro.paths import Paths


class OwnMap(NamedTuple):
    """One frame of the record, explained by a network trained here.

    ``row`` has ``group`` and ``case``; ``label``, the class that is explained, as in the thesis; ``p_yes`` by the network
    trained here; ``correlation`` of its map with the author's over cells of sky, and ``reached_by_chance``, the share of
    changed maps (shifted, turned, mirrored, shuffled) that agree as well. ``frame`` is RGB uint8 (720, 720, 3), ``author``
    the author's map and ``nodes`` that of the network, both (8, 8), 0 to 1 of their own largest value; all 0 if nothing
    speaks for the class.
    """

    row: dict[str, Any]
    frame: Pixels
    author: Floats
    nodes: Floats


def _explain_frames(source: Path, document: RecordDocument, weights: Path, paths: Paths) -> list[OwnMap]:
    """Explain the twelve frames of the thesis with a network trained here, and correlate its maps with the author's."""
    network, notes = load(weights)
    size = int(notes.get("image_size_px", NETWORK_PX))
    if size != NETWORK_PX:
        raise ReproError(
            found=f"a network for images of {size} px",
            expected=f"{NETWORK_PX} px, whose maps have {GRID} x {GRID} cells as the author's",
            where=str(weights),
            remedy=f"train with image_size_px {NETWORK_PX}, or name other weights with --weights",
        )
    cells = load_readings(paths.readings)["gradcam_cells"].table
    wanted = [picture for picture in document.pictures if picture.name.startswith("frame.")]
    data = embedded_pictures(source, wanted)
    explained = []
    for group, cases in CASES.items():
        label = PANELS[group][0]
        names = [f"frame.{group}.{case}" for case in cases]
        pixels = np.stack([decode(data[name], NETWORK_PX, name) for name in names])
        maps = explain(network, pixels, label).raw
        with torch.inference_mode():
            chances = torch.softmax(network(normalise(pixels, "cpu")), dim=1)[:, 1]
        for case, name, raw, p_yes in zip(cases, names, maps, chances.tolist(), strict=True):
            part = cells[cells["case"] == case]
            author, sky = case_grid(part, "value"), case_grid(part, "sky_share") > LEAST_SKY
            own = np.asarray(raw / raw.max() if raw.max() > 0 else raw, dtype=float)
            r, reached = correlation(own, author, sky, f"own.{case}")
            row = {"group": group, "case": case, "label": label, "p_yes": p_yes}
            row |= {"correlation": r, "reached_by_chance": reached}
            explained.append(OwnMap(row, decode(data[name], FRAME_PX, name), author, own))
    return explained


def compare_with_author(paths: Paths, weights: Path | None, folder: Path | None) -> dict[str, Any]:
    """Explain the frames of the thesis in data/record, by the network of the corpus unless trained weights are named.

    Returns what ``own_maps.json`` holds, which is written to ``folder`` with ``own_maps.png``, if one is given.

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
    maps = _explain_frames(source, document, weights or trained, paths)
    words = f"weights {weights.name}" if weights else f"trained on the corpus {corpus}"
    comparison = {
        "network": f"another network than the author's: {words}",
        "maps": [{k: round(v, 4) if isinstance(v, float) else v for k, v in one.row.items()} for one in maps],
        "mean_correlation": round(float(np.mean([one.row["correlation"] for one in maps])), 4),
        "maps_that_agree_beyond_chance": sum(one.row["reached_by_chance"] < CHANCE for one in maps),
    }
    if folder is not None:
        write_json(folder / "own_maps.json", comparison)
        _draw_comparison(maps, folder / "own_maps.png")
    return comparison


def _draw_comparison(maps: list[OwnMap], target: Path) -> None:
    """Frames, the author's maps and those of the other network below each other."""
    with drawing(target, 1.5 * len(maps), 4.9) as figure:
        axes = figure.subplots(3, len(maps), squeeze=False)
        for column, (row, frame, author, own) in enumerate(maps):
            axes[0, column].imshow(cv2.resize(frame, (240, 240), interpolation=cv2.INTER_AREA))
            axes[0, column].set_title(f"{row['case']}\nr = {row['correlation']:.2f}", fontsize=9)
            for panel, nodes in zip(axes[1:, column], (author, own), strict=True):
                panel.imshow(enlarge(nodes, 240), cmap="jet", vmin=0, vmax=1)
        for panel, title in zip(
            axes[:, 0], ("frame of the thesis", "map of its author", "map of another\nnetwork"), strict=True
        ):
            panel.set_ylabel(title, fontsize=8)
        for panel in axes.flat:
            panel.set(xticks=[], yticks=[])
