"""A clone of a committed run: what it makes is what was committed, to the byte, and everything can be brought back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from repro.paths import Paths
from tests.support.chain import SECTIONS, Chain
from tests.support.processes import LIMIT_S
from tests.support.project import copy_code, run, write_params

pytestmark = pytest.mark.slow


def call(folder: Path, *words: str) -> str:
    """Run a program of this environment in a project, with its own code, and give its output."""
    environment = {
        **os.environ, "PYTHONPATH": str(folder), "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(folder.parent / "dvc"),
        **{f"GIT_{role}_{part}": "t@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")},
    }  # fmt: skip
    done = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def python(folder: Path, *words: str) -> str:
    """Run a module of this environment's Python."""
    return call(folder, sys.executable, "-m", *words)


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
    copy_code(first)
    write_params(first, "simulated", engine={"workers": 2}, **SECTIONS)
    call(first, "git", "init", "--quiet")
    python(first, "dvc", "commit", "--force", "--quiet", "dvc.yaml")  # the other records have not run
    call(first, "git", "add", ".")
    call(first, "git", "commit", "--quiet", "--message", "run")

    call(tmp_path, "git", "clone", "--quiet", str(first), str(clone))
    (clone / ".venv").symlink_to(sys.prefix)
    python(clone, "dvc", "repro", "--quiet")
    assert call(clone, "git", "status", "--porcelain") == ""
    assert "up to date" in python(clone, "dvc", "status", "dvc.yaml")
    python(clone, "repro", "diff")
    assert "val_accuracy" in python(clone, "dvc", "metrics", "show")
    python(clone, "dvc", "plots", "show")

    pages = digests(clone)
    text = Paths(clone).params.read_text(encoding="utf-8")
    assert "mode: fast" in text
    Paths(clone).params.write_text(text.replace("mode: fast", "mode: published"), encoding="utf-8")
    python(clone, "dvc", "repro", "--quiet")
    assert call(clone, "git", "status", "--porcelain") != ""
    call(clone, "git", "checkout", "--quiet", ".")
    python(clone, "dvc", "checkout", "--quiet", "dvc.yaml")
    log = Paths(clone).runs.read_text(encoding="utf-8").count("\n")
    python(clone, "dvc", "repro", "--quiet")
    assert call(clone, "git", "status", "--porcelain") == ""
    stages = Paths(clone).runs.read_text(encoding="utf-8").splitlines()[log:]
    assert all('"stage": "report"' in line for line in stages)  # the report alone is not in the cache
    assert digests(clone) == pages


def digests(project: Path) -> dict[str, bytes]:
    """Pages of the report."""
    return {path.name: path.read_bytes() for path in Paths(project).report_build.glob("*.html")}
