"""Stage evaluate: score every method on every split, compare networks with the other methods, and name the best network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repro.files import read_json, write_json
from repro.forms.classes import CLASSES
from repro.forms.scores import Answers, compare, one_image_moves, outperforms, score
from repro.forms.train_networks import P_COLUMNS
from repro.params import Params
from repro.seeding import generator
from repro.untrusted import read_table

#: How the record writes the names of networks that it mentions.
PRINTED = {"resnet50": "ResNet-50"}


def evaluate(loaded: Path, networks: Path, classical: Path, out: Path, params: Params) -> dict[str, Any]:
    """Judge all answers in the folders of the stages load, networks and classical; write evaluate.json and metrics.json.

    Gives ``simulated``; ``main`` split; ``methods``: of each split, the scores of each method (first seed) and the
    spread of its mean precision over seeds; ``comparisons``: each network with each other method, and each pair of
    networks, on the main split; ``best``: the network with the highest mean precision, averaged over seeds, and its
    weights; ``quantities`` for the claims.
    """
    document = read_json(loaded / "load.json", made_by="make records")
    splits = list(document["splits"])
    main = splits[0]
    trained = [network.method for network in params.kvammen.trained]
    files = [*sorted((networks / "answers").glob("[!.]*.parquet")), classical / "answers.parquet"]
    tables = [read_table(path, made_by="make records") for path in files]
    table, others = pd.concat(tables, ignore_index=True), sorted(set(tables[-1]["method"]))
    methods = {split: [_method(table, name, split, params.seed) for name in (*trained, *others)] for split in splits}
    answers = {name: answers_of(table, name, main, 0) for name in (*trained, *others)}
    pairs = {
        (first, second): compare(answers[first], answers[second], generator(params.seed, "pair", first, second))
        for place, first in enumerate(trained)
        for second in (*trained[place + 1 :], *others)
    }
    best = max(methods[main][: len(trained)], key=lambda entry: entry["seeds"]["mean"])
    network = params.kvammen.trained[trained.index(best["method"])]
    result = {
        "corpus": document["corpus"],
        "simulated": document["simulated"],
        "main": main,
        "networks": trained,
        "methods": methods,
        "comparisons": [{"first": a, "second": b, **entry} for (a, b), entry in pairs.items()],
        "best": {
            "method": best["method"],
            "network": network.model_dump(),
            "id": network.id,
            "image_size_px": network.image_size_px,
            "chosen": "highest mean precision on the test images, averaged over seeds, as the record names its best",
        },
        "labellers": read_json(classical / "classical.json", made_by="make records")["labellers"],
        "quantities": quantities(document, best, network.name, trained, others, pairs),
    }
    write_json(out / "evaluate.json", result)
    metrics = {entry["method"]: entry["mean_precision"] for entry in methods[main]}
    write_json(out / "metrics.json", {"mean_precision": metrics})
    return result


def quantities(
    document: dict[str, Any], best: dict[str, Any], network: str, trained: list[str], others: list[str],
    pairs: dict[tuple[str, str], dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """What the claims are compared with.

    ``kvammen.images``, copies included; ``kvammen.classes``; ``kvammen.best_precision`` in %, the mean over seeds, with
    ``sd.kvammen.best_precision`` from the spread over seeds and what one test image moves, if there are two seeds or more;
    ``kvammen.best_network`` and ``kvammen.networks_outperform``, if there are two networks or more.
    """
    measured: dict[str, Any] = {
        "kvammen.images": document["images_with_copies"],
        "kvammen.classes": len(
            {label for sides in document["splits"].values() for label, n in sides["train"].items() if n}
        ),
    }
    if best["seeds"]["sd"] is not None:
        one_image = one_image_moves(np.array(best["confusion"]))
        measured["kvammen.best_precision"] = 100 * best["seeds"]["mean"]
        measured["sd.kvammen.best_precision"] = 100 * float(np.hypot(best["seeds"]["sd"], one_image))
    if len(trained) > 1:
        measured["kvammen.best_network"] = PRINTED.get(network, network)
        measured["kvammen.networks_outperform"] = outperforms(trained, others, pairs)
    return measured


def answers_of(table: pd.DataFrame, method: str, split: str, seed: int) -> Answers:
    """Answers of one training to the test images of a split, in the order of their names."""
    rows = table[(table["method"] == method) & (table["split"] == split) & (table["seed"] == seed)].sort_values("name")
    truth, predicted = (
        np.array([CLASSES.index(word) for word in rows[column]], np.int64) for column in ("label", "predicted")
    )
    p = rows[list(P_COLUMNS)].to_numpy(float)
    return Answers(truth, predicted, rows["night"].to_numpy(str), p if np.isfinite(p).all() else None)


def _method(table: pd.DataFrame, method: str, split: str, seed: int) -> dict[str, Any]:
    of_method = table[(table["method"] == method) & (table["split"] == split)]
    every = [answers_of(of_method, method, split, number) for number in sorted(set(of_method["seed"]))]
    # One seed for all methods: what differs between them is not the draw of nights.
    scores = [score(answers, generator(seed, "score", split)) for answers in every]
    precisions = [entry["mean_precision"] for entry in scores]
    spread = {
        "count": len(scores),
        "mean": float(np.mean(precisions)),
        "sd": float(np.std(precisions, ddof=1)) if len(scores) > 1 else None,
        "values": precisions,
    }
    return {"method": method, **scores[0], "seeds": spread}
