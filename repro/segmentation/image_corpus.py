"""A corpus of all-sky images with masks: ``images/`` and ``masks/`` in a folder under ``data``.

The name of an image begins with the UTC time of its exposure, as in ``20200702070200.jpg`` or ``20200702_070200_jbs.png``; its
mask has the same name and ends in ``.png``, white (255 or 1) where aurora is and black elsewhere. Folders below, such as one
a night, are looked through. Where a camera profile bears the corpus' name, the sky's circle is cut out by it; otherwise
images are square and the horizon touches their sides. North is up. The stages write a file a night.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image, ImageOps

from repro.camera import UNKNOWN, PixelCircle, cameras, load_camera, profile_document
from repro.engine.run_nights import Failure
from repro.errors import ReproError
from repro.observatory.geometry import HORIZON_RADIUS
from repro.params import Site
from repro.untrusted import open_picture

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]
SUFFIXES = (".jpg", ".jpeg", ".png")
_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})[T_-]?(\d{2})(\d{2})(\d{2})(?!\d)")
IMAGES, MASKS = "images", "masks"


@dataclass(frozen=True)
class ImageCorpus:
    """What lies in a corpus: images, files that are not usable with the reason, and the sky's circle if a profile knows it.

    ``table`` has one row an image, in order of time: ``name`` (without suffix), ``night`` (YYYYMMDD), ``time_utc``, ``image``
    and ``mask`` (paths; the mask is empty where there is none).
    """

    table: pd.DataFrame
    faults: tuple[Failure, ...]
    circle: PixelCircle | None


def find_images(folder: Path, site: Site) -> ImageCorpus:
    """Images and masks of a corpus, by name alone; nights go from noon to noon at the site.

    Raises ReproError if there is no image.
    """
    faults: list[Failure] = []
    masks = {path.stem: path for path in sorted((folder / MASKS).rglob("[!.]*.png"))}
    rows: dict[str, dict[str, object]] = {}
    for path in sorted((folder / IMAGES).rglob("[!.]*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        time = time_in(path.stem)
        if time is None or path.stem in rows:
            found = "a name without a time" if time is None else "a second image of this name"
            expected = "a name that begins with the UTC time, YYYYMMDDHHMMSS"
            faults.append(Failure(path.stem, found, expected, str(path), "rename the file"))
            continue
        mask = str(masks[path.stem]) if path.stem in masks else ""
        rows[path.stem] = {
            "name": path.stem, "night": night_of(time, site), "time_utc": time, "image": str(path), "mask": mask,
        }  # fmt: skip
    for stem in sorted(set(masks) - set(rows)):
        found, expected = "a mask without an image", "an image of the same name"
        faults.append(Failure(stem, found, expected, str(masks[stem]), "add the image, or take the mask out"))
    if not rows:
        raise ReproError(
            found="no images",
            expected="images whose names begin with the UTC time, such as 20200702070200.jpg",
            where=str(folder / IMAGES),
            remedy="put them there, or set kopri.corpus to kopri_simulated in params.yaml and run: make records",
        )
    table = pd.DataFrame(rows.values()).sort_values(["time_utc", "name"], ignore_index=True)
    return ImageCorpus(table, tuple(faults), _circle(folder.name))


def _circle(corpus: str) -> PixelCircle | None:
    """The sky's circle of the camera that bears the corpus' name; None where its profile does not know it."""
    if corpus not in cameras() or profile_document(corpus)[0].get("circle_px") == UNKNOWN:
        return None
    return load_camera(corpus).circle_px


def time_in(stem: str) -> np.datetime64 | None:
    """UTC time at the beginning of a file's name, datetime64[s]; None if there is none."""
    match = _STAMP.match(stem)
    try:
        return np.datetime64("{}-{}-{}T{}:{}:{}".format(*match.groups()), "s") if match else None
    except ValueError:
        return None


def night_of(time_utc: np.datetime64, site: Site) -> str:
    """Night YYYYMMDD of a moment: from noon to noon by the mean sun, named by the date of its morning."""
    return str(dates(np.array([time_utc]), site)[0]).replace("-", "")


def dates(times_utc: Times, site: Site) -> Times:
    """Dates of the mornings of the nights that moments belong to, datetime64[D], in the shape given."""
    shift_s = round((site.longitude_deg / 15.0 + 12.0) * 3600)
    return (times_utc + np.timedelta64(shift_s, "s")).astype("datetime64[D]")


def read_image(path: Path, size_px: int | None, circle: PixelCircle | None = None) -> Pixels:
    """A JPEG or PNG file as RGB, uint8 (size, size, 3), with the horizon at its sides; its own size if ``size_px`` is None.

    ``circle`` is the sky in the file. Raises ReproError if it is no picture, or not square and no circle is known.
    """
    with open_picture(path.read_bytes(), str(path)) as opened:
        picture = _square(opened.convert("RGB"), size_px, circle, path, Image.Resampling.BILINEAR)
    return np.asarray(picture)


