"""Waiting for other processes, and folders that one of them makes for all; test support, no part of the library."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

LIMIT_S = 1200.0  # no test depends on the load: what takes a moment may take minutes


def wait_for(happened: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.is_file() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder, of one name in all workers, that the first to want it makes while the others wait; only to be read or copied.

    ``factory`` knows the folder of this run; each worker of pytest-xdist has its own below it.
    """
    base = factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    shared.mkdir(exist_ok=True)
    folder, done = shared / name, shared / f"{name}.done"
    with FileLock(shared / f"{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed; the next one fails with its reason
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
