"""From a folder of images of an unknown camera to a trained network, by the steps that the README shows."""

import importlib.resources
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repro import cli
from repro.camera import load_camera
from repro.classifier.classify_files import classify_files
from repro.classifier.network import initial_digest
from repro.errors import ReproError
from repro.files import write_bytes
from repro.film.new_camera import new_camera
from repro.frames import read_nights
from repro.labelling.imports import frame_names
from repro.labelling.sessions import open_store
from repro.labelling.tasks import AURORA
from repro.params import Site
from repro.paths import Paths
from tests.support.camera import write_image, write_zip
from tests.support.images import jpeg, sky
from tests.support.project import make_project, run, stage_json, write_params

pytestmark = pytest.mark.slow
CORPUS = "roof"
#: Around the new moon of 11 January 2024 the nights at Kiruna are dark and without moon.
NIGHTS, PER_NIGHT = [f"202401{day:02}" for day in range(9, 15)], 34
TRAIN = {
    "image_size_px": 64, "epochs_head": 2, "epochs_all": 0, "threads": 1, "batch": 16, "unseen_epochs_head": 1,
    "unseen_epochs_all": 0, "initial_weights": {CORPUS: "observatory"},
}  # fmt: skip


def fisheye(rng: np.random.Generator, *, aurora: bool) -> np.ndarray:
    """A sky of 96 pixels within a circle, on a black frame of 140 x 110, RGB."""
    frame = np.zeros((110, 140, 3), np.uint8)
    inside = np.hypot(*(np.mgrid[:96, :96] - 47.5)) <= 47
    frame[7:103, 22:118] = np.where(inside[..., None], np.maximum(sky(rng, aurora=aurora, size_px=96), 12), 0)
    return frame


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paths]:
    """204 JPEGs of six nights in folders and a ZIP, taken in, filmed, labelled and trained; every third has aurora."""
    folder = tmp_path_factory.mktemp("own")
    rng, lit = np.random.default_rng(4), {}
    for night in NIGHTS:
        pictures = {}
        for number in range(PER_NIGHT):
            time = datetime.strptime(night, "%Y%m%d") - timedelta(hours=3) + timedelta(minutes=number)
            name = f"roof_{time:%Y%m%d_%H%M%S}.jpg"
            lit[name] = number % 3 == 0
            pictures[name] = jpeg(fisheye(rng, aurora=lit[name]))
        if night == NIGHTS[-1]:
            write_zip(folder / "pictures" / f"{night}.zip", pictures)
            continue
        for name, data in pictures.items():
            write_bytes(folder / "pictures" / night / name, data)
    project = make_project(folder / "project", CORPUS, train=TRAIN)
    with pytest.MonkeyPatch.context() as patch:
        (folder / "library" / "cameras").mkdir(parents=True)
        real = importlib.resources.files
        patch.setattr(
            "repro.camera.resources.files", lambda package: folder / "library" if package == "repro" else real(package)
        )
        site = Site(latitude_deg=67.84, longitude_deg=20.41, time_zone="Europe/Stockholm")
        new_camera(project, CORPUS, folder / "pictures", site, credit="me", stamp_zone=None, circle=None)
        run(project, "film", "clock", "sky", "sample")
        names = frame_names(project, CORPUS)
        aurora = {names[file]: lit[file] for file in lit}
        with open_store(project, CORPUS, AURORA, "kim") as store:
            for name in pd.read_csv(project.stage(CORPUS, "sample") / "to_label.csv")["name"]:
                store.record(name, "yes" if aurora[name] else "no", identity=name, known=None)
        run(project, "split", "train")
        yield project


@pytest.fixture
def weights(project: Paths) -> Path:
    """The network that was trained."""
    return project.stage(CORPUS, "train") / "weights.safetensors"


def test_every_image_became_a_frame(project: Paths) -> None:
    """All 204 images are frames with the time of their name, in their night, dark and without moon."""
    table = read_nights(project.stage(CORPUS, "sky") / "tables", "sky")
    assert len(table) == len(NIGHTS) * PER_NIGHT
    assert sorted(table["night"].unique()) == NIGHTS
    first = table[table["night"] == NIGHTS[0]]["time_utc"].min()
    assert first == pd.Timestamp("2024-01-08 20:00:00", tz="UTC")  # 21:00 in Kiruna
    assert set(table["sun_bin"] + " " + table["moon_bin"]) == {"Night No_moon"}


