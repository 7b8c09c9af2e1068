"""What stands beside the network's answers: the colour rule as a baseline, and calibrated probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repro.analysis import calibration, table6
from repro.analysis import confusion as errors
from repro.analysis.colour_rule import COLUMNS, choose_limit, predict
from repro.intervals import wilson
from repro.sky.bins import CONDITIONS
from repro.untrusted import read_tables

KEYS = ["night", "number"]
CONDITION = ["sun_bin", "moon_bin"]
NEW_CAMERA = "20240101"  # nights from here on have another camera, as the slides remark


def read_shares(folder: Path, nights: Sequence[str]) -> pd.DataFrame | None:
    """Tables of nights of :func:`repro.analysis.colour_corpus.colour_corpus` as one; None if there is none."""
    sources = [path for path in sorted((folder / "tables").glob("[!.]*.parquet")) if path.stem in nights]
    if not sources:
        return None
    return read_tables(sources, made_by="dvc repro infer", columns=[*KEYS, *COLUMNS])


def colour_rule(
    frames: pd.DataFrame, colour: pd.DataFrame, split: pd.DataFrame, rows: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    """The colour rule as a classifier of its own, its area limit chosen on the frames that trained the network.

    ``frames`` are classified frames; ``colour`` has ``night``, ``number`` and :data:`repro.analysis.colour_rule.COLUMNS`,
    ``split`` has ``name``, ``label`` and ``split``; ``rows`` are frames with ``truth`` that did not train, perhaps with
    ``certain``, and may be empty. The table ``table6_colour_rule`` is added to ``tables``.

    Returns
    -------
    dict
        ``limit``, share of the sky, and ``trained_on``, frames; limit None where no frame is labelled. ``accuracy``: by
        ``validation``, ``all``, ``certain``, ``before_2024`` and ``from_2024``, and each condition, where right answers are
        known, of ``colour_rule`` and ``network``: ``right`` and ``frames``, ``accuracy`` and its Wilson interval, ``low`` and
        ``high``.
    """
    joined = frames.merge(colour, on=KEYS, how="left", validate="one_to_one")
    labels = split[split["label"].notna()].merge(joined[["name", *COLUMNS]], on="name", how="inner")
    train = labels[(labels["split"] == "train") & labels[COLUMNS[0]].notna()]
    if train.empty:
        return {"limit": None, "trained_on": 0, "accuracy": {}}
    limit = choose_limit(train[list(COLUMNS)].sum(axis=1).to_numpy(), (train["label"] == "yes").to_numpy())
    joined["network"] = joined["predicted"]
    joined["colour_rule"] = predict(joined, limit)
    known = joined[joined["colour_rule"].notna()]
    tables["table6_colour_rule"] = table6.table6(known.assign(predicted=known["colour_rule"]))
    answers = known[[*KEYS, "name", "network", "colour_rule", *CONDITION]]
    validation = answers.merge(split.loc[split["split"] == "val", ["name", "label"]], on="name")
    groups = {"validation": validation.assign(truth=validation["label"])}
    if not rows.empty:
        judged = answers.merge(rows[[*KEYS, "truth", *(["certain"] if "certain" in rows else [])]], on=KEYS)
        groups["all"] = judged
        if "certain" in judged:
            groups["certain"] = judged[judged["certain"].astype(bool)]
        new_camera = (judged["night"] >= NEW_CAMERA).to_numpy()
        groups |= {"before_2024": judged[~new_camera], "from_2024": judged[new_camera]}
        cells = dict(list(judged.groupby(CONDITION)))
        groups |= {".".join(cell): cells[cell] for cell in CONDITIONS if cell in cells}
    accuracy = {
        name: {who: _accuracy(group, who) for who in ("network", "colour_rule")}
        for name, group in groups.items()
        if len(group)
    }
    return {"limit": limit, "trained_on": len(train), "accuracy": accuracy}


def calibrated(
    frames: pd.DataFrame, split: pd.DataFrame, rows: pd.DataFrame, tables: dict[str, pd.DataFrame],
    method: calibration.Method, resamplings: int, rng: np.random.Generator,
) -> dict[str, Any]:  # fmt: skip
    """Calibrated probabilities, fitted on the validation frames and judged on frames that neither trained nor validated.

    ``frames``, ``split``, ``rows`` and ``tables`` are as for :func:`colour_rule`; the tables ``calibrated`` (``night``,
    ``number``, ``p_yes``, ``p_calibrated``) and, where right answers are known, ``reliability_calibrated`` are added.
    ``method`` is that of :func:`repro.analysis.calibration.fit`; ``resamplings`` of nights give the intervals.

    Returns
    -------
    dict
        ``method``, ``fitted_on`` (frames), ``temperature`` (None for isotonic, or where too few frames are labelled);
        ``error``: by ``all`` and condition the expected calibration error ``published`` and ``calibrated``.
    """
    labelled = frames.merge(split.loc[split["split"] == "val", ["name", "label"]], on="name")
    known = labelled[labelled["label"].notna()]
    curve = calibration.fit(method, _difference(known), (known["label"] == "yes").to_numpy())
    document: dict[str, Any] = {"method": method, "fitted_on": len(known), "temperature": None, "error": {}}
    if curve is None:
        return document
    document["temperature"] = curve.temperature
    table = frames[[*KEYS, "p_yes"]].assign(p_calibrated=curve.p_yes(_difference(frames)))
    tables["calibrated"] = table.reset_index(drop=True)
    judged = rows[~rows["name"].isin(set(known["name"]))] if not rows.empty else rows
    if judged.empty:
        return document
    after = judged.assign(p_yes=curve.p_yes(_difference(judged)))
    tables["reliability_calibrated"] = errors.reliability(after, CONDITION)
    cells = (judged["sun_bin"] + "." + judged["moon_bin"]).to_numpy()
    for name in (errors.ALL, *map(".".join, CONDITIONS)):
        here = (cells == name) | (name == errors.ALL)
        if here.any():
            document["error"][name] = {
                "published": errors.calibration_error(judged[here], resamplings, rng),
                "calibrated": errors.calibration_error(after[here], resamplings, rng),
            }
    return document


def _difference(frames: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    return (frames["logit_yes"] - frames["logit_no"]).to_numpy(dtype=np.float64)


def _accuracy(group: pd.DataFrame, who: str) -> dict[str, Any]:
    right = int((group[who] == group["truth"]).sum())
    low, high = wilson(right, len(group))
    return {"right": right, "frames": len(group), "accuracy": right / len(group), "low": low, "high": high}
