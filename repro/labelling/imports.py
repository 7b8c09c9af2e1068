"""Labels of other tools: CSV files in many dialects, folders ``yes/`` and ``no/``, and every name by which they call a frame.

What is not understood is refused with its line; nothing is taken over from a file with a line that is refused.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from repro import frames
from repro.camera import STILL_SUFFIXES
from repro.errors import refuse
from repro.film.frame_archive import film_outputs
from repro.film.still_corpus import STAMPS
from repro.film.videos import path_text
from repro.labelling.tasks import Task
from repro.labels.labelfile import COLUMNS, is_time
from repro.paths import Paths
from repro.untrusted import archive_member, open_archive, short_repr

MOST_BYTES = 1 << 28
#: Headers, in small letters, by our column.
_HEADERS = {
    "name": ("name", "file", "filename", "file_name", "image", "frame", "path", "파일", "파일명", "이름", "이미지"),
    "label": ("label", "class", "category", "aurora", "answer", "라벨", "레이블", "분류", "오로라", "정답"),
    "labeller": ("labeller", "labeler", "annotator", "user", "작성자", "라벨러", "평가자"),
    "labelled_at": ("labelled_at", "labeled_at", "date", "time", "created_at", "날짜", "시각"),
}
_DELIMITERS = (",", ";", "\t", "|")


def read_labels(source: Path, task: Task, known: Mapping[str, str], *, labeller: str) -> pd.DataFrame:
    """Labels of a CSV file or of a folder with a subfolder a class: columns of a label file, as text, in the source's order.

    CSV: comma, semicolon, tab or bar between the fields; UTF-8, UTF-16 or CP949 (Korean Windows), with or without a byte order
    mark; any line ends; headers and words in capitals, English or Korean; without a header, name and label. Folder: its
    subfolders bear the words for the classes, and the files in them the names of frames. ``known`` has the published name by
    every name that a frame may have here, see :func:`frame_names`; ``labeller`` labelled where the file does not say. Raises ReproError if something is not understood; the message names the line or the file.
    """
    rows = _folder_rows(source, task) if source.is_dir() else _csv_rows(source)
    labels: dict[str, tuple[str, str, str, str]] = {}
    place: dict[str, str] = {}
    for where, name, word, who, when in rows:
        frame = known.get(_plain_name(name)) or known.get(_plain_name(name).rsplit("/", 1)[-1])
        if frame is None:
            refuse(f"frame {short_repr(name)}", "the name of a frame of this corpus", where, "remove it")
        label = task.label_of(word)
        if label is None:
            expected = f"one of {', '.join(task.classes)}, unsure" + (", 예, 아니오" if "yes" in task.classes else "")
            refuse(f"label {short_repr(word)}", expected, where, "write one of these words")
        if frame in labels and labels[frame][1] != label:
            twice = f"{name} as {label}, after {labels[frame][1]} in {place[frame]}"
            refuse(twice, "one label a frame", where, "remove one")
        if when and not is_time(when):
            refuse(f"time {short_repr(when)}", "ISO 8601, such as 2025-05-01", where, "write it so, or leave it empty")
        who = who.strip() or labeller
        if not who.isprintable():
            refuse(f"labeller {short_repr(who)}", "a name on one line", where, "write it without control characters")
        labels[frame] = (frame, label, who, when)
        place[frame] = where
    if not labels:
        refuse("no label", "a line or a file for each labelled frame", str(source), "label at least one frame")
    return pd.DataFrame(list(labels.values()), columns=list(COLUMNS), dtype="str")


def decode_text(data: bytes, where: str) -> str:
    """Text of UTF-8, UTF-16 or CP949; a byte order mark is left out.

    Raises ReproError if it is none of these; the message names the line.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data[:200]:  # UTF-16 without a mark: every other byte of ASCII letters is zero
        encodings = ["utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp949"]
    line = 1
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            continue
        if "\0" not in text:
            return text
        line = text[: text.index("\0")].count("\n") + 1
    return refuse("bytes that are no text", "UTF-8, UTF-16 or CP949", f"{where}, line {line}", "save it as CSV UTF-8")


Row = tuple[str, str, str, str, str]  # where, name, word, labeller, time


