"""All trainings of a corpus: the published one, more seeds of it, and one that is validated on unseen nights."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from repro.classifier import network as networks
from repro.classifier import training_results as results
from repro.classifier.device import choose, say
from repro.classifier.device import name as device_name
from repro.classifier.finetune import Trained, TrainingJob, fine_tune
from repro.classifier.images import Images, gather
from repro.classifier.train_receipt import DOCUMENT, OUTPUTS
from repro.classifier.training_results import UNSEEN, WITHIN
from repro.engine import receipts
from repro.engine.memory import keep_freed_memory
from repro.engine.threads import limited_threads
from repro.engine.workers import run_or_raise, worker_count
from repro.errors import ReproError
from repro.files import read_json, remove_partial, write_json, write_table
from repro.frames import CLASSES
from repro.intervals import wilson
from repro.params import Params, TrainParams
from repro.seeding import generator

#: Column of the split table that a training follows.
COLUMN = {WITHIN: "split", UNSEEN: "split_by_night"}


@dataclass(frozen=True)
class Run:
    """One training: kind of validation, number of the network, seed, and parameters."""

    split: str
    network: int
    seed: int
    params: TrainParams


def planned(params: TrainParams, seed: int) -> list[Run]:
    """Trainings in their order; the first is used."""
    seeds = [seed] + [int(generator(seed, "network", k).integers(2**31)) for k in range(1, params.networks)]
    if params.mode == "published":
        seeds = [secrets.randbits(31) for _ in seeds]
    runs = [Run(WITHIN, number, drawn, params) for number, drawn in enumerate(seeds)]
    if params.validate_on_unseen_nights:
        runs.append(Run(UNSEEN, 0, seeds[0], params.for_unseen_nights()))
    return runs


def train_corpus(table: pd.DataFrame, archives: Path, folder: Path, params: Params) -> dict[str, Any]:
    """Run all trainings of a corpus, or resume interrupted ones; gives the document written to ``train.json``.

    ``table`` is of stage split: ``name``, ``night``, ``label``, ``split``, ``split_by_night``; ``archives`` is the folder
    of the night archives. ``folder`` gets ``weights.safetensors``, ``curves.parquet``, ``validation.parquet``,
    ``train.json``, and a receipt: with the same images, parameters and code nothing is trained again. Raises ReproError if
    the initial weights are not available, a frame is missing, or a split has no validation images.
    """
    initial = params.train.initial_weights.get(params.corpus, "imagenet")
    device = choose(params.engine.device)
    remove_partial(folder)
    runs = planned(params.train, params.seed)
    for split in dict.fromkeys(run.split for run in runs):
        _check_both_classes(table, split)
    networks.build(initial, params.seed)  # fails early, before any image is read
    used = table[table[[COLUMN[run.split] for run in runs]].notna().any(axis=1)]
    used = used.set_index(pd.Index(used["name"], name="frame_name"))
    images = gather(used, archives, params.train.image_size_px, workers=params.engine.workers)
    jobs = [
        _training_job(run, used, images, initial, folder / f"checkpoint-{number}.pt", device)
        for number, run in enumerate(runs)
    ]
    values = {"corpus": params.corpus, "jobs": [job.settings for job in jobs], "train": params.train.model_dump()}
    outputs, settings = tuple(folder / name for name in OUTPUTS), receipts.settings_digest(values, __name__)
    work = receipts.NightWork("train", (), outputs, receipts.receipt_path(folder, "train"), settings)
    if receipts.is_current(work):
        say("train: data, parameters and code have not changed; nothing to do")
        _remove_checkpoints(folder)  # an earlier run may have been killed before it removed them
        return dict(read_json(folder / DOCUMENT, made_by="dvc repro train"))
    receipts.invalidate(work)
    trained = _train_all(jobs, initial, params.engine.workers)
    colour = {
        run.split: results.colour_rule_accuracy(images, used[COLUMN[run.split]]) for run in runs if run.network == 0
    }
    document = _write_results(runs, trained, used["night"], folder, params, device, colour)
    receipts.write(work, {"networks": len(runs)})
    _remove_checkpoints(folder)
    return document


def _remove_checkpoints(folder: Path) -> None:
    for checkpoint in folder.glob("checkpoint-*.pt"):
        checkpoint.unlink()


def _training_job(
    run: Run,
    used: pd.DataFrame,
    images: Images,
    initial: str,
    checkpoint: Path,
    device: torch.device,
) -> TrainingJob:
    side = used[COLUMN[run.split]]
    train, val = _side(images, side, "train"), _side(images, side, "val")
    of_all_runs = {
        "networks",
        "validate_on_unseen_nights",
        "unseen_epochs_head",
        "unseen_epochs_all",
        "initial_weights",
    }
    values = run.params.model_dump_json(exclude=of_all_runs)
    settings = f"{initial} {networks.initial_digest(initial)} {run.split} {run.network} {values} {device.type}"
    settings += f" {_digest(train)} {_digest(val)}"
    settings += f" seed {run.seed}" if run.params.mode == "deterministic" else ""
    title = f"train, {run.split}" + (f", network {run.network}" if run.network else "")
    return TrainingJob(train, val, run.params, run.seed, device, checkpoint=checkpoint, settings=settings, title=title)


def _train_all(jobs: list[TrainingJob], initial: str, workers: int) -> list[Trained]:
    """Train the networks in parallel on a CPU with one thread a training, else one after another."""
    cores = worker_count(workers)
    # Worker processes are limited to one thread; a training with more runs in this process.
    alone = jobs[0].device.type == "cuda" or jobs[0].params.threads > 1
    at_once = 1 if alone else min(cores, len(jobs))
    jobs = [replace(job, workers=max(1, cores // at_once)) for job in jobs]
    done = run_or_raise(partial(_train, initial), jobs, workers=at_once)
    trained = {job.checkpoint: result for job, result in done}
    return [trained[job.checkpoint] for job in jobs]


def _train(initial: str, job: TrainingJob) -> Trained:
    keep_freed_memory()
    with limited_threads(job.params.threads):
        return fine_tune(networks.build(initial, job.seed), job)


def _write_results(
    runs: list[Run], trained: list[Trained], nights: pd.Series[str], folder: Path, params: Params, device: torch.device,
    colour: dict[str, dict[str, float]],
) -> dict[str, Any]:  # fmt: skip
    initial = params.train.initial_weights.get(params.corpus, "imagenet")
    pairs = list(zip(runs, trained, strict=True))
    first = trained[0]
    notes = {"image_size_px": params.train.image_size_px, "initial_weights": initial, "epoch": first.best_epoch}
    networks.save(first.network, folder / "weights.safetensors", {**notes, "seed": first.seed})
    curves = pd.concat([_with_run(result.curves, run, result) for run, result in pairs], ignore_index=True)
    write_table(folder / "curves.parquet", curves)
    validation = pd.concat([_with_run(result.validation, run, result) for run, result in pairs], ignore_index=True)
    validation["night"] = validation["name"].map(nights).astype("str")
    write_table(folder / "validation.parquet", validation)
    documents = [_run_document(run, result) for run, result in pairs]
    gap = results.generalisation_gap(validation, generator(params.seed, "generalisation_gap"))
    # A file in torchvision's cache is used unchecked; the result says whether it is genuine.
    genuine = {"as_published": networks.genuine_imagenet()} if initial == "imagenet" else {}
    document = {
        "initial_weights": {"name": initial, "sha256": networks.initial_digest(initial), **genuine},
        "mode": params.train.mode,
        "precision": params.train.precision,
        "image_size_px": params.train.image_size_px,
        "device": device_name(device),
        "runs": documents,
        "spread": results.seed_spread(documents),
        "generalisation_gap": gap,
        "colour_rule": colour,
        "quantities": {
            **results.quantities(first.curves),
            **results.unseen_accuracy(gap),
            "train.statistics_move_while_frozen": first.statistics_moved,
            "protocol.random_seed": "none" if params.train.mode == "published" else str(params.seed),
        },
    }
    write_json(folder / DOCUMENT, document)
    return document


def _with_run(table: pd.DataFrame, run: Run, trained: Trained) -> pd.DataFrame:
    columns: dict[str, Any] = {"split": run.split, "network": run.network, "seed": trained.seed}
    return table.assign(**columns)[[*columns, *table]].astype({"split": "str"})


def _check_both_classes(table: pd.DataFrame, split: str) -> None:
    for side in ("train", "val"):
        present = set(table.loc[table[COLUMN[split]] == side, "label"])
        if len(present) < len(CLASSES):
            raise ReproError(
                found=f"{f'only {present.pop()}' if present else 'no'} images for {side} ({split})",
                expected="images of both classes",
                where="stage train, table of stage split",
                remedy="label more frames; or, if only the split by nights lacks them, set "
                "train.validate_on_unseen_nights to false",
            )


def _side(images: Images, side: pd.Series[str], which: str) -> Images:
    places = np.flatnonzero(np.array([side[name] == which for name in images.names]))
    return Images(tuple(images.names[k] for k in places), images.pixels[places], images.classes[places])


def _digest(images: Images) -> str:
    total = hashlib.sha256("\n".join(images.names).encode())
    total.update(images.classes.tobytes())
    total.update(np.ascontiguousarray(images.pixels).data)
    return total.hexdigest()


def _run_document(run: Run, trained: Trained) -> dict[str, Any]:
    best = trained.curves.iloc[trained.best_epoch - 1]
    correct, images = int(best["val_correct"]), int(best["val_images"])
    return {
        "split": run.split,
        "network": run.network,
        "seed": trained.seed,
        **results.kept_epoch(trained.curves, trained.best_epoch),
        "train_images": trained.train_images,
        "val_images": images,
        "val_correct": correct,
        "val_accuracy": correct / images,
        "wilson": wilson(correct, images),
        "batches": sorted({int(size) for size in trained.curves["batch"]}),
    }
