"""Frames that moved between two revisions: their UTC, condition, label, split or class."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from repro.audit.outputs import Pair, StoredFile, is_table
from repro.frames import KEYS, NAME_PATTERN

#: Columns whose change is listed frame by frame, by the stage that decides them.
LISTED_COLUMNS = {
    "clock": ("time_utc",),
    "sky": ("sun_bin", "moon_bin"),
    "split": ("label", "split"),
    "infer": ("predicted",),
}
#: Stages whose tables hold every frame; a frame in only one of two such tables was added or removed.
COMPLETE_STAGES = ("clock", "sky", "infer")
BeforeAfter = tuple[str | None, str | None]


@dataclass(frozen=True)
class FrameMove:
    """One frame that changed."""

    night: str
    number: int
    name: str  # its later name, or the earlier one, or NIGHT_NUMBER if it never had one
    #: Text before and after by column, None where there is no value; ``frame`` marks a frame that was added or removed.
    changes: dict[str, BeforeAfter]


@dataclass
class FrameMoves:
    """Everything that differs between two sets of frame tables."""

    moves: list[FrameMove] = field(default_factory=list)  # of nights that both revisions have
    nights: dict[str, dict[str, str]] = field(default_factory=dict)  # ``added`` or ``removed`` by night and stage
    also: dict[str, int] = field(default_factory=dict)  # frames by stage and column that moves nothing, as ``p_yes``

    def counts(self) -> dict[str, int]:
        """Frames by column that moved."""
        return dict(Counter(column for move in self.moves for column in move.changes))


def frame_moves(pair: Pair) -> FrameMoves:
    """Compare the frame tables that differ; tables with the same hash are not read."""
    moves = FrameMoves()
    moved: dict[Any, dict[str, BeforeAfter]] = defaultdict(dict)  # by night and number
    names: dict[Any, str] = {}
    seen: set[str] = set()
    for stage, columns in LISTED_COLUMNS.items():
        tables = _tables(pair, stage, moves, seen)
        if not tables:
            continue
        # One row a frame, by night and number, with every column twice; ``side`` says which revision has the frame.
        before, after = (
            pd.concat(side, ignore_index=True).drop_duplicates(KEYS).set_index(KEYS)
            for side in zip(*tables, strict=True)
        )
        shared = {*before.columns} & {*after.columns}
        joined = before.add_suffix(" before").merge(
            after.add_suffix(" after"), how="outer", left_index=True, right_index=True, indicator="side"
        )
        rows = _note_moves(joined, stage, columns, moved)
        name = _column(joined, "name", "after").fillna(_column(joined, "name", "before"))
        names = name[rows].dropna().astype("str").to_dict() | names
        for column in sorted(shared - {*columns, "name"}):
            if count := int(_differs(joined, column).sum()):
                moves.also[f"{stage}: {column}"] = count
        seen |= shared - {"name"}  # later stages carry these columns along
    moves.moves = [
        FrameMove(night, number, names.get((night, number), f"{night}_{number}"), moved[night, number])
        for night, number in sorted(moved)
    ]
    return moves


def _tables(pair: Pair, stage: str, moves: FrameMoves, seen: set[str]) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    """Pairs of tables of a stage that differ; nights that only one side has are noted and left out."""
    tables = []
    for change in pair.changes(stage):
        if not is_table(change.name):
            continue
        night = re.search(r"\d{8}", change.name)
        if night and (change.before is None or change.after is None):
            moves.nights.setdefault(night[0], {})[stage] = "added" if change.before is None else "removed"
            continue
        one, two = (_read(pair, file, seen) for file in (change.before, change.after))
        if one is not None and two is not None:
            tables.append((one, two))
    return tables


def _read(pair: Pair, file: StoredFile | None, seen: set[str]) -> pd.DataFrame | None:
    """A frame table with night and number; None if it is not available or holds no frames."""
    if file is None:
        return pd.DataFrame({"night": pd.Series(dtype="str"), "number": pd.Series(dtype="int64")})
    table = pair.table(file, keep=lambda column: column not in seen)
    if table is None:
        return None
    if set(KEYS) <= set(table.columns):
        return table
    if "name" not in table.columns:
        return None
    parts = table["name"].astype("str").str.extract(f"^{NAME_PATTERN}$").dropna()
    return table.loc[parts.index].assign(night=parts["night"], number=parts["number"].astype("int64"))


def _column(joined: pd.DataFrame, column: str, when: str) -> pd.Series[Any]:
    name = f"{column} {when}"
    return joined[name] if name in joined else pd.Series(None, index=joined.index, dtype="object")


def _differs(joined: pd.DataFrame, column: str) -> pd.Series[bool]:
    one, two = (_column(joined, column, when).astype("object") for when in ("before", "after"))
    both: pd.Series[bool] = (joined["side"] == "both") & (one != two) & ~(one.isna() & two.isna())
    return both


def _note_moves(
    joined: pd.DataFrame,
    stage: str,
    columns: tuple[str, ...],
    moved: Mapping[Any, dict[str, BeforeAfter]],
) -> pd.Series[bool]:
    """Record the frames that moved and return which rows they are."""
    one_sided = joined["side"] != "both"
    rows = one_sided.copy() if stage in COMPLETE_STAGES else one_sided & False
    for column in columns:
        one, two = _column(joined, column, "before"), _column(joined, column, "after")
        differs = _differs(joined, column)
        if stage not in COMPLETE_STAGES:  # a list of some frames: absence from it is a value
            differs |= one_sided & ~(one.isna() & two.isna())
        for key, was, now in zip(joined.index[differs], one[differs], two[differs], strict=True):
            moved[key][column] = _text(was), _text(now)
        rows |= differs
    if stage in COMPLETE_STAGES:
        for key, side in joined.loc[one_sided, "side"].items():
            moved[key]["frame"] = ("present", None) if side == "left_only" else (None, "present")
    return rows


def _text(value: Any) -> str | None:
    if pd.isna(value):
        return None
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, pd.Timestamp) else str(value)
