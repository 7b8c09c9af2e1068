"""The page as a reader gets it: links, images, escaping, and nothing missing printed as a value."""

import re
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from PIL import Image

from repro.errors import ReproError
from repro.params import load_params
from repro.record.claim_files import load_claims
from repro.record.judge import OUTCOMES
from repro.reporting.page import build, environment, markdown, provenance
from tests.reporting import corpora
from tests.reporting.conftest import HOSTILE, judge
from tests.support.project import contents

VOID = {"meta", "link", "img", "input", "br", "hr", "circle", "path", "use"}


class Page(HTMLParser):
    """Elements, ids, references and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Every end tag closes the element that is open; one that closes itself has its own, too."""
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another element, line {self.getpos()[0]}"

    def handle_data(self, data):
        """Keep what a reader sees."""
        if not {"script", "style", "pre"} & set(self.open):  # parameters are YAML, where null is a value
            self.text.append(data)

    def values(self, attribute: str) -> list[str]:
        """All values of an attribute."""
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]

    def all(self, tag: str) -> list[dict[str, str]]:
        """Attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self) -> str:
        """The text, with single blanks."""
        return " ".join(" ".join(self.text).split())


def html_of(folder: Path) -> str:
    """All pages of a report one after the other."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.html")))


@pytest.fixture(scope="module")
def page(built: Path) -> Page:
    """The built report, parsed as one page."""
    return Page(html_of(built))


