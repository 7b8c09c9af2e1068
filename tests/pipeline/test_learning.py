"""From labels to Grad-CAM in a whole temporary project, as published."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from torchvision import models

from repro import frames
from repro.labels import labelfile
from tests.conftest import ROOT
from tests.support.corpus import add_night
from tests.support.project import make_project, run, stage_json, written

STAGES = ("sample", "split", "train", "infer", "softmax", "gradcam")
NIGHTS = ("20221203", "20221204", "20240203", "20240204")
SMALL = {"softmax": {"bootstrap": 100}, "gradcam": {"scored_frames": 8}}


@pytest.mark.slow
def test_published_path_from_labels_to_gradcam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a label file and an ImageNet file, all six stages run as published; a later night costs that night alone.

    The ImageNet file is made up: torchvision's name and shape, random numbers.
    """
    train = {"image_size_px": 64, "epochs_head": 1, "epochs_all": 1}
    project = make_project(tmp_path, "auroramax", train=train, **SMALL)
    table = pd.concat([add_night(project, "auroramax", night, 20) for night in NIGHTS])
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    torch.save(models.efficientnet_b1(weights=None).state_dict(), cache / "efficientnet_b1_rwightman-bac287d4.pth")
    run(project, "sample")
    with pytest.raises(SystemExit):
        run(project, "split")
    assert "to_label.csv" in capsys.readouterr().err
    waiting = pd.read_csv(project.stage("auroramax", "sample") / "to_label.csv")
    assert len(waiting) == 4 * 6  # half of each night's dozen dark, moonless frames
    lit = table.set_index("name")["aurora"]
    words = ["yes" if lit[name] else "no" for name in waiting["name"]]
    labels = waiting.assign(label=words, labeller="a person", labelled_at="2025-05-01")
    project.labels("auroramax").parent.mkdir(parents=True)
    labelfile.write(project.labels("auroramax"), labels)
    run(project, *STAGES[1:])
    trained = stage_json(project, "auroramax", "train")
    assert trained["initial_weights"]["name"] == "imagenet"
    assert trained["initial_weights"]["as_published"] is False
    assert trained["quantities"]["train.statistics_move_while_frozen"] is True
    assert [entry["split"] for entry in trained["runs"]] == ["within nights", "unseen nights"]
    assert {"within_nights", "unseen_nights", "difference"} == set(trained["generalisation_gap"])
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
    before = written(project, "auroramax", *STAGES[2:])
    run(project, *STAGES)
    after = written(project, "auroramax", *STAGES[2:])
    assert {path: after[path] for path in before} == before
    assert {path for path in after.keys() - before.keys() if "20251203" not in path} == {"softmax/table6_later.parquet"}
    assert "infer/receipts/20251203.json" in after
    later = pd.read_parquet(project.stage("auroramax", "softmax") / "table6_later.parquet")
    assert later["frames"].sum() == 10
    scripts = [str(ROOT / "stages" / f"{name}.py") for name in STAGES]
    code = (
        f"import runpy, sys; [runpy.run_path(x, run_name='__main__') for x in {scripts}]; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False", "torch was loaded by a stage with nothing to do"
