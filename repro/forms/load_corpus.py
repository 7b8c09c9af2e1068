"""Stage load: read the pictures of the corpus, check them, split them, and keep them as arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.classifier.images import Images
from repro.files import atomic_path, write_json, write_table
from repro.forms.classes import CLASSES
from repro.forms.layout import check_label_order, read_corpus, refuse_wrong_order
from repro.params import Params
from repro.seeding import generator
from repro.simulated_mark import MARKER, is_simulated
from repro.untrusted import read_table

PUBLISHED, BY_NIGHT, AT_RANDOM = "as published", "by night", "at random"
SPLITS = {PUBLISHED: "published", BY_NIGHT: "by_night", AT_RANDOM: "at_random"}  # and the columns of the table


def load_corpus(folder: Path, out: Path, params: Params) -> dict[str, Any]:
    """Read a corpus.

    ``folder`` is the corpus, see :func:`repro.forms.layout.read_corpus`. ``out`` gets ``pictures.npy`` (uint8, (n, side, side,
    3)), ``pictures.parquet`` (``name``, ``label``, ``night``, and a column train or test for each split) and ``load.json``.
    Gives the document: ``simulated``, ``images``, ``left_out``, ``notices``, ``label_order``, ``splits`` (main one first) with
    the images of each class on both sides.
    """
    settings = params.kvammen
    size = max([settings.features.image_size_px, *(network.image_size_px for network in settings.trained)])
    pictures = read_corpus(folder, settings.label_order, size)
    table = pictures.table
    signs = check_label_order(pictures.pixels, table["label"].to_numpy(str))
    if settings.check_label_order:
        refuse_wrong_order(signs, folder)
    splits = {}
    if (table["side"] != "").all():
        splits[PUBLISHED] = table["side"].to_numpy(str)
    if (table["night"] != "").all():
        splits[BY_NIGHT] = split_by_night(table, settings.test_share, params.seed)
    splits[AT_RANDOM] = split_at_random(table, settings.test_share, params.seed)
    table = table.drop(columns="side").assign(**{SPLITS[name]: sides for name, sides in splits.items()})
    with atomic_path(out / "pictures.npy") as temporary, temporary.open("wb") as file:
        np.save(file, pictures.pixels)
    write_table(out / "pictures.parquet", table)
    document = {
        "corpus": settings.corpus,
        "simulated": (folder / MARKER).is_file() or is_simulated(folder / table["name"].iloc[0]),
        "images": len(table),
        "images_with_copies": len(table) + len(pictures.left_out),
        "nights": int((pd.Series(table["night"].unique()) != "").sum()),
        "left_out": pictures.left_out,
        "notices": pictures.notices,
        "label_order": signs,
        "splits": {
            name: {
                side: {label: int(((sides == side) & (table["label"] == label)).sum()) for label in CLASSES}
                for side in ("train", "test")
            }
            for name, sides in splits.items()
        },
    }
    write_json(out / "load.json", document)
    return document


def split_by_night(table: pd.DataFrame, test_share: float, seed: int) -> npt.NDArray[np.str_]:
    """Side (train or test) of each image; a night is on one side, and each class has its share of nights tested.

    A night belongs to the class that most of its images have; of each class at least one night trains and one tests.
    """
    class_of = table.groupby("night")["label"].agg(lambda labels: labels.mode().iloc[0])
    test: set[str] = set()
    for label in CLASSES:
        nights = np.array(sorted(class_of.index[class_of == label]))
        count = min(max(1, round(test_share * len(nights))), len(nights) - 1)
        test |= set(generator(seed, "split", label).permutation(nights)[: max(count, 0)].tolist())
    return np.where(table["night"].isin(sorted(test)), "test", "train")


def split_at_random(table: pd.DataFrame, test_share: float, seed: int) -> npt.NDArray[np.str_]:
    """Side of each image, drawn image by image within each class, as if a night's images had nothing to do with each other."""
    sides = np.full(len(table), "train", dtype="<U5")
    for label in CLASSES:
        places = np.flatnonzero(table["label"] == label)
        count = min(max(1, round(test_share * len(places))), max(len(places) - 1, 0))
        sides[generator(seed, "split at random", label).permutation(places)[:count]] = "test"
    return sides


def read_loaded(folder: Path) -> tuple[pd.DataFrame, npt.NDArray[np.uint8]]:
    """Table and pixels that :func:`load_corpus` wrote."""
    table = read_table(folder / "pictures.parquet", made_by="make records")
    return table, np.load(folder / "pictures.npy", mmap_mode="r")


def images_of(table: pd.DataFrame, pixels: npt.NDArray[np.uint8], rows: npt.NDArray[np.bool_], size_px: int) -> Images:
    """Chosen rows as images of a size, in the order of their names."""
    places = np.flatnonzero(rows)
    places = places[np.argsort(table["name"].to_numpy(str)[places], kind="stable")]
    chosen = [np.ascontiguousarray(pixels[place]) for place in places]
    if pixels.shape[1] != size_px:
        chosen = [cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA) for picture in chosen]
    classes = np.array([CLASSES.index(label) for label in table["label"].iloc[places]], np.int64)
    names = tuple(table["name"].iloc[places])
    return Images(names, np.array(chosen, np.uint8).reshape(len(names), size_px, size_px, 3), classes)
