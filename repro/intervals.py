"""Confidence intervals: of a proportion, and of any statistic when frames of one night belong together."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
#: With fewer nights no interval by night is given: k nights can be drawn in few ways (3 for two nights, 126 for five), so the
#: interval would be far too narrow.
LEAST_NIGHTS = 5
#: Resamplings of nights behind an interval of the stages train and gradcam.
RESAMPLINGS = 2000


def wilson(successes: float, trials: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson score interval of a proportion: its lower and upper end, as fractions.

    ``0 <= successes <= trials`` and ``trials > 0``; they need not be whole, as after a design effect. ``confidence`` is between
    0 and 1. Source: Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
    """
    # The closed form, as scipy.stats takes a second to import and every command needs this.
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2)) / (1 + z**2 / trials)
    return (0.0 if successes == 0 else centre - half), (1.0 if successes == trials else centre + half)


def night_weights(
    nights: npt.ArrayLike, resamplings: int, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.intp]]:
    """How often each night occurs in each resampling, for a bootstrap by night.

    Frames of one night are a minute apart and far from independent, so whole nights are drawn with replacement; ``nights``
    has the night of each frame, shape (n,). Gives the times each night was drawn, shape (resamplings, nights), whose rows sum
    to the number of nights, and the column of each frame's night, shape (n,). Source: Davison, A. C. and Hinkley, D. V.
    (1997). Bootstrap Methods and their Application, section 3.8.
    """
    names, place = np.unique(np.asarray(nights), return_inverse=True)
    count = len(names)
    return rng.multinomial(count, np.full(count, 1 / count), size=resamplings).astype(np.float64), place


def ratio_by_night(
    numerator: npt.ArrayLike,
    denominator: npt.ArrayLike,
    nights: npt.ArrayLike,
    resamplings: int,
    rng: np.random.Generator,
) -> Floats:
    """A ratio of two sums over frames, such as an accuracy, in each resampling of nights.

    The three arrays have one element a frame, shape (n,). The ratios, shape (resamplings,), are NaN where a resampling's
    denominator is 0, and everywhere with fewer than :data:`LEAST_NIGHTS` nights.
    """
    weights, place = night_weights(nights, resamplings, rng)
    if weights.shape[1] < LEAST_NIGHTS:
        return np.full(resamplings, np.nan)
    above, below = (
        weights @ np.bincount(place, np.asarray(part, dtype=np.float64), minlength=weights.shape[1])
        for part in (numerator, denominator)
    )
    ratios: Floats = np.divide(above, below, out=np.full(resamplings, np.nan), where=below != 0)
    return ratios


def percentile(values: Floats, *, confidence: float = 0.95) -> tuple[float, float] | None:
    """Percentile interval of resampled values; None if all are NaN."""
    kept = values[np.isfinite(values)]
    if not kept.size:
        return None
    low, high = np.quantile(kept, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)
