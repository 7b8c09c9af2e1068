"""One digest for each output of the pipeline, to hold two runs or two machines against each other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from repro.errors import ReproError
from repro.files import digest
from repro.paths import Paths


@dataclass(frozen=True)
class OutputDigest:
    """What one output holds.

    Parameters
    ----------
    stage, output : str
        Stage, and the output's path from the project's root.
    files, size_bytes : int
        How much it holds; 0 files where it has not been made.
    sha256 : str or None
        Over the sorted names of the files and the digests of their contents; None where there is none.
    """

    stage: str
    output: str
    files: int
    size_bytes: int
    sha256: str | None


def digests(paths: Paths, corpus: str) -> list[OutputDigest]:
    """Digest of every output that ``dvc.yaml`` declares, in the pipeline's order.

    Parameters
    ----------
    paths : Paths
        The project.
    corpus : str
        Name of the corpus.

    Raises
    ------
    ReproError
        If ``dvc.yaml`` cannot be read.
    """
    source = paths.root / "dvc.yaml"
    try:
        stages: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))["stages"]
        named = [(stage, _path(out)) for stage, entry in stages.items() for out in entry["outs"]]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ReproError(
            found=f"no readable pipeline: {error}",
            expected="stages with their outs",
            where=str(source),
            remedy="take dvc.yaml from the repository: git checkout dvc.yaml",
        ) from None
    return [_digest(paths.root, stage, out.replace("${corpus}", corpus)) for stage, out in named]


def print_digests(listed: list[OutputDigest]) -> None:
    """Print one line an output: digest, files, bytes, name; the same on every terminal, so that two can be compared."""
    for entry in listed:
        print(f"{entry.sha256 or 'not made':<64}  {entry.files:>5} files  {entry.size_bytes:>11} bytes  {entry.output}")


def _path(out: str | dict[str, Any]) -> str:
    return out if isinstance(out, str) else next(iter(out))


def _digest(root: Path, stage: str, output: str) -> OutputDigest:
    base = root / output
    files = sorted(path for path in base.rglob("*") if path.is_file()) if base.is_dir() else [base]
    files = [path for path in files if path.is_file()]
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(base).as_posix()}\0{digest(path)}\n".encode())
    size = sum(path.stat().st_size for path in files)
    return OutputDigest(stage, output, len(files), size, total.hexdigest() if files else None)
