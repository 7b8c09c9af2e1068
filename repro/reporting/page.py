"""Render the report: a static folder that opens from disk and needs neither network nor scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from repro.params import load_params
from repro.paths import Paths
from repro.record.claims import EVIDENCE, Document
from repro.record.verify import OUTCOMES
from repro.reporting import answer_figures, data, figures, words, workflow
from repro.reporting.answers import Answers, load_answers, table6
from repro.reporting.canvas import CONDITION_COLOUR, write_csv
from repro.reporting.corpus import Corpus, Night, load_corpus
from repro.reporting.gradcam import load_gradcam
from repro.reporting.observatory import Observatory, backbone_card, load_observatory
from repro.reporting.pictures import full_copy, keogram_strip, small_copy
from repro.reporting.provenance import Provenance, provenance
from repro.reporting.results import Judged, Results, load_results
from repro.reporting.summary import summarise
from repro.reporting.tables import sky_tables, table4
from repro.reporting.training import load_training
from repro.reporting.unmade import unmade
from repro.sky.bins import MOON_BINS
from repro.store import write_text

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
    results = load_results(paths)
    target = paths.report_build
    draw(results, target / "figures")
    published = set(results.nights["night"].astype(str))
    corpus = load_corpus(paths, load_params(paths.params), published)
    # Real videos are the subject then; the simulation would only stand in the way.
    observatory = load_observatory(paths) if corpus.simulated else None
    flow = workflow.stages(paths, corpus.name)
    if len(flow):
        write_csv(target / "figures" / "figure1.csv", flow)
        workflow.draw(flow, target / "figures" / "figure1.svg")
    training = load_training(paths, corpus.name)
    if training:
        write_csv(target / "figures" / "figure5_rebuilt.csv", training.epochs)
        drawing = target / "figures" / "figure5_rebuilt.svg"
        figures.learning_curves(training.epochs, training.images, drawing, frozen=training.frozen, mark_loss=None)
    answers = load_answers(paths, corpus.name)
    if answers:
        draw_answers(answers, target / "figures")
    gradcam = load_gradcam(paths, corpus.name, target)
    content = {
        **record_content(results, provenance(paths)),
        **corpus_content(corpus, target),
        **observatory_content(observatory, target),
        "workflow": bool(len(flow)),
        "training": training,
        "answers": answers,
        "table6": table6(results, answers, simulated=corpus.simulated) if answers else (),
        "gradcam": gradcam,
        "unmade": unmade(corpus, observatory, training, answers, gradcam),
    }
    return write(content, templates=paths.report_templates, target=target)


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


@dataclass(frozen=True)
class Picture:
    """A night's keogram on the page: paths from the page, size in pixels, first and last time of day (HH:MM, UTC)."""

    night: str
    small: str
    full: str
    width: int
    height: int
    first: str
    last: str


def corpus_content(corpus: Corpus, target: Path) -> dict[str, Any]:
    """What the sections about the corpus show; its keograms are copied beside the page."""
    months = corpus.months()
    keograms = [_picture(night, target) for night in corpus.nights if night.keogram]
    pages = {night.night: f"nights-{night.month}.html" if months else "" for night in corpus.nights if night.keogram}
    return {
        "corpus": corpus,
        "night_tables": {
            "Nights of the published windows": [night for night in corpus.nights if night.published],
            "Later nights": [night for night in corpus.nights if not night.published],
        },
        "keograms": keograms,
        "months": months,
        "pages": pages,
        "colours": CONDITION_COLOUR,
        "suns": corpus.suns(),
        "moons": MOON_BINS,
    }


def _picture(night: Night, target: Path) -> Picture:
    assert night.keogram is not None
    small, full = f"nights/{night.night}.webp", f"nights/{night.night}.png"
    full_copy(night.keogram.picture, target / full)
    times = pd.read_parquet(night.keogram.table, columns=["time_utc"])["time_utc"]
    width, height = keogram_strip(night.keogram.strip, times, target / small)
    return Picture(night.night, small, full, width, height, f"{times.min():%H:%M}", f"{times.max():%H:%M}")


def observatory_content(observatory: Observatory | None, target: Path) -> dict[str, Any]:
    """What the section about the simulated observatory shows; its contact sheet is copied beside the page."""
    size = (0, 0)
    if observatory and observatory.sheet:
        size = small_copy(observatory.sheet, target / "observatory" / "contact_sheet.jpg", width_px=SHEET_PX)
        full_copy(observatory.sheet.with_suffix(".csv"), target / "observatory" / "contact_sheet.csv")
    return {"observatory": observatory, "sheet_size": size}


def draw_answers(answers: Answers, folder: Path) -> None:
    """Draw Figures 6 and 7 in both readings, and calibration where right answers are known."""
    six, seven = answers.tables["figure6"], answers.tables["figure7"]
    write_csv(folder / "figure6.csv", six)
    answer_figures.figure6(six, folder / "figure6.svg")
    for name, density in (("figure7", "density"), ("figure7_all", "density_of_all")):
        columns = ["moon_bin", "sun_bin", "predicted", "low_percent", "frames", density]
        write_csv(folder / f"{name}.csv", seven[columns])
        answer_figures.figure7(seven, density, folder / f"{name}.svg")
    if "reliability" in answers.tables:
        curve = answers.tables["reliability"]
        write_csv(folder / "reliability.csv", curve)
        answer_figures.reliability(curve[curve["sun_bin"] == "all"], folder / "reliability.svg")


def write(content: dict[str, Any], *, templates: Path, target: Path) -> Path:
    """Fill the templates and write pages, style and summary into a folder.

    Returns
    -------
    Path
        The first page.
    """
    corpus: Corpus = content["corpus"]
    observatory: Observatory | None = content["observatory"]
    real = not corpus.simulated or (observatory is not None and observatory.references > 0)
    content = {**content, "shows_real": real and bool(content["pages"] or observatory or content["gradcam"])}
    html = environment(templates, html=True)
    page = target / "index.html"
    write_text(page, html.get_template("index.html").render(content))
    for month, nights in content["months"].items():
        names = {night.night for night in nights}
        shown = [picture for picture in content["keograms"] if picture.night in names]
        text = html.get_template("nights.html").render({**content, "month": month, "keograms": shown})
        write_text(target / f"nights-{month}.html", text)
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
