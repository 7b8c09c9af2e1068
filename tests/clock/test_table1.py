"""The thesis' Table 1."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.clock.table1 import RULES, repair

#: Rule, example before and after, in the order of Table 1. Its sixth row is printed with and without a space.
PUBLISHED = [
    ("leading_a4", "A4-01-31 18:19:54", "4-01-31 18:19:54"),
    ("leading_a0", "A0-01-31 18:19:54", "4-01-31 18:19:54"),
    ("day_4x", "4-01-41 18:19:54", "4-01-11 18:19:54"),
    ("day_34", "4-01-34 18:19:54", "4-01-31 18:19:54"),
    ("hour_over_24", "4-01-31 28:19:54", "4-01-31 18:19:54"),
    ("extra_4_before_hour", "4-01-31 418:19:54", "4-01-31 18:19:54"),
    ("extra_4_before_hour", "4-01-31 4 18:19:54", "4-01-31 18:19:54"),
    ("extra_4_before_minute", "4-01-31 18:419:54", "4-01-31 18:19:54"),
]


@pytest.mark.parametrize(("rule", "before", "after"), PUBLISHED)
def test_a_rule_repairs_its_published_example(rule: str, before: str, after: str) -> None:
    """Each rule turns the left of its row into the right, with a whole year and zone too; all together name that rule."""
    assert re.sub(*RULES[rule], before) == after
    assert repair(before) == (after, [rule])
    assert re.sub(*RULES[rule], f"202{before} MST") == f"202{after} MST"


def test_order_is_as_published() -> None:
    """There are seven rules, in the order of Table 1."""
    assert list(RULES) == list(dict.fromkeys(rule for rule, _, _ in PUBLISHED))


def test_several_faults_are_repaired_in_order() -> None:
    """Two faults in one stamp are repaired by two rules, named in the published order."""
    assert repair("A4-01-34 28:19:54") == ("4-01-31 18:19:54", ["leading_a4", "day_34", "hour_over_24"])


@given(
    moment=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 12, 31)),
    form=st.sampled_from(["%Y-%m-%d %H:%M:%S MST", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S"]),
    cut=st.sampled_from([0, 3]),
)
def test_a_valid_stamp_is_left_alone(moment: datetime, form: str, cut: int) -> None:
    """No rule changes a stamp that is valid, whole or with the year cut to its last digit."""
    stamp = moment.strftime(form)[cut:]
    assert repair(stamp) == (stamp, [])
