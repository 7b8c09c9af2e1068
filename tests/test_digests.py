"""Digests of the pipeline's outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from repro.digests import digests
from repro.errors import ReproError
from repro.paths import Paths

PIPELINE = """
stages:
  film: {cmd: x, outs: ["results/${corpus}/film": {persist: true}]}
  architecture: {cmd: x, outs: [results/architecture.json]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Paths:
    """A project of two outputs, one of them a folder of two files."""
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    folder = tmp_path / "results" / "kho" / "film"
    folder.mkdir(parents=True)
    (folder / "a").write_text("1")
    (folder / "b").write_text("22")
    return Paths(tmp_path)


def test_every_output_has_its_digest(project: Paths) -> None:
    """Outputs are listed in the pipeline's order with what they hold; one that has not been made has no digest."""
    film, architecture = digests(project, "kho")
    assert (film.stage, film.output, film.files, film.size_bytes) == ("film", "results/kho/film", 2, 3)
    assert (architecture.files, architecture.sha256) == (0, None)


def test_contents_and_names_decide(project: Paths) -> None:
    """The digest is the same when files are made anew, and another when a content, a name or a place changes."""
    folder = project.stage("kho", "film")
    first = digests(project, "kho")[0].sha256
    (folder / "a").unlink()
    (folder / "a").write_text("1")
    assert digests(project, "kho")[0].sha256 == first
    (folder / "a").write_text("2")
    second = digests(project, "kho")[0].sha256
    (folder / "a").rename(folder / "c")
    assert len({first, second, digests(project, "kho")[0].sha256}) == 3


def test_a_damaged_pipeline_is_told(project: Paths) -> None:
    """A dvc.yaml that is none is an error that names the file."""
    (project.root / "dvc.yaml").write_text("stages: [")
    with pytest.raises(ReproError, match=r"dvc\.yaml"):
        digests(project, "kho")
