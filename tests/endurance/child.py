"""One stage in a process of its own, which may kill itself at a chosen change of a file; no part of the library."""

import errno
import os
import runpy
import signal
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.support.preloaded import LIBRARIES

ROOT = Path(__file__).resolve().parents[2]
#: Imported once in the server that children are forked from, so that a child costs milliseconds.
PRELOAD = [
    *LIBRARIES,
    "repro.engine.run_stage", "repro.film.film_corpus", "repro.clock.clock_corpus", "repro.sky.sky_corpus", "repro.labels.balanced_split", "repro.classifier.train_corpus",
    "repro.answers", "repro.classifier.frame_classifier", "repro.classifier.gradcam_corpus", "repro.analysis.softmax_corpus", "repro.evidence", "repro.record.verdict_formats",
    "repro.reporting.page", "tests.endurance.warm", "tests.support.camera",
]  # fmt: skip
LEARNT, OUTPUT = "learnt.txt", "output.txt"  # beside the project: epochs that were begun, and what a stage printed


def run(project: Path, stage: str, change: int, event: int, mode: str, answer: Connection) -> None:
    """Run a stage's script in a temporary project.

    Before the ``change``-th change of a file (a file takes its place, or one that is there is removed) ``mode`` happens:
    ``kill``, by SIGKILL; ``tear``, the same, and the new file is only half written; ``full``, the system refuses this and all
    further files; ``read-only``, it refuses any change from here on. Before the ``event``-th audit event of Python the process
    is killed. Both are counted from 1; 0 is never. ``answer`` gets "ready" before the stage begins, and how many changes and
    events it met when it ends.
    """
    os.chdir(project)
    with (project.parent / OUTPUT).open("wb") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    scratch = project.parent / "tmp"
    scratch.mkdir(exist_ok=True)
    tempfile.tempdir = str(scratch)
    small_parts(project.parent / LEARNT)
    changes = Changes(project, change, event, mode)
    sys.addaudithook(changes)
    answer.send("ready")
    try:
        runpy.run_path(str(ROOT / "stages" / f"{stage}.py"), run_name="__main__")
    finally:
        sys.stdout.flush()
        changes.at = changes.at_event = 0
        answer.send((changes.seen, changes.events))


class Changes:
    """Counts changes of files below a folder by Python's own audit events, and acts before one of them."""

    def __init__(self, folder: Path, at: int, at_event: int, mode: str) -> None:
        self.folder, self.at, self.mode, self.seen = str(folder) + os.sep, at, mode, 0
        self.at_event, self.events = at_event, 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Meet an event; files that are no more when they are removed change nothing."""
        self.events += 1
        if self.events == self.at_event:
            os.kill(os.getpid(), signal.SIGKILL)
        if event not in ("os.rename", "os.remove"):
            return
        path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100 (a Path would cost more than the event)
        if not path.startswith(self.folder) or not os.path.exists(path):  # noqa: PTH110
            return
        self.seen += 1
        if not self.at or self.seen < self.at:
            return
        if self.mode == "full" and event == "os.remove":
            return
        if self.mode in ("full", "read-only"):
            code = errno.ENOSPC if self.mode == "full" else errno.EROFS
            raise OSError(code, os.strerror(code), path)
        if self.mode == "tear" and event == "os.rename":
            os.truncate(path, os.path.getsize(path) // 2)  # noqa: PTH202
        os.kill(os.getpid(), signal.SIGKILL)


def small_parts(learnt: Path) -> None:
    """A camera and a network so small that a stage takes a fraction of a second, and a list of the epochs begun."""
    from torchvision import models
    from torchvision.models import efficientnet

    from repro import camera as profile
    from repro.classifier import finetune as train
    from tests.support.camera import SLASHES, small_camera

    camera = small_camera(
        frame_px={"width": 448, "height": 160}, circle_px={"x": 100, "y": 55, "radius": 48},
        crop_px={"left": 52, "top": 7, "width": 96, "height": 96}, cadence_s=60, sample_fps_fraction=0.04,
        clock={"box_px": {"left": 0, "top": 112, "width": 448, "height": 40}, "scale": 2, "formats": [SLASHES]},
    )  # fmt: skip
    profile.load_camera = lambda _: camera
    ratio = (1, 4, 4, 4, 4, 4, 4)
    side, stride = (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1)
    stages = [
        efficientnet.MBConvConfig(ratio[k], side[k], stride[k], 8 if k == 0 else 16, 16, 1, width_mult=1, depth_mult=1)
        for k in range(7)
    ]

    def thin(*, weights: None = None, num_classes: int = 1000) -> object:
        return efficientnet.EfficientNet(stages, 0.2, num_classes=num_classes, last_channel=1280)

    models.efficientnet_b1 = thin
    train_epoch = train._train_epoch

    def noted(*arguments: Any) -> tuple[float, float]:
        job, progress = arguments[3:]
        with learnt.open("a", encoding="utf-8") as file:
            file.write(f"{len(job.train)} {progress.seed} {progress.epoch + 1}\n")
        return train_epoch(*arguments)

    train._train_epoch = noted
