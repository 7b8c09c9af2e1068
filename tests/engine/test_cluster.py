"""A real Dask cluster on this machine: the same files as with local processes, also when workers are killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from repro.classifier import network as networks
from repro.classifier.device import of_workers
from repro.classifier.gradcam_corpus import explain_corpus
from repro.classifier.infer_corpus import infer_corpus
from repro.clock.clock_corpus import clock_corpus
from repro.engine import cluster
from repro.engine.run_nights import run_nights
from repro.engine.workers import Workers, run
from repro.errors import ReproError
from repro.film.film_corpus import FilmTask, film_night, film_tasks
from repro.params import ClockParams, Engine, FilmParams, GradcamParams, InferParams, Params
from repro.paths import Paths
from tests.engine.work import Slowly, dies_late, square
from tests.support.camera import SLASHES, Look, burn, small_camera, small_frames, write_video
from tests.support.corpus import SIDE, add_night
from tests.support.images import lively
from tests.support.processes import LIMIT_S, wait_for
from tests.support.project import contents

CAMERA = small_camera(
    frame_px={"width": 320, "height": 120},
    clock={"box_px": {"left": 0, "top": 92, "width": 320, "height": 28}, "scale": 3, "formats": [SLASHES]},
)
NIGHTS = 4
BAD = "20240206"  # a video that is none
LOADED = cluster._loaded
LOCAL: Any = {
    "threads_per_worker": 1, "processes": True, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "memory_limit": 0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _apart(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages run in the project's folder, here an empty one; somebody may edit the code meanwhile, which has its own test."""
    monkeypatch.chdir(tmp_path_factory.mktemp("project"))
    monkeypatch.setattr(cluster, "_loaded", tuple)


@pytest.fixture(scope="module")
def dask() -> Iterator[LocalCluster]:
    """Two worker processes of one thread each."""
    with LocalCluster(n_workers=2, **LOCAL) as local:
        yield local


@pytest.fixture(scope="module")
def engine(dask: LocalCluster) -> Engine:
    """Section ``engine`` that names the cluster."""
    return Engine(scheduler=dask.scheduler_address)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short nights whose clock can be read, and one file that is no video."""
    folder = tmp_path_factory.mktemp("videos")
    for day in range(1, NIGHTS + 1):
        write_video(folder / f"small_2024020{day}.mp4", clocked_frames(day))
    (folder / f"small_{BAD}.mp4").write_bytes(b"no video" * 100)
    return folder


def clocked_frames(day: int) -> Iterator[np.ndarray]:
    """Six minutes of a night: drifting colours and the clock."""
    for number, image in enumerate(small_frames(60, seed=day)):
        wide = np.full((120, 320, 3), 12, np.uint8)
        wide[:90, :160] = image[:90]
        moment = datetime(2024, 2, day, 1, 10, 5) + timedelta(seconds=6 * number)
        burn(wide, moment.strftime(SLASHES), 300, 112, Look())
        yield wide


def observe(videos: Path, root: Path, workers: Workers, film: Callable[[FilmTask], Any] = film_night) -> None:
    """Stages film and clock; ``film`` films one night."""
    tasks, failed = film_tasks(videos, root / "film", CAMERA, FilmParams(), workers=workers)
    run_nights("film", root / "film", tasks, film, workers=workers, failed=failed)
    clock_corpus(root / "film", root / "clock", CAMERA, ClockParams(), workers=workers)


@pytest.fixture(scope="module")
def alone(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digests of what one process makes of the videos: archives, tables, keograms, receipts and lists of failures."""
    root = tmp_path_factory.mktemp("alone")
    observe(videos, root, 1)
    found = contents(root)
    assert len(found) == NIGHTS * (5 + 2) + 2
    assert len(pd.read_parquet(root / "clock" / "tables" / "20240201.parquet")["time_utc"].dropna()) == 6
    return found


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 4])  # two film where one is killed
def test_a_cluster_makes_the_same_files(
    videos: Path, alone: dict[str, str], tmp_path: Path, dask: LocalCluster, engine: Engine, workers: int
) -> None:
    """With one and four workers of a cluster every file is, byte for byte, that of one local process."""
    dask.scale(workers)
    with Client(dask, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=LIMIT_S)
        wait_for(lambda: len(client.scheduler_info()["workers"]) == workers)
    observe(videos, tmp_path, engine)
    assert contents(tmp_path) == alone


