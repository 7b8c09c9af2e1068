"""The errors that a user is meant to read: what was found, what was expected, where, and what to do."""

from __future__ import annotations

import errno
import io
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn


class ReproError(Exception):
    """A problem the user can act on.

    ``found`` is the offending value, ``expected`` what is allowed, with the known alternatives, ``where`` a file, night, line,
    claim or field, and ``remedy`` what to do next.
    """

    def __init__(self, *, found: str, expected: str, where: str, remedy: str) -> None:
        self.found, self.expected, self.where, self.remedy = found, expected, where, remedy
        super().__init__(found, expected, where, remedy)

    def __reduce__(self) -> tuple[object, ...]:
        # Workers send errors between processes; keyword-only arguments need this to survive pickling.
        return partial(type(self), found=self.found, expected=self.expected, where=self.where, remedy=self.remedy), ()

    def __str__(self) -> str:
        parts = (printable(part) for part in (self.found, self.expected, self.where, self.remedy))
        return "found:    {}\nexpected: {}\nwhere:    {}\nto do:    {}".format(*parts)


def refuse(found: str, expected: str, where: str, remedy: str) -> NoReturn:
    """Raise a :class:`ReproError`; the error that led to it is not shown."""
    raise ReproError(found=found, expected=expected, where=where, remedy=remedy) from None


class StageError(ReproError):
    """Every other night would fail as well, for example without Tesseract, so the whole stage stops."""


class UnwritableError(StageError):
    """The disk is full or nothing may be written."""


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}


def unwritable(error: OSError, where: Path) -> UnwritableError | None:
    """The error as one of the disk, if it is one."""
    if error.errno not in _FULL | _FORBIDDEN:
        return None
    full = error.errno in _FULL
    return UnwritableError(
        found=error.strerror or str(error),
        expected="room on the disk" if full else "a file or folder that may be written",
        where=str(error.filename or where),
        remedy=("free some space" if full else "make it writable, or work in another folder")
        + " and run again; what is finished is kept",
    )


def make_output_encodable() -> None:
    """Make standard output and error replace characters that their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace" if stream is sys.stdout else "backslashreplace")


def printable(text: str) -> str:
    """Text with control characters escaped, so that a file name cannot send codes to the terminal."""
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in text
    )
