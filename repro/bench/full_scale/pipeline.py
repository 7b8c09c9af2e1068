"""`dvc repro` on a project of many nights: with nothing to do, and with one night added."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pandas as pd
import yaml

from repro.bench.full_scale.step_costs import Spent, make_project, spend
from repro.engine.run_stage import read_runs
from repro.files import write_table, write_text
from repro.observatory.simulate import FILE_NAME, truth_table
from repro.params import SimulatedNight, load_params
from repro.paths import SIMULATED, Paths

#: A real, if short, video of a night after the published ones: it must pass every stage and move no published number.
ADDED = SimulatedNight(night="20250301", part="middle", minutes=12, forms=("arc",), weather=("clear",))
BY_NIGHT = ("film", "clock", "sky", "infer")


def record(project: Paths) -> Spent:
    """Commit all results of a project to DVC, as if it had made them.

    The stage that would film the simulated campaign is frozen: its nights are there already, made without pixels.
    """
    text = yaml.safe_load((project.root / "dvc.yaml").read_text(encoding="utf-8"))
    text["stages"]["simulate"]["frozen"] = True
    write_text(project.root / "dvc.yaml", yaml.safe_dump(text, sort_keys=False))
    spend(["git", "init", "--quiet"], project.root)
    _dvc(project, "init", "--quiet")
    return _dvc(project, "commit", "--force", "--quiet", "dvc.yaml")  # not the other records' pipelines


def nothing_to_do(project: Paths) -> Spent:
    """``dvc repro`` where everything is up to date: the quicker of two, for the first one fills DVC's own notes."""
    return min((_dvc(project, "repro", "dvc.yaml") for _ in range(2)), key=lambda spent: spent.seconds)


def film_added(folder: Path, checkout: Paths) -> tuple[Path, Path]:
    """Film the night that is added: its video and its truth."""
    video, truth = folder / FILE_NAME.format(night=ADDED.night), folder / f"{ADDED.night}.parquet"
    write_table(truth, truth_table(ADDED, load_params(checkout.params), film_to=video))
    return video, truth


def one_night_added(project: Paths, video: Path, truth: Path) -> Spent:
    """``dvc repro`` after one night was put beside the others."""
    _put(project, video, truth)
    return _dvc(project, "repro", "dvc.yaml")


def night_alone_s(folder: Path, checkout: Paths, project: Paths, video: Path, truth: Path) -> float:
    """Cost of the added night alone, in a project without other nights: its filming, clock, sky and classification.

    Start of the processes is not counted.
    """
    alone = make_project(folder, checkout)
    _put(alone, video, truth)
    weights = project.stage(SIMULATED, "train") / "weights.safetensors"
    target = alone.stage(SIMULATED, "train") / weights.name
    target.parent.mkdir(parents=True)
    shutil.copyfile(weights, target)
    for name in BY_NIGHT:
        # Stages, not steps: this video has pixels.
        spend([sys.executable, str(alone.root / "stages" / f"{name}.py")], alone.root)
    return float(sum(run["seconds"] for run in read_runs(alone)))


def stage_seconds(project: Paths) -> dict[str, float]:
    """Seconds of the latest run of each stage, start of the process not counted."""
    return {run["stage"]: run["seconds"] for run in read_runs(project)}


def frames_of(project: Paths) -> int:
    """Rows of the frame tables of a project."""
    tables = sorted((project.stage(SIMULATED, "infer") / "tables").glob("*.parquet"))
    return sum(len(pd.read_parquet(path, columns=["number"])) for path in tables)


def _put(project: Paths, video: Path, truth: Path) -> None:
    for source, folder in ((video, project.videos(SIMULATED)), (truth, project.truth(SIMULATED))):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / source.name)


def _dvc(project: Paths, *arguments: str) -> Spent:
    return spend([sys.executable, "-m", "dvc", *arguments], project.root, {"DVC_NO_ANALYTICS": "1"})
