"""Probabilities that come true as often as they say, beside the published softmax and never instead of it.

A network's softmax is overconfident as a rule. Two remedies are fitted on labelled validation frames, which did not
train it: one temperature for all logits, which keeps every class, or an isotonic curve, which may bend as the frames ask.

References
----------
Guo, C., Pleiss, G., Sun, Y. and Weinberger, K. Q. (2017). On calibration of modern neural networks. ICML, 1321-1330.
Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate multiclass probability estimates. KDD,
694-699.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression, minimize_scalar

Method = Literal["temperature", "isotonic"]
Floats = npt.NDArray[np.float64]
LEAST_FRAMES = 20  # of each class, to fit anything on
TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True)
class Calibration:
    """A fitted curve from the network's logits to probabilities.

    Logits are divided by ``temperature``: above 1 the network was overconfident. The isotonic curve has ``scores``, differences
    of logits in order, and ``values``, probability of yes at each, linear between.
    """

    temperature: float | None = None
    scores: Floats | None = None
    values: Floats | None = None

    def p_yes(self, difference: Floats) -> Floats:
        """Calibrated probability of yes, shape (n,), from logit of yes less logit of no, shape (n,)."""
        if self.temperature is not None:
            return logistic(np.asarray(difference) / self.temperature)
        return np.asarray(np.interp(difference, self.scores, self.values), np.float64)  # type: ignore[arg-type]


def fit(method: Method, difference: Floats, yes: npt.NDArray[np.bool_]) -> Calibration | None:
    """Fit a calibration; None if there are fewer than LEAST_FRAMES labels of a class.

    ``temperature`` is the one with the least cross entropy, ``isotonic`` the rising curve with the least squares.
    ``difference`` (n,) is logit of yes less logit of no, ``yes`` (n,) are the labels.
    """
    difference, yes = np.asarray(difference, np.float64), np.asarray(yes, bool)
    if min(yes.sum(), (~yes).sum()) < LEAST_FRAMES:
        return None
    if method == "temperature":
        signed = np.where(yes, difference, -difference)
        least = minimize_scalar(
            lambda log: np.logaddexp(0, -signed / np.exp(log)).mean(), bounds=np.log(TEMPERATURES), method="bounded"
        )
        return Calibration(temperature=float(np.exp(least.x)))
    scores, place = np.unique(difference, return_inverse=True)
    weights = np.bincount(place)
    share = np.bincount(place, weights=yes) / weights
    return Calibration(scores=scores, values=np.asarray(isotonic_regression(share, weights=weights).x))


def logistic(difference: Floats) -> Floats:
    """Softmax of two classes, as the logistic of the difference of their logits; never overflows."""
    return np.asarray(np.exp(-np.logaddexp(0, -difference)), np.float64)
