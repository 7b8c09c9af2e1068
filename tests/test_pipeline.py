"""The pipeline's own description: stages, names, dependencies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from repro.engine.code_digest import closure, imports
from tests.conftest import ROOT

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]


@pytest.mark.parametrize("name", STAGES)
def test_stage_depends_on_every_module_it_uses(name: str) -> None:
    """A change to any module that a stage uses makes the stage run again."""
    script = ROOT / "stages" / f"{name}.py"
    listed = {ROOT / dependency for dependency in STAGES[name]["deps"]}
    missing = {
        str(file.relative_to(ROOT))
        for file in closure(script)
        if file not in listed and not any(parent in listed for parent in file.parents)
    }
    assert script in listed
    assert missing == set()


@pytest.mark.parametrize("name", STAGES)
def test_one_name_a_step(name: str) -> None:
    """A stage is run by the script that bears its name."""
    assert STAGES[name]["cmd"] == f".venv/bin/python stages/{name}.py"


@pytest.mark.parametrize("script", sorted((ROOT / "stages").glob("*.py")), ids=lambda path: path.stem)
def test_every_script_is_a_stage_of_a_screenful(script: Path) -> None:
    """Every script in stages/ is run by the pipeline and can be read at one look."""
    assert script.stem in STAGES
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 80


HEAVY = {"torch", "pandera", "matplotlib", "skyfield"}
#: Which of these a script may load before its work begins; a stage with nothing to do ends quickly only without them.
LOADED = {
    "simulate": {"torch", "matplotlib", "skyfield"}, "film": {"pandera"}, "clock": {"pandera"},
    "sky": {"pandera", "skyfield"}, "sample": {"pandera"}, "split": {"pandera"}, "train": set(), "infer": {"pandera"},
    "softmax": {"pandera", "skyfield"}, "gradcam": {"pandera"}, "schedule": {"skyfield"}, "architecture": {"torch"},
    "figures": {"matplotlib"}, "verify": {"matplotlib", "skyfield"}, "report": {"pandera", "matplotlib", "skyfield"},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGES)
def test_a_script_loads_no_other_heavy_library(name: str) -> None:
    """Importing what a script imports at its top loads none of the libraries that take seconds beyond those listed."""
    code = f"import runpy, sys; runpy.run_path('stages/{name}.py'); print(*(set({sorted(HEAVY)}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= LOADED[name]


#: What may import the record or the report, these two included.
READ_RESULTS = {
    *("__init__.py", "__main__.py", "cli.py", "evidence.py", "record_cli.py", "record_status.py", "verify_command.py"),
    *("audit", "record", "reporting"),
}


def test_arrows_go_one_way() -> None:
    """No library package imports the record or the report, and no module imports a stage."""
    for path in (ROOT / "repro").rglob("*.py"):
        package = path.relative_to(ROOT / "repro").parts[0]
        if package in READ_RESULTS:
            continue
        wrong = [name for name in imports(path) if name.split(".")[1] in ("record", "reporting")]
        assert wrong == [], path
