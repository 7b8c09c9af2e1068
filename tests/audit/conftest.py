"""The toy project with its commits, made once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.audit.toy import Toy, make
from tests.support.processes import made_once


def make_history(folder: Path) -> None:
    """Make the project in ``toy`` and write the hashes of its commits, by their names, beside it."""
    (folder / "toy").mkdir()
    toy = make(folder / "toy")
    toy.commit("never run")
    toy.repro()
    toy.commit("base")
    toy.edit("params.yaml", "blur_px: 5", "blur_px: 9")
    toy.repro()
    toy.commit("blur")
    toy.edit("params.yaml", "blur_px: 9", "blur_px: 5")
    toy.edit("stages/clock.py", '"""Read the clock."""', '"""Read the clock, as published."""  # said better')
    toy.edit("repro/clock/ocr.py", "Read text.", "Read text out of strips.")
    toy.repro()
    toy.commit("comment")
    toy.edit("params.yaml", "limit: 0.5", "limit: 0.3")
    toy.commit("without a run")
    toy.edit("params.yaml", "limit: 0.3", "limit: 0.5")
    toy.edit("params.yaml", "'20240202'", "'20240202', '20240203'")
    toy.repro()
    toy.commit("night")
    (folder / "commits.json").write_text(json.dumps(toy.commits))


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Commits of a project; read only. Its working tree is clean and as the last commit."""
    folder = made_once(tmp_path_factory, "toy", make_history)
    return Toy(folder / "toy", json.loads((folder / "commits.json").read_text()))


@pytest.fixture
def toy(history: Toy, tmp_path: Path) -> Toy:
    """A copy of the project that a test may spoil."""
    root = tmp_path / "copy"
    shutil.copytree(history.root, root, symlinks=True)
    return Toy(root, dict(history.commits))
