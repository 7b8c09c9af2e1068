"""A comparison as plain sections - title, sentence, columns, rows - that every form of output prints alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from repro.audit.cell_moves import CellMove
from repro.audit.diff import Diff

NOTHING = "\N{EM DASH}"


@dataclass(frozen=True)
class DiffSection:
    """One part of a comparison.

    Parameters
    ----------
    id, title, text : str
        ``text`` is a sentence; there may be no rows.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
        Cells as plain text, to be escaped by the output format.
    """

    id: str
    title: str
    text: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(diff: Diff) -> list[DiffSection]:
    """All parts in reading order; a part without moves says so in a sentence."""
    makers: Sequence[Callable[[Diff], DiffSection]] = (
        _gaps, _next_steps, _claims, _findings, _cells, _frames, _nights, _metrics, _stages, _pictures, _numbers,
    )  # fmt: skip
    return [section for section in (make(diff) for make in makers) if section.text or section.rows]


def _summary(diff: Diff, stages: Sequence[str], moved: str, unmoved: str) -> str:
    """The sentence of a section read from these stages: nothing that was not compared is called unchanged.

    Parameters
    ----------
    diff : Diff
        The comparison.
    stages : sequence of str
        Stages whose outputs the section compares.
    moved : str
        The sentence if something moved; may be empty.
    unmoved : str
        The sentence if nothing did; used only if everything could be compared.
    """
    gaps = [gap for stage in stages for gap in diff.not_compared.get(stage, [])]
    if not gaps:
        return moved or unmoved
    causes = ", ".join(dict.fromkeys(gap.stage for gap in gaps))
    remedies = "; ".join(dict.fromkeys(gap.remedy for gap in gaps))
    start = f"{moved} Only a part was compared" if moved else "Not compared"
    return f"{start} (see {causes} above): run {remedies}"


def _next_steps(diff: Diff) -> DiffSection:
    rows = tuple((step.purpose, step.command, step.effect) for step in diff.next_steps)
    return DiffSection("next", "What to run next", "", ("to", "command", "effect"), rows)


def _gaps(diff: Diff) -> DiffSection:
    rows = tuple(
        (gap.stage, " ".join(filter(None, (gap.output, _files(gap.files)))), gap.revision, gap.lacks, gap.remedy)
        for gap in diff.gaps
    )
    text = "These could not be compared; they may or may not have changed." if rows else ""
    return DiffSection("gaps", "Could not be compared", text, ("stage", "output", "revision", "lacks", "to do"), rows)


def _claims(diff: Diff) -> DiffSection:
    rows = []
    for move in diff.claims:
        published = shown(move.published[1] if move.published[1] is not None else move.published[0])
        if move.published[0] != move.published[1]:
            published = f"{shown(move.published[0])} → {shown(move.published[1])}"
        rows.append((move.claim, move.evidence, published, _arrow(*move.outcome), _arrow(*move.measured)))
    moved = f"{len(rows):,} comparison{'' if len(rows) == 1 else 's'} moved." if rows else ""
    text = _summary(diff, ("verify",), moved, "No claim's outcome or measured value moved.")
    return DiffSection("claims", "Claims", text, ("claim", "evidence", "published", "outcome", "measured"), tuple(rows))


def _findings(diff: Diff) -> DiffSection:
    rows = tuple((move.finding, move.before or NOTHING, move.after or NOTHING) for move in diff.findings)
    moved = f"{len(rows):,} finding{'' if len(rows) == 1 else 's'} moved." if rows else ""
    text = _summary(diff, ("verify",), moved, "")
    return DiffSection("findings", "Findings", text, ("finding", "before", "after"), rows)


def _cells(diff: Diff) -> DiffSection:
    rows = _steps(move for move in diff.cells if move.printed)
    moved = f"{len(rows):,} cell{'' if len(rows) == 1 else 's'} moved." if rows else ""
    text = _summary(diff, ("sky", "schedule", "softmax"), moved, "No cell of Tables 2, 3 and 6 moved.")
    return DiffSection("cells", "Tables 2, 3 and 6", text, ("table", "cell", "before", "after", "step"), rows)


def _numbers(diff: Diff) -> DiffSection:
    rows = _steps(move for move in diff.cells if not move.printed)
    moved = f"{len(rows):,} number{'' if len(rows) == 1 else 's'} moved." if rows else ""
    text = _summary(diff, ("schedule", "softmax"), moved, "")
    return DiffSection(
        "numbers",
        "Other numbers of stages schedule and softmax",
        text,
        ("of", "number", "before", "after", "step"),
        rows,
    )


def _steps(moves: Iterable[CellMove]) -> tuple[tuple[str, ...], ...]:
    rows = []
    for move in moves:
        step = ""
        if isinstance(move.before, int | float) and isinstance(move.after, int | float):
            step = f"{move.after - move.before:+,.6g}"
        rows.append((move.table, move.cell, shown(move.before), shown(move.after), step))
    return tuple(rows)


def _frames(diff: Diff) -> DiffSection:
    rows = tuple(
        (move.night, move.name, "; ".join(f"{column}: {_arrow(*values)}" for column, values in move.changes.items()))
        for move in diff.frames.moves
    )
    counts = ", ".join(f"{number:,} by {column}" for column, number in diff.frames.counts().items())
    moved = f"Moved: {len(rows):,} frame{'' if len(rows) == 1 else 's'}, {counts}." if rows else ""
    unmoved = "No frame's UTC, condition, label, split or class moved."
    text = _summary(diff, ("clock", "sky", "split", "infer"), moved, unmoved)
    if diff.frames.also:
        also = ", ".join(f"{column} of {number:,}" for column, number in diff.frames.also.items())
        text += f" Also differ, which alone moves nothing published: {also} frames."
    return DiffSection("frames", "Frames", text, ("night", "frame", "change"), rows)


def _nights(diff: Diff) -> DiffSection:
    rows = tuple(
        (night, ", ".join(f"{state} in {stage}" for stage, state in stages.items()))
        for night, stages in sorted(diff.frames.nights.items())
    )
    text = f"In one revision only: {len(rows):,} night{'' if len(rows) == 1 else 's'}." if rows else ""
    return DiffSection("nights", "Nights", text, ("night", "what"), rows)


def _metrics(diff: Diff) -> DiffSection:
    rows = []
    for move in diff.metrics:
        interval = f"{move.interval[0]:+.4f} to {move.interval[1]:+.4f}" if move.interval else NOTHING
        verdict = {True: "within noise", False: "changed", None: NOTHING}[move.noise]
        rows.append((move.metric, shown(move.before), shown(move.after), interval, verdict, move.basis))
    columns = ("metric", "before", "after", "95 % interval of the difference", "verdict", "based on")
    moved = f"{len(rows):,} metric{'' if len(rows) == 1 else 's'} moved." if rows else ""
    text = _summary(diff, ("train",), moved, "No metric moved.")
    return DiffSection("metrics", "Metrics", text, columns, tuple(rows))


def _pictures(diff: Diff) -> DiffSection:
    rows = tuple((name,) for name in diff.pictures)
    moved = f"{len(rows):,} picture{'' if len(rows) == 1 else 's'} moved." if rows else ""
    text = _summary(diff, ("gradcam",), moved, "")
    return DiffSection("pictures", "Pictures", text, ("file that differs",), rows)


def _stages(diff: Diff) -> DiffSection:
    rows = tuple((run.stage, run.status, "; ".join(run.because) or NOTHING, run.outputs) for run in diff.stages)
    idle = [run.stage for run in diff.stages if run.idle and run.same]
    text = f"{diff.unchanged} stages did not run again." if diff.unchanged != 1 else "1 stage did not run again."
    waiting = dict.fromkeys(gap.stage for gap in diff.gaps if gap.out_of_date)
    if waiting:
        text += f" Out of date: {', '.join(waiting)}."
    if idle:
        text += f" Only comments, docstrings or layout changed for {', '.join(idle)}: run again, nothing changed."
    return DiffSection("stages", "Stages that ran, and why", text, ("stage", "what", "because", "outputs"), rows)


def shown(value: Any) -> str:
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
            return f"{shown(low)} to {shown(high)}"
        case _:
            return str(value)


def _arrow(before: Any, after: Any) -> str:
    if before == after:
        return shown(after)
    return f"{shown(before)} → {shown(after)}"


def _files(names: Sequence[str]) -> str:
    if not names:
        return ""
    return f"({', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''})"
