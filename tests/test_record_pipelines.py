"""The pipelines of the other records: stages, names, dependencies, as those of the thesis' own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from repro.engine.code_digest import closure
from tests.conftest import ROOT

PIPELINES = sorted((ROOT / "stages").glob("*/dvc.yaml"))
STAGES = [
    (path.parent, name, stage)
    for path in PIPELINES
    for name, stage in yaml.safe_load(path.read_text(encoding="utf-8"))["stages"].items()
]
NAMES = [f"{folder.name}-{name}" for folder, name, _ in STAGES]


@pytest.mark.parametrize(("folder", "name", "stage"), STAGES, ids=NAMES)
def test_stage_depends_on_every_module_it_uses(folder: Path, name: str, stage: dict) -> None:
    """A change to any module that a stage uses makes the stage run again, and it is run by the script of its name."""
    script = folder / f"{name}.py"
    assert stage["wdir"] == "../.."
    assert stage["cmd"] == f".venv/bin/python {script.relative_to(ROOT).as_posix()}"
    listed = {ROOT / dependency for dependency in stage["deps"]}
    missing = {
        str(file.relative_to(ROOT))
        for file in closure(script)
        if file not in listed and not any(parent in listed for parent in file.parents)
    }
    assert script in listed
    assert missing == set()


@pytest.mark.slow
@pytest.mark.parametrize("folder", [path.parent for path in PIPELINES], ids=lambda folder: folder.name)
def test_dvc_reads_the_pipeline(folder: Path) -> None:
    """DVC resolves the stages, their data and their parameters from the record's own folder."""
    command = [sys.executable, "-m", "dvc", "stage", "list", str(folder / "dvc.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0].rsplit(":", 1)[-1] for line in done.stdout.splitlines() if line.strip()}
    assert listed == {name for mine, name, _ in STAGES if mine == folder}


@pytest.mark.parametrize("folder", [path.parent for path in PIPELINES], ids=lambda folder: folder.name)
def test_every_script_is_a_stage_of_a_screenful(folder: Path) -> None:
    """Every script of a record is run by its pipeline and can be read at one look."""
    stages = {name for mine, name, _ in STAGES if mine == folder}
    scripts = sorted(folder.glob("*.py"))
    assert {script.stem for script in scripts} == stages
    assert all(len(script.read_text(encoding="utf-8").splitlines()) <= 80 for script in scripts)
