"""Render the report: a static folder that opens from disk and needs neither network nor scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from repro.clock.table1 import RULES
from repro.files import write_text
from repro.params import load_params
from repro.paths import SIMULATED, Paths
from repro.record.claims import EVIDENCE, Document
from repro.record.judge import OUTCOMES
from repro.reporting import published_beside_rebuilt as compared
from repro.reporting import wording as words
from repro.reporting import workflow
from repro.reporting.augmentation import build_figure3
from repro.reporting.canvas import CONDITION_COLOUR
from repro.reporting.drawings import draw_answers, draw_record, draw_training, draw_workflow
from repro.reporting.frame_pictures import full_copy, small_copy
from repro.reporting.gradcam_panels import load_gradcam
from repro.reporting.missing import unmade
from repro.reporting.nights import Part, load_parts, page_of
from repro.reporting.nights_table import Corpus, load_corpus
from repro.reporting.observatory import Observatory, backbone_card, load_observatory
from repro.reporting.predictions import load_answers
from repro.reporting.provenance import Provenance, provenance
from repro.reporting.scorecard import by_part
from repro.reporting.sky_tables import sky_tables, table4
from repro.reporting.summary import summarise
from repro.reporting.training import load_training
from repro.reporting.verdicts import Judged, Results, load_results
from repro.sky.bins import MOON_BINS

RULE_NAMES = {rule.__name__ for rule in RULES}
SHEET_PX = 1800  # greatest width of the contact sheet on the page


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
    results, params = load_results(paths), load_params(paths.params)
    target, figures = paths.report_build, paths.report_build / "figures"
    corpus = load_corpus(paths, params, set(results.nights["night"].astype(str)))
    simulated = corpus.simulated
    # Real videos are the subject then; the simulation would only stand in the way.
    observatory = load_observatory(paths) if corpus.name == SIMULATED else None
    flow = workflow.stages(paths, corpus.name)
    training, answers = load_training(paths, corpus.name), load_answers(paths, corpus.name)
    gradcam, figure3 = load_gradcam(paths, corpus.name, target), build_figure3(paths, params)
    draw_record(results, figures)
    draw_workflow(flow, figures)
    if training:
        draw_training(training, figures, simulated=simulated)
    if answers:
        draw_answers(results, answers, figures, simulated=simulated)
    comparisons = {
        "table1": compared.table1(results, dict(corpus.repairs) if corpus.clocked else None),
        "table5": compared.table5(results, params, training),
        "figure5": compared.figure5(results, training, simulated=simulated) if training else (),
        "table6": compared.table6(results, answers, simulated=simulated) if answers else (),
        "figure6": compared.figure6(results, answers, simulated=simulated) if answers else (),
        "figure7": compared.figure7(results, answers, simulated=simulated) if answers else (),
        "panels": compared.panels(results, gradcam) if gradcam else (),
    }
    content = {
        **record_content(results, provenance(paths, params)),
        **observatory_content(observatory, target),
        **comparisons,
        "corpus": corpus,
        "other_repairs": [(name, frames) for name, frames in corpus.repairs if name not in RULE_NAMES],
        "parts": load_parts(paths, corpus),
        "table6_later": compared.table6(results, answers, simulated=True, name="table6_later") if answers else (),
        "colours": CONDITION_COLOUR,
        "suns": corpus.suns(),
        "moons": MOON_BINS,
        "workflow": bool(len(flow)),
        "figure3": figure3,
        "training": training,
        "answers": answers,
        "gradcam": gradcam,
        "unmade": unmade(corpus, observatory, training, answers, gradcam, figure3),
    }
    return write(content, templates=paths.report_templates, target=target)


def record_content(results: Results, origin: Provenance) -> dict[str, Any]:
    """What the sections about the record show."""
    return {
        "results": results,
        "summary": summarise(results),
        "tables": sky_tables(results),
        "table4": table4(results),
        "chapters": chapters(results),
        "origin": origin,
        "outcomes": OUTCOMES,
        "evidences": EVIDENCE,
        "card": backbone_card(),
    }


def observatory_content(observatory: Observatory | None, target: Path) -> dict[str, Any]:
    """What the section about the simulated observatory shows; its contact sheet is copied beside the page."""
    size = (0, 0)
    if observatory and observatory.sheet:
        size = small_copy(observatory.sheet, target / "observatory" / "contact_sheet.jpg", width_px=SHEET_PX)
        full_copy(observatory.sheet.with_suffix(".csv"), target / "observatory" / "contact_sheet.csv")
    return {"observatory": observatory, "sheet_size": size}


def sections(content: Mapping[str, Any]) -> dict[str, str]:
    """Sections of the page, by id, with their names in the table of contents; those without content are left out."""
    corpus: Corpus = content["corpus"]
    published = any(not part.later for part in content["parts"]) or not corpus.status.failed.empty
    listed = {
        "summary": ("Summary", True),
        "findings": ("Findings", True),
        "workflow": ("Workflow", content["workflow"]),
        "clock": ("Clock", content["table1"] or corpus.clocked),
        "sky": ("Sky", True),
        "networks": ("Networks", True),
        "augmentation": ("Augmentation", content["figure3"]),
        "training": ("Training", True),
        "answers": ("Classification", content["answers"]),
        "gradcam": ("Grad-CAM", content["gradcam"]),
        "errors": ("Beyond the thesis", content["answers"] and content["answers"].errors),
        "nights": ("Nights", published),
        "later": ("Later nights", any(part.later for part in content["parts"])),
        "observatory": ("Simulated observatory", content["observatory"]),
        "backbone": ("Backbone", content["card"]),
        "claims": ("Every claim", True),
        "reading": ("How to read this", True),
        "provenance": ("Provenance", True),
    }
    return {name: title for name, (title, shown) in listed.items() if shown}


def write(content: Mapping[str, Any], *, templates: Path, target: Path) -> Path:
    """Fill the templates and write pages, style and summary into a folder.

    Returns
    -------
    Path
        The first page.
    """
    corpus: Corpus = content["corpus"]
    parts: tuple[Part, ...] = content["parts"]
    drawn = any(part.pictures for part in parts)
    shown = sections(content)
    content = {
        **content,
        "sections": shown,
        "record_parts": by_part(content["results"], set(shown)),
        "shows_corpus": drawn,
        "shows_real": not corpus.simulated and bool(drawn or content["gradcam"] or content["figure3"]),
    }
    html = environment(templates, html=True)
    page = target / "index.html"
    write_text(page, html.get_template("index.html").render(content))
    for part in parts:
        for month, pictures in part.months.items() if part.paged else ():
            text = html.get_template("nights.html").render({**content, "part": part, "month": month, "shown": pictures})
            write_text(target / page_of(month, later=part.later), text)
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
    made.globals |= {"words": words, "page_of": page_of}
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
