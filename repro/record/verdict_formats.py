"""Verdicts for people and programs: a table on a terminal, Markdown, JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from repro.files import dumps
from repro.record.claims import Claim
from repro.record.comparator import Verdict, round_for_print
from repro.record.judge import Verification

#: Colour and mark of each outcome; the mark tells it without colour.
STYLE = {
    "confirmed": ("green", "="),
    "consistent": ("cyan", "~"),
    "contradicted": ("red", "x"),
    "source_conflict": ("magenta", "!"),
    "repeated": ("bright_black", ":"),
    "undecidable": ("yellow", "?"),
    "not_run": ("bright_black", "-"),
    "error": ("bold red", "E"),
}


def measured_text(claim: Claim, verdict: Verdict) -> str:
    """The measured value with one digit more than the claim prints."""
    match verdict.measured:
        case None:
            return ""
        case (low, high):
            return f"{round_for_print(low):,.{claim.decimals + 1}f} to {round_for_print(high):,.{claim.decimals + 1}f}"
        case bool() | str():
            return str(verdict.measured)
        case int():
            return f"{verdict.measured:,}"
        case _:
            return f"{verdict.measured:,.{claim.decimals + 1}f}"


def as_json(verification: Verification) -> str:
    """The whole verification as a JSON document."""
    return dumps(verification.as_dict())


def _rows(verification: Verification) -> list[tuple[Claim, Verdict]]:
    return [(claim, verdict) for claim, verdicts in verification.by_claim() for verdict in verdicts]


def as_markdown(verification: Verification) -> str:
    """The verdicts as a Markdown table, with the findings below it."""
    lines = ["| claim | published | evidence | measured | outcome |", "|---|---|---|---|---|"]
    for claim, verdict in _rows(verification):
        mark = " (drifted)" if verdict.drifted else ""
        cells = (claim.id, claim.shown(), verdict.evidence, measured_text(claim, verdict), verdict.outcome + mark)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", "**Summary:** " + summary_text(verification.summary), ""]
    lines += [f"- **{finding.title}** ({finding.id}): {finding.explanation}" for finding in verification.findings]
    return "\n".join(lines) + "\n"


def summary_text(summary: dict[str, Any]) -> str:
    """Counts by outcome in one line."""
    return ", ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in summary.items())


def print_table(verification: Verification) -> None:
    """Print the verdicts in colour on a terminal, plainly elsewhere."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (("claim", "left"), ("published", "right"), ("evidence", "left"), ("measured", "right")):
        table.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    table.add_column("outcome")
    for claim, verdict in _rows(verification):
        colour, mark = STYLE[verdict.outcome]
        outcome = Text(f"{mark} {verdict.outcome}", style=colour)
        if verdict.drifted or verdict.uncompared:
            outcome.append(f"  (declared: {verdict.expected})", style="bold yellow")
        table.add_row(claim.id, claim.shown(), verdict.evidence, measured_text(claim, verdict), outcome)
    console.print(table)
    console.print()
    for finding in verification.findings:
        console.print(Text.assemble((f"{finding.title}. ", "bold"), finding.explanation))
    console.print()
    console.print(
        f"{len(verification.claims)} claims, {len(verification.verdicts)} comparisons: "
        + summary_text(verification.summary)
    )
