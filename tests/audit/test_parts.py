"""Parts of the audit on data made by hand."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from repro.audit.cell_moves import CellMove
from repro.audit.claim_moves import ClaimMove
from repro.audit.diff import Diff
from repro.audit.diff_formats import MARKDOWN_CHARACTERS, as_json, as_markdown, as_page, print_table, write
from repro.audit.frame_moves import FrameMove, FrameMoves
from repro.audit.metric_moves import NetworkScore, compare_accuracies
from repro.audit.outputs import Gap
from repro.audit.revision import parse_lock
from repro.audit.sections import value_text
from repro.audit.stage_runs import StageRun
from repro.audit.thumbnails import Thumbnail
from repro.errors import ReproError
from tests.hostile.inputs import WORDS

SEEDS = [(900, 1000), (904, 1000), (896, 1000)]
#: Half an interval of these and others with sd 0.004: t = 2.7764 for 4 degrees of freedom (any table), times 0.004 sqrt(2/3).
HALF = 0.0090680


@pytest.mark.parametrize(
    ("before", "after", "interval", "noise"),
    [
        # Newcombe (1998), table II, contrasts (a), (b) and (d), method 10.
        ([(48, 80)], [(56, 70)], pytest.approx((0.0524, 0.3339), abs=5e-5), False),
        ([(3, 10)], [(9, 10)], pytest.approx((0.1705, 0.8090), abs=5e-5), False),
        ([(0, 29)], [(5, 56)], pytest.approx((-0.0381, 0.1926), abs=5e-5), True),
        (SEEDS, [(902, 1000), (898, 1000), (906, 1000)], pytest.approx((0.002 - HALF, 0.002 + HALF), abs=1e-6), True),
        (SEEDS, [(930, 1000), (934, 1000), (926, 1000)], pytest.approx((0.03 - HALF, 0.03 + HALF), abs=1e-6), False),
        ([(90, 100)] * 2, [(93, 100)] * 2, pytest.approx((0.03, 0.03)), False),
    ],
    ids=["one-a", "one-b", "one-d", "within-the-spread", "beyond-the-spread", "no-spread"],
)
def test_change_is_told_from_noise(before: Any, after: Any, interval: object, noise: bool) -> None:
    """One network each gets the interval of the paper that the formula comes from, several Student's t of their spread."""
    move = compare_accuracies("accuracy", *([NetworkScore(*counts) for counts in side] for side in (before, after)))
    assert move.interval == interval
    assert move.noise is noise


@pytest.mark.parametrize("text", ["[1, 2]", "stages: {a: 1}", "a: [", "", "<<<<<<< HEAD\nstages: {}"])
def test_damaged_lock(text: str) -> None:
    """A lock file that is no lock file, such as one with a merge conflict, is an error that names it."""
    with pytest.raises(ReproError) as caught:
        parse_lock(text, "dvc.lock of HEAD")
    assert caught.value.where == "dvc.lock of HEAD"


def test_values_for_reading() -> None:
    """Counts keep every digit, small numbers six, and nothing is a dash."""
    values = (214890, 97865.78, 0.1234567, 12.0, None, [0.25, 0.5], True)
    texts = ["214,890", "97,865.8", "0.123457", "12", "\N{EM DASH}", "0.25 to 0.5", "True"]
    assert [value_text(value) for value in values] == texts


