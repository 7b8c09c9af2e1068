"""Classify every frame of a corpus, read directly from the night archives; one table a night.

torch is loaded only when a night has to be classified.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro import frames
from repro.classifier.gpu import expects_gpu
from repro.engine.receipts import NightWork, receipt_path, settings_digest
from repro.engine.run_nights import Outcome, Task, run_nights, summaries
from repro.errors import ReproError
from repro.files import digest
from repro.film.frame_archive import film_outputs
from repro.frames import CLASSES
from repro.params import InferParams, Params
from repro.untrusted import count_in

if TYPE_CHECKING:
    from repro.classifier.frame_classifier import Classifier

Logits = npt.NDArray[np.float64]
#: Gives the logits of frames by archive and names, as :meth:`repro.classifier.frame_classifier.Classifier.classify`.
Classify = Callable[[Path, Sequence[str]], Logits]


def infer_corpus(film: Path, sky: Path, weights: Path, folder: Path, params: Params) -> Outcome:
    """Classify every frame of every night that needs it; parameters are those of :func:`infer_tasks`.

    Raises ReproError if no night has a sky, or the weights are missing, damaged or of another network.
    """
    tasks = infer_tasks(film, sky, weights, folder, params)
    engine, gpu = params.engine, expects_gpu(params.engine)
    cluster = engine.scheduler is not None
    device = "cpu" if cluster and not gpu else engine.device
    # On a cluster a night is one thread's work, unless a GPU has to be fed. Here all threads share one network, which needs
    # less memory than processes would and feeds a GPU better.
    threads = engine.workers if gpu or not cluster else 1
    work = _InferWorker(weights, digest(weights), params.infer, device, threads)
    return run_nights("infer", folder, tasks, work, workers=engine if cluster else 1, gpu=gpu)


def infer_tasks(film: Path, sky: Path, weights: Path, folder: Path, params: Params) -> list[Task]:
    """The nights of a corpus; ``film``, ``sky`` and ``folder`` are the output folders of the stages film, sky and infer."""
    skies = summaries(sky, made_by="sky")
    if not weights.is_file():
        raise ReproError(
            found="no such file",
            expected="the weights of a trained network",
            where=str(weights),
            remedy="train it with: dvc repro train",
        )
    settings = settings_digest(
        {
            "weights": digest(weights),  # the notes in the file say how large its images are
            "infer": params.infer.model_dump(exclude={"batch"}),
            "gpu": expects_gpu(params.engine),
        },
        __name__,
    )
    tasks = []
    for night, summary in skies.items():
        inputs = (film_outputs(film, night)[0], sky / "tables" / f"{night}.parquet")
        target = folder / "tables" / f"{night}.parquet"
        work = NightWork(night, inputs, (target,), receipt_path(folder, night), settings)
        count = count_in(summary, "frames", where=receipt_path(sky, night), made_by="dvc repro sky")
        tasks.append(Task(work, count))
    return tasks


@dataclass(frozen=True)
class _InferWorker:
    """Classifies nights; each process loads the network once."""

    weights: Path
    sha256: str
    params: InferParams
    device: str
    threads: int

    def __call__(self, task: Task) -> dict[str, Any]:
        return infer_night(task, _classifier(self).classify)


@lru_cache(maxsize=1)
def _classifier(worker: _InferWorker) -> Classifier:
    from repro.classifier.device import choose
    from repro.classifier.frame_classifier import Classifier
    from repro.classifier.network import load_once

    network, side_px = load_once(worker.weights, worker.sha256, worker.device)
    return Classifier(network, side_px, worker.params, choose(worker.device), workers=worker.threads)


def infer_night(task: Task, classify: Classify) -> dict[str, Any]:
    """Classify one night, write its table and count its predictions."""
    archive, sky = task.work.inputs
    table = add_answers(frames.read(sky, "sky"), archive, classify)
    frames.write(task.work.outputs[0], table, "infer")
    return {
        "frames": len(table),
        "classified": int(table["predicted"].notna().sum()),
        "yes": int((table["predicted"] == "yes").sum()),
    }


def add_answers(table: pd.DataFrame, archive: Path, classify: Classify) -> pd.DataFrame:
    """A night's frames, columns of stage ``sky``, with logits, p(yes) and class.

    Frames without a time have no name and are not classified.
    """
    named = table["name"].notna().to_numpy()
    answers = np.full((len(table), len(CLASSES)), np.nan)
    answers[named] = classify(archive, table.loc[named, "name"].tolist())
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
