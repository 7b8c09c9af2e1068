"""A comparison as plain sections - title, sentence, columns, rows - that every form of output prints alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from repro.audit.cell_moves import CellMove
from repro.audit.claim_moves import ClaimMove
from repro.audit.diff import Diff
from repro.audit.frame_moves import FrameMove
from repro.audit.metric_moves import MetricMove
from repro.printing import count, first_few

NOTHING = "\N{EM DASH}"


@dataclass(frozen=True)
class DiffSection:
    """One part of a comparison: headings and cells are plain text, and ``text`` is a sentence; there may be no rows."""

    id: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    text: str = ""


def sections(diff: Diff) -> list[DiffSection]:
    """All parts in reading order; a part without moves says so in a sentence."""
    cells, numbers = ([move for move in diff.cells if move.printed is printed] for printed in (True, False))
    also = ", ".join(f"{column} of {number:,}" for column, number in diff.frames.also.items())
    also = f" Also differ, which alone moves nothing published: {also} frames." if also else ""
    by_column = ", ".join(f"{number:,} by {column}" for column, number in diff.frames.counts().items())
    nights = [
        (night, ", ".join(f"{state} in {stage}" for stage, state in stages.items()))
        for night, stages in sorted(diff.frames.nights.items())
    ]
    findings = [(move.finding, move.before or NOTHING, move.after or NOTHING) for move in diff.findings]
    steps = [(step.purpose, step.command, step.effect) for step in diff.next_steps]
    gaps = [
        (
            gap.stage,
            f"{gap.output} ({first_few(gap.files, 3)})".removesuffix(" ()").strip(),
            gap.revision,
            gap.lacks,
            gap.remedy,
        )
        for gap in diff.gaps
    ]
    parts = (
        DiffSection("gaps", "Could not be compared", ("stage", "output", "revision", "lacks", "to do"), gaps,
                    "These could not be compared; they may or may not have changed." if gaps else ""),
        DiffSection("next", "What to run next", ("to", "command", "effect"), steps),
        DiffSection("claims", "Claims", ("claim", "evidence", "published", "outcome", "measured"),
                    list(map(_claim, diff.claims)),
                    _summary(diff, ("verify",), diff.claims, "comparison", "No claim's outcome or measured value moved.")),
        DiffSection("findings", "Findings", ("finding", "before", "after"), findings,
                    _summary(diff, ("verify",), findings, "finding")),
        DiffSection("cells", "Tables 2, 3 and 6", ("table", "cell", "before", "after", "step"), list(map(_step, cells)),
                    _summary(diff, ("sky", "schedule", "softmax"), cells, "cell", "No cell of Tables 2, 3 and 6 moved.")),
        DiffSection("frames", "Frames", ("night", "frame", "change"), list(map(_frame, diff.frames.moves)),
                    _summary(diff, ("clock", "sky", "split", "infer"), diff.frames.moves, "frame",
                       "No frame's UTC, condition, label, split or class moved.", by_column) + also),
        DiffSection("nights", "Nights", ("night", "what"), nights,
                    f"In one revision only: {count(len(nights), 'night')}." if nights else ""),
        DiffSection("metrics", "Metrics",
                    ("metric", "before", "after", "95 % interval of the difference", "verdict", "based on"),
                    list(map(_metric, diff.metrics)), _summary(diff, ("train",), diff.metrics, "metric", "No metric moved.")),
        _stages(diff),
        DiffSection("pictures", "Pictures", ("file that differs",), list(zip(diff.pictures, strict=True)),
                    _summary(diff, ("gradcam",), diff.pictures, "picture")),
        DiffSection("numbers", "Other numbers of stages schedule and softmax", ("of", "number", "before", "after", "step"),
                    list(map(_step, numbers)), _summary(diff, ("schedule", "softmax"), numbers, "number")),
    )  # fmt: skip
    return [part for part in parts if part.text or part.rows]


def _summary(
    diff: Diff, stages: Sequence[str], moves: Sequence[object], noun: str, unmoved: str = "", details: str = ""
) -> str:
    """The sentence of a section read from these stages: nothing that was not compared is called unchanged."""
    moved = f"{count(len(moves), noun)} moved{f': {details}' if details else ''}." if moves else ""
    gaps = [gap for stage in stages for gap in diff.not_compared.get(stage, [])]
    if not gaps:
        return moved or unmoved
    causes = ", ".join(dict.fromkeys(gap.stage for gap in gaps))
    remedies = "; ".join(dict.fromkeys(gap.remedy for gap in gaps))
    start = f"{moved} Only a part was compared" if moved else "Not compared"
    return f"{start} (see {causes} above): run {remedies}"


def _claim(move: ClaimMove) -> tuple[str, ...]:
    before, after = move.published
    published = _arrow(before, after) if None not in move.published else value_text(before if after is None else after)
    return move.claim, move.evidence, published, _arrow(*move.outcome), _arrow(*move.measured)


def _step(move: CellMove) -> tuple[str, ...]:
    step = "" if move.before is None or move.after is None else f"{move.after - move.before:+,.6g}"
    return move.table, move.cell, value_text(move.before), value_text(move.after), step


def _frame(move: FrameMove) -> tuple[str, ...]:
    changes = (f"{column}: {_arrow(*values)}" for column, values in move.changes.items())
    return move.night, move.name, "; ".join(changes)


def _metric(move: MetricMove) -> tuple[str, ...]:
    interval = f"{move.interval[0]:+.4f} to {move.interval[1]:+.4f}" if move.interval else NOTHING
    verdict = {True: "within noise", False: "changed", None: NOTHING}[move.noise]
    return move.metric, value_text(move.before), value_text(move.after), interval, verdict, move.basis


def _stages(diff: Diff) -> DiffSection:
    rows = [(run.stage, run.status, "; ".join(run.because) or NOTHING, run.outputs) for run in diff.stages]
    idle = [run.stage for run in diff.stages if run.idle and run.same]
    text = f"{count(diff.unchanged, 'stage')} did not run again."
    waiting = dict.fromkeys(gap.stage for gap in diff.gaps if gap.out_of_date)
    if waiting:
        text += f" Out of date: {', '.join(waiting)}."
    if idle:
        text += f" Only comments, docstrings or layout changed for {', '.join(idle)}: run again, nothing changed."
    return DiffSection("stages", "Stages that ran, and why", ("stage", "what", "because", "outputs"), rows, text)


def value_text(value: Any) -> str:
    """A value for reading: thousands apart, six significant digits, a dash for none."""
    match value:
        case None:
            return NOTHING
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}" if abs(value) < 1e5 else f"{value:,.1f}"
        case [low, high]:
            return f"{value_text(low)} to {value_text(high)}"
        case _:
            return str(value)


def _arrow(before: Any, after: Any) -> str:
    return value_text(after) if before == after else f"{value_text(before)} → {value_text(after)}"
