"""Disks that are full or may not be written, second runs, and killed workers: a clear error, and nothing is lost."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from repro.engine import receipts
from repro.engine.receipts import NightWork
from repro.engine.run_nights import _night
from repro.engine.run_stage import read_runs, run_log
from repro.errors import UnwritableError
from repro.files import write_text
from tests.endurance import child
from tests.endurance.harness import CORPUS, Trial, run, start
from tests.support.processes import alive, wait_for
from tests.support.project import contents

pytestmark = pytest.mark.slow
ERRORS = {"full": "No space left on device", "read-only": "Read-only file system"}


@pytest.mark.parametrize(
    ("stage", "mode", "change"),
    [("film", "full", 7), ("clock", "read-only", 3), ("train", "full", 4), ("train", "read-only", 11),
     ("infer", "read-only", 1), ("gradcam", "full", 6), ("verify", "full", 2)],
)  # fmt: skip
def test_a_disk_that_refuses_in_the_midst_of_a_stage(trial: Trial, stage: str, mode: str, change: int) -> None:
    """From one change of a file on the disk refuses: the error says what to do, and the next run goes on to the end."""
    trial.begin(stage)
    trial.reset()
    before = contents(trial.paths.root)
    trial.refused(run(trial.paths.root, stage, change=change, mode=mode), f"stage {stage}", ERRORS[mode], "run again")
    now = contents(trial.paths.root)
    assert {name: now.get(name) for name in before} == before
    trial.run_again()


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[None]:
    """A mount for the block; the test is skipped where the system does not allow it."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only an administrator of a Linux machine may mount")
    done = subprocess.run(["mount", *options, folder], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine allows no mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize("stage", ["film", "train"])
def test_a_full_disk(trial: Trial, stage: str) -> None:
    """On a file system that is really too small the stage says so; with more room the same run goes on to the end."""
    trial.begin(stage)
    needed = sum(path.stat().st_size for path in trial.out.rglob("*") if path.is_file())
    trial.reset()
    trial.out.mkdir()
    size = 4096 * (needed // 8192)  # half of what is wanted
    with mounted(trial.out, "-t", "tmpfs", "-o", f"size={size}", "none"):
        trial.refused(run(trial.paths.root, stage), ERRORS["full"], "free some space")
        assert not list(trial.paths.root.rglob(".partial-*"))
        subprocess.run(["mount", "-o", f"remount,size={64 << 20}", trial.out], check=True)
        trial.run_again()


def test_outputs_that_may_not_be_written(trial: Trial) -> None:
    """With results on a read-only file system every stage says so at once; once it may write, it ends."""
    trial.begin("verify")
    trial.reset()
    results = trial.paths.results
    with mounted(results, "--bind", str(results)):
        subprocess.run(["mount", "-o", "remount,bind,ro", results], check=True)
        before = contents(trial.paths.root)
        for stage in ("film", "train", "verify"):
            trial.refused(run(trial.paths.root, stage), ERRORS["read-only"], "make it writable")
        assert contents(trial.paths.root) == before
    trial.run_again()


def test_a_second_run_beside_the_first(trial: Trial) -> None:
    """A second run is refused and changes nothing, whichever stage it is; the first ends as if it had been alone."""
    trial.begin("sky")
    trial.reset()
    first = start(trial.paths.root, "sky")
    wait_for(trial.paths.lock.is_file)
    wait_for(lambda: any(trial.out.rglob("*.p*")))
    assert first.process.pid is not None
    os.kill(first.process.pid, signal.SIGSTOP)
    try:
        before = contents(trial.paths.root)
        for stage in ("sky", "film", "verify"):
            trial.refused(run(trial.paths.root, stage), "another run is active", "wait until it has ended")
        assert contents(trial.paths.root) == before
    finally:
        os.kill(first.process.pid, signal.SIGCONT)
    assert first.end().code == 0
    trial.compare()


def workers_of(pid: int) -> list[int]:
    """Worker processes that a process has started."""
    children = [
        int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()
    ]
    return [one for one in children if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds workers by /proc")
def test_killed_with_worker_processes(trial: Trial) -> None:
    """A stage in several processes, killed, leaves none behind that still writes; a killed worker's night is done again."""
    trial.begin("film")
    text = trial.paths.params.read_text()
    document = yaml.safe_load(text)
    document["engine"]["workers"] = 2
    for victim in ("all", "worker"):
        trial.paths.params.write_text(yaml.safe_dump(document))
        trial.reset()
        running = start(trial.paths.root, "film")
        assert running.process.pid is not None
        pid = running.process.pid
        wait_for(lambda pid=pid: len(workers_of(pid)) == 2)
        workers = workers_of(pid)
        if victim == "all":
            running.process.kill()
            assert running.end().code == -signal.SIGKILL
            wait_for(lambda workers=workers: not any(alive(worker) for worker in workers))
            assert run(trial.paths.root, "film").code == 0
        else:
            os.kill(workers[0], signal.SIGKILL)
            assert running.end().code == 0
        trial.paths.params.write_text(text)
        trial.compare()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="tells files from folders by /proc")
def test_names_are_on_the_disk_before_the_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is flushed before it takes its place and its folder afterwards, so a power cut keeps their order."""
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def noted_sync(descriptor: int) -> None:
        done.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "file")
        sync(descriptor)

    def noted_replace(source: str, target: str) -> None:
        done.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_replace)
    for name in ("output", "receipt"):
        write_text(tmp_path / name, name)
    assert done == ["file", "replace", "folder"] * 2


def test_leftovers_of_any_stage_are_cleared_by_the_next(trial: Trial) -> None:
    """Half-written files of killed stages, a video among the videos too, are removed by whatever stage runs next."""
    trial.begin("sky")
    trial.reset()
    paths = trial.paths
    half = [
        paths.videos(CORPUS) / ".partial-a.mp4", paths.stage(CORPUS, "clock") / "tables" / ".partial-b.parquet",
        paths.stage(CORPUS, "film") / "receipts" / ".partial-c.json", paths.results / ".partial-d.json",
        paths.stage(CORPUS, "softmax") / ".partial-e.parquet",
    ]  # fmt: skip
    for path in half:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'{"summary": {')
    trial.run_again()
    assert not list(paths.root.rglob(".partial-*"))


def test_no_room_for_temporary_files(trial: Trial) -> None:
    """Without room for what Tesseract is given the clock stage says so, and takes no clock for unreadable."""
    trial.begin("clock")
    trial.reset()
    scratch = trial.paths.root.parent / "tmp"
    scratch.mkdir()
    with mounted(scratch, "-t", "tmpfs", "-o", "size=16k", "none"):
        trial.refused(run(trial.paths.root, "clock"), "No space left on device", "free some space")
    trial.run_again()


def test_an_answer_of_tesseract_that_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Tesseract's answer lacks its last page, as on a full disk, no clock is taken for unreadable."""
    from repro.clock import ocr

    answer = {"page_num": [1, 2], "text": ["2024", ""], "conf": [90.0, -1.0]}
    monkeypatch.setattr(ocr.pytesseract, "image_to_data", lambda *_, **__: answer)
    page = np.full((20, 100), 255, np.uint8)
    with pytest.raises(UnwritableError, match="ends with page 2"):
        ocr._read_pages([page, page], "")
    assert ocr._read_pages([page], "") == [("2024", 90.0)]


def test_the_log_of_runs_never_stands_in_the_way(trial: Trial) -> None:
    """A log that cannot be written hides no error, and a line that was cut by a crash takes no other line along."""
    paths = trial.paths
    paths.results.mkdir(parents=True)
    paths.params.write_bytes((child.ROOT / "params.yaml").read_bytes())
    paths.runs.mkdir()
    with pytest.raises(ZeroDivisionError), run_log(paths, "film", "simulated"):
        raise ZeroDivisionError
    paths.runs.rmdir()
    for _ in range(2):
        with run_log(paths, "clock", "simulated"):
            pass
        with paths.runs.open("a") as file:
            file.write('{"stage": "clo')
    assert [line["outcome"] for line in read_runs(paths)] == ["done", "done"]


def test_a_worker_that_outlived_its_run_removes_nothing(tmp_path: Path) -> None:
    """A worker on another machine, whose run was killed, fails after the next run has finished the night: the night stays."""
    task = Late(
        NightWork("20240201", (), (tmp_path / "tables" / "20240201.txt",), tmp_path / "receipts" / "20240201.json", "s")
    )
    with pytest.raises(FileNotFoundError):
        _night(overtaken, task)
    assert receipts.is_current(task.work)


@dataclass(frozen=True)
class Late:
    """A night of which nothing is asked."""

    work: NightWork
    size: int = 1


def overtaken(task: Late) -> dict[str, int]:
    """Work at whose end the next run has finished the night and swept away what this one had begun."""
    write_text(task.work.outputs[0], "of the next run")
    receipts.write(task.work, {})
    raise FileNotFoundError(".partial-of-this-run")
