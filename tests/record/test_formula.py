"""The language of formulas: what it computes, and that nothing else can be reached through it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.record.formula import FUNCTIONS, FormulaError, evaluate, references, unresolved
from tests.support.claims import made_up_claims

VALUES = {
    "T.A.X": 3,
    "T.B.X": 5,
    "T.C.X": 4,
    "T.A.Y": 10,
    "F.E1": 0.3,
    "F.E2": 0.1,
    "F.E10": 0.2,
    "W.DAY": "2022-12-01",
    "W.TIME": "2024-01-31 18:19:54",
    "W.YES": True,
}


CLAIMS = made_up_claims(VALUES, decimals=6)


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("T.A.X + T.B.X * 2", 13),
        ("(T.A.X + T.B.X) / 2", 4),
        ("-T.A.X / 2 + 7", 5.5),
        ("T.A.X < T.C.X < T.B.X", True),
        ("T.A.X >= 3 and T.B.X == 5 and W.YES", True),
        ("total('T.*.X')", 12),
        ("mean('T.*.X')", 4),
        ("count('T.*.*')", 4),
        ("lowest('F.*')", 0.1),
        ("highest('T.*.X')", 5),
        ("where_highest('T.*.X')", "B"),
        ("where_highest('T.*.*')", "A.Y"),
        ("number(where_lowest('F.*'))", 2),
        ("number(where_lowest('F.E1*'))", 10),
        ("round(2.6) + floor(2.6) + abs(-1)", 6),
        ("days('2024-02-01', '2024-04-30')", 90),
        ("shifted(W.DAY, 24 * 31)", "2023-01-01"),
        ("shifted(W.TIME, 7)", "2024-02-01 01:19:54"),
        ("hours(W.TIME, '2024-01-31 12:19:54')", -6),
        ("part(W.DAY, 0, 4)", "2022"),
        ("'x' + replaced(W.DAY, '-', '/')", "x2022/12/01"),
        ("digits(W.TIME)", 14),
        ("items('arc, radial, diffuse')", 3),
        ("'text'", "text"),
    ],
)
def test_value(formula: str, value: Any) -> None:
    """A formula gives what its reading on paper gives."""
    result = evaluate(formula, CLAIMS)
    assert result == (pytest.approx(value) if isinstance(value, float) else value)
    assert isinstance(result, bool) == isinstance(value, bool)


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("T.A.Z", "no registered claim"),
        ("total('T.*.Z')", "no claim matches"),
        ("total('W.*')", "not a number"),
        ("T.A.X / (T.B.X - 5)", "cannot evaluate"),
        ("T.A.X +", "cannot read"),
        ("", "cannot read"),
        ("x = 1", "cannot read"),
        ("(" * 500 + "1" + ")" * 500, "cannot read"),
        ("open('/etc/passwd')", "not part of the language"),
        ("__import__('os')", "not part of the language"),
        ("T.A.X.__class__", "no registered claim"),
        ("(1).real", "no registered claim"),
        ("'a'.upper()", "not part of the language"),
        ("abs(abs)", "no registered claim"),
        ("(lambda: 1)()", "not part of the language"),
        ("[1, 2]", "not part of the language"),
        ("[a for a in 'abc']", "not part of the language"),
        ("{1: 2}", "not part of the language"),
        ("f'{1}'", "not part of the language"),
        ("1 if W.YES else 2", "not part of the language"),
        ("(a := 1)", "not part of the language"),
        ("not W.YES", "not part of the language"),
        ("1 << 4", "not part of the language"),
        ("1 in (1, 2)", "not part of the language"),
        ("'abc'[0]", "not part of the language"),
        ("round(number=2.6)", "not part of the language"),
        ("total('T.*.X', 'T.*.Y')", "not part of the language"),
        ("abs(*'abc')", "not part of the language"),
        ("b'bytes'", "not part of the language"),
        ("None", "not part of the language"),
        ("10 ** 16 ** 16", "not part of the language"),
        ("7 // 2", "not part of the language"),
        ("7 % 2", "not part of the language"),
        ("T.A.X == 1 or T.B.X == 5", "not part of the language"),
        ("'a' * 1000000000", "texts can only be joined"),
        ("'a' + 1", "texts can only be joined"),
        ("days('yesterday', 'today')", "cannot evaluate"),
        ("days('2024-02-01T10:00', '2024-02-02')", "cannot evaluate"),
        ("replaced(1, 2, 3)", "cannot evaluate"),
    ],
)
def test_refusal(formula: str, says: str) -> None:
    """Anything outside the language, and anything without a value, is refused with the reason."""
    with pytest.raises(FormulaError, match=says):
        evaluate(formula, CLAIMS)


@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            ["T.A.X", "W.DAY", "'T.*.X'", "7", "0", "+", "-", "*", "/", "**", "<", "(", ")", ",", *FUNCTIONS]
        ),
        max_size=12,
    ).map(" ".join)
)
def test_any_text_gives_a_plain_value_or_is_refused(formula: str) -> None:
    """Whatever is written in a formula, the result is a plain value or a FormulaError."""
    try:
        result = evaluate(formula, CLAIMS)
    except FormulaError:
        return
    assert isinstance(result, bool | int | float | str)


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=9))
def test_patterns_agree_with_plain_arithmetic(numbers: list[int]) -> None:
    """Totals, means and extremes over a pattern are those of the values."""
    claims = made_up_claims({f"N.A{place}": number for place, number in enumerate(numbers)})
    assert evaluate("total('N.*')", claims) == sum(numbers)
    assert evaluate("count('N.*')", claims) == len(numbers)
    assert evaluate("mean('N.*')", claims) == pytest.approx(math.fsum(numbers) / len(numbers))
    assert evaluate("lowest('N.*')", claims) == min(numbers)
    assert evaluate("number(where_highest('N.*'))", claims) == numbers.index(max(numbers))


def test_a_star_stands_for_one_part() -> None:
    """A pattern does not reach into deeper ids."""
    claims = made_up_claims({"T.A": 1, "T.B": 2, "T.B.C": 100})
    assert evaluate("total('T.*')", claims) == 3


def test_references_are_ids_and_patterns_only() -> None:
    """Dates, separators and function names of a formula are no references."""
    formula = "total('T.*.X') + T.A.Y * days('2024-02-01', W.DAY) + number(part(replaced(W.TIME, ' ', '-'), 0, 4))"
    assert references(formula) == {"T.*.X", "T.A.Y", "W.DAY", "W.TIME"}


def test_unresolved_names_what_is_not_registered() -> None:
    """Ids and patterns without a claim are named, others are not."""
    assert unresolved("T.A.X + T.Q + total('U.*') + total('T.*.X')", CLAIMS) == ["T.Q", "U.*"]
