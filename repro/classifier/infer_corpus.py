"""Classify every frame of a corpus, read directly from the night archives; one table a night.

As published, images go through the network one at a time. The fast mode gives the same numbers except for rounding: batches,
channels-last memory, a network arranged for it, and decoding beside the network. On a CPU every thread takes
whole batches, decoding included, because a network of small convolutions gains little from sharing one batch between
cores; on a GPU threads decode and the GPU is fed in turn.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import nn
from torchvision.models import EfficientNet

from repro import frames
from repro.classifier.cpu_inference import CacheFriendlyNet
from repro.classifier.device import autocast, choose, halved_batch, of_workers, say, tf32
from repro.classifier.images import map_ahead
from repro.classifier.network import fused, image_size_px, load, load_once
from repro.classifier.transforms import Pixels, load_frame, normalise
from repro.engine.receipts import NightWork, receipt_path, settings_digest
from repro.engine.run_nights import Outcome, run_nights, summaries
from repro.engine.threads import limited_threads
from repro.engine.workers import worker_count
from repro.errors import ReproError
from repro.files import digest
from repro.film.frame_archive import film_outputs
from repro.frames import CLASSES
from repro.params import InferParams, Params
from repro.untrusted import count_in

#: Frames whose logits in low precision differ by less than this are computed again in float32. Rounding to bfloat16
#: moves the difference of the logits by up to 0.2 in tests; beyond 6, p(yes) moves by less than 0.0005 for that.
NEAR = 6.0
#: Images of a batch by device; see :mod:`repro.classifier.cpu_inference` for the CPU's.
SUITS = {"cpu": 8, "cuda": 64}

Logits = npt.NDArray[np.float64]


@dataclass(frozen=True)
class InferTask:
    """One night."""

    work: NightWork
    size: int


class FrameClassifier(Protocol):
    """A classifier of the frames of an archive."""

    def classify(self, archive: Path, names: Sequence[str]) -> Logits:
        """As :meth:`Classifier.classify`."""
        ...


class Classifier:
    """A network ready to classify frames.

    Parameters
    ----------
    network : nn.Module
        From :func:`repro.classifier.network.load`; a copy of it is used in ``fast`` mode.
    image_size_px : int
        Side of the images it was trained on.
    params : InferParams
        Section ``infer`` of the parameters.
    device : torch.device
        Where it runs.
    workers : int
        Threads; 0 for one a core.
    """

    def __init__(
        self, network: nn.Module, image_size_px: int, params: InferParams, device: torch.device, *, workers: int = 0
    ) -> None:
        self.batch = (params.batch or SUITS[device.type]) if params.mode == "fast" else 1
        self.image_size_px, self.params, self.device = image_size_px, params, device
        self.threads = worker_count(workers)
        network = network.eval().to(device)
        if params.mode == "fast":
            network = copy.deepcopy(network)
            if device.type == "cpu" and params.precision == "float32" and isinstance(network, EfficientNet):
                network = CacheFriendlyNet(network)
            else:
                network = fused(network).to(memory_format=torch.channels_last)
        self.network = network

    def classify(self, archive: Path, names: Sequence[str]) -> Logits:
        """Logits of frames out of one archive.

        Parameters
        ----------
        archive : Path
            Of the night.
        names : sequence of str
            Of its frames.

        Returns
        -------
        ndarray, shape (n, 2)
            No before yes.

        Raises
        ------
        ReproError
            If the archive is missing or damaged, or lacks a frame, or not even one image fits into GPU memory.
        """

        def read(part: Sequence[str]) -> Pixels:
            return np.stack([load_frame(archive, name, self.image_size_px) for name in part])

        return self.each(read, [names[start : start + self.batch] for start in range(0, len(names), self.batch)])

    def each(self, read: Callable[[Sequence[str]], Pixels], parts: Sequence[Sequence[str]]) -> Logits:
        """Logits of parts of a list that ``read`` turns into decoded images; reading and classifying run in parallel."""
        logits: list[Logits] = [np.empty((0, len(CLASSES)))]
        if self.device.type == "cpu":
            # One thread of torch in each of ours; grad mode is a setting of each thread, too.
            with limited_threads(), ThreadPoolExecutor(self.threads) as pool:
                logits += map_ahead(lambda part: self.logits(read(part)), parts, pool, 2 * self.threads)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                logits += [self.logits(pixels) for pixels in map_ahead(read, parts, pool, 2 * self.threads)]
        return np.concatenate(logits)

    def logits(self, pixels: Pixels) -> Logits:
        """Logits (n, 2) of decoded images (n, height, width, 3), in parts if the GPU's memory requires it."""
        with torch.inference_mode(), tf32(self.params.precision, self.device):
            answers = self._forward(pixels, self.params.precision != "float32")
            if self.params.precision != "float32":
                near = np.abs(answers[:, 1] - answers[:, 0]) < NEAR
                if near.any():
                    with tf32("float32", self.device):
                        answers[near] = self._forward(pixels[near], False)
        if not np.isfinite(answers).all():  # finite weights may still overflow
            raise ReproError(
                found="non-finite logits",
                expected="two finite logits a frame",
                where="the network's weights",
                remedy="train anew with: dvc repro train",
            )
        return answers

    def _forward(self, pixels: Pixels, rounded: bool) -> Logits:
        precision = self.params.precision if rounded else "float32"
        done: list[Logits] = []
        start, size = 0, min(self.batch, len(pixels))
        while start < len(pixels):
            try:
                inputs = normalise(pixels[start : start + size], self.device)
                if self.params.mode == "published":
                    inputs = inputs.contiguous()
                with autocast(precision, self.device):
                    answers = self.network(inputs)
            except torch.OutOfMemoryError as error:
                self.batch = size = halved_batch(size, error, self.device)
                say(f"infer: the GPU ran out of memory; continuing with batches of {size}, which changes no result")
                continue
            done.append(answers.double().cpu().numpy())
            start += size
        return np.concatenate(done)


