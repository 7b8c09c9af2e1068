"""One state of the project: a commit or the working tree, and what DVC's lock file records of its stages."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from dvc.scm import RevError, resolve_rev
from scmrepo.exceptions import SCMError
from scmrepo.git import Git

from repro.audit.source_files import SourceFiles
from repro.errors import refuse
from repro.untrusted import message_of, parse_yaml, short_repr

WORKING_TREE = "working tree"
LOCK, PIPELINE = "dvc.lock", "dvc.yaml"


@dataclass(frozen=True)
class LockedStage:
    """One stage as it last ran, from ``dvc.lock``."""

    cmd: str
    deps: Mapping[
        str, str
    ]  # MD5 of each file, or of a folder's listing (ends in .dir), by path from the project's root
    params: Mapping[str, Any]  # value of each parameter by dotted name, a list being one value
    outs: Mapping[str, str]  # as ``deps``


@dataclass(frozen=True)
class Revision:
    """One state of the project."""

    name: str
    commit: str | None  # full hash, None for the working tree
    stages: Mapping[str, LockedStage]  # that have run, in the pipeline's order
    never_run: tuple[str, ...]  # stages of dvc.yaml that the lock file does not know
    outdated: Mapping[str, tuple[str, ...]]  # why a stage's outputs were not made with this state's code and parameters
    sources: SourceFiles = field(repr=False, compare=False)

    @property
    def title(self) -> str:
        """Its name, and the short hash of the commit unless that is the name."""
        return self.short if self.commit is None or self.commit.startswith(self.name) else f"{self.name} ({self.short})"

    @property
    def short(self) -> str:
        """Short hash, or the name of the working tree."""
        return self.commit[:9] if self.commit else self.name


def at_commit(root: Path, scm: Git, name: str) -> Revision:
    """The project as committed; ``name`` is any that git knows for a commit.

    Raises ReproError if git does not know it, or its commit has no readable ``dvc.lock``.
    """
    commit = _full_hash(root, scm, name)
    sources = SourceFiles(root, commit)
    text = sources.read_text(LOCK)
    if text is None:
        expected = f"a commit that records what its pipeline made: {LOCK} is written by dvc repro"
        remedy = f"choose a commit that has it (git log -- {LOCK}), or run dvc repro there and commit {LOCK}"
        refuse(f"no {LOCK} in {name} ({commit[:9]})", expected, f"git show {commit[:9]}:{LOCK}", remedy)
    stages = parse_lock(text, f"{LOCK} of {name}")
    never_run = _never_run(sources.read_text(PIPELINE) or "", stages)
    return Revision(name, commit, stages, never_run, _outdated(sources, commit, stages), sources)


def _full_hash(root: Path, scm: Git, name: str) -> str:
    try:
        return str(resolve_rev(scm, name))
    except RevError:
        recent = "; ".join(_recent_commits(scm))
        expected = "a commit, branch or tag of this repository" + (f", such as {recent}" if recent else "")
        remedy = "look it up with git log --oneline --all; in a shallow clone fetch it first: git fetch --unshallow"
        refuse(f"no revision {name!r}", expected, str(root), remedy)


def _recent_commits(scm: Git, most: int = 3) -> list[str]:
    """Short hash and first line of the latest commits; fewer in a new repository or a shallow clone."""
    commits = []
    with suppress(SCMError):
        commit = scm.resolve_commit("HEAD")
        commits.append(commit)
        while commit.parents and len(commits) < most:
            commit = scm.resolve_commit(commit.parents[0])
            commits.append(commit)
    return [f"{commit.hexsha[:7]} {commit.message.splitlines()[0]}" for commit in commits if commit.message]


def in_working_tree(root: Path, status: Mapping[str, Any]) -> Revision:
    """The project as it is on disk; ``status`` is DVC's, and says why stages are not up to date.

    Raises ReproError if no stage has ever run here.
    """
    lock, pipeline = root / LOCK, root / PIPELINE
    if not lock.is_file():
        refuse(f"no {LOCK}", "a pipeline that has run", str(lock), "run it: make report")
    stages = parse_lock(lock.read_text(encoding="utf-8", errors="replace"), str(lock))
    text = pipeline.read_text(encoding="utf-8", errors="replace") if pipeline.is_file() else ""
    never_run = _never_run(text, stages)
    # DVC names a stage by the path of its dvc.yaml from the current folder, then its name.
    by_stage = {address.rsplit(":", 1)[-1]: entries for address, entries in status.items()}
    reasons = {stage: tuple(_reasons(entries)) for stage, entries in by_stage.items() if stage not in never_run}
    outdated = {stage: why for stage, why in reasons.items() if why}
    return Revision(WORKING_TREE, None, stages, never_run, outdated, SourceFiles(root, None))


def parse_lock(text: str, where: str) -> dict[str, LockedStage]:
    """Stages of a ``dvc.lock``.

    Raises ReproError if it is not a lock file of schema 2.
    """
    expected = "schema 2.0: stages with cmd, deps, params and outs"
    remedy = "take it from another commit, or write it again with: dvc repro"
    document = parse_yaml(text, where=where, expected=expected, remedy=remedy)
    try:
        return {_word(name): _stage(entry) for name, entry in document["stages"].items()}
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        found = f"not a lock file of DVC: {type(error).__name__} {message_of(error).splitlines()[0]}"
        refuse(found, expected, where, remedy)


def _stage(entry: Mapping[str, Any]) -> LockedStage:
    params = {
        (key if file == "params.yaml" else f"{file}:{key}"): value
        for file, values in entry.get("params", {}).items()
        for key, value in flat(values)
    }
    command = entry["cmd"]
    return LockedStage(
        cmd=command if isinstance(command, str) else " && ".join(command),
        deps={
            checked_path(dep["path"]): checked_md5(dep["md5"]) if "md5" in dep else ""
            for dep in entry.get("deps") or []
        },
        params=params,
        outs={checked_path(out["path"]): checked_md5(out["md5"]) for out in entry.get("outs") or []},
    )


def _word(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{short_repr(name)} as a name")
    return name


def checked_path(path: object) -> str:
    """A path of a lock file or listing, checked to stay within the project, since the file is read.

    Raises ValueError if it leaves the project, or is not a path.
    """
    parts = PurePosixPath(path).parts if isinstance(path, str) and path.isprintable() else ()
    if not parts or ".." in parts or parts[0] == "/":
        raise ValueError(f"{short_repr(path)} is not a path within the project")
    return str(path)


def checked_md5(md5: object) -> str:
    """An MD5 of a lock file or listing, checked, since DVC makes a path in its cache from it.

    Raises ValueError if it is not an MD5.
    """
    if not isinstance(md5, str) or not re.fullmatch(r"[0-9a-f]{32}(\.dir)?", md5):
        raise ValueError(f"{short_repr(md5)} is not an MD5")
    return md5


def flat(document: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves of nested mappings by dotted name; a list is a leaf."""
    if isinstance(document, Mapping) and document:
        for key, value in document.items():
            yield from flat(value, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, document


def _never_run(pipeline: str, stages: Mapping[str, LockedStage]) -> tuple[str, ...]:
    expected, remedy = "stages of a pipeline, by name", f"correct {PIPELINE}: dvc status shows the line"
    document = parse_yaml(pipeline, where=PIPELINE, expected=expected, remedy=remedy) or {"stages": {}}
    declared = document.get("stages") if isinstance(document, dict) else None
    if not (isinstance(declared, dict) and all(isinstance(name, str) for name in declared)):
        refuse(f"stages: {short_repr(declared)}", expected, PIPELINE, remedy)
    run = {name.split("@")[0] for name in stages}  # a stage over several items is locked as stage@item
    return tuple(name for name in declared if name not in run)


def _reasons(entries: Sequence[Any]) -> Iterator[str]:
    for entry in entries:
        if not isinstance(entry, Mapping):
            yield str(entry)
            continue
        for kind, changed in entry.items():
            if not isinstance(changed, Mapping):
                yield f"{kind} {changed or ''}".strip()
                continue
            singular = kind.removeprefix("changed ").removesuffix("s")
            for name, state in changed.items():
                if isinstance(state, Mapping):
                    yield from (f"{singular} {name}:{key} {value}" for key, value in state.items())
                # Where the locked files are is checked later.
                elif state not in ("not in cache", "deleted"):
                    yield f"{singular} {name} {state}"


def _outdated(sources: SourceFiles, commit: str, stages: Mapping[str, LockedStage]) -> dict[str, tuple[str, ...]]:
    """Stages whose locked dependencies or parameters are not those of the commit: committed without a run."""
    where, expected, remedy = f"params.yaml of {commit[:9]}", "parameters by name", "compare another commit"
    text = sources.read_text("params.yaml") or "{}"
    document = parse_yaml(text, where=where, expected=expected, remedy=remedy)
    if not isinstance(document, Mapping):
        refuse(short_repr(document), expected, where, remedy)
    params = dict(flat(document))
    outputs = {path: md5 for stage in stages.values() for path, md5 in stage.outs.items()}
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, stage in stages.items():
        for path, locked in stage.deps.items():
            if path in outputs:
                if outputs[path] != locked:
                    reasons[name].append(f"dep {path} made again since")
            elif (sources.md5(path) or locked) != locked:
                reasons[name].append(f"dep {path} modified")
        for key, value in stage.params.items():
            if ":" not in key and params.get(key, value) != value:
                reasons[name].append(f"param {key} modified")
    return {name: tuple(listed) for name, listed in reasons.items()}
