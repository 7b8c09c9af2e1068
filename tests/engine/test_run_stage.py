"""Running a stage: with the project locked, a line in the log, and errors that a user can act on."""

from pathlib import Path

import pytest

from repro.engine.run_nights import Outcome
from repro.engine.run_stage import project_lock, read_runs, run_stage
from repro.errors import ReproError
from repro.params import Params
from repro.paths import Paths
from repro.status import status
from tests.support.project import run, write_params


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A project with parameters and nothing else, as the current folder."""
    (tmp_path / "expected").mkdir()
    monkeypatch.chdir(tmp_path)
    return write_params(tmp_path, "auroramax")


def test_every_run_leaves_a_line(project: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    """A stage that ends and one that fails are both in the log; without a name a stage bears that of its script."""
    run_stage(lambda _paths, _params: Outcome(("20240201",), ("20240202", "20240203"), ()))

    def fail(_paths: Paths, _params: Params) -> None:
        raise ReproError(found="nothing", expected="a video", where="data", remedy="bring one")

    with pytest.raises(SystemExit) as end:
        run_stage(fail, "clock")
    assert end.value.code == 1
    printed = capsys.readouterr().err
    assert "stage clock" in printed
    assert "bring one" in printed
    this, clock = read_runs(project)
    done = {"stage": "test_run_stage", "outcome": "done", "nights_done": 1, "nights_kept": 2}
    assert this.items() >= done.items()
    assert clock.items() >= {"stage": "clock", "outcome": "failed", "nights_done": None}.items()


def test_a_second_run_is_refused_while_the_first_works(project: Paths) -> None:
    """A project that is held is an error that says so; once it is released, it is free."""
    with project_lock(project), pytest.raises(ReproError, match="another run"), project_lock(project):
        pass
    with project_lock(project):
        pass


def test_interruption_ends_quietly(project: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    """Control-C gives one line instead of a traceback, and the exit code of an interruption."""

    def stop(_paths: Paths, _params: Params) -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        run_stage(stop, "film")
    assert end.value.code == 130
    assert capsys.readouterr().err.count("\n") == 1
    assert read_runs(project)[-1]["outcome"] == "failed"


def test_nothing_is_simulated_for_another_corpus(project: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    """With videos of one's own as the corpus, stage simulate ends at once and films no night."""
    run(project, "simulate")
    assert "nothing to do, the corpus is auroramax" in capsys.readouterr().out
    assert [path for path in (project.root / "data" / "simulated").rglob("*") if path.is_file()] == []
    assert read_runs(project)[-1]["outcome"] == "done"


def test_an_empty_corpus_is_an_error_with_a_remedy(project: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    """Without videos the status is empty tables, and stage film an error that says where to put them and how to name them."""
    assert not any(len(table) for table in vars(status(project, "auroramax")).values())
    project.videos("auroramax").mkdir(parents=True)
    with pytest.raises(SystemExit):
        run(project, "film")
    assert "auroramaxHD_YYYYMMDD_720p.mp4" in capsys.readouterr().err