def test_labels_of_the_page_train(project: Paths) -> None:
    """The network learns the labels, and its card says on what it was trained, how well it does, and what it is not for."""
    document = stage_json(project, CORPUS, "train")
    assert document["generalisation_gap"]["within_nights"]["accuracy"] > 0.8
    card = (project.stage(CORPUS, "train") / "model_card.md").read_text(encoding="utf-8")
    used = pd.read_parquet(project.stage(CORPUS, "split") / "split.parquet")["split"].notna().sum()
    assert f"{used} labelled frames" in card
    assert "6 nights, 2024-01-09 to 2024-01-14" in card
    for words in ("| within nights |", "| unseen nights |", "colour rule", "Not to be used for", "moonlit"):
        assert words in card
    assert "The frames are simulated" not in card
    colour = document["colour_rule"]["within nights"]
    assert colour["correct"] / colour["images"] > 0.9  # the aurora here is plain green


def test_classify_whole_images_as_the_pipeline_does(
    project: Paths,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Folders, a ZIP and single images give the answers of the infer stage; overlays and JSON come on request."""
    run(project, "infer")
    answers = classify_files([project.videos(CORPUS)], weights, camera=load_camera(CORPUS))
    assert len(answers) == len(NIGHTS) * PER_NIGHT
    names = frame_names(project, CORPUS)
    wanted = read_nights(project.stage(CORPUS, "infer") / "tables", "infer").set_index("name")["p_yes"]
    got = {names[Path(file).name]: p for file, p in zip(answers["file"], answers["p_yes"], strict=True)}
    np.testing.assert_allclose([got[name] for name in wanted.index], wanted, atol=1e-4)
    one = next(project.videos(CORPUS).rglob("*.jpg"))
    monkeypatch.setattr(sys, "argv", ["repro", "classify", str(one), "--weights", str(weights), "--camera", CORPUS,
                                      "--format", "json", "--overlays", str(tmp_path / "maps")])  # fmt: skip
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["p_yes"] == pytest.approx(got[names[one.name]], abs=1e-4)
    (overlay,) = (tmp_path / "maps").iterdir()
    crop = load_camera(CORPUS).crop_px
    with Image.open(overlay) as drawn:
        assert drawn.size == (crop.width, crop.height)


def test_classify_of_cut_frames_and_deep_images(weights: Path, tmp_path: Path) -> None:
    """A frame that was cut already, and the same as PNG or TIFF of 16 bits, are answered alike."""
    image = sky(np.random.default_rng(1), aurora=True, size_px=96)[..., ::-1]
    write_image(tmp_path / "a.png", image)
    for name in ("b.png", "c.tiff"):
        write_image(tmp_path / name, image.astype(np.uint16) * 257)
    answers = classify_files([tmp_path], weights)
    assert [Path(file).name for file in answers["file"]] == ["a.png", "b.png", "c.tiff"]
    assert answers["p_yes"].std() < 1e-6


@pytest.mark.parametrize("name", ["none.jpg", "words.jpg", "words.txt", "night.mp4"])
def test_classify_says_what_it_cannot_take(weights: Path, tmp_path: Path, name: str) -> None:
    """A missing file, one that is no image, another kind of file and a video without a camera are errors that name them."""
    if name != "none.jpg":
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ReproError, match=name.replace(".", r"\.")):
        classify_files([tmp_path / name], weights)


def test_training_begins_from_a_file(project: Paths, weights: Path) -> None:
    """A training may begin from weights of one's own: it then does at least as well from the start, and records the file."""
    own = project.root / "own.safetensors"
    own.write_bytes(weights.read_bytes())
    first = stage_json(project, CORPUS, "train")["quantities"]
    write_params(project.root, CORPUS, train={**TRAIN, "initial_weights": {CORPUS: "own.safetensors"}})
    run(project, "train")
    document = stage_json(project, CORPUS, "train")
    assert document["initial_weights"] == {"name": "own.safetensors", "sha256": initial_digest(str(own))}
    assert document["quantities"]["figure5.val_loss.e1"] < first["figure5.val_loss.e1"]
