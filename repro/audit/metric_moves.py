"""Accuracies of two trainings, with intervals: whether a change is larger than noise."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from math import sqrt
from operator import attrgetter
from pathlib import PurePosixPath
from statistics import mean

import pandas as pd
from scipy.stats import ttest_ind

from repro.audit.outputs import Pair, is_table
from repro.audit.revision import Revision
from repro.intervals import wilson

STAGE = "train"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class NetworkScore:
    """Images classified correctly by the kept network, at its best epoch."""

    correct: int
    images: int

    @property
    def accuracy(self) -> float:
        """Share of the images classified correctly."""
        return self.correct / self.images


@dataclass(frozen=True)
class MetricMove:
    """A metric before and after."""

    metric: str
    before: float | None  # mean over the networks of a revision, None if it has none
    after: float | None
    interval: tuple[float, float] | None  # 95 % interval of the difference
    noise: bool | None  # whether the interval holds zero, so that chance may explain the difference
    basis: str


def metric_moves(pair: Pair) -> list[MetricMove]:
    """Validation accuracies that moved."""
    if not any(is_table(change.name) for change in pair.changes(STAGE)):
        return []
    before, after = (_scores(pair, side) for side in (pair.before, pair.after))
    if before is None or after is None:
        return []
    return [
        compare_accuracies(f"validation accuracy, {name}", before.get(name, []), after.get(name, []))
        for name in dict.fromkeys((*after, *before))
        if before.get(name) != after.get(name)
    ]


def compare_accuracies(metric: str, before: list[NetworkScore], after: list[NetworkScore]) -> MetricMove:
    """Compare the accuracies of networks that differ in their seed alone with those of another revision.

    With two networks or more on both sides, the spread between seeds gives the interval (Student's t, pooled variance).
    With fewer, the number of validation images bounds it from below.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison of
    eleven methods. Statistics in Medicine 17, 873-890; method 10, from two Wilson intervals.
    """
    old, new = ([score.accuracy for score in side] for side in (before, after))
    if not old or not new:
        one, two = (mean(accuracies) if accuracies else None for accuracies in (old, new))
        return MetricMove(metric, one, two, None, None, "only one revision has it")
    if min(len(old), len(new)) >= 2:
        interval = _difference_of_means(old, new)
        basis = f"spread between seeds, {len(old)} and {len(new)} networks"
    else:
        old, new = old[:1], new[:1]
        interval = _difference_of_proportions(before[0], after[0])
        images = f"{before[0].images} and {after[0].images} images"
        basis = f"binomial, {images}; one network says nothing about the spread between seeds"
    return MetricMove(metric, mean(old), mean(new), interval, interval[0] <= 0 <= interval[1], basis)


def _difference_of_means(before: list[float], after: list[float]) -> tuple[float, float]:
    with warnings.catch_warnings():
        # scipy warns where all networks of a revision agree; the interval it returns is right.
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = ttest_ind(after, before).confidence_interval(CONFIDENCE)
    return float(low), float(high)


def _difference_of_proportions(before: NetworkScore, after: NetworkScore) -> tuple[float, float]:
    low_before, high_before = wilson(before.correct, before.images, confidence=CONFIDENCE)
    low_after, high_after = wilson(after.correct, after.images, confidence=CONFIDENCE)
    step = after.accuracy - before.accuracy
    below = sqrt((after.accuracy - low_after) ** 2 + (high_before - before.accuracy) ** 2)
    above = sqrt((high_after - after.accuracy) ** 2 + (before.accuracy - low_before) ** 2)
    return step - below, step + above


def _scores(pair: Pair, side: Revision) -> dict[str, list[NetworkScore]] | None:
    """Scores by kind of validation; several of one name differ in their seed. None if a table is not available."""
    scores: dict[str, list[NetworkScore]] = {}
    for file in sorted(pair.files(side, STAGE), key=attrgetter("output", "name")):
        if not is_table(file.name):
            continue
        table = pair.table(file)
        if table is None:
            return None
        if {"epoch", "val_correct", "val_images"} <= set(table.columns):
            for title, score in _best(table, file.name):
                scores.setdefault(title, []).append(score)
    return scores


def _best(table: pd.DataFrame, name: str) -> list[tuple[str, NetworkScore]]:
    """First best epoch of every network in a table of curves; networks of other seeds get the same title."""
    title = re.sub(r"[\W_]*\d+$", "", PurePosixPath(name).stem).replace("_", " ")
    columns = [column for column in ("split", "unit", "network", "seed") if column in table.columns]
    groups = [((), table)] if not columns else list(table.groupby(columns, sort=False))
    scores = []
    for key, rows in groups:
        words = [str(value) for column, value in zip(columns, key, strict=True) if column not in ("network", "seed")]
        best = rows.iloc[int((rows["val_correct"] / rows["val_images"]).argmax())]
        scores.append((" ".join([title, *words]), NetworkScore(int(best["val_correct"]), int(best["val_images"]))))
    return scores
