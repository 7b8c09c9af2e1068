"""The toy project with its commits, made once."""

import shutil
from pathlib import Path

import pytest

from tests.audit.toy import Toy, make_history
from tests.support.processes import made_once


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Commits of a project; read only. Its working tree is clean and as the last commit."""
    return Toy(made_once(tmp_path_factory, "toy", make_history))


@pytest.fixture
def toy(history: Toy, tmp_path: Path) -> Toy:
    """A copy of the project that a test may spoil."""
    return Toy(shutil.copytree(history.root, tmp_path / "copy", symlinks=True))