def read_mask(
    path: Path, size_px: int, circle: PixelCircle | None = None, image_size: tuple[int, int] | None = None
) -> Mask:
    """A mask as bool (size_px, size_px); a mask of another size is sampled at the nearest pixel, never blended.

    ``circle`` is the sky in the file, as in the image's, whose width and height ``image_size`` the mask must have. Raises
    ReproError if it has other values than 0 and 255 (or 0 and 1), or another shape than its image.
    """
    with open_picture(path.read_bytes(), str(path)) as opened:
        grey = opened.convert("L")
    values = set(np.unique(np.asarray(grey)).tolist())
    if not (values <= {0, 255} or values <= {0, 1}):
        others = sorted(values - {0, 1, 255})[:3]
        raise ReproError(
            found=f"values such as {', '.join(map(str, others)) or 'both 1 and 255'} in a mask",
            expected="0 for background and 255 (or 1) for aurora, nothing else",
            where=str(path),
            remedy="save the mask without smoothing and without loss, as PNG",
        )
    if image_size is not None and grey.size[0] * image_size[1] != grey.size[1] * image_size[0]:
        raise ReproError(
            found=f"a mask of {grey.size[0]} x {grey.size[1]} pixels for an image of {image_size[0]} x {image_size[1]}",
            expected="a mask of the image's own shape",
            where=str(path),
            remedy="export the mask again from the whole image",
        )
    return np.asarray(_square(grey, size_px, circle, path, Image.Resampling.NEAREST)) > 0


def checked(corpus: ImageCorpus, size_px: int) -> tuple[pd.DataFrame, list[Failure]]:
    """Rows of a corpus that have a mask that can be read, and what is wrong with the others that have one."""
    good, faults = [], []
    for index, row in enumerate(corpus.table.itertuples()):
        if not row.mask:
            continue
        try:
            with open_picture(Path(str(row.image)).read_bytes(), str(row.image)) as opened:
                size = opened.size
            read_mask(Path(str(row.mask)), size_px, corpus.circle, size)
            good.append(index)
        except ReproError as error:
            faults.append(Failure.of(str(row.name), error))
    return corpus.table.iloc[good].reset_index(drop=True), faults


def load(paths: Sequence[str], size_px: int, circle: PixelCircle | None) -> Pixels:
    """Images in memory, uint8 (n, size, size, 3)."""
    images = [read_image(Path(path), size_px, circle) for path in paths]
    return np.array(images, np.uint8).reshape(-1, size_px, size_px, 3)


def load_masks(paths: Sequence[str], size_px: int, circle: PixelCircle | None) -> Mask:
    """Masks in memory, bool (n, size, size)."""
    masks = [read_mask(Path(path), size_px, circle) for path in paths]
    return np.array(masks, bool).reshape(-1, size_px, size_px)


def encoded(picture: Pixels, kind: str, **options: Any) -> bytes:
    """An image as the bytes of a JPEG or PNG file, with Pillow's options."""
    written = io.BytesIO()
    Image.fromarray(picture).save(written, kind, **options)
    return written.getvalue()


def _square(
    picture: Image.Image, size_px: int | None, circle: PixelCircle | None, path: Path, resampling: Image.Resampling
) -> Image.Image:
    if circle is None and picture.width != picture.height:
        raise ReproError(
            found=f"an image of {picture.width} x {picture.height} pixels",
            expected="a square image whose horizon touches its sides, or a camera profile with the sky's circle",
            where=str(path),
            remedy="cut the sky out, or add a profile with the corpus' name to repro/cameras (docs/camera.md)",
        )
    if circle is None:
        return picture if size_px in (None, picture.width) else picture.resize((size_px or 0, size_px or 0), resampling)
    half = circle.radius * 0.5 / HORIZON_RADIUS
    size = size_px or round(2 * half)
    x, y = circle.x, circle.y
    around = max(0, math.ceil(max(half - x, half - y, x + half - picture.width, y + half - picture.height)))
    x, y = x + around, y + around
    padded = ImageOps.expand(picture, around) if around else picture
    return padded.resize((size, size), resampling, box=(x - half, y - half, x + half, y + half))


@dataclass(frozen=True)
class NightChange:
    """What stage difference made of a night of n images.

    ``faults`` (n,) say why images cannot be used; empty where they can. ``means`` (n, 400, 2) are of red and green, NaN
    where the image cannot be read. ``change``, by lag in minutes, are the counts (n, 400) by which each cell changed, NaN
    for an image without a partner.
    """

    names: npt.NDArray[np.str_]
    faults: npt.NDArray[np.str_]
    means: npt.NDArray[np.float32]
    change: dict[int, npt.NDArray[np.float32]]


@contextmanager
def _arrays(source: Path, what: str, stage: str) -> Iterator[Any]:
    """The arrays of a night's file; an error of reading them says which stage makes it."""
    try:
        with np.load(source, allow_pickle=False) as file:
            yield file
    except Exception as error:  # a damaged archive raises whatever its reader raises
        raise ReproError(
            found=f"no {what} of the night: {error}",
            expected=f"the result of stage kopri/{stage}",
            where=str(source),
            remedy="make it with: make records",
        ) from None


def read_change(source: Path) -> NightChange:
    """What stage difference wrote of a night; an error if the file is missing or damaged."""
    with _arrays(source, "differences", "difference") as file:
        changes = {int(key.removeprefix("change_")): file[key] for key in file.files if key.startswith("change_")}
        return NightChange(file["names"], file["faults"], file["means"], changes)


def read_probability(source: Path) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.uint8]]:
    """Names and probabilities (in 255ths) of a night's images; an error if the file is missing or damaged."""
    with _arrays(source, "segmentation", "segment") as file:
        return file["names"], file["probability"]
