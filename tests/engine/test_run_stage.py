"""Running a stage: with the project locked, a line in the log, and errors that a user can act on."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from repro.engine.run_nights import Outcome
from repro.engine.run_stage import project_lock, read_runs, run_stage
from repro.errors import ReproError
from repro.params import Params
from repro.paths import Paths
from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A project with parameters and nothing else, as the current folder."""
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    (tmp_path / "expected").mkdir()
    monkeypatch.chdir(tmp_path)
    return Paths(tmp_path)


def test_every_run_leaves_a_line(project: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    """A stage that ends and one that fails are both in the log, with what came of them."""
    run_stage(lambda _paths, _params: Outcome(("20240201",), ("20240202", "20240203"), ()), "film")

    def fail(_paths: Paths, _params: Params) -> None:
        raise ReproError(found="nothing", expected="a video", where="data", remedy="bring one")

    with pytest.raises(SystemExit) as end:
        run_stage(fail, "clock")
    assert end.value.code == 1
    printed = capsys.readouterr().err
    assert "stage clock" in printed
    assert "bring one" in printed
    film, clock = read_runs(project)
    assert (film["stage"], film["outcome"], film["nights_done"], film["nights_kept"]) == ("film", "done", 1, 2)
    assert (clock["stage"], clock["outcome"], clock["nights_done"]) == ("clock", "failed", None)


def test_a_stage_bears_the_name_of_its_script(project: Paths) -> None:
    """A stage that is given no name is logged under the name of the file that defines it."""
    run_stage(lambda _paths, _params: None)
    assert [run["stage"] for run in read_runs(project)] == ["test_run_stage"]


def test_a_second_run_is_refused_while_the_first_works(project: Paths) -> None:
    """Another process that holds the project is an error that says so; once it is killed, the project is free."""
    code = "import sys; from repro.paths import Paths; from pathlib import Path; from repro.engine.run_stage import project_lock\n"
    code += f"with project_lock(Paths(Path({str(project.root)!r}))):\n    print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(ReproError, match="another run"), project_lock(project):
            pass
        other.kill()
        other.wait()
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
    text = project.params.read_text().replace("corpus: simulated ", "corpus: auroramax ")
    project.params.write_text(text)
    runpy.run_path(str(ROOT / "stages" / "simulate.py"), run_name="__main__")
    assert "nothing to do, the corpus is auroramax" in capsys.readouterr().out
    assert [path for path in (project.root / "data" / "simulated").rglob("*") if path.is_file()] == []
    assert read_runs(project)[-1]["outcome"] == "done"
