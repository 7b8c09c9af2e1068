"""What the report shows of a corpus, by the numbers behind it."""

import re
import shutil

import pytest
import yaml

from repro.files import write_json
from repro.params import load_params
from repro.reporting import night_pages
from repro.reporting.augmentation import build_figure3
from repro.reporting.classifier_results import load_gradcam, load_predictions, load_training
from repro.reporting.night_pages import load_parts
from repro.reporting.nights_table import Exactness, load_corpus
from repro.reporting.observatory import Share, load_observatory
from repro.reporting.page import build
from repro.reporting.summary import missing_parts
from tests.reporting import corpora
from tests.reporting.conftest import FILMED, NIGHTS
from tests.reporting.test_page import Page, html_of


def _corpus(paths):
    return load_corpus(paths, load_params(paths.params), {date.replace("-", "") for date in NIGHTS})


def _section(html: str, name: str) -> str:
    return html[html.index(f'<section id="{name}">') :].split("</section>")[0]


@pytest.fixture(scope="module")
def html(full) -> str:
    """All pages of the report with every section."""
    return html_of(full)


@pytest.fixture(scope="module")
def words(html) -> str:
    """What a reader sees there."""
    return Page(html).words


def test_overview_of_a_corpus(done):
    """A night has its counts and conditions; Table 1's rules are listed in their order, also those that never applied.

    Of six frames a night, four are exact to the second, one is a second off and one has no time.
    """
    corpus = _corpus(done)
    assert corpus.nights[0].counts == {
        "sampled": 6, "missing": 0, "read": 5, "unreadable": 1, "gaps": 1, "duplicates": 0, "repaired": 1,
    }  # fmt: skip
    assert corpus.nights[0].conditions == {("Night", "No_moon"): 3, ("Astro", "No_moon"): 2}
    assert corpus.conditions == {("Night", "No_moon"): 9, ("Astro", "No_moon"): 6}
    assert [night.published for night in corpus.nights] == [True, True, False]
    repairs = dict(corpus.repairs)
    assert list(repairs)[:4] == ["leading_a4", "leading_a0", "day_4x", "day_34"]
    assert (repairs["day_34"], repairs["leading_a4"], repairs["unreadable"]) == (3, 0, 3)
    assert corpus.exactness == Exactness(frames=18, exact=12, wrong=3, untimed=3)


def test_truth_of_the_simulation(done):
    """The truth is counted by condition, weather, form and colour, with the share in which aurora is visible."""
    observatory = load_observatory(done)
    assert (observatory.nights, observatory.frames, observatory.visible) == (3, 18, 9)
    assert observatory.shares["weather"] == [Share("clear", 12, 9), Share("snow", 6, 0)]
    assert observatory.shares["form"] == [Share("arc", 6, 6), Share("corona", 3, 3)]
    assert observatory.shares["condition"][0] == Share("Night, No_moon", 12, 9)
    assert observatory.tiles == 3


#: Steps of the pipeline in their order, the command that is named while a step is missing, and an id that it adds to the page.
WAITING = {
    "film": ("dvc repro film", "nights"),
    "simulate": ("dvc repro simulate", "observatory"),
    "contact_sheet": ("dvc repro --force simulate", "figure-contact-sheet"),
    "split": ("dvc repro split", "augmentation"),
    "train": ("dvc repro train", "figure-5-rebuilt"),
    "softmax": ("dvc repro softmax", "classification"),
    "gradcam": ("dvc repro gradcam", "gradcam"),
}


@pytest.mark.parametrize("made", [tuple(WAITING)[:count] for count in (0, 1, 3, 5, 7)])
def test_what_has_not_run_is_said(small, made, built, full):
    """Each part of the report that is missing is named with the command that makes it, and has no section."""
    for step in made:
        getattr(corpora, step)(small, *([["20221201"]] if step in ("film", "simulate", "split") else []))
    parts = load_observatory(small), load_training(small, "simulated"), load_predictions(small, "simulated")
    panels = load_gradcam(small, "simulated", small.report_build)
    figure3 = build_figure3(small, load_params(small.params))
    corpus = _corpus(small)
    listed = [command for _, command in missing_parts(corpus, *parts, panels, figure3)]
    # Without the simulation there is no contact sheet to miss, and no truth to compare times with.
    missing = [step for step in WAITING if step not in made and (step != "contact_sheet" or "simulate" in made)]
    assert listed == [WAITING[step][0] for step in missing]
    assert (corpus.exactness is None) == ("simulate" not in made)
    html = html_of({0: built, 7: full}.get(len(made)) or build(small).parent)
    assert ("exact to the second" in html) == ("simulate" in made)
    page = Page(html)
    assert {step for step, (_, anchor) in WAITING.items() if anchor in page.values("id")} == set(made)
    assert [command for command in listed if command not in page.words] == []


def test_a_clock_that_was_not_read_leaves_dashes(small):
    """Nights that are filmed only have their frames, a dash for what is not known, and the command to go on."""
    corpora.film(small, ["20221201"])
    for stage in ("clock", "sky"):
        shutil.rmtree(small.stage("simulated", stage))
    corpus = _corpus(small)
    assert corpus.nights[0].counts["read"] is None
    assert missing_parts(corpus, None, None, None, None, None)[0][1] == "dvc repro clock"
    page = Page(html_of(build(small).parent))
    assert not {"clock-rebuilt", "keograms", "exactness"} & set(page.values("id"))


def test_failed_nights_are_named(small):
    """A night that failed is listed with what was found and what to do, though it is in no table."""
    failure = {"night": "20240302", "found": "no <frames>", "expected": "a video", "where": "x", "remedy": "get it"}
    write_json(small.stage("simulated", "film") / "failures.json", [failure])
    page = Page(html_of(build(small).parent))
    assert "20240302, stage film: no <frames>. To do: get it" in page.words


