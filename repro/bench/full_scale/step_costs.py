"""Time and memory of every step at several numbers of nights, each step in its own process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from repro.errors import ReproError
from repro.paths import SIMULATED, Paths

SIZES = (10, 50, 150, 331)
#: In the order of the pipeline; ``observe`` makes the nights. Steps that would need pixels work on truth instead.
STEPS = (
    "observe", "film", "clock", "sky", "sample", "split", "train", "infer", "softmax", "gradcam", "verify", "report",
)  # fmt: skip
DRAWN = ("observe", "film", "clock", "infer")
#: Independent of nights; done once.
ONCE = ("schedule", "architecture", "figures")
KEPT = (
    "data/record/README.md", "expected", "repro", "report/templates", "stages", "params.yaml", "dvc.yaml", ".dvcignore",
    ".gitignore",
)  # fmt: skip
#: One worker, so that the peak is all that is in memory; each more adds what one night needs. Training is short and on
#: small images, because its images are grey squares.
CHANGES: Mapping[str, Mapping[str, Any] | str] = {
    "corpus": "simulated",
    "engine": {"workers": 1, "device": "cpu"},
    "train": {
        "initial_weights": {"simulated": "none"}, "image_size_px": 32, "epochs_head": 0, "epochs_all": 1,
        "validate_on_unseen_nights": False, "threads": 1,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Spent:
    """What a process took: wall time, processor time, and the peak of its memory (resident set)."""

    seconds: float
    cpu_s: float
    peak_mib: float


def make_project(folder: Path, checkout: Paths) -> Paths:
    """A project without results, with the checkout's stages, record, templates and parameters, and :data:`CHANGES` of these."""
    for name in KEPT:
        source, target = checkout.root / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (folder / ".venv").symlink_to(sys.prefix)  # dvc.yaml names its Python
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    for section, change in CHANGES.items():
        params[section] = change if isinstance(change, str) else params[section] | change
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    return Paths(folder)


def step(project: Paths, name: str, *arguments: str) -> Spent:
    """Run one step of a project, a stage or one of :data:`DRAWN`, in a fresh process.

    ``arguments`` are more words of the command, for ``observe`` the number of nights.
    """
    command = (
        ["-m", "repro.bench.full_scale.steps", name] if name in DRAWN else [str(project.root / "stages" / f"{name}.py")]
    )
    return spend([sys.executable, *command, *arguments], project.root)


def spend(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Spent:
    """Run a command and measure it; the peak is that of the largest process that it was, started or waited for.

    Raises ReproError, which quotes the end of the output, if the command fails.
    """
    with tempfile.TemporaryDirectory(prefix="repro-spent-") as name:
        result = Path(name) / "spent.json"
        answer = subprocess.run(
            [sys.executable, "-I", str(Path(__file__).with_name("launch.py")), str(result), *command],
            cwd=folder, env={**os.environ, "PYTHONPATH": str(folder), **(environment or {})}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", check=False,
        )  # fmt: skip
        if answer.returncode:
            raise ReproError(
                found=f"exit code {answer.returncode}: {answer.stdout[-2000:].strip()}",
                expected="a step that succeeds",
                where=f"{' '.join(command)}, in {folder}",
                remedy="read its output; run it by hand in a copy of the project",
            )
        return Spent(**json.loads(result.read_text(encoding="utf-8")))


def measure(folder: Path, checkout: Paths, sizes: Sequence[int] = SIZES) -> dict[int, dict[str, Spent]]:
    """Every step at every size, by number of nights and step; each project is left in ``nights-SIZE``."""
    by_size: dict[int, dict[str, Spent]] = {}
    first: Paths | None = None
    for size in sizes:
        project = make_project(folder / f"nights-{size}", checkout)
        if first is None:
            first = project
            for name in ONCE:
                step(project, name)
        else:
            # Results that depend on the nights are left behind.
            shutil.copytree(first.results, project.results, ignore=shutil.ignore_patterns(SIMULATED, "verify", ".*"))
        by_size[size] = {name: step(project, name, *([str(size)] if name == "observe" else [])) for name in STEPS}
    return by_size
