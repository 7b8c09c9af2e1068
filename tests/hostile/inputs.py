"""Inputs made hostile: spoilt bytes, words and YAML that nobody means well with, and documents with one value changed."""

import copy
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings

#: For tests whose examples share the harness of one test.
hostile = settings(suppress_health_check=list(HealthCheck))

#: Words that have broken programs: markup, paths, control characters, right-to-left marks, and far too much of anything.
WORDS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; DROP TABLE nights; --", "&amp;&lt;", "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}", "${HOME}", "$(touch gone)", "`touch gone`", "../../../gone", "/etc/passwd", "~root", "..",
    ".", "", " ", "\t", "\n", "\r\n", "a\nb", "\x00", "a\x00b", "\x1b[2J\x1b]0;gone\x07", "\u202egnp.exe", "\u200f\u200e",
    "\ufeff", "\ud800", "\udcff", "\U0001f30c", "２０２４０２０１", "٢٠٢٤", "[red]x[/red]", "[/]", "[link=file:///]x", "\\", "%s%n", "%00",
    "-rf", "--help", "CON", "nul.txt", "a" * 5000, "[" * 3000, "9" * 5000, "NaN", "inf", "-inf", "1e999", "None", "null",
    "!!python/object/apply:os.system [touch gone]", "&a [*a]", "$x^2$", "\\input{gone}", "|", "a|b", "=1+1", "@SUM(1)",
)  # fmt: skip


def bomb() -> str:
    """A kilobyte of aliases that stands for 9 to the power of 40 words."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    return "\n".join(lines + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)])


#: YAML that parsers fall over, or that asks for more than data.
YAML = (
    "", "---", "null", "[]", "3", "word", "- a\n- b", "a: [", "a: {b: [}", "\t- x", "a: 1\na: 2", "? [a]\n: b", "{[a]: b}",
    "&a [*a]", "a: &a {b: *a}", "<<: 3", "<<: [1, 2]", "a: &x 1\nb: *x", "*gone", "---\na: 1\n---\nb: 2", "%YAML 9.9\n---\na",
    "2022-13-45", "a: 2022-02-30", "!!timestamp x", "!!int x", "!!int ''", "!!bool x", "!!float x", "!!binary '%'",
    "!!set {a, b}", "!!omap [1]", "!!pairs [[1]]", "!!null x", "!local x", "!!str [a]", "!!map [a]", "!!seq {a: b}",
    "!!python/object/apply:os.system [touch gone]", "!!python/object/new:os.system [touch gone]", "!!python/name:os.system",
    "!!python/module:os", "!!python/tuple [1]", "[" * 3000, "{a: " * 3000, "- " * 3000, "9" * 5000, "0x" + "f" * 6000,
    "1e99999", ".nan", "-.inf", "1:" * 3000 + "1", "a: \x00", "a: \x1b[2J", "\ufeffa: 1", "a: \ud800", "a: " + "x" * 100_000,
    bomb(),
)  # fmt: skip
#: Values that stand where another kind is expected; ``...`` takes the key away.
VALUES = (
    ..., None, True, 0, -1, 3.5, 10**9, 10**400, float("nan"), float("inf"), "", "x", "2022-99-99", "99999999", [], {}, [[]],
    {"a": {"b": []}}, {1: 2}, [None], "a" * 3000, "\x1b[2J", "\ud800", "<script>", "[/]", "../../../gone", "/etc/passwd",
)  # fmt: skip


def encoded(*texts: str) -> list[bytes]:
    """Texts as bytes, lone surrogates included."""
    return [text.encode("utf-8", "surrogatepass") for text in texts]


class Bomb:
    """An object that leaves a file behind when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return open, ("gone", "w")


def leaves(document: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Ways to every value of a document, branches included."""
    if way:
        yield way
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from leaves(value, (*way, key))


def changed(document: Any, way: tuple[Any, ...], value: Any) -> Any:
    """A copy with one value changed, or taken out if the new one is ``...``."""
    made = copy.deepcopy(document)
    at = made
    for key in way[:-1]:
        at = at[key]
    if value is ...:
        del at[way[-1]]
    else:
        at[way[-1]] = value
    return made


def spoilt(data: bytes, seed: int, count: int, other: bytes = b"") -> Iterator[tuple[str, bytes]]:
    """Bytes of a good file spoilt in ways of a bad disk and of a bad will: what was done, and the result; 8 or more in all.

    ``seed`` decides the places; ``other`` is a file that is spliced in, noise if not given.
    """
    rng = random.Random(seed)
    yield "empty", b""
    yield "not such a file", b"<html>blocked</html>\n" * 20
    yield "noise", rng.randbytes(len(data) or 1)
    yield "doubled", data + data
    yield "all zero", bytes(len(data))
    kinds = ("flip", "end flip", "cut", "few flips", "zero", "flip", "splice", "insert", "remove", "flip")
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
            made = data[:place] + (other or rng.randbytes(len(data)))[place : place + some] + data[place + some :]
        elif kind == "insert":
            made = data[:place] + rng.randbytes(min(some, 64)) + data[place:]
        else:
            made = data[:place] + data[place + some :]
        yield f"{kind} at {place}", made


def _flipped(data: bytes, place: int, rng: random.Random) -> bytes:
    return data[:place] + bytes([data[place] ^ (1 << rng.randrange(8))]) + data[place + 1 :]
