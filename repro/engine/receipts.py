"""Receipts: what a night's outputs were made from, so that a finished night is not done again.

A receipt names the contents of the inputs, the parameters, the code and the outputs. It is written last and removed
first, so a night without one is unfinished. It contains nothing that differs from run to run: the same work makes the same
receipt, byte for byte. Sizes and times of the inputs are recorded elsewhere, outside the stage's outputs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from repro.engine.code_digest import LIBRARY, closure, code_of, file_of
from repro.errors import ReproError, unwritable
from repro.files import digest, sync_folder, write_json


@dataclass(frozen=True)
class NightWork:
    """One night's work of one stage.

    ``inputs`` are the files that decide the outputs, beside ``settings`` from :func:`settings_digest`; ``night`` is YYYYMMDD.
    """

    night: str
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    receipt: Path
    settings: str

    @property
    def seen(self) -> Path:
        """Where sizes, times and digests of the inputs are recorded: ``.seen`` beside the stage's folder."""
        folder = self.receipt.parent.parent if self.receipt.parent.name == "receipts" else self.receipt.parent
        return folder.parent / ".seen" / folder.name / self.receipt.name


def receipt_path(folder: Path, night: str) -> Path:
    """Receipt of a night in a stage's output folder."""
    return folder / "receipts" / f"{night}.json"


def settings_digest(settings: Mapping[str, Any], *modules: str) -> str:
    """SHA-256 (hex) over parameters and over all code that uses them; comments, docstrings and the order of keys do not count.

    ``modules`` are names such as ``repro.film.film_corpus``; what they import counts, too, see
    :func:`repro.engine.code_digest.closure`.
    """
    total = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    total.update(code_of_modules(modules))
    return total.hexdigest()


@cache
def code_of_modules(modules: tuple[str, ...]) -> bytes:
    """Path and code of modules and of all that they import, read once a process; raises ReproError if one is none of ours."""
    files: set[Path] = set()
    for name in modules:
        source = file_of(name)
        if source is None:
            raise ReproError(
                found=f"no source of module {name!r}",
                expected="a module of this project",
                where="the modules a receipt depends on",
                remedy="name the module by its full name",
            )
        files |= {source, *closure(source)}
    return b"".join(
        (file.relative_to(LIBRARY).as_posix() + code_of(file.read_text(encoding="utf-8"))).encode()
        for file in sorted(files)
    )


#: Size of an output in the receipt of a night that has begun and is not finished.
UNFINISHED = -1
_PARTS = ("inputs", "outputs", "summary")


def read(receipt: Path) -> dict[str, Any] | None:
    """A receipt's document; None if it is missing or unreadable, so that the night is done again."""
    try:
        document = json.loads(receipt.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not all(isinstance(document.get(part), dict) for part in _PARTS):
        return None
    if not all(isinstance(entry, dict) and {"sha256", "bytes"} <= set(entry) for entry in document["inputs"].values()):
        return None
    return document


def is_current(work: NightWork, *, hash_inputs: bool = True) -> bool:
    """Whether a night's outputs are there and were made from the present inputs, parameters and code.

    Only an input that was not seen before in this size and with this modification time is hashed, since hashing every
    video would cost more than a day's new work; without ``hash_inputs`` such an input counts as changed.
    """
    document = read(work.receipt)
    if document is None or document.get("settings") != work.settings:
        return False
    recorded = document.get("inputs", {})
    if list(recorded) != [_name(path) for path in work.inputs]:
        return False
    seen = _seen(work)
    for path in work.inputs:
        if not path.is_file() or recorded[_name(path)]["bytes"] != path.stat().st_size:
            return False
        known = _digest_seen(path, seen)
        if known is None and not hash_inputs:
            return False
        if recorded[_name(path)]["sha256"] != (known or digest(path)):
            return False
    sizes = document.get("outputs", {})
    return list(sizes) == [_name(path) for path in work.outputs] and all(
        path.is_file() and path.stat().st_size == sizes[_name(path)] for path in work.outputs
    )


def write(work: NightWork, summary: Mapping[str, Any]) -> None:
    """Write the receipt of a finished night, with a summary such as counts and gaps; its inputs and outputs must exist."""
    inputs = {_name(path): {"sha256": digest(path), "bytes": path.stat().st_size} for path in work.inputs}
    outputs = {_name(path): path.stat().st_size for path in work.outputs}
    document = {"night": work.night, "settings": work.settings, "inputs": inputs, "outputs": outputs}
    write_json(work.receipt, {**document, "summary": dict(summary)})
    remember_inputs(work)


def claim_outputs(work: NightWork) -> None:
    """Write an invalid receipt before a night begins; after an interruption it says which files belong to the night."""
    outputs = {_name(path): UNFINISHED for path in work.outputs}
    write_json(work.receipt, {"night": work.night, "settings": "", "inputs": {}, "outputs": outputs, "summary": {}})


def remember_inputs(work: NightWork) -> None:
    """Record sizes and times of the inputs, so that they are not hashed again until they change."""
    document = read(work.receipt)
    if document is None or not work.inputs:
        return
    noted = {}
    for path in work.inputs:
        stat, name = path.stat(), _name(path)
        noted[name] = {
            "bytes": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
            "sha256": document["inputs"][name]["sha256"],
        }
    write_json(work.seen, noted)


def invalidate(work: NightWork) -> None:
    """Remove a night's receipt, then its outputs; an UnwritableError if they cannot be removed."""
    for path in (work.receipt, *work.outputs):
        try:
            path.unlink(missing_ok=True)
            if path == work.receipt and path.parent.is_dir():
                sync_folder(path.parent)
        except OSError as error:
            raise unwritable(error, path) or error from None


def _seen(work: NightWork) -> dict[str, Any]:
    try:
        noted = json.loads(work.seen.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _digest_seen(path: Path, seen: Mapping[str, Any]) -> str | None:
    """Digest of a file that was hashed before and has the same size and modification time, as git and DVC do."""
    noted, stat = seen.get(_name(path)), path.stat()
    if not isinstance(noted, dict) or (noted.get("bytes"), noted.get("mtime_ns")) != (stat.st_size, stat.st_mtime_ns):
        return None
    return str(noted.get("sha256"))


def _name(path: Path) -> str:
    # Files of one night often share their name; with the folder it is unique.
    return f"{path.parent.name}/{path.name}"
