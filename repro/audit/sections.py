"""A comparison as plain sections - title, sentence, columns, rows - that every form of output prints alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from repro.audit.cell_moves import CellMove
from repro.audit.diff import Diff

NOTHING = "\N{EM DASH}"


@dataclass(frozen=True)
class Section:
    """One part of a comparison.

    Parameters
    ----------
    id, title, text : str
        ``text`` is a sentence; it may stand without rows.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
        Cells as plain text; whoever prints them must escape them.
    """

    id: str
    title: str
    text: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def sections(diff: Diff) -> list[Section]:
    """All parts in reading order; what did not move says so in a sentence."""
    makers: Sequence[Callable[[Diff], Section]] = (
        _gaps, _claims, _findings, _cells, _frames, _nights, _metrics, _stages, _time, _pictures, _numbers,
    )  # fmt: skip
    return [section for section in (make(diff) for make in makers) if section.text or section.rows]


def _gaps(diff: Diff) -> Section:
    rows = tuple(
        (gap.stage, " ".join(filter(None, (gap.output, _files(gap.files)))), gap.revision, gap.lacks, gap.remedy)
        for gap in diff.gaps
    )
    text = "Not told to be equal: of these nothing is known." if rows else ""
    return Section("gaps", "Could not be compared", text, ("stage", "output", "revision", "lacks", "to do"), rows)


def _claims(diff: Diff) -> Section:
    rows = []
    for move in diff.claims:
        published = shown(move.published[1] if move.published[1] is not None else move.published[0])
        if move.published[0] != move.published[1]:
            published = f"{shown(move.published[0])} → {shown(move.published[1])}"
        rows.append((move.claim, move.evidence, published, _arrow(*move.outcome), _arrow(*move.measured)))
    text = "" if rows else "No claim's outcome or measured value moved."
    return Section("claims", "Claims", text, ("claim", "evidence", "published", "outcome", "measured"), tuple(rows))


def _findings(diff: Diff) -> Section:
    rows = tuple((move.finding, move.before or NOTHING, move.after or NOTHING) for move in diff.findings)
    return Section("findings", "Findings", "", ("finding", "before", "after"), rows)


def _cells(diff: Diff) -> Section:
    rows = _steps(move for move in diff.cells if move.printed)
    text = "" if rows else "No cell of Tables 2, 3 and 6 moved."
    return Section("cells", "Tables 2, 3 and 6", text, ("table", "cell", "before", "after", "step"), rows)


def _numbers(diff: Diff) -> Section:
    rows = _steps(move for move in diff.cells if not move.printed)
    return Section("numbers", "Other numbers of stage softmax", "", ("of", "number", "before", "after", "step"), rows)


def _steps(moves: Iterable[CellMove]) -> tuple[tuple[str, ...], ...]:
    rows = []
    for move in moves:
        step = ""
        if isinstance(move.before, int | float) and isinstance(move.after, int | float):
            step = f"{move.after - move.before:+,.6g}"
        rows.append((move.table, move.cell, shown(move.before), shown(move.after), step))
    return tuple(rows)


def _frames(diff: Diff) -> Section:
    rows = tuple(
        (move.night, move.name, "; ".join(f"{column}: {_arrow(*values)}" for column, values in move.changes.items()))
        for move in diff.frames.moves
    )
    counts = ", ".join(f"{number:,} by {column}" for column, number in diff.frames.counts().items())
    text = (
        f"Moved: {len(rows):,} frame{'' if len(rows) == 1 else 's'}, {counts}."
        if rows
        else "No frame's UTC, condition, label, split or class moved."
    )
    if diff.frames.also:
        also = ", ".join(f"{column} of {number:,}" for column, number in diff.frames.also.items())
        text += f" Also differ, which alone moves nothing published: {also} frames."
    return Section("frames", "Frames", text, ("night", "frame", "change"), rows)


def _nights(diff: Diff) -> Section:
    rows = tuple(
        (night, ", ".join(f"{state} in {stage}" for stage, state in stages.items()))
        for night, stages in sorted(diff.frames.nights.items())
    )
    text = f"In one revision only: {len(rows):,} night{'' if len(rows) == 1 else 's'}." if rows else ""
    return Section("nights", "Nights", text, ("night", "what"), rows)


def _metrics(diff: Diff) -> Section:
    rows = []
    for move in diff.metrics:
        interval = f"{move.interval[0]:+.4f} to {move.interval[1]:+.4f}" if move.interval else NOTHING
        verdict = {True: "within noise", False: "changed", None: NOTHING}[move.noise]
        rows.append((move.metric, shown(move.before), shown(move.after), interval, verdict, move.basis))
    columns = ("metric", "before", "after", "95 % interval of the difference", "so", "rests on")
    return Section("metrics", "Metrics", "" if rows else "No metric moved.", columns, tuple(rows))


def _pictures(diff: Diff) -> Section:
    return Section("pictures", "Pictures", "", ("file that differs",), tuple((name,) for name in diff.pictures))


def _stages(diff: Diff) -> Section:
    rows = tuple((run.stage, run.status, "; ".join(run.because) or NOTHING, run.outputs) for run in diff.stages)
    idle = [run.stage for run in diff.stages if run.idle and run.same]
    text = f"{diff.unchanged} stages did not run again." if diff.unchanged != 1 else "1 stage did not run again."
    if idle:
        text += f" Only comments, docstrings or layout changed for {', '.join(idle)}: run again, nothing changed."
    return Section("stages", "Stages that ran, and why", text, ("stage", "what", "because", "outputs"), rows)


def _time(diff: Diff) -> Section:
    rows = tuple(
        (run["stage"], run["began_utc"], shown(run["seconds"]), shown(run["nights_done"]), shown(run["nights_kept"]))
        for run in diff.times
    )
    text = (
        "The last run of each of these stages in this checkout." if rows else "No run of these stages is recorded here."
    )
    columns = ("stage", "began, UTC", "seconds", "nights made", "nights kept")
    return Section("time", "Time", text if diff.stages else "", columns, rows)


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


def _files(names: Sequence[str], most: int = 3) -> str:
    if not names:
        return ""
    return f"({', '.join(names[:most])}{f' and {len(names) - most} more' if len(names) > most else ''})"
