"""The best network of stage evaluate, and its answers to a user's own pictures and to the frames of the thesis' corpus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import nn

from repro.classifier.device import of_workers
from repro.classifier.network import load
from repro.classifier.transforms import load_frame
from repro.engine import receipts
from repro.engine.progress import progress
from repro.engine.run_nights import Outcome, Task, run_nights
from repro.engine.threads import limited_threads
from repro.errors import ReproError
from repro.files import read_json, write_table
from repro.film.frame_archive import film_outputs
from repro.forms import networks
from repro.forms.classes import CLASSES
from repro.forms.layout import decode_square
from repro.forms.load_corpus import SPLITS
from repro.params import FormsNetwork, Params
from repro.paths import Paths
from repro.untrusted import read_table

BATCH = 64  # pictures in memory at a time


def best_training(evaluated: Path, trained: Path) -> tuple[dict[str, Any], FormsNetwork, Path]:
    """Document of stage evaluate, the best network, and its first training's weights, in the folder of stage networks."""
    document = read_json(evaluated / "evaluate.json", made_by="make records")
    best = document["best"]
    weights = trained / "weights" / f"{best['id']}_{SPLITS[document['main']]}_0.safetensors"
    return document, FormsNetwork.model_validate(best["network"]), weights


@lru_cache(maxsize=1)
def trained_network(weights: Path, wanted: FormsNetwork, device: str) -> nn.Module:
    """The network of a weight file on its device; each process reads it once."""
    return load(weights, lambda _: networks.empty(wanted))[0].to(torch.device(device))


def answers(
    network: nn.Module, sources: Sequence[Any], read: Callable[[Any], npt.NDArray[np.uint8]], device: str
) -> npt.NDArray[np.float64]:
    """Probabilities (n, 7) of the classes of pictures, each read from its source as uint8 (side, side, 3)."""
    parts = [np.zeros((0, len(CLASSES)))]
    with limited_threads():
        for start in range(0, len(sources), BATCH):
            pixels = np.stack([read(source) for source in sources[start : start + BATCH]])
            parts.append(networks.probabilities(network, pixels, torch.device(device)))
    return np.concatenate(parts)


def classify_forms(files: Sequence[Path], paths: Paths, params: Params) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Class of each of a user's own all-sky pictures, by the network of the project.

    Files are PNG or JPEG of the whole sky, north up, the horizon's circle filling the picture, or its middle square.
    Gives a table of ``file``, ``class``, ``p`` (its probability, 0 to 1), ``second`` and ``p_second``, and ``p_<class>`` of all
    seven; and ``method`` (the network) and ``simulated`` (whether it learnt on simulated pictures). Raises ReproError if no
    network was trained, or a file is missing or is no picture.
    """
    folder = paths.stage("kvammen", "evaluate")
    if not (folder / "evaluate.json").is_file():
        raise ReproError(
            found="no trained network",
            expected="the best network of the third record",
            where=str(folder / "evaluate.json"),
            remedy="train it with: make records",
        )
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise ReproError(
            found=f"{len(missing)} files that are not there",
            expected="PNG or JPEG files",
            where=str(missing[0]),
            remedy="name files that exist; a shell expands patterns such as night/*.jpg",
        )
    document, wanted, weights = best_training(folder, paths.stage("kvammen", "networks"))
    device = str(of_workers(params.engine))
    network = trained_network(weights, wanted, device)
    with progress("classify", len(files), "pictures") as tally:

        def read(path: Path) -> npt.NDArray[np.uint8]:
            tally.advance()
            return decode_square(path, wanted.image_size_px)[0]

        p = answers(network, files, read, device)
    order = np.argsort(-p, axis=1, kind="stable")
    columns: dict[str, Any] = {"file": [str(path) for path in files]}
    for rank, (name, p_name) in enumerate((("class", "p"), ("second", "p_second"))):
        columns[name] = np.array(CLASSES)[order[:, rank]]
        columns[p_name] = p[np.arange(len(p)), order[:, rank]]
    table = pd.DataFrame({**columns, **{f"p_{label}": p[:, k] for k, label in enumerate(CLASSES)}})
    return table, {"method": document["best"]["method"], "simulated": document["simulated"] is not False}


@dataclass(frozen=True)
class _FramesTask(Task):
    network: FormsNetwork
    device: str


def classify_frames(film: Path, evaluated: Path, trained: Path, out: Path, params: Params) -> Outcome:
    """The seven classes over the frames of the thesis' corpus, night by night of stage ``film``; finished nights are kept.

    The thesis hopes for finer forms than yes and no. The network learnt on clean and dark images, so its answers to clouds,
    Moon and twilight mean nothing by themselves; whoever uses the column chooses dark, clear frames with aurora first.
    ``evaluated`` and ``trained`` are the folders of the stages evaluate and networks of stages/kvammen. ``out`` gets
    ``tables/YYYYMMDD.parquet``: ``night``, ``number``, ``form`` (one of the seven), ``p_form`` (its probability).
    """
    document, wanted, weights = best_training(evaluated, trained)
    device, settings = str(of_workers(params.engine)), receipts.settings_digest(dict(document["best"]), __name__)
    tasks = []
    for index in sorted((film / "index").glob("[!.]*.parquet")):
        night = index.stem
        archive = film_outputs(film, night)[0]
        inputs, outputs = (archive, index, weights), (out / "tables" / f"{night}.parquet",)
        work = receipts.NightWork(night, inputs, outputs, receipts.receipt_path(out, night), settings)
        size = len(read_table(index, made_by="dvc repro film", columns=["number"]))
        tasks.append(_FramesTask(work, size, wanted, device))
    return run_nights("forms of frames", out, tasks, _classify, workers=params.engine)


def _classify(task: _FramesTask) -> dict[str, Any]:
    archive, index, weights = task.work.inputs
    table = read_table(index, made_by="dvc repro film", columns=["night", "number"])
    network = trained_network(weights, task.network, task.device)
    names = [f"{night}_{number}.jpg" for night, number in zip(table["night"], table["number"], strict=True)]
    p = answers(network, names, lambda name: load_frame(archive, name, task.network.image_size_px), task.device)
    classified = table.assign(form=[CLASSES[k] for k in p.argmax(1)], p_form=p.max(1) if len(p) else 0.0)
    write_table(task.work.outputs[0], classified)
    return {"frames": len(classified), "forms": {name: int((classified["form"] == name).sum()) for name in CLASSES}}
