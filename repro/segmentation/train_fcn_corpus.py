"""Stage train: split the labelled images, train a network for each split, and test each on its own test images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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
from repro.segmentation import fcn
from repro.segmentation.fcn_training import LabelledImages, SegmentationJob, probabilities, train
from repro.segmentation.image_corpus import checked, find_images, load, load_masks
from repro.segmentation.labelled_split import PARTS, Unit, split
from repro.segmentation.pixel_metrics import confusion, sky_pixels


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
