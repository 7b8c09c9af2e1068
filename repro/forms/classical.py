"""Nearest neighbours and support vectors by scikit-learn, with their settings chosen inside the training nights.

Both see (a) reduced pixels and (b) pooled features of a backbone. All columns are standardised by the training images
alone. Ties and the order of equal distances follow the order of the training rows, which is that of their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.metrics import make_scorer, precision_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from repro.errors import ReproError
from repro.seeding import generator

Classifier = Literal["KNN", "SVM"]
#: Settings that cross-validation chooses from. Odd numbers of neighbours make fewer ties.
GRIDS: dict[Classifier, dict[str, list[Any]]] = {
    "KNN": {"model__n_neighbors": [1, 3, 5, 9, 15], "model__metric": ["euclidean", "manhattan", "cosine"]},
    "SVM": {"model__C": [0.3, 3.0, 30.0], "model__kernel": ["linear", "rbf"]},
}
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A fitted method, the settings chosen, and their mean precision in the cross-validation."""

    model: Pipeline
    settings: Mapping[str, Any]
    cross_validation: float


def fit(
    name: Classifier, known: Floats, classes: npt.NDArray[np.int64], nights: npt.NDArray[np.str_], folds: int, seed: int
) -> Fitted:
    """Choose settings by cross-validation and fit on all training images.

    Raises ReproError if some class has images of one night only.

    Parameters
    ----------
    known : ndarray, shape (n, columns)
        What the method sees of the training images.
    classes, nights : ndarray of int and of str, shape (n,)
        Their classes and nights. No night is on both sides of a fold; an image of no known night ("") is a group alone.
    folds : int
        At most; fewer where a class has fewer nights. The seed shuffles nights into them.
    """
    groups = groups_of(nights)
    least = min(len(set(groups[classes == k])) for k in np.unique(classes))
    if least < 2:
        raise ReproError(
            found="a class whose training images are all of one night",
            expected="at least two nights of each class: settings are chosen on nights that did not train",
            where="training images of stages/kvammen",
            remedy="add images of other nights, or leave that class out of the data",
        )
    state = int(generator(seed, "folds").integers(2**31))
    cut = StratifiedGroupKFold(min(folds, least), shuffle=True, random_state=state)
    folded = list(cut.split(known, classes, groups))
    grid = dict(GRIDS[name])
    if name == "KNN":
        fewest = min(len(train) for train, _ in folded)
        grid["model__n_neighbors"] = [k for k in grid["model__n_neighbors"] if k <= fewest]
    models = {"KNN": KNeighborsClassifier(algorithm="brute"), "SVM": SVC(cache_size=500)}
    scoring = make_scorer(precision_score, average="macro", zero_division=0)
    search = GridSearchCV(
        Pipeline([("scale", StandardScaler()), ("model", models[name])]), grid, scoring=scoring, cv=folded
    )
    search.fit(known, classes)
    settings = {key.removeprefix("model__"): value for key, value in search.best_params_.items()}
    return Fitted(search.best_estimator_, settings, float(search.best_score_))


def groups_of(nights: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    """Nights as groups that belong together; an image of no known night is a group of its own."""
    return np.array([night or f"image {place}" for place, night in enumerate(nights.tolist())])


def reduced(pixels: npt.NDArray[np.uint8], size_px: int) -> Floats:
    """Pictures (n, side, side, 3) made small by the mean of their parts, as rows of numbers from 0 to 1."""
    import cv2

    small = [cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA) for picture in pixels]
    return np.asarray(small, np.float64).reshape(len(pixels), -1) / 255
