"""All trainings of a corpus: the published one, more seeds of it, and one that is validated on unseen nights."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from repro.classifier import network as networks
from repro.classifier.device import name as device_name
from repro.classifier.device import say
from repro.classifier.finetune import Trained, fine_tune
from repro.classifier.images import Images, gather
from repro.engine import receipts
from repro.engine.workers import run as run_all
from repro.engine.workers import worker_count
from repro.errors import ReproError
from repro.files import read_json, remove_partial, write_json, write_table
from repro.intervals import percentile, ratio_by_night, wilson
from repro.params import TrainParams
from repro.seeding import generator

WITHIN, UNSEEN = "within nights", "unseen nights"
#: Column of the split table that a training follows.
COLUMN = {WITHIN: "split", UNSEEN: "split_by_night"}
RESAMPLINGS = 2000
DOCUMENT = "train.json"
OUTPUTS = ("weights.safetensors", "curves.parquet", "validation.parquet", DOCUMENT)


@dataclass(frozen=True)
class Run:
    """One training to be done: what is asked of validation, which of its networks, and its seed."""

    split: str
    network: int
    seed: int


def planned(params: TrainParams, seed: int) -> list[Run]:
    """Trainings in their order; the first is the one that is used."""
    seeds = [seed] + [int(generator(seed, "network", k).integers(2**31)) for k in range(1, params.networks)]
    if params.mode == "published":
        seeds = [secrets.randbits(31) for _ in seeds]
    runs = [Run(WITHIN, number, drawn) for number, drawn in enumerate(seeds)]
    return [*runs, Run(UNSEEN, 0, seeds[0])] if params.unseen_nights else runs


def train_corpus(
    table: pd.DataFrame,
    archives: Path,
    folder: Path,
    params: TrainParams,
    *,
    corpus: str,
    seed: int,
    device: torch.device,
    workers: int = 0,
) -> dict[str, Any]:
    """Do all trainings of a corpus, or go on with those that an interruption left.

    Parameters
    ----------
    table : DataFrame
        Of stage split: ``name``, ``night``, ``label``, ``split``, ``split_by_night``.
    archives : Path
        Folder of the night archives.
    folder : Path
        Outputs: ``weights.safetensors``, ``curves.parquet``, ``validation.parquet``, ``train.json``, and a receipt: with
        the same images, parameters and code nothing is trained again.
    params : TrainParams
        Section ``train`` of the parameters.
    corpus : str
        Decides the initial weights.
    seed : int
        Of the pipeline.
    device : torch.device
        Where to train.
    workers : int
        Processes and threads; 0 for one a core.

    Returns
    -------
    dict
        The document written to ``train.json``.

    Raises
    ------
    ReproError
        If the initial weights cannot be had, a frame is missing, or a split has no validation images.
    """
    initial = params.initial_weights.get(corpus, "imagenet")
    remove_partial(folder)
    runs = planned(params, seed)
    for split in dict.fromkeys(run.split for run in runs):
        _check_both_classes(table, split)
    networks.build(initial, seed)  # fails early, before any image is read
    used = table[table[[COLUMN[run.split] for run in runs]].notna().any(axis=1)]
    used = used.set_index(pd.Index(used["name"], name="frame_name"))
    images = gather(used, archives, params.image_size_px, workers=workers)
    jobs = [_job(number, run, used, images, params, initial, folder, device) for number, run in enumerate(runs)]
    work = _work(jobs, folder, corpus, params)
    if receipts.is_current(work):
        say("train: data, parameters and code are those of the networks that are there; nothing to do")
        _remove_checkpoints(folder)  # the run that made them may have been killed before it came to this
        return dict(read_json(folder / DOCUMENT, made_by="dvc repro train"))
    receipts.invalidate(work)
    done = _train_all(jobs, workers)
    notes = {"image_size_px": params.image_size_px, "initial_weights": initial, "epoch": done[0].best_epoch}
    networks.save(done[0].network, folder / "weights.safetensors", {**notes, "seed": done[0].seed})
    told = list(zip(runs, done, strict=True))
    curves = pd.concat([_labelled(trained.curves, run, trained) for run, trained in told], ignore_index=True)
    write_table(folder / "curves.parquet", curves)
    validation = pd.concat([_labelled(trained.validation, run, trained) for run, trained in told], ignore_index=True)
    validation["night"] = validation["name"].map(used["night"]).astype("str")
    write_table(folder / "validation.parquet", validation)
    documents = [_document(run, trained) for run, trained in told]
    tested = honesty(validation, generator(seed, "honesty"))
    document = {
        "initial_weights": _initial(initial),
        "mode": params.mode,
        "precision": params.precision,
        "image_size_px": params.image_size_px,
        "device": device_name(device),
        "runs": documents,
        "spread": _spread(documents),
        "honesty": tested,
        "quantities": {
            **quantities(done[0].curves),
            **unseen_accuracy(tested),
            "train.statistics_move_while_frozen": done[0].statistics_moved,
            "protocol.random_seed": "none" if params.mode == "published" else str(seed),
        },
    }
    write_json(folder / DOCUMENT, document)
    receipts.write(work, {"networks": len(runs)})
    _remove_checkpoints(folder)
    return document


def _remove_checkpoints(folder: Path) -> None:
    for checkpoint in folder.glob("checkpoint-*.pt"):
        checkpoint.unlink()


@dataclass(frozen=True)
class _Job:
    """One training for a worker: images of each side, and all that decides the result."""

    run: Run
    train: Images
    val: Images
    params: TrainParams
    initial: networks.InitialWeights
    checkpoint: Path
    device: torch.device
    settings: str
    threads: int = 1
    loaders: int = 1


def _job(
    number: int,
    run: Run,
    used: pd.DataFrame,
    images: Images,
    params: TrainParams,
    initial: networks.InitialWeights,
    folder: Path,
    device: torch.device,
) -> _Job:
    side = used[COLUMN[run.split]]
    train, val = _part(images, side, "train"), _part(images, side, "val")
    fixed = params.model_dump_json(exclude={"networks", "unseen_nights", "initial_weights"})
    settings = f"{initial} {networks.initial_digest(initial)} {run.split} {run.network} {fixed} {device.type}"
    settings += f" {_digest(train)} {_digest(val)}" + (f" seed {run.seed}" if params.mode == "deterministic" else "")
    return _Job(run, train, val, params, initial, folder / f"checkpoint-{number}.pt", device, settings)


def _work(jobs: list[_Job], folder: Path, corpus: str, params: TrainParams) -> receipts.NightWork:
    """All trainings as one piece of work: with the same images, parameters and code there is nothing to do again."""
    settings = {"corpus": corpus, "jobs": [job.settings for job in jobs], "train": params.model_dump()}
    outputs = tuple(folder / name for name in OUTPUTS)
    return receipts.NightWork(
        "train", (), outputs, folder / "receipts" / "train.json", receipts.settings_digest(settings, __name__)
    )


def _train_all(jobs: list[_Job], workers: int) -> list[Trained]:
    """Trainings beside each other on a CPU, one after the other on a GPU."""
    cores = worker_count(workers)
    at_once = 1 if jobs[0].device.type == "cuda" else min(cores, len(jobs))
    # Sums over more threads are rounded otherwise: one thread gives the same weights on any number of cores.
    threads = 1 if jobs[0].params.mode == "deterministic" else max(1, cores // at_once)
    jobs = [replace(job, threads=threads, loaders=max(1, cores // at_once)) for job in jobs]
    found: dict[Run, Trained] = {}
    for job, trained in run_all(_train, jobs, workers=at_once):
        if isinstance(trained, Exception):
            raise trained
        found[job.run] = trained
    return [found[job.run] for job in jobs]


def _train(job: _Job) -> Trained:
    before = torch.get_num_threads()
    torch.set_num_threads(job.threads)
    try:
        return fine_tune(
            networks.build(job.initial, job.run.seed),
            job.train,
            job.val,
            job.params,
            seed=job.run.seed,
            device=job.device,
            workers=job.loaders,
            checkpoint=job.checkpoint,
            title=f"train, {job.run.split}" + (f", network {job.run.network}" if job.run.network else ""),
            settings=job.settings,
        )
    finally:
        torch.set_num_threads(before)


def _labelled(table: pd.DataFrame, run: Run, trained: Trained) -> pd.DataFrame:
    table = table.copy()
    table.insert(0, "split", pd.Series(run.split, index=table.index, dtype="str"))
    table.insert(1, "network", run.network)
    table.insert(2, "seed", trained.seed)
    return table


def quantities(curves: pd.DataFrame) -> dict[str, float]:
    """Figure 5 as numbers by name: ``figure5.train_loss.e1``, ``figure5.val_correct.e12`` and so on.

    ``train_accuracy`` are fractions, ``val_correct`` images, ``val_accuracy`` percent, as the record prints them.
    """
    found: dict[str, float] = {}
    for row in curves.to_dict("records"):
        for name in ("train_loss", "train_accuracy", "val_loss", "val_correct"):
            found[f"figure5.{name}.e{row['epoch']}"] = row[name]
        found[f"figure5.val_accuracy.e{row['epoch']}"] = 100 * row["val_accuracy"]
    found["figure5.val_accuracy.best"] = 100 * float(curves["val_accuracy"].max())
    found["figure5.epoch_of_highest_accuracy"] = int(curves["epoch"].iloc[int(curves["val_accuracy"].argmax())])
    found["figure5.epoch_of_lowest_loss"] = int(curves["epoch"].iloc[int(curves["val_loss"].argmin())])
    return found


def unseen_accuracy(tested: Mapping[str, Any]) -> dict[str, list[float]]:
    """``accuracy.unseen_nights``: interval by night in percent; nothing where none was trained or there are too few nights.

    Parameters
    ----------
    tested : mapping
        Of :func:`honesty`.
    """
    by_night = tested.get("unseen_nights", {}).get("by_night")
    return {"accuracy.unseen_nights": [100 * end for end in by_night]} if by_night else {}


def honesty(validation: pd.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Accuracy on nights that also trained, as published, beside accuracy on nights never seen.

    Parameters
    ----------
    validation : DataFrame
        ``split``, ``network``, ``night``, ``label``, ``predicted``.
    rng : Generator
        For the bootstrap by night.

    Returns
    -------
    dict
        By ``within_nights`` and, if trained, ``unseen_nights``: ``correct``, ``images``, ``nights``, ``accuracy``,
        its Wilson interval ``wilson`` (images taken as independent) and ``by_night`` (whole nights resampled); and
        ``difference``, within less unseen, with its interval by night.
    """
    found: dict[str, Any] = {}
    resampled = {}
    for split in (WITHIN, UNSEEN):
        rows = validation[(validation["split"] == split) & (validation["network"] == 0)]
        if rows.empty:
            continue
        right = (rows["label"] == rows["predicted"]).to_numpy()
        resampled[split] = ratio_by_night(right, np.ones(len(rows)), rows["night"], RESAMPLINGS, rng)
        found[split.replace(" ", "_")] = {
            "correct": int(right.sum()),
            "images": len(rows),
            "nights": int(rows["night"].nunique()),
            "accuracy": float(right.mean()),
            "wilson": wilson(int(right.sum()), len(rows)),
            "by_night": percentile(resampled[split]),
        }
    if len(resampled) == 2:
        found["difference"] = {
            "accuracy": found["within_nights"]["accuracy"] - found["unseen_nights"]["accuracy"],
            "by_night": percentile(resampled[WITHIN] - resampled[UNSEEN]),
        }
    return found


