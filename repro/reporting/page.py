"""Render the report: a static folder that opens from disk and needs neither network nor scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from repro.paths import Paths
from repro.record.claims import EVIDENCE, Document
from repro.record.verify import OUTCOMES
from repro.reporting import data, figures, words
from repro.reporting.canvas import write_csv
from repro.reporting.provenance import Provenance, provenance
from repro.reporting.results import Judged, Results, load_results
from repro.reporting.summary import summarise
from repro.reporting.tables import sky_tables, table4
from repro.store import write_text


@dataclass(frozen=True)
class Chapter:
    """Claims of one section of one document."""

    section: str
    judged: tuple[Judged, ...]


def build(paths: Paths) -> Path:
    """Build the report of a project.

    Parameters
    ----------
    paths : Paths
        The project; results are read, nothing is computed again.

    Returns
    -------
    Path
        ``index.html`` of the built report; ``summary.md`` lies beside it.

    Raises
    ------
    ReproError
        If a stage has not run or its results do not fit the registered claims.
    """
    results = load_results(paths)
    draw(results, paths.report_build / "figures")
    return write(results, provenance(paths), templates=paths.report_templates, target=paths.report_build)


def draw(results: Results, folder: Path) -> None:
    """Draw every figure, and write the table behind each beside it."""
    cells = data.table3_cells(results)
    write_csv(folder / "table3.csv", cells)
    figures.table3(cells, folder / "table3.svg")
    epochs, images = data.curves(results)
    write_csv(folder / "figure5.csv", epochs)
    figures.learning_curves(epochs, images, folder / "figure5.svg")
    nights = data.camera_on(results)
    write_csv(folder / "calendar.csv", nights)
    figures.calendar(nights, data.windows(results), folder / "calendar.svg")


def write(results: Results, origin: Provenance, *, templates: Path, target: Path) -> Path:
    """Fill the templates and write page, style and summary into a folder.

    Returns
    -------
    Path
        The page.
    """
    content: dict[str, Any] = {
        "results": results,
        "summary": summarise(results),
        "tables": sky_tables(results),
        "table4": table4(results),
        "chapters": chapters(results),
        "origin": origin,
        "outcomes": OUTCOMES,
        "evidences": EVIDENCE,
    }
    page = target / "index.html"
    write_text(page, environment(templates, html=True).get_template("index.html").render(content))
    write_text(target / "summary.md", environment(templates, html=False).get_template("summary.md").render(content))
    write_text(target / "style.css", (templates / "style.css").read_text(encoding="utf-8"))
    return page


def environment(templates: Path, *, html: bool) -> Environment:
    """Jinja with the report's words; what is missing or not a number is refused, in HTML all text is escaped."""
    # Markdown is escaped word by word with the filter `md`; escaping it as HTML would show entities in a terminal.
    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=html,
        undefined=StrictUndefined,
        finalize=words.finite,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {"words": words}
    made.filters |= {"md": markdown}
    return made


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line of a table."""
    flat = " ".join(str(text).split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in flat)


def chapters(results: Results) -> dict[str, list[Chapter]]:
    """Claims by document (in the order of ``words.DOCUMENT``) and section."""
    placed: dict[tuple[Document, str], list[Judged]] = {}
    for item in results.judged.values():
        source = item.claim.source
        placed.setdefault((source.document, source.section), []).append(item)
    return {
        title: parts
        for name, title in words.DOCUMENT.items()
        if (parts := [Chapter(where[1], tuple(items)) for where, items in sorted(placed.items()) if where[0] == name])
    }
