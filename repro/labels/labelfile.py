"""Label files: CSV with the columns ``name,label,labeller,labelled_at``."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import pandas as pd

from repro.errors import refuse
from repro.files import write_text
from repro.frames import CLASSES
from repro.untrusted import short_repr

COLUMNS = ("name", "label", "labeller", "labelled_at")
_HEADER = ",".join(COLUMNS)


def read(source: Path, known: Collection[str]) -> pd.DataFrame:
    """Read and check a label file: columns :data:`COLUMNS`, as text, in the file's order.

    It is a CSV in UTF-8 (a byte order mark is allowed), with a header. ``label`` is yes or no; ``labeller`` is any name;
    ``labelled_at`` is an ISO 8601 date or time, or empty. ``known`` has the names of all frames of the corpus. Raises
    ReproError if the file is missing, empty, not UTF-8 or not such a CSV; if a name is unknown or occurs twice; if a label is
    another word; if only one class occurs. The message names the line.
    """
    names = known if isinstance(known, set | frozenset | dict) else set(known)
    rows: list[list[str]] = []
    first_line: dict[str, int] = {}
    # The reader counts the line where a record ends; no field may span lines, so it is the line of the record.
    reader = csv.reader(io.StringIO(_text(source), newline=""), strict=True)
    try:
        header = next(reader)
        if tuple(header) != COLUMNS:
            given = f"header {short_repr(','.join(header))}"
            _refuse(source, 1, given, f"header {_HEADER!r}", "name the columns so")
        for row in reader:
            if row:
                _check(row, source, reader.line_num, names, first_line)
                rows.append(row)
    except csv.Error as error:
        _refuse(source, reader.line_num, f"not CSV: {error}", _HEADER, "correct the quotes in this line")
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype="str")
    present = set(table["label"])
    if len(present) < len(CLASSES):
        found = f"{len(table)} labels, all {present.pop()!r}" if present else "no label"
        remedy = "label more frames; unlabelled ones are listed in to_label.csv of stage sample"
        refuse(found, "labels of both classes, yes and no", str(source), remedy)
    return table


def write(target: Path, table: pd.DataFrame) -> None:
    """Write a label file; the columns :data:`COLUMNS`; others are left out."""
    write_text(target, table.loc[:, list(COLUMNS)].to_csv(index=False, lineterminator="\n"))


def _text(source: Path) -> str:
    try:
        data = source.read_bytes()
    except FileNotFoundError:
        remedy = "label the frames that stage sample lists in to_label.csv, and save them under this name"
        refuse("no such file", f"a label file: {_HEADER}", str(source), remedy)
    except OSError as error:
        found = f"a file that cannot be read: {error.strerror}"
        refuse(found, f"a label file: {_HEADER}", str(source), "make it a file that may be read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = f"byte 0x{data[error.start]:02x}, which is not UTF-8"
        _refuse(source, line, found, "UTF-8", "save the file again as UTF-8 (CSV UTF-8 in spreadsheets)")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        _refuse(source, line, "a zero byte, as in UTF-16", "UTF-8", "save the file again as UTF-8")
    if not text.strip():
        _refuse(source, 1, "an empty file", f"header {_HEADER!r} and one line a frame", "label at least one frame")
    return text


def _check(row: list[str], source: Path, line: int, known: Collection[str], first_line: dict[str, int]) -> None:
    if len(row) != len(COLUMNS):
        _refuse(source, line, f"{len(row)} fields", f"{len(COLUMNS)}: {_HEADER}", "correct or remove the line")
    name, label, labeller, labelled_at = row
    if label not in CLASSES:
        remedy = "write yes or no, in lower case and without spaces"
        _refuse(source, line, f"label {short_repr(label)}", "yes or no", remedy)
    if name not in known:
        remedy = "remove the line, or run the stages of the night it belongs to"
        _refuse(source, line, f"frame {short_repr(name)}", "the name of a frame of this corpus", remedy)
    if name in first_line:
        found = f"frame {name!r} again, after line {first_line[name]}"
        _refuse(source, line, found, "one label a frame", "remove one of the two lines")
    if not labeller.strip():
        _refuse(source, line, "no labeller", "who labelled the frame", "name a person or a program")
    if not labeller.isprintable():
        found = f"labeller {short_repr(labeller)}"
        _refuse(source, line, found, "a name on one line", "write it without line ends and other control characters")
    if labelled_at and not is_time(labelled_at):
        remedy = "write a date such as 2025-05-01, or leave the field empty"
        _refuse(source, line, f"time {short_repr(labelled_at)}", "ISO 8601", remedy)
    first_line[name] = line


def is_time(text: str) -> bool:
    """Whether a text is a date or a time of ISO 8601."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _refuse(source: Path, line: int, found: str, expected: str, remedy: str) -> NoReturn:
    refuse(found, expected, f"{source}, line {line}", remedy)
