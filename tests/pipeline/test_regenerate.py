"""A whole temporary project under DVC: what runs again after a new video, a label, a parameter, a line of code, a comment.

The corpus is one of real videos, as far as the pipeline can tell: two nights of the record, labelled as a user labels.
Every test begins from a copy of one project in which all stages have run.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from repro.engine.run_stage import read_runs
from repro.labels import labelfile
from repro.paths import Paths
from tests.support.camera import film_night
from tests.support.chain import OF_THE_RECORD, ORDER, Chain, copy_record
from tests.support.project import commit_run, make_project, output, run

pytestmark = pytest.mark.slow

CORPUS = "auroramax"
NIGHTS = ("20240210", "20240211")  # new moon, inside the windows of the record
LATER = "20251121"  # new moon, after them
NIGHTLY = {"film", "clock", "sky", "infer"}  # stages that work night by night


@dataclass(frozen=True)
class Repro:
    """What ``dvc repro`` did: the stages it ran, and their lines in the log of runs."""

    ran: set[str]
    log: dict[str, dict[str, Any]]

    @property
    def nights(self) -> dict[str, tuple[int, int]]:
        """Nights done and nights kept by each stage that works by night."""
        return {name: (line["nights_done"], line["nights_kept"]) for name, line in self.log.items() if name in NIGHTLY}


def repro(project: Paths) -> Repro:
    """Run ``dvc repro`` up to the report, which must succeed."""
    before = len(read_runs(project))
    printed = output(project.root, "python", "-m", "dvc", "repro", "report")
    log = {line["stage"]: line for line in read_runs(project)[before:]}
    return Repro(set(re.findall(r"Running stage '(\w+)'", printed)), log)


def locked(project: Paths) -> dict[str, str]:
    """Hash of every output, by its path, as DVC recorded it."""
    stages = yaml.safe_load((project.root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def files_of(project: Paths, stage: str) -> dict[str, str]:
    """Hash of every file of a stage's output, as DVC recorded it."""
    digest = locked(project)[f"results/{CORPUS}/{stage}"]
    listing = project.root / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
    return {entry["relpath"]: entry["md5"] for entry in json.loads(listing.read_text(encoding="utf-8"))}


def verdicts(project: Paths) -> Any:
    """All verdicts."""
    return json.loads(project.verdicts.read_text(encoding="utf-8"))["claims"]


def pages(project: Paths) -> str:
    """All words of the report."""
    return "".join(page.read_text(encoding="utf-8") for page in project.report_build.rglob("*.html"))


def replace(path: Path, old: str, new: str) -> None:
    """Edit a file of the project."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def built(recorded: Chain, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A project in which every stage ran and was recorded by DVC."""
    train = {"image_size_px": 64, "epochs_head": 1, "epochs_all": 1, "validate_on_unseen_nights": False, "threads": 1}
    sections = {"train": {**train, "initial_weights": {CORPUS: "observatory"}}, "softmax": {"bootstrap": 100}}
    project = make_project(tmp_path_factory.mktemp("regenerate") / "project", CORPUS, **sections)
    for seed, night in enumerate(NIGHTS):
        film_night(project.videos(CORPUS), night, "00:05:30", seed)
    copy_record(recorded, project)
    order = [stage for stage in ORDER if stage not in OF_THE_RECORD]
    before = order.index("split")
    run(project, *order[:before])
    sample = pd.read_csv(project.stage(CORPUS, "sample") / "to_label.csv", dtype=str)
    words = ["yes" if number % 5 < 2 else "no" for number in range(len(sample))]
    labelfile.write(project.labels(CORPUS), sample.assign(label=words, labeller="a person", labelled_at="2025-05-01"))
    run(project, *order[before:])
    commit_run(project, CORPUS, **sections)
    return project


@pytest.fixture
def project(built: Paths, tmp_path: Path) -> Paths:
    """A copy of that project, times of files included."""
    return Paths(shutil.copytree(built.root, tmp_path / "project", symlinks=True))


def test_nothing_to_do(project: Paths) -> None:
    """With nothing changed no stage starts."""
    before = locked(project)
    done = repro(project)
    assert (done.ran, done.log) == (set(), {})
    assert locked(project) == before


def test_a_third_video(project: Paths) -> None:
    """A third night costs that night and the aggregates; a later one moves no published verdict and appears in the report."""
    before = {stage: files_of(project, stage) for stage in NIGHTLY}
    outputs, judged = locked(project), verdicts(project)
    assert LATER not in pages(project)
    film_night(project.videos(CORPUS), LATER, "00:05:30", 9)
    done = repro(project)
    assert done.nights == dict.fromkeys(NIGHTLY, (1, 2))
    for stage in NIGHTLY:
        after = files_of(project, stage)
        assert {name: after[name] for name in before[stage]} == before[stage]
        assert all(LATER in name for name in after.keys() - before[stage].keys())
    kept = [f"results/{CORPUS}/{stage}" for stage in ("sample", "split", "train")]
    assert {path: locked(project)[path] for path in kept} == {path: outputs[path] for path in kept}
    assert not done.ran & {"schedule", "architecture"}
    assert verdicts(project) == judged
    assert LATER in pages(project)


def test_one_label(project: Paths) -> None:
    """A changed label asks for no video, clock or sky again, and for a new split, training and answers."""
    before = locked(project)
    replace(project.labels(CORPUS), ",yes,", ",no,")
    done = repro(project)
    assert done.ran == {"split", "train", "infer", "softmax", "gradcam", "verify", "report"}
    assert done.nights == {"infer": (2, 0)}
    moved = {path for path, digest in locked(project).items() if before[path] != digest}
    assert f"results/{CORPUS}/sample" not in moved
    assert {f"results/{CORPUS}/{stage}" for stage in ("split", "train", "infer", "softmax")} <= moved


def test_one_parameter(project: Paths) -> None:
    """A changed parameter runs its stage and those that read its results."""
    replace(project.params, "target_layer: features", "target_layer: mbconv")
    done = repro(project)
    assert done.ran == {"gradcam", "verify", "report"}


def test_one_line_of_code(project: Paths) -> None:
    """A changed line makes the stage that imports it do every night again, and no stage that does not."""
    before, judged = files_of(project, "sky"), verdicts(project)
    replace(project.root / "repro" / "sky" / "bins.py", "\n\n\ndef ", "\n\nUNUSED = 1\n\n\ndef ")
    done = repro(project)
    assert done.nights == {"sky": (2, 0), "infer": (0, 2)}
    after = files_of(project, "sky")
    assert {name for name in before if before[name] != after[name]} == {f"receipts/{night}.json" for night in NIGHTS}
    assert not done.ran & {"film", "clock", "train"}
    assert verdicts(project) == judged


def test_one_comment(project: Paths) -> None:
    """A changed comment starts the stages that depend on its package, which keep every night and make the same outputs."""
    before = locked(project)
    replace(project.root / "repro" / "clock" / "ocr.py", "\n\n\ndef ", "\n\n\n# A remark.\ndef ")
    done = repro(project)
    assert done.ran == {"clock", "figures", "report"}
    assert done.nights == {"clock": (0, 2)}
    assert locked(project) == before
