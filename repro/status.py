"""Progress of a corpus: nights, frames, repairs, unreadable frames and conditions, from the stages' receipts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from repro import printing
from repro.engine.run_nights import failures, summaries
from repro.errors import ReproError, printable
from repro.paths import Paths
from repro.simulated_mark import simulated_nights
from repro.untrusted import message_of

COLUMNS = ["night", "scanned", "sampled", "missing", "read", "unreadable", "gaps", "duplicates", "on_boundary"]
KINDS = dict.fromkeys(COLUMNS[1:], "Int64")
_STAGES = ("film", "clock", "sky")


@dataclass(frozen=True)
class Status:
    """Tables of one corpus; a stage that has not run leaves its columns empty.

    ``nights`` has one row a night: ``night``, ``scanned``, ``sampled``, ``missing`` (frames that the video lacks; no value if
    the video does not say how long it should be), ``read`` (frames with a time), ``unreadable``, ``gaps``, ``duplicates``,
    ``on_boundary``. ``repairs`` has ``repair`` and ``frames``; ``confusions`` ``printed``, ``read`` (which glyph was read as
    which; empty for a lost or added one) and ``frames``; ``bins`` ``moon_bin``, ``sun_bin`` and ``frames``; ``failed``
    ``stage``, ``night``, ``found``, ``to_do``. ``simulated`` are nights whose frames are simulated; they are never evidence.
    """

    nights: pd.DataFrame
    repairs: pd.DataFrame
    confusions: pd.DataFrame
    bins: pd.DataFrame
    failed: pd.DataFrame
    simulated: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether no night failed and every frame's time could be read."""
        return self.failed.empty and int(self.nights["unreadable"].fillna(0).sum()) == 0


def status(paths: Paths, corpus: str) -> Status:
    """Read the receipts of a corpus; no table of frames is opened, so it is quick."""
    film, clock, sky = (summaries(paths.stage(corpus, stage)) for stage in _STAGES)
    counted: list[Counter[tuple[str, ...]]] = [Counter(), Counter(), Counter()]
    rows = []
    for night in sorted({*film, *clock, *sky}):
        filmed, read, seen = (stage.get(night, {}) for stage in (film, clock, sky))
        try:
            of_night: list[dict[tuple[str, ...], int]] = [
                {(printable(name),): count for name, count in read.get("repairs", {}).items()},
                {(printable(a), printable(b)): count for a, b, count in read.get("confusions", [])},
                {(printable(a), printable(b)): count for a, b, count in seen.get("conditions", [])},
            ]
            rows.append(pd.DataFrame([_row(night, filmed, read, seen)], columns=COLUMNS).astype(KINDS))
            if any(type(count) is not int for counts in of_night for count in counts.values()):
                raise ValueError("a count that is not a whole number")
            for total, counts in zip(counted, of_night, strict=True):
                total.update(counts)
        except Exception as error:  # anything may have been written into a receipt
            raise ReproError(
                found=f"receipts with impossible contents: {message_of(error)}",
                expected="counts as stages film, clock and sky write them",
                where=f"night {night}, {paths.stage(corpus, 'STAGE') / 'receipts'}",
                remedy=f"remove the night's receipts and run: dvc repro {' '.join(_STAGES)}",
            ) from None
    nights = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=COLUMNS).astype(KINDS)
    orders = (counted[0].most_common(), counted[1].most_common(), sorted(counted[2].items()))
    names = (["repair"], ["printed", "read"], ["moon_bin", "sun_bin"])
    repairs, confusions, bins = (
        pd.DataFrame([(*key, count) for key, count in order], columns=[*columns, "frames"])
        for order, columns in zip(orders, names, strict=True)
    )
    return Status(nights, repairs, confusions, bins, _failed(paths, corpus), tuple(simulated_nights(film)))


def _row(night: str, filmed: dict[str, Any], read: dict[str, Any], seen: dict[str, Any]) -> list[Any]:
    missing = filmed.get("missing") if filmed.get("length_known", True) else None
    of_clock: list[Any] = [None] * 4
    if read:
        unreadable, kinds = len(read["unreadable"]), Counter(entry["kind"] for entry in read["breaks"])
        of_clock = [read["frames"] - unreadable, unreadable, kinds["gap"], kinds["duplicate"]]
    return [night, filmed.get("scanned"), filmed.get("sampled"), missing, *of_clock, seen.get("on_boundary")]


def _failed(paths: Paths, corpus: str) -> pd.DataFrame:
    rows = []
    for stage in _STAGES:
        folder = paths.stage(corpus, stage)
        if (folder / "failures.json").is_file():
            listed = failures(folder, made_by=f"dvc repro {stage}")
            rows += [(stage, entry.night, entry.found, entry.remedy) for entry in listed]
    return pd.DataFrame(rows, columns=["stage", "night", "found", "to_do"])


def print_status(tables: Status) -> None:
    """Print the tables that have rows, widest first, and the totals of the nights."""
    console = printing.console()
    unlimited = console.options.update(max_width=10_000)
    if tables.nights.empty and tables.failed.empty:
        console.print("no night has been filmed yet; film them with: dvc repro film")
        return
    if tables.simulated:
        console.print(f"simulated nights, which are never evidence: {len(tables.simulated)} of {len(tables.nights)}")
        if len(tables.simulated) < len(tables.nights):
            console.print("  " + ", ".join(tables.simulated))
    totals = tables.nights.drop(columns="night").sum().to_frame().T
    totals.insert(0, "night", f"{len(tables.nights)} nights")
    for title, table in (
        ("nights", pd.concat([tables.nights, totals], ignore_index=True)),
        ("conditions", tables.bins),
        ("repairs of the clock", tables.repairs),
        ("glyphs read as others", tables.confusions),
        ("failed", tables.failed),
    ):
        if table.empty:
            console.print(f"{title}: none")
            continue
        shown = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
        for column in table.columns:
            number = pd.api.types.is_numeric_dtype(table[column])
            # A number is never cut: on a narrow terminal the lines are too long rather than wrong.
            shown.add_column(column, justify="right" if number else "left", no_wrap=number or column == "night")
        for row in table.itertuples(index=False):
            # As plain text: a file's name may look like markup, or hold codes that move the cursor.
            shown.add_row(*(Text("-" if pd.isna(value) else printable(str(value))) for value in row))
        width = max(console.width, Measurement.get(console, unlimited, shown).minimum)
        Console(width=width).print(shown)
    of_unknown_length = tables.nights.loc[tables.nights["missing"].isna() & tables.nights["scanned"].notna(), "night"]
    if len(of_unknown_length):
        console.print(f"length unknown, so the end of the video may be missing: {', '.join(of_unknown_length)}")
