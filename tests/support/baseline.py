"""Tables compared with the machine-made store expected/baseline; test support, no part of the library.

pytest-regressions compares values and keeps the files. What its comparison forgives is checked before: columns that are
gone, types that changed, rows that came or went.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import pytest
from pytest_regressions.dataframe_regression import DataFrameRegressionFixture

from tests.conftest import ROOT

STORE = ROOT / "expected" / "baseline"


@dataclass(frozen=True)
class Real:
    """A column of fractions, and how far a value may stray: as numpy's ``isclose`` has it."""

    atol: float
    rtol: float = 0.0


#: What a column may hold beside :class:`Real`. Whole numbers, words and moments are compared exactly; of a column that is
#: ``UNSTABLE`` only its presence is checked, since it differs from machine to machine.
WHOLE, WORDS, FLAG, MOMENT, UNSTABLE = "whole", "words", "flag", "moment", "unstable"
Kind = Real | str


def kind_of(column: pd.Series) -> str:
    """What a column holds, by its dtype alone."""
    of = pd.api.types
    tests = {
        FLAG: of.is_bool_dtype, WHOLE: of.is_integer_dtype, "real": of.is_float_dtype, MOMENT: of.is_datetime64_any_dtype,
    }  # fmt: skip
    return next((kind for kind, holds in tests.items() if holds(column.dtype)), WORDS)


class Store:
    """The store, with pytest-regressions behind it."""

    def __init__(self, regression: DataFrameRegressionFixture) -> None:
        self.regression = regression

    def check(self, name: str, table: pd.DataFrame, kinds: Mapping[str, Kind], keys: Sequence[str]) -> None:
        """Compare a table with its file ``name``, such as ``small/sky``; ``kinds`` says what every column, in order, holds."""
        __tracebackhide__ = True
        check_columns(name, table, kinds)
        stored = {column: kind for column, kind in kinds.items() if kind != UNSTABLE}
        plain = pd.DataFrame({column: _plain(table[column], kind) for column, kind in stored.items()})
        path = STORE / f"{name}.csv"
        regenerating = any(self.regression.request.config.getoption(word) for word in ("force_regen", "regen_all"))
        if path.is_file() and not regenerating:
            with path.open(newline="", encoding="utf-8") as file:
                header, *rows = csv.reader(file)
            if header[1:] != list(stored):
                found = f"the store has the columns {header[1:]}, the table {list(stored)}"
                pytest.fail(f"{name}: {found}; regenerate the baseline", pytrace=False)
            places = [header.index(key) for key in keys]
            _check_rows(name, [tuple(row[k] for k in places) for row in rows], _keys(plain, keys))
        # A tolerance for every real column and no default: a column that was forgotten would be compared with numpy's own.
        tolerances = {c: {"atol": k.atol, "rtol": k.rtol} for c, k in stored.items() if isinstance(k, Real)}
        try:
            self.regression.check(plain, fullpath=path, tolerances=tolerances, default_tolerance={"atol": 0, "rtol": 0})
        except AssertionError as error:
            raise AssertionError(f"{name}: {_with_names(str(error), _keys(plain, keys))}") from None


def check_columns(name: str, table: pd.DataFrame, kinds: Mapping[str, Kind]) -> None:
    """Check that a table has these columns in this order, and that each holds what it should."""
    __tracebackhide__ = True
    missing, extra = [c for c in kinds if c not in table], [c for c in table if c not in kinds]
    if missing or extra:
        pytest.fail(f"{name}: columns gone: {missing}; columns that are new: {extra}", pytrace=False)
    if list(table) != list(kinds):
        pytest.fail(f"{name}: columns in another order: {list(table)}", pytrace=False)
    for column, kind in kinds.items():
        expected, found = "real" if isinstance(kind, Real) else kind, kind_of(table[column])
        if expected not in (UNSTABLE, found):
            pytest.fail(f"{name}: column {column} is {found} ({table[column].dtype}), not {expected}", pytrace=False)


def _plain(column: pd.Series, kind: Kind) -> pd.Series:
    """A column as it can be written and read back: words and moments as text, nothing as an empty text."""
    column = column.reset_index(drop=True)
    if isinstance(kind, Real) or kind == FLAG or (kind == WHOLE and not column.hasnans):
        return column
    if kind == MOMENT:
        text = [moment.isoformat() if pd.notna(moment) else "" for moment in column]
    else:
        text = ["" if pd.isna(value) else str(value) for value in column]
    return pd.Series(text, dtype=object)


def _keys(plain: pd.DataFrame, keys: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in plain[list(keys)].itertuples(index=False)]


def _check_rows(name: str, stored: list[tuple[str, ...]], found: list[tuple[str, ...]]) -> None:
    __tracebackhide__ = True
    if stored == found:
        return
    gone, new = [row for row in stored if row not in found], [row for row in found if row not in stored]
    lines = [f"{name}: {len(stored)} rows are stored, {len(found)} were made"]
    lines += [f"  - {', '.join(row)}" for row in gone[:20]] + [f"  + {', '.join(row)}" for row in new[:20]]
    if not gone and not new:
        lines.append("  the same rows in another order")
    pytest.fail("\n".join(lines), pytrace=False)


def _with_names(message: str, names: Sequence[tuple[str, ...]]) -> str:
    """The comparison's tables with each row's name instead of its number."""
    return re.sub(r"^(\d+)(?= )", lambda row: " ".join(names[int(row[1])]), message, flags=re.MULTILINE)
