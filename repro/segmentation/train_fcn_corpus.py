"""Stage train: split the labelled images, train a network for each split, and test each on its own test images.

Of the images eight tenths train, one tenth validates and the rest tests, both shares rounded down, as the poster counts.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import torch

from repro.camera import PixelCircle
from repro.classifier import device as devices
from repro.classifier.network import save
from repro.engine import receipts
from repro.engine.run_nights import Failure
from repro.engine.threads import limited_threads
from repro.errors import ReproError
from repro.files import read_json, write_json, write_table, write_text
from repro.params import Params
from repro.seeding import generator
from repro.segmentation import fcn
from repro.segmentation.fcn_training import LabelledImages, SegmentationJob, probabilities, train
from repro.segmentation.image_corpus import checked, find_images, load, load_masks
from repro.segmentation.pixel_metrics import confusion, sky_pixels

Unit = Literal["nights", "frames"]
PARTS = ("train", "validation", "test")


def split_counts(total: int, train_share: float, validation_share: float) -> tuple[int, int, int]:
    """How many go to training, validation and test: floor, floor, and what is left.

    1,502 images at 0.8 and 0.1 give 1,201, 150 and 151, the poster's numbers.
    """
    # The small addition keeps a product such as 0.1 * 30 from falling below the whole number it stands for.
    train, validation = (math.floor(share * total + 1e-9) for share in (train_share, validation_share))
    return train, validation, total - train - validation


def split(table: pd.DataFrame, unit: Unit, train_share: float, validation_share: float, seed: int) -> pd.Series:
    """Part of each labelled image (``name`` and ``night``): ``train``, ``validation`` or ``test``.

    By ``frames`` images are drawn, as the poster's counts say, and images of one night lie on both sides. By ``nights`` whole
    nights are drawn, so that the network is tested on nights it never saw. An empty part is an error.
    """
    column = "night" if unit == "nights" else "name"
    units = sorted(set(table[column]))
    counts = split_counts(len(units), train_share, validation_share)
    if min(counts) == 0:
        raise ReproError(
            found=f"{len(units)} labelled {unit}, which give {counts[0]}, {counts[1]} and {counts[2]}",
            expected="at least one of each for training, validation and test",
            where="kopri.train_share and kopri.validation_share in params.yaml",
            remedy="add labelled images of more nights, or split by frames",
        )
    order = generator(seed, "kopri", "split", unit).permutation(len(units))
    parts = np.repeat(PARTS, counts)
    return table[column].map({units[place]: str(part) for place, part in zip(order, parts, strict=True)})


def labelled(data: Path, params: Params) -> tuple[pd.DataFrame, list[Failure], PixelCircle | None]:
    """Labelled images of a corpus with the part of each split in the columns ``nights`` and ``frames``.

    Raises ReproError if no image has a usable mask, or a part would be empty.
    """
    kopri = params.kopri
    corpus = find_images(data, kopri.site)
    table, faults = checked(corpus, kopri.image_size_px)
    table = table[table.groupby("night").cumcount() % kopri.labelled_every == 0].reset_index(drop=True)
    if table.empty:
        raise ReproError(
            found=f"no usable mask among {len(corpus.table)} images ({len(faults)} refused)",
            expected="a PNG of the image's name in masks/, 255 where aurora is and 0 elsewhere",
            where=str(data / "masks"),
            remedy=faults[0].remedy if faults else "label some images, or set kopri.corpus to kopri_simulated",
        )
    for unit in kopri.splits:
        table[unit] = split(table, unit, kopri.train_share, kopri.validation_share, params.seed)
    return table, [*corpus.faults, *faults], corpus.circle


def train_corpus(data: Path, folder: Path, params: Params) -> dict[str, Any]:
    """Train the networks that are not there yet.

    ``folder`` gets ``split.parquet``, ``UNIT.safetensors``, ``UNIT.json``, ``curves.csv`` and ``train.json``.
    """
    table, faults, circle = labelled(data, params)
    write_table(folder / "split.parquet", table.drop(columns=["image", "mask"]))
    documents = {unit: _trained(unit, table, folder, params, circle) for unit in params.kopri.splits}
    curves = pd.concat([pd.DataFrame(document["curves"]).assign(split=unit) for unit, document in documents.items()])
    write_text(folder / "curves.csv", curves.to_csv(index=False, float_format="%.6f", lineterminator="\n"))
    document = {
        "labelled": len(table),
        "nights": int(table["night"].nunique()),
        "faults": [vars(fault) for fault in faults],
        "networks": {
            unit: {key: value for key, value in found.items() if key != "curves"} for unit, found in documents.items()
        },
    }
    write_json(folder / "train.json", document)
    return document


def _trained(
    unit: Unit, table: pd.DataFrame, folder: Path, params: Params, circle: PixelCircle | None
) -> dict[str, Any]:
    kopri = params.kopri
    initial = kopri.train.initial_weights.get(kopri.corpus, "coco")
    device = devices.choose(params.engine.device)
    settings = receipts.settings_digest(
        {"kopri": kopri.train.model_dump(), "size": kopri.image_size_px, "seed": params.seed, "initial": initial,
         "parts": dict(zip(table["name"], table[unit], strict=True))},
        __name__,
    )  # fmt: skip
    target, result = folder / fcn.WEIGHTS_FILE.format(unit=unit), folder / f"{unit}.json"
    inputs = tuple(Path(path) for column in ("image", "mask") for path in table[column])
    work = receipts.NightWork(unit, inputs, (target, result), receipts.receipt_path(folder, unit), settings)
    if receipts.is_current(work):
        document: dict[str, Any] = read_json(result, made_by="make records")
        return document
    receipts.invalidate(work)
    rows = {part: table[table[unit] == part] for part in PARTS}
    parts = {
        part: LabelledImages(
            load(mine["image"].tolist(), kopri.image_size_px, circle),
            load_masks(mine["mask"].tolist(), kopri.image_size_px, circle),
        )
        for part, mine in rows.items()
    }
    checkpoint = folder / f"{unit}.checkpoint.pt"
    title = f"kopri/train, by {unit}"
    job = SegmentationJob(
        parts["train"], parts["validation"], kopri.train, params.seed, device, checkpoint, settings, title
    )
    with limited_threads(kopri.train.threads):
        network = fcn.build(initial, params.seed, auxiliary=kopri.train.auxiliary_weight > 0)
        network, curves = train(network, job)
        probability = probabilities(network, parts["test"].pixels, device)
    yes = probability >= np.ceil(255 * kopri.threshold)
    nights = {part: set(mine["night"]) for part, mine in rows.items()}
    notes = {
        "network": fcn.name_of(network), "classes": ("background", "aurora"), "image_size_px": kopri.image_size_px,
        "threshold": kopri.threshold, "initial": initial, "split": unit,
    }  # fmt: skip
    save(network, target, notes)
    document = {
        "network": notes["network"],
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "initial": initial,
        "device": devices.name(device),
        "images": {part: len(images) for part, images in parts.items()},
        "nights": {part: len(mine) for part, mine in nights.items()},
        "nights_shared_by_train_and_test": len(nights["train"] & nights["test"]),
        "test": confusion(yes, parts["test"].masks, sky_pixels(kopri.image_size_px)).as_dict(),
        "curves": curves.round(6).to_dict("list"),
    }
    write_json(result, document)
    receipts.write(work, {"images": len(table)})
    checkpoint.unlink(missing_ok=True)
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return document