@pytest.fixture(params=["built", "full"], scope="module")
def either(request: pytest.FixtureRequest) -> Path:
    """The folder of a report on the record alone, and of one with every section."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


@pytest.fixture(scope="module")
def pages(either: Path) -> dict[str, Page]:
    """Its pages by the name of their file."""
    return {path.name: Page(path.read_text(encoding="utf-8")) for path in either.glob("*.html")}


def test_elements_are_closed_and_ids_unique(pages):
    """Every element is closed where it should be, and no id is used twice on a page."""
    for page in pages.values():
        assert page.open == []
        assert [name for name, times in Counter(page.values("id")).items() if times > 1] == []


def test_every_page_has_the_same_navigation(either, pages):
    """Each page links to every page by the same words, and marks itself as the current one."""
    for name, page in pages.items():
        assert [link["href"] for link in page.all("a") if "aria-current" in link] == [name]
    navigations = re.findall(r'<nav class="pages".*?</nav>', html_of(either), re.DOTALL)
    assert len(navigations) == len(pages)
    assert len({text.replace(' aria-current="page"', "") for text in navigations}) == 1
    assert {"index.html", "findings.html", "sky.html", "claims.html", "provenance.html"} <= set(pages)


def test_every_link_and_image_resolves(either, pages):
    """Every link leads to an id of a page or to a file beside it, and nothing is fetched from elsewhere."""
    ids = {name: set(page.values("id")) for name, page in pages.items()}
    for name, page in pages.items():
        references = page.values("href") + page.values("src")
        assert len(references) >= len(pages)
        for reference in references:
            assert "//" not in reference, reference
            file, _, anchor = reference.partition("#")
            assert (either / (file or name)).is_file(), reference
            assert not anchor or anchor in ids[file or name], reference
        for attribute in ("aria-labelledby", "for"):
            assert {part for value in page.values(attribute) for part in value.split()} <= ids[name]
    assert "url(" not in (either / "style.css").read_text(encoding="utf-8")


def test_images_have_words_and_room(full):
    """Every picture has a sentence for those who cannot see it, and its data or its full size beside it.

    Pictures of pixels are loaded when they come into view, and the page knows their size before. Tables and wide pictures
    stand in boxes that scroll, so that a narrow page never does; keograms and photographs are small.
    """
    page = Page(html_of(full))
    images = page.all("img")
    assert len(images) == 3 + 8 + 1 + 4 + 2 + 1 + 3
    for image in images:
        assert len(image["alt"].split()) > 5
        if not image["src"].endswith(".svg"):
            assert image["loading"] == "lazy"
            with Image.open(full / image["src"]) as picture:
                assert (image["width"], image["height"]) == tuple(map(str, picture.size))
        if not image["src"].startswith(("gradcam/", "augmentation/")):  # what a photograph shows stands below it
            beside = {str(Path(image["src"]).with_suffix(kind)) for kind in (".csv", ".png")}
            assert beside & set(page.values("href")), image
    boxes = sum("scroll" in attributes.get("class", "").split() for attributes in page.all("div"))
    wide = [image for image in images if not image["src"].startswith(("nights/", "gradcam/", "augmentation/"))]
    assert boxes == len(page.all("table")) + len(wide)


def test_nothing_missing_is_printed_as_a_value(either):
    """No nan, None, NaT, inf or undefined reaches the reader, on the page or in its summary."""
    text = Page(html_of(either)).words + (either / "summary.md").read_text(encoding="utf-8")
    assert re.findall(r"\b(?:nan|NaN|None|NaT|inf|undefined|null)\b", text) == []


def test_text_of_the_record_is_escaped(page, built):
    """Markup inside a quotation, a note or a finding is shown as text and never becomes part of the page."""
    html = html_of(built)
    assert len(page.all("script")) == 1
    assert page.all("b") == [{}] * len(OUTCOMES)  # the counts of the legend, one for each outcome
    assert html.count("&lt;script&gt;alert(") >= 4
    assert HOSTILE in " ".join(page.text)


def test_every_claim_is_there_once_and_needs_no_script(page, small):
    """Each registered claim has one place on the page; only the filter needs a script, and stays hidden until it runs."""
    shown = [attributes["id"].removeprefix("claim-") for attributes in page.all("article")]
    assert sorted(shown) == sorted(claim.id for claim in load_claims(small.published))
    assert not any("hidden" in attributes for attributes in page.all("article"))
    assert all("hidden" in attributes for attributes in page.all("form"))
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_korean_is_marked(page):
    """Korean quotations say so, for the right glyphs and the right voice; English ones do not."""
    languages = Counter(attributes["lang"] for attributes in page.all("blockquote"))
    assert languages["ko"] > 10
    assert languages["en"] == 2


def test_a_drifted_verdict_stands_at_the_top(small, built):
    """A comparison that comes out otherwise than declared is named in the summary of the page and of the pull request."""
    assert 'id="drifted"' not in html_of(built)
    judge(small, {"night.no_moon": 5000.0})
    page = build(small)
    assert 'id="drifted"' in page.read_text(encoding="utf-8")
    summary = page.with_name("summary.md").read_text(encoding="utf-8")
    assert "`T3.NIGHT.NO_MOON`, ephemeris: contradicted, declared consistent" in summary


def test_verdicts_of_other_claims_are_refused(small):
    """Verdicts that were made of other published numbers are refused, naming the claim and the stage to run."""
    file = small.published / "claims.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("value: 6000", "value: 6001"), encoding="utf-8")
    with pytest.raises(ReproError, match=r"(?s)T2\.NIGHT.*dvc repro verify"):
        build(small)


@pytest.mark.parametrize("missing", ["verify/verdicts.json", "schedule/schedule.json", "schedule/segments.parquet"])
def test_a_missing_result_names_its_stage(small, missing):
    """A stage that has not run is named, with the command that runs it."""
    (small.results / missing).unlink()
    with pytest.raises(ReproError, match=f"dvc repro {missing.partition('/')[0]}"):
        build(small)


def test_a_template_cannot_print_nothing(tmp_path):
    """A value that is None, not a number or not there stops the build instead of being printed."""
    (tmp_path / "page.html").write_text("{{ value }}", encoding="utf-8")
    template = environment(tmp_path, html=True).get_template("page.html")
    assert template.render(value="a<b") == "a&lt;b"
    for bad in (None, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="reached the page"):
            template.render(value=bad)
    with pytest.raises(UndefinedError):
        template.render()


def test_summary_tables_have_as_many_cells_as_heads(built):
    """Each row of each Markdown table has as many cells as its head, whatever the text holds."""
    tables = re.findall(r"(?:^\|.*\n)+", (built / "summary.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sum(table.count("\n") for table in tables) > 15
    for table in tables:
        assert len({len(re.split(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1, table


def test_markdown_shows_text_as_it_is():
    """What Markdown would take for marks, links or cells is escaped, and line ends become blanks."""
    assert markdown("a|b\n*c* <d> [e] `f`") == r"a\|b \*c\* \<d\> \[e\] \`f\`"


def test_digests_follow_the_content(small):
    """The digest of the claims changes with any of their files, and that of nothing else does."""
    params = load_params(small.params)
    before = provenance(small, params)["digests"]
    (small.published / "more.txt").write_text("x")
    after = provenance(small, params)["digests"]
    assert [name for name in before if before[name] != after[name]] == ["expected/published"]


def test_the_report_depends_on_results_alone(everything):
    """Another commit, another number of workers, another log of runs and other benchmarks give the same bytes of every file."""
    before = contents(everything.report_build)
    text = everything.params.read_text(encoding="utf-8")
    everything.params.write_text(f"{text}\nengine: {{workers: 3}}\n", encoding="utf-8")
    everything.runs.write_text('{"stage": "film"}\n')
    (everything.root / "bench").mkdir()
    (everything.root / "bench" / "sky.json").write_text("{}")
    subprocess.run(["git", "init", "--quiet"], cwd=everything.root, check=True)
    build(everything)
    assert contents(everything.report_build) == before


def test_a_later_night_moves_nothing_published(everything):
    """With a later night the verdicts, tables and figures of the record keep every byte."""
    report = everything.report_build
    kept, verdicts = contents(report / "figures"), re.findall(r'data-verdicts="[^"]*"', html_of(report))
    corpora.film(everything, ["20260102"])
    build(everything)
    assert contents(report / "figures") == kept
    assert re.findall(r'data-verdicts="[^"]*"', html_of(report)) == verdicts
    assert (report / "nights" / "20260102.svg").is_file()
