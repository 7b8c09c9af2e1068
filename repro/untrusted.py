"""Read untrusted files safely: YAML, tables, archives and pictures. Any fault of a file is an error that names it.

The parsers behind these functions raise errors of many kinds (``AttributeError`` for ``!!timestamp x``, ``zlib.error`` for a
flipped byte), so every exception counts as damage. Nothing here runs code from a file, and nothing is unpacked to disk.
"""

from __future__ import annotations

import io
import re
import reprlib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow
import yaml
from PIL import Image
from pyarrow import parquet
from pydantic import BaseModel, ValidationError

from repro.errors import refuse

Model = TypeVar("Model", bound=BaseModel)

#: Largest file that is read from an archive; a frame has 0.1 MB. Larger members are meant to fill the memory.
MEMBER_MOST_BYTES = 1 << 26
#: Side of the largest frame; a header of a few bytes can announce a picture that fills the memory.
PICTURE_MOST_PX = 4096
#: Values of the largest YAML file that is read; the lock file of 331 nights has some thousand.
YAML_MOST_VALUES = 1_000_000
MOST_COUNTED = 1_000_000_000  # frames or files of a night; a number of 400 digits breaks arithmetic with fractions
_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxlong = 3, 160, 160, 60
_MESSAGE_MOST = 600  # characters of a parser's message that are passed on


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Plain data only; without repeated keys, and without aliases that make a kilobyte mean a terabyte."""

    def get_single_data(self) -> Any:
        node = self.get_single_node()
        if node is None:
            return None
        _weigh(node, {})
        return self.construct_document(node)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} again", problem_mark=key.start_mark)
            seen.add((key.tag, key.value) if isinstance(key, yaml.ScalarNode) else id(key))
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


# DVC writes YAML 1.2, in which 3e-05 is a number; PyYAML follows YAML 1.1 and would read text.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def _weigh(node: Any, known: dict[int, int]) -> int:
    """Number of values in a document, each alias counted with all that it repeats."""
    if known.get(id(node)) == 0:
        raise yaml.MarkedYAMLError(problem="a part that contains itself", problem_mark=node.start_mark)
    if id(node) not in known:
        known[id(node)] = 0
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        inner = [part for pair in pairs for part in pair] or (node.value if isinstance(node, yaml.SequenceNode) else [])
        known[id(node)] = 1 + sum(_weigh(part, known) for part in inner)
        if known[id(node)] > YAML_MOST_VALUES:
            problem = f"aliases that expand to more than {YAML_MOST_VALUES:,} values"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    return known[id(node)]


def read_yaml(source: Path, *, expected: str, remedy: str) -> Any:
    """Plain data from a YAML file, UTF-8.

    A ReproError if it is missing, is not YAML, asks for an object of Python, or has duplicate keys or aliases without end.
    """
    try:
        text = source.read_text(encoding="utf-8")
    except FileNotFoundError:
        refuse("no such file", expected, str(source), remedy)
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"not YAML: {message_of(error)}", expected, str(source), remedy)
    return parse_yaml(text, where=str(source), expected=expected, remedy=remedy)


def parse_yaml(text: str, *, where: str, expected: str, remedy: str) -> Any:
    """As :func:`read_yaml`, for a text; ``where`` says where it is from."""
    try:
        return yaml.load(text, Loader=_Loader)
    except Exception as error:  # see the head of this module
        refuse(f"not YAML: {message_of(error)}", expected, where, remedy)


def read_table(source: Path, *, made_by: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A table from a Parquet file; a ReproError if the file is missing, is no Parquet file, or lacks a column."""
    expected = "a table" + (f" with {', '.join(columns)}" if columns else "")
    try:
        table: pd.DataFrame = pd.read_parquet(source, columns=list(columns) if columns else None)
    except FileNotFoundError:
        refuse("no such file", expected, str(source), f"make it with: {made_by}")
    except Exception as error:
        refuse(f"not a Parquet file: {message_of(error)}", expected, str(source), f"make it again with: {made_by}")
    return table