def _check_both_classes(table: pd.DataFrame, split: str) -> None:
    for side in ("train", "val"):
        present = set(table.loc[table[COLUMN[split]] == side, "label"])
        if len(present) < len(networks.CLASSES):
            raise ReproError(
                found=f"{f'only {present.pop()}' if present else 'no'} images for {side} ({split})",
                expected="images of both classes",
                where="stage train, table of stage split",
                remedy="label more frames; or, if only the split by nights lacks them, set train.unseen_nights to false",
            )


def _part(images: Images, side: pd.Series[str], which: str) -> Images:
    places = np.flatnonzero(np.array([side[name] == which for name in images.names]))
    return Images(tuple(images.names[k] for k in places), images.pixels[places], images.classes[places])


def _digest(images: Images) -> str:
    total = hashlib.sha256("\n".join(images.names).encode())
    total.update(images.classes.tobytes())
    total.update(np.ascontiguousarray(images.pixels).data)
    return total.hexdigest()


def _document(run: Run, trained: Trained) -> dict[str, Any]:
    best = trained.curves.iloc[trained.best_epoch - 1]
    correct, images = int(best["val_correct"]), int(best["val_images"])
    return {
        "split": run.split,
        "network": run.network,
        "seed": trained.seed,
        "best_epoch": trained.best_epoch,
        "train_images": trained.train_images,
        "val_images": images,
        "val_correct": correct,
        "val_accuracy": correct / images,
        "val_loss": float(best["val_loss"]),
        "wilson": wilson(correct, images),
        "batches": sorted({int(size) for size in trained.curves["batch"]}),
    }


def _spread(documents: list[dict[str, Any]]) -> dict[str, Any] | None:
    """How much the accuracy on the published split varies with the seed; None with a single network."""
    values: npt.NDArray[np.float64] = np.array([run["val_accuracy"] for run in documents if run["split"] == WITHIN])
    if len(values) < 2:
        return None
    return {
        "networks": len(values),
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)),
        "lowest": float(values.min()),
        "highest": float(values.max()),
    }


def _initial(initial: networks.InitialWeights) -> dict[str, Any]:
    found: dict[str, Any] = {"name": initial, "sha256": networks.initial_digest(initial)}
    if initial == "imagenet":
        # A file in torchvision's cache is taken unchecked; whoever reads the result should know.
        found["as_published"] = networks.genuine_imagenet()
    return found
