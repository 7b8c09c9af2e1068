"""Run one stage of the pipeline: with the project locked, with errors a user can act on, and a line in the log of runs."""

from __future__ import annotations

import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from repro.engine.run_nights import Outcome
from repro.errors import ReproError, make_output_encodable, unwritable
from repro.files import remove_partial
from repro.params import Params, load_params
from repro.paths import SIMULATED, Paths, find_project, foreign_library

#: Fields of a line in the log of runs.
_LINE = ("stage", "corpus", "began_utc", "seconds", "outcome", "nights_done", "nights_kept")


def run_stage(work: Callable[[Paths, Params], Outcome | None], name: str | None = None) -> None:
    """Run a stage, and end the process with 1 if it fails.

    ``work`` is a function of the project's paths and parameters that returns the outcome of its nights if it works by night.
    ``name`` is that in ``dvc.yaml``; without it, that of the script which defines ``work``.
    """
    name = name or Path(inspect.getfile(work)).stem
    try:
        make_output_encodable()
        paths = find_project()
        foreign = foreign_library(paths)
        if foreign is not None:
            raise foreign
        params = load_params(paths.params)
        try:
            with project_lock(paths), run_log(paths, name, params.corpus) as log:
                # A half-written video among the videos would count as a night that fails, a table as one more night.
                for folder in (paths.results, paths.report_build, paths.videos(SIMULATED).parent):
                    remove_partial(folder)
                outcome = work(paths, params)
                if outcome is not None:
                    log["nights_done"], log["nights_kept"] = len(outcome.done), len(outcome.kept)
        except OSError as error:  # not every file is written through repro.files
            raise unwritable(error, paths.root) or error from None
    except ReproError as error:
        print(f"stage {name}\n{error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print(f"stage {name} was interrupted; what is finished is kept", file=sys.stderr)
        raise SystemExit(130) from None


@contextmanager
def project_lock(paths: Paths) -> Iterator[None]:
    """Lock a project for the block; the system releases the lock even if the process is killed.

    It is a ReproError if another run has locked it, an UnwritableError if nothing can be written there.
    """
    lock = FileLock(paths.lock, timeout=0)
    try:
        paths.lock.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise ReproError(
            found="another run is active in this project",
            expected="one run at a time: two would write the same files",
            where=str(paths.root),
            remedy="wait until it has ended, or work in another checkout",
        ) from None
    except OSError as error:
        raise unwritable(error, paths.lock) or error from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def run_log(paths: Paths, name: str, corpus: str) -> Iterator[dict[str, Any]]:
    """Add a line to the log of runs when the block ends: the stage, its start, duration and outcome; the block may add to it.

    The log differs from run to run, so it is kept outside the stages' outputs, and no stage depends on it.
    Where it cannot be written, the line is left out.
    """
    began_utc = datetime.now(UTC).isoformat(timespec="seconds")
    line: dict[str, Any] = dict(zip(_LINE, (name, corpus, began_utc, 0.0, "failed", None, None), strict=True))
    began = time.monotonic()
    try:
        yield line
        line["outcome"] = "done"
    finally:
        line["seconds"] = round(time.monotonic() - began, 1)
        # On a full disk the stage's own error is reported.
        with suppress(OSError), paths.runs.open("ab+") as file:
            file.seek(-min(1, file.tell()), os.SEEK_END)
            # One short line in one write, so that a crash can truncate the last line only.
            cut = file.read(1) not in (b"", b"\n")
            file.write((b"\n" if cut else b"") + json.dumps(line).encode() + b"\n")


def read_runs(paths: Paths) -> list[dict[str, Any]]:
    """All runs of stages in the order they ended; none where nothing was recorded. A truncated line is left out."""
    if not paths.runs.is_file():
        return []
    runs = []
    for text in paths.runs.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and set(_LINE) <= set(line):
            runs.append(line)
    return runs
