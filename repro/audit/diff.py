"""Two revisions held against each other: everything that moved, why, and what could not be compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from repro.audit.cell_moves import CellMove, cell_moves
from repro.audit.claim_moves import ClaimMove, FindingMove, claim_moves
from repro.audit.frame_moves import Frames, frame_moves
from repro.audit.metric_moves import MetricMove, metric_moves
from repro.audit.outputs import Gap, Pair
from repro.audit.stage_runs import StageRun, stage_runs
from repro.audit.thumbnails import Thumbnail, thumbnails
from repro.engine.run_stage import read_runs
from repro.paths import Paths

#: Stages whose files are published pictures; they are compared as files.
PICTURES = ("gradcam",)


@dataclass(frozen=True)
class Diff:
    """All that differs between two revisions.

    Parameters
    ----------
    before, after : str
        Titles of the revisions.
    claims, findings, cells, frames, metrics : sequences
        What moved.
    pictures : list of str
        Files of published pictures that differ.
    stages : list of StageRun
        Stages whose record differs, and why.
    unchanged : int
        Stages whose record is the same.
    gaps : list of Gap
        What could not be compared.
    images : list of Thumbnail
        Some moved frames, before and after.
    times : list of dict
        Of each of ``stages``, the last run that this checkout's log knows (:func:`repro.engine.run_stage.read_runs`). Run times are
        no part of a revision: where or from which state a stage was run before, nothing here tells.
    """

    before: str
    after: str
    claims: list[ClaimMove]
    findings: list[FindingMove]
    cells: list[CellMove]
    frames: Frames
    metrics: list[MetricMove]
    pictures: list[str]
    stages: list[StageRun]
    unchanged: int
    gaps: list[Gap]
    images: list[Thumbnail]
    times: list[dict[str, Any]]

    def counts(self) -> dict[str, int]:
        """How many of each published thing moved; only kinds of which some did."""
        found = {
            "claim": len({move.claim for move in self.claims}),
            "finding": len(self.findings),
            "cell": sum(move.printed for move in self.cells),
            "frame": len(self.frames.moves),
            "night": len(self.frames.nights),
            "metric": len(self.metrics),
            "picture": len(self.pictures),
            "other number": sum(not move.printed for move in self.cells),
        }
        return {kind: number for kind, number in found.items() if number}

    @property
    def exit_code(self) -> int:
        """0: nothing published moved; 1: something did; 2: something could not be compared, whatever else moved."""
        return 2 if self.gaps else 1 if self.counts() else 0

    def headline(self) -> str:
        """One sentence: what moved, and whether all could be compared."""
        numbers = [f"{number:,} {kind}{'' if number == 1 else 's'}" for kind, number in self.counts().items()]
        text = f"Moved: {', '.join(numbers)}." if numbers else "Nothing published moved."
        if self.gaps:
            text = text if numbers else "Nothing that could be compared moved."
            text += f" {len(self.gaps)} thing{'' if len(self.gaps) == 1 else 's'} could not be compared."
        return text

    def as_dict(self) -> dict[str, Any]:
        """The document that ``repro diff --format json`` prints; images are told by name."""
        return {
            "before": self.before,
            "after": self.after,
            "headline": self.headline(),
            "exit_code": self.exit_code,
            "moved": self.counts(),
            "claims": [asdict(move) for move in self.claims],
            "findings": [asdict(move) for move in self.findings],
            "cells": [asdict(move) for move in self.cells],
            "frames": {
                "by_column": self.frames.counts(),
                "nights": self.frames.nights,
                "moves": [asdict(move) for move in self.frames.moves],
                "also_differ": self.frames.also,
            },
            "metrics": [asdict(move) for move in self.metrics],
            "pictures": self.pictures,
            "stages": [asdict(run) for run in self.stages],
            "stages_unchanged": self.unchanged,
            "stages_by_outputs": dict(
                Counter({True: "same", False: "differ", None: "not compared"}[run.same] for run in self.stages)
            ),
            "last_runs_here": self.times,
            "not_compared": [asdict(gap) for gap in self.gaps],
        }


def compare(paths: Paths, before: str = "HEAD", after: str | None = None, *, images: bool = False) -> Diff:
    """Compare two revisions by what DVC recorded and cached.

    Parameters
    ----------
    paths : Paths
        The project.
    before : str
        A commit.
    after : str, optional
        Another one; the working tree if not given.
    images : bool
        Whether to cut thumbnails of moved frames.

    Raises
    ------
    ReproError
        If a revision is unknown or has no ``dvc.lock``.
    """
    pair = Pair(paths.root, before, after)
    claims, findings = claim_moves(pair)
    cells, frames, metrics = cell_moves(pair), frame_moves(pair), metric_moves(pair)
    pictures = [f"{change.output}/{change.name}" for stage in PICTURES for change in pair.changes(stage)]
    stages = stage_runs(pair)
    return Diff(
        before=pair.before.title,
        after=pair.after.title,
        claims=claims,
        findings=findings,
        cells=cells,
        frames=frames,
        metrics=metrics,
        pictures=pictures,
        stages=stages,
        unchanged=len(pair.stages) - len(stages),
        gaps=pair.gaps,
        images=thumbnails(pair, frames.moves) if images else [],
        times=_times(paths, stages),
    )


def _times(paths: Paths, stages: list[StageRun]) -> list[dict[str, Any]]:
    last = {run["stage"]: run for run in read_runs(paths) if run["outcome"] == "done"}
    return [last[run.stage] for run in stages if run.stage in last]
