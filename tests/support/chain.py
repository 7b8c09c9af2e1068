"""The whole pipeline on the campaign ``small``, run once for all tests; test support, no part of the library."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from repro.paths import Paths
from tests.support.declared import Reads, run_recorded
from tests.support.project import make_project

#: Stages in an order in which they can run; the report is made of the others' results alone.
ORDER = (
    "simulate", "film", "clock", "sky", "sample", "split", "train", "infer", "softmax", "gradcam", "schedule",
    "architecture", "figures", "verify", "report",
)  # fmt: skip
#: Of these, the stages whose results no corpus changes.
OF_THE_RECORD = ("schedule", "architecture", "figures")
#: Small images and few epochs, and how work is run.
SECTIONS = {
    "simulate": {"campaign": "small"}, "softmax": {"bootstrap": 100}, "gradcam": {"scored_frames": 8},
    "train": {"image_size_px": 64, "epochs_head": 3, "epochs_all": 1, "learning_rate_head": 0.01, "batchnorm": "fixed",
              "threads": 1, "networks": 2},
}  # fmt: skip


@dataclass(frozen=True)
class Chain:
    """A project in which the pipeline ran, and what each stage read."""

    project: Paths
    reads: dict[str, Reads]


def run_chain(folder: Path) -> None:
    """Run the pipeline, from simulated videos to the report, in this process and with one worker.

    Every stage finds the data that ``dvc.yaml`` declares for it, and no other.
    """
    project = make_project(folder / "project", "simulated", engine={"workers": 1}, **SECTIONS)
    reads = run_recorded(project, "simulated", *ORDER)
    document = {stage: {kind: sorted(names) for kind, names in asdict(read).items()} for stage, read in reads.items()}
    (folder / "reads.json").write_text(json.dumps(document), encoding="utf-8")


def copy_record(chain: Chain, project: Paths) -> None:
    """Give a project the results of stages schedule, architecture and figures, which no corpus changes."""
    source = chain.project
    for path in (source.schedule, source.architecture, source.figures):
        target = project.root / path.relative_to(source.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, target)


def read_chain(folder: Path) -> Chain:
    """What :func:`run_chain` left in a folder."""
    document = json.loads((folder / "reads.json").read_text(encoding="utf-8"))
    reads = {stage: Reads(**{kind: set(names) for kind, names in read.items()}) for stage, read in document.items()}
    return Chain(Paths(folder / "project"), reads)
