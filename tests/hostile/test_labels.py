"""Hostile label files: every line is read by the rules or named."""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from repro.errors import ReproError
from repro.labels.labelfile import read
from tests.hostile.conftest import Attempt
from tests.hostile.inputs import WORDS, encoded, hostile
from tests.hostile.samples import HEADER, LABELS, NAMES
from tests.hostile.test_spoilt import obeys


def tried(attempt: Attempt, text: str) -> Any:
    """Outcome of reading a label file with this text; what is read obeys the rules."""
    Path("labels.csv").write_bytes(*encoded(text))
    table = attempt(lambda: read(Path("labels.csv"), set(NAMES)), text)
    assert isinstance(table, ReproError) or obeys(table)
    return table


def test_words_in_every_column(attempt: Attempt) -> None:
    """Markup, paths, control characters and endless words in any field are refused with their line, or are harmless."""
    for column in range(4):
        for word in WORDS:
            for field in (word, '"' + word.replace('"', '""') + '"'):
                fields = [NAMES[0], "yes", "ann", "2025-05-01"]
                fields[column] = field
                tried(attempt, HEADER + f"{NAMES[1]},no,ann,\n" + ",".join(fields) + "\n")


@settings(hostile, max_examples=100)
@given(st.lists(st.sampled_from([*',"\n\r\t\0 a;', "\ufeff", "yes", "no", NAMES[0], NAMES[1], HEADER]), max_size=30))
def test_random_csv(attempt: Attempt, parts: list[str]) -> None:
    """Commas, quotes, line ends and names in any order are read or refused."""
    tried(attempt, "".join(parts))
    tried(attempt, HEADER + "".join(parts))


def test_a_header_is_never_taken_for_a_label(attempt: Attempt) -> None:
    """A file without a header is refused, also where its first record spans lines; so is a folder in its place."""
    first, headless = f'{NAMES[0]},yes,"ann\nlee",\n', LABELS.removeprefix(HEADER)
    for text in (first + f"{NAMES[1]},no,ann,\n", headless, "\n" + headless):
        assert isinstance(tried(attempt, text), ReproError)
    Path("folder.csv").mkdir()
    attempt.refused(lambda: read(Path("folder.csv"), set(NAMES)), "a folder")