def test_a_simulated_corpus_is_marked_everywhere(full, html):
    """Every heading, caption, table title and figure that a simulated corpus feeds bears the mark; others do not."""
    assert "this report shows none" in html  # images of the camera's owners
    title = re.compile(r"<h[123].*?</h[123]>|<p class=\"caption.*?</p>|<figcaption.*?</figcaption>", re.DOTALL)
    for name in ("augmentation", "classification", "errors", "gradcam", "nights", "later", "observatory"):
        titles = title.findall(_section(html, name))
        assert len(titles) > 2
        assert [title for title in titles if 'class="badge"' not in title] == []
    marked = {path.stem for path in (full / "figures").glob("*.svg") if "8a4b00" in path.read_text(encoding="utf-8")}
    assert marked == {"figure5_rebuilt", "figure6", "figure7", "figure7_all", "reliability"}


def test_a_real_corpus_bears_no_mark_and_its_own_credit(small):
    """Nights of real videos are not marked as simulated, and their owner is named."""
    params = yaml.safe_load(small.params.read_text())
    small.params.write_text(yaml.safe_dump({**params, "corpus": "kho"}))
    corpora.film(small, ["20221201"], corpus="kho")
    corpora.split(small, ["20221201"], corpus="kho")
    for step in (corpora.train, corpora.softmax, corpora.gradcam):
        step(small, corpus="kho")
    html = html_of(build(small).parent)
    for name in ("augmentation", "training", "classification", "errors", "gradcam", "nights"):
        assert 'class="badge"' not in _section(html, name), name
    assert "difference of ratio" in html
    assert "rebuilt, kho" in html
    for drawing in (small.report_build / "figures").glob("*.svg"):
        assert "8a4b00" not in drawing.read_text(encoding="utf-8"), drawing
    assert 'id="observatory"' not in html
    assert "Kjell Henriksen Observatory" in html
    assert "this report shows none" not in html


def test_the_rebuilt_curves(done, words):
    """The rebuilt Figure 5 shows the first training alone, its epochs with Wilson intervals and its frozen ones."""
    training = load_training(done, "simulated")
    assert (training.images, training.frozen, training.epochs["epoch"].tolist()) == (20, 1, [1, 2])
    assert training.epochs["val_accuracy_low"].between(0, training.epochs["val_accuracy"]).all()
    assert "18 of 20 90.0 %" in words
    assert "not compared with the published curves" in words
    gap = [name for name, _ in training.generalisation_gap()]
    assert gap == ["within nights, as published", "nights not used in training"]


def test_a_case_without_a_frame_says_why(full, words):
    """A Grad-CAM case has its frame and its map beside each other; one without a frame has the reason instead."""
    assert "weather, snow: no frame fits" in words
    assert "the map's maximum is on the aurora in 75.0 %" in words
    assert sorted(path.name for path in (full / "gradcam").iterdir()) == ["colour.red.webp", "colour.red.yes.webp"]


def test_later_nights_stand_apart(html):
    """A night outside the published windows is in a section of its own, with its own counts, and in no other."""
    published, later = (_section(html, name) for name in ("nights", "later"))
    assert [night in published for night in FILMED] == [True, True, False]
    assert [night in later for night in FILMED] == [False, False, True]
    assert "2 nights filmed, 12 frames sampled" in published
    assert "1 night filmed, 6 frames sampled" in later
    assert 'id="table-6-later"' in later


def test_nights_of_another_camera_are_not_later(small):
    """Where no night lies in the record's windows, all stand in one section and none is called later."""
    corpora.film(small, ["20260101", "20260102"])
    (part,) = load_parts(small, _corpus(small))
    assert (part.later, part.anchor, len(part.nights)) == (False, "nights", 2)


def test_the_calendar_tells_the_share_of_yes(small):
    """A night's cell gives the percentage of its frames classified yes; one that was not classified says so."""
    corpora.film(small, FILMED)
    corpora.infer(small, ["20221201"])
    published, later = load_parts(small, _corpus(small))
    days = published.calendar()
    assert {month: len(cells) for month, cells in days.items()} == {"2022-12": 31, "2024-03": 31}
    cell = days["2022-12"][0]
    assert (cell.text, cell.words, cell.link) == ("60", "3 of 5 frames classified yes", "#night-20221201")
    assert days["2024-03"][0].words == "filmed, not classified"
    assert (published.classified, later.later, list(later.pictures)) == ((3, 5), True, ["20260101"])


def test_many_nights_have_pages_by_month(small, monkeypatch):
    """With more nights than fit on a page, drawings stand on one page a month, each night on exactly one."""
    monkeypatch.setattr(night_pages, "NIGHTS_ON_PAGE", 1)
    days = ["20221201", "20240301", "20240302", "20260101", "20260102"]
    corpora.film(small, days)
    built = build(small).parent
    pages = sorted(path.name for path in built.glob("*nights-*.html"))
    assert pages == ["later-nights-2026-01.html", "nights-2022-12.html", "nights-2024-03.html"]
    shown = []
    for name in pages:
        page = Page((built / name).read_text(encoding="utf-8"))
        assert all((built / image["src"]).is_file() for image in page.all("img"))
        assert "simulated" in page.words
        shown += [value.removeprefix("night-") for value in page.values("id") if value.startswith("night-")]
    assert sorted(shown) == days
    first = Page((built / "nights.html").read_text(encoding="utf-8"))
    linked = {"nights-2024-03.html#night-20240302", "later-nights-2026-01.html#night-20260101"}
    assert linked <= set(first.values("href"))
    assert not any(value.startswith("night-") for value in first.values("id"))
