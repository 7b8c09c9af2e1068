"""What repairs misread stamps: the thesis' Table 1, glyphs that are taken for others, and the line through a night."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.clock.confusions import NOTHING, ConfusionModel, agreement, confusions
from repro.clock.formats import ClockFormat, Moment
from repro.clock.table1 import RULES, repair
from repro.clock.timeline import StampReading, fit
from tests.support.camera import SLASHES

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


@pytest.mark.parametrize(
    ("printed", "read", "pair"),
    [
        ("18:19:54", "18:49:54", ("1", "4")),
        ("18:19:54", "18:1954", (":", NOTHING)),
        ("18:19:54", "418:19:54", (NOTHING, "4")),
    ],
)
def test_the_one_confusion_is_found(printed: str, read: str, pair: tuple[str, str]) -> None:
    """One glyph misread, lost or added is found, and all others are seen as right."""
    pairs = confusions(printed, read, ConfusionModel())
    assert {p: n for p, n in pairs.items() if p[0] != p[1]} == {pair: 1}
    assert sum(n for p, n in pairs.items() if p[0] == p[1]) == len(printed) - (pair[0] != NOTHING)


def test_what_was_seen_becomes_likelier() -> None:
    """After 1 was often read as 4, that reading costs less, and 1 read as 7 costs more."""
    before = ConfusionModel()
    after = ConfusionModel({("1", "4"): 50, ("1", "1"): 500})
    assert after.cost("1", "4") < before.cost("1", "4")
    assert after.cost("1", "7") > before.cost("1", "7")


def test_agreement_counts_only_the_digits_of_time() -> None:
    """A stamp whose date is right and whose time was lost agrees in one digit at most, by chance."""
    places = (9, 10, 12, 13, 15, 16)
    assert agreement("24/01/31 18:19:54", "24/01/31", places, ConfusionModel()) <= 1 / 6
    assert agreement("24/01/31 18:19:54", "24/01/31 18:19:5", places, ConfusionModel()) == pytest.approx(5 / 6)


def reading(number: int, second: float) -> StampReading:
    """A reading so many seconds after a night's start."""
    return StampReading(number, Moment(1_706_750_394 + int(second), -25200, ClockFormat(SLASHES)))


def test_a_step_that_is_no_whole_second_is_found() -> None:
    """A cadence of 60.475 s, read in whole seconds, is found to a fiftieth of a second and breaks nothing."""
    line = fit([reading(n, 60.475 * n) for n in range(200)], 59, 2)
    assert line.step_s == pytest.approx(60.475, abs=0.02)
    assert line.breaks == ()


@pytest.mark.parametrize(
    ("off_s", "wrong"), [*((off_s, range(50, 51)) for off_s in (3600, -3600, 600, 40, -9)), (1800, range(40, 50))]
)
def test_misreadings_are_not_on_the_line(off_s: int, wrong: range) -> None:
    """A reading that is off, however far, or ten in a row, as 18:4x for 18:1x, are left out: time does not run back."""
    line = fit([reading(n, 60 * n + off_s * (n in wrong)) for n in range(100)], 60, 2)
    assert [r.number for r in line.readings] == [n for n in range(100) if n not in wrong]
    assert line.breaks == ()


def test_no_readings_no_line() -> None:
    """Without readings the line is empty and has the nominal step."""
    line = fit([], 60.5, 2)
    assert (line.readings, line.step_s) == ((), 60.5)
