"""Frames out of the night archives (ZIP without compression, one a night, written by the clock stage)."""

from __future__ import annotations

import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import local
from typing import TypeVar

from repro.classifier.transforms import Pixels, decode
from repro.untrusted import member, open_archive

Item = TypeVar("Item")
Result = TypeVar("Result")

_held = local()


def read(source: Path, name: str) -> bytes:
    """File of one frame, as it was written.

    Each thread keeps the archive it read last open; ``zipfile`` lets no two threads read one at the same time.

    Parameters
    ----------
    source : Path
        Archive of a night.
    name : str
        Of the frame, such as ``20240201011954_20240201_0.jpg``.

    Raises
    ------
    ReproError
        If the archive is missing or damaged, or does not hold the frame; see :func:`repro.untrusted.member`.
    """
    return member(_open(source), name)


def _open(source: Path) -> zipfile.ZipFile:
    stamp = source, source.stat().st_mtime_ns if source.is_file() else None
    if getattr(_held, "stamp", None) != stamp:
        _held.stamp, _held.archive = None, None
        _held.archive = open_archive(source)
        _held.stamp = stamp
    archive: zipfile.ZipFile = _held.archive
    return archive


def load(source: Path, name: str, size_px: int) -> Pixels:
    """One frame, decoded and resized; see :func:`read` and :func:`repro.classifier.transforms.decode`."""
    return decode(read(source, name), size_px, f"{source}, {name}")


def ahead(
    work: Callable[[Item], Result], items: Sequence[Item], pool: ThreadPoolExecutor, waiting: int
) -> Iterator[Result]:
    """Do work in threads, at most ``waiting`` items ahead of whoever takes the results; results in the order of items.

    Parameters
    ----------
    work : callable
        Of one item. Its error is raised where its result would have been taken.
    items : sequence
        What to work on.
    pool : ThreadPoolExecutor
        The threads.
    waiting : int
        Results that may wait to be taken, which bounds memory.
    """
    coming = iter(items)
    queue = deque(pool.submit(work, item) for item in islice(coming, waiting))
    while queue:
        result = queue.popleft().result()
        queue.extend(pool.submit(work, item) for item in islice(coming, 1))
        yield result
