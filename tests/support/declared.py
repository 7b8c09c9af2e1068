"""What a stage really reads, beside what ``dvc.yaml`` declares; test support, no part of the library."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from repro.params import Params
from repro.paths import Paths
from tests.conftest import ROOT
from tests.support.project import run

STAGES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
CODE = ("repro", "stages")  # what is not data
DATA = ("data", "results", "expected", "report")


@dataclass
class Reads:
    """Sections of the parameters, and files and folders of the project by path, that a stage read."""

    params: set[str] = field(default_factory=set)
    data: set[str] = field(default_factory=set)


_recording: list[tuple[Path, Reads]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _recording or event not in ("open", "os.listdir", "os.scandir"):
        return
    name = arguments[0]
    if not isinstance(name, str | os.PathLike):
        return
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        return
    root, reads = _recording[-1]
    path = Path(os.path.abspath(name))  # noqa: PTH100 (no links are followed)
    if path.is_relative_to(root):
        reads.data.add(path.relative_to(root).as_posix())


sys.addaudithook(_hook)


def declared(stage: str, corpus: str) -> tuple[set[str], set[str]]:
    """Data dependencies and outputs of a stage."""
    names = [
        {(next(iter(entry)) if isinstance(entry, dict) else entry).replace("${corpus}", corpus) for entry in entries}
        for entries in (STAGES[stage]["deps"], STAGES[stage]["outs"])
    ]
    return {name for name in names[0] if name.split("/")[0] not in CODE}, names[1]


@contextmanager
def only_declared(project: Paths, stage: str, corpus: str) -> Iterator[None]:
    """For the block, take away all data that a stage does not declare."""
    stays = {PurePosixPath(name) for names in declared(stage, corpus) for name in names}
    hidden: list[tuple[Path, Path]] = []

    def hide(folder: Path) -> None:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            name = PurePosixPath(path.relative_to(project.root).as_posix())
            if name.name.startswith(".") or stays & {name, *name.parents}:
                continue
            if any(name in kept.parents for kept in stays):
                hide(path)
            else:
                away = project.root / ".hidden" / str(len(hidden))
                away.parent.mkdir(exist_ok=True)
                path.rename(away)
                hidden.append((path, away))

    for name in DATA:
        hide(project.root / name)
    try:
        yield
    finally:
        for path, away in reversed(hidden):
            away.rename(path)


def run_recorded(project: Paths, corpus: str, *names: str) -> dict[str, Reads]:
    """Run stages, each with no other data than it declares, and tell what each read."""
    plain = Params.__getattribute__
    result = {}
    for name in names:
        reads = result[name] = Reads()

        def recorded(params: Params, attribute: str, reads: Reads = reads) -> Any:
            if attribute in Params.model_fields:
                reads.params.add(attribute)
            elif attribute in ("model_dump", "model_dump_json", "__iter__"):
                reads.params |= set(Params.model_fields)
            return plain(params, attribute)

        with pytest.MonkeyPatch.context() as patch, only_declared(project, name, corpus):
            patch.setattr(Params, "__getattribute__", recorded)
            _recording.append((project.root, reads))
            try:
                run(project, name)
            finally:
                _recording.pop()
    return result
