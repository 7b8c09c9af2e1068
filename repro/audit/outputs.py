"""Outputs of two revisions: which files differ, and their contents out of DVC's cache or the working tree."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow.parquet as pq
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.rwlock import RWLockFileCorruptedError, RWLockFileFormatError

from repro.audit.revision import PIPELINE, Revision, at_commit, checked_md5, checked_path, in_working_tree
from repro.audit.source_files import folder_md5, md5_of
from repro.errors import refuse
from repro.printing import first_few

#: Made from the results alone and not cached; whatever moves in it has already moved in the results.
DERIVED = ("report",)
RECEIPTS = "receipts/"
DVC_REPRO = ".venv/bin/dvc repro"


class StoredFile(NamedTuple):
    """One file of a stage's outputs in one revision: its path inside the output, and the MD5 of its contents."""

    side: Revision
    stage: str
    output: str
    name: str
    md5: str


class Change(NamedTuple):
    """A file of a stage's outputs in both revisions; None in one that does not have it."""

    output: str
    name: str
    before: StoredFile | None
    after: StoredFile | None

    @property
    def moved(self) -> bool:
        """Whether it differs."""
        return self.before is None or self.after is None or self.before.md5 != self.after.md5


@dataclass(frozen=True)
class Gap:
    """Something that could not be compared: what is missing, and how to get it."""

    stage: str
    output: str
    revision: str
    lacks: str
    remedy: str
    files: list[str] = field(default_factory=list)  # empty if the whole output is concerned
    #: The stage has not run since its code, parameters or inputs changed; nothing made from its outputs can be compared.
    out_of_date: bool = False


