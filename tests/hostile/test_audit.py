"""Hostile locks, listings and names in the audit: nothing outside is read, nothing but text reaches the page."""

from __future__ import annotations

import html
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from repro.audit import outputs
from repro.audit.diff import Diff, compare
from repro.audit.diff_formats import as_json, as_markdown, as_page, print_table
from repro.audit.frame_moves import FrameMove, FrameMoves
from repro.audit.revision import in_working_tree, parse_lock
from repro.errors import ReproError
from tests.audit.toy import Toy, make
from tests.hostile.conftest import Attempt
from tests.hostile.spoil import WORDS, spoilt
from tests.hostile.test_yaml import TEXTS, bomb, changed, leaves

MD5 = "0123456789abcdef0123456789abcdef"
LOCK: dict[str, Any] = {
    "schema": "2.0",
    "stages": {
        "sky": {
            "cmd": "python stages/sky.py",
            "deps": [{"path": "stages/sky.py", "hash": "md5", "md5": MD5, "size": 3}],
            "params": {"params.yaml": {"sky": {"moon_rule": "published", "list": [1, 2]}}},
            "outs": [{"path": "results/toy/sky", "hash": "md5", "md5": f"{MD5}.dir", "size": 3, "nfiles": 2}],
        }
    },
}
VALUES = (
    ..., None, 3, "", "x", [], {}, [[]], [None], {"a": 1}, "../../../../../../etc/passwd", "/etc/passwd", f"../{MD5}", MD5.upper(),
    f"{MD5}\n", f"{MD5}.dir.dir", "0" * 5000, float("nan"), "\x1b[2J", "-rf", "a\nb",
)  # fmt: skip


def test_hostile_lock_files(attempt: Attempt) -> None:
    """Any text in the place of dvc.lock gives stages whose hashes are hashes and whose paths stay inside, or is refused."""
    documents = [yaml.safe_dump(changed(LOCK, way, value)) for way in leaves(LOCK) for value in VALUES]
    documents += [data.decode(errors="replace") for _, data in spoilt(yaml.safe_dump(LOCK).encode(), 71, 200)]
    for text in (*documents, *TEXTS, *WORDS, bomb()):
        found = attempt("dvc.lock", lambda text=text: parse_lock(text, "dvc.lock"), text[:300])
        if isinstance(found, ReproError):
            continue
        for stage in found.values():
            assert all(re.fullmatch(r"[0-9a-f]{32}(\.dir)?", md5) for md5 in stage.outs.values())
            assert not [
                path for path in (*stage.outs, *stage.deps) if ".." in Path(path).parts or Path(path).is_absolute()
            ]


def test_hostile_pipelines(attempt: Attempt) -> None:
    """Any text in the place of dvc.yaml beside a good lock gives the stages that never ran, or is refused."""
    Path("dvc.lock").write_text(yaml.safe_dump(LOCK))
    for text in (*TEXTS, *WORDS, bomb(), "stages: 3", "stages: [a]", "stages: {a: 3}", "stages:"):
        Path("dvc.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        attempt("dvc.yaml", lambda: in_working_tree(Path.cwd(), {}), text[:300])
    for text in (*TEXTS, *WORDS):
        Path("dvc.lock").write_bytes(text.encode("utf-8", "surrogatepass"))
        attempt("dvc.lock", lambda: in_working_tree(Path.cwd(), {}), text[:300])


LISTINGS = (
    b"", b"null", b"3", b"{}", b"[3]", b"[[]]", b"[{}]", b"\xff", b"{", b'[{"md5": 3, "relpath": "a"}]', b'[{"md5": "x", "relpath": 3}]',
    json.dumps([{"md5": MD5, "relpath": "../../../../../../etc/passwd"}]).encode(), b"[" * 5000,
    json.dumps([{"md5": "../../../../../../../../../../etc/passwd", "relpath": "t.parquet"}]).encode(),
    json.dumps([{"md5": MD5, "relpath": "/etc/passwd"}]).encode(),
)  # fmt: skip


def test_hostile_listings_in_the_cache(attempt: Attempt) -> None:
    """A listing of a folder in DVC's cache that is none, or that leads out of the folder, is a gap, not a file that is read."""
    path = Path("listing.dir")
    for data in LISTINGS:
        path.write_bytes(data)
        found = attempt("listings", lambda: outputs.read_listing(path), data[:100])
        assert found is None or found == {}
    path.write_bytes(json.dumps([{"md5": MD5, "relpath": "tables/20240201.parquet"}]).encode())
    assert outputs.read_listing(path) == {"tables/20240201.parquet": MD5}


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A small project with a commit that has run."""
    made = make(tmp_path_factory.mktemp("toy"))
    made.repro()
    made.commit("base")
    return made


def test_hostile_locks_reach_the_comparison(toy: Toy) -> None:
    """A comparison with a commit whose lock, pipeline or parameters are hostile ends in an error that names it, or in gaps."""
    good = {name: (toy.root / name).read_text() for name in ("dvc.lock", "dvc.yaml", "params.yaml")}
    hostile = {
        "dvc.lock": [
            "stages: 3",
            good["dvc.lock"].replace("md5: ", "md5: ../../../../"),
            good["dvc.lock"].replace("results/toy/", "../../"),
        ],
        "dvc.yaml": ["stages: [", "stages: 3", "- a"],
        "params.yaml": ["a: [", "- a", bomb()],
    }
    for name, texts in hostile.items():
        for text in texts:
            (toy.root / name).write_text(text)
            toy.commit("hostile")
            (toy.root / name).write_text(good[name])
            try:
                made = compare(toy.paths, "HEAD", None)
            except ReproError:
                continue
            assert made.gaps
            as_json(made)


def difference(word: str) -> Diff:
    """A comparison in which a word stands wherever a name can stand."""
    from repro.audit.outputs import Gap

    moves = [FrameMove(word, 0, name=word, changes={"label": (word, None)})]
    frames = FrameMoves()
    frames.moves, frames.also, frames.nights = moves, {word: 1}, {word: {word: "added"}}
    return Diff(before=word, after=word, claims=[], findings=[], cells=[], frames=frames, metrics=[], pictures=[word], stages=[],
                unchanged=0, gaps=[Gap(word, word, word, word, word, [word])], images=[])  # fmt: skip


def test_names_that_reach_page_and_terminal(attempt: Attempt, capsys: pytest.CaptureFixture[str]) -> None:
    """Names are text on the audit's page, in its Markdown, in its JSON and on the terminal, whatever they hold."""
    for word in WORDS:
        made = difference(word.encode(errors="backslashreplace").decode())
        page = attempt("names on the audit's page", lambda made=made: as_page(made), word[:100])
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        if word.strip() and word.isprintable():
            assert html.escape(word, quote=False)[:40].split("'")[0].split('"')[0] in page
        text = attempt("names on the audit's page", lambda made=made: as_markdown(made), word[:100])
        assert "<script>" not in text.replace("\\<", "")
        json.loads(attempt("names on the audit's page", lambda made=made: as_json(made), word[:100]))
        capsys.readouterr()
        attempt("names on a terminal", lambda made=made: print_table(made), word[:100])
        assert "\x1b" not in capsys.readouterr().out


def test_words_are_tried_in_random_order() -> None:
    """No word of the list stands twice: each is tried once."""
    assert len(set(WORDS)) == len(WORDS)
    assert random.Random(1).sample(WORDS, 3)
