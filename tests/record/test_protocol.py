"""Bounds of the published procedure, against direct enumeration."""

from __future__ import annotations

from itertools import product

import pytest

from repro.intervals import wilson
from repro.record.claims import Claims
from repro.record.protocol import floor_split_bounds, protocol_quantities


@pytest.mark.parametrize(("images", "dates", "per_date"), [(7, 3, 4), (12, 3, 6), (10, 2, 5), (5, 4, 3), (0, 2, 3)])
def test_bounds_are_those_of_all_possible_dates(images: int, dates: int, per_date: int) -> None:
    """The fewest and most training images are those found by trying every way to spread the images over the dates."""
    possible = [
        sum(int(0.8 * n + 1e-9) for n in spread)
        for spread in product(range(per_date + 1), repeat=dates)
        if sum(spread) == images
    ]
    assert floor_split_bounds(images, dates, per_date) == (min(possible), max(possible))


def test_images_that_do_not_fit_are_refused() -> None:
    """More images than the dates can hold are an error, not a bound."""
    with pytest.raises(ValueError, match="do not fit"):
        floor_split_bounds(41, 2, 20)


def test_a_sky_with_too_few_dates_gives_no_bound(claims: Claims) -> None:
    """Under a reading that offers too few dates nothing is said of the split, and nothing breaks."""
    quantities = protocol_quantities(claims, {"sample.dates": 54})
    assert "split.train_yes" not in quantities
    assert protocol_quantities(claims, {"sample.dates": 235})["split.train_yes"] == (895, 1082)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(629, 658, 0.93742, 0.96914), (81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (15, 148, 0.0624, 0.1605)],
)
def test_wilson_interval(successes: int, trials: int, low: float, high: float) -> None:
    """Intervals agree with Newcombe (1998, Statistics in Medicine 17, table I, method 3) and with the formula by hand."""
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)
