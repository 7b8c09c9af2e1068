"""``repro segment``: where aurora is in somebody's own images, by the trained network and, where images have a partner, by differencing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from repro.camera import PixelCircle, load_camera
from repro.classifier import device as devices
from repro.engine.progress import progress
from repro.errors import ReproError
from repro.files import write_bytes
from repro.params import Params
from repro.paths import Paths
from repro.segmentation import fcn
from repro.segmentation.differencing import measure
from repro.segmentation.fcn_training import probabilities
from repro.segmentation.image_corpus import encoded, read_image, time_in
from repro.segmentation.pixel_metrics import sky_pixels

OVERLAY = (255, 190, 60)


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
