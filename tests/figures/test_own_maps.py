import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from repro.classifier.network import build, save
from repro.cli import app
from repro.errors import ReproError
from repro.figures.own_maps import compare_with_author
from repro.files import read_json
from repro.paths import Paths
from tests.conftest import SHARED
from tests.support.project import make_project


@pytest.fixture
def copied(tmp_path: Path) -> Paths:
    """A project with the published record and the parameters, but no document and no results."""
    return make_project(tmp_path / "project", "simulated")


def test_without_the_thesis_nothing_is_compared(copied: Paths) -> None:
    """The error says which document is missing and how it is added."""
    with pytest.raises(ReproError, match=r"no thesis\.pdf"):
        compare_with_author(copied, None, None)


@pytest.mark.slow
def test_twelve_frames_are_explained_by_another_network(copied: Paths, tmp_path: Path) -> None:
    """With the thesis: an untrained corpus is refused; named weights give twelve maps, marked as another network's."""
    thesis = SHARED / "thesis" / "documents" / "thesis.pdf"
    if not thesis.is_file():
        pytest.skip("the documents of the record are not beside this checkout")
    shutil.copy(thesis, copied.record)
    with pytest.raises(ReproError, match="no trained network"):
        compare_with_author(copied, None, None)
    weights, out = tmp_path / "w.safetensors", tmp_path / "out"
    save(build("observatory", 1), weights, {})
    places = {"--weights": weights, "--out": out, "--project": copied.root}
    outcome = CliRunner().invoke(app, ["record", "gradcam", *(str(word) for pair in places.items() for word in pair)])
    assert outcome.exit_code == 0, outcome.output
    assert "another network than the author's" in outcome.output
    document = read_json(out / "own_maps.json", made_by="test")
    assert len(document["maps"]) == 12
    assert all(0 <= row["p_yes"] <= 1 and -1 <= row["correlation"] <= 1 for row in document["maps"])
    assert (out / "own_maps.png").stat().st_size > 10_000
    save(build("observatory", 1), weights, {"image_size_px": 224})
    with pytest.raises(ReproError, match="a network for images of 224 px"):
        compare_with_author(copied, weights, None)
