"""The whole campaign at frame level: time and memory by number of nights, and `dvc repro` on 331 nights."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
import yaml
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from repro.bench.full_scale.step_costs import SIZES, STEPS, Spent, make_project, measure, spend
from repro.engine.progress import progress
from repro.engine.run_stage import read_runs
from repro.files import atomic_path, write_table, write_text
from repro.observatory.simulate import FILE_NAME, truth_table
from repro.params import SimulatedNight, load_params
from repro.paths import SIMULATED, Paths, find_project

#: A real, if short, video of a night after the published ones: it must pass every stage and move no published number.
ADDED = SimulatedNight(night="20250301", part="middle", minutes=12, forms=("arc",), weather=("clear",))
BY_NIGHT = ("film", "clock", "sky", "infer")
HOUR_S = 3600.0


def bench(sizes: Sequence[int] = SIZES, project: Path | None = None) -> dict[str, Any]:
    """Measure the campaign at several numbers of nights, and DVC at the largest.

    As a rate: how often an hour one night can be added to the largest campaign. The naive way makes every night again,
    which is an underestimate, because they are made without pixels. The limit is the new night's own work.

    Returns, beside the keys of every benchmark: ``peak_gib`` (largest of any step at any size) and its ``peak_step``;
    ``growth_mib_a_night`` (of the peak, from the smallest size to the largest), by step in ``growth_by_step``;
    ``nothing_to_do_s``, ``one_night_added_s``, ``one_night_added_cpu_s``, ``night_alone_s`` and ``added_beyond_night_s``;
    ``added_by_stage``, seconds of the stages' own work when the night was added; ``frames``; ``sizes``, by number of nights
    ``seconds``, ``cpu_s`` and ``peak_mib`` of each step; ``plot``, a file beside this document.
    """
    checkout = find_project(project)
    with tempfile.TemporaryDirectory(prefix="repro-full-scale-") as name, progress("full-scale", 6, "parts") as tally:
        folder = Path(name)
        spent = measure(folder, checkout, sizes)
        tally.advance(note=f"{sizes[-1]} nights, every step")
        largest = Paths(folder / f"nights-{sizes[-1]}")
        tables = sorted((largest.stage(SIMULATED, "infer") / "tables").glob("*.parquet"))
        frames = sum(len(pd.read_parquet(path, columns=["number"])) for path in tables)
        film, truth = folder / FILE_NAME.format(night=ADDED.night), folder / f"{ADDED.night}.parquet"
        write_table(truth, truth_table(ADDED, load_params(checkout.params), film_to=film))
        alone_s = night_alone_s(folder / "alone", checkout, largest, film, truth)
        tally.advance(note="one night alone")
        record(largest)
        tally.advance(note="dvc commit")
        # The quicker of two, for the first one fills DVC's own notes.
        nothing_s = min(_dvc(largest, "repro", "dvc.yaml").seconds for _ in range(2))
        tally.advance(2, note="dvc repro, nothing to do")
        _put(largest, film, truth)
        added = _dvc(largest, "repro", "dvc.yaml")
        tally.advance(note="dvc repro, one night added")
        by_stage = {run["stage"]: run["seconds"] for run in read_runs(largest)}
    draw(spent, checkout.bench / "full-scale.svg")
    again_s = sum(step.seconds for step in spent[sizes[-1]].values())
    return {
        "name": "full-scale",
        "ours": round(HOUR_S / added.seconds, 1),
        "baseline": round(HOUR_S / again_s, 1),
        "limit": round(HOUR_S / alone_s, 1),
        "ratio_to_baseline": round(again_s / added.seconds, 2),
        "ratio_to_limit": round(alone_s / added.seconds, 3),
        "unit": "nights added an hour",
        "frames": frames,
        **memory(spent),
        "nothing_to_do_s": round(nothing_s, 1),
        "one_night_added_s": round(added.seconds, 1),
        "one_night_added_cpu_s": round(added.cpu_s, 1),
        "night_alone_s": round(alone_s, 1),
        "added_beyond_night_s": round(added.seconds - alone_s, 1),
        "added_by_stage": by_stage,
        "sizes": {str(size): {name: _rounded(step) for name, step in steps.items()} for size, steps in spent.items()},
        "plot": "full-scale.svg",
    }


def record(project: Paths) -> None:
    """Commit all results of a project to DVC, as if it had made them.

    The stage that would film the simulated campaign is frozen: its nights are there already, made without pixels.
    """
    text = yaml.safe_load((project.root / "dvc.yaml").read_text(encoding="utf-8"))
    text["stages"]["simulate"]["frozen"] = True
    write_text(project.root / "dvc.yaml", yaml.safe_dump(text, sort_keys=False))
    spend(["git", "init", "--quiet"], project.root)
    _dvc(project, "init", "--quiet")
    _dvc(project, "commit", "--force", "--quiet", "dvc.yaml")  # not the other records' pipelines


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


def memory(by_size: Mapping[int, Mapping[str, Spent]]) -> dict[str, Any]:
    """Peak over all steps and sizes, and how it grows with the number of nights."""
    sizes = sorted(by_size)
    few, many = by_size[sizes[0]], by_size[sizes[-1]]
    nights = max(sizes[-1] - sizes[0], 1)
    peak, where = max((spent.peak_mib, step) for steps in by_size.values() for step, spent in steps.items())
    ends = [max(spent.peak_mib for spent in steps.values()) for steps in (few, many)]
    return {
        "peak_gib": round(peak / 1024, 2),
        "peak_step": where,
        "growth_mib_a_night": round((ends[1] - ends[0]) / nights, 3),
        "growth_by_step": {step: round((many[step].peak_mib - few[step].peak_mib) / nights, 3) for step in STEPS},
    }


def draw(by_size: Mapping[int, Mapping[str, Spent]], target: Path) -> None:
    """Draw processor time, which other programs on the machine change little, and peak memory of every step, as SVG."""
    sizes = sorted(by_size)
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.subplots(1, 2)
    for number, step in enumerate(STEPS):
        style = {"color": f"C{number % 10}", "linestyle": "-" if number < 10 else "--", "marker": "o", "markersize": 3}
        axes[0].plot(sizes, [by_size[size][step].cpu_s for size in sizes], label=step, **style)
        axes[1].plot(sizes, [by_size[size][step].peak_mib / 1024 for size in sizes], label=step, **style)
    axes[1].axhline(3, color="0.4", linewidth=0.8)
    axes[1].annotate("limit", (sizes[0], 3), xytext=(0, 3), textcoords="offset points", color="0.4")
    for axis, unit in zip(axes, ("processor time of the step (s)", "peak memory of the step (GiB)"), strict=True):
        axis.set_xlabel("nights")
        axis.set_ylabel(unit)
        axis.set_ylim(bottom=0)
        axis.grid(color="0.9")
    axes[1].legend(ncols=2, fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    # The same numbers make the same file.
    with matplotlib.rc_context({"svg.hashsalt": "full-scale"}), atomic_path(target) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def _rounded(spent: Spent) -> dict[str, float]:
    return {"seconds": round(spent.seconds, 1), "cpu_s": round(spent.cpu_s, 1), "peak_mib": round(spent.peak_mib)}


def _put(project: Paths, video: Path, truth: Path) -> None:
    for source, folder in ((video, project.videos(SIMULATED)), (truth, project.truth(SIMULATED))):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / source.name)


def _dvc(project: Paths, *arguments: str) -> Spent:
    return spend([sys.executable, "-m", "dvc", *arguments], project.root, {"DVC_NO_ANALYTICS": "1"})
