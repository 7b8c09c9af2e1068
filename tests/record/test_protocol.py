"""Bounds of the published procedure, against direct enumeration."""

from itertools import product

import pytest

from repro.record.claims import Claims
from repro.record.protocol import floor_split_bounds, protocol_quantities
from tests.support.claims import replacing


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


def test_a_bound_that_cannot_be_derived_says_why(claims: Claims) -> None:
    """Too few dates, no dates at all, or a claim that is a word: the bound is missing, with its reason, and others stay."""
    quantities, missing = protocol_quantities(claims, {"sample.dates": 235})
    assert quantities["split.train_yes"] == (895, 1082)
    assert not missing
    quantities, missing = protocol_quantities(claims, {"sample.dates": 54})
    assert "split.train_yes" not in quantities
    assert "do not fit on 54 dates" in missing["protocol:split.train_yes"]
    quantities, missing = protocol_quantities(claims, {})
    assert "sample.dates" in missing["protocol:split.train_yes"]
    assert "accuracy.wilson.best" in quantities
    word = replacing(claims, claims["SPLIT.VAL_YES"].model_copy(update={"value": "many"}))
    assert "SPLIT.VAL_YES is not a number" in protocol_quantities(word, {"sample.dates": 235})[1]["protocol:accuracy"]


def test_a_bound_without_its_claims_names_them() -> None:
    """Where a claim is not registered, the reason names it."""
    quantities, missing = protocol_quantities(Claims([]), {"sample.dates": 235})
    assert not quantities
    assert missing["protocol:split.lost_to_floor"] == "claim SPLIT.LABELLED_YES is not registered"
