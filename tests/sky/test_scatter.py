"""The scatter of counts when whole nights are missing."""

from __future__ import annotations

import numpy as np
import pytest

from repro.schedule.scatter import chi_square, missing_nights_covariance


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    """Minutes of three cells over 200 nights that differ a lot."""
    return np.random.default_rng(3).gamma(2.0, [[40.0], [20.0], [5.0]], size=(3, 200))


def test_covariance_agrees_with_drawing_nights_at_random(counts: np.ndarray) -> None:
    """The formula's standard deviations, with and without a fitted sum, are those of twenty thousand random draws."""
    rng = np.random.default_rng(4)
    kept, drawn = 188, 20_000
    order = rng.permuted(np.tile(np.arange(200), (drawn, 1)), axis=1)[:, :kept]
    sums = counts[:, order].sum(axis=2)
    free = missing_nights_covariance(counts, kept / 200)
    np.testing.assert_allclose(np.sqrt(np.diag(free)), sums.std(axis=1), rtol=0.03)

    # Fitted: the availability of each draw is its sum over the sum of all nights, and scales the prediction.
    predicted = counts.sum(axis=1)[:, None] * sums.sum(axis=0) / counts.sum()
    fitted = missing_nights_covariance(counts, kept / 200, [(0, 1, 2)])
    np.testing.assert_allclose(np.sqrt(np.diag(fitted)), (sums - predicted).std(axis=1), rtol=0.03)


def test_a_fitted_sum_does_not_vary(counts: np.ndarray) -> None:
    """The cells of a fitted sum only trade frames with each other."""
    covariance = missing_nights_covariance(counts, 0.9, [(0, 1)])
    assert covariance[:2, :2].sum() == pytest.approx(0.0, abs=1e-6 * covariance[0, 0])
    assert covariance[2, 2] == pytest.approx(missing_nights_covariance(counts, 0.9)[2, 2])


def test_nothing_missing_means_no_scatter(counts: np.ndarray) -> None:
    """With every frame there, and with a single night, the model has no scatter to offer."""
    assert (missing_nights_covariance(counts, 1.0) == 0).all()
    assert (missing_nights_covariance(counts[:, :1], 0.9) == 0).all()


def test_chi_square_counts_squared_deviations_in_free_directions() -> None:
    """For independent cells it is the sum of squares; a direction without freedom adds neither distance nor freedom."""
    assert chi_square(np.array([2.0, -3.0]), np.diag([1.0, 9.0])) == (pytest.approx(5.0), 2)
    tied = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert chi_square(np.array([2.0, -2.0]), tied) == (pytest.approx(4.0), 1)
    assert chi_square(np.array([1.0, 1.0]), tied) == (pytest.approx(0.0, abs=1e-12), 1)
