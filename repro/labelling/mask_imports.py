"""Masks that were drawn with other tools, as PNG: labelme, CVAT and Label Studio each write them in their own way."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from repro.camera import STILL_SUFFIXES
from repro.errors import refuse
from repro.files import write_bytes
from repro.film.videos import files_below, path_text
from repro.paths import Paths
from repro.untrusted import open_picture

Mask = npt.NDArray[np.bool_]
_LABELMAP = "labelmap.txt"  # of CVAT: name:r,g,b:parts:actions
#: Label Studio names a mask by its task, annotation and tag, not by the image.
_LABEL_STUDIO = re.compile(r"task-\d+-annotation-\d+-by-\d+-tag-.+-\d+")
_OBJECTS = "segmentationobject"  # of CVAT, with one colour an object
_PARTS = ("label", "mask")  # stems of labelme's files in a folder NAME_json


def import_masks(paths: Paths, corpus: str, source: Path, *, name: str = "aurora", replace: bool = False) -> int:
    """Bring masks into ``data/CORPUS/masks``: 255 where the class is, 0 elsewhere, named as their image in ``images``.

    ``source`` is a folder of PNG masks, with subfolders. Palette images (labelme): any index but 0. Colour images (CVAT): the
    colour of the class ``name`` in ``labelmap.txt``, or any colour but black where there is no such file. Grey images (Label
    Studio): any value but 0. ``replace`` lets a mask that is there already and differs be replaced. Gives how many masks are
    new or changed. Raises ReproError if a mask belongs to no image, has another size, is damaged, or two belong to one image;
    nothing is written then.
    """
    folder = paths.root / "data" / corpus
    images = {path.stem: path for path in files_below(folder / "images") if path.suffix.lower() in STILL_SUFFIXES}
    if not images:
        refuse("no image", "the images that the masks belong to", str(folder / "images"), "put them there first")
    colour = _colour_of(source, name)
    masks: dict[str, tuple[Path, bytes]] = {}
    for path in sorted(files_below(source)):
        stem = _stem(path, images)
        if stem is None:
            continue
        if stem in masks:
            both = f"two masks of {stem}: {path_text(masks[stem][0])} and {path_text(path)}"
            refuse(both, "one mask an image", path_text(path), "remove one")
        with open_picture(images[stem].read_bytes(), path_text(images[stem])) as image:
            size = image.size
        mask = read_any_mask(path, colour)
        if mask.shape[::-1] != size:
            found, expected = (f"{width} x {height}" for width, height in (mask.shape[::-1], size))
            remedy = "export it at the size of the image"
            refuse(f"a mask of {found} pixels", f"{expected}, as the image", path_text(path), remedy)
        written = io.BytesIO()
        Image.fromarray(np.asarray(mask * 255, dtype=np.uint8)).save(written, "png")
        masks[stem] = (path, written.getvalue())
    if not masks:
        refuse("no mask", "PNG masks named as the images", path_text(source), "export the masks as PNG")
    targets = {folder / "masks" / f"{stem}.png": data for stem, (_, data) in masks.items()}
    changed = {target: data for target, data in targets.items() if not target.is_file() or target.read_bytes() != data}
    there = [target for target in changed if target.is_file()]
    if there and not replace:
        found, remedy = f"{len(there)} masks that differ", "add --replace to change them"
        refuse(found, "images without a mask", str(there[0]), remedy)
    for target, data in changed.items():
        write_bytes(target, data)
    return len(changed)


def read_any_mask(path: Path, colour: tuple[int, int, int] | None) -> Mask:
    """A PNG mask of any of the tools, bool (height, width); ``colour`` is the class' in colour images."""
    with open_picture(path.read_bytes(), path_text(path)) as picture:
        if picture.mode in ("P", "L", "1", "I;16"):
            return np.asarray(np.asarray(picture) != 0, dtype=bool)
        pixels = np.asarray(picture.convert("RGB"))
    return np.asarray((pixels == colour).all(axis=2) if colour is not None else pixels.any(axis=2))


def _stem(path: Path, images: Mapping[str, Path]) -> str | None:
    """Stem of the image that a mask belongs to; None for a file beside the masks, such as labelme's copy of the image."""
    if path.suffix.lower() != ".png" or path.parent.name.lower() == _OBJECTS:
        return None
    if path.parent.name.endswith("_json"):  # labelme: NAME_json/label.png beside img.png and label_viz.png
        if path.stem not in _PARTS:
            return None
        stem = path.parent.name.removesuffix("_json")
    else:
        stem = path.stem
    if _LABEL_STUDIO.fullmatch(stem):
        refuse(
            f"{path.name}, a name that Label Studio gives, which does not say of which image it is",
            "masks named as their images", path_text(path), "rename it after the image, or export with file names",
        )  # fmt: skip
    if stem not in images:
        refuse(f"a mask of no image: {stem!r}", "the name of an image", path_text(path), "rename or remove it")
    return stem


def _colour_of(source: Path, name: str) -> tuple[int, int, int] | None:
    """Colour of a class in CVAT's list; None where there is no such list."""
    listed = next((path for path in files_below(source) if path.name == _LABELMAP), None)
    if listed is None:
        return None
    known = {}
    for line in listed.read_text(encoding="utf-8", errors="replace").splitlines():
        parts = line.split(":")
        if match := re.fullmatch(r"(\d{1,3}),(\d{1,3}),(\d{1,3})", parts[1].strip() if len(parts) > 1 else ""):
            known[parts[0].strip().casefold()] = (int(match[1]), int(match[2]), int(match[3]))
    if name.casefold() not in known:
        expected = f"a class out of {', '.join(sorted(known)) or 'the list'}"
        refuse(f"no class {name!r}", expected, path_text(listed), "name the class with --class")
    return known[name.casefold()]
