"""A clone of a committed run: what it makes is what was committed, to the byte, and everything can be brought back."""

import shutil
import sys
from pathlib import Path

import pytest

from repro.paths import Paths
from tests.support.chain import SECTIONS, Chain
from tests.support.preloaded import give_python
from tests.support.project import commit_run, output, run

pytestmark = pytest.mark.slow


@pytest.mark.timeout(3000)
def test_a_clone_makes_what_was_committed(recorded: Chain, tmp_path: Path) -> None:
    """In a fresh clone the run leaves git clean, nothing moved, DVC up to date, and a revert brings all back.

    The committed run was made in one process and by one worker, the clone's by DVC and two workers, in another folder: as
    ``dvc.lock`` holds the hash of every output, git is clean only if all are the same to the byte. Neither project has the
    real frames beside it.
    """
    first, clone = tmp_path / "first", tmp_path / "a clone"
    shutil.copytree(recorded.project.root, first)
    # Figure 1 tells which stages have run; while the chain was recorded, data that a stage does not declare were hidden.
    shutil.rmtree(Paths(first).report_build)
    run(Paths(first), "report")
    commit_run(Paths(first), "simulated", engine={"workers": 2}, **SECTIONS)

    output(tmp_path, "git", "clone", "--quiet", str(first), str(clone))
    (clone / ".venv").symlink_to(sys.prefix)
    output(clone, "python", "-m", "dvc", "repro", "--quiet")
    assert output(clone, "git", "status", "--porcelain") == ""
    assert "up to date" in output(clone, "python", "-m", "dvc", "status", "dvc.yaml")
    output(clone, "python", "-m", "repro", "diff")
    assert "val_accuracy" in output(clone, "python", "-m", "dvc", "metrics", "show")
    output(clone, "python", "-m", "dvc", "plots", "show")

    # The plain interpreter has shown that no import is missing; from here on stages start more quickly.
    (clone / ".venv").unlink()
    give_python(clone)
    pages = digests(clone)
    text = Paths(clone).params.read_text(encoding="utf-8")
    assert "mode: fast" in text
    Paths(clone).params.write_text(text.replace("mode: fast", "mode: published"), encoding="utf-8")
    output(clone, "python", "-m", "dvc", "repro", "--quiet")
    assert output(clone, "git", "status", "--porcelain") != ""
    output(clone, "git", "checkout", "--quiet", ".")
    output(clone, "python", "-m", "dvc", "checkout", "--quiet", "dvc.yaml")
    log = Paths(clone).runs.read_text(encoding="utf-8").count("\n")
    output(clone, "python", "-m", "dvc", "repro", "--quiet")
    assert output(clone, "git", "status", "--porcelain") == ""
    stages = Paths(clone).runs.read_text(encoding="utf-8").splitlines()[log:]
    assert all('"stage": "report"' in line for line in stages)  # the report alone is not in the cache
    assert digests(clone) == pages


def digests(project: Path) -> dict[str, bytes]:
    """Pages of the report."""
    return {path.name: path.read_bytes() for path in Paths(project).report_build.glob("*.html")}
