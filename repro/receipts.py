"""Receipts: what a night's outputs were made from, so that a night whose receipt still holds costs nothing.

A receipt names the contents of the inputs, the parameters, the code and the outputs. It is written last and taken away
first, so a night without one was not finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from repro.errors import ReproError
from repro.store import digest, write_json


@dataclass(frozen=True)
class Work:
    """One night's work of one stage.

    Parameters
    ----------
    night : str
        YYYYMMDD.
    inputs : tuple of Path
        Files that decide the outputs, beside settings and code.
    outputs : tuple of Path
        Files that are made.
    receipt : Path
        Where the receipt lies.
    settings : str
        From :func:`settings_digest`.
    """

    night: str
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    receipt: Path
    settings: str


def settings_digest(settings: Mapping[str, Any], modules: Iterable[str]) -> str:
    """SHA-256 (hex) over parameters and over the source of the modules that use them.

    Parameters
    ----------
    settings : mapping
        Anything JSON can hold; the order of keys does not matter.
    modules : iterable of str
        Names of modules of this project, such as ``repro.film.night``.
    """
    total = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for name in sorted(modules):
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ReproError(
                found=f"no source of module {name!r}",
                expected="a module of this project",
                where="the list of modules a receipt depends on",
                remedy="name the module by its full name",
            )
        total.update(name.encode())
        total.update(Path(spec.origin).read_bytes())
    return total.hexdigest()


def read(receipt: Path) -> dict[str, Any] | None:
    """A receipt's document; None if there is none or it cannot be read, for then the night is made again."""
    try:
        document = json.loads(receipt.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and "summary" in document else None


def holds(work: Work, *, hash_inputs: bool = True) -> bool:
    """Whether a night's outputs are there and made from what there is now.

    An input of the same size and modification time is taken to be the same, as git and DVC do; only another one is
    hashed, since hashing every video would cost more than a day's new work.

    Parameters
    ----------
    work : Work
        The night's work.
    hash_inputs : bool
        Whether to hash inputs whose modification time changed; without, they count as changed.
    """
    document = read(work.receipt)
    if document is None or document.get("settings") != work.settings:
        return False
    recorded = document.get("inputs", {})
    if list(recorded) != [_name(path) for path in work.inputs]:
        return False
    for path in work.inputs:
        if not path.is_file():
            return False
        was, now = recorded[_name(path)], path.stat()
        if was["bytes"] != now.st_size:
            return False
        if was["mtime_ns"] != now.st_mtime_ns and not (hash_inputs and was["sha256"] == digest(path)):
            return False
    sizes = document.get("outputs", {})
    return list(sizes) == [_name(path) for path in work.outputs] and all(
        path.is_file() and path.stat().st_size == sizes[_name(path)] for path in work.outputs
    )


def write(work: Work, summary: Mapping[str, Any]) -> None:
    """Write the receipt of a finished night.

    Parameters
    ----------
    work : Work
        The night's work; its inputs and outputs must be there.
    summary : mapping
        What the stage has to say of the night: counts, listed gaps.
    """
    inputs = {}
    for path in work.inputs:
        stat = path.stat()
        inputs[_name(path)] = {"sha256": digest(path), "bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    outputs = {_name(path): path.stat().st_size for path in work.outputs}
    document = {"night": work.night, "settings": work.settings, "inputs": inputs, "outputs": outputs}
    write_json(work.receipt, {**document, "summary": dict(summary)})


def void(work: Work) -> None:
    """Take away a night's receipt, then its outputs."""
    for path in (work.receipt, *work.outputs):
        path.unlink(missing_ok=True)


def _name(path: Path) -> str:
    # Files of one night often share their name; folder and name tell them apart.
    return f"{path.parent.name}/{path.name}"
