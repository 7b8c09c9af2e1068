"""The commands around the page: import, agreement, review, and what they say where something is missing."""

import sys

import pandas as pd
import pytest

from repro import cli
from repro.frames import archive_name
from repro.paths import Paths
from tests.labelling.conftest import CORPUS
from tests.support.project import write_params


@pytest.fixture
def project(small: Paths) -> Paths:
    """The small corpus as a project of its own."""
    (small.root / "expected").mkdir()
    return write_params(small.root, CORPUS)


def call(project: Paths, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Exit code and what a command said."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["repro", "label", *words, "--project", str(project.root)])
        with pytest.raises(SystemExit) as end:
            cli.main()
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out + said.err


def test_import_then_agreement(project, names, tmp_path, capsys):
    """Labels of two people come in from a CSV and from folders, are kept apart, and are compared."""
    listed = tmp_path / "kim.csv"
    rows = [f"{name};{'예' if number % 2 else '아니오'}" for number, name in enumerate(names)]
    listed.write_text("\r\n".join(["파일;라벨", *rows]), encoding="utf-16")
    code, said = call(project, capsys, "import", str(listed), "--labeller", "kim")
    assert code == 0
    assert said.splitlines()[-1].startswith("40 labels read, 40 new, in /")
    code, said = call(project, capsys, "agreement")
    assert code == 2
    assert "have another person label them" in said
    assert len(pd.read_csv(project.labels(CORPUS))) == 40
    for number, name in enumerate(names[:20]):
        folder = tmp_path / "lee" / ("yes" if number % 2 or number == 0 else "no")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / archive_name(name)).touch()  # as the archive names them
    code, said = call(project, capsys, "import", str(tmp_path / "lee"), "--labeller", "lee")
    assert code == 2
    assert "1 frames with another label already" in said
    assert "--second" in said
    code, said = call(project, capsys, "import", str(tmp_path / "lee"), "--labeller", "lee", "--second")
    assert code == 0
    assert len(pd.read_csv(project.labels(CORPUS))) == 40
    code, said = call(project, capsys, "agreement", "--out", str(tmp_path / "page"))
    assert code == 0
    assert "kim and lee: 20 frames, the same label for 95.0%" in said
    assert "Cohen's kappa 0.900" in said
    assert [path.name for path in (tmp_path / "page" / "frames").iterdir()] == [names[0]]
    code, said = call(project, capsys, "import", str(tmp_path / "lee"), "--labeller", "lee", "--replace")
    assert (code, "1 new" in said) == (0, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--labeller", ""], "1 to 80 letters"),
        (["--labeller", "a\nb"], "1 to 80 letters"),
        (["--show", "nowhere.csv"], "no list of frames"),
        (["--frames", "nowhere.csv"], "no such file"),
        (["agreement"], "two labellers"),
        (["--corpus", "simulated", "--labeller", "kim"], "the simulated corpus"),
        (["review", "--labeller", "kim"], "dvc repro train"),
        (["import", "nowhere.csv", "--labeller", "kim"], "No such file"),
    ],
)
def test_what_is_missing_is_said(project, capsys, words, message):
    """Each command says what it lacks and ends with 2."""
    code, said = call(project, capsys, *words)
    assert code == 2
    assert message in said
    assert "to do:" in said
