"""Answers for single images, folders and videos, without a pipeline.

With a camera profile each image is masked, cropped and coded as stage film does it, so an answer is that of the pipeline;
without one, an image is taken as it is, which is right for frames that were cut already.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd

from repro.camera import STILL_SUFFIXES, VIDEO_SUFFIXES, Camera
from repro.classifier.cam import explain, overlay
from repro.classifier.device import choose
from repro.classifier.frame_classifier import Classifier
from repro.classifier.infer_corpus import p_yes
from repro.classifier.network import image_size_px, load
from repro.classifier.transforms import Pixels, decode
from repro.engine.progress import progress
from repro.errors import ReproError
from repro.files import write_bytes
from repro.film import cut
from repro.film.decode import Video
from repro.film.still_corpus import scaled
from repro.film.still_files import StillFile, decode_pixels, decode_still, list_stills, to_eight_bits
from repro.film.videos import files_below, path_text
from repro.frames import CLASSES
from repro.params import FilmParams, InferParams, Sampling

#: Columns of a table of answers; ``frame`` is the index in a video.
COLUMNS = ("file", "frame", "logit_no", "logit_yes", "p_yes", "predicted")


@dataclass(frozen=True)
class _Coded:
    """One image as JPEG or PNG: its file, and its frame in a video."""

    file: str
    frame: int | None
    data: bytes


def classify_files(
    files: Sequence[Path],
    weights: Path,
    *,
    camera: Camera | None = None,
    sampling: Sampling = "cadence",
    overlays: Path | None = None,
    device: str = "cpu",
) -> pd.DataFrame:
    """Classify images, folders of images and videos with a trained network.

    ``files`` are images (JPEG, PNG, TIFF), folders and ZIP files of images, and videos; a video needs a camera. ``weights`` are
    what stage train wrote, or a state dict of torch. ``camera`` cuts the sky out of whole images; without one an image is taken
    as it is. ``sampling`` is as for :meth:`repro.camera.Camera.step`; ``overlays`` is a folder for the images with the Grad-CAM
    map of their own class laid over them; ``device`` is as ``engine.device``.

    Gives one row an image: :data:`COLUMNS`; ``p_yes`` from 0 to 1, ``predicted`` yes or no, ``frame`` missing for images.
    Raises ReproError if there is no image, one is damaged or of another size than the camera's, or the weights are unusable.
    """
    network, notes = load(weights)
    side_px = image_size_px(notes)
    classifier = Classifier(network, side_px, InferParams(), choose(device))
    rows: list[tuple[Any, ...]] = []
    images = _images(files, camera, sampling)
    with progress("classify", _count(files), "images") as tally:
        while part := list(islice(images, classifier.batch)):
            pixels = np.stack([decode(image.data, side_px, image.file) for image in part])
            logits = classifier.logits(pixels)
            for image, square, pair, p in zip(part, pixels, logits, p_yes(logits), strict=True):
                name = CLASSES[pair.argmax()]
                rows.append((image.file, image.frame, *pair, p, name))
                if overlays is not None:
                    shown = explain(network, square[None], name, device=classifier.device).shown[0]
                    number = "" if image.frame is None else f"_{image.frame}"
                    target = overlays / f"{len(rows):05}_{Path(image.file).stem}{number}.png"
                    write_bytes(target, _overlaid(image, shown))
            tally.advance(len(part))
    if not rows:
        raise ReproError(
            found="no image",
            expected="images, folders or ZIP files of images, or videos",
            where=", ".join(path_text(file) for file in files) or "the command line",
            remedy="name at least one",
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"frame": "Int64", "file": "str", "predicted": "str"})


def _count(files: Sequence[Path]) -> int:
    """Images that are known beforehand; the frames of a video are counted as one until they are read."""
    return sum(sum(1 for _ in list_stills(file)) if file.is_dir() else 1 for file in files)


def _images(files: Sequence[Path], camera: Camera | None, sampling: Sampling) -> Iterator[_Coded]:
    sky = cut.sky_cutter(camera) if camera else None
    for file in files:
        if file.suffix.lower() in VIDEO_SUFFIXES and not file.is_dir():
            yield from _of_video(file, camera, sampling)
            continue
        for still in _stills(file):
            name = path_text(still.path / still.member if still.member else still.path)
            data = still.read()
            if camera is not None and sky is not None:
                image = scaled(sky(decode_still(data, camera, name)), camera.output_px)
                data = cut.encode_jpeg(image, FilmParams().jpeg_quality)
            elif not data.startswith((b"\xff\xd8", b"\x89PNG")) or _sixteen_bits(data):
                data = cut.encode_png(to_eight_bits(decode_pixels(data, name), None))
            yield _Coded(name, None, data)
        if file.is_dir():
            for video in sorted(path for path in files_below(file) if path.suffix.lower() in VIDEO_SUFFIXES):
                yield from _of_video(video, camera, sampling)


def _stills(file: Path) -> Iterator[StillFile]:
    if file.is_dir():
        yield from list_stills(file)
    elif file.suffix.lower() == ".zip":
        yield from (still for still in list_stills(file.parent) if still.path == file)
    elif file.suffix.lower() in STILL_SUFFIXES:
        yield StillFile(file, "", file.name)
    else:
        raise ReproError(
            found="a file that is no image, no folder and no video" if file.exists() else "no such file",
            expected=f"{' '.join((*STILL_SUFFIXES, *VIDEO_SUFFIXES))}, .zip, or a folder",
            where=path_text(file),
            remedy="name an image",
        )


def _of_video(file: Path, camera: Camera | None, sampling: Sampling) -> Iterator[_Coded]:
    if camera is None:
        raise ReproError(
            found="a video without a camera",
            expected="a camera profile, which says where the sky is in a frame",
            where=path_text(file),
            remedy="add --camera NAME, such as auroramax or kho",
        )
    sky = cut.sky_cutter(camera)
    for frame, _, image in Video(file, camera, sampling).sampled():
        yield _Coded(path_text(file), frame, cut.encode_jpeg(sky(image), FilmParams().jpeg_quality))


def _sixteen_bits(data: bytes) -> bool:
    """Whether a PNG has 16 bits a channel: the 25th byte of the file is its depth."""
    return data.startswith(b"\x89PNG") and len(data) > 24 and data[24] == 16


def _overlaid(image: _Coded, shown: np.ndarray) -> bytes:
    whole = cv2.imdecode(np.frombuffer(image.data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    rgb: Pixels = np.asarray(cv2.cvtColor(whole, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    drawn = overlay(rgb, shown)
    return cut.encode_png(np.asarray(cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), dtype=np.uint8))
