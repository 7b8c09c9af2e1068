"""The pipeline of the KOPRI record: a small run whose second time gives the same files."""

import re
from pathlib import Path

import pytest

from repro.errors import ReproError
from repro.params import Params, load_params
from repro.paths import Paths
from repro.reporting.page import environment
from repro.reporting.segmentation_page import load_segmentation
from repro.segmentation.compare_corpus import STAGES as COMPARED
from repro.segmentation.compare_corpus import compare
from repro.segmentation.differencing import difference
from repro.segmentation.segment_images import segment, segment_files
from repro.segmentation.simulated_station import simulate
from repro.segmentation.train_fcn_corpus import train_corpus
from tests.conftest import ROOT
from tests.support.project import contents, make_project, stage_json

SMALL = {
    "image_size_px": 96, "splits": ["nights"], "simulate": {"nights": 10, "minutes": 4},
    "train": {"initial_weights": {"kopri_simulated": "observatory"}, "epochs": 1, "auxiliary_weight": 0, "scale": [0.9, 1.1]},
}  # fmt: skip


def run(folder: Path) -> tuple[Params, dict[str, str]]:
    """Run the stages in a project of its own; parameters, and digests of all that was written."""
    project = make_project(folder, "simulated", kopri=SMALL)
    params = load_params(project.params)
    corpus = params.kopri.corpus
    data, target = project.corpus(corpus), project.stage(corpus, "compare")
    folders = {stage: project.stage(corpus, stage) for stage in COMPARED}
    simulate(data, params)
    difference(data, folders["difference"], params)
    train_corpus(data, folders["train"], params)
    segment(data, folders["train"], folders["segment"], params)
    compare(data, folders, target, params)
    return params, contents(data) | contents(project.results)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Params, dict[str, str]]:
    """A small run."""
    folder = tmp_path_factory.mktemp("first")
    return folder, *run(folder)


@pytest.mark.slow
def test_two_runs_give_the_same_files(first, tmp_path: Path) -> None:
    """The same parameters give the same images, weights and numbers, byte for byte."""
    assert run(tmp_path)[1] == first[2]


@pytest.mark.slow
def test_results_are_whole(first) -> None:
    """The comparison counts every image; the marks of simulation are in the folder and in the document."""
    folder = first[0]
    document = stage_json(Paths(folder), "kopri_simulated", "compare")
    assert document["simulated"] is True
    assert (document["images"], document["nights"], document["without_partner"]) == (40, 10, {"1": 10, "2": 20})
    assert sum(document["occurrence"]["network"]["images"]) + document["too_bright"] == 40
    assert document["held_out"]["nights"] == 2
    assert (folder / "data" / "kopri_simulated" / "SIMULATED.txt").is_file()
    assert not list((folder / "results").rglob("*.checkpoint.pt"))


@pytest.mark.slow
def test_a_finished_run_costs_nothing(first, tmp_path: Path) -> None:
    """Nights and networks whose receipts hold are kept; a changed image makes its night anew."""
    folder, params, _ = first
    project = Paths(folder)
    data, target = project.corpus("kopri_simulated"), project.stage("kopri_simulated", "difference")
    leftover = next((data / "images").iterdir()) / "20180401000000.jpg"  # as of an earlier campaign with other hours
    leftover.write_bytes(b"")
    assert len(simulate(data, params).kept) == 10
    assert not leftover.exists()
    assert len(difference(data, target, params).kept) == 10
    tight = params.kopri.model_copy(update={"difference": params.kopri.difference.model_copy(update={"align": False})})
    changed = params.model_copy(update={"kopri": tight})
    assert len(difference(data, tmp_path / "difference", changed).done) == 10


@pytest.mark.slow
def test_own_images_are_segmented(first, tmp_path: Path) -> None:
    """``repro segment`` writes a mask and an overlay of each image, differences those with a partner, and names bad files."""
    folder, params, _ = first
    images = sorted((folder / "data" / "kopri_simulated" / "images").glob("*/*.jpg"))[:4]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    found, failed = segment_files([*images, bad, tmp_path / "none.jpg"], tmp_path / "out", Paths(folder), params)
    assert [item.file for item in found] == images
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {f"{path.stem}.{kind}" for path in images for kind in ("mask.png", "overlay.jpg")}
    assert all(0 <= item.aurora_percent <= 100 for item in found)
    assert found[0].changed_percent == {1: None, 2: None}
    assert found[3].changed_percent[2] is not None
    assert [str(error.where).rsplit("/", 1)[-1].split(",")[0] for error in failed] == ["bad.jpg", "none.jpg"]


@pytest.mark.slow
def test_report_shows_the_record(first, tmp_path: Path) -> None:
    """The page has both sections, every picture that it names, and the mark of simulation; without results there is no page."""
    folder, params, _ = first
    project = Paths(folder)
    shown = load_segmentation(project, params, tmp_path)
    assert shown is not None
    assert shown.examples
    page = "{% import 'macros.html' as show with context %}" + "".join(
        f"{{% include 'sections/{name}.html' %}}" for name in ("segmentation", "occurrence")
    )
    text = environment(ROOT / "report" / "templates", html=True).from_string(page).render(segmentation=shown)
    named = re.findall(r'(?:src|href)="([^"#]+)"', text)
    assert len(named) > 8
    assert all((tmp_path / name).is_file() for name in named)
    assert text.count("badge") > 5
    other = params.model_copy(update={"kopri": params.kopri.model_copy(update={"corpus": "jang_bogo"})})
    assert load_segmentation(project, other, tmp_path) is None


def test_without_a_network_the_command_says_how_to_train_one(tmp_path: Path, params: Params) -> None:
    """No weights are an error with a remedy, not a traceback."""
    with pytest.raises(ReproError, match="no such file") as caught:
        segment_files([], tmp_path, Paths(tmp_path), params)
    assert "make records" in caught.value.remedy
