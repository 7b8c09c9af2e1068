"""Stage gradcam: the panels of section III.2, and which share of the maps is on the aurora, where its pixels are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image
from safetensors.numpy import save_file

from repro.classifier.cam import Explained, TargetLayer, explain, on_target, overlay
from repro.classifier.device import of_workers
from repro.classifier.network import load_once
from repro.classifier.panels import PANELS, Case, choose
from repro.classifier.transforms import Pixels, decode, load_frame
from repro.engine.progress import progress
from repro.engine.workers import Workers, run_or_raise
from repro.errors import ReproError
from repro.files import atomic_path, digest, write_bytes, write_json, write_table
from repro.film.frame_archive import read_frame
from repro.frames import CLASSES, KEYS
from repro.intervals import RESAMPLINGS, percentile, ratio_by_night, wilson
from repro.params import Params
from repro.seeding import generator
from repro.untrusted import message_of

FULL_PX = 720  # side of the thesis' panels
COLOUR_PX = 90  # side at which a frame's colour is measured
_CASE = {
    "panel": "str", "case": "str", "label": "str", "name": "str", "chosen": "str", "night": "str", "number": "Int64",
    "p_yes": "float64", "raw_max_no": "float64", "raw_max_yes": "float64",
}  # fmt: skip
_ON = {
    "night": "str", "number": "int64", "name": "str", "form": "str", "colour": "str", "raw_max": "float64",
    "mask_share": "float64", "hit": "bool", "energy": "float64",
}  # fmt: skip


def explain_corpus(
    frames: pd.DataFrame,
    archives: Path,
    masks: Path | None,
    weights: Path,
    folder: Path,
    params: Params,
) -> dict[str, Any]:
    """Choose the panels' frames, explain them, and score maps on known aurora; gives the document written to ``gradcam.json``.

    ``frames`` are classified, see :func:`repro.classifier.panels.choose`; ``archives`` and ``masks`` are the folders of the
    night archives and of the aurora's pixels, None if these are not known. ``folder`` gets ``cases.parquet``;
    ``maps.safetensors``, raw maps ``<panel>.<case>.<class>``; ``frames`` and ``overlays``, the pictures; and
    ``on_aurora.parquet``, where masks are known.

    The document has ``target_layer``; ``quantities``, ``gradcam.<panel>`` with the cases that have a frame; ``missing``, by
    ``<panel>.<case>`` why there is none; ``on_aurora``, or None: ``frames``, ``pointing_game`` and ``energy`` with
    intervals, and ``uniform``, what a map of one value would score in both. Raises ReproError if a named frame does not
    exist, an archive lacks a frame, or the weights cannot be used.
    """
    device, engine = of_workers(params.engine), params.engine
    workers = engine if engine.scheduler else 1  # a few dozen maps are made before another process has loaded torch
    maps = _CamWorker(weights, digest(weights), params.gradcam.target_layer, str(device), workers)

    def look(night: str, name: str) -> Pixels:
        return load_frame(archives / f"{night}.zip", name, COLOUR_PX)

    cases = choose(frames, params.gradcam.panels, params.seed, look)
    rows = _panels(maps, cases, frames, archives, folder)
    write_table(folder / "cases.parquet", rows)
    document: dict[str, Any] = {
        "target_layer": params.gradcam.target_layer,
        "quantities": {
            f"gradcam.{panel}": ", ".join(case.case for case in cases if case.panel == panel and case.name)
            for panel in PANELS
        },
        "missing": {f"{case.panel}.{case.case}": case.chosen for case in cases if case.name is None},
        "on_aurora": None,
    }
    if masks is not None:
        measured = _on_aurora(maps, frames, archives, masks, params)
        write_table(folder / "on_aurora.parquet", measured)
        document["on_aurora"] = _summary(measured, params.seed)
    write_json(folder / "gradcam.json", document)
    return document


@dataclass(frozen=True)
class _Wanted:
    """Frames to explain: archive and name of each, and the classes."""

    frames: tuple[tuple[Path, str], ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class _CamWorker:
    """Computes maps; each process loads the network once."""

    weights: Path
    sha256: str
    target: TargetLayer
    device: str
    workers: Workers

    def __call__(self, wanted: _Wanted) -> dict[str, Explained]:
        with _EXPLAINING:
            network, side_px = load_once(self.weights, self.sha256, self.device)
            pixels = np.stack([load_frame(source, name, side_px) for source, name in wanted.frames])
            return {label: explain(network, pixels, label, self.target, device=self.device) for label in wanted.labels}

    def each(self, wanted: Sequence[_Wanted]) -> Iterator[tuple[_Wanted, dict[str, Explained]]]:
        """Maps of frames, in order of completion; one that fails ends the stage."""
        return run_or_raise(self, wanted, workers=self.workers, gpu=self.device.startswith("cuda"))


_EXPLAINING = Lock()  # hooks sit on the network: two threads of a worker would read each other's


def _panels(worker: _CamWorker, cases: list[Case], frames: pd.DataFrame, archives: Path, folder: Path) -> pd.DataFrame:
    """Explain the chosen frames for both classes and draw them."""
    by_name: dict[Any, dict[Any, Any]] = frames.set_index("name")[[*KEYS, "p_yes"]].to_dict("index")
    rows: list[dict[str, Any]] = [{**vars(case), **by_name.get(case.name, {})} for case in cases]
    kept = {f"{row['panel']}.{row['case']}": row for row in rows if row["name"] is not None}
    sources = tuple((archives / f"{row['night']}.zip", row["name"]) for row in kept.values())
    data = [read_frame(*source) for source in sources]
    maps: dict[str, npt.NDArray[np.float32]] = {}
    if data:
        [(_, by_label)] = list(worker.each([_Wanted(sources, CLASSES)]))
        for label, explained in by_label.items():
            for (title, row), one, raw, shown in zip(kept.items(), data, explained.raw, explained.shown, strict=True):
                maps[f"{title}.{label}"] = np.ascontiguousarray(raw)
                row[f"raw_max_{label}"] = float(raw.max())
                frame = decode(one, FULL_PX, row["name"])
                with atomic_path(folder / "overlays" / f"{title}.{label}.jpg") as temporary:
                    Image.fromarray(overlay(frame, shown)).save(temporary, quality=90)
        for title, one in zip(kept, data, strict=True):
            write_bytes(folder / "frames" / f"{title}.jpg", one)
    with atomic_path(folder / "maps.safetensors") as temporary:
        save_file(maps, temporary, metadata={"target_layer": worker.target})
    return pd.DataFrame(rows, columns=list(_CASE)).astype(_CASE)


def _on_aurora(worker: _CamWorker, frames: pd.DataFrame, archives: Path, masks: Path, params: Params) -> pd.DataFrame:
    """Score maps for yes, of frames that show aurora and are classified yes, on the aurora's pixels."""
    seen = frames[(frames["predicted"] == "yes") & (frames["truth"] == "yes")].sort_values("name", ignore_index=True)
    count = min(params.gradcam.scored_frames, len(seen))
    chosen = seen.iloc[np.sort(generator(params.seed, "gradcam", "measured").choice(len(seen), count, replace=False))]
    parts = {
        _Wanted(tuple((archives / f"{night}.zip", name) for name in part["name"]), ("yes",)): (str(night), part)
        for night, part in chosen.groupby("night")
    }
    rows = []
    with progress("gradcam", count) as tally:
        for wanted, by_label in worker.each(list(parts)):
            night, part = parts[wanted]
            mask_of = read_masks(masks / f"{night}.npz")
            for cam, row in zip(by_label["yes"].raw, part.to_dict("records"), strict=True):
                mask = mask_of[row["number"]]
                hit, energy = on_target(cam, mask) or (False, 0.0)  # a map of zeros points nowhere
                row |= {"raw_max": cam.max(), "mask_share": mask.mean(), "hit": hit, "energy": energy}
                rows.append(row)
            tally.advance(len(part))
    return pd.DataFrame(rows, columns=list(_ON)).astype(_ON).sort_values(["night", "name"], ignore_index=True)


