"""Stage segment: the probability of aurora in every pixel of every image, by the network whose nights are held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from repro.camera import PixelCircle
from repro.classifier import device as devices
from repro.engine import receipts
from repro.engine.run_nights import Outcome, Task, run_nights
from repro.engine.threads import limited_threads
from repro.errors import ReproError
from repro.files import atomic_path
from repro.params import Params
from repro.segmentation import fcn
from repro.segmentation.fcn_training import probabilities
from repro.segmentation.image_corpus import find_images, read_image


@dataclass(frozen=True)
class _Job(Task):
    names: tuple[str, ...]
    circle: PixelCircle | None
    size_px: int
    device: str


def segment(data: Path, train_folder: Path, folder: Path, params: Params) -> Outcome:
    """Segment all nights of a corpus by the network of ``train_folder``; nights that are done are kept.

    ``folder`` gets ``nights/YYYYMMDD.npz``: ``names`` (n,) and ``probability`` (n, size, size) in 255ths.
    """
    kopri = params.kopri
    weights = train_folder / fcn.WEIGHTS_FILE.format(unit=kopri.splits[0])
    corpus = find_images(data, kopri.site)
    settings = receipts.settings_digest({"size": kopri.image_size_px}, __name__)
    device = str(devices.of_workers(params.engine))
    jobs = []
    for night, rows in corpus.table.groupby("night"):
        inputs, outputs = (weights, *map(Path, rows["image"])), (folder / "nights" / f"{night}.npz",)
        work = receipts.NightWork(str(night), inputs, outputs, receipts.receipt_path(folder, str(night)), settings)
        jobs.append(_Job(work, len(rows), tuple(rows["name"]), corpus.circle, kopri.image_size_px, device))
    gpu, failed = device != "cpu", corpus.faults
    return run_nights(
        "kopri/segment", folder, jobs, _make, workers=params.engine, gpu=gpu, unit="images", failed=failed
    )


def _make(job: _Job) -> Mapping[str, Any]:
    weights, *paths = job.work.inputs
    names, pixels, faults = [], [], {}
    for name, path in zip(job.names, paths, strict=True):
        try:
            pixels.append(read_image(path, job.size_px, job.circle))
            names.append(name)
        except ReproError as error:
            faults[name] = error.found
    network, _ = fcn.load(weights)
    images = np.array(pixels, np.uint8).reshape(-1, job.size_px, job.size_px, 3)
    # A night is worked on by one process; more threads would round sums otherwise.
    with limited_threads():
        found = probabilities(network, images, devices.choose(job.device))
    with atomic_path(job.work.outputs[0]) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, names=np.array(names, str), probability=found)
    return {"images": len(names), "faults": faults}
