"""Readings: what was read from the record's pictures, one table a figure, committed as CSV with its origin in the head.

Each table has a column ``error``, the standard error of ``value`` in its unit, or says in its own columns how exact it is.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from repro.errors import refuse
from repro.files import write_text
from repro.untrusted import message_of

#: Columns of each table that name a row; the others are read from the picture.
KEYS: dict[str, tuple[str, ...]] = {
    "figure3": ("quantity",),
    "figure5": ("curve", "epoch"),
    "figure6": ("panel", "sun", "moon"),
    "figure7": ("moon", "sun", "bin_from_pct"),
    "figure7_extents": ("moon", "sun"),
    "gradcam_cells": ("group", "case", "row", "column"),
    "gradcam_maps": ("group", "case"),
    "sky_circles": ("group", "case"),
    "overlay_clock": ("quantity",),
    "readme_curves": ("curve", "number"),
    "readme_table3": ("moon", "sun"),
    "readme_gradcam_cells": ("group", "case", "row", "column"),
    "readme_gradcam_maps": ("group", "case"),
    "readme_errors": ("number",),
    "slide_bars": ("sun", "series"),
}
#: Standard errors allowed between two readings of one picture by different versions of the code.
AGREEMENT_SIGMA = 3.0


@dataclass(frozen=True)
class Reading:
    """A table of readings, see :data:`KEYS`, and where it is from.

    ``origin`` has ``document``, ``document_sha256``, ``object`` and ``code`` (digest of the code that read it).
    """

    table: pd.DataFrame
    origin: Mapping[str, str] = field(default_factory=dict)


class FigureQuantity(NamedTuple):
    """A value measured on pictures of the record, in the unit that its name ends in, or that of the claim.

    ``error`` is its standard error; 0 for words, counts and printed numbers.
    """

    value: float | str | bool
    error: float = 0.0


def write_reading(folder: Path, name: str, reading: Reading) -> None:
    """Write a table as ``NAME.csv``: lines of its origin after ``#``, then the columns."""
    head = "".join(f"# {key}: {value}\n" for key, value in reading.origin.items())
    write_text(
        folder / f"{name}.csv", head + reading.table.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    )


def load_readings(folder: Path) -> dict[str, Reading]:
    """All committed tables by name.

    Raises
    ------
    ReproError
        If a table is damaged or lacks a column that names its rows.
    """
    readings = {}
    for name, keys in KEYS.items():
        source = folder / f"{name}.csv"
        if not source.is_file():
            continue
        wrong = None
        try:
            text = source.read_text(encoding="utf-8")
            origin = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("# "))
            table = pd.read_csv(io.StringIO(text), comment="#")
            if lacking := [key for key in keys if key not in table.columns]:
                wrong = f"no column {', '.join(lacking)}"
            elif table.duplicated(list(keys)).any():
                wrong = "the same row twice"
        except Exception as error:  # pandas raises whatever its parsers did not foresee
            wrong = f"{type(error).__name__}: {message_of(error)}"
        if wrong:
            remedy = "restore expected/published/readings from the repository"
            refuse(wrong, "a table of readings as stage figures writes it", str(source), remedy)
        readings[name] = Reading(table, origin)
    return readings


def differences(name: str, committed: pd.DataFrame, again: pd.DataFrame) -> list[str]:
    """Rows in which two readings of one picture differ by more than their errors allow, in words; empty if none.

    Numbers with an ``error`` may differ by :data:`AGREEMENT_SIGMA` of it; a number without one by a thousandth of itself,
    words not at all.
    """
    keys = list(KEYS[name])
    if list(committed.columns) != list(again.columns) or len(committed) != len(again):
        return [
            f"{name}: {len(again)} rows of {list(again.columns)} instead of {len(committed)} of {list(committed.columns)}"
        ]
    # A CSV file gives numbers where a reading has words of digits, or the reverse.
    typed = {key: committed[key].dtype for key in keys}
    both = committed.merge(again.astype(typed), on=keys, suffixes=("", "_again"), how="left")
    texts = []
    for column in committed.columns.difference(keys, sort=False):
        first, second = both[column], both[f"{column}_again"]
        if column == "error" or column.endswith("_error"):
            continue
        if pd.api.types.is_numeric_dtype(first) and pd.api.types.is_numeric_dtype(second):
            own = f"{column}_error" if f"{column}_error" in both.columns else "error"
            allowed = AGREEMENT_SIGMA * both[own] if own in both.columns else 1e-3 * np.maximum(abs(first), 1)
            apart = ~((first - second).abs() <= np.maximum(allowed, 1e-5))
        else:
            apart = first.astype(str) != second.astype(str)
        texts += [
            f"{name}, {', '.join(str(row[key]) for key in keys)}, {column}: {row[f'{column}_again']} instead of {row[column]}"
            for _, row in both[apart].iterrows()
        ]
    return texts
