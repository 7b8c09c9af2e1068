"""Stages that ran between two revisions, why, and whether their outputs changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from repro.audit.outputs import DERIVED, RECEIPTS, Pair
from repro.audit.revision import LockedStage
from repro.audit.source_files import folder_md5, md5_of
from repro.engine.code_digest import code_of
from repro.printing import first_few

Status = Literal["made again", "new", "gone"]


@dataclass(frozen=True)
class StageRun:
    """A stage whose record differs between two revisions."""

    stage: str
    status: Status
    because: tuple[str, ...]  # each dependency, parameter or command that differs
    idle: bool  # only comments, docstrings or layout of code do
    outputs: str  # in words, how the outputs differ
    same: bool | None  # receipts aside the outputs do not differ; None if unknown


def stage_runs(pair: Pair) -> list[StageRun]:
    """Stages that differ between the revisions, in the pipeline's order."""
    runs = []
    for name in pair.stages:
        one, two = pair.before.stages.get(name), pair.after.stages.get(name)
        if (one is None) != (two is None):
            runs.append(StageRun(name, "new" if one is None else "gone", (), False, "nothing to compare with", None))
        elif one is not None and two is not None and one != two:
            reasons = list(_reasons(pair, one, two))
            outputs, same = _outputs(pair, name, one, two)
            idle = bool(reasons) and all(quiet for _, quiet in reasons)
            runs.append(StageRun(name, "made again", tuple(text for text, _ in reasons), idle, outputs, same))
    return runs


def _reasons(pair: Pair, one: LockedStage, two: LockedStage) -> Iterator[tuple[str, bool]]:
    """Each reason in words, and whether it cannot change any result."""
    if one.cmd != two.cmd:
        yield f"command: {one.cmd} -> {two.cmd}", False
    for key in dict.fromkeys((*one.params, *two.params)):
        values = [_shown(stage.params[key]) if key in stage.params else "not used" for stage in (one, two)]
        if one.params.get(key) != two.params.get(key) or values[0] != values[1]:
            yield f"parameter {key}: {values[0]} -> {values[1]}", False
    for path in sorted(set(one.deps) | set(two.deps)):
        if path not in two.deps:
            yield f"{path}: no longer a dependency", False
        elif path not in one.deps:
            yield f"{path}: a dependency now", False
        elif one.deps[path] != two.deps[path]:
            yield _dependency(pair, path, one.deps[path], two.deps[path])


def _dependency(pair: Pair, path: str, before: str, after: str) -> tuple[str, bool]:
    maker = next((name for name, stage in pair.after.stages.items() if path in stage.outs), None)
    if maker:
        return f"{path}: output of stage {maker}", False
    quiet = "comments, docstrings or layout only"
    if after.endswith(".dir"):
        files = _files_that_differ(pair, path, before, after)
        if not files:
            return f"{path}: changed", False
        listed = first_few(list(files), 5)
        if all(_same_code(pair, f"{path}/{name}", *hashes) for name, hashes in files.items()):
            return f"{path}: {listed}: {quiet}", True
        return f"{path}: {listed}", False
    if _same_code(pair, path, before, after):
        return f"{path}: {quiet}", True
    return f"{path}: changed", False


def _same_code(pair: Pair, path: str, before: str, after: str) -> bool:
    """Whether a Python file is the same code on both sides; false if git does not have the locked version."""
    if not path.endswith(".py"):
        return False
    texts = [side.sources.read_text(path) for side in (pair.before, pair.after)]
    locked = (before, after)
    if any(text is None or md5_of(text.encode()) != md5 for text, md5 in zip(texts, locked, strict=True)):
        return False
    return code_of(str(texts[0])) == code_of(str(texts[1]))


def _files_that_differ(pair: Pair, folder: str, before: str, after: str) -> dict[str, tuple[str, str]]:
    """Files of a folder under git that differ, with both hashes; nothing if git does not have the locked version."""
    one, two = (side.sources.hashes(folder) for side in (pair.before, pair.after))
    if (folder_md5(one), folder_md5(two)) != (before, after):
        return {}
    hashes = {name: (one.get(name, ""), two.get(name, "")) for name in sorted(set(one) | set(two))}
    return {name: pair for name, pair in hashes.items() if pair[0] != pair[1]}


def _outputs(pair: Pair, name: str, one: LockedStage, two: LockedStage) -> tuple[str, bool | None]:
    if name in DERIVED:
        return "not compared: made from the results alone", None
    if one.outs == two.outs:
        return "the same", True
    changes = pair.changes(name)
    if not changes and any(gap.stage == name for gap in pair.gaps):
        return "unknown", None
    real = [change for change in changes if not change.name.startswith(RECEIPTS)]
    if not real:
        return f"the same but for {len(changes)} receipt(s), which record inputs and code", True
    kinds = Counter("added" if c.before is None else "removed" if c.after is None else "differ" for c in real)
    counts = ", ".join(f"{kinds[kind]} {kind}" for kind in ("differ", "added", "removed") if kinds[kind])
    return f"of {len(pair.files(pair.after, name))} files {counts}", False


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."
