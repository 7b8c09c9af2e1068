"""Accuracies of two trainings, with intervals: change told from noise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import sqrt
from pathlib import PurePosixPath
from statistics import mean, variance

import pandas as pd
from scipy.stats import t as student

from repro.audit.frame_moves import is_table, read_table
from repro.audit.outputs import Pair
from repro.audit.revision import Revision
from repro.intervals import wilson

STAGE = "train"
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Score:
    """Images classified rightly by the network that is kept, at its best epoch."""

    correct: int
    images: int

    @property
    def accuracy(self) -> float:
        """Share of the images classified rightly."""
        return self.correct / self.images


@dataclass(frozen=True)
class MetricMove:
    """A metric before and after.

    Parameters
    ----------
    metric : str
        Its name.
    before, after : float or None
        Mean over the networks of a revision; None where it has none.
    interval : tuple of float, optional
        95 % interval of the difference.
    noise : bool or None
        Whether the interval holds zero: what chance alone makes. None where there is nothing to compare.
    how : str
        What the interval rests on.
    """

    metric: str
    before: float | None
    after: float | None
    interval: tuple[float, float] | None
    noise: bool | None
    how: str


def metric_moves(pair: Pair) -> list[MetricMove]:
    """Validation accuracies that moved."""
    if not any(is_table(change.name) for change in pair.changes(STAGE)):
        return []
    one, two = (_scores(pair, side) for side in (pair.before, pair.after))
    if one is None or two is None:
        return []
    found = []
    for name in dict.fromkeys((*two, *one)):
        a, b = one.get(name, []), two.get(name, [])
        if a != b:
            found.append(compare(f"validation accuracy, {name}", a, b))
    return found


def compare(metric: str, before: list[Score], after: list[Score]) -> MetricMove:
    """Hold the accuracies of networks that differ in their seed alone against those of another revision.

    With two networks or more on both sides their spread says what chance makes (Student's t, pooled variance).
    With fewer it can only be bounded from below, by the number of validation images.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison of
    eleven methods. Statistics in Medicine 17, 873-890; method 10, from two Wilson intervals.
    """
    if not before or not after:
        one, two = (mean(score.accuracy for score in side) if side else None for side in (before, after))
        return MetricMove(metric, one, two, None, None, "only one revision has it")
    if min(len(before), len(after)) >= 2:
        a, b = ([score.accuracy for score in side] for side in (before, after))
        freedom = len(a) + len(b) - 2
        spread = sqrt((variance(a) * (len(a) - 1) + variance(b) * (len(b) - 1)) / freedom)
        reach = float(student.ppf((1 + CONFIDENCE) / 2, freedom)) * spread * sqrt(1 / len(a) + 1 / len(b))
        step = mean(b) - mean(a)
        interval = (step - reach, step + reach)
        how = f"spread between seeds, {len(a)} and {len(b)} networks"
        return MetricMove(metric, mean(a), mean(b), interval, interval[0] <= 0 <= interval[1], how)
    p, q = before[0], after[0]
    (low_p, high_p), (low_q, high_q) = (wilson(s.correct, s.images, confidence=CONFIDENCE) for s in (p, q))
    step = q.accuracy - p.accuracy
    interval = (
        step - sqrt((q.accuracy - low_q) ** 2 + (high_p - p.accuracy) ** 2),
        step + sqrt((high_q - q.accuracy) ** 2 + (p.accuracy - low_p) ** 2),
    )
    how = f"binomial, {p.images} and {q.images} images; one network says nothing of the spread between seeds"
    return MetricMove(metric, p.accuracy, q.accuracy, interval, interval[0] <= 0 <= interval[1], how)


def _scores(pair: Pair, side: Revision) -> dict[str, list[Score]] | None:
    """Scores by what was validated; several of one name differ in their seed. None if a table cannot be had."""
    found: dict[str, list[Score]] = {}
    for (output, name), md5 in sorted(pair.files(side, STAGE).items()):
        if not is_table(name):
            continue
        data = pair.read(side, STAGE, output, name, md5)
        if data is None:
            return None
        try:
            table = read_table(data, name)
        except ValueError:
            pair.lack(side, STAGE, output, "damaged, not a table", name)
            return None
        if {"epoch", "val_correct", "val_images"} <= set(table.columns):
            for title, score in _best(table, name):
                found.setdefault(title, []).append(score)
    return found


def _best(table: pd.DataFrame, name: str) -> list[tuple[str, Score]]:
    """First best epoch of every network in a table of curves; networks of other seeds get the same title."""
    title = re.sub(r"[\W_]*\d+$", "", PurePosixPath(name).stem).replace("_", " ")
    by = [column for column in ("split", "unit", "network", "seed") if column in table.columns]
    groups = [((), table)] if not by else list(table.groupby(by, sort=False))
    found = []
    for key, rows in groups:
        words = [str(value) for column, value in zip(by, key, strict=True) if column not in ("network", "seed")]
        best = rows.iloc[int((rows["val_correct"] / rows["val_images"]).argmax())]
        found.append((" ".join([title, *words]), Score(int(best["val_correct"]), int(best["val_images"]))))
    return found
