"""What ``repro`` offers to notebooks: its examples run, and importing it is cheap."""

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import repro
from tests.conftest import ROOT

SLOW = {"verify", "predict_schedule"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in repro.__all__]
)
def test_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in the docstring of every public function gives what it prints."""
    monkeypatch.chdir(ROOT)
    examples = doctest.DocTestFinder(recurse=False).find(getattr(repro, name), name, globs={"folder": tmp_path})
    assert examples[0].examples
    printed: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(examples[0], out=printed.append)
    assert result.failed == 0, "".join(printed)


def test_import_is_cheap() -> None:
    """Importing the library loads none of the libraries that take seconds."""
    heavy = "{'torch', 'cv2', 'pandas', 'numpy', 'skyfield'}"
    check = f"import sys, repro; sys.exit(str({heavy} & set(sys.modules)) if {heavy} & set(sys.modules) else 0)"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT)