@pytest.fixture
def diff() -> Diff:
    """A comparison in which everything moved, with marks that must be escaped."""
    frame = FrameMove("20240202", 3, "a_20240202_3.jpg", {"time_utc": ("2024-02-02 00:03:00", None)})
    return Diff(
        before="main|x (abc)",
        after="working tree",
        claims=[ClaimMove("T3.A<b>", "corpus", (8, 9), ("confirmed", None), ((1.0, 2.0), None))],
        findings=[],
        cells=[
            *(CellMove("Table 6", f"cell {n}", n, n + 0.5) for n in range(3000)),
            CellMove("softmax, confusion", "all, tp", 3, 4),
        ],
        frames=FrameMoves([frame] * 50, {"20240203": {"clock": "added"}}, {"infer: p_yes": 7}),
        metrics=[compare_accuracies("accuracy", [NetworkScore(9, 10)], [NetworkScore(8, 10)])],
        pictures=["results/toy/gradcam/a.png"],
        stages=[
            StageRun("clock", "made again", ("a.py: comments, docstrings or layout only",), True, "the same", True)
        ],
        unchanged=3,
        gaps=[Gap("sky", "results/toy/sky", "abc", "not in DVC's cache", "dvc repro sky", ["a", "b", "c", "d"])],
        images=[Thumbnail(frame.name, b"jpeg", None)],
    )


def test_markdown_fits_a_pull_request(diff: Diff) -> None:
    """Every table row has the columns of its head, what users wrote is escaped, long tables say how much they leave out."""
    text = as_markdown(diff)
    assert len(text) < MARKDOWN_CHARACTERS
    assert "main\\|x" in text
    assert "<b>" not in re.sub(r"\\<", "", text)
    assert "and 2,980 more" in text
    for head in re.finditer(r"^\|.*\n\|(---\|)+\n(\|.*\n)+", text, re.MULTILINE):
        bars = {len(re.findall(r"(?<!\\)\|", line)) for line in head[0].strip().splitlines()}
        assert len(bars) == 1


def test_page_is_whole(diff: Diff) -> None:
    """The page opens every element it closes, escapes what it shows, says how many rows it leaves out, and needs no other file."""
    page = as_page(diff)
    opened: list[str] = []

    class Check(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag not in {"meta", "img", "link"}:
                opened.append(tag)
            assert tag != "link"
            for name, value in attrs:
                if name in ("src", "href"):
                    assert str(value).startswith("data:image/jpeg;base64,")

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Check().feed(page)
    assert opened == []
    assert "T3.A&lt;b&gt;" in page
    assert "cell 999<" in page
    assert "And 2,000 more: all are in diff.json." in page
    assert not re.search(r"\b(nan|None)\b", page)


def test_json_holds_everything(diff: Diff) -> None:
    """The JSON document names every move and gap, and the exit code."""
    document = json.loads(as_json(diff))
    assert document["exit_code"] == 2
    ones = dict.fromkeys(("claim", "night", "metric", "picture", "other number"), 1)
    assert document["moved"] == {**ones, "cell": 3000, "frame": 50}
    assert len(document["cells"]) == 3001
    assert document["not_compared"][0]["remedy"] == "dvc repro sky"


def test_a_page_of_others_is_not_overwritten(diff: Diff, tmp_path: Path) -> None:
    """A comparison is written over an earlier one, but not over a file that something else left under its name."""
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(ReproError, match="did not write"):
        write(diff, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    (tmp_path / "index.html").unlink()
    write(diff, tmp_path)
    write(diff, tmp_path)
    assert "<html" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_names_are_text_wherever_they_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Names are text on the page, in Markdown, in JSON and on the terminal, whatever markup or control codes they hold."""
    for word in (word.encode(errors="backslashreplace").decode() for word in WORDS):
        frames = FrameMoves([FrameMove(word, 0, word, {"label": (word, None)})], {word: {word: "added"}}, {word: 1})
        made = Diff(word, word, claims=[], findings=[], cells=[], frames=frames, metrics=[], pictures=[word], stages=[],
                    unchanged=0, gaps=[Gap(word, word, word, word, word, [word])], images=[])  # fmt: skip
        page = as_page(made)
        assert not re.search("<script>alert|<img src=x", page)
        if word.strip() and word.isprintable():
            assert re.split("['\"]", html.escape(word, quote=False)[:40])[0] in page
        assert "<script>" not in as_markdown(made).replace("\\<", "")
        json.loads(as_json(made))
        print_table(made)
        assert "\x1b" not in capsys.readouterr().out
