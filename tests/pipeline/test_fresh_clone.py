"""A clone of a committed run: what it makes is what was committed, and everything can be brought back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.pipeline.test_regenerate import CODE, FILES
from tests.support.project import write_params

pytestmark = pytest.mark.slow


def call(folder: Path, *words: str) -> str:
    """Run a program of this environment in a project of its own, and give its output."""
    environment = {
        **os.environ, "PYTHONPATH": str(folder), "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(folder.parent / "dvc"),
        **{f"GIT_{role}_{part}": "t@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")},
    }  # fmt: skip
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def python(folder: Path, *words: str) -> str:
    """Run a module of this environment's Python."""
    return call(folder, sys.executable, "-m", *words)


def test_a_clone_makes_what_was_committed(tmp_path: Path) -> None:
    """In a fresh clone the run leaves git clean, nothing moved, DVC up to date, and a revert brings all back.

    Neither project has the real frames beside it; they lie in folders of other names, and their environments in others.
    """
    first, clone = tmp_path / "first", tmp_path / "a clone"
    for folder in CODE:
        shutil.copytree(ROOT / folder, first / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, ".gitattributes", "data/record/README.md"):
        (first / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, first / name)
    write_params(
        first, "simulated", simulate={"campaign": "small"}, softmax={"bootstrap": 100}, gradcam={"scored_frames": 8},
        train={"image_size_px": 64, "epochs_head": 1, "epochs_all": 1, "validate_on_unseen_nights": False, "threads": 1},
    )  # fmt: skip
    (first / ".venv").symlink_to(sys.prefix)
    call(first, "git", "init", "--quiet")
    python(first, "dvc", "repro", "--quiet")
    call(first, "git", "add", ".")
    call(first, "git", "commit", "--quiet", "--message", "run")

    call(tmp_path, "git", "clone", "--quiet", str(first), str(clone))
    (clone / ".venv").symlink_to(sys.prefix)
    python(clone, "dvc", "repro", "--quiet")
    assert call(clone, "git", "status", "--porcelain") == ""
    assert "up to date" in python(clone, "dvc", "status")
    python(clone, "repro", "diff")
    assert "val_accuracy" in python(clone, "dvc", "metrics", "show")
    python(clone, "dvc", "plots", "show")

    page = (clone / "report" / "build" / "index.html").read_bytes()
    text = (clone / "params.yaml").read_text(encoding="utf-8")
    (clone / "params.yaml").write_text(text.replace("altitude: apparent", "altitude: geometric"), encoding="utf-8")
    python(clone, "dvc", "repro", "--quiet")
    assert call(clone, "git", "status", "--porcelain") != ""
    call(clone, "git", "checkout", "--quiet", ".")
    python(clone, "dvc", "checkout", "--quiet")
    log = (clone / "results" / ".runs.jsonl").read_text(encoding="utf-8").count("\n")
    python(clone, "dvc", "repro", "--quiet")
    assert call(clone, "git", "status", "--porcelain") == ""
    stages = (clone / "results" / ".runs.jsonl").read_text(encoding="utf-8").splitlines()[log:]
    assert all('"stage": "report"' in line for line in stages)  # the report alone is not in the cache
    assert (clone / "report" / "build" / "index.html").read_bytes() == page