def infer_corpus(film: Path, sky: Path, weights: Path, folder: Path, params: Params) -> Outcome:
    """Classify every frame of every night that needs it.

    Parameters
    ----------
    film, sky, folder : Path
        Output folders of the stages film, sky and infer.
    weights : Path
        The trained network.
    params : Params
        Sections ``infer`` and ``engine`` of the parameters.

    Raises
    ------
    ReproError
        If no night has a sky, or the weights are missing, damaged or of another network.
    """
    tasks = infer_tasks(film, sky, weights, folder, params)
    engine, device = params.engine, of_workers(params.engine)
    cluster = engine.scheduler is not None
    gpu = device.type == "cuda"
    # On a cluster a night is one thread's work, unless a GPU has to be fed. Here all threads share one network, which needs
    # less memory than processes would and feeds a GPU better.
    threads = engine.workers if gpu or not cluster else 1
    work = _InferWorker(weights, digest(weights), params.infer, str(device), threads)
    return run_nights("infer", folder, tasks, work, workers=engine if cluster else 1, gpu=gpu)


def infer_tasks(film: Path, sky: Path, weights: Path, folder: Path, params: Params) -> list[InferTask]:
    """The nights of a corpus; parameters and errors as for :func:`infer_corpus`."""
    skies = summaries(sky, made_by="sky")
    _, notes = load(weights)
    settings = settings_digest(
        {
            "weights": digest(weights),
            "image_size_px": image_size_px(notes),
            "infer": params.infer.model_dump(exclude={"batch"}),
            "device": of_workers(params.engine).type,
        },
        __name__,
    )
    tasks = []
    for night, summary in skies.items():
        inputs = (film_outputs(film, night)[0], sky / "tables" / f"{night}.parquet")
        target = folder / "tables" / f"{night}.parquet"
        work = NightWork(night, inputs, (target,), receipt_path(folder, night), settings)
        count = count_in(summary, "frames", where=receipt_path(sky, night), made_by="dvc repro sky")
        tasks.append(InferTask(work, count))
    return tasks


@dataclass(frozen=True)
class _InferWorker:
    """Classifies nights; each process loads the network once."""

    weights: Path
    sha256: str
    params: InferParams
    device: str
    threads: int

    def __call__(self, task: InferTask) -> dict[str, Any]:
        return infer_night(task, _classifier(self))


@lru_cache(maxsize=1)
def _classifier(worker: _InferWorker) -> Classifier:
    network, side_px = load_once(worker.weights, worker.sha256, worker.device)
    return Classifier(network, side_px, worker.params, choose(worker.device), workers=worker.threads)


def infer_night(task: InferTask, classifier: FrameClassifier) -> dict[str, Any]:
    """Classify one night, write its table and count its predictions."""
    archive, sky = task.work.inputs
    table = add_answers(frames.read(sky, "sky"), archive, classifier)
    frames.write(task.work.outputs[0], table, "infer")
    return {
        "frames": len(table),
        "classified": int(table["predicted"].notna().sum()),
        "yes": int((table["predicted"] == "yes").sum()),
    }


def add_answers(table: pd.DataFrame, archive: Path, classifier: FrameClassifier) -> pd.DataFrame:
    """The same frames with logits, p(yes) and class; frames without a time have no name and are not classified.

    Parameters
    ----------
    table : DataFrame
        Frame table of stage ``sky`` of one night.
    archive : Path
        Its frames.
    classifier : FrameClassifier
        The network.
    """
    named = table["name"].notna().to_numpy()
    answers = np.full((len(table), len(CLASSES)), np.nan)
    answers[named] = classifier.classify(archive, table.loc[named, "name"].tolist())
    predicted = np.full(len(table), None, dtype=object)
    predicted[named] = np.array(CLASSES, dtype=object)[answers[named].argmax(1)]
    return table.assign(
        logit_no=answers[:, 0],
        logit_yes=answers[:, 1],
        p_yes=p_yes(answers),
        predicted=pd.Series(predicted, index=table.index, dtype="str"),
    )


def p_yes(logits: Logits) -> npt.NDArray[np.float64]:
    """Softmax probability of yes, shape (n,), of logits (n, 2)."""
    # The softmax of two classes is a logistic function of their difference; exp never overflows this way.
    difference = logits[:, 1] - logits[:, 0]
    small = np.exp(-np.abs(difference))
    return np.where(difference >= 0, 1 / (1 + small), small / (1 + small))
