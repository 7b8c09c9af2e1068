"""From conditions to Grad-CAM in a whole temporary project: sample, split, train, infer, softmax and gradcam."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image
from safetensors.numpy import load_file
from torchvision import models

from repro import frames
from repro.errors import ReproError
from repro.labels import labelfile
from repro.paths import Paths
from tests.conftest import ROOT
from tests.support.corpus import add_night

STAGES = ("sample", "split", "train", "infer", "softmax", "gradcam")
NIGHTS = ("20221203", "20221204", "20240203", "20240204")


def run(name: str) -> None:
    """Run a stage's script in the current project."""
    runpy.run_path(str(ROOT / "stages" / f"{name}.py"), run_name="__main__")


def make_project(folder: Path, corpus: str, **train: object) -> Paths:
    """A project with this corpus and the shipped parameters, but for small images and few epochs."""
    (folder / "expected").mkdir()
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["corpus"] = corpus
    params["engine"] |= {"workers": 1, "device": "cpu"}
    params["train"] |= {"image_size_px": 64, **train}
    params["softmax"]["bootstrap"] = 100
    params["gradcam"]["measured"] = 8
    (folder / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    return Paths(folder)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def stage_json(project: Paths, corpus: str, stage: str) -> dict:
    """The document of a stage."""
    return json.loads((project.stage(corpus, stage) / f"{stage}.json").read_text())


@pytest.mark.slow
def test_published_path_from_labels_to_gradcam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a label file and an ImageNet file, all six stages run as published; a later night costs that night alone.

    The ImageNet file is made up: torchvision's name and shape, random numbers.
    """
    project = make_project(tmp_path, "auroramax", epochs_head=1, epochs_all=1)
    table = pd.concat([add_night(project, "auroramax", night, 20) for night in NIGHTS])
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    torch.save(models.efficientnet_b1(weights=None).state_dict(), cache / "efficientnet_b1_rwightman-bac287d4.pth")
    run("sample")
    with pytest.raises(ReproError, match=r"to_label\.csv"):
        run("split")
    waiting = pd.read_csv(project.stage("auroramax", "sample") / "to_label.csv")
    assert len(waiting) == 4 * 6  # half of each night's dozen dark, moonless frames
    lit = table.set_index("name")["aurora"]
    words = ["yes" if lit[name] else "no" for name in waiting["name"]]
    labels = waiting.assign(label=words, labeller="a person", labelled_at="2025-05-01")
    project.labels("auroramax").parent.mkdir(parents=True)
    labelfile.write(project.labels("auroramax"), labels)
    for name in STAGES[1:]:
        run(name)
    trained = stage_json(project, "auroramax", "train")
    assert trained["initial_weights"]["name"] == "imagenet"
    assert trained["initial_weights"]["as_published"] is False
    assert trained["quantities"]["train.statistics_move_while_frozen"] is True
    assert [entry["split"] for entry in trained["runs"]] == ["within nights", "unseen nights"]
    assert {"within_nights", "unseen_nights", "difference"} == set(trained["honesty"])
    assert not list(project.stage("auroramax", "train").glob("checkpoint*"))
    answers = frames.read_nights(project.stage("auroramax", "infer") / "tables", "infer")
    assert answers["predicted"].notna().all()
    softmax = stage_json(project, "auroramax", "softmax")
    assert softmax["quantities"]["table3.night.no_moon"] == 48
    assert softmax["errors"]["right_answers_from"] == "labels"
    six = pd.read_parquet(project.stage("auroramax", "softmax") / "table6.parquet")
    assert six["frames"].sum() == 80
    assert stage_json(project, "auroramax", "gradcam")["on_aurora"] is None

    add_night(project, "auroramax", "20251203", 10)  # after the last published window
    receipts = project.stage("auroramax", "infer") / "receipts"
    before = {path.name: path.stat().st_mtime_ns for path in receipts.glob("*.json")}
    weights = (project.stage("auroramax", "train") / "weights.safetensors").read_bytes()
    for name in ("sample", "split", "train", "infer", "softmax"):
        run(name)
    assert (project.stage("auroramax", "train") / "weights.safetensors").read_bytes() == weights
    assert {name: (receipts / name).stat().st_mtime_ns for name in before} == before
    assert (receipts / "20251203.json").is_file()
    assert pd.read_parquet(project.stage("auroramax", "softmax") / "table6.parquet").equals(six)
    later = pd.read_parquet(project.stage("auroramax", "softmax") / "table6_later.parquet")
    assert later["frames"].sum() == 10


@pytest.mark.slow
def test_simulated_corpus_from_sample_to_gradcam(tmp_path: Path) -> None:
    """Of a simulated corpus the labeller labels, errors are told by condition and weather, and maps are held against masks."""
    project = make_project(
        tmp_path, "simulated", initial_weights={"simulated": "none"}, networks=2, unseen_nights=False,
        epochs_head=0, epochs_all=6, learning_rate_all=0.001,
    )  # fmt: skip
    table = pd.concat([add_night(project, "simulated", night, 20, truth=True) for night in NIGHTS])
    for name in STAGES:
        run(name)
    labels = labelfile.read(project.stage("simulated", "sample") / "labels.csv", set(table["name"]))
    lit = table.set_index("name")["aurora"]
    assert [label == "yes" for label in labels["label"]] == [bool(lit[name]) for name in labels["name"]]
    curves = pd.read_parquet(project.stage("simulated", "train") / "curves.parquet")
    assert curves.groupby("network").size().tolist() == [6, 6]
    assert curves["seed"].nunique() == 2
    spread = stage_json(project, "simulated", "train")["spread"]
    assert spread["networks"] == 2
    assert spread["lowest"] <= spread["mean"] <= spread["highest"]
    split = pd.read_parquet(project.stage("simulated", "split") / "split.parquet")
    folder = project.stage("simulated", "softmax")
    confusion = pd.read_parquet(folder / "confusion.parquet")
    every = confusion[confusion["sun_bin"] == "all"].iloc[0]
    assert every["frames"] == 80 - (split["split"] == "train").sum()  # frames that trained are no test
    for name in ("confusion_weather", "confusion_form", "confusion_colour", "reliability"):
        assert (folder / f"{name}.parquet").is_file()
    claims = stage_json(project, "simulated", "softmax")["errors"]["claims"]
    assert set(claims) == {"false_positives", "false_negatives"}
    _check_gradcam(project)


def _check_gradcam(project: Paths) -> None:
    folder = project.stage("simulated", "gradcam")
    document = stage_json(project, "simulated", "gradcam")
    cases = pd.read_parquet(folder / "cases.parquet")
    assert len(cases) == 12
    shown = cases[cases["name"].notna()]
    assert len(shown) + len(document["missing"]) == 12
    assert len(shown) > 0
    maps = load_file(folder / "maps.safetensors")
    assert len(maps) == 2 * len(shown)
    for row in shown.to_dict("records"):
        title = f"{row['panel']}.{row['case']}"
        assert maps[f"{title}.yes"].max() == np.float32(row["raw_max_yes"])
        for label in ("no", "yes"):
            with Image.open(folder / "overlays" / f"{title}.{label}.jpg") as picture:
                assert picture.size == (720, 720)
        assert (folder / "frames" / f"{title}.jpg").read_bytes()[:2] == b"\xff\xd8"
    measured = pd.read_parquet(folder / "on_aurora.parquet")
    found = document["on_aurora"]
    if len(measured):
        assert found["frames"] == len(measured) <= 8
        assert measured["energy"].between(0, 1).all()
        assert found["energy"]["mean"] == pytest.approx(measured["energy"].mean())
        assert found["uniform"] == pytest.approx(measured["mask_share"].mean())
    else:
        assert found is None


@pytest.mark.slow
def test_broken_off_training_stage_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The train stage, broken off in its second network, does not repeat the first, and ends in the same files."""
    from repro.classifier import runs

    project = make_project(tmp_path, "simulated", initial_weights={"simulated": "none"}, networks=2,
                           unseen_nights=False, epochs_head=1, epochs_all=1)  # fmt: skip
    for night in NIGHTS:
        add_night(project, "simulated", night, 20, truth=True)
    for name in ("sample", "split", "train"):
        run(name)
    folder = project.stage("simulated", "train")
    names = ("weights.safetensors", "curves.parquet", "validation.parquet")
    expected = {name: (folder / name).read_bytes() for name in names}
    for name in names:
        (folder / name).unlink()
    real, epochs = runs.fine_tune, []

    def broken(*args: object, seed: int, **kwargs: object) -> object:
        def after(epoch: int) -> None:
            epochs.append((seed, epoch))
            if len(epochs) == 3:
                raise KeyboardInterrupt

        return real(*args, seed=seed, after_epoch=after, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "fine_tune", broken)
    with pytest.raises(KeyboardInterrupt):
        run("train")
    run("train")
    assert len(epochs) == len(set(epochs)) == 4
    assert {name: (folder / name).read_bytes() for name in names} == expected
