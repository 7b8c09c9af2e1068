"""Temporary projects in which stages run as in a checkout; test support, no part of the library."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from repro.paths import Paths
from tests.conftest import ROOT


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
    """Copy what is committed of the pipeline into a project, which then runs its own code with this environment's Python."""
    for name in ("repro", "stages", "expected/published", "report/templates"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=skip, dirs_exist_ok=True)
    for name in (
        "dvc.yaml", "params.yaml", "pyproject.toml", ".dvcignore", ".dvc/config", ".dvc/.gitignore", ".gitignore",
        ".gitattributes", "data/record/README.md",
    ):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)  # dvc.yaml names its Python


def run(project: Paths, *names: str) -> None:
    """Run stages' scripts inside this process, which spares them the imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.root)
        for name in names:
            runpy.run_path(str(ROOT / "stages" / f"{name}.py"), run_name="__main__")


def stage_json(project: Paths, corpus: str, stage: str) -> Any:
    """The document of a stage."""
    return json.loads((project.stage(corpus, stage) / f"{stage}.json").read_text(encoding="utf-8"))
