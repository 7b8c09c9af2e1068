"""Work over nights: every item is answered, whatever happens to the others."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repro.engine.executors import TRIES
from repro.engine.workers import run, worker_count
from repro.params import Engine
from tests.conftest import ROOT
from tests.engine.work import dies, square, threads
from tests.support.processes import LIMIT_S, alive, wait_for


@pytest.mark.parametrize("workers", [1, 2])
def test_one_bad_item_does_not_stop_the_others(workers: int) -> None:
    """Every item is answered once; the bad one by its error, with all four parts."""
    answers = dict(run(square, [1, 2, 3, 4], workers=workers))
    error = answers.pop(3)
    assert answers == {1: 1, 2: 4, 4: 16}
    assert (error.found, error.remedy) == ("three", "choose")


def test_worker_count_is_at_least_one() -> None:
    """Zero asks for one worker a core; any other number is taken as it is; of a cluster's workers each is one."""
    assert worker_count(0) >= 1
    assert worker_count(3) == worker_count(Engine(workers=3)) == 3
    assert worker_count(Engine(workers=3, scheduler="tcp://host:8786")) == 1


def test_a_killed_worker_is_tried_again_and_takes_no_other_along(tmp_path: Path) -> None:
    """An item whose process dies is tried again, at most three times; then it is an error, and all others are answered."""
    items = [(tmp_path, 1, 0), (tmp_path, 2, TRIES - 1), (tmp_path, 3, 99), (tmp_path, 4, 0), (tmp_path, 5, 0)]
    answers = {item[1]: answer for item, answer in run(dies, items, workers=2)}
    error = answers.pop(3)
    assert answers == {1: 1, 2: 2, 4: 4, 5: 5}
    assert error.found == f"the process at work on it was killed {TRIES} times"
    tried = [len(list(tmp_path.glob(f"{number}-*"))) for number in range(1, 6)]
    assert tried == [1, TRIES, TRIES, 1, 1]


def test_libraries_work_on_one_thread() -> None:
    """In this process and in others, torch, OpenCV and Tesseract are given one thread; here only for as long as it takes."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        for workers in (1, 2):
            assert {answer for _, answer in run(threads, [1, 2], workers=workers)} == {(1, 1, "1")}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_caller_that_wants_no_more_ends_the_workers() -> None:
    """Closing a run before its end kills its processes instead of waiting for nights that nobody wants."""
    answers = run(time.sleep, [0.0, 3000.0, 3000.0], workers=2)
    assert next(answers) == (0.0, None)
    answers.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_run(tmp_path: Path, how: signal.Signals) -> None:
    """After an interrupt, or when the run itself is killed, its workers end within seconds and without a word."""
    code = (
        "import sys; from pathlib import Path; from repro.engine.workers import run; from tests.engine import work\n"
        "sys.excepthook = lambda *_: None; list(run(work.tell_and_wait, [Path(sys.argv[1])] * 4, workers=2))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # Interrupts as on a terminal: what a shell starts in the background, tests too, ignores them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    wait_for(lambda: len(list(tmp_path.iterdir())) == 2)
    workers = [int(path.name) for path in tmp_path.iterdir()]
    # A terminal sends an interrupt to the whole group.
    (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
    stderr = process.communicate(timeout=LIMIT_S)[1]
    assert process.returncode == -how
    assert stderr == "" or how == signal.SIGKILL
    wait_for(lambda: not any(alive(pid) for pid in workers))
    assert len(list(tmp_path.iterdir())) == 2
