"""Where aurora is in images, by the trained network.

Stage segment: the probability of aurora in every pixel of every image, by the network whose nights are held out. ``repro
segment``: somebody's own images; and where images have a partner, what differencing says, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repro.camera import PixelCircle, load_camera
from repro.classifier import device as devices
from repro.engine import receipts
from repro.engine.progress import progress
from repro.engine.run_nights import Outcome, Task, run_nights
from repro.engine.threads import limited_threads
from repro.errors import ReproError
from repro.files import atomic_path, write_bytes
from repro.params import Params
from repro.paths import Paths
from repro.segmentation import fcn
from repro.segmentation.differencing import measure
from repro.segmentation.fcn_training import probabilities
from repro.segmentation.image_corpus import encoded, find_images, read_image, time_in
from repro.segmentation.pixel_metrics import sky_pixels

OVERLAY = (255, 190, 60)


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
        probability = probabilities(network, images, devices.choose(job.device))
    with atomic_path(job.work.outputs[0]) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, names=np.array(names, str), probability=probability)
    return {"images": len(names), "faults": faults}


@dataclass(frozen=True)
class Segmented:
    """Answer for one image.

    ``aurora_percent`` is the share of the sky above 5 deg that the network calls aurora; ``changed_percent``, by lag in
    minutes, the share of the 400 cells that differencing flags, None without a partner.
    """

    file: Path
    aurora_percent: float
    changed_percent: dict[int, float | None]


def segment_files(
    files: Sequence[Path],
    out: Path,
    paths: Paths,
    params: Params,
    *,
    weights: Path | None = None,
    camera: str | None = None,
) -> tuple[list[Segmented], list[ReproError]]:
    """Write ``NAME.mask.png`` (255 where aurora is) and ``NAME.overlay.jpg`` (the outline over the image) of each file.

    ``files`` are square images whose horizon touches their sides, or any images of a ``camera`` with a profile, whose circle
    cuts the sky out. ``weights`` are those of stage kopri/train if not given. Gives the answers in the order of the files, and
    the errors of files that could not be read; the others are done. Raises ReproError if there is no trained network, or no
    such camera.
    """
    source = weights or paths.stage(params.kopri.corpus, "train") / fcn.WEIGHTS_FILE.format(unit=params.kopri.splits[0])
    network, notes = fcn.load(source)
    size, threshold = int(notes["image_size_px"]), float(notes["threshold"])
    circle = load_camera(camera).circle_px if camera else None
    device = devices.choose(params.engine.device)
    changed = _changes(files, circle, params)
    sky = sky_pixels(size)
    answers, failed = [], []
    with progress("segment", len(files), "images") as bar:
        for file in files:
            try:
                image = read_image(file, size, circle)
                yes = probabilities(network, image[None], device)[0] >= np.ceil(255 * threshold)
                write_bytes(out / f"{file.stem}.mask.png", encoded(yes.astype(np.uint8) * 255, "PNG"))
                write_bytes(out / f"{file.stem}.overlay.jpg", encoded(outlined(image, yes), "JPEG"))
                share = 100.0 * float((yes & sky).sum() / sky.sum())
                answers.append(Segmented(file, share, changed.get(file, {})))
            except ReproError as error:
                failed.append(error)
            except OSError as error:
                found = error.strerror or str(error)
                failed.append(
                    ReproError(found=found, expected="an image file", where=str(file), remedy="check its name")
                )
            bar.advance(1)
    return answers, failed


def outlined(image: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """An image (size, size, 3) with the outline of a mask over it."""
    inner = mask.copy()
    inner[1:-1, 1:-1] &= mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    result = image.copy()
    result[mask & ~inner] = OVERLAY
    return result


def _changes(files: Sequence[Path], circle: PixelCircle | None, params: Params) -> dict[Path, dict[int, float | None]]:
    """Share of flagged cells of every image whose name begins with its time."""
    timed = sorted((time, file) for file in files if (time := time_in(file.stem)) is not None and file.is_file())
    if not timed:
        return {}
    times, order = zip(*timed, strict=True)
    difference = params.kopri.difference
    night = measure(np.array(times, "datetime64[s]"), list(order), circle, difference)

    def percent(cells: npt.NDArray[np.float32]) -> float | None:
        return None if np.isnan(cells[0]) else 100.0 * float((cells > difference.threshold_counts).mean())

    return {
        file: {lag: percent(cells[index]) for lag, cells in night.change.items()} for index, file in enumerate(order)
    }
