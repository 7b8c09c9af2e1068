"""A whole temporary project under DVC: its times, and what runs again after a new video, a label, a line, a comment.

The corpus is one of real videos, as far as the pipeline can tell: two nights of the record, labelled as a user labels.
Every test begins from a copy of one project in which all stages have run.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from repro import frames
from repro.engine.run_stage import read_runs
from repro.film.frame_archive import read_frame
from repro.labels import labelfile
from repro.paths import Paths
from repro.status import status
from tests.support.camera import film_night
from tests.support.chain import OF_THE_RECORD, ORDER, Chain, copy_record
from tests.support.project import call, commit_run, make_project, output, run, written

pytestmark = pytest.mark.slow

CORPUS = "auroramax"
#: New moon, inside the windows of the record, and when their videos begin; one goes on over the change to summer time.
NIGHTS = {"20240210": "22:15:30", "20240310": "01:55:12"}
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
    for seed, (night, begin) in enumerate(NIGHTS.items()):
        film_night(project.videos(CORPUS), night, begin, seed)
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


def test_times_of_frames_and_their_conditions(built: Paths) -> None:
    """Two nights are taken to their conditions: frames bear the times burned in, also over the change to summer time."""
    folders = {name: built.stage(CORPUS, name) for name in ("film", "clock", "sky")}
    table = frames.read_nights(folders["sky"] / "tables", "sky")
    begins = pd.to_datetime(["2024-02-10 05:15:30", "2024-03-10 08:55:12"], utc=True)
    assert table["time_utc"].tolist() == [begin + pd.Timedelta(minutes=n) for begin in begins for n in range(10)]
    assert table["name"][0] == "20240210051530_20240210_0.jpg"
    assert set(table["sun_bin"]) == {"Night"}
    assert not list(folders["clock"].rglob("*.zip"))
    for name in table.loc[table["night"] == "20240310", "name"]:
        assert read_frame(folders["film"] / "frames" / "20240310.zip", name)


def test_a_new_night_costs_one_night_and_a_bad_one_stops_none(project: Paths) -> None:
    """A third night is added and a fourth is damaged: only the third is worked on, and the status counts all."""
    stages = ("film", "clock", "sky")
    before = written(project, CORPUS, *stages)
    film_night(project.videos(CORPUS), "20240311", "23:00:00", 3)
    (project.videos(CORPUS) / "auroramaxHD_20240312_720p.mp4").write_bytes(b"404 not found")
    ended = call(project.root, "python", "stages/film.py")
    assert ended.returncode == 1
    assert "1 of 4 nights failed" in ended.stderr
    assert "auroramaxHD_20240312_720p.mp4" in ended.stderr
    for stage in ("clock", "sky"):
        output(project.root, "python", f"stages/{stage}.py")
    after = written(project, CORPUS, *stages)
    assert {name: after[name] for name in before} == before
    assert {name.split("/")[-1].split(".")[0] for name in set(after) - set(before)} == {"20240311"}
    progress = status(project, CORPUS)
    assert progress.nights["sampled"].tolist() == [10, 10, 10]
    assert progress.nights["read"].sum() == 30
    assert progress.nights["unreadable"].sum() == 0
    assert progress.failed[["stage", "night"]].to_numpy().tolist() == [["film", "20240312"]]
    assert progress.bins["frames"].sum() == 30


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


@pytest.mark.parametrize(
    ("file", "old", "new", "ran", "nights", "moved"),
    [
        (f"data/{CORPUS}/labels.csv", ",yes,", ",no,", {"split", "train", "infer", "softmax", "gradcam", "verify", "report"},
         {"infer": (2, 0)}, {"split", "train", "infer", "softmax"}),
        ("params.yaml", "target_layer: features", "target_layer: mbconv", {"gradcam", "verify", "report"}, {}, {"gradcam"}),
        ("repro/clock/ocr.py", "\n\n\ndef ", "\n\n\n# A remark.\ndef ", {"clock", "figures", "report"},
         {"clock": (0, 2)}, set()),
    ],
    ids=["label", "parameter", "comment"],
)  # fmt: skip
def test_one_change(project: Paths, file: str, old: str, new: str, ran: set, nights: dict, moved: set) -> None:
    """A label, a parameter or a comment runs what depends on it and no more; after a comment every output is the same."""
    before = locked(project)
    replace(project.root / file, old, new)
    done = repro(project)
    assert (done.ran, done.nights) == (ran, nights)
    differ = {Path(path).name for path, digest in locked(project).items() if before[path] != digest}
    assert differ >= moved
    assert bool(differ) == bool(moved)


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
