"""Run one stage over many nights: skip finished ones, continue after a failure, list failures, remove stale outputs."""

from __future__ import annotations

import errno
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from repro.engine import receipts
from repro.engine.progress import progress
from repro.engine.receipts import NightWork
from repro.engine.workers import Workers, run
from repro.errors import ReproError, StageError, unwritable
from repro.files import read_json, remove_partial, write_json

_NIGHT = re.compile(r"\d{8}")


@dataclass(frozen=True)
class Task:
    """A night for a worker; stages with more to say add fields. It must survive pickling."""

    work: NightWork
    size: int  # units of work, for the progress bar


@dataclass(frozen=True)
class Failure:
    """A night (YYYYMMDD), or the name of a file that belongs to no night, without a result.

    The other fields are those of :class:`repro.errors.ReproError`.
    """

    night: str
    found: str
    expected: str
    where: str
    remedy: str

    @classmethod
    def of(cls, night: str, error: Exception) -> Failure:
        """Failure of a night by an error; for one that is not a :class:`ReproError`, its class is named."""
        if isinstance(error, ReproError):
            return cls(night, error.found, error.expected, error.where, error.remedy)
        message = f"{type(error).__name__}: {error}"
        return cls(night, message, "no error", f"night {night}", "this is a fault of the program; please report it")

    def error(self) -> ReproError:
        """The failure as an error."""
        return ReproError(found=self.found, expected=self.expected, where=self.where, remedy=self.remedy)


@dataclass(frozen=True)
class Outcome:
    """The nights of one stage: done now, kept from before, and failed."""

    done: tuple[str, ...]
    kept: tuple[str, ...]
    failed: tuple[Failure, ...]

    def check(self, stage: str, max_failed_share: float, listing: Path) -> None:
        """Report the failures; a ReproError if a larger share of the nights failed than is allowed."""
        total = len(self.done) + len(self.kept) + len(self.failed)
        for failure in self.failed:
            print(f"{stage}: night {failure.night} left out\n{failure.error()}\n", file=sys.stderr)
        if self.failed and len(self.failed) > max_failed_share * total:
            nights = ", ".join(failure.night for failure in self.failed[:5])
            nights += f" and {len(self.failed) - 5} more" if len(self.failed) > 5 else ""
            raise ReproError(
                found=f"{len(self.failed)} of {total} nights failed in stage {stage}: {nights}",
                expected=f"at most {max_failed_share:.0%} (max_failed_share of {stage} in params.yaml)",
                where=str(listing),
                remedy="repair or remove these files and run again; the other nights are done and will be skipped",
            )


def run_nights(
    stage: str,
    folder: Path,
    tasks: Sequence[Task],
    do: Callable[[Any], Mapping[str, Any]],
    *,
    workers: Workers = 0,
    gpu: bool = False,
    unit: str = "frames",
    failed: Iterable[Failure] = (),
    clear_stale: bool = True,
) -> Outcome:
    """Run a stage for every night that needs it, one of the ``tasks`` a night.

    ``do``, a module-level function, writes a task's outputs and gives the night's summary. ``folder`` is the stage's, with
    ``receipts/`` and ``failures.json``; outputs of failed nights are removed, and with ``clear_stale``, where the folder holds
    nothing else, files of nights that are not among the tasks. ``failed`` are earlier failures, such as files that belong to no
    night; ``unit`` names what the progress bar counts; ``workers`` and ``gpu`` are as in :func:`repro.engine.workers.run`.

    Raises StageError if every other night would fail as well, for example on a full disk; nights that are finished stay.
    """
    remove_partial(folder)
    listed = list(failed)
    # A run killed while it removed a night has left outputs without a receipt, so the names of all files are looked at.
    names = {path.name.split(".")[0] for path in folder.glob("*/[!.]*")}
    stale = {night for night in names if _NIGHT.fullmatch(night)} - {task.work.receipt.stem for task in tasks}
    for night in sorted(stale) if clear_stale else ():
        _clear(folder, night)
    todo = [task for task in tasks if not receipts.is_current(task.work, hash_inputs=False)]
    kept = sorted({task.work.night for task in tasks} - {task.work.night for task in todo})
    done: list[str] = []
    if todo:
        with (
            progress(stage, sum(task.size for task in todo), unit) as tally,
            closing(run(partial(_night, do), todo, workers=workers, gpu=gpu)) as answers,
        ):
            for task, result in answers:
                night = task.work.night
                if isinstance(result, OSError) and result.errno == errno.ENOSPC:  # a full disk for temporary files
                    result = unwritable(result, folder) or result
                if isinstance(result, StageError):  # every other night would fail as well
                    raise result
                if isinstance(result, Exception):
                    receipts.invalidate(task.work)
                    listed.append(Failure.of(night, result))
                else:
                    (done if result else kept).append(night)
                tally.advance(task.size, note=f"night {night}")
        remove_partial(folder)  # left by a killed worker
    listed.sort(key=lambda failure: failure.night)
    write_json(folder / "failures.json", [vars(failure) for failure in listed])
    return Outcome(tuple(sorted(done)), tuple(sorted(kept)), tuple(listed))


def _night(do: Callable[[Any], Mapping[str, Any]], task: Task) -> bool:
    """One night in a worker, with its receipt; returns whether there was work to do."""
    if receipts.is_current(task.work):  # same contents, another modification time
        receipts.remember_inputs(task.work)
        return False
    receipts.invalidate(task.work)
    # The process that handed out the task removes the outputs of a failure. A worker on another machine may outlive a
    # killed run, and must not remove what the next run has made.
    receipts.write(task.work, do(task))
    return True


def summaries(folder: Path, *, made_by: str | None = None) -> dict[str, dict[str, Any]]:
    """Summary of every finished night of a stage, by night in order.

    With ``made_by``, the name of the stage, a folder without a finished night is a ReproError that says to run it.
    """
    documents = {path.stem: receipts.read(path) for path in sorted((folder / "receipts").glob("[!.]*.json"))}
    finished = {night: document["summary"] for night, document in documents.items() if document}
    if made_by and not finished:
        raise ReproError(
            found=f"no finished night of stage {made_by}",
            expected=f"receipts of stage {made_by}",
            where=str(folder),
            remedy=f"run: dvc repro {made_by}",
        )
    return finished


def failures(folder: Path, *, made_by: str) -> list[Failure]:
    """Failures that a stage listed; a ReproError if it has not run."""
    source = folder / "failures.json"
    listed = read_json(source, made_by=made_by)
    try:
        entries = [Failure(**entry) for entry in listed]
        if all(isinstance(value, str) for failure in entries for value in vars(failure).values()):
            return entries
    except TypeError:
        pass
    raise ReproError(
        found="no list of failures",
        expected="night, found, expected, where and remedy of each",
        where=str(source),
        remedy=f"make it again with: {made_by}",
    )


def _clear(folder: Path, night: str) -> None:
    """Remove a night's receipt, then all its other files in the stage's folders."""
    receipts.receipt_path(folder, night).unlink(missing_ok=True)
    # Videos first, whose names hold more than the night; the truth last, from which a rerun knows that they are stale.
    for path in sorted((*folder.glob(f"{night}.*"), *folder.glob(f"*/*{night}*")), reverse=True):
        path.unlink(missing_ok=True)