class Pair:
    """Two revisions, named by commits or None for the working tree, with access to what their stages made.

    Raises ReproError if a revision is unknown or has no ``dvc.lock``, or DVC does not know the folder.
    """

    def __init__(self, root: Path, before: str | None, after: str | None) -> None:
        self.root = root
        with _open(root) as repo:
            self._cache = repo.cache.local
            self._remote = bool(repo.config.get("remote"))
            self.before, self.after = (_revision(root, repo, name) for name in (before, after))
        self.gaps: list[Gap] = []
        self._changes: dict[str, list[Change]] = {}
        self._trees: dict[str, dict[str, str]] = {}
        for name in self.stages:
            self._check(name)

    @property
    def stages(self) -> list[str]:
        """All stages that either revision ran or declares, in the order of the later revision."""
        return list(
            dict.fromkeys(name for side in (self.after, self.before) for name in (*side.stages, *side.never_run))
        )

    def _check(self, name: str) -> None:
        """Record why a stage's outputs do not belong to its revision."""
        if name in DERIVED:
            return
        for side in (self.before, self.after):
            remedy = DVC_REPRO if side.commit is None else f"in a checkout of {side.short}: {DVC_REPRO}"
            if name in side.never_run:
                self.gaps.append(Gap(name, "", side.title, "it has not run there", remedy, out_of_date=True))
            elif name in side.outdated:
                lacks = (
                    f"its outputs, and all made from them, are of an earlier state: {first_few(side.outdated[name])}"
                )
                remedy += "" if side.commit is None else ", then commit dvc.lock"
                self.gaps.append(Gap(name, "", side.title, lacks, remedy, out_of_date=True))

    def upstream(self, stage: str) -> set[str]:
        """The stage, and all whose outputs it is made from in either revision."""
        reached, waiting = {stage}, [stage]
        while waiting:
            name = waiting.pop()
            for side in (self.before, self.after):
                deps = side.stages[name].deps if name in side.stages else ()
                for maker, locked in side.stages.items():
                    if maker not in reached and any(_overlap(out, dep) for out in locked.outs for dep in deps):
                        reached.add(maker)
                        waiting.append(maker)
        return reached

    def gaps_of(self, stage: str) -> list[Gap]:
        """What keeps a stage's outputs from being compared: its own gaps, and stages before it that are out of date."""
        upstream = self.upstream(stage)
        return [gap for gap in self.gaps if gap.stage == stage or (gap.out_of_date and gap.stage in upstream)]

    def changes(self, stage: str) -> list[Change]:
        """Files of a stage's outputs that differ; what cannot be compared is recorded as a gap, once."""
        if stage not in self._changes:
            self._changes[stage] = self._compare(stage)
        return self._changes[stage]

    def _compare(self, stage: str) -> list[Change]:
        if stage in DERIVED or any(stage not in side.stages for side in (self.before, self.after)):
            return []
        one, two = self.before.stages[stage].outs, self.after.stages[stage].outs
        if set(one) != set(two):
            lacks = f"the outputs differ: {first_few(sorted(one))} before, {first_few(sorted(two))} after"
            remedy = "compare revisions of the same corpus and the same outputs"
            self.gaps.append(Gap(stage, "", self.after.title, lacks, remedy))
        changes = []
        for output in (output for output in one if output in two and one[output] != two[output]):
            before, after = (self._listing(side, stage, output) for side in (self.before, self.after))
            if before is not None and after is not None:
                files = [Change(output, name, before.get(name), after.get(name)) for name in sorted({*before, *after})]
                changes += [file for file in files if file.moved]
        return changes

    def files(self, side: Revision, stage: str) -> list[StoredFile]:
        """All files of a stage's outputs."""
        outputs = side.stages[stage].outs if stage in side.stages else ()
        return [file for output in outputs for file in (self._listing(side, stage, output) or {}).values()]

    def path_of(self, file: StoredFile, *, quiet: bool = False) -> Path | None:
        """Path of a file's contents; None, with a gap recorded unless ``quiet``, if they are nowhere."""
        is_folder = file.side.stages[file.stage].outs[file.output].endswith(".dir")
        path = self.root / file.output / (file.name if is_folder else "")
        if self._object(file.md5).is_file():
            return self._object(file.md5)
        if path.is_file() and md5_of(path.read_bytes()) == file.md5:
            return path
        if not quiet:
            self.add_gap(file, "not in DVC's cache")
        return None

    def read(self, file: StoredFile, *, quiet: bool = False) -> bytes | None:
        """Contents of a file; None as in :meth:`path_of`."""
        place = self.path_of(file, quiet=quiet)
        return place.read_bytes() if place else None

    def table(
        self, file: StoredFile, *, keep: Callable[[str], bool] = lambda _: True, quiet: bool = False
    ) -> pd.DataFrame | None:
        """A table out of a file; None as in :meth:`path_of`, also if it is damaged."""
        data = self.read(file, quiet=quiet)
        if data is None:
            return None
        try:
            return read_table(data, file.name, keep)
        except ValueError:
            if not quiet:
                self.add_gap(file, "damaged, not a table")
            return None

    def add_gap(self, file: StoredFile, lacks: str) -> None:
        """Record that a file, or without a name a whole output, cannot be compared; files of one output make one gap."""
        side, stage, output, name, _ = file
        for gap in self.gaps:
            if (gap.stage, gap.output, gap.revision, gap.lacks) == (stage, output, side.title, lacks):
                if name and name not in gap.files:
                    gap.files.append(name)
                return
        self.gaps.append(Gap(stage, output, side.title, lacks, self._remedy(side, stage), [name] if name else []))

    def _remedy(self, side: Revision, stage: str) -> str:
        make = f"{DVC_REPRO} {stage}"
        if side.commit is not None:
            make = f"git checkout {side.short} && {make}"
        return f".venv/bin/dvc fetch --all-commits {stage}; if the remote lacks it: {make}" if self._remote else make

    def _listing(self, side: Revision, stage: str, output: str) -> dict[str, StoredFile] | None:
        """Files of an output by their names inside; None, with a gap recorded, if the list is not available."""
        md5 = side.stages[stage].outs[output]
        if md5 not in self._trees:
            tree = self._tree(md5, self.root / output)
            if tree is None:
                self.add_gap(
                    StoredFile(side, stage, output, "", md5), "not in DVC's cache, not even the list of its files"
                )
                return None
            self._trees[md5] = tree
        return {name: StoredFile(side, stage, output, name, own) for name, own in self._trees[md5].items()}

    def _tree(self, md5: str, path: Path) -> dict[str, str] | None:
        if not md5.endswith(".dir"):
            return {path.name: md5}
        stored = self._object(md5)
        if stored.is_file():
            return read_listing(stored)
        # The folder on disk may be the recorded one.
        files = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else []
        tree = {file.relative_to(path).as_posix(): md5_of(file.read_bytes()) for file in files}
        return tree if folder_md5(tree) == md5 else None

    def _object(self, md5: str) -> Path:
        return Path(self._cache.oid_to_path(md5))


