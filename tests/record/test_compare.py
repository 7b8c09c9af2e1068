"""The comparator, on made-up claims and by its properties."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.record.claims import Claim
from repro.record.comparator import Measured, compare
from tests.support.claims import made_up


def claim(value: Any, *, decimals: int = 0, **rule: Any) -> Claim:
    """A made-up claim with one ephemeris rule."""
    return made_up(value=value, decimals=decimals, ephemeris=rule)


def outcome(published: Claim, measured: Any) -> str:
    """Outcome of the made-up claim's one rule."""
    (evidence,) = published.evidence
    return compare(published, evidence, Measured(measured)).outcome


@pytest.mark.parametrize(
    ("published", "measured", "expected"),
    [
        (claim(10), 10, "confirmed"),
        (claim(10), 11, "contradicted"),
        (claim(79.6, decimals=1, rule="rounds_to"), 79.577, "confirmed"),
        (claim(79.6, decimals=1, rule="rounds_to"), 79.651, "contradicted"),
        (claim(79.6, decimals=1, rule="rounds_to"), 79.65, "confirmed"),  # a half step may round either way
        (claim(100, rule="relative", tolerance=0.01), 101, "consistent"),
        (claim(100, rule="relative", tolerance=0.01), 101.1, "contradicted"),
        (claim(-100, rule="relative", tolerance=0.01), -101, "consistent"),
        (claim(5, rule="absolute", tolerance=2), 3, "consistent"),
        (claim(5, rule="absolute", tolerance=2), 2.9, "contradicted"),
        (claim(5, rule="interval"), (5, 6), "consistent"),
        (claim(5, rule="interval"), (5.1, 6), "contradicted"),
        (claim(5, rule="at_most"), 5, "consistent"),
        (claim(5, rule="at_most"), 5.1, "contradicted"),
        (claim(5, rule="at_least"), 5, "consistent"),
        (claim(5, rule="at_least"), 4.9, "contradicted"),
        (claim("E10"), "E10", "confirmed"),
        (claim(True), False, "contradicted"),
        (claim(1), True, "error"),  # a truth value is no count
        (claim("1"), 1, "error"),
        (claim(5, rule="interval"), 5, "error"),
        (claim(5), (4, 6), "error"),
        (claim(5), math.nan, "error"),
        (made_up(value=2), 2, "confirmed"),
        (made_up(value=2), 3, "source_conflict"),  # by arithmetic
    ],
)
def test_outcome(published: Claim, measured: Any, expected: str) -> None:
    """Each rule gives the outcome that its definition says, at and beside its edge."""
    assert outcome(published, measured) == expected


finite = st.floats(-1e9, 1e9).map(lambda number: round(number, 3))


@given(value=finite, shift=st.floats(-10, 10), small=st.floats(0.001, 5), more=st.floats(0, 5))
def test_wider_tolerance_never_fails_what_passed(value: float, shift: float, small: float, more: float) -> None:
    """A tolerance made wider keeps every comparison that held."""
    narrow = claim(value, decimals=3, rule="absolute", tolerance=small)
    wide = claim(value, decimals=3, rule="absolute", tolerance=small + more)
    if outcome(narrow, value + shift) == "consistent":
        assert outcome(wide, value + shift) == "consistent"


@given(value=st.integers(-(10**8), 10**8), decimals=st.integers(0, 6), direction=st.sampled_from([-1, 1]))
def test_a_value_confirms_itself_and_no_other(value: int, decimals: int, direction: int) -> None:
    """Any printed value is confirmed by itself, exactly and to its digits, and contradicted by its neighbours."""
    printed, beside = (round(steps / 10**decimals, decimals) for steps in (value, value + direction))
    for rule in ("exact", "rounds_to"):
        published = claim(printed, decimals=decimals, rule=rule)
        assert outcome(published, printed) == "confirmed"
        assert outcome(published, beside) == "contradicted"


@given(
    measured=st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.tuples(st.floats(), st.floats())
)
def test_comparator_always_answers(measured: Any) -> None:
    """Whatever is measured, the comparator gives one of these outcomes and never raises."""
    for rule in ({"rule": "exact"}, {"rule": "interval"}, {"rule": "relative", "tolerance": 0.5}):
        assert outcome(claim(7, **rule), measured) in ("confirmed", "consistent", "contradicted", "not_run", "error")
