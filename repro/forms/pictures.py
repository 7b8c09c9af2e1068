"""Stage pictures: what the best network looks at in each class, its mistakes, and the classes through a whole night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from PIL import Image
from torch import nn

from repro.classifier.cam import explain, overlay
from repro.classifier.device import of_workers
from repro.classifier.images import Images
from repro.engine.threads import limited_threads
from repro.files import atomic_path, empty_folder, write_json, write_table
from repro.forms import networks
from repro.forms.best_network import best_training, trained_network
from repro.forms.classes import CLASSES
from repro.forms.load_corpus import SPLITS, images_of, read_loaded
from repro.forms.simulate_forms import whole_night_of
from repro.forms.train_networks import P_COLUMNS
from repro.params import Params
from repro.untrusted import read_table

MISTAKES = 2  # pictures of each of the most confused pairs
PAIRS = 3


def draw_pictures(
    loaded: Path, trained: Path, evaluated: Path, corpus: Path, out: Path, params: Params
) -> dict[str, Any]:
    """Choose and draw pictures from the folders of the stages load, networks and evaluate, and of the corpus.

    ``out`` is emptied and gets ``ID.frame.png`` and ``ID.map.png``, ``keogram.png``, ``whole_night.parquet``, ``pictures.json``.
    Gives ``examples``: of each class the test image that the network is surest of among those it has right; ``mistakes``: of
    the most confused pairs; each with ``id``, ``name``, ``label``, ``predicted``, ``p`` (of the answer); ``whole_night``:
    ``night``, ``frames``, ``judged`` and ``right`` (clean, unambiguous frames of a class), or None.
    """
    empty_folder(out)
    document, wanted, weights = best_training(evaluated, trained)
    best, main, where = document["best"], document["main"], str(of_workers(params.engine))
    answers = read_table(trained / "answers" / f"{weights.stem}.parquet", made_by="make records").sort_values("name")
    network, device = trained_network(weights, wanted, where), torch.device(where)
    table, pixels = read_loaded(loaded)
    tested = images_of(table, pixels, table[SPLITS[main]].to_numpy(str) == "test", best["image_size_px"])
    scores = next(entry for entry in document["methods"][main] if entry["method"] == best["method"])
    with limited_threads():
        examples = [_drawn(network, tested, answers, place, out, device) for place in _surest(answers)]
        pairs = [(entry["class"], entry["answer"]) for entry in scores["confused"][:PAIRS]]
        mistakes = [_drawn(network, tested, answers, place, out, device) for place in _mistaken(answers, pairs)]
        night = _whole_night(network, corpus, out, device, best["image_size_px"], params)
    result = {"method": best["method"], "examples": examples, "mistakes": mistakes, "whole_night": night}
    write_json(out / "pictures.json", result)
    return result


def _surest(answers: pd.DataFrame) -> list[int]:
    """Place of the test image of each class that is right with the highest probability; none where none is right."""
    right = (answers["label"] == answers["predicted"]).to_numpy()
    p = answers[list(P_COLUMNS)].to_numpy(float)
    of_class = [(k, np.flatnonzero(right & (answers["label"] == name).to_numpy())) for k, name in enumerate(CLASSES)]
    return [int(mine[p[mine, k].argmax()]) for k, mine in of_class if mine.size]


def _mistaken(answers: pd.DataFrame, pairs: list[tuple[str, str]]) -> list[int]:
    table, places = answers.reset_index(drop=True), []
    for label, answer in pairs:
        wrong = table[(table["label"] == label) & (table["predicted"] == answer)]
        seen = wrong["night"].duplicated() & (wrong["night"] != "")  # frames of one night look alike
        places += wrong.index[~seen][:MISTAKES].tolist()
    return places


def _drawn(
    network: nn.Module, images: Images, answers: pd.DataFrame, place: int, out: Path, device: torch.device
) -> dict[str, Any]:
    row = answers.iloc[place]
    if images.names[place] != row["name"]:
        raise ValueError("answers and images are of different splits")
    name, predicted = str(row["name"]), str(row["predicted"])
    picture = np.ascontiguousarray(images.pixels[place])
    shown = explain(
        network, picture[None], predicted, networks.last_maps(network), device=device, classes=CLASSES
    ).shown
    number = f"{CLASSES.index(str(row['label']))}_{CLASSES.index(predicted)}_{Path(name).stem}"
    _save(picture, out / f"{number}.frame.png")
    _save(overlay(picture, shown[0]), out / f"{number}.map.png")
    p = float(row[f"p_{predicted}"])
    return {"id": number, "name": name, "label": str(row["label"]), "predicted": predicted, "p": round(p, 4)}


def _whole_night(
    network: nn.Module, corpus: Path, out: Path, device: torch.device, size_px: int, params: Params
) -> dict[str, Any] | None:
    """Classify the whole night of the simulated corpus, and draw its keogram: the middle column of each frame."""
    if not (corpus / "whole_night.npz").is_file():
        return None
    frames, truth = whole_night_of(corpus, params.kvammen.campaign)
    images = images_of(truth.assign(label=CLASSES[0]), frames, np.ones(len(truth), bool), size_px)
    p = networks.probabilities(network, images.pixels, device)
    # Names are numbered without leading zeros, and images_of puts them in the order of their letters.
    p = p[pd.Index(images.names).get_indexer(pd.Index(truth["name"]))]
    truth = truth.assign(predicted=[CLASSES[k] for k in p.argmax(1)], p=p.max(1))
    write_table(out / "whole_night.parquet", truth)
    middle = frames.shape[2] // 2
    columns = frames[:, :, middle - 1 : middle + 1].mean(2).astype(np.uint8)
    _save(np.ascontiguousarray(columns.transpose(1, 0, 2)), out / "keogram.png")
    judged = ~truth["ambiguous"] & (truth["class"] != "none")
    right = judged & (truth["class"] == truth["predicted"])
    counts = {"frames": len(truth), "judged": int(judged.sum()), "right": int(right.sum())}
    return {"night": str(truth["night"].iloc[0]), **counts}


def _save(picture: npt.NDArray[np.uint8], target: Path) -> None:
    with atomic_path(target) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")
