"""From the published folders to the report and to a user's own pictures, on made-up pictures and with a small network."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from repro.cli import app
from repro.errors import ReproError
from repro.evidence import of_kvammen
from repro.files import digest, write_json
from repro.forms.best_network import classify_forms, classify_frames
from repro.forms.classes import CLASSES
from repro.forms.classical import fit_classical
from repro.forms.evaluate_forms import evaluate
from repro.forms.load_corpus import load_corpus
from repro.forms.pictures import draw_pictures
from repro.forms.train_networks import train_networks
from repro.params import Params, load_params
from repro.paths import Paths
from repro.reporting.page import build
from tests.reporting.conftest import PARAMS, make
from tests.support.camera import write_zip
from tests.support.forms import write_published

pytestmark = pytest.mark.slow

NETWORK = {"name": "resnet18", "weights": "none", "image_size_px": 32, "epochs": 2, "learning_rate": 0.002}
KVAMMEN: dict[str, Any] = {
    "corpus": "kvammen", "networks": [NETWORK, {**NETWORK, "name": "mobilenet_v3_small", "epochs": 1}],
    "features": NETWORK, "reduced_px": 8, "folds": 2, "seeds": 2,
}  # fmt: skip


def run(paths: Paths) -> tuple[Params, dict[str, Any]]:
    """All stages of a project with the published folders."""
    params = load_params(paths.params)
    names = ("load", "networks", "classical", "evaluate", "pictures")
    load, networks, classical, judged, pictures = (paths.stage("kvammen", name) for name in names)
    corpus = paths.corpus("kvammen")
    load_corpus(corpus, load, params)
    train_networks(load, networks, params)
    fit_classical(load, corpus, classical, params)
    document = evaluate(load, networks, classical, judged, params)
    draw_pictures(load, networks, judged, corpus, pictures, params)
    return params, document


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, project: Paths) -> tuple[Paths, Params, dict[str, Any]]:
    """A small project with the made-up data record, all of whose stages have run."""
    paths = make(tmp_path_factory.mktemp("forms"), project)
    document = {**PARAMS, "engine": {"workers": 1}, "kvammen": KVAMMEN}
    paths.params.write_text(yaml.safe_dump(document), encoding="utf-8")
    write_published(paths.corpus("kvammen"), train=6, tested=10)
    return paths, *run(paths)


def test_every_method_is_judged_on_every_split(done) -> None:
    """Networks, neighbours and support vectors have scores with intervals on the published split, by night and at random."""
    _, _, document = done
    assert list(document["methods"]) == ["as published", "by night", "at random"]
    names = {"resnet18 (scratch)", "mobilenet_v3_small (scratch)"} | {
        f"{kind} ({what})" for kind in ("KNN", "SVM") for what in ("pixels", "features")
    }
    for entries in document["methods"].values():
        assert {entry["method"] for entry in entries} == names
    main = {entry["method"]: entry for entry in document["methods"]["as published"]}
    assert main["SVM (pixels)"]["mean_precision"] > 0.9
    assert main["SVM (pixels)"]["interval.mean_precision"] is not None
    assert main["resnet18 (scratch)"]["seeds"]["count"] == 2
    pairs = {(entry["first"], entry["second"]) for entry in document["comparisons"]}
    assert ("resnet18 (scratch)", "KNN (features)") in pairs
    assert len(pairs) == 2 * 4 + 1


def test_real_pictures_are_evidence_and_simulated_ones_never(done, tmp_path: Path) -> None:
    """Quantities reach the comparator from real pictures only."""
    paths, _, document = done
    found = of_kvammen(paths)
    assert found["kvammen.images"] == 7 * 16
    assert found["kvammen.classes"] == 7
    assert found["sd.kvammen.best_precision"] > 0
    for simulated in (True, None):
        other = Paths(tmp_path / str(simulated))
        write_json(other.stage("kvammen", "evaluate") / "evaluate.json", {**document, "simulated": simulated})
        assert of_kvammen(other) == {}
    assert of_kvammen(Paths(tmp_path)) == {}


def test_a_second_run_gives_the_same_bytes(done, tmp_path: Path, project: Paths) -> None:
    """In another folder all answers, scores and weights come out byte for byte the same."""
    paths, _, _ = done
    other = make(tmp_path / "again", project)
    other.params.write_bytes(paths.params.read_bytes())
    write_published(other.corpus("kvammen"), train=6, tested=10)
    run(other)
    for pattern in ("evaluate/*.json", "networks/answers/*", "networks/weights/*", "classical/*", "pictures/*"):
        files = sorted((paths.results / "kvammen").glob(pattern))
        assert files
        for file in files:
            assert file.suffix != ".json" or "NaN" not in file.read_text()
            assert digest(file) == digest(other.root / file.relative_to(paths.root)), file.name


def test_trainings_that_are_there_are_kept(done) -> None:
    """A second run trains nothing; a network that is no longer asked for leaves no answers behind."""
    paths, params, _ = done
    load, networks = paths.stage("kvammen", "load"), paths.stage("kvammen", "networks")
    before = {path: path.stat().st_mtime_ns for path in networks.glob("*/*.parquet")}
    train_networks(load, networks, params)
    assert {path: path.stat().st_mtime_ns for path in networks.glob("*/*.parquet")} == before


def test_page_of_the_report(done) -> None:
    """The page shows methods, matrix, one example a class and the published number's claim, marked as what it is."""
    paths, _, document = done
    folder = build(paths).parent
    text = (folder / "forms.html").read_text(encoding="utf-8")
    assert "Forms of aurora" in text
    assert document["best"]["method"] in text
    assert "no number on this page" not in text.lower()
    for name in ("forms_methods", "forms_matrix", "forms_calibration"):
        assert (folder / "figures" / f"{name}.svg").is_file()
        assert len(pd.read_csv(folder / "figures" / f"{name}.csv"))
    assert len(list((folder / "forms").glob("*.frame.webp"))) == text.count(".frame.webp")
    assert not [word for word in ("None", "nan", "NaN") if f">{word}<" in text]


