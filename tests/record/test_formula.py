"""The language of formulas: what it computes, and that nothing else can be reached through it."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.record.formula import FormulaError, evaluate, references, unresolved
from tests.support.claims import made_up_claims

VALUES = {
    "T.A.X": 3, "T.B.X": 5, "T.C.X": 4, "T.A.Y": 10, "F.E1": 0.3, "F.E2": 0.1, "F.E10": 0.2,
    "D.A": 1, "D.B": 2, "D.B.C": 100,
    "W.DAY": "2022-12-01", "W.TIME": "2024-01-31 18:19:54", "W.YES": True,
}  # fmt: skip
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
        ("total('D.*')", 3),  # a pattern does not reach into deeper ids
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


#: Formulas without a value, by the reason that is given.
REFUSED = {
    "no registered claim": ["T.A.Z", "T.A.X.__class__", "(1).real", "abs(abs)"],
    "no claim matches": ["total('T.*.Z')"],
    "not a number": ["total('W.*')"],
    "cannot read": ["T.A.X +", "", "x = 1", "(" * 500 + "1" + ")" * 500],
    "cannot evaluate": [
        "T.A.X / (T.B.X - 5)", "days('yesterday', 'today')", "days('2024-02-01T10:00', '2024-02-02')", "replaced(1, 2, 3)",
    ],
    "texts can only be joined": ["'a' * 1000000000", "'a' + 1"],
    "not part of the language": [
        "open('/etc/passwd')", "__import__('os')", "'a'.upper()", "(lambda: 1)()", "[1, 2]", "[a for a in 'abc']", "{1: 2}",
        "f'{1}'", "1 if W.YES else 2", "(a := 1)", "not W.YES", "1 << 4", "1 in (1, 2)", "'abc'[0]", "round(number=2.6)",
        "total('T.*.X', 'T.*.Y')", "abs(*'abc')", "b'bytes'", "None", "10 ** 16 ** 16", "7 // 2", "7 % 2",
        "T.A.X == 1 or T.B.X == 5",
    ],
}  # fmt: skip


@pytest.mark.parametrize(("formula", "says"), [(formula, says) for says in REFUSED for formula in REFUSED[says]])
def test_refusal(formula: str, says: str) -> None:
    """Anything outside the language, and anything without a value, is refused with the reason."""
    with pytest.raises(FormulaError, match=says):
        evaluate(formula, CLAIMS)


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=9))
def test_patterns_agree_with_plain_arithmetic(numbers: list[int]) -> None:
    """Totals, means and extremes over a pattern are those of the values."""
    claims = made_up_claims({f"N.A{place}": number for place, number in enumerate(numbers)})
    assert evaluate("total('N.*')", claims) == sum(numbers)
    assert evaluate("count('N.*')", claims) == len(numbers)
    assert evaluate("mean('N.*')", claims) == pytest.approx(math.fsum(numbers) / len(numbers))
    assert evaluate("lowest('N.*')", claims) == min(numbers)
    assert evaluate("number(where_highest('N.*'))", claims) == numbers.index(max(numbers))


def test_references_are_ids_and_patterns_only() -> None:
    """Dates, separators, names of tests and of functions are no references; ids in quotes are."""
    formula = "total('T.*.X') + T.A.Y * days('2024-02-01', W.DAY) + number(part(replaced(W.TIME, ' ', '-'), 0, 4))"
    assert references(formula) == {"T.*.X", "T.A.Y", "W.DAY", "W.TIME"}
    assert references("p_value_fits('T.P', 't', 'T.T', T.N)") == {"T.P", "T.T", "T.N"}


def test_unresolved_names_what_is_not_registered() -> None:
    """Ids and patterns without a claim are named, others are not."""
    assert unresolved("T.A.X + T.Q + total('U.*') + total('T.*.X')", CLAIMS) == ["T.Q", "U.*"]
