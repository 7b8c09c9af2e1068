"""Compare two revisions: everything that moved, why, and what could not be compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from repro.audit.cell_moves import CellMove, cell_moves
from repro.audit.claim_moves import ClaimMove, FindingMove, claim_moves
from repro.audit.frame_moves import FrameMoves, frame_moves
from repro.audit.metric_moves import MetricMove, metric_moves
from repro.audit.outputs import DERIVED, DVC_REPRO, RECEIPTS, Gap, Pair
from repro.audit.stage_runs import StageRun, stage_runs
from repro.audit.thumbnails import Thumbnail, thumbnails
from repro.paths import Paths
from repro.printing import count

#: Stages whose files are published pictures; they are compared as files.
PICTURES = ("gradcam",)
#: Stages whose outputs the sections of a comparison are read from.
COMPARED_STAGES = ("verify", "clock", "sky", "split", "infer", "schedule", "softmax", "train", *PICTURES)


@dataclass(frozen=True)
class NextStep:
    """A command that the user may want next, as typed in the project's root, with its purpose and effect."""

    purpose: str
    command: str
    effect: str


@dataclass(frozen=True)
class Diff:
    """Everything that differs between two revisions."""

    before: str  # titles of the revisions
    after: str
    claims: list[ClaimMove]
    findings: list[FindingMove]
    cells: list[CellMove]
    frames: FrameMoves
    metrics: list[MetricMove]
    pictures: list[str]  # files of published pictures that differ
    stages: list[StageRun]  # those whose record differs, and why
    unchanged: int  # number of other stages
    gaps: list[Gap]  # what could not be compared
    images: list[Thumbnail]  # some moved frames before and after
    not_compared: dict[str, list[Gap]] = field(default_factory=dict)  # gaps that keep a stage's outputs from it, if any
    next_steps: list[NextStep] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each published thing moved; only kinds of which some did."""
        numbers = {
            "claim": len({move.claim for move in self.claims}),
            "finding": len(self.findings),
            "cell": sum(move.printed for move in self.cells),
            "frame": len(self.frames.moves),
            "night": len(self.frames.nights),
            "metric": len(self.metrics),
            "picture": len(self.pictures),
            "other number": sum(not move.printed for move in self.cells),
        }
        return {kind: number for kind, number in numbers.items() if number}

    @property
    def exit_code(self) -> int:
        """0: nothing published moved; 1: something did; 2: something could not be compared, whatever else moved."""
        return 2 if self.gaps else 1 if self.counts() else 0

    def headline(self) -> str:
        """One sentence: what moved, and whether all could be compared."""
        numbers = [count(number, kind) for kind, number in self.counts().items()]
        text = f"Moved: {', '.join(numbers)}." if numbers else "Nothing published moved."
        if self.gaps:
            text = text if numbers else "Nothing that could be compared moved."
            text += f" {count(len(self.gaps), 'thing')} could not be compared."
        return text

    def as_dict(self) -> dict[str, Any]:
        """The document that ``repro diff --format json`` prints; images are left out."""
        document = asdict(replace(self, images=[]))
        for key in ("images", "unchanged", "gaps"):  # left out, or under another name below
            del document[key]
        return {
            **document,
            "headline": self.headline(),
            "exit_code": self.exit_code,
            "moved": self.counts(),
            "frames": {
                "by_column": self.frames.counts(),
                "nights": self.frames.nights,
                "moves": document["frames"]["moves"],
                "also_differ": self.frames.also,
            },
            "stages_unchanged": self.unchanged,
            "stages_by_outputs": dict(
                Counter({True: "same", False: "differ", None: "not compared"}[run.same] for run in self.stages)
            ),
            "not_compared": [asdict(gap) for gap in self.gaps],
            "stages_not_compared": list(self.not_compared),
        }


def compare(paths: Paths, before: str = "HEAD", after: str | None = None, *, images: bool = False) -> Diff:
    """Compare two revisions by what DVC recorded and cached; without ``after``, a commit with the working tree.

    With ``images``, thumbnails of moved frames are cut. Raises ReproError if a revision is unknown or has no
    ``dvc.lock``.
    """
    pair = Pair(paths.root, before, after)
    claims, findings = claim_moves(pair)
    cells, frames, metrics = cell_moves(pair), frame_moves(pair), metric_moves(pair)
    pictures = [
        f"{change.output}/{change.name}"
        for stage in PICTURES
        for change in pair.changes(stage)
        if not change.name.startswith(RECEIPTS)
    ]
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
        not_compared={stage: gaps for stage in COMPARED_STAGES if (gaps := pair.gaps_of(stage))},
        next_steps=_next_steps(pair, stages),
    )


def _next_steps(pair: Pair, stages: list[StageRun]) -> list[NextStep]:
    """What to run after a change to the working tree, and how to undo it; nothing between two commits."""
    if pair.after.commit is not None or not (stages or pair.after.outdated or pair.after.never_run):
        return []
    steps = []
    changed = {*pair.after.outdated, *pair.after.never_run}
    to_run = [name for name in pair.stages if pair.upstream(name) & changed]
    if to_run:
        effect = f"runs what the change reaches, of: {', '.join(to_run)}"
        steps.append(NextStep("bring the results up to date", DVC_REPRO, effect))
        steps.append(NextStep("compare again", f".venv/bin/repro diff {pair.before.name}", "shows what moved"))
    revert = "git checkout . && .venv/bin/dvc checkout dvc.yaml"
    effect = "drops all uncommitted edits of tracked files and takes the committed results out of DVC's cache; "
    effect += f"{', '.join(DERIVED)} is not cached: {DVC_REPRO} makes it again"
    steps.append(NextStep("revert to the last commit", revert, effect))
    return steps
