"""Right and wrong answers where truth or labels exist: confusion, calibration, and two claims of the thesis.

Class yes is the positive one. Exclude frames that trained the network before calling these functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.intervals import LEAST_NIGHTS, Floats, night_weights, percentile, ratio_by_night, wilson
from repro.sky.bins import CONDITIONS

ALL = "all"
BINS = 10  # of a reliability curve, equally wide
COUNTS = ("tp", "fp", "fn", "tn")
#: Rates by name: outcomes in the numerator, and in the denominator.
RATES = {
    "accuracy": (("tp", "tn"), COUNTS),
    "precision": (("tp",), ("tp", "fp")),
    "recall": (("tp",), ("tp", "fn")),
    "false_positive_rate": (("fp",), ("fp", "tn")),
    "false_negative_rate": (("fn",), ("fn", "tp")),
}
#: The thesis' claims about its network (section III.1.1), drawn from the odds of Table 6 alone: in which condition each
#: error is most frequent.
CLAIMS = {
    "false_positives": ("false_positive_rate", ("Nautical", "Moon_Quarter")),
    "false_negatives": ("false_negative_rate", ("Nautical", "No_moon")),
}

Bools = npt.NDArray[np.bool_]


def outcomes(rows: pd.DataFrame) -> dict[str, Bools]:
    """Which frames are true and false positives and negatives: ``tp``, ``fp``, ``fn``, ``tn``, bool arrays of shape (n,).

    ``rows`` has ``truth`` and ``predicted``, yes or no.
    """
    truth, predicted = ((rows[name] == "yes").to_numpy() for name in ("truth", "predicted"))
    return {"tp": truth & predicted, "fp": ~truth & predicted, "fn": truth & ~predicted, "tn": ~truth & ~predicted}


def confusion(rows: pd.DataFrame, by: Sequence[str], resamplings: int, rng: np.random.Generator) -> pd.DataFrame:
    """Confusion matrix and rates of all frames and of each group.

    ``rows`` has ``truth``, ``predicted``, ``night`` and the columns of ``by``; ``resamplings`` of nights give the intervals
    by night.

    Returns
    -------
    DataFrame
        The columns of ``by`` (``all`` in the first row), ``nights``, ``frames``, ``tp``, ``fp``, ``fn``, ``tn``; every rate
        of :data:`RATES` as a fraction, with its Wilson interval, ``..._low`` and ``..._high``, as if frames were
        independent; ``f1``; ``accuracy_night_low`` and ``accuracy_night_high``, the interval from whole nights. NaN where
        the denominator is 0.
    """
    matrix = []
    for key, group in _groups(rows, by):
        hits = outcomes(group)
        counts = {name: int(hit.sum()) for name, hit in hits.items()}
        row: dict[str, Any] = dict(zip(by, key, strict=True))
        row |= {"nights": group["night"].nunique(), "frames": len(group), **counts}
        for name, (part, whole) in RATES.items():
            row |= _rate(name, sum(counts[k] for k in part), sum(counts[k] for k in whole))
        among = 2 * counts["tp"] + counts["fp"] + counts["fn"]
        row["f1"] = 2 * counts["tp"] / among if among else np.nan
        right = hits["tp"] | hits["tn"]
        interval = percentile(ratio_by_night(right, np.ones(len(group)), group["night"], resamplings, rng))
        row["accuracy_night_low"], row["accuracy_night_high"] = interval or (np.nan, np.nan)
        matrix.append(row)
    return pd.DataFrame(matrix).astype(dict.fromkeys(by, "str"))


def reliability(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Reliability curves: how often yes is true where the network says p(yes).

    ``rows`` has ``truth``, ``p_yes`` and the columns of ``by``.

    Returns
    -------
    DataFrame
        The columns of ``by`` (``all`` first), ``bin`` (0 to 9), ``frames``, ``p_yes`` (mean, fraction), ``share_yes``
        (fraction that is truly yes) with its Wilson interval ``low`` and ``high``. Empty bins are left out.
    """
    curve = []
    for key, group in _groups(rows, by):
        yes = (group["truth"] == "yes").to_numpy()
        place = _bin(group["p_yes"])
        for number in np.unique(place):
            in_bin = place == number
            low, high = wilson(int(yes[in_bin].sum()), int(in_bin.sum()))
            mean = float(group["p_yes"].to_numpy()[in_bin].mean())
            curve.append((*key, int(number), int(in_bin.sum()), mean, float(yes[in_bin].mean()), low, high))
    columns = [*by, "bin", "frames", "p_yes", "share_yes", "low", "high"]
    return pd.DataFrame(curve, columns=columns).astype(dict.fromkeys(by, "str"))


