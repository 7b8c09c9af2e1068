"""Label files, good and bad: each fault is named with its line."""

from pathlib import Path

import pandas as pd
import pytest

from repro.errors import ReproError
from repro.labels.labelfile import read, write

HEADER = "name,label,labeller,labelled_at\n"
A, B = "20240202060000_20240202_0.jpg", "20240202060100_20240202_1.jpg"
GOOD = f"{HEADER}{A},yes,ann,2025-05-01\n{B},no,ann,\n"


def file(folder: Path, text: str | bytes) -> Path:
    """A label file with this content."""
    path = folder / "labels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text", [GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD + "\n\n", GOOD.replace("ann", '"ann"')]
)
def test_a_good_file_is_read(tmp_path: Path, text: str) -> None:
    """Every field comes back as written; Windows line ends, a byte order mark, empty last lines and quotes change nothing."""
    rows = read(file(tmp_path, text), {A, B}).itertuples(index=False, name=None)
    assert list(rows) == [(A, "yes", "ann", "2025-05-01"), (B, "no", "ann", "")]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """A written label file reads back as the same table."""
    table = pd.DataFrame({"name": [B, A], "label": ["no", "yes"], "labeller": "x, y", "labelled_at": ""}, dtype="str")
    write(tmp_path / "labels.csv", table.assign(more=1))
    assert read(tmp_path / "labels.csv", [A, B]).equals(table)


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (GOOD.replace("_1.jpg", "_7.jpg"), 3, "frame '20240202060100_20240202_7.jpg'"),
        (GOOD + f"{A},no,ann,\n", 4, f"frame '{A}' again, after line 2"),
        (GOOD.replace("yes", "maybe"), 2, "label 'maybe'"),
        (GOOD.replace("no,", "No,"), 3, "label 'No'"),
        (GOOD.replace("yes", " yes"), 2, "label ' yes'"),
        (GOOD.replace(",yes,ann,2025-05-01", ",yes"), 2, "2 fields"),
        (GOOD.replace("ann,2025", ",2025"), 2, "no labeller"),
        (GOOD.replace("2025-05-01", "1 May"), 2, "time '1 May'"),
        (GOOD.replace("name,label", "file,label"), 1, "header 'file,label,labeller,labelled_at'"),
        (GOOD.replace("no,ann", 'no,"ann'), 3, "not CSV"),
        ("", 1, "an empty file"),
        ("\n \n", 1, "an empty file"),
        (GOOD.encode("utf-16"), 1, "byte 0xff"),
        (GOOD.encode("utf-16-le"), 1, "a zero byte"),
        (GOOD.replace("ann,\n", "Jürgen,\n").encode("latin-1"), 3, "byte 0xfc"),
        (GOOD.replace("no,ann", "yes,ann"), None, "2 labels, all 'yes'"),  # of one class, which trains no network
        (HEADER, None, "no label"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, text: str | bytes, line: int | None, found: str) -> None:
    """Unknown and repeated frames, other words, missing fields, another header or encoding: each error names the line."""
    path = file(tmp_path, text)
    with pytest.raises(ReproError) as caught:
        read(path, {A, B})
    assert caught.value.found.startswith(found)
    assert caught.value.where == (str(path) if line is None else f"{path}, line {line}")


def test_a_missing_file_tells_how_to_make_it(tmp_path: Path) -> None:
    """Without a label file the error names the list of frames that wait for labels."""
    with pytest.raises(ReproError, match=r"to_label\.csv"):
        read(tmp_path / "labels.csv", {A})
