"""Labelled pictures of the seven classes from disk: the published folders, or pictures with a label file.

The data record (doi:10.18710/SSA38J) has PNG files in the folders ``TrainingImages`` and ``TestImages``; copies in use call
the second one ``TestingImages``. The class is the digit before the extension. None of this is documented with the record:
it is read off the programs of two users of the data (zhuby-sysu/aurora-classification-model, bomberboom/LDTFR).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from repro.engine.progress import progress
from repro.errors import ReproError
from repro.forms.classes import CLASSES
from repro.params import AuroralClass
from repro.printing import first_few
from repro.untrusted import open_picture

TRAINING = "TrainingImages"
TEST = ("TestImages", "TestingImages")  # both spellings are in use
LABELS = "labels.csv"
#: A class with fewer training images is refused: cross-validation needs one in each of two folds.
LEAST_IMAGES = 2
LISTED = 5  # names in a message before the rest is counted
_DIGIT = re.compile(r"(\d)\.png$", re.IGNORECASE)
_NIGHT = re.compile(r"(\d{4})(\d{2})(\d{2})_")
_PICTURES = frozenset({".png", ".jpg", ".jpeg"})
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class LabelledPictures:
    """Pictures with their classes, each content once.

    ``table`` has ``name`` (path from the corpus' folder), ``label`` (one of the seven), ``side`` (train, test, or "" where
    nobody split), ``night`` (YYYYMMDD, or "" where the name does not begin with it).
    """

    table: pd.DataFrame
    #: RGB, shape (n, side, side, 3), in the order of the table.
    pixels: Pixels
    #: What a reader must know.
    notices: list[str] = field(default_factory=list)
    #: ``name`` and ``reason`` of each picture that is not in the table.
    left_out: list[dict[str, str]] = field(default_factory=list)


def read_corpus(folder: Path, label_order: Sequence[AuroralClass], size_px: int) -> LabelledPictures:
    """Read a corpus: ``labels.csv`` with pictures in ``images/``, or the published folders.

    ``label_order`` is the class of each digit, from 0. Pictures are resized to the side ``size_px``; others than square ones
    are cut to their middle first. Raises ReproError if there is neither; a name has no digit of a class; a label is another
    word; a picture is damaged; or a class has too few training images.
    """
    files = _labelled(folder) if (folder / LABELS).is_file() else _published(folder, label_order)
    result = _read(folder, files, size_px)
    _check_classes(result, folder)
    return result


def _published(folder: Path, order: Sequence[AuroralClass]) -> list[tuple[Path, str, str]]:
    """Path, class and side of every PNG of the published folders."""
    tests = [name for name in TEST if (folder / name).is_dir()]
    if not (folder / TRAINING).is_dir() or len(tests) != 1:
        there = [name for name in (TRAINING, *TEST) if (folder / name).is_dir()]
        raise ReproError(
            found=f"the folders {', '.join(there)}" if there else "no folder of images and no label file",
            expected=f"{TRAINING} beside {' or '.join(TEST)}, as in the data record; or {LABELS} beside images/",
            where=str(folder),
            remedy="unpack the data record doi:10.18710/SSA38J here; its observatory asks its users to get in touch first",
        )
    files, wrong = [], []
    for side, name in (("train", TRAINING), ("test", tests[0])):
        for path in sorted((folder / name).rglob("[!.]*")):
            if not path.is_file():
                continue
            digit = _DIGIT.search(path.name)
            if digit is None or int(digit[1]) >= len(order):
                wrong.append(path.relative_to(folder).as_posix())
            else:
                files.append((path, str(order[int(digit[1])]), side))
    if wrong:
        raise ReproError(
            found=f"{len(wrong)} files without a class in their name: {first_few(wrong, LISTED)}",
            expected=f"PNG files whose name ends in a digit from 0 to {len(order) - 1}, such as image_class_3.png",
            where=str(folder),
            remedy="rename these files after their class, or take them out of the folder",
        )
    if not files:
        raise ReproError(
            found="no picture",
            expected="PNG files",
            where=f"{folder / TRAINING} and {folder / tests[0]}",
            remedy="unpack the data record again",
        )
    return files


def _labelled(folder: Path) -> list[tuple[Path, str, str]]:
    """Path, class and side ("") of every line of a label file."""
    source = folder / LABELS
    header = "name,label"
    try:
        rows = list(csv.reader(io.StringIO(source.read_text(encoding="utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _wrong_line(source, 1, f"not CSV in UTF-8: {error}", header, "save it again as CSV in UTF-8") from None
    if not rows or rows[0][:2] != ["name", "label"]:
        found = ",".join(rows[0]) if rows else "an empty file"
        raise _wrong_line(source, 1, found, f"the header {header}; more columns may follow", "name the columns so")
    files: list[tuple[Path, str, str]] = []
    lines: dict[str, int] = {}
    for line, row in enumerate(rows[1:], 2):
        if not row:
            continue
        name, label = (*row, "", "")[:2]
        path = folder / "images" / name
        if label not in CLASSES:
            raise _wrong_line(source, line, f"label {label!r}", f"one of {', '.join(CLASSES)}", "write it so")
        if Path(name).name != name or path.suffix.lower() not in _PICTURES or not path.is_file():
            remedy = "take the line out, or put the picture there"
            raise _wrong_line(source, line, f"picture {name!r}", f"a PNG or JPEG file in {path.parent}", remedy)
        if name in lines:
            found = f"{name!r} again, after line {lines[name]}"
            raise _wrong_line(source, line, found, "one label a picture", "remove one of the two lines")
        lines[name] = line
        files.append((path, label, ""))
    return files


def _read(folder: Path, files: Sequence[tuple[Path, str, str]], size_px: int) -> LabelledPictures:
    """Decode pictures; of equal contents one is kept, and none of those that two classes claim."""
    rows: list[dict[str, str]] = []
    pixels: list[Pixels] = []
    first: dict[str, int] = {}
    left_out: list[dict[str, str]] = []
    grey = 0
    sizes: set[tuple[int, int]] = set()
    claimed: dict[int, str] = {}
    with progress("read pictures", len(files), "pictures") as tally:
        for path, label, side in files:
            name = path.relative_to(folder).as_posix()
            picture, content, is_grey, size = decode_square(path, size_px)
            tally.advance()
            grey, sizes = grey + is_grey, sizes | {size}
            if content in first:
                kept = first[content]
                left_out.append({"name": name, "reason": f"the same picture as {rows[kept]['name']}"})
                if rows[kept]["label"] != label:
                    claimed[kept] = label
                continue
            first[content] = len(rows)
            rows.append({"name": name, "label": label, "side": side, "night": night_of(path.name)})
            pixels.append(picture)
    for kept, other in claimed.items():
        reason = f"two classes for one picture: {rows[kept]['label']} and {other}"
        left_out.append({"name": rows[kept]["name"], "reason": reason})
    keep = [place for place in range(len(rows)) if place not in claimed]
    table = pd.DataFrame([rows[place] for place in keep], columns=["name", "label", "side", "night"], dtype="str")
    notices = []
    if left_out:
        names = first_few([picture["name"] for picture in left_out], LISTED)
        notices.append(f"{len(left_out)} pictures left out so that none counts twice: {names}")
    if grey:
        notices.append(f"{grey} of {len(files)} pictures are grey; colored cannot be told from them")
    if len(sizes) > 1:
        shown = first_few([f"{width} x {height}" for width, height in sorted(sizes)], LISTED)
        notices.append(f"pictures of {len(sizes)} sizes ({shown}), all resized to {size_px} px")
    return LabelledPictures(table, np.array([pixels[place] for place in keep], np.uint8), notices, left_out)


def decode_square(path: Path, size_px: int) -> tuple[Pixels, str, bool, tuple[int, int]]:
    """A picture as RGB (size_px, size_px, 3); a digest of its own pixels; whether it is grey; its own width and height.

    The middle square of others than square pictures is taken. Two files that differ only in how they were compressed
    have one digest. Raises ReproError if it is no PNG or JPEG, or a damaged one.
    """
    with open_picture(path.read_bytes(), str(path)) as image:
        colour = image.convert("RGB")
        own = np.asarray(colour)
        side = min(colour.size)
        left, top = (colour.width - side) // 2, (colour.height - side) // 2
        square = colour.crop((left, top, left + side, top + side))
        resized = np.asarray(square.resize((size_px, size_px), Image.Resampling.BILINEAR))
    content = hashlib.sha256(repr(own.shape).encode() + own.tobytes()).hexdigest()
    grey = bool((own[..., 0] == own[..., 1]).all() and (own[..., 1] == own[..., 2]).all())
    return resized, content, grey, colour.size


def night_of(name: str) -> str:
    """Night YYYYMMDD with which a file's name begins; "" if it begins with no date and an underscore."""
    match = _NIGHT.match(name)
    try:
        return f"{date(*map(int, match.groups())):%Y%m%d}" if match else ""
    except ValueError:
        return ""


