"""Intervals: of a proportion against published values, by night against the theory of cluster sampling."""

import numpy as np
import pytest

from repro.intervals import night_weights, percentile, ratio_by_night, wilson


def test_wilson_against_a_published_table() -> None:
    """The score intervals that Newcombe (1998, Statistics in Medicine 17, 857-872, Table I) prints come back."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(629, 658) == pytest.approx((0.93742, 0.96914), abs=5e-5)


def test_nights_are_drawn_whole() -> None:
    """Every resampling draws as many nights as there are, and all frames of a night share its weight."""
    nights = np.array(["b", "a", "b", "c"])
    weights, place = night_weights(nights, 500, np.random.default_rng(0))
    assert weights.shape == (500, 3)
    assert (weights.sum(1) == 3).all()
    assert place.tolist() == [1, 0, 1, 2]


def test_bootstrap_by_night_knows_that_frames_of_a_night_agree() -> None:
    """Where frames of a night are all right or all wrong, the interval is as wide as for nights, not for frames.

    With 40 nights of 25 equal frames, the standard error is sqrt(p (1 - p) / 40), five times that of 1,000 frames.
    """
    rng = np.random.default_rng(1)
    right = np.repeat(rng.random(40) < 0.8, 25)
    values = ratio_by_night(right, np.ones(1000), np.repeat(np.arange(40), 25), 4000, rng)
    p = right.mean()
    assert values.mean() == pytest.approx(p, abs=0.005)
    assert values.std() == pytest.approx(np.sqrt(p * (1 - p) / 40), rel=0.05)


def test_ratio_without_denominator() -> None:
    """A resampling whose denominator is empty has no ratio, and the interval is taken over the others."""
    values = ratio_by_night([1, 0, 0, 0, 0], [1, 0, 0, 0, 0], list("abcde"), 400, np.random.default_rng(0))
    assert set(values[np.isfinite(values)]) == {1.0}
    assert 0.25 < np.isnan(values).mean() < 0.41  # (4/5)^5 = 0.33 of the resamplings never draw a
    assert percentile(values) == (1.0, 1.0)
    assert percentile(np.array([np.nan])) is None


@pytest.mark.parametrize(("nights", "known"), [(4, False), (5, True)])
def test_a_few_nights_give_no_interval(nights: int, known: bool) -> None:
    """Four nights are too few to resample; five are not."""
    right, night = np.tile([1, 0], nights), np.repeat(np.arange(nights), 2)
    values = ratio_by_night(right, np.ones(2 * nights), night, 100, np.random.default_rng(0))
    assert (percentile(values) is not None) is known
