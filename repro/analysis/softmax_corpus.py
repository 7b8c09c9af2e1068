"""Results of stage softmax: Table 6, Figures 6 and 7, and errors where truth or labels exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repro.analysis import beside_network, softmax, table6
from repro.analysis import confusion as errors
from repro.analysis.beside_network import CONDITION
from repro.frames import ATTRIBUTES, with_right_answers
from repro.intervals import percentile, ratio_by_night
from repro.params import SoftmaxParams
from repro.seeding import generator
from repro.sky.bins import CONDITIONS

#: Of intervals that resample nights: as three standard deviations of a normal distribution, like every other tolerance for
#: scatter.
CONFIDENCE = 0.9973


def analyse(
    frames: pd.DataFrame,
    split: pd.DataFrame,
    truth: Path | None,
    params: SoftmaxParams,
    seed: int,
    colour: pd.DataFrame | None = None,
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Tables and document of stage softmax.

    Parameters
    ----------
    frames, split : DataFrame
        Frame table of stage ``infer``, all nights that the record covers, and table of stage ``split``; frames without an
        answer are left out.
    truth : Path or None
        See :func:`repro.frames.with_right_answers`.
    params : SoftmaxParams
        Section ``softmax`` of the parameters; ``seed`` is that of the pipeline, for the bootstrap.
    colour : DataFrame, optional
        Shares counted by the colour rule, see :func:`repro.analysis.beside_network.read_shares`.

    Returns
    -------
    tables : dict of DataFrame
        ``table6``, ``figure6``, ``figure7``; ``confusion``, ``reliability`` and, of
        a simulated corpus, ``confusion_weather`` and the like, if any right answer is known.
    document : dict
        ``quantities``, by name, for the record's claims; ``occurrence``, how often aurora was seen, in three definitions;
        ``errors``, if right answers are known: their source, calibration, and the thesis' two claims. Frames that
        trained the network are left out. Beside the network: ``colour_rule`` with the table ``table6_colour_rule``, and
        ``calibration`` with the tables ``calibrated`` and ``reliability_calibrated``; see
        :mod:`repro.analysis.beside_network`.
    """
    published = frames[frames["predicted"].notna()]
    tables = {
        "table6": table6.table6(published),
        "figure6": softmax.figure6(published),
        "figure7": softmax.figure7(published),
    }
    quantities = {
        **table6.quantities(tables["table6"]),
        **table6.table3_quantities(tables["table6"]),
        **softmax.quantities(tables["figure6"], tables["figure7"]),
        **night_intervals(published, params.bootstrap, seed),
    }
    document: dict[str, Any] = {"quantities": quantities, "occurrence": _occurrence(tables["table6"], quantities)}
    rows = with_right_answers(published, split.set_index("name")["label"], truth)
    trained = set(split.loc[split["split"] == "train", "name"])
    rows = rows[rows["truth"].notna() & ~rows["name"].isin(trained)]
    if not rows.empty:
        rng = generator(seed, "softmax")
        tables["confusion"] = errors.confusion(rows, CONDITION, params.bootstrap, rng)
        for name in ATTRIBUTES:
            if name in rows:
                tables[f"confusion_{name}"] = errors.confusion(rows, [name], params.bootstrap, rng)
        tables["reliability"] = errors.reliability(rows, CONDITION)
        document["errors"] = {
            "right_answers_from": "labels" if truth is None else "truth",
            "frames": len(rows),
            "calibration": {errors.ALL: errors.calibration_error(rows, params.bootstrap, rng)}
            | {
                ".".join(map(str, key)): errors.calibration_error(group, params.bootstrap, rng)
                for key, group in rows.groupby(CONDITION)
            },
            "claims": errors.claims(rows, params.bootstrap, rng),
        }
    if colour is not None:
        document["colour_rule"] = beside_network.colour_rule(published, colour, split, rows, tables)
    if params.calibration != "none":
        rng = generator(seed, "softmax", "calibration")
        document["calibration"] = beside_network.calibrated(
            published, split, rows, tables, params.calibration, params.bootstrap, rng
        )
    return tables, document


def night_intervals(frames: pd.DataFrame, resamplings: int, seed: int) -> dict[str, list[float]]:
    """Intervals of quantities of Table 6 and Figure 6 that resample nights, for a corpus with a part of the record's nights.

    ``frames`` has ``night``, ``sun_bin``, ``moon_bin``, ``predicted`` and ``p_yes``, one row a classified frame. All quantities
    share the ``resamplings``. Gives ``[low, high]`` by ``interval.`` and the quantity's name: ``table6.<sun>.<moon>.ratio``,
    ``table6.mean_ratio``, ``table6.yes_share_percent`` and ``figure6.mean.<sun>.<moon>``; empty with too few nights.
    """
    nights = frames["night"].to_numpy()
    yes, no = ((frames["predicted"] == label).to_numpy(dtype=np.float64) for label in ("yes", "no"))
    p_yes = frames["p_yes"].fillna(0.0).to_numpy(dtype=np.float64)

    def percent(above: np.ndarray, below: np.ndarray) -> np.ndarray:
        # The same generator each time, so that each quantity sees the same resamplings.
        return 100 * ratio_by_night(above, below, nights, resamplings, generator(seed, "nights"))

    resampled = {"table6.yes_share_percent": percent(yes, yes + no)}
    odds = []
    for sun, moon in CONDITIONS:
        of_cell = ((frames["sun_bin"] == sun) & (frames["moon_bin"] == moon)).to_numpy(dtype=np.float64)
        if not of_cell.any():
            continue
        cell = f"{sun}.{moon}".lower()
        odds.append(percent(yes * of_cell, no * of_cell))
        resampled[f"table6.{cell}.ratio"] = odds[-1]
        resampled[f"figure6.mean.{cell}"] = percent(p_yes * yes * of_cell, yes * of_cell)
    if len(odds) == len(CONDITIONS):
        resampled["table6.mean_ratio"] = np.mean(odds, axis=0)
    intervals = {name: percentile(values, confidence=CONFIDENCE) for name, values in resampled.items()}
    return {f"interval.{name}": list(ends) for name, ends in intervals.items() if ends is not None}


def _occurrence(table: pd.DataFrame, quantities: dict[str, Any]) -> dict[str, Any]:
    """The record's average of nine odds beside the odds and the share of all frames, in percent."""
    yes, no = int(table["yes"].sum()), int(table["no"].sum())
    return {
        "mean_of_odds_percent": quantities.get("table6.mean_ratio"),
        "odds_percent": 100 * yes / no if no else None,
        "share_percent": quantities.get("table6.yes_share_percent"),
    }
