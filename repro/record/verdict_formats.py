"""Verdicts for people and programs: a table on a terminal, Markdown, JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from repro import printing
from repro.files import dumps
from repro.printing import count
from repro.record.claims import Claim
from repro.record.comparator import CONFLICTS, Verdict, round_for_print
from repro.record.judge import OUTCOMES, Verification
from repro.record.strength import GRADES

#: Up to so many claims are printed with their quotations and reasons.
MOST_DETAILED = 12
#: Colour and mark of each outcome; the mark tells it without colour.
STYLE = {
    "confirmed": ("green", "="),
    "consistent": ("cyan", "~"),
    "contradicted": ("red", "x"),
    "source_conflict": ("magenta", "!"),
    "repeated": ("bright_black", "r"),
    "undecidable": ("yellow", "?"),
    "not_run": ("bright_black", "-"),
    "error": ("bold red", "E"),
}


def published_text(claim: Claim) -> str:
    """The published value as printed; a statement that is simply made reads as such."""
    if isinstance(claim.value, bool):
        return "stated" if claim.value else "denied"
    return claim.shown()


def measured_text(claim: Claim, verdict: Verdict) -> str:
    """What was measured, with one digit more than the claim prints; a bound as a bound on the claim, such as ">= 0.100"."""
    rule, digits = claim.evidence[verdict.evidence], claim.decimals + 1
    match verdict.measured:
        case None:
            return ""
        case (low, high):
            return f"{round_for_print(low):,.{digits}f} to {round_for_print(high):,.{digits}f}"
        case bool():
            return "holds" if verdict.measured else "does not hold"
        case str():
            return verdict.measured
        case number if rule.rule in ("at_most", "at_least"):
            sign, side = (">=", -1) if rule.rule == "at_most" else ("<=", 1)
            bound = number + side * (rule.tolerance or 0)
            return f"{sign} {bound:,}" if isinstance(bound, int) else f"{sign} {bound:,.{digits}f}"
        case int():
            return f"{verdict.measured:,}"
        case _:
            return f"{verdict.measured:,.{digits}f}"


def caught_text(claim: Claim, verdict: Verdict) -> str:
    """The wrong values that a comparison would have caught; empty if it was not made."""
    caught = verdict.catches
    if caught is None:
        return ""
    if caught.any_other:
        return "any other value"
    sides = [
        f"{value:,.{claim.decimals}f} or {word}"
        for value, word in ((caught.below, "less"), (caught.above, "more"))
        if value is not None
    ]
    return ", ".join(sides) or "nothing"


def strength_text(verdict: Verdict) -> str:
    """Grade of a comparison with what qualifies it: the z-value of a prediction, the share that a bound excludes."""
    if verdict.grade is None:
        return ""
    word = GRADES[verdict.grade]
    if verdict.grade == "R" and verdict.outcome in CONFLICTS:
        word = "a repetition that differs"
    text = f"{verdict.grade} {word}"
    if verdict.z is not None:
        text += f", z = {verdict.z:+.1f}"
    if verdict.excluded is None or verdict.outcome in CONFLICTS:
        return text
    return f"{text}, excludes {100 * verdict.excluded:.0f} %"


def as_json(verification: Verification) -> str:
    """The whole verification as a JSON document."""
    return dumps(verification.as_dict())


def _rows(verification: Verification) -> list[tuple[Claim, Verdict]]:
    return [(claim, verdict) for claim, verdicts in verification.by_claim() for verdict in verdicts]


def as_markdown(verification: Verification) -> str:
    """The verdicts as a Markdown table, with the findings below it."""
    lines = ["| claim | published | evidence | grade | measured | catches | outcome |", "|---|---|---|---|---|---|---|"]
    for claim, verdict in _rows(verification):
        mark = " (drifted)" if verdict.drifted else ""
        compared = (verdict.evidence, verdict.grade or "", measured_text(claim, verdict), caught_text(claim, verdict))
        cells = (claim.id, published_text(claim), *compared, verdict.words + mark)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", "**Summary:** " + summary_text(verification.summary), ""]
    lines += [f"- **{finding.title}** ({finding.id}): {finding.explanation}" for finding in verification.findings]
    return "\n".join(lines) + "\n"


def summary_text(summary: dict[str, Any]) -> str:
    """Counts by outcome in one line."""
    return ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in summary.items())


def print_overview(verification: Verification) -> None:
    """Print headlines, then what contradicts or conflicts, findings, and the counts by grade and outcome."""
    console = printing.console(highlight=False)
    _print_headlines(console, verification)
    conflicts = [(claim, verdict) for claim, verdict in _rows(verification) if verdict.outcome in CONFLICTS]
    # An equation that fails is listed once, at the first of its claims.
    listed = {
        verdict.equation or (verdict.claim, verdict.evidence): (claim, verdict) for claim, verdict in conflicts[::-1]
    }
    if conflicts:
        _heading(
            console, f"Against the record ({len(conflicts)} comparisons; {len(listed)}, if an equation is listed once)"
        )
        console.print(_table(list(listed.values())[::-1]))
    if verification.findings:
        _heading(console, "Findings, most important first")
    for finding in verification.findings:
        console.print(Text.assemble((f"{finding.title}. ", "bold"), finding.explanation))
    _print_counts(console, verification)


def print_claims(verification: Verification, places: Mapping[str, tuple[str, int]]) -> None:
    """Print some claims: one by one with every reason if they are few, else as a table.

    ``places`` has file and line of each claim, see :func:`repro.record.verdict_exports.claim_places`.
    """
    console = printing.console(highlight=False)
    if len(verification.claims) > MOST_DETAILED:
        console.print(_table(_rows(verification)))
        console.print(f"Reasons are printed for {MOST_DETAILED} claims or fewer: name one, as in repro verify T2.NIGHT")
    else:
        for claim, verdicts in verification.by_claim():
            _print_claim(console, claim, verdicts, places)
    for finding in verification.findings:
        console.print(Text.assemble((f"{finding.title}. ", "bold"), finding.explanation))
    _print_counts(console, verification)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold underline"))


def _outcome(verdict: Verdict) -> Text:
    colour, mark = STYLE[verdict.outcome]
    text = Text(f"{mark} {verdict.words}", style=colour)
    if verdict.drifted or verdict.uncompared:
        text.append(f"  (declared: {verdict.expected.replace('_', ' ')})", style="bold yellow")
    return text


def _table(rows: list[tuple[Claim, Verdict]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("claim", "published", "evidence", "measured"):
        table.add_column(name, justify="right" if name in ("published", "measured") else "left", overflow="fold")
    table.add_column("grade")
    table.add_column("outcome")
    for claim, verdict in rows:
        cells = (claim.id, published_text(claim), verdict.evidence, Text(measured_text(claim, verdict)))
        table.add_row(*cells, verdict.grade or "", _outcome(verdict))
    return table


def _print_claim(
    console: Console, claim: Claim, verdicts: list[Verdict], places: Mapping[str, tuple[str, int]]
) -> None:
    source = claim.source
    place = f"{source.document} {source.section}" + (f", {source.place}" if source.place else "")
    console.print(Text.assemble((claim.id, "bold"), "  ", (published_text(claim), "bold"), f"  {place}"))
    for line in (
        f'"{source.quote}"',
        f"({source.gloss})" if source.gloss else "",
        f"Headline {claim.headline}. {claim.sentence}".rstrip() if claim.headline else "",
        f"Note: {claim.note}" if claim.note else "",
        "registered in {}, line {}".format(*places[claim.id]) if claim.id in places else "",
    ):
        if line:
            console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
    for verdict in verdicts:
        measured = measured_text(claim, verdict)
        head = Text.assemble(_outcome(verdict), f" by {verdict.evidence}")
        for part in (f"measured {measured}" if measured else "", strength_text(verdict), verdict.tolerance):
            head.append(f"; {part}" if part else "")
        console.print(Padding(head, (0, 0, 0, 2), expand=False))
        caught = caught_text(claim, verdict)
        if caught:
            console.print(Padding(Text(f"would have caught: {caught}"), (0, 0, 0, 4), expand=False))
        console.print(Padding(Text(f"because: {verdict.reason}"), (0, 0, 0, 4), expand=False))
    console.print()


def _print_headlines(console: Console, verification: Verification) -> None:
    headlines = list(verification.headlines())
    if headlines:
        _heading(console, "Headlines, each with its strongest evidence")
    for headline in headlines:
        strongest = [
            Text.assemble(_outcome(verdict), f" ({strength_text(verdict)})" if verdict.grade else "")
            for verdict in headline.strongest
        ]
        beginning = f"{headline.number:>2}. {headline.sentence} ["
        console.print(Text.assemble(beginning, Text(", ").join(strongest), "]"))


def _print_counts(console: Console, verification: Verification) -> None:
    _heading(
        console,
        f"{count(len(verification.claims), 'claim')}, {count(len(verification.verdicts), 'comparison')}",
    )
    by_grade = verification.by_grade
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("grade (an equation counts once)")
    shown = [outcome for outcome in OUTCOMES if verification.summary[outcome]]
    for outcome in shown:
        table.add_column(outcome.replace("_", " "), justify="right")
    for name, word in GRADES.items():
        table.add_row(f"{name} {word}", *(str(by_grade[name][outcome]) for outcome in shown))
    without_grade = Counter(verdict.outcome for verdict in verification.verdicts if verdict.grade is None)
    table.add_row("nothing compared", *(str(without_grade[outcome]) for outcome in shown))
    console.print(table)
    console.print("Comparisons by outcome: " + summary_text(verification.summary))
    if verification.drifted:
        names = ", ".join(f"{verdict.claim} ({verdict.evidence})" for verdict in verification.drifted)
        console.print(Text(f"Otherwise than declared: {names}", style="bold yellow"))
    drifted, all_verdicts = len(verification.drifted), len(verification.verdicts)
    console.print(f"{drifted} of {all_verdicts} verdicts drifted from what the claim files declare.")