def is_table(name: str) -> bool:
    """Whether a file of a stage's output may be a frame table."""
    return name.endswith((".parquet", ".csv"))


def read_table(data: bytes, name: str, keep: Callable[[str], bool] = lambda _: True) -> pd.DataFrame:
    """A table from the bytes of a Parquet or CSV file, as the ending of its name says; columns that ``keep`` accepts.

    Raises ValueError if it is neither.
    """
    try:
        if name.endswith(".csv"):
            return pd.read_csv(BytesIO(data), dtype={"night": str}, usecols=keep)
        file = pq.ParquetFile(BytesIO(data))
        table: pd.DataFrame = file.read([column for column in file.schema_arrow.names if keep(column)]).to_pandas()
    except Exception as error:  # of a damaged file, Arrow and pandas raise what their parsers do
        raise ValueError(str(error)) from None
    return table


def read_listing(stored: Path) -> dict[str, str] | None:
    """MD5 of a folder's files by their paths in it, as DVC lists them; None if the listing is damaged."""
    try:
        return {checked_path(entry["relpath"]): checked_md5(entry["md5"]) for entry in json.loads(stored.read_bytes())}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None


def _open(root: Path) -> Repo:
    if not (root / ".git").exists():
        expected = "a clone: repro diff compares revisions that git holds"
        remedy = "clone the repository instead of downloading its files; repro verify and repro status need no git"
        refuse("no git repository", expected, str(root), remedy)
    try:
        return Repo(str(root))
    except DvcException as error:
        found, expected = f"DVC cannot open the project: {error}", "a folder .dvc beside dvc.yaml"
        refuse(found, expected, str(root), "use a clone of the project")


def _revision(root: Path, repo: Repo, name: str | None) -> Revision:
    if name is not None:
        return at_commit(root, repo.scm, name)
    try:
        # The other records have pipelines and locks of their own, and stages of the same names.
        return in_working_tree(root, repo.status(targets=[str(root / PIPELINE)]))
    except (RWLockFileCorruptedError, RWLockFileFormatError) as error:
        expected = "JSON, as DVC writes it; a power cut can leave it empty"
        remedy = "while no dvc runs here, remove it: rm .dvc/tmp/rwlock"
        refuse(f"DVC's list of locks is damaged: {error}", expected, str(root / ".dvc" / "tmp" / "rwlock"), remedy)
    except DvcException as error:  # another dvc is at work, or dvc.yaml cannot be read
        found = f"DVC cannot determine what is up to date: {str(error).splitlines()[0]}"
        remedy = "wait for the other command to end, or correct dvc.yaml (dvc status says more)"
        refuse(found, "a readable dvc.yaml, and no other dvc at work here", str(root), remedy)


def _overlap(output: str, dependency: str) -> bool:
    """Whether one path is equal to the other or inside it."""
    return f"{output}/".startswith(f"{dependency}/") or f"{dependency}/".startswith(f"{output}/")