def read_tables(sources: Sequence[Path], *, made_by: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Tables from Parquet files as one, in the order of the files; the row index is fresh.

    Raises ReproError as :func:`read_table`, for the first file at fault; ``sources`` must not be empty.
    """
    try:
        # A quarter of the time that reading each with pandas takes.
        parts = [parquet.ParquetFile(source).read(columns=columns) for source in sources]
        table: pd.DataFrame = pyarrow.concat_tables(parts).to_pandas()
        return table if columns is None else table[list(columns)]
    except Exception:  # columns that are missing, or differ from file to file, and whatever read_table() names
        return pd.concat(
            [read_table(source, made_by=made_by, columns=columns) for source in sources], ignore_index=True
        )


_AGAIN = "make the night again: dvc repro film clock"


def open_archive(source: Path, *, remedy: str = _AGAIN) -> zipfile.ZipFile:
    """A ZIP file, open for reading; a ReproError if it is missing, is no ZIP file, or holds two files of the same name."""
    expected = "an archive of frames"
    try:
        archive = zipfile.ZipFile(source)
    except FileNotFoundError:
        refuse("no such archive", expected, str(source), remedy)
    except Exception as error:
        refuse(f"a damaged archive: {message_of(error)}", expected, str(source), remedy)
    names = archive.namelist()
    if len(set(names)) < len(names):
        archive.close()
        twice = next(name for name in names if names.count(name) > 1)
        refuse(f"a damaged archive: {short_repr(twice)} twice", expected, str(source), remedy)
    return archive


def archive_member(archive: zipfile.ZipFile, name: str, *, remedy: str = _AGAIN) -> bytes:
    """Contents of one file in an archive; ``remedy`` is for the error.

    Raises ReproError if it is not there, is damaged, locked by a password, or larger than :data:`MEMBER_MOST_BYTES`.
    """
    expected = "every frame of the night's table"
    where = f"{archive.filename}, {name}"
    try:
        member = archive.getinfo(name)
    except KeyError:
        refuse(f"no frame {name}", expected, where, remedy)
    if member.file_size > MEMBER_MOST_BYTES:
        found = f"a damaged archive: a file that unpacks to {member.file_size:,} bytes"
        refuse(found, f"at most {MEMBER_MOST_BYTES:,}", where, remedy)
    try:
        return archive.read(member)
    except Exception as error:
        refuse(f"a damaged archive: {message_of(error)}", expected, where, remedy)


@contextmanager
def open_picture(data: bytes, where: str) -> Iterator[Image.Image]:
    """A JPEG or PNG, open for the block; any exception in the block counts as damage of the picture.

    No other format is tried, because Pillow starts external programs for some of them. Raises ReproError if it is not such
    a picture, is damaged, or is larger than any frame.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            if max(image.size) > PICTURE_MOST_PX:
                raise ValueError(f"{image.width} x {image.height} pixels")
            yield image
    except Exception as error:
        refuse(f"a damaged image: {message_of(error)}", "a whole JPEG", where, "film the night again: dvc repro film")


def count_in(document: Mapping[str, Any], key: str, *, where: Path, made_by: str) -> int:
    """A count from a document that a stage wrote; a ReproError if it is no whole number from 0 to :data:`MOST_COUNTED`."""
    value = document.get(key) if isinstance(document, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_COUNTED:
        expected = f"a whole number from 0 to {MOST_COUNTED:,}"
        refuse(f"{key}: {short_repr(value)}", expected, str(where), f"remove it and run: {made_by}")
    return value


def validated(model: type[Model], document: Any, *, where: str, remedy: str) -> Model:
    """A document checked by a pydantic model; a ReproError if a value is not allowed."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        expected = first["msg"].removeprefix("Value error, ")
        refuse(short_repr(first.get("input")), expected, f"{where}, field {field}", remedy)


def short_repr(value: object) -> str:
    """Short representation of any value, for error messages."""
    try:
        return _SHORT.repr(value)
    except Exception:  # such as an integer of more digits than Python prints
        return f"a value of type {type(value).__name__}"


def message_of(error: BaseException) -> str:
    """Message of an exception, truncated; the name of its class if it has none."""
    text = str(error).strip() or type(error).__name__
    return text if len(text) <= _MESSAGE_MOST else text[:_MESSAGE_MOST] + " ..."
