"""The frame of the command line: output in any encoding, exit codes, and the code that runs."""

import io
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pandas as pd
import pytest
import typer
from rich.console import Console

from repro import cli
from repro.engine.run_stage import run_stage
from repro.paths import Paths
from repro.status import print_status, status
from tests.conftest import ROOT
from tests.support.project import make_project


def call(
    monkeypatch: pytest.MonkeyPatch, *words: str, raw: BinaryIO | None = None, encoding: str = "utf-8"
) -> tuple[object, bytes]:
    """Exit code and output of a command that writes in some encoding, into a pipe if one is given."""
    output = io.BytesIO()
    monkeypatch.setattr(sys, "argv", ["repro", *words])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw or output, encoding=encoding, write_through=True))
    with pytest.raises(SystemExit) as end:
        cli.main()
    return end.value.code, output.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "euc_kr"])
def test_output_that_cannot_be_encoded(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """In any encoding all is printed, a JSON document with the same contents, and the exit code stays."""
    document = {"words": "é 각 — \N{PARTY POPPER}"}

    def app() -> None:
        cli._print_json(json.dumps(document, ensure_ascii=False) + "\n")
        Console().print("é 각 —")
        raise SystemExit(0)

    monkeypatch.setattr(cli, "app", app)
    code, text = call(monkeypatch, encoding=encoding)
    *lines, last = text.decode(encoding).strip().splitlines()
    assert code == 0
    assert json.loads("".join(lines)) == document
    assert last.count(" ") == 2


@pytest.mark.parametrize("lines", [1, 100_000])
def test_a_reader_that_goes_away(monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    """Where the output's reader has gone, the command ends as one that the system's signal ended, with 141."""
    app = typer.Typer(add_completion=False)
    app.command()(lambda: print("line\n" * lines))
    monkeypatch.setattr(cli, "app", app)
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as raw:  # noqa: PTH123 (a pipe)
        assert call(monkeypatch, raw=raw)[0] == 141


def test_a_fault_has_an_exit_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An error that nobody foresaw is shown with its traceback and never ends with a code that means something else."""
    monkeypatch.setattr(cli, "find_project", lambda _: 1 / 0)
    assert call(monkeypatch, "status")[0] == 70
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["-h"], ["verify", "-h"], ["diff", "--help"]])
def test_help(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """Help is shown by its short name, too, of the program and of each command."""
    code, text = call(monkeypatch, *words)
    assert code == 0
    assert text.startswith(b"Usage: ")


def test_an_unknown_corpus(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The status of a corpus that does not exist is an error, not an empty table."""
    assert call(monkeypatch, "status", "--project", str(ROOT), "--corpus", "foo")[0] == 2
    assert "no corpus 'foo'" in capsys.readouterr().err


def test_code_of_another_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the code is not that of the project, a stage ends with both places, and a command goes on and says so."""
    project = make_project(tmp_path, "simulated")
    (tmp_path / "repro").mkdir()
    (tmp_path / "repro" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        run_stage(lambda _paths, _params: pytest.fail("it ran"), "film")
    message = capsys.readouterr().err
    assert str(tmp_path / "repro") in message
    assert str(ROOT / "repro") in message
    assert not project.results.exists()
    assert call(monkeypatch, "status")[0] == 0
    warning = f"warning: the code that runs is not this project's\nfound:    code from {ROOT / 'repro'}"
    assert warning in capsys.readouterr().err


def test_numbers_are_never_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal of 20 columns the status has lines that are too long rather than numbers that are cut."""
    empty = status(Paths(tmp_path), "auroramax")
    row = dict.fromkeys(empty.nights.columns, 123_456) | {"night": "20240201"}
    for name, value in {"COLUMNS": "20", "FORCE_COLOR": "1", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    print_status(replace(empty, nights=pd.DataFrame([row]).astype(empty.nights.dtypes)))
    assert capsys.readouterr().out.count("123456") == 2 * (len(row) - 1)