def test_own_pictures(done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture of a user gets one of the seven classes with its probability; without a network the error says what to do."""
    paths, params, _ = done
    files = sorted(paths.corpus("kvammen").glob("TestImages/*.png"))[:5]
    table, network = classify_forms(files, paths, params)
    assert table["file"].tolist() == [str(path) for path in files]
    np.testing.assert_allclose(table[[f"p_{name}" for name in CLASSES]].sum(axis=1), 1, atol=4e-7)
    assert (table["p"] >= table["p_second"]).all()
    assert network["simulated"] is False
    monkeypatch.chdir(paths.root)
    shown = CliRunner().invoke(app, ["forms", *map(str, files), "--format", "csv"])
    assert shown.exit_code == 0
    assert len(shown.stdout.splitlines()) == 6
    with pytest.raises(ReproError, match="files that are not there"):
        classify_forms([Path("nowhere.png")], paths, params)
    with pytest.raises(ReproError, match="make records"):
        classify_forms(files, Paths(tmp_path), params)


def test_column_of_the_frame_table(done, tmp_path: Path) -> None:
    """Every frame of a filmed night gets a form, and a second run does nothing."""
    paths, params, _ = done
    film, out = tmp_path / "film", tmp_path / "forms"
    pictures = sorted(paths.corpus("kvammen").glob("TestImages/*.png"))[:4]
    images = {f"20150101_{number}.jpg": path.read_bytes() for number, path in enumerate(pictures)}
    write_zip(film / "frames" / "20150101.zip", images)  # the reader asks the content, not the name
    (film / "index").mkdir()
    index = pd.DataFrame({"night": "20150101", "number": range(4)}).astype({"night": "str"})
    index.to_parquet(film / "index" / "20150101.parquet")
    folders = film, paths.stage("kvammen", "evaluate"), paths.stage("kvammen", "networks"), out
    assert classify_frames(*folders, params).done == ("20150101",)
    assert classify_frames(*folders, params).kept == ("20150101",)
    table = pd.read_parquet(out / "tables" / "20150101.parquet")
    own, _ = classify_forms(pictures, paths, params)
    assert table["form"].tolist() == own["class"].tolist()
