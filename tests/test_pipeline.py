"""The descriptions of the pipelines, the thesis' and the other records': stages, names, dependencies, what loads what."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from repro.engine.code_digest import closure, imports
from tests.conftest import ROOT


def scripts(pipeline: Path) -> Path:
    """Folder of a pipeline's scripts: stages/ for the thesis, the record's own folder for another record."""
    return ROOT / "stages" if pipeline.parent == ROOT else pipeline.parent


#: The pipeline of the thesis, then those of the other records.
PIPELINES = [ROOT / "dvc.yaml", *sorted((ROOT / "stages").glob("*/dvc.yaml"))]
STAGES = {path: yaml.safe_load(path.read_text(encoding="utf-8"))["stages"] for path in PIPELINES}
#: Script and description of every stage.
STEPS = [
    pytest.param(scripts(path) / f"{name}.py", stage, id=f"{scripts(path).name}-{name}")
    for path, stages in STAGES.items()
    for name, stage in stages.items()
]
EVERY_PIPELINE = pytest.mark.parametrize("pipeline", PIPELINES, ids=lambda path: scripts(path).name)


@pytest.mark.parametrize(("script", "stage"), STEPS)
def test_stage_depends_on_every_module_it_uses(script: Path, stage: dict) -> None:
    """A change to any module that a stage uses makes the stage run again."""
    listed = {ROOT / dependency for dependency in stage["deps"]}
    assert script in listed
    assert [file for file in closure(script) if not listed & {file, *file.parents}] == []


@pytest.mark.parametrize(("script", "stage"), STEPS)
def test_one_name_a_step(script: Path, stage: dict) -> None:
    """A stage is run from the root by the script that bears its name."""
    assert stage["cmd"] == f".venv/bin/python {script.relative_to(ROOT).as_posix()}"
    assert stage.get("wdir") == (None if script.parent == ROOT / "stages" else "../..")


@EVERY_PIPELINE
def test_every_script_is_a_stage_of_a_screenful(pipeline: Path) -> None:
    """Every script beside a pipeline's stages is run by it and can be read at one look."""
    files = list(scripts(pipeline).glob("*.py"))
    assert {file.stem for file in files} == set(STAGES[pipeline])
    assert [file for file in files if len(file.read_text(encoding="utf-8").splitlines()) > 80] == []


@pytest.mark.slow
@EVERY_PIPELINE
def test_dvc_reads_the_pipeline(pipeline: Path) -> None:
    """DVC resolves the stages, their data and their parameters from the record's own folder."""
    command = [sys.executable, "-m", "dvc", "stage", "list", str(pipeline)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = {line.split()[0].rsplit(":", 1)[-1] for line in done.stdout.splitlines() if line.strip()}
    assert listed == set(STAGES[pipeline])


HEAVY = {"torch", "pandera", "matplotlib", "skyfield"}
#: Which of these a script may load before its work begins; a stage with nothing to do ends quickly only without them.
LOADED = {
    "simulate": set(), "film": {"pandera"}, "clock": {"pandera"},
    "sky": {"pandera", "skyfield"}, "sample": {"pandera"}, "split": {"pandera"}, "train": set(), "infer": {"pandera"},
    "softmax": {"pandera", "skyfield"}, "gradcam": {"pandera"}, "schedule": {"skyfield"}, "architecture": {"torch"},
    "figures": {"matplotlib"}, "verify": {"skyfield"}, "report": {"pandera", "matplotlib", "skyfield"},
}  # fmt: skip


def loaded(code: str) -> set[str]:
    """Modules that a line of Python loads."""
    command = [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"]
    return set(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGES[ROOT / "dvc.yaml"])
def test_a_script_loads_no_other_heavy_library(name: str) -> None:
    """Importing what a script imports at its top loads none of the libraries that take seconds beyond those listed."""
    assert loaded(f"import runpy; runpy.run_path('stages/{name}.py')") & HEAVY <= LOADED[name]


def test_importing_repro_is_cheap() -> None:
    """Importing the library loads none of the libraries that take seconds."""
    assert loaded("import repro") & {*HEAVY, "cv2", "pandas", "numpy"} == set()


#: What may import the record or the report, these two included.
READ_RESULTS = {
    *("__init__.py", "__main__.py", "cli.py", "evidence.py", "record_cli.py", "verify_command.py"),
    *("audit", "record", "reporting"),
}


def test_arrows_go_one_way() -> None:
    """No library package imports the record or the report, and no module imports a stage."""
    for path in (ROOT / "repro").rglob("*.py"):
        if path.relative_to(ROOT / "repro").parts[0] not in READ_RESULTS:
            assert [name for name in imports(path) if name.split(".")[1] in ("record", "reporting")] == [], path
