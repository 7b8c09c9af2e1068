"""A run of the pipeline as a Workflow Run RO-Crate: inputs by hash, stages, parameters, outputs, environment.

Profiles: Workflow Run Crate 0.5, Process Run Crate 0.5, Workflow RO-Crate 1.0 (Leo et al. 2024, PLOS ONE 19, e0309210). What is
small enough to read lies in the crate; videos, frames and weights are named by the hash that ``dvc.lock`` has of them.
"""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import repro
from repro.audit.revision import flat
from repro.errors import refuse
from repro.files import new_folder
from repro.paths import Paths
from repro.untrusted import read_yaml, short_repr

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

PROFILES = (
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
)
LICENCE = "https://spdx.org/licenses/MIT"
#: Packages whose versions decide results.
ENVIRONMENT = ("dvc", "numpy", "opencv-python-headless", "pandas", "scipy", "skyfield", "torch", "torchvision")
#: Types of parameters in schema.org; all others are text.
TYPES: dict[type, str] = {bool: "Boolean", int: "Integer", float: "Float"}
#: Files of the project that describe a run, beside dvc.yaml.
_DESCRIPTION = ("dvc.lock", "params.yaml", "pyproject.toml", "constraints.txt", "README.md")
#: Results above this size are named by hash and left out.
LARGEST_FILE = 5 * 1024**2


def write_crate(paths: Paths, out: Path) -> int:
    """Write the last run of the pipeline as a crate into a new or empty folder; gives how many entities it describes.

    Raises ReproError if the package rocrate is missing, the pipeline has not run, or the folder holds anything.
    """
    try:
        from rocrate.rocrate import ROCrate
    except ImportError:
        found, expected = "the package rocrate is not installed", "rocrate 0.13 or newer, an optional dependency"
        refuse(found, expected, "repro crate", "install it with: .venv/bin/python -m pip install 'aurora-repro[crate]'")
    stages = _stages(paths.root / "dvc.lock")
    new_folder(out)
    crate = ROCrate(version="1.1")
    crate.name = "A run of the aurora reproduction pipeline"
    crate.description = "Stages, parameters, inputs by hash, outputs and environment of one run of dvc repro."
    crate.license = LICENCE
    crate.root_dataset["conformsTo"] = [
        _add(crate, "CreativeWork", profile, profile.split("ro/")[-1], version=profile[-3:]) for profile in PROFILES
    ]
    _add(crate, "CreativeWork", LICENCE, "MIT licence")
    workflow = _add_workflow(crate, paths, stages)
    produced = {output["path"] for stage in stages.values() for output in stage.get("outs", ())}
    inputs = {
        entry["path"]: entry
        for stage in stages.values()
        for entry in stage.get("deps", ())
        if entry["path"] not in produced and not entry["path"].startswith(("repro", "stages"))
    }
    given = [_by_hash(crate, entry, "input") for entry in inputs.values()] + _parameters(crate, workflow, stages)
    results, instrument = _results(crate, paths, stages), {"@id": workflow.id}
    action = _add(crate, "CreateAction", "#run", "dvc repro", instrument=instrument, object=given, result=results)
    crate.root_dataset["mentions"] = [action]
    crate.write(out)
    return len(list(crate.get_entities()))


def _add(crate: ROCrate, kind: str, identifier: str, name: str, /, **properties: Any) -> Any:
    """A new entity of the crate, which is no file."""
    return crate.add_jsonld({"@id": identifier, "@type": kind, "name": name, **properties})


def _stages(lock: Path) -> dict[str, Any]:
    """Stages of the last run, from ``dvc.lock``."""
    remedy = "restore it with: git checkout dvc.lock, or run the pipeline: make report"
    document = read_yaml(lock, expected="stages with commands, dependencies and outputs", remedy=remedy)
    stages = document.get("stages") if isinstance(document, dict) else None
    if not isinstance(stages, dict) or not all(isinstance(stage, dict) and "cmd" in stage for stage in stages.values()):
        refuse(short_repr(document), "stages with commands", str(lock), remedy)
    return stages


def _add_workflow(crate: ROCrate, paths: Paths, stages: dict[str, Any]) -> Any:
    """The workflow with its language, its stages as parts, and the software that it ran with."""
    url, version = {"@id": "https://dvc.org/"}, metadata.version("dvc")
    language = _add(crate, "ComputerLanguage", "#dvc", "DVC", url=url, version=version)
    for name in _DESCRIPTION:
        if (paths.root / name).is_file():
            crate.add_file(paths.root / name, name)
    workflow = crate.add_file(
        paths.root / "dvc.yaml",
        "dvc.yaml",
        properties={
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "Reproduction of the thesis, one stage a step",
            "programmingLanguage": {"@id": language.id},
            "version": repro.__version__,
            "license": {"@id": LICENCE},
        },
    )
    crate.root_dataset["mainEntity"] = workflow
    program, own = "SoftwareApplication", repro.__version__
    workflow["hasPart"] = [
        _add(crate, program, f"#stage-{name}", name, description=stage["cmd"], version=own)
        for name, stage in stages.items()
    ]
    installed = {name: metadata.version(name) for name in ENVIRONMENT}
    workflow["softwareRequirements"] = [
        _add(crate, program, f"#package-{name}", name, version=version)
        for name, version in {**installed, "python": platform.python_version()}.items()
    ]
    return workflow


def _by_hash(crate: ROCrate, entry: dict[str, Any], kind: str) -> Any:
    """A file or folder that stays outside the crate, by its hash."""
    path, md5, size = entry["path"], f"md5:{entry.get('md5', 'unknown')}", f"{entry.get('size', 0)} bytes"
    return _add(crate, "CreativeWork", f"#{kind}-{path}", path, identifier=md5, size=size)


def _parameters(crate: ROCrate, workflow: Any, stages: dict[str, Any]) -> list[Any]:
    """Every parameter that a stage read: its name as input of the workflow, its value as object of the run."""
    values: dict[str, Any] = {}
    for stage in stages.values():
        for read in stage.get("params", {}).values():
            values |= dict(flat(read))
    formal, given = [], []
    profile = {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"}
    for name, value in sorted(values.items()):
        kind, example = TYPES.get(type(value), "Text"), {"@id": f"#parameter-{name}"}
        formal.append(
            _add(crate, "FormalParameter", f"#parameter-{name}", name, additionalType=kind, conformsTo=profile)
        )
        given.append(_add(crate, "PropertyValue", f"#value-{name}", name, value=str(value), exampleOfWork=example))
    workflow["input"] = formal
    return given


def _results(crate: ROCrate, paths: Paths, stages: dict[str, Any]) -> list[Any]:
    """Outputs of the run: JSON and CSV of modest size as files, everything else by hash."""
    results = []
    for stage in stages.values():
        for output in stage.get("outs", ()):
            place = paths.root / output["path"]
            files = sorted(place.glob("*")) if place.is_dir() else [place]
            for file in files:
                if file.suffix in (".json", ".csv") and file.is_file() and file.stat().st_size <= LARGEST_FILE:
                    name = file.relative_to(paths.root).as_posix()
                    results.append(crate.add_file(file, name, properties={"name": name}))
            results.append(_by_hash(crate, output, "output"))
    return results
