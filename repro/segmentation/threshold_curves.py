"""Differencing against the network on the same images: curves over thresholds, recall by motion, the factor between them.

Everything is counted in cells, in which differencing answers; the network's pixels are gathered into cells by majority, as
the truth's are. Only labelled images of nights that the network never saw are used, and of these only images with a
partner at every lag.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.params import KopriParams
from repro.segmentation.cells import cell_map
from repro.segmentation.frames_compared import GROUPS, Compared
from repro.segmentation.pixel_metrics import WIDTHS_DEG, confusion, degrees_per_pixel, share_of, sky_pixels, width_class

Flags = npt.NDArray[np.bool_]
Motions = npt.NDArray[np.object_]
#: Counts of 255 at which differencing is judged.
THRESHOLDS = (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 25, 30, 35, 40, 50)
PROBABILITIES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
FACTOR = 5.0  # of the poster, in words: "approximately five times"
MOVING = ("drifting", "pulsating", "active")
COLUMNS = (
    "method", "lag_min", "threshold", "precision", "recall", "false_alarms", "iou", "occurrence", "factor_of_truth",
    "factor_of_network", "recall_stationary", "recall_moving",
)  # fmt: skip


def curves(held: Compared, kopri: KopriParams) -> pd.DataFrame:
    """Both methods over their thresholds on labelled and paired images: :data:`COLUMNS`, a row a method, lag and threshold.

    Rates are shares of cells. ``factor_of_truth`` and ``factor_of_network`` are the true occurrence, and the network's at the
    published threshold, over that of the row.
    """
    truth, network = held.true_cells(), held.network_cells(kopri.threshold)
    motion = held.table["motion"].to_numpy()
    rows = [_row("network", 0, value, held.network_cells(value), truth, network, motion) for value in PROBABILITIES]
    for lag, change in held.change.items():
        rows += [_row("differencing", lag, value, change > value, truth, network, motion) for value in THRESHOLDS]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(
    method: str, lag: int, threshold: float, detected: Flags, truth: Flags, network: Flags, motion: Motions
) -> list[object]:
    counts, share, recall = confusion(detected, truth), float(detected.mean()), _recalls(detected, truth, motion)
    return [
        method, lag, threshold, counts.precision, counts.recall, counts.false_alarms, counts.iou, share,
        share_of(truth.mean(), share), share_of(network.mean(), share), recall["stationary"], recall["moving"],
    ]  # fmt: skip


def equal_false_alarms(held: Compared, kopri: KopriParams) -> dict[str, Any]:
    """Recall of both methods at one rate of false alarms: the network's at the published threshold.

    For each lag the threshold of differencing is the lowest at which no more of the cells without aurora are flagged than
    by the network; ``ratio_stationary`` is the network's recall of stationary aurora over that of differencing.
    """
    truth, network = held.true_cells(), held.network_cells(kopri.threshold)
    motion = held.table["motion"].to_numpy()
    rate = confusion(network, truth).false_alarms
    own = _rounded(_recalls(network, truth, motion))
    result: dict[str, Any] = {"false_alarms": _number(rate), "network": own, "lags": {}}
    for lag, change in held.change.items():
        quiet = np.sort(change[~truth])[::-1]
        allowed = int(np.floor(rate * len(quiet)))
        threshold = float(quiet[min(allowed, len(quiet) - 1)]) if len(quiet) else float("nan")
        detected = change > threshold
        recall = _rounded(_recalls(detected, truth, motion))
        mine, theirs = own["stationary"], recall["stationary"]
        result["lags"][str(lag)] = {
            "threshold_counts": _number(threshold),
            "false_alarms": _number(confusion(detected, truth).false_alarms),
            **recall,
            "ratio_stationary": round(mine / theirs, 4) if mine is not None and theirs else None,
        }
    return result


def _recalls(detected: Flags, truth: Flags, motion: Motions) -> dict[str, float]:
    groups = {
        "all": np.ones(len(motion), bool),
        "stationary": motion == "stationary",
        "moving": np.isin(motion, MOVING),
    }
    return {name: confusion(detected[chosen], truth[chosen]).recall for name, chosen in groups.items()}


def _rounded(values: dict[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}


def summary(held: Compared, table: pd.DataFrame, kopri: KopriParams) -> dict[str, Any]:
    """Numbers of the comparison that need no curve.

    Returns ``images``, ``nights``; ``network`` and ``differencing`` (by lag, at the parameter's threshold): confusion over
    pixels of the sky, in all and by group, and recall by width of the structure; ``cells``: the network's and
    differencing's confusion over cells; ``equal_false_alarms``; ``lag_ratio``: occurrence at two minutes over that at one,
    at equal thresholds; ``factor_five``: the threshold at which the network's occurrence is five times that of
    differencing, by lag.
    """
    truth = held.true_cells()
    sky, size = sky_pixels(kopri.image_size_px), kopri.image_size_px
    by_method = {"network": held.probability >= np.ceil(255 * kopri.threshold)}
    cells = {"network": held.network_cells(kopri.threshold)}
    painter = cell_map(size)
    for lag, change in held.change.items():
        flags = change > kopri.difference.threshold_counts
        cells[f"differencing_{lag}"] = flags
        by_method[f"differencing_{lag}"] = np.stack([painter.paint(flag) for flag in flags])
    widths = np.stack([width_class(mask) for mask in held.masks])
    between = [f"{low:g} to {high:g}" for low, high in pairwise(WIDTHS_DEG)]
    return {
        "images": len(held),
        "nights": int(held.table["night"].nunique()),
        "images_with_aurora": int((held.masks & sky).any((1, 2)).sum()),
        "true_share_of_pixels": _number(float((held.masks & sky).sum() / (len(held) * sky.sum()))),
        "pixels": {name: _by_group(flags, held, sky) for name, flags in by_method.items()},
        "recall_by_width": {name: _by_width(flags & sky, widths, sky) for name, flags in by_method.items()},
        "width_classes_deg": [f"below {WIDTHS_DEG[0]:g}", *between, f"{WIDTHS_DEG[-1]:g} and more"],
        "degrees_per_pixel": round(degrees_per_pixel(size), 3),
        "cells": {name: confusion(flags, truth).as_dict() for name, flags in cells.items()},
        "occurrence": {
            "truth": _number(float(truth.mean())),
            **{name: _number(float(flags.mean())) for name, flags in cells.items()},
        },
        "equal_false_alarms": equal_false_alarms(held, kopri),
        "lag_ratio": lag_ratio(table),
        "factor_five": factor_five(table),
    }


def _by_group(detected: Flags, held: Compared, sky: Flags) -> dict[str, Any]:
    result: dict[str, Any] = {"all": confusion(detected, held.masks, sky).as_dict()}
    for group in GROUPS:
        values = held.table[group].to_numpy()
        chosen = {str(value): values == value for value in sorted(set(values))}
        result[group] = {
            name: {"images": int(rows.sum()), **confusion(detected[rows], held.masks[rows], sky).as_dict()}
            for name, rows in chosen.items()
        }
    return result


def _by_width(detected: Flags, widths: npt.NDArray[np.int64], sky: Flags) -> list[dict[str, float | int | None]]:
    rows: list[dict[str, float | int | None]] = []
    for number in range(len(WIDTHS_DEG) + 1):
        mine = (widths == number) & sky
        rows.append({"pixels": int(mine.sum()), "recall": _number(share_of((detected & mine).sum(), mine.sum()))})
    return rows


def lag_ratio(table: pd.DataFrame) -> dict[str, float] | None:
    """Occurrence at the second lag over that at the first, by threshold; None where there is one lag."""
    rows = table[table["method"] == "differencing"].pivot_table(
        index="threshold", columns="lag_min", values="occurrence"
    )
    if rows.shape[1] < 2:
        return None
    ratio = (rows.iloc[:, 1] / rows.iloc[:, 0]).replace([np.inf, -np.inf], np.nan).dropna()
    return {f"{threshold:g}": round(float(value), 3) for threshold, value in ratio.items()}


def factor_five(table: pd.DataFrame) -> dict[str, float | None]:
    """Threshold at which the network's occurrence is :data:`FACTOR` times that of differencing, by lag; None if nowhere."""
    result: dict[str, float | None] = {}
    for lag, rows in table[table["method"] == "differencing"].groupby("lag_min"):
        known = rows[np.isfinite(rows["factor_of_network"])]
        factors, thresholds = known["factor_of_network"].to_numpy(float), known["threshold"].to_numpy(float)
        reached = np.flatnonzero(factors >= FACTOR)
        first = int(reached[0]) if reached.size else 0
        ends = slice(first - 1, first + 1)
        result[str(lag)] = round(float(np.interp(FACTOR, factors[ends], thresholds[ends])), 2) if first else None
    return result


def _number(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