def kill_one(marks: Path, killed: list[int]) -> None:
    """Kill the first process that says it is at work, as the kernel does where memory runs out."""
    wait_for(lambda: list(marks.iterdir()))
    killed.append(int(next(marks.iterdir()).name.split("-")[0]))
    os.kill(killed[0], signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["local", "cluster"])
def test_a_worker_killed_in_the_midst_changes_nothing(
    videos: Path, alone: dict[str, str], tmp_path: Path, dask: LocalCluster, engine: Engine, where: str
) -> None:
    """A worker killed while it films: its night is done again elsewhere, and every file is as if nothing had happened."""
    if where == "cluster":
        dask.scale(2)
    marks, killed = tmp_path / "marks", list[int]()
    marks.mkdir()
    killer = threading.Thread(target=kill_one, args=(marks, killed))
    killer.start()
    observe(videos, tmp_path / "made", engine if where == "cluster" else 2, film=Slowly(marks))
    killer.join()
    lost = [path.name for path in marks.iterdir() if path.name.startswith(f"{killed[0]}-")]
    again = [path.name for path in marks.iterdir() if path.name.endswith(lost[0].split("-")[1])]
    assert len(again) == 2
    assert contents(tmp_path / "made") == alone


@pytest.mark.slow
def test_a_night_that_kills_every_worker_stops_no_other(
    tmp_path: Path, dask: LocalCluster, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night that kills each worker it meets is given up with its reason; the others are answered."""
    monkeypatch.setattr(cluster, "GONE_S", LIMIT_S)  # a machine under load takes its time to start a worker again
    monkeypatch.setattr("repro.engine.executors.QUIET_S", 10.0)
    dask.scale(2)
    items = [(tmp_path, number, 99 * (number == 3)) for number in range(1, 7)]
    answers = {item[1]: answer for item, answer in run(dies_late, items, workers=engine)}
    assert "was killed time and again" in answers.pop(3).found
    assert answers == {number: number for number in (1, 2, 4, 5, 6)}


def test_workers_that_all_went_are_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first worker may take hours to come; where all have gone and none comes back, the stage ends with an error."""
    connected: dict[str, Any] = {}
    scheduler = SimpleNamespace(scheduler_info=lambda **_: {"workers": connected})
    monkeypatch.setattr(cluster, "GONE_S", 0.0)
    patience = cluster._Patience(scheduler, "tcp://here:1", False)
    patience()
    patience()
    assert "waiting for one" in capsys.readouterr().err
    connected["tcp://there:2"] = {"resources": {}}
    patience()
    connected.clear()
    with pytest.raises(ReproError, match="after there were some"):
        patience()


@pytest.mark.slow
def test_infer_and_gradcam_on_a_cluster(tmp_path: Path, dask: LocalCluster, engine: Engine, params: Params) -> None:
    """Answers of the network and Grad-CAM maps are, byte for byte, those of this process."""
    dask.scale(2)
    project = Paths(tmp_path)
    table = pd.concat([add_night(project, "simulated", f"2024020{day}", 9, truth=True) for day in (1, 2, 3)])
    weights = tmp_path / "weights.safetensors"
    networks.save(lively(networks.build("none", 5), SIDE), weights, {"image_size_px": SIDE})
    film, sky = (project.stage("simulated", stage) for stage in ("film", "sky"))
    shown = table.assign(p_yes=0.5, predicted="yes", truth=np.where(table["aurora"], "yes", "no"), form="arc")
    shown = shown.assign(colour="red", weather="clear")
    found = []
    for name, workers in (("one", Engine(workers=1, device="cpu")), ("cluster", engine)):
        root = tmp_path / name
        changes = {"engine": workers, "gradcam": GradcamParams(scored_frames=5), "seed": 1, "infer": InferParams()}
        changed = params.model_copy(update=changes)
        outcome = infer_corpus(film, sky, weights, root / "infer", changed)
        assert len(outcome.done) == 3
        explain_corpus(shown, film / "frames", project.masks("simulated"), weights, root / "gradcam", changed)
        found.append(contents(root))
    assert len(found[0]) > 10
    assert found[1] == found[0]


def test_without_the_extra_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where distributed is not installed, naming a scheduler is an error that says what to install."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ReproError, match=r"\.\[cluster\]"):
        list(run(abs, [1], workers=Engine(scheduler="tcp://127.0.0.1:8786")))


@pytest.mark.parametrize("text", ["", '{"a": 1}', "[1]", '{"address": "tcp://127.0.0.1:%d"}', None])
def test_no_scheduler_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    """Where no scheduler answers, or its file is missing or another file, the run ends and says so."""
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    path = tmp_path / "scheduler.json"
    if text is not None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            path.write_text(text.replace("%d", str(free.getsockname()[1])))
    with pytest.raises(ReproError, match="no answer from a Dask scheduler"):
        list(run(abs, [1], workers=Engine(scheduler=str(path))))


def test_a_scheduler_file_will_do(tmp_path: Path, dask: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file in which a scheduler writes its address names it, too; an error of one item comes back whole and stops no other."""
    with Client(dask, set_as_default=False) as client:
        client.write_scheduler_file(str(tmp_path / "scheduler.json"))
    monkeypatch.setattr(cluster, "_loaded", LOADED)  # workers of this same code are not refused
    answers = dict(run(square, [2, 3], workers=Engine(scheduler=str(tmp_path / "scheduler.json"))))
    assert (answers[2], answers[3].found, answers[3].remedy) == (4, "three", "choose")


@pytest.mark.parametrize("lacks", ["runs another repro.film.film_corpus", "does not see"])
def test_a_worker_with_other_code_or_without_the_project_is_refused(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lacks: str
) -> None:
    """A worker that began before the code was changed, or does not see the run's files, does nothing, and the error says so."""
    guarded, mark, other = cluster._guarded, tmp_path / "elsewhere", (("repro.film.film_corpus", "0" * 64),)
    if lacks == "does not see":
        monkeypatch.setattr(cluster, "_guarded", lambda work, _, modules, item: guarded(work, mark, modules, item))
    else:
        monkeypatch.setattr(cluster, "_loaded", lambda: other)
    [(_, answer)] = run(abs, [1], workers=engine)
    assert lacks in answer.found


def test_a_gpu_is_asked_for_as_a_resource(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    """Work that needs a GPU waits for a worker that declares one, says that it waits, and runs there when it comes."""
    answers = list[Any]()
    thread = threading.Thread(target=lambda: answers.extend(run(abs, [-1], workers=engine, gpu=True)))
    thread.start()
    wait_for(lambda: "no worker with --resources GPU=1 is at" in capsys.readouterr().err)
    assert answers == []
    command = [sys.executable, "-m", "distributed.cli.dask_worker", engine.scheduler, "--resources", "GPU=1"]
    worker = subprocess.Popen([*command, "--no-dashboard", "--nthreads", "1"], stderr=subprocess.DEVNULL)
    thread.join(timeout=LIMIT_S)
    worker.terminate()
    worker.wait(timeout=LIMIT_S)
    assert answers == [(-1, 1)]


def test_a_scheduler_that_goes_away_is_an_error(tmp_path: Path) -> None:
    """If the scheduler ends while it has work, the run ends with an error instead of waiting for ever."""
    with LocalCluster(n_workers=1, **LOCAL) as local:
        answers = run(time.sleep, [0.0, 60.0], workers=Engine(scheduler=local.scheduler_address))
        assert next(answers) == (0.0, None)
        local.close()
    with pytest.raises(ReproError, match="went away"):
        next(answers)


@pytest.mark.parametrize(("device", "expected"), [("auto", "cpu"), ("cpu", "cpu"), ("cuda", "cuda")])
def test_device_of_a_cluster(device: str, expected: str) -> None:
    """A cluster's GPU need not be looked for here; it has to be asked for by name."""
    assert of_workers(Engine(device=device, scheduler="tcp://host:8786")).type == expected


@pytest.mark.parametrize("scheduler", ["host:8786", "tcp://host", "", "http://host:1", "/etc/passwd"])
def test_what_is_no_scheduler_is_refused(scheduler: str) -> None:
    """A word that is neither an address with a port nor a JSON file is refused when parameters are read."""
    with pytest.raises(ValueError, match=r"tcp://host:8786"):
        Engine(scheduler=scheduler)
    assert Params.model_fields["engine"].default.scheduler is None
