"""Hostile label files: every line is taken or named; and the faults that a label file of good will can have."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.errors import ReproError
from repro.frames import CLASSES
from repro.labels.labelfile import read
from tests.hostile.conftest import Attempt
from tests.hostile.spoil import WORDS, hostile, spoilt

NAMES = [f"2024020206{n:02}00_20240202_{n}.jpg" for n in range(40)]
HEADER = "name,label,labeller,labelled_at\n"
GOOD = HEADER + "".join(f"{name},{CLASSES[n % 2]},ann,2025-05-01\n" for n, name in enumerate(NAMES))


def tried(attempt: Attempt, data: bytes, what: object) -> object:
    """Outcome of reading a label file with these contents; what is read obeys the rules."""
    Path("labels.csv").write_bytes(data)
    table = attempt("label files", lambda: read(Path("labels.csv"), set(NAMES)), what)
    if not isinstance(table, ReproError):
        assert set(table["label"]) == set(CLASSES)
        assert table["name"].is_unique
        assert set(table["name"]) <= set(NAMES)
        assert all(text.isprintable() for text in table["labeller"])
    return table


def test_spoilt_label_files(attempt: Attempt) -> None:
    """Flipped, lost and foreign bytes are told with the line, or leave a file that obeys all rules."""
    for how, data in spoilt(GOOD.encode(), 11, 300, other=GOOD.replace("yes", "nay").encode("utf-16")):
        tried(attempt, data, how)


@pytest.mark.parametrize("column", range(4))
def test_words_in_every_column(attempt: Attempt, column: int) -> None:
    """Markup, paths, control characters and endless words in any field are refused with their line, or are harmless."""
    for word in WORDS:
        for quoted in (False, True):
            fields = [NAMES[0], "yes", "ann", "2025-05-01"]
            fields[column] = '"' + word.replace('"', '""') + '"' if quoted else word
            text = HEADER + f"{NAMES[1]},no,ann,\n" + ",".join(fields) + "\n"
            tried(attempt, text.encode("utf-8", "surrogatepass"), (column, word[:60], quoted))


@settings(hostile, max_examples=120)
@given(st.lists(st.sampled_from([*',"\n\r\t\0 a;', "\ufeff", "yes", "no", NAMES[0], NAMES[1], HEADER]), max_size=30))
def test_random_csv(attempt: Attempt, parts: list[str]) -> None:
    """Commas, quotes, line ends and names in any order are read or refused."""
    text = "".join(parts)
    tried(attempt, text.encode(), text)
    tried(attempt, (HEADER + text).encode(), text)


def test_a_header_is_never_taken_for_a_label(attempt: Attempt) -> None:
    """A file without a header is refused, also where its first record spans lines."""
    first = f'{NAMES[0]},yes,"ann\nlee",\n'
    for text in (first + f"{NAMES[1]},no,ann,\n", GOOD.removeprefix(HEADER), "\n" + GOOD.removeprefix(HEADER)):
        assert isinstance(tried(attempt, text.encode(), text[:80]), ReproError)


def test_label_files_that_cannot_be_opened(attempt: Attempt) -> None:
    """A folder in the place of a label file, or none at all, is an error that names it."""
    Path("folder.csv").mkdir()
    for name in ("folder.csv", "gone.csv"):
        assert isinstance(attempt("label files", lambda name=name: read(Path(name), set(NAMES)), name), ReproError)
