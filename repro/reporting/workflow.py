"""Figure 1 as this project runs it: the stages of ``dvc.yaml``, their order, and which have run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from repro.errors import refuse
from repro.paths import Paths
from repro.reporting.canvas import FIRST, INK, QUIET, canvas
from repro.untrusted import read_yaml

_COLUMNS = 10  # of the whole pipeline; with fewer, the boxes keep their size
_BOX = 0.88, 0.5  # width and height of a stage, in units of the grid


def stages(paths: Paths, corpus: str) -> pd.DataFrame:
    """Stages in the order of ``dvc.yaml``; no rows if there is no such file.

    Gives ``stage``, ``what`` (its description), ``after`` (stages it needs directly, separated by blanks; those that another of
    them needs are left out), ``made`` (whether all its outputs are there), ``column`` (from the left, after all that it needs)
    and ``row``. Raises ReproError if stages need each other in a circle.
    """
    source = paths.root / "dvc.yaml"
    if not source.is_file():
        return pd.DataFrame(columns=["stage", "what", "after", "made", "column", "row"])
    listed: dict[str, dict[str, Any]] = read_yaml(
        source, expected="stages of a pipeline", remedy="dvc status shows the line that is wrong"
    )["stages"]
    outs = {name: _names(entry.get("outs", []), corpus) for name, entry in listed.items()}
    graph = nx.DiGraph()
    graph.add_nodes_from(listed)
    graph.add_edges_from(
        (other, name)
        for name, entry in listed.items()
        for dep in _names(entry.get("deps", []), corpus)
        for other, made in outs.items()
        if other != name and any(dep == out or dep.startswith(out + "/") for out in made)
    )
    try:
        column = {name: place for place, names in enumerate(nx.topological_generations(graph)) for name in names}
    except nx.NetworkXUnfeasible:
        circle = sorted({name for edge in nx.find_cycle(graph) for name in edge})
        found, remedy = (
            f"stages that need themselves: {', '.join(circle)}",
            "remove the dependency that closes the circle",
        )
        refuse(found, "an order in which the stages can run", str(source), remedy)
    for name in listed:
        if not graph.in_degree(name):  # as close as possible to the stages that need it
            column[name] = min((column[other] for other in graph.successors(name)), default=1) - 1
    direct = nx.transitive_reduction(graph)
    row = _rows({name: set(graph.predecessors(name)) for name in listed}, column)
    return pd.DataFrame(
        [
            {
                "stage": name,
                "what": entry.get("desc", ""),
                "after": " ".join(sorted(direct.predecessors(name))),
                "made": name == "report" or all((paths.root / out).exists() for out in outs[name]),
                "column": column[name],
                "row": row[name],
            }
            for name, entry in listed.items()
        ]
    )


def draw(table: pd.DataFrame, path: Path) -> None:
    """Draw the stages, at least one, from left to right: solid outlines for those that have run, dashed ones for the others."""
    columns, rows = max(int(table["column"].max()) + 1, _COLUMNS), int(table["row"].max()) + 1
    place = {stage: (x, -y) for stage, x, y in zip(table["stage"], table["column"], table["row"], strict=True)}
    with canvas(path, width_in=0.98 * columns, height_in=0.6 * rows + 0.1, arrange=False) as figure:
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(-0.5, columns - 0.5)
        axes.set_ylim(-rows + 0.5, 0.5)
        axes.axis("off")
        for row in table.to_dict("records"):
            x, y = place[row["stage"]]
            corner = (x - _BOX[0] / 2, y - _BOX[1] / 2)
            look: dict[str, Any] = (
                {"ec": FIRST, "fc": "#e8f1f8", "ls": "-"} if row["made"] else {"ec": QUIET, "fc": "w", "ls": "--"}
            )
            axes.add_patch(FancyBboxPatch(corner, *_BOX, boxstyle="round,pad=0,rounding_size=0.08", lw=1, **look))
            axes.text(x, y, row["stage"], ha="center", va="center", fontsize=8.8)
            for before in row["after"].split():
                start, end = place[before], (x, y)
                axes.add_patch(
                    FancyArrowPatch(
                        (start[0] + _BOX[0] / 2, start[1]), (end[0] - _BOX[0] / 2, end[1]), arrowstyle="-|>",
                        mutation_scale=7, lw=0.8, color=INK, shrinkA=0, shrinkB=0, zorder=0,
                    )
                )  # fmt: skip


def _names(entries: list[Any], corpus: str) -> list[str]:
    """Paths of outputs or dependencies, with or without options."""
    plain = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]
    return [name.replace("${corpus}", corpus) for name in plain]


def _rows(needs: dict[str, set[str]], column: dict[str, int]) -> dict[str, int]:
    """Row of each stage: that of the latest stage it needs, if free there, else the next free one."""
    row: dict[str, int] = {}
    taken: set[tuple[int, int]] = set()
    for name in sorted(column, key=lambda stage: (column[stage], not needs[stage], list(column).index(stage))):
        parent = max(needs[name], key=lambda other: (column[other], -row[other]), default=None)
        wanted = row[parent] if parent is not None else 0
        while (column[name], wanted) in taken:
            wanted += 1
        row[name] = wanted
        taken.add((column[name], wanted))
    return row
