"""Stage networks: train every network on the main split with several seeds, and once on the other splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from repro.classifier import network as weight_files
from repro.classifier.device import of_workers
from repro.engine import receipts
from repro.engine.run_nights import Task, run_nights
from repro.files import read_json, write_json, write_table
from repro.forms import networks
from repro.forms.classes import CLASSES
from repro.forms.load_corpus import SPLITS, images_of, read_loaded
from repro.params import FormsNetwork, Params
from repro.seeding import generator

#: Columns of the probabilities in a table of answers.
P_COLUMNS = tuple(f"p_{name}" for name in CLASSES)


@dataclass(frozen=True)
class _Training(Task):
    network: FormsNetwork
    split: str
    number: int
    seed: int
    batch: int
    device: str
    simulated: bool


def train_networks(loaded: Path, out: Path, params: Params) -> list[dict[str, Any]]:
    """Train the networks; a training that is there already, of the same images, parameters and code, is kept.

    ``loaded`` is the folder of stage load. ``out`` gets ``answers/ID.parquet``: ``method``, ``split``, ``seed``, ``name``,
    ``night``, ``label``, ``predicted`` and the probabilities of the test images; ``weights/ID.safetensors``;
    ``networks.json``. Gives one entry a training: ``id``, ``method``, ``split``, ``seed``, ``images``, ``losses``.
    """
    document = read_json(loaded / "load.json", made_by="make records")
    splits = list(document["splits"])
    main = splits[0]
    settings = params.kvammen
    jobs = [
        _job(loaded, out, network, split, number, params, simulated=document["simulated"])
        for network in settings.trained
        for split in splits
        for number in range(settings.seeds if split == main else 1)
    ]
    outcome = run_nights("train networks", out, jobs, _train, workers=params.engine, unit="epochs", clear_stale=False)
    if outcome.failed:
        raise outcome.failed[0].error()
    kept = {path for job in jobs for path in job.work.outputs}
    for path in (*out.glob("answers/*.parquet"), *out.glob("weights/*.safetensors")):
        if path not in kept:  # of networks that are no longer asked for
            path.unlink()
    done = [{"id": job.work.night, **(receipts.read(job.work.receipt) or {})["summary"]} for job in jobs]
    write_json(out / "networks.json", done)
    return done


def answers_table(
    rows: pd.DataFrame, predicted: npt.NDArray[np.int64], p: npt.NDArray[np.float64] | None, **columns: Any
) -> pd.DataFrame:
    """Answers to test images: ``name``, ``night``, ``label``, further columns, class numbers, and probabilities or NaN."""
    table = rows[["name", "night", "label"]].reset_index(drop=True).assign(**columns)
    table["predicted"] = [CLASSES[k] for k in predicted]
    values = np.full((len(table), len(CLASSES)), np.nan) if p is None else p
    return pd.concat([table, pd.DataFrame(values, columns=list(P_COLUMNS))], axis=1)


def _job(
    loaded: Path, out: Path, network: FormsNetwork, split: str, number: int, params: Params, *, simulated: bool
) -> _Training:
    name = f"{network.id}_{SPLITS[split]}_{number}"
    seed = int(generator(params.seed, "forms", network.method, split, number).integers(2**31))
    settings = {"network": network.model_dump(), "split": split, "seed": seed, "batch": params.kvammen.batch}
    inputs = loaded / "pictures.npy", loaded / "pictures.parquet"
    outputs = out / "answers" / f"{name}.parquet", out / "weights" / f"{name}.safetensors"
    digest = receipts.settings_digest(settings, __name__)
    work = receipts.NightWork(name, inputs, outputs, receipts.receipt_path(out, name), digest)
    device = str(of_workers(params.engine))
    return _Training(work, network.epochs, network, split, number, seed, params.kvammen.batch, device, simulated)


def _train(job: _Training) -> dict[str, Any]:
    table, pixels = read_loaded(job.work.inputs[0].parent)
    sides = table[SPLITS[job.split]].to_numpy(str)
    device, size = torch.device(job.device), job.network.image_size_px
    known = images_of(table, pixels, sides == "train", size)
    network, losses = networks.train(job.network, known, job.seed, job.batch, device)
    p = networks.probabilities(network, images_of(table, pixels, sides == "test", size).pixels, device)
    rows = table[sides == "test"].sort_values("name")
    answers, weights = job.work.outputs
    about = {"method": job.network.method, "split": job.split, "seed": job.number}
    write_table(answers, answers_table(rows, p.argmax(1), p, **about))
    notes = {
        "network": job.network.name, "classes": CLASSES, "image_size_px": size, "simulated": job.simulated, **about,
    }  # fmt: skip
    weight_files.save(network, weights, notes)
    return {**about, "images": len(known), "losses": [round(loss, 5) for loss in losses]}