def _csv_rows(source: Path) -> Iterator[Row]:
    try:
        if source.stat().st_size > MOST_BYTES:
            refuse(f"{source.stat().st_size:,} bytes", f"at most {MOST_BYTES:,}", str(source), "split the file")
        text = decode_text(source.read_bytes(), str(source))
    except OSError as error:
        refuse(error.strerror or str(error), "a CSV file, or a folder", str(source), "name one that can be read")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # a line for spreadsheets
        text, first = "\n" + rest, rest.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: dict[str, int] | None = None
    try:
        for row in reader:
            if not any(field.strip() for field in row):
                continue
            where = f"{source}, line {reader.line_num}"
            if columns is None:
                columns = _columns(row)
                if columns is None and len(row) < 2:
                    refuse(f"header {short_repr(first)}", "columns name and label", where, "name the columns so")
                if columns is not None:
                    continue
                columns = {"name": 0, "label": 1}
            if len(row) <= max(columns.values()):
                refuse(f"{len(row)} fields", f"at least {max(columns.values()) + 1}", where, "complete the line")
            name, word, who, when = (row[columns[key]].strip() if key in columns else "" for key in COLUMNS)
            if word:  # a frame that nobody has labelled yet
                yield where, name, word, who, when
    except csv.Error as error:
        refuse(f"not CSV: {error}", "quotes that close", f"{source}, line {reader.line_num}", "correct the quotes")


def _columns(header: list[str]) -> dict[str, int] | None:
    """Place of each of our columns; None if the line is no header."""
    words = [unicodedata.normalize("NFC", word).strip().casefold() for word in header]
    first = {column: next((word for word in names if word in words), None) for column, names in _HEADERS.items()}
    places = {column: words.index(word) for column, word in first.items() if word is not None}
    return places if {"name", "label"} <= set(places) else None


def _folder_rows(source: Path, task: Task) -> Iterator[Row]:
    folders = sorted(path for path in source.iterdir() if path.is_dir() and not path.name.startswith("."))
    unknown = [path for path in folders if task.label_of(path.name) is None]
    if unknown or not folders:
        found = f"folder {path_text(unknown[0].name)}" if unknown else "no folder"
        remedy = "rename it, or move it away"
        refuse(found, f"folders named {', '.join(task.classes)}", path_text(source), remedy)
    for folder in folders:
        for path in sorted(folder.rglob("[!.]*")):
            if path.suffix.lower() in STILL_SUFFIXES:
                yield path_text(path), path.name, folder.name, "", ""


def _plain_name(name: str) -> str:
    return name.strip().strip("\"'").replace("\\", "/")


def frame_names(paths: Paths, corpus: str) -> dict[str, str]:
    """Published name of each frame by its published name, by ``NIGHT_NUMBER.jpg``, and, of stills, by the original file.

    An original file may be given by its path below the corpus' folder, or by its last part where that is the only one.
    Raises ReproError if stage clock has not run.
    """
    film, clock = (paths.stage(corpus, stage) for stage in ("film", "clock"))
    table = frames.readable(frames.read_nights(clock / "tables", "clock"))
    known: dict[str, str] = {}
    originals: dict[str, str] = {}
    last_parts: Counter[str] = Counter()
    for night, rows in table.groupby("night"):
        files = _original_files(film_outputs(film, str(night))[1])
        for name, number in zip(rows["name"], rows["number"], strict=True):
            known[name] = known[frames.archive_name(name)] = name
            if number < len(files):
                originals[files[number]] = name
                last_parts[files[number].rsplit("/", 1)[-1]] += 1
    for file, name in originals.items():
        known.setdefault(file, name)
        last = file.rsplit("/", 1)[-1]
        if last_parts[last] == 1:
            known.setdefault(last, name)
    return known


def _original_files(strips: Path) -> list[str]:
    """Paths of a night's still images below the corpus' folder, by number; none for a video or a burned-in clock."""
    if not strips.is_file():
        return []
    with open_archive(strips) as archive:
        if STAMPS not in archive.namelist():
            return []
        return [str(stamp["file"]) for stamp in json.loads(archive_member(archive, STAMPS))]
