"""The seven classes over the frames of the thesis' corpus: an optional column of the frame table.

The thesis hopes for finer forms than yes and no. The best network of the third record answers every frame that stage film
cut. It learnt on clean and dark images, so its answers to clouds, Moon and twilight mean nothing by themselves; whoever uses
the column chooses dark, clear frames with aurora first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro.classifier.device import of_workers
from repro.classifier.transforms import load_frame
from repro.engine import receipts
from repro.engine.run_nights import Outcome, Task, run_nights
from repro.files import write_table
from repro.film.frame_archive import film_outputs
from repro.forms.best_network import answers, best_training, trained_network
from repro.forms.classes import CLASSES
from repro.params import FormsNetwork, Params
from repro.untrusted import read_table


@dataclass(frozen=True)
class _FramesTask(Task):
    network: FormsNetwork
    device: str


def classify_frames(film: Path, evaluated: Path, trained: Path, out: Path, params: Params) -> Outcome:
    """Classify the frames of every night of stage ``film``; nights that are there already are kept.

    ``evaluated`` and ``trained`` are the folders of the stages evaluate and networks of stages/kvammen. ``out`` gets
    ``tables/YYYYMMDD.parquet``: ``night``, ``number``, ``form`` (one of the seven), ``p_form`` (its probability).
    """
    document, training = best_training(evaluated)
    weights = trained / "weights" / f"{training}.safetensors"
    best, device = document["best"], str(of_workers(params.engine))
    tasks = []
    for index in sorted((film / "index").glob("[!.]*.parquet")):
        night = index.stem
        archive = film_outputs(film, night)[0]
        inputs, outputs = (archive, index, weights), (out / "tables" / f"{night}.parquet",)
        settings = receipts.settings_digest(dict(best), __name__)
        work = receipts.NightWork(night, inputs, outputs, receipts.receipt_path(out, night), settings)
        size = len(read_table(index, made_by="dvc repro film", columns=["number"]))
        tasks.append(_FramesTask(work, size, FormsNetwork.model_validate(best["network"]), device))
    return run_nights("forms of frames", out, tasks, _classify, workers=params.engine)


def _classify(task: _FramesTask) -> dict[str, Any]:
    archive, index, weights = task.work.inputs
    table = read_table(index, made_by="dvc repro film", columns=["night", "number"])
    network = trained_network(weights, task.network, task.device)
    names = [f"{night}_{number}.jpg" for night, number in zip(table["night"], table["number"], strict=True)]
    p = answers(network, names, lambda name: load_frame(archive, name, task.network.image_size_px), task.device)
    found = table.assign(form=[CLASSES[k] for k in p.argmax(1)], p_form=p.max(1) if len(p) else 0.0)
    write_table(task.work.outputs[0], found)
    return {"frames": len(found), "forms": {name: int((found["form"] == name).sum()) for name in CLASSES}}
