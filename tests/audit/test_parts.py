"""Parts of the audit on data made by hand."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from repro.audit import metric_moves as metrics
from repro.audit.cell_moves import CellMove
from repro.audit.claim_moves import ClaimMove
from repro.audit.diff import Diff
from repro.audit.diff_formats import MARKDOWN_CHARACTERS, as_json, as_markdown, as_page, print_table, write
from repro.audit.frame_moves import FrameMove, FrameMoves
from repro.audit.metric_moves import NetworkScore, compare_accuracies
from repro.audit.outputs import Gap
from repro.audit.revision import parse_lock
from repro.audit.sections import sections, value_text
from repro.audit.source_files import folder_md5
from repro.audit.stage_runs import StageRun
from repro.audit.thumbnails import Thumbnail
from repro.errors import ReproError
from tests.audit.toy import Toy
from tests.hostile.inputs import WORDS


@pytest.mark.parametrize(
    ("first", "second", "interval"),
    [
        # Newcombe (1998), table II, contrasts (a), (b) and (d), method 10.
        ((56, 70), (48, 80), (0.0524, 0.3339)),
        ((9, 10), (3, 10), (0.1705, 0.8090)),
        ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ],
)
def test_interval_of_one_network_each(
    first: tuple[int, int], second: tuple[int, int], interval: tuple[float, float]
) -> None:
    """Two single accuracies get the interval printed in the paper that the formula comes from."""
    move = compare_accuracies("accuracy", [NetworkScore(*second)], [NetworkScore(*first)])
    assert move.interval == pytest.approx(interval, abs=5e-5)
    assert move.noise == (interval[0] <= 0)


def test_seed_spread_tells_change_from_noise() -> None:
    """A step far beyond the spread between seeds is a change, one inside it is noise, by Student's t."""
    one, same, better = (
        [NetworkScore(correct, 1000) for correct in seeds]
        for seeds in ((900, 904, 896), (902, 898, 906), (930, 934, 926))
    )
    assert compare_accuracies("accuracy", one, same).noise is True
    move = compare_accuracies("accuracy", one, better)
    assert move.noise is False
    # sd 0.004 on both sides, 4 degrees of freedom: t = 2.7764 (any table), times 0.004 sqrt(2/3)
    assert move.interval == pytest.approx((0.03 - 0.0090680, 0.03 + 0.0090680), abs=1e-6)


def test_networks_that_agree_exactly() -> None:
    """Networks of one revision that agree to the last image leave no spread: every step is a change, none is noise."""
    low, same = [NetworkScore(90, 100)] * 2, [NetworkScore(93, 100)] * 2
    move = compare_accuracies("accuracy", low, same)
    assert move.interval == pytest.approx((0.03, 0.03))
    assert move.noise is False


def test_best_epoch_is_the_first_of_equals() -> None:
    """The accuracy compared is that of the first best epoch of each network, networks of other seeds together."""
    curves = pd.DataFrame({"seed": [1, 1, 1, 2, 2, 2], "epoch": [1, 2, 3] * 2, "val_correct": [5, 8, 8, 6, 7, 7]})
    curves["val_images"] = 10
    assert metrics._best(curves, "curves.parquet") == [("curves", NetworkScore(8, 10)), ("curves", NetworkScore(7, 10))]


@pytest.mark.slow
def test_folder_hash_is_that_of_dvc(history: Toy) -> None:
    """The hash of a listing is the name under which DVC itself stored it."""
    stored = sorted((history.root / ".dvc" / "cache" / "files" / "md5").rglob("*.dir"))
    assert len(stored) > 4
    for path in stored:
        listing = {entry["relpath"]: entry["md5"] for entry in json.loads(path.read_text())}
        assert folder_md5(listing) == path.parent.name + path.name


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


def test_sections_are_rectangles(diff: Diff) -> None:
    """Every row of every section has as many cells as the section has columns, all of them text."""
    for section in sections(diff):
        for row in section.rows:
            assert len(row) == len(section.columns)
            assert all(isinstance(cell, str) for cell in row)


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
