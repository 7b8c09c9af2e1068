"""How well a method tells the seven classes, with intervals by night, and two methods on the same images.

"Average precision" here is what the record seems to mean: the mean over classes of TP / (TP + FP), a class that is never
answered counting as zero. It is neither accuracy nor the average precision of a ranking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score

from repro.forms.classes import CLASSES
from repro.intervals import LEAST_NIGHTS, RESAMPLINGS, night_weights, percentile

BINS = 10  # of the calibration
PAIRS = 5  # most confused pairs that are listed
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Answers:
    """A method's answers to n test images: class numbers, nights ("" where not known), and probabilities (n, 7) if any."""

    truth: Ints
    predicted: Ints
    nights: npt.NDArray[np.str_]
    p: Floats | None = None


def groups_of(nights: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    """Nights as groups that belong together; an image of no known night is a group of its own."""
    return np.array([night or f"image {place}" for place, night in enumerate(nights.tolist())])


def confusion(answers: Answers) -> Ints:
    """Counts (7, 7): true class by row, answer by column."""
    return np.bincount(answers.truth * len(CLASSES) + answers.predicted, minlength=len(CLASSES) ** 2).reshape(
        len(CLASSES), -1
    )


def by_class(matrix: npt.NDArray[Any]) -> dict[str, Floats]:
    """``precision``, ``recall`` and ``f1`` of each class of confusion matrices (..., 7, 7).

    Each is (..., 7), with 0 for a class never answered and NaN for one without images.
    """
    right = np.diagonal(matrix, axis1=-2, axis2=-1).astype(float)
    given, there = matrix.sum(-2).astype(float), matrix.sum(-1).astype(float)
    absent = np.where(there > 0, 0.0, np.nan)
    parts = {
        "precision": np.divide(right, given, out=np.zeros_like(right), where=given > 0),
        "recall": np.divide(right, there, out=np.zeros_like(right), where=there > 0),
        "f1": np.divide(2 * right, given + there, out=np.zeros_like(right), where=given + there > 0),
    }
    return {name: value + absent for name, value in parts.items()}


def means(matrix: npt.NDArray[Any]) -> dict[str, Floats]:
    """Means over the classes that have images, and accuracy, of confusion matrices (..., 7, 7); each (...)."""
    mean = {f"mean_{name}": np.nanmean(value, -1) for name, value in by_class(matrix).items()}
    total = np.maximum(matrix.sum((-2, -1)), 1)
    return mean | {"accuracy": np.trace(matrix, axis1=-2, axis2=-1) / total}


def resampled(answers: Answers, weights: Floats, place: Ints) -> Floats:
    """Confusion matrices (resamplings, 7, 7) with nights drawn as ``night_weights`` says."""
    cells = np.zeros((weights.shape[1], len(CLASSES) ** 2))
    np.add.at(cells, (place, answers.truth * len(CLASSES) + answers.predicted), 1)
    return np.asarray((weights @ cells).reshape(-1, len(CLASSES), len(CLASSES)))


def score(answers: Answers, rng: np.random.Generator) -> dict[str, Any]:
    """Everything about one method on one set of test images.

    Gives ``images``, ``nights`` (0 where not known), ``confusion``; ``mean_precision``, ``mean_recall``, ``mean_f1``
    and ``accuracy`` with ``interval.<name>`` by night, or by image where no night is known; ``classes``: precision,
    recall, F1, their intervals and the images of each; ``confused``: the most frequent mistakes; ``calibration`` where
    there are probabilities.
    """
    matrix = confusion(answers)
    weights, place = night_weights(groups_of(answers.nights), RESAMPLINGS, rng)
    drawn = resampled(answers, weights, place)
    enough = weights.shape[1] >= LEAST_NIGHTS
    mean, mean_drawn = means(matrix), means(drawn)
    single, single_drawn = by_class(matrix), by_class(drawn)
    classes = [
        {
            "class": name,
            "images": int(matrix[k].sum()),
            **{measure: float(values[k]) if np.isfinite(values[k]) else None for measure, values in single.items()},
            **{f"interval.{m}": _ends(v[:, k]) if enough else None for m, v in single_drawn.items()},
        }
        for k, name in enumerate(CLASSES)
    ]
    return {
        "images": len(answers.truth),
        "nights": len(set(answers.nights.tolist()) - {""}),
        "confusion": matrix.tolist(),
        **{name: float(value) for name, value in mean.items()},
        **{f"interval.{name}": _ends(value) if enough else None for name, value in mean_drawn.items()},
        "classes": classes,
        "confused": confused(matrix),
        **({} if answers.p is None else {"calibration": calibration(answers)}),
    }


def confused(matrix: Ints) -> list[dict[str, Any]]:
    """The most frequent mistakes: true class, answer, how many, and the share of the true class' images."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:PAIRS]
    cells = [(int(cell) // len(CLASSES), int(cell) % len(CLASSES)) for cell in order]
    return [
        {
            "class": CLASSES[row], "answer": CLASSES[column], "images": int(wrong[row, column]),
            "share": float(wrong[row, column] / matrix[row].sum()),
        }
        for row, column in cells
        if wrong[row, column]
    ]  # fmt: skip


def calibration(answers: Answers) -> dict[str, Any]:
    """Whether the probability of the answer is how often it is right, by bins of the probability that have images.

    ``expected_error`` is the mean over images of the distance between the two (Guo et al. 2017, ICML, equation 5).
    """
    if answers.p is None:
        raise ValueError("answers without probabilities have no calibration")
    sure = answers.p[np.arange(len(answers.truth)), answers.predicted]
    right = answers.truth == answers.predicted
    place = np.minimum((sure * BINS).astype(int), BINS - 1)
    bins = [
        {"images": int(here.sum()), "p": float(sure[here].mean()), "right": float(right[here].mean())}
        for here in (place == k for k in range(BINS))
        if here.any()
    ]
    error = sum(entry["images"] * abs(entry["p"] - entry["right"]) for entry in bins) / len(right)
    own = np.maximum(answers.p[np.arange(len(right)), answers.truth], 1e-12)
    return {"expected_error": float(error), "log_loss": float(-np.log(own).mean()), "bins": bins}


def compare(first: Answers, second: Answers, rng: np.random.Generator) -> dict[str, Any]:
    """Two methods on the same images in the same order; the generator draws nights for the interval.

    Gives ``difference`` of the mean precision, first less second, with its ``interval`` by night (None for too few);
    ``only_first_right``, ``only_second_right`` and ``p_mcnemar``, the exact two-sided test of McNemar (1947), which
    takes images as independent.
    """
    if not np.array_equal(first.truth, second.truth):
        raise ValueError("the two methods answered other images")
    weights, place = night_weights(groups_of(first.nights), RESAMPLINGS, rng)
    drawn = [means(resampled(answers, weights, place))["mean_precision"] for answers in (first, second)]
    own = [float(means(confusion(answers))["mean_precision"]) for answers in (first, second)]
    right = [answers.truth == answers.predicted for answers in (first, second)]
    one, other = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    return {
        "difference": own[0] - own[1],
        "interval": _ends(drawn[0] - drawn[1]) if weights.shape[1] >= LEAST_NIGHTS else None,
        "only_first_right": one,
        "only_second_right": other,
        "p_mcnemar": float(binomtest(one, one + other).pvalue) if one + other else 1.0,
    }


def outperforms(
    networks: Sequence[str], others: Sequence[str], pairs: Mapping[tuple[str, str], Mapping[str, Any]]
) -> bool:
    """Whether most networks beat every other method, each by a difference whose interval lies above zero."""
    ahead = [all((pairs[name, other]["interval"] or (0.0,))[0] > 0 for other in others) for name in networks]
    return sum(ahead) > len(networks) / 2


def one_image_moves(matrix: Ints) -> float:
    """Root mean square of what one image moves the mean precision by, if its answer were another; for a tolerance."""
    base = float(means(matrix)["mean_precision"])
    moved = []
    for row, column in np.argwhere(matrix > 0):
        for answer in range(len(CLASSES)):
            if answer != column:
                other = matrix.copy()
                other[row, column] -= 1
                other[row, answer] += 1
                moved.append((matrix[row, column], (float(means(other)["mean_precision"]) - base) ** 2))
    counts, squares = np.array(moved).T
    return float(np.sqrt((counts * squares).sum() / counts.sum()))


def kappa(first: Ints, second: Ints) -> float:
    """Agreement of two labellers beyond chance (Cohen 1960), 1 for full agreement; 1 if both know one class only."""
    return 1.0 if np.array_equal(first, second) else float(cohen_kappa_score(first, second))


def _ends(values: Floats) -> list[float] | None:
    ends = percentile(values)
    return list(ends) if ends else None
