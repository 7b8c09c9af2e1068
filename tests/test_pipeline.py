"""The pipeline's own description: stages, names, dependencies."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

STAGES = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
#: How work is run, found, written and told; nothing here may change a result, so no stage depends on it.
CROSS_CUTTING = {
    "cluster", "errors", "intake", "params", "paths", "progress", "receipts", "source", "stage", "store", "workers",
}  # fmt: skip


def imports(path: Path) -> set[str]:
    """Modules of the project that a file imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("repro.")}


def file_of(module: str) -> Path | None:
    """File of a module, or None if the name is no module."""
    base = ROOT / Path(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def closure(path: Path) -> set[Path]:
    """Every file of the library that a script reaches by imports, but for the cross-cutting modules."""
    reached: set[Path] = set()
    waiting = [path]
    while waiting:
        for module in imports(waiting.pop()):
            file = file_of(module)
            if file and file not in reached and not (file.parent == ROOT / "repro" and file.stem in CROSS_CUTTING):
                reached.add(file)
                waiting.append(file)
    return {file for file in reached if not says_nothing(file)}


def says_nothing(file: Path) -> bool:
    """Whether a module is a docstring and nothing else."""
    return len(ast.parse(file.read_text(encoding="utf-8")).body) <= 1


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
    assert STAGES[name]["cmd"] == f"python stages/{name}.py"


@pytest.mark.parametrize("script", sorted((ROOT / "stages").glob("*.py")), ids=lambda path: path.stem)
def test_every_script_is_a_stage_of_a_screenful(script: Path) -> None:
    """Every script in stages/ is run by the pipeline and can be read at one look."""
    assert script.stem in STAGES
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 80


def test_arrows_go_one_way() -> None:
    """No library package imports the record or the report, and no module imports a stage."""
    for path in (ROOT / "repro").rglob("*.py"):
        package = path.relative_to(ROOT / "repro").parts[0]
        if package in {"cli.py", "evidence.py", "verification.py", "__main__.py", "record", "reporting", "audit"}:
            continue
        wrong = [name for name in imports(path) if name.split(".")[1] in ("record", "reporting")]
        assert wrong == [], path
