"""Folders that are made once a run of the tests and read by all its workers; test support, no part of the library."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that the first worker to want it makes, while the others wait; only to be read or copied.

    Parameters
    ----------
    factory : TempPathFactory
        Knows the folder of this run; each worker of pytest-xdist has its own below it.
    name : str
        Of the folder, the same in all workers.
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