def calibration_error(rows: pd.DataFrame, resamplings: int, rng: np.random.Generator) -> dict[str, Any]:
    """Expected calibration error of p(yes), as a fraction, with its interval by night.

    The mean over ten equally wide bins, weighted by frames, of the distance between mean p(yes) and share of yes.

    References
    ----------
    Naeini, M. P., Cooper, G. and Hauskrecht, M. (2015). Obtaining well calibrated probabilities using Bayesian binning.
    AAAI, 2901-2907.
    """
    yes, p = (rows["truth"] == "yes").to_numpy(dtype=float), rows["p_yes"].to_numpy(dtype=float)
    weights, night = night_weights(rows["night"], resamplings, rng)
    gap, frames = np.zeros((2, weights.shape[1], BINS))
    place = (night, _bin(rows["p_yes"]))
    np.add.at(gap, place, p - yes)
    np.add.at(frames, place, 1)
    resampled = np.abs(weights @ gap).sum(1) / np.maximum((weights @ frames).sum(1), 1)
    return {
        "ece": float(np.abs(gap.sum(0)).sum() / len(rows)),
        "by_night": percentile(resampled) if weights.shape[1] >= LEAST_NIGHTS else None,
        "frames": len(rows),
    }


def claims(rows: pd.DataFrame, resamplings: int, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """Test the thesis' two claims of confusion against truth.

    The thesis concludes from the highest odds of Table 6 (Moon_Quarter & Nautical) that the network takes most frames
    without aurora for aurora there, and from the lowest (No_moon & Nautical) that it misses most there.
    ``rows`` has ``sun_bin``, ``moon_bin``, ``night``, ``truth`` and ``predicted``.

    Returns
    -------
    dict
        By ``false_positives`` and ``false_negatives``: ``condition`` claimed, ``rate`` there with its ``wilson`` interval,
        ``rank`` among the conditions (1 is highest), ``conditions`` with a rate, ``highest_at`` and ``highest_rate``,
        ``share_highest`` (of the resamplings by night in which the claimed condition has the highest rate), and
        ``predicted_odds`` and ``true_odds`` (percent) of the claimed condition; ``holds``, None where truth has no such
        frames.
    """
    hits = outcomes(rows)
    weights, night = night_weights(rows["night"], resamplings, rng)
    cell = (rows["sun_bin"] + "." + rows["moon_bin"]).to_numpy()
    names = [".".join(condition) for condition in CONDITIONS]

    def by_cell(chosen: Bools) -> npt.NDArray[np.int64]:
        """Chosen frames by condition and night."""
        return np.array([np.bincount(night[chosen & (cell == name)], minlength=weights.shape[1]) for name in names])

    tested = {}
    for claim, (rate, condition) in CLAIMS.items():
        part, whole = (by_cell(np.any([hits[kind] for kind in kinds], axis=0)) for kinds in RATES[rate])
        place = names.index(".".join(condition))
        document = {"condition": names[place], "frames": int(whole[place].sum())}
        tested[claim] = document | _highest_rate(part, whole, weights, place, names)
        if tested[claim]["holds"] is not None:
            here = rows[cell == names[place]]
            tested[claim] |= {"predicted_odds": _odds(here["predicted"]), "true_odds": _odds(here["truth"])}
    return tested


def _highest_rate(
    part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64], weights: Floats, place: int, names: Sequence[str]
) -> dict[str, Any]:
    """How the rate of the condition at ``place`` compares with that of the others; counts are (conditions, nights)."""
    rates, resampled = _divide(part.sum(1), whole.sum(1)), _divide(weights @ part.T, weights @ whole.T)
    known = np.isfinite(rates)
    if not known[place]:
        return {"conditions": int(known.sum()), "holds": None}
    highest = int(np.nanargmax(rates))
    usable = np.isfinite(resampled[:, place])
    leads = resampled[usable, place] >= np.nanmax(resampled[usable], axis=1) if usable.any() else np.array([np.nan])
    return {
        "conditions": int(known.sum()),
        "rate": float(rates[place]),
        "wilson": wilson(int(part[place].sum()), int(whole[place].sum())),
        "rank": int((rates[known] > rates[place]).sum()) + 1,
        "highest_at": names[highest],
        "highest_rate": float(rates[highest]),
        "share_highest": float(np.mean(leads)),
        "holds": highest == place,
    }


def _odds(words: pd.Series[str]) -> float | None:
    no = int((words == "no").sum())
    return 100 * int((words == "yes").sum()) / no if no else None


def _groups(rows: pd.DataFrame, by: Sequence[str]) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    if rows.empty:
        return
    yield (ALL,) * len(by), rows
    yield from ((tuple(map(str, key)), group) for key, group in rows.groupby(list(by), sort=True))


def _rate(name: str, part: int, whole: int) -> dict[str, float]:
    if not whole:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float("nan"))
    low, high = wilson(part, whole)
    return {name: part / whole, f"{name}_low": low, f"{name}_high": high}


def _bin(p_yes: pd.Series[float]) -> npt.NDArray[np.int64]:
    return np.minimum((p_yes.to_numpy(dtype=float) * BINS).astype(np.int64), BINS - 1)


def _divide(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> Floats:
    return np.asarray(part / np.where(whole > 0, whole, np.nan))
