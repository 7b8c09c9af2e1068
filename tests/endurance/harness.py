"""Start, kill and compare runs of stages; test support, no part of the library."""

import json
import multiprocessing
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pandas as pd
import pytz
import torch

from repro.files import digest, write_table
from repro.paths import Paths
from repro.simulated_mark import mark_folders
from tests.endurance import child
from tests.support import chain
from tests.support import project as project_of_tests
from tests.support.camera import SLASHES, Look, burn, write_video
from tests.support.corpus import add_night
from tests.support.processes import LIMIT_S
from tests.support.project import contents

CORPUS = "simulated"
#: Nights around new moon and their first frame, local time; the second goes on over midnight.
NIGHTS = {"20221222": "01:00:30", "20221223": "23:53:30"}
FRAMES = 12
STAGES = ("film", "clock", "sky", "sample", "split", "train", "infer", "softmax", "gradcam", "verify", "report")
SEED = 20250627
EPOCHS = 8  # of two networks
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(child.PRELOAD)


@dataclass(frozen=True)
class Ended:
    """How a run ended: exit code (-9 if it was killed), changes of files and audit events (0 of a killed run), and its output."""

    code: int
    changes: int
    events: int
    output: str


@dataclass
class Running:
    """A stage at work."""

    project: Path
    process: BaseProcess
    answers: Connection

    def end(self) -> Ended:
        """Wait for the end."""
        self.process.join(LIMIT_S)
        assert self.process.exitcode is not None, "the stage hangs"
        changes = events = 0
        if self.answers.poll():
            with suppress(EOFError):
                changes, events = self.answers.recv()
        output = (self.project.parent / child.OUTPUT).read_text(encoding="utf-8", errors="replace")
        return Ended(self.process.exitcode, changes, events, output)


def start(project: Path, stage: str, *, change: int = 0, event: int = 0, mode: str = "kill") -> Running:
    """Start a stage and wait until it is ready; see :func:`tests.endurance.child.run`."""
    here, there = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=child.run, args=(project, stage, change, event, mode, there))
    process.start()
    there.close()
    assert here.recv() == "ready"
    return Running(project, process, here)


def run(project: Path, stage: str, *, change: int = 0, mode: str = "kill") -> Ended:
    """Run a stage to its end, or to its own."""
    return start(project, stage, change=change, mode=mode).end()


class Chain:
    """A project whose stages run once each, in their order, without interruption; those of the record ran elsewhere."""

    def __init__(self, folder: Path, record: chain.Chain) -> None:
        self.paths = make_project(folder)
        chain.copy_record(record, self.paths)
        self.logs: dict[str, str] = {}
        self.ended: dict[str, Ended] = {}

    def upto(self, stage: str) -> Ended:
        """Run what is missing up to a stage; gives how that one ended."""
        for name in STAGES[: STAGES.index(stage) + 1]:
            if name not in self.ended:
                # The report quotes the log of runs, so a stage that is tried again must find the log as it was.
                self.logs[name] = self.paths.runs.read_text() if self.paths.runs.is_file() else ""
                ended = run(self.paths.root, name)
                assert ended.code == 0, ended.output
                self.ended[name] = ended
        return self.ended[stage]


