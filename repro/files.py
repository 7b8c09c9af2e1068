"""Writing files whole or not at all, and reading them back with clear errors."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from repro.errors import ReproError, unwritable

if pd.__version__.startswith("2."):
    pd.options.future.infer_string = True  # columns of text are of type str, as pandas 3 has them

_PARTIAL = ".partial-"
_LEAST_BYTES = 1 << 16  # a disk with less is full


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Give a temporary path beside ``target`` that takes its place when the block ends without an error; makes its folder.

    The file is flushed to disk before it is renamed, and its folder afterwards, so a reader, or a run after a power cut,
    sees the old file or the new one and never a part of it, and files appear in the order in which they were written. The
    temporary path has the same suffix. Raises UnwritableError if the disk is full or the folder may not be written; the old
    file is still there.
    """
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=_PARTIAL, suffix=target.suffix, dir=target.parent)
        temporary = Path(name)
        os.close(descriptor)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        # mkstemp makes files private; give the one that stays the permissions any other file would get.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
        sync_folder(target.parent)
    except ReproError:
        raise
    except Exception as error:
        fault = unwritable(_system_error(error, target), target)
        if fault is None:
            raise
        raise fault from error
    finally:
        if temporary is not None:
            with suppress(OSError):  # on a full disk: the first error is reported
                temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Flush a folder to disk, so that after a power cut no receipt is there without the outputs that it names."""
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_partial(folder: Path) -> None:
    """Remove half-written files that a killed run left in a folder and below."""
    for leftover in folder.rglob(f"{_PARTIAL}*"):
        leftover.unlink(missing_ok=True)


def new_folder(folder: Path) -> None:
    """Make a folder that a user named with ``--out``. Raises ReproError if a file or a folder with contents is there."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ReproError(
            found="a file or a folder that is not empty",
            expected="a new or empty folder",
            where=str(folder),
            remedy="name another folder with --out, or move what lies there",
        )
    folder.mkdir(parents=True, exist_ok=True)


def empty_folder(folder: Path, *, keep: Collection[str] = ()) -> None:
    """Empty an output folder but for names to keep, if the project is locked; an UnwritableError if something must stay."""
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name in keep:
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as error:
        raise unwritable(error, folder) or error from None


def _system_error(error: Exception, target: Path) -> OSError:
    """The system's error about the file being written; libraries that write by themselves may hide a full disk."""
    if isinstance(error, OSError):
        # An error about a file that the block reads is not about the target.
        ours = error.filename is None or target.is_relative_to(Path(str(error.filename)).parent)
        return error if ours else OSError()
    full = target.parent.is_dir() and shutil.disk_usage(target.parent).free < _LEAST_BYTES
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if full else OSError()


def write_text(target: Path, text: str) -> None:
    """Write a text file (UTF-8, newline as given) whole or not at all."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_bytes(target: Path, data: bytes) -> None:
    """Write a binary file whole or not at all."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def dumps(document: Any) -> str:
    """Text of a JSON document: stable order, no NaN, one newline at the end."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(target: Path, document: Any) -> None:
    """Write a JSON document whole or not at all; NaN is refused."""
    write_text(target, dumps(document))


def read_json(source: Path, *, made_by: str) -> Any:
    """Read a JSON document; a ReproError if the file is missing or is not JSON."""
    try:
        return json.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = "no such file"
    except (OSError, ValueError, RecursionError) as error:  # a folder, other bytes, nesting without end
        found = f"not JSON: {error}"
    raise ReproError(found=found, expected="a JSON document", where=str(source), remedy=f"make it with: {made_by}")


def write_table(target: Path, table: pd.DataFrame) -> None:
    """Write a table as Parquet whole or not at all."""
    with atomic_path(target) as temporary:
        table.to_parquet(temporary, index=False)


def digest(*paths: Path) -> str:
    """SHA-256 (hex) over the contents of files, in the order given."""
    total = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()
