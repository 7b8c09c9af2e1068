"""Cells of Tables 2, 3 and 6 that moved, counted and predicted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from repro.audit.claim_moves import read_both
from repro.audit.outputs import RECEIPTS, Pair, StoredFile, is_table
from repro.audit.revision import flat
from repro.params import Window
from repro.schedule.record_nights import covers

Number = float | int
Bins = Counter[tuple[str, str]]
_BINS = {"night", "astro", "nautical", "civil", "day", "no_moon", "moon_quarter", "moon_full"}


@dataclass(frozen=True)
class CellMove:
    """A number of a table that moved; None where a revision does not have it."""

    table: str
    cell: str
    before: Number | None
    after: Number | None

    @property
    def printed(self) -> bool:
        """Whether the record prints such a table; the others are the project's own."""
        return self.table.startswith("Table ")


def cell_moves(pair: Pair) -> list[CellMove]:
    """Cells that moved: counted from the frames, predicted by the schedule, and of the softmax stage."""
    return [*_counted(pair), *_predicted(pair), *_softmax(pair)]


def moved(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[CellMove]:
    """Cells of one table that differ."""
    keys = dict.fromkeys((*after, *before))
    return [CellMove(table, key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def _counted(pair: Pair) -> list[CellMove]:
    """Tables 2 and 3 of the frames, over all nights, if any night's table of the sky differs."""
    changes = [change for change in pair.changes("sky") if is_table(change.name)]
    if not changes:
        return []
    published = _published(pair)
    # Tables that differ are read on both sides, the others once. If one of the others is missing, no move is hidden, but
    # only the nights that differ are counted.
    differing = {(change.output, change.name) for change in changes}
    unchanged: dict[bool, Bins] = {True: Counter(), False: Counter()}
    complete = True
    for file in pair.files(pair.after, "sky"):
        if is_table(file.name) and (file.output, file.name) not in differing:
            counts = _bins(pair, file, quiet=True)
            complete &= counts is not None
            unchanged[published(file.name)] += counts or Counter()
    totals = []
    for files in ([change.before for change in changes], [change.after for change in changes]):
        total = {scope: counts.copy() if complete else Counter() for scope, counts in unchanged.items()}
        for file in filter(None, files):
            counts = _bins(pair, file)
            if counts is None:
                return []  # the gap is recorded; a partial count would look like a move
            total[published(file.name)] += counts
        totals.append(total)
    rows = []
    for scope, title in ((True, "frames"), (False, "later nights' frames")):
        title += "" if complete else " of the nights that differ"
        one, two = (total[scope] for total in totals)
        rows += moved(f"Table 2, {title}", _margins(one), _margins(two))
        rows += moved(f"Table 3, {title}", _joint(one), _joint(two))
    return rows


def _published(pair: Pair) -> Callable[[str], bool]:
    """Test for a night's file: is the night one that the record covers? Later nights never move a published number."""
    schedule = pair.after.stages.get("schedule")
    listed = schedule.params.get("schedule.windows") if schedule else None
    windows = [Window.model_validate(window) for window in listed or ()]

    def inside(name: str) -> bool:
        night = re.search(r"\d{8}", name)
        return not windows or not night or covers(windows, night[0])

    return inside


def _bins(pair: Pair, file: StoredFile, *, quiet: bool = False) -> Bins | None:
    columns = ["sun_bin", "moon_bin"]
    table = pair.table(file, keep=columns.__contains__, quiet=quiet)
    if table is not None and table.shape[1] < 2:
        if not quiet:
            pair.add_gap(file, "damaged, no table of conditions")
        return None
    return None if table is None else Counter(table[columns].dropna().itertuples(index=False, name=None))


def _margins(counts: Bins) -> dict[str, int]:
    margins: Counter[str] = Counter({"all frames": sum(counts.values())})
    for cell, count in counts.items():
        margins.update(dict.fromkeys(cell, count))
    return dict(margins)


def _joint(counts: Bins) -> dict[str, int]:
    return {", ".join(cell): count for cell, count in counts.items()}


def _predicted(pair: Pair) -> list[CellMove]:
    """Numbers of ``schedule.json``: cells of Tables 2 and 3, and all others."""
    rows = []
    for change in pair.changes("schedule"):
        if change.name != "schedule.json":
            continue
        documents = read_both(pair, change) or ({}, {})
        one, two = ((document or {}).get("quantities", {}) for document in documents)
        cells = [move for move in moved("", one, two) if not move.cell.startswith("sd.")]
        rows += [replace(move, table=_predicted_table(move.cell)) for move in cells]
    return rows


def _predicted_table(cell: str) -> str:
    words = cell.removeprefix("share.").split(".")
    if not set(words) <= _BINS:
        return "predicted, other" if cell != "total" else "Table 2, predicted"
    return f"Table {2 if len(words) == 1 else 3}, predicted"


def _softmax(pair: Pair) -> list[CellMove]:
    """Every number in the tables and documents of the softmax stage; Table 6 is one of them."""
    rows: list[CellMove] = []
    for change in pair.changes("softmax"):
        if change.name.startswith(RECEIPTS):
            continue
        title = _title(change.name)
        if change.name.endswith(".json"):
            documents = read_both(pair, change) or (None, None)
            rows += moved(title, *(dict(flat(_keyed(document))) for document in documents))
        elif is_table(change.name):
            tables = [pair.table(file) if file else pd.DataFrame() for file in (change.before, change.after)]
            if tables[0] is not None and tables[1] is not None:
                rows += moved(title, _cells(tables[0]), _cells(tables[1]))
    return rows


def _title(name: str) -> str:
    stem = PurePosixPath(name).stem
    return "Table 6" + stem[6:].replace("_", " ") if stem.startswith("table6") else f"softmax, {stem.replace('_', ' ')}"


def _keyed(document: Any) -> Any:
    """Lists of a document as mappings: by place, so that each number has a name."""
    if isinstance(document, list):
        return {str(place): _keyed(value) for place, value in enumerate(document)}
    if isinstance(document, Mapping):
        return {key: _keyed(value) for key, value in document.items()}
    return document


def _cells(table: pd.DataFrame) -> dict[str, Number]:
    """Numbers of a table by the words of their row and the name of their column."""
    numbers = [
        name for name in table.columns if pd.api.types.is_numeric_dtype(table[name]) and table[name].dtype != bool
    ]
    texts = [name for name in table.columns if name not in numbers]
    cells: dict[str, Number] = {}
    rows_of: Counter[str] = Counter()
    for row in table.astype("object").to_dict("records"):
        key = ", ".join(str(row[name]) for name in texts if not pd.isna(row[name]))
        rows_of[key] += 1
        label = key if rows_of[key] == 1 else f"{key} #{rows_of[key]}"
        for name in numbers:
            if not pd.isna(row[name]):
                cells[", ".join(filter(None, (label, str(name))))] = row[name]
    return cells
