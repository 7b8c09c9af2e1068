"""Stage classical: nearest neighbours and support vectors on every split, and what two labellers do to support vectors.

Settings are chosen inside the training nights. Both methods of scikit-learn see (a) reduced pixels and (b) pooled features
of a backbone, standardised by the training images alone. Ties and the order of equal distances follow the order of the
training rows, which is that of their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from sklearn.metrics import make_scorer, precision_score
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from repro.classifier.device import of_workers
from repro.engine.progress import progress
from repro.engine.threads import limited_threads
from repro.errors import ReproError
from repro.files import read_json, write_json, write_table
from repro.forms import networks
from repro.forms.classes import CLASSES, labellers
from repro.forms.kiruna import CLEAN_COVER
from repro.forms.layout import decode_square
from repro.forms.load_corpus import BY_NIGHT, SPLITS, images_of, read_loaded
from repro.forms.scores import Answers, confusion, groups_of, kappa, means
from repro.forms.simulate_forms import truth_of
from repro.forms.train_networks import answers_table
from repro.params import Params
from repro.seeding import generator

Classifier = Literal["KNN", "SVM"]
#: Settings that cross-validation chooses from. Odd numbers of neighbours make fewer ties.
GRIDS: dict[Classifier, dict[str, list[Any]]] = {
    "KNN": {"model__n_neighbors": [1, 3, 5, 9, 15], "model__metric": ["euclidean", "manhattan", "cosine"]},
    "SVM": {"model__C": [0.3, 3.0, 30.0], "model__kernel": ["linear", "rbf"]},
}
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


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

    ``known`` (n, columns) is what the method sees of the training images; ``classes`` and ``nights`` (n,) are theirs. No
    night is on both sides of a fold; an image of no known night ("") is a group alone. There are at most so many ``folds``,
    fewer where a class has fewer nights; the seed shuffles nights into them. Raises ReproError if some class has images of
    one night only.
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


def reduced(pixels: npt.NDArray[np.uint8], size_px: int) -> Floats:
    """Pictures (n, side, side, 3) made small by the mean of their parts, as rows of numbers from 0 to 1."""
    small = [cv2.resize(picture, (size_px, size_px), interpolation=cv2.INTER_AREA) for picture in pixels]
    return np.asarray(small, np.float64).reshape(len(pixels), -1) / 255


def fit_classical(loaded: Path, corpus: Path, out: Path, params: Params) -> dict[str, Any]:
    """Fit KNN and SVM on pixels and on features.

    ``loaded`` and ``corpus`` are the folders of stage load and of the corpus, where truth, if any, feeds two simulated
    labellers; ``out`` gets ``answers.parquet`` and ``classical.json``. Gives ``methods``: settings chosen and mean precision in
    cross-validation, by method and split; ``labellers``: see :func:`two_labellers`, None where there is no truth.
    """
    settings = params.kvammen
    document = read_json(loaded / "load.json", made_by="make records")
    splits = list(document["splits"])
    table, pixels = read_loaded(loaded)
    device = torch.device(of_workers(params.engine))
    with limited_threads():
        backbone = networks.build(settings.features, params.seed).to(device)
        images = images_of(table, pixels, np.ones(len(table), bool), settings.features.image_size_px)
        seen = {
            "pixels": reduced(images.pixels, settings.reduced_px),
            "features": networks.features(backbone, images.pixels, device),
        }
        ordered = table.sort_values("name").reset_index(drop=True)
        tables, methods = [], []
        fitted: dict[tuple[str, str, str], Fitted] = {}
        wanted = list(product(splits, GRIDS, seen))
        with progress("KNN and SVM", len(wanted), "fits") as tally:
            for split, name, what in wanted:
                known, other = ((ordered[SPLITS[split]] == side).to_numpy() for side in ("train", "test"))
                nights, values = ordered["night"].to_numpy(str)[known], seen[what]
                made = fit(name, values[known], images.classes[known], nights, settings.folds, params.seed)
                p = _votes(made, values[other]) if name == "KNN" else None
                about = {"method": f"{name} ({what})", "split": split, "seed": 0}
                predicted = np.asarray(made.model.predict(values[other]), np.int64)
                tables.append(answers_table(ordered[other], predicted, p, **about))
                methods.append({**about, "settings": dict(made.settings), "cross_validation": made.cross_validation})
                fitted[split, name, what] = made
                tally.advance()
        write_table(out / "answers.parquet", pd.concat(tables, ignore_index=True))
        labellers = None
        if document["simulated"] and BY_NIGHT in splits and (corpus / "truth").is_dir():
            chosen = fitted[BY_NIGHT, "SVM", "features"]
            labellers = two_labellers(corpus, ordered, seen["features"], backbone, chosen, params)
    result = {"methods": methods, "labellers": labellers}
    write_json(out / "classical.json", result)
    return result


def two_labellers(
    corpus: Path, table: pd.DataFrame, features: Floats, backbone: Any, chosen: Fitted, params: Params
) -> dict[str, Any]:
    """What it costs when one labeller trains and another one judges, and how far two labellers agree at all.

    Two simulated labellers look at all clean frames, ambiguous ones included. Their limits are those of the rules, lowered
    and raised by ``kvammen.campaign.labeller_shift``; labelled images are those on which both say what the rules say. No method can be expected to agree with a labeller better than another one does.

    ``table`` has ``name``, ``night`` and the split by night of the labelled images; ``features``, shape (n, columns), are of
    these images, and ``backbone`` gives those of the others; ``chosen`` are support vectors with settings to be taken over.

    Gives ``images``, ``shift`` of the limits, ``agreement`` (share of the images on which both say the same), ``kappa``,
    ``test_images``; ``mean_precision`` of support vectors by who trained and who judged (``low``, ``high``); ``bound``: mean
    precision of each labeller against the rules, on all these test images.
    """
    campaign = params.kvammen.campaign
    truth = truth_of(corpus, campaign)
    words = labellers(truth, campaign.rules, campaign.precedence, campaign.labeller_shift)
    clean = (truth["cloud_cover"] <= CLEAN_COVER).to_numpy() & np.all([said != "none" for said in words.values()], 0)
    names, nights = (truth[column].to_numpy(str)[clean] for column in ("name", "night"))
    labels = {name: np.array([CLASSES.index(word) for word in said[clean]]) for name, said in words.items()}
    known = dict(zip((Path(name).name for name in table["name"]), features, strict=True))
    missing = [name for name in names if name not in known]
    if missing:
        size, device = params.kvammen.features.image_size_px, torch.device(of_workers(params.engine))
        pixels = np.stack([decode_square(corpus / "images" / name, size)[0] for name in missing])
        known |= dict(zip(missing, networks.features(backbone, pixels, device), strict=True))
    rows = np.array([known[name] for name in names])
    # A night of ambiguous frames alone is on no side of the split; as large a share of these nights tests.
    rest = np.setdiff1d(nights, table["night"].to_numpy(str))
    drawn = generator(params.seed, "labellers").permutation(rest)[: round(params.kvammen.test_share * len(rest))]
    test = np.isin(nights, [*table.loc[table[SPLITS[BY_NIGHT]] == "test", "night"], *drawn])

    def precision(judge: str, answers: Ints, on: npt.NDArray[np.bool_]) -> float:
        return float(means(confusion(Answers(labels[judge][on], answers, nights[on])))["mean_precision"])

    both = "low", "high"
    trained = {
        name: np.asarray(chosen.model.fit(rows[~test], labels[name][~test]).predict(rows[test]), np.int64)
        for name in both
    }
    return {
        "images": len(names),
        "shift": campaign.labeller_shift,
        "agreement": float((labels["low"] == labels["high"]).mean()),
        "kappa": kappa(labels["low"], labels["high"]),
        "test_images": int(test.sum()),
        "mean_precision": {
            trainer: {judge: precision(judge, answers, test) for judge in both} for trainer, answers in trained.items()
        },
        "bound": {name: precision("rules", labels[name][test], test) for name in both},
    }


def _votes(fitted: Fitted, values: Floats) -> Floats:
    """Share of the neighbours of each class, (n, 7); a class without training images has none."""
    p = np.zeros((len(values), len(CLASSES)))
    p[:, np.asarray(fitted.model.classes_, int)] = fitted.model.predict_proba(values)
    return p