def _check_classes(pictures: LabelledPictures, folder: Path) -> None:
    table = pictures.table
    counts = table[table["side"] != "test"]["label"].value_counts()
    few = [f"{counts.get(name, 0)} of {name}" for name in CLASSES if counts.get(name, 0) < LEAST_IMAGES]
    if few:
        raise ReproError(
            found=f"{', '.join(few)} among the training images",
            expected=f"at least {LEAST_IMAGES} of each class, so that one can learn and another can choose",
            where=str(folder),
            remedy="add images of these classes; if a digit means another class, change kvammen.label_order",
        )
    tested = set(table.loc[table["side"] == "test", "label"])
    missing = [name for name in CLASSES if name not in tested]
    if tested and missing:
        pictures.notices.append(f"no test image of {', '.join(missing)}: precision and recall of it are not defined")


def check_label_order(pixels: Pixels, labels: npt.NDArray[np.str_]) -> list[Mapping[str, Any]]:
    """Whether all-sky pictures (n, side, side, 3) fit their classes (n,), as far as pixels can tell.

    Three classes can be told from pixels alone: clear-faint has the least light, edge the least of its light within
    60 deg of the zenith, colored the highest red or blue beside green. Of the other four none can be recognised so.

    Gives ``class``, ``sign`` (how it is recognised), ``first`` (the class that comes first by it), ``fits`` (whether it
    is this).
    """
    side = pixels.shape[1]
    y, x = np.mgrid[:side, :side] - (side / 2 - 0.5)
    radius = np.hypot(x, y) / (side / 2)
    inner, outer = radius < 2 / 3, (radius >= 2 / 3) & (radius < 0.98)
    light = pixels.astype(np.float32)
    grey = light.mean(3)
    # The dark sky's own level is no aurora.
    lit = np.clip(grey - np.median(grey[:, inner | outer], 1)[:, None, None], 0, None)
    bright = np.quantile(grey[:, inner | outer], 0.95, axis=1)
    share = lit[:, inner].sum(1) / np.maximum(lit[:, inner | outer].sum(1), 1)
    weight = lit * (inner | outer)
    red, green, blue = ((light[..., k] * weight).sum((1, 2)) for k in range(3))
    colour = np.maximum(red, blue) / np.maximum(green, 1)
    signs = (
        ("clear-faint", "the least bright of its brightest pixels", bright, np.argmin),
        ("edge", "the least of its light high in the sky", share, np.argmin),
        ("colored", "the most red or blue beside green", colour, np.argmax),
    )
    result: list[Mapping[str, Any]] = []
    for name, sign, values, best in signs:
        # A dark picture has neither a place nor a colour.
        names = [other for other in CLASSES if name == "clear-faint" or other != "clear-faint"]
        medians = {other: np.median(values[labels == other]) for other in names if (labels == other).any()}
        first = list(medians)[int(best(list(medians.values())))]
        result.append({"class": name, "sign": sign, "fits": first == name, "first": first})
    return result


def refuse_wrong_order(signs: Sequence[Mapping[str, Any]], where: Path) -> None:
    """Raise an error if at most one of the three classes that pixels can tell is where the order puts it."""
    wrong = [f"{sign['first']} has {sign['sign']}, not {sign['class']}" for sign in signs if not sign["fits"]]
    if len(wrong) > 1:
        raise ReproError(
            found="; ".join(wrong),
            expected="pictures that fit kvammen.label_order",
            where=str(where),
            remedy="look at some pictures of each digit and put kvammen.label_order right; if it is right, set "
            "kvammen.check_label_order to false",
        )


def _wrong_line(source: Path, line: int, found: str, expected: str, remedy: str) -> ReproError:
    return ReproError(found=found, expected=expected, where=f"{source}, line {line}", remedy=remedy)
