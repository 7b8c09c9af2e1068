"""A comparison on a terminal, as JSON, as Markdown for a pull request, and as a page."""

from __future__ import annotations

import base64
import csv
import io
import re
from pathlib import Path

import jinja2
from rich import markup
from rich.table import Table

from repro.audit.diff import Diff
from repro.audit.sections import DiffSection, sections
from repro.errors import printable, refuse
from repro.files import dumps, write_text
from repro.frames import NAME_PATTERN
from repro.printing import console

TERMINAL_ROWS, MARKDOWN_ROWS, PAGE_ROWS = 40, 20, 1000
#: A longer cell is cut on the terminal: rich takes seconds to fold a word of thousands of letters.
CELL_CHARACTERS = 400
#: A comment on a pull request holds 65,536 characters.
MARKDOWN_CHARACTERS = 60_000


def as_json(diff: Diff) -> str:
    """The whole comparison as a JSON document."""
    return dumps(diff.as_dict())


def as_markdown(diff: Diff, most: int = MARKDOWN_ROWS) -> str:
    """The comparison for a pull request: the sentence first, long tables cut and folded."""
    lines = [f"## {_md(diff.before)} → {_md(diff.after)}", "", f"**{diff.headline()}**", ""]
    for section in sections(diff):
        lines += [f"### {section.title}", ""]
        if section.text:
            lines += [_md(section.text), ""]
        if section.rows:
            lines += ["| " + " | ".join(section.columns) + " |", "|" + "---|" * len(section.columns)]
            lines += ["| " + " | ".join(_md(cell) for cell in row) + " |" for row in section.rows[:most]]
            lines += [_more(section, most)] if len(section.rows) > most else []
            lines += [""]
    text = "\n".join(lines)
    return text if len(text) <= MARKDOWN_CHARACTERS or most <= 1 else as_markdown(diff, most // 2)


def print_table(diff: Diff) -> None:
    """Print the comparison in colour on a terminal, plainly elsewhere."""
    screen = console()
    screen.print(f"[bold]{escape(diff.before)} → {escape(diff.after)}[/bold]")
    colour = ("green", "yellow", "red")[diff.exit_code]
    screen.print(f"[{colour}]{escape(diff.headline())}[/{colour}]")
    for section in sections(diff):
        screen.print(f"\n[bold]{section.title}[/bold]")
        if section.text:
            screen.print(escape(section.text))
        if section.rows:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for column in section.columns:
                table.add_column(column, overflow="fold")
            for row in section.rows[:TERMINAL_ROWS]:
                table.add_row(*(escape(cell) for cell in row))
            screen.print(table)
            if len(section.rows) > TERMINAL_ROWS:
                screen.print(_more(section, TERMINAL_ROWS))


def as_page(diff: Diff, style: Path | None = None) -> str:
    """One HTML file that needs no other: all sections, with thumbnails, and a style sheet put in (the report's)."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("repro.audit", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    sheet = style.read_text(encoding="utf-8") if style and style.is_file() else ""
    images = [{"name": one.name, "before": _link(one.before), "after": _link(one.after)} for one in diff.images]
    return environment.get_template("page.html").render(
        diff=diff, sections=sections(diff), images=images, style=sheet, most=PAGE_ROWS
    )


def write(diff: Diff, folder: Path, style: Path | None = None) -> None:
    """Write ``index.html``, ``diff.json`` and ``diff.md`` into a folder, and ``frames.csv`` for ``repro label --show``.

    Raises ReproError if one of these files is there and the others are not, so that it is not of an earlier comparison.
    """
    names = ("index.html", "diff.json", "diff.md")
    present = [name for name in names if (folder / name).exists()]
    if 0 < len(present) < len(names):
        found = f"{' and '.join(present)}, which repro diff did not write"
        expected = "a folder without files of these names, or one with an earlier comparison"
        refuse(found, expected, str(folder), "choose another folder with --out; nothing was changed")
    for name, text in zip(names, (as_page(diff, style), as_json(diff), as_markdown(diff)), strict=True):
        write_text(folder / name, text)
    write_text(folder / "frames.csv", as_frame_list(diff))


def as_frame_list(diff: Diff) -> str:
    """The frames that moved as CSV: ``name``, and what changed, before and after; frames without a name are left out."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(("name", "before", "after"))
    for move in diff.frames.moves:
        if re.fullmatch(NAME_PATTERN, move.name):
            sides = zip(
                *([f"{key} {value or '-'}" for value in pair] for key, pair in move.changes.items()), strict=True
            )
            writer.writerow((move.name, *("; ".join(side) for side in sides)))
    return lines.getvalue()


def escape(text: str) -> str:
    """Text for the terminal: no markup of rich's, no code that moves the cursor, and not a screenful of one name."""
    return markup.escape(printable(text if len(text) <= CELL_CHARACTERS else text[:CELL_CHARACTERS] + " ..."))


def _link(jpeg: bytes | None) -> str | None:
    return None if jpeg is None else "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _more(section: DiffSection, shown: int) -> str:
    return f"\n... and {len(section.rows) - shown:,} more; all of them: repro diff --format json"


def _md(text: str) -> str:
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")
