"""Temporary projects in which stages run as in a checkout; test support, no part of the library."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from repro.files import digest
from repro.paths import Paths
from tests.conftest import ROOT
from tests.support.preloaded import give_python
from tests.support.processes import LIMIT_S


def write_params(folder: Path, corpus: str, **sections: dict[str, Any]) -> Paths:
    """Write the shipped parameters for this corpus into a project, on one processor, with changes by section."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["corpus"] = corpus
    params["engine"] |= {"workers": 1, "device": "cpu"}
    for section, changes in sections.items():
        params[section] |= changes
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    return Paths(folder)


def make_project(folder: Path, corpus: str, **sections: dict[str, Any]) -> Paths:
    """Make a project with the record and these parameters, see :func:`write_params`; the code is that of the checkout."""
    shutil.copytree(ROOT / "expected" / "published", folder / "expected" / "published")
    shutil.copytree(ROOT / "report" / "templates", folder / "report" / "templates")
    (folder / "data" / "record").mkdir(parents=True)
    shutil.copy(ROOT / "dvc.yaml", folder / "dvc.yaml")
    return write_params(folder, corpus, **sections)


def copy_code(folder: Path) -> None:
    """Copy what is committed of the pipeline into a project, which then runs its own code, see :func:`give_python`."""
    for name in ("repro", "stages", "expected/published", "report/templates"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=skip, dirs_exist_ok=True)
    for name in (
        "dvc.yaml", "params.yaml", "pyproject.toml", ".dvcignore", ".dvc/config", ".dvc/.gitignore", ".gitignore",
        ".gitattributes", "data/record/README.md",
    ):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    give_python(folder)


def call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a project with the project's own code; ``python`` stands for this environment's Python."""
    environment = {
        **os.environ, "PYTHONPATH": str(folder), "DVC_NO_ANALYTICS": "1", "DVC_SITE_CACHE_DIR": str(folder.parent / "dvc"),
        **{f"GIT_{role}_{part}": "t@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")},
    }  # fmt: skip
    command = [sys.executable, *words[1:]] if words[0] == "python" else words
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S
    )


def output(folder: Path, *words: str) -> str:
    """Output of a program that must succeed, see :func:`call`."""
    done = call(folder, *words)
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def commit_run(project: Paths, corpus: str, **sections: dict[str, Any]) -> None:
    """Give a project in which all stages ran a copy of the code, and record its run with DVC and git."""
    copy_code(project.root)
    write_params(project.root, corpus, **sections)
    output(project.root, "git", "init", "--quiet")
    output(project.root, "python", "-m", "dvc", "commit", "--force", "--quiet", "dvc.yaml")  # not the other records
    output(project.root, "git", "add", ".")
    output(project.root, "git", "commit", "--quiet", "--message", "run")


def run(project: Paths, *names: str) -> None:
    """Run stages' scripts inside this process, which spares them the imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        for name in names:
            runpy.run_path(str(ROOT / "stages" / f"{name}.py"), run_name="__main__")


def contents(folder: Path) -> dict[str, str]:
    """Digest of every file by its place; but for the lock, the log of runs, and when inputs were last seen."""
    return {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (".lock", ".runs.jsonl") and ".seen" not in path.parts
    }


def written(project: Paths, corpus: str, *stages: str) -> dict[str, int]:
    """When each result of some stages was written, ns, by its path; lists of failures and copies for DVC are left out."""
    folder = project.results / corpus
    files = [path for stage in stages for path in (folder / stage).rglob("*") if path.is_file()]
    always = ("metrics.json", "curves.csv", "failures.json")
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in files if path.name not in always}


def stage_json(project: Paths, corpus: str, stage: str) -> Any:
    """The document of a stage."""
    return json.loads((project.stage(corpus, stage) / f"{stage}.json").read_text(encoding="utf-8"))