def read_masks(source: Path) -> npt.NDArray[np.bool_]:
    """Pixels of the aurora of every frame of a simulated night, bool, shape (frames, rows, columns), by frame number.

    Raises ReproError if the file is missing or damaged.
    """
    try:
        with source.open("rb") as file, np.load(file) as document:
            shape = tuple(document["shape"])
            mask: npt.NDArray[np.bool_] = np.unpackbits(document["mask"], axis=-1)[..., : shape[-1]].astype(bool)
        if mask.shape != shape or mask.ndim != 3:
            raise ValueError(f"masks of shape {mask.shape} that say to be {shape}")
    except Exception as error:  # numpy passes on errors of ZIP and zlib; it refuses pickled objects
        raise ReproError(
            found=f"no usable masks: {message_of(error)}",
            expected="packed masks of every frame of the night",
            where=str(source),
            remedy="simulate the corpus again: dvc repro simulate",
        ) from None
    return mask


def _summary(measured: pd.DataFrame, seed: int) -> dict[str, Any] | None:
    if measured.empty:
        return None
    ones = np.ones(len(measured))
    rng = generator(seed, "gradcam", "intervals")
    summary: dict[str, Any] = {"frames": len(measured), "nights": int(measured["night"].nunique())}
    for name, column in (("pointing_game", "hit"), ("energy", "energy")):
        values = measured[column].to_numpy(dtype=float)
        interval = percentile(ratio_by_night(values, ones, measured["night"], RESAMPLINGS, rng))
        summary[name] = {"mean": float(values.mean()), "by_night": interval}
    summary["pointing_game"]["wilson"] = wilson(int(measured["hit"].sum()), len(measured))
    return summary | {"uniform": float(measured["mask_share"].mean())}
