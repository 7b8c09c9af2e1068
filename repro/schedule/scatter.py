"""How far counts may stray from a prediction when some nights are missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from repro.sky.ephemeris import Floats


def missing_nights_covariance(
    counts: npt.ArrayLike, availability: float, fitted_sums: Sequence[Sequence[int]] = ()
) -> Floats:
    """Covariance of the counts when the missing share are whole nights, drawn at random.

    Of N nights m = (1 - f) N are missing. A sum of r over the nights kept, drawn without replacement, has the variance
    m (1 - m / N) S**2, S**2 the variance of r over the nights (sampling from a finite population: Cochran 1977,
    Sampling Techniques, section 2.5). A prediction that was fitted to the sum over some cells only errs by how unlike
    a night is to that sum, so r is the night's count minus the cell's share of the night's sum.

    Parameters
    ----------
    counts : array_like, shape (cells, nights)
        Minutes with the camera on, none missing.
    availability : float
        Share f of the frames that are not missing.
    fitted_sums : sequence of sequences of int
        Cells of each sum that a prediction is fitted to; cells in none are taken as they are.

    Returns
    -------
    ndarray, shape (cells, cells)
    """
    rest = np.asarray(counts, dtype=np.float64).copy()
    for cells in fitted_sums:
        group = rest[list(cells)]
        night = group.sum(axis=0)
        rest[list(cells)] = group - group.sum(axis=1, keepdims=True) / max(night.sum(), 1.0) * night
    nights = rest.shape[1]
    if nights < 2:
        return np.zeros((len(rest), len(rest)))
    return np.asarray((1 - availability) * nights * availability * np.atleast_2d(np.cov(rest)))


def chi_square(deviation: Floats, covariance: Floats) -> tuple[float, int]:
    """Distance of counts from a prediction in units of their scatter.

    Parameters
    ----------
    deviation : ndarray, shape (cells,)
        Published minus predicted.
    covariance : ndarray, shape (cells, cells)
        Of :func:`missing_nights_covariance`; directions that the fit left without freedom are passed over.

    Returns
    -------
    tuple of float and int
        Chi-square and its degrees of freedom.
    """
    # A fitted sum has an eigenvalue of zero but for rounding, 1e-15 of the largest; a real one is above 1e-6.
    floor = 1e-10
    inverse = np.linalg.pinv(covariance, rcond=floor, hermitian=True)
    freedom = int(np.linalg.matrix_rank(covariance, tol=floor * np.abs(covariance).max(), hermitian=True))
    return float(deviation @ inverse @ deviation), freedom
