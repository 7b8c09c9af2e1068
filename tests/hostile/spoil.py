"""Inputs made hostile: spoilt bytes and names of files that nobody means well with; test support."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import HealthCheck, settings

#: The same examples at every run, however long one takes, without a folder of examples in the project.
hostile = settings(
    derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)

#: Words that have broken programs: markup, paths, control characters, right-to-left marks, and far too much of anything.
WORDS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; DROP TABLE nights; --", "&amp;&lt;", "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}", "${HOME}", "$(touch gone)", "`touch gone`", "../../../gone", "/etc/passwd", "~root", "..",
    ".", "", " ", "\t", "\n", "\r\n", "a\nb", "\x00", "a\x00b", "\x1b[2J\x1b]0;gone\x07", "\u202egnp.exe", "\u200f\u200e",
    "\ufeff", "\ud800", "\udcff", "\U0001f30c", "２０２４０２０１", "٢٠٢٤", "[red]x[/red]", "[/]", "[link=file:///]x", "\\", "%s%n", "%00",
    "-rf", "--help", "CON", "nul.txt", "a" * 5000, "[" * 3000, "9" * 5000, "NaN", "inf", "-inf", "1e999", "None", "null",
    "!!python/object/apply:os.system [touch gone]", "&a [*a]", "$x^2$", "\\input{gone}", "|", "a|b", "=1+1", "@SUM(1)",
)  # fmt: skip


def spoilt(data: bytes, seed: int, count: int, other: bytes = b"") -> Iterator[tuple[str, bytes]]:
    """Bytes spoilt in ways of a bad disk and of a bad will: what was done, and the result.

    Parameters
    ----------
    data : bytes
        A good file.
    seed : int
        Decides the places.
    count : int
        Results in all, from 8.
    other : bytes
        A file that is spliced in; noise if not given.
    """
    rng = random.Random(seed)
    yield "empty", b""
    yield "not such a file", b"<html>blocked</html>\n" * 20
    yield "noise", rng.randbytes(len(data) or 1)
    yield "doubled", data + data
    yield "all zero", bytes(len(data))
    kinds = ("flip", "flip", "flip", "few flips", "cut", "zero", "splice", "insert", "remove", "end flip")
    for number in range(count - 5):
        kind, place = kinds[number % len(kinds)], rng.randrange(len(data))
        some = rng.randrange(1, max(2, len(data) // 10))
        if kind == "flip":
            made = _flipped(data, place, rng)
        elif kind == "few flips":
            made = data
            for _ in range(8):
                made = _flipped(made, rng.randrange(len(data)), rng)
        elif kind == "end flip":  # where ZIP and Parquet keep their tables of contents, and MP4 and others begin
            near = rng.randrange(min(200, len(data)))
            made = _flipped(data, rng.choice((near, len(data) - 1 - near)), rng)
        elif kind == "cut":
            made = data[:place]
        elif kind == "zero":
            made = data[:place] + bytes(len(data[place : place + some])) + data[place + some :]
        elif kind == "splice":
            from_other = (other or rng.randbytes(len(data)))[place : place + some]
            made = data[:place] + from_other + data[place + some :]
        elif kind == "insert":
            made = data[:place] + rng.randbytes(min(some, 64)) + data[place:]
        else:
            made = data[:place] + data[place + some :]
        yield f"{kind} at {place}", made


def _flipped(data: bytes, place: int, rng: random.Random) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]
