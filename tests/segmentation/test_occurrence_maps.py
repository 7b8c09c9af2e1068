"""Maps of occurrence: counts by hour, empty bins, and sums that survive merging."""

from __future__ import annotations

import numpy as np
import pytest

from repro.segmentation.cells import CELLS
from repro.segmentation.occurrence_maps import occurrence


def test_rate_is_flagged_over_usable_images() -> None:
    """Three images of one hour, one of another: each cell's rate is its own share."""
    flags = np.zeros((4, CELLS), bool)
    flags[:2, 7] = True
    flags[3, 9] = True
    found = occurrence(flags, np.array([22.1, 22.9, 22.5, 3.0]))
    assert found.images[22] == 3
    assert found.images[3] == 1
    assert found.rate[22, 7] == pytest.approx(2 / 3)
    assert found.rate[22, 9] == 0
    assert found.rate[3, 9] == 1


def test_empty_hours_are_empty_and_not_zero() -> None:
    """An hour without images has no rate."""
    found = occurrence(np.ones((1, CELLS), bool), np.array([5.5]))
    assert np.isnan(found.rate[np.arange(24) != 5]).all()
    assert found.mean == 1.0
    nothing = occurrence(np.zeros((0, CELLS), bool), np.zeros(0))
    assert np.isnan(nothing.rate).all()
    assert np.isnan(nothing.mean)


@pytest.mark.parametrize("hours", [1, 2, 6, 24])
def test_merging_keeps_the_mean(hours: int) -> None:
    """Wider bins weigh hours by their images, so the mean of all is the same."""
    rng = np.random.default_rng(8)
    flags, mlt = rng.random((60, CELLS)) < 0.3, rng.uniform(0, 14, 60)
    found = occurrence(flags, mlt)
    merged = found.merged(hours)
    assert merged.images.sum() == 60
    assert merged.mean == pytest.approx(flags.mean())
    assert np.isnan(merged.rate[merged.images == 0]).all()