class Trial:
    """A copy of the reference project, in which one stage is killed and run again."""

    def __init__(self, chain: Chain, folder: Path) -> None:
        self.chain, self.paths = chain, Paths(folder / "project")
        self.expected: dict[str, str] = {}
        self.stage = ""

    @property
    def out(self) -> Path:
        """First output of the stage."""
        return outputs(self.paths, self.stage)[0]

    def begin(self, stage: str) -> Ended:
        """Choose the stage; gives how it ended in the reference."""
        ended = self.chain.upto(stage)
        if not self.paths.root.exists():
            shutil.copytree(self.chain.paths.root, self.paths.root)
            self.expected = contents(self.paths.root)
        self.stage = stage
        return ended

    def reset(self, start_from: Path | None = None) -> None:
        """Leave the project as it was before the stage; ``start_from`` is an output of an earlier run to begin with."""
        for out in outputs(self.paths, self.stage):
            if out.is_dir():
                shutil.rmtree(out)
            else:
                out.unlink(missing_ok=True)
            shutil.rmtree(self.paths.results / CORPUS / ".seen" / out.name, ignore_errors=True)
        (self.paths.root.parent / child.LEARNT).unlink(missing_ok=True)
        self.paths.runs.write_text(self.chain.logs[self.stage])
        if start_from is not None:
            shutil.copytree(start_from, self.out)

    def kill_at_changes(self, stage: str, most: int) -> None:
        """Kill the stage before changes of files, at most so many and evenly spread, every second file half written."""
        changes = self.begin(stage).changes
        assert changes >= 2
        for number, change in enumerate(np.unique(np.linspace(1, changes, min(most, changes)).round())):
            self.reset()
            self.kill(change=int(change), mode="tear" if number % 2 else "kill")
            self.run_again()

    def kill_at_moments(self, stage: str) -> None:
        """Kill the stage twice, each time at a random event of what it has left to do, then run it to its end."""
        events = self.begin(stage).events
        rng = np.random.default_rng([SEED, STAGES.index(stage)])
        self.reset()
        killed = 0
        for _ in range(2):
            finished = self.finished()
            killed += self.kill(event=int(rng.integers(1, events // 2)))
            self.kept(finished)
        assert killed
        self.run_again()

    def kill(self, *, change: int = 0, event: int = 0, mode: str = "kill") -> bool:
        """Run the stage and kill it; gives whether it was killed before its end, as before a change it must be."""
        ended = start(self.paths.root, self.stage, change=change, event=event, mode=mode).end()
        assert ended.code in ((0, -9) if event else (-9,)), ended.output
        return ended.code != 0

    def run_again(self) -> Ended:
        """Run the stage to its end: all files are those of the reference, what was finished is kept, no epoch is repeated."""
        finished, (missing, begun) = self.finished(), self.epochs()
        ended = run(self.paths.root, self.stage)
        assert ended.code == 0, ended.output
        self.compare()
        self.kept(finished)
        assert self.epochs()[1] - begun == missing, "an epoch was learnt again, or left out"
        return ended

    def compare(self) -> None:
        """Compare every file of the project with the reference."""
        found = contents(self.paths.root)
        differ = sorted(
            name for name in found.keys() | self.expected.keys() if found.get(name) != self.expected.get(name)
        )
        assert not differ, f"{self.stage}: {differ}"

    def refused(self, ended: Ended, *words: str) -> None:
        """A run that could not be done ends with exit code 1, an error with these words, and no traceback."""
        assert ended.code == 1, ended.output
        assert "Traceback" not in ended.output
        for word in ("found:", "to do:", *words):
            assert word in ended.output, ended.output

    def epochs(self) -> tuple[int, int]:
        """Epochs that are still to be learnt, by checkpoints or, when all is done, the receipt; and epochs that were begun."""
        lines = self.paths.root.parent / child.LEARNT
        begun = len(lines.read_text().splitlines()) if lines.is_file() else 0
        if self.stage != "train" or (self.out / "receipts" / "train.json").is_file():
            return 0, begun
        kept = (torch.load(path, weights_only=True)["state"]["epoch"] for path in self.out.glob("checkpoint-*.pt"))
        return EPOCHS - sum(kept), begun

    def finished(self) -> dict[Path, tuple[int, int]]:
        """Files of finished work, with inode and time, which change when a file is written anew."""
        written = {}
        for out in outputs(self.paths, self.stage):
            for receipt in (out / "receipts").glob("[!.]*.json"):
                place = receipt.relative_to(self.paths.root).as_posix()
                if digest(receipt) != self.expected.get(place):
                    continue  # finished with other parameters
                for name in json.loads(receipt.read_text())["outputs"]:
                    path = out.parent / name if name.startswith(f"{out.name}/") else out / name
                    written[path] = (path.stat().st_ino, path.stat().st_mtime_ns)
        return written

    def kept(self, finished: dict[Path, tuple[int, int]]) -> None:
        """Files of finished work are what they were before."""
        now = {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in finished}
        assert now == finished, f"{self.stage}: finished work was done again"


def outputs(paths: Paths, stage: str) -> tuple[Path, ...]:
    """Folders and files that a stage writes."""
    fixed = {"verify": paths.verdicts.parent, "report": paths.report_build}
    beside = (paths.stage(CORPUS, "colour"),) if stage == "infer" else ()
    return fixed.get(stage, paths.stage(CORPUS, stage)), *beside


def make_project(folder: Path) -> Paths:
    """A project with two tiny simulated nights, their truth, the published claims, and parameters that make all quick."""
    train = {
        "initial_weights": {CORPUS: "none"}, "image_size_px": 32, "epochs_head": 2, "epochs_all": 2,
        "learning_rate_head": 0.01, "learning_rate_all": 0.002, "networks": 2, "validate_on_unseen_nights": False, "threads": 1,
    }  # fmt: skip
    quick = {"softmax": {"bootstrap": 100}, "gradcam": {"scored_frames": 4}}
    project = project_of_tests.make_project(folder / "project", CORPUS, train=train, **quick)
    project.videos(CORPUS).mkdir(parents=True)
    for seed, (night, begin) in enumerate(NIGHTS.items()):
        table = add_night(project, CORPUS, night, FRAMES, truth=True)
        times = film(project, night, begin, table["aurora"].to_numpy(), seed)
        truth = project.truth(CORPUS) / f"{night}.parquet"
        write_table(truth, pd.read_parquet(truth).assign(time_utc=times, sun_bin="Night", moon_bin="No_moon"))
    shutil.rmtree(project.results)  # only the truth is wanted
    mark_folders(project.videos(CORPUS))
    return project


def film(project: Paths, night: str, begin: str, aurora: np.ndarray, seed: int) -> pd.DatetimeIndex:
    """Film a night, a frame a minute: a green arc where there is aurora, and a clock below; gives the frames' times."""
    zone = pytz.timezone("America/Yellowknife")
    local = datetime.strptime(night + begin, "%Y%m%d%H:%M:%S")
    first = zone.localize(local - timedelta(days=int(local.hour >= 12)))
    times = pd.date_range(first, periods=len(aurora), freq="min").tz_convert("UTC").as_unit("us")
    rng, rows = np.random.default_rng(seed), np.arange(160)[:, None]
    look = Look(text=210, background=15, noise=4)
    images = []
    for time_utc, lit in zip(times, aurora, strict=True):
        image = rng.normal(22, 5, (160, 448, 3))
        if lit:
            arc = np.exp(-(((rows - rng.uniform(30, 80)) / 8) ** 2)) * np.ones(448)
            image[:110, :, 1] += 150 * arc[:110]
        image = np.clip(image, 0, 255).astype(np.uint8)
        burn(image, time_utc.tz_convert(zone).strftime(SLASHES), 400, 138, look)
        images.append(image)
    write_video(project.videos(CORPUS) / f"small_{night}.mp4", images)
    return times
