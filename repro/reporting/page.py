"""Render the report: a static folder that opens from disk and needs neither network nor scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from repro.clock.table1 import RULES
from repro.files import digest, empty_folder, write_text
from repro.params import Params, load_params
from repro.paths import SIMULATED, Paths
from repro.record.claims import EVIDENCE
from repro.record.judge import OUTCOMES
from repro.reporting import published_beside_rebuilt as compared
from repro.reporting import wording as words
from repro.reporting import workflow
from repro.reporting.augmentation import build_figure3
from repro.reporting.canvas import CONDITION_COLOUR
from repro.reporting.classifier_results import load_gradcam, load_predictions, load_training
from repro.reporting.drawings import draw_figures
from repro.reporting.night_pages import NightGroup, load_parts, page_of
from repro.reporting.nights_table import CorpusOverview, load_corpus
from repro.reporting.observatory import backbone_card, load_observatory
from repro.reporting.pictures_of_record import ACCOUNT, load_record_pictures
from repro.reporting.sky_tables import NETWORK_COLUMNS, sky_tables, table4
from repro.reporting.summary import by_part, missing_parts, section_title, summarise
from repro.reporting.verdicts import JudgedClaim, Results, load_results
from repro.sky.bins import MOON_BINS


class ReportPage(NamedTuple):
    """One page of the report: its file, its name in the navigation, and its sections in order."""

    file: str
    title: str
    sections: tuple[str, ...]


#: All pages in the order of the navigation.
PAGES = (
    ReportPage("index.html", "Overview", ("summary",)),
    ReportPage("findings.html", "Findings", ("findings",)),
    ReportPage("sky.html", "Clock and sky", ("clock", "sky")),
    ReportPage("training.html", "Training", ("networks", "augmentation", "training")),
    ReportPage("classification.html", "Classification", ("classification", "errors")),
    ReportPage("gradcam.html", "Grad-CAM", ("gradcam",)),
    ReportPage("pictures.html", "Pictures of the record", ("pictures",)),
    ReportPage("nights.html", "Nights", ("nights", "later")),
    ReportPage("observatory.html", "Simulated sky", ("observatory", "backbone")),
    ReportPage("segmentation.html", "Segmentation and occurrence", ("segmentation", "occurrence")),
    ReportPage("forms.html", "Forms of aurora", ("forms",)),
    ReportPage("claims.html", "Every claim", ("claims",)),
    ReportPage("guide.html", "How to read", ("reading",)),
    ReportPage("provenance.html", "Provenance", ("provenance", "workflow")),
)


def build(paths: Paths) -> Path:
    """Build the report of a project; figures and drawings of nights that have not changed are kept.

    Gives ``index.html`` of the built report; ``summary.md`` is beside it. Raises ReproError if a stage has not run or its
    results do not fit the registered claims.
    """
    results, params = load_results(paths), load_params(paths.params)
    target = paths.report_build
    empty_folder(target, keep=("figures", "nights", "record"))
    empty_folder(target / "record", keep=("figure7_nine_panels.png",))
    corpus = load_corpus(paths, params, set(results.nights["night"].astype(str)))
    simulated = corpus.simulated
    # With real videos the simulation is left out.
    observatory = load_observatory(paths) if corpus.name == SIMULATED else None
    flow = workflow.stages(paths, corpus.name)
    training, predictions = load_training(paths, corpus.name), load_predictions(paths, corpus.name)
    draw_figures(target / "figures", results, flow, training, predictions, simulated=simulated)
    gradcam, figure3 = load_gradcam(paths, corpus.name, target), build_figure3(paths, params)
    # Later nights are not those of the record, so they are never compared with it.
    later = compared.table6(results, predictions, simulated=True, name="table6_later") if predictions else ()
    content = {
        "results": results,
        "summary": summarise(results),
        "tables": sky_tables(results),
        "table1": compared.table1(results, dict(corpus.repairs) if corpus.clocked else None),
        "table4": table4(results),
        "network_columns": NETWORK_COLUMNS.values(),
        "table5": compared.table5(results, params, training),
        "figure5": compared.figure5(results, training, simulated=simulated) if training else (),
        "table6": compared.table6(results, predictions, simulated=simulated) if predictions else (),
        "figure6": compared.figure6(results, predictions, simulated=simulated) if predictions else (),
        "figure7": compared.figure7(results, predictions, simulated=simulated) if predictions else (),
        "table6_later": later,
        "panels": compared.panels(results, gradcam) if gradcam else (),
        "chapters": chapters(results),
        "origin": provenance(paths, params),
        "outcomes": OUTCOMES,
        "evidences": EVIDENCE,
        "card": backbone_card(),
        "observatory": observatory,
        "corpus": corpus,
        "other_repairs": [(name, frames) for name, frames in corpus.repairs if name not in RULES],
        "parts": load_parts(paths, corpus),
        "colours": CONDITION_COLOUR,
        "suns": corpus.suns(),
        "moons": MOON_BINS,
        "workflow": bool(len(flow)),
        "figure3": figure3,
        "training": training,
        "predictions": predictions,
        "gradcam": gradcam,
        "record_pictures": load_record_pictures(paths, results, predictions, target, simulated=simulated),
        "account_columns": ACCOUNT,
        **other_records(paths, params, target),
        "missing_parts": missing_parts(corpus, observatory, training, predictions, gradcam, figure3),
    }
    return write(content, templates=paths.report_templates, target=target)


def other_records(paths: Paths, params: Params, target: Path) -> dict[str, Any]:
    """Content about the other two records, where their stages have run."""
    segmentation = forms = None
    if (paths.stage(params.kopri.corpus, "compare") / "compare.json").is_file():
        # Loaded here: it imports torch, and most reports do not need it.
        from repro.reporting.segmentation_page import load_segmentation

        segmentation = load_segmentation(paths, params, target)
    if paths.stage("kvammen", "evaluate").is_dir():
        from repro.reporting.forms_page import draw_forms, load_forms

        forms = load_forms(paths, target)
        if forms:
            draw_forms(forms, paths, target / "figures")
    return {"segmentation": segmentation, "forms": forms}


def provenance(paths: Paths, params: Params) -> dict[str, Any]:
    """SHA-256 of the files that the report depends on, by path, and all parameters that can change a result, as YAML.

    Nothing here may depend on the machine, the commit or the time: DVC records the hash of the report, and the same results
    must give the same report in every clone.
    """
    files = {
        "expected/published": [path for path in sorted(paths.published.rglob("*")) if path.is_file()],
        "results/schedule/schedule.json": [paths.schedule / "schedule.json"],
        "results/verify/verdicts.json": [paths.verdicts],
    }
    text = yaml.safe_dump(params.model_dump(mode="json", exclude={"engine"}), sort_keys=False, width=120)
    return {"digests": {name: digest(*listed) for name, listed in files.items()}, "params": text}


def shown_pages(content: Mapping[str, Any]) -> list[ReportPage]:
    """Pages with their sections that have something to show; a page without any is left out."""
    corpus: CorpusOverview = content["corpus"]
    optional = {
        "workflow": content["workflow"],
        "clock": content["table1"] or corpus.clocked,
        "augmentation": content["figure3"],
        "classification": content["predictions"],
        "gradcam": content["gradcam"],
        "pictures": content["record_pictures"],
        "errors": content["predictions"] and content["predictions"].errors,
        "nights": any(not part.later for part in content["parts"]) or not corpus.status.failed.empty,
        "later": any(part.later for part in content["parts"]),
        "observatory": content["observatory"],
        "segmentation": content["segmentation"],
        "occurrence": content["segmentation"],
        "forms": content["forms"],
    }
    pages = (
        page._replace(sections=tuple(name for name in page.sections if optional.get(name, True))) for page in PAGES
    )
    return [page for page in pages if page.sections]


def write(content: Mapping[str, Any], *, templates: Path, target: Path) -> Path:
    """Fill the templates and write pages, style and summary into a folder; gives the first page."""
    corpus: CorpusOverview = content["corpus"]
    parts: tuple[NightGroup, ...] = content["parts"]
    drawn = any(part.pictures for part in parts)
    pages = shown_pages(content)
    content = {
        **content,
        "pages": pages,
        "record_parts": by_part(content["results"], {name for page in pages for name in page.sections}),
        "shows_corpus": drawn,
        "shows_real": (not corpus.simulated and bool(drawn or content["gradcam"] or content["figure3"]))
        or bool(content["record_pictures"] and content["record_pictures"].shows_frames),
    }
    html = environment(templates, html=True)
    texts = {page.file: html.get_template("page.html").render({**content, "page": page}) for page in pages}
    for part in parts:
        for month, pictures in part.months.items() if part.paged else ():
            page = ReportPage(page_of(month, later=part.later), month, ())
            shown = {"page": page, "part": part, "month": month, "shown": pictures}
            texts[page.file] = html.get_template("month.html").render({**content, **shown})
    for file, text in link_across(texts).items():
        write_text(target / file, text)
    write_text(target / "summary.md", environment(templates, html=False).get_template("summary.md").render(content))
    write_text(target / "style.css", (templates / "style.css").read_text(encoding="utf-8"))
    return target / PAGES[0].file


def link_across(texts: Mapping[str, str]) -> dict[str, str]:
    """Make links to an id lead to the page that has it; templates link to ``#id`` without knowing the page.

    ``texts`` is HTML by file name. An id that is linked to occurs on one page only.
    """
    ids = {file: set(re.findall(r'\bid="([^"]+)"', text)) for file, text in texts.items()}
    place = {name: file for file, names in ids.items() for name in names}

    def linked(file: str, text: str) -> str:
        def link(match: re.Match[str]) -> str:
            owner = file if match[1] in ids[file] else place.get(match[1], file)
            return match[0] if owner == file else f'href="{owner}#{match[1]}"'

        return re.sub(r'href="#([^"]+)"', link, text)

    return {file: linked(file, text) for file, text in texts.items()}


def environment(templates: Path, *, html: bool) -> Environment:
    """Jinja with the report's wording; missing values and NaN are refused, and in HTML all text is escaped."""
    # Markdown is escaped word by word with the filter `md`; escaping it as HTML would show entities in a terminal.
    jinja = Environment(
        loader=FileSystemLoader(templates),
        autoescape=html,
        undefined=StrictUndefined,
        finalize=words.finite,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.globals |= {"words": words, "page_of": page_of, "section_title": section_title}
    jinja.filters |= {"md": markdown}
    return jinja


def markdown(text: str) -> str:
    """Text escaped for Markdown, on one line of a table."""
    flat = " ".join(str(text).split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in flat)


def chapters(results: Results) -> dict[str, dict[str, list[JudgedClaim]]]:
    """Claims by document (in the order of ``_record.yaml``, then those that it does not name) and section."""
    placed: dict[str, dict[str, list[JudgedClaim]]] = {}
    for item in results.judged.values():
        placed.setdefault(item.claim.source.document, {}).setdefault(item.claim.source.section, []).append(item)
    titles = {**{name: name for name in placed}, **results.claims.documents}
    order = dict.fromkeys((*results.claims.documents, *placed))
    return {titles[name]: dict(sorted(placed[name].items())) for name in order if name in placed}
