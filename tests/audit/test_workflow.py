"""The workflow that posts a comparison, its steps run on a toy project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.audit.toy import Toy
from tests.conftest import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "audit.yml").read_text(encoding="utf-8"))
#: Scripts of the job that compares, by step.
COMMANDS = {step["name"]: step["run"] for step in WORKFLOW["jobs"]["compare"]["steps"] if "run" in step}


def test_workflow_asks_for_what_the_makefile_offers() -> None:
    """Every make target that the workflow calls is in the Makefile, and nothing is installed but by them."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = "\n".join(COMMANDS.values())
    assert set(re.findall(r"\bmake ([a-z-]+)", text)) == {"setup", "report"} <= targets
    assert "pip" not in text


def test_code_of_a_pull_request_may_not_write() -> None:
    """The job that runs code of the pull request may only read; the one that may write runs none of it."""
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in WORKFLOW["jobs"]["compare"]
    writing = WORKFLOW["jobs"]["comment"]
    assert writing["permissions"] == {"pull-requests": "write"}
    assert not any("checkout" in step.get("uses", "") for step in writing["steps"])


@pytest.mark.slow
def test_steps_compare_base_and_head(toy: Toy, tmp_path: Path) -> None:
    """Run in order, the steps leave a comparison of the base with the pull request, also on an empty cache."""
    (toy.root / ".git" / "info" / "exclude").write_text("/.venv/\n/audit/\n")
    bin_ = toy.root / ".venv" / "bin"
    bin_.mkdir(parents=True)
    programs = {"make": "-m dvc repro --quiet", "repro": f'-c "import sys; sys.path.insert(0, {str(ROOT)!r}); '
                'from repro.cli import main; main()"'}  # fmt: skip
    for name, arguments in programs.items():
        (bin_ / name).write_text(f'#!/bin/sh\n[ "$1" = report ] && set --\nexec {sys.executable} {arguments} "$@"\n')
        (bin_ / name).chmod(0o755)
    values = {"base.sha": "base", "github.sha": "blur"}
    files = {name: tmp_path / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    path = os.pathsep.join([str(bin_), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "DVC_NO_ANALYTICS": "1", **{k: str(v) for k, v in files.items()}}
    toy.run("rm", "-rf", ".dvc/cache", "results")
    for name in ("Run the base", "Run the pull request", "Compare"):
        script = re.sub(r"\$\{\{ (\S*?(base\.sha|github\.sha)) \}\}", lambda found: values[found[2]], COMMANDS[name])
        assert "${{" not in script
        answer = subprocess.run(
            ["bash", "-e", "-c", script], cwd=toy.root, env=environment, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stderr + answer.stdout
    assert "Moved: 1 claim" in files["GITHUB_STEP_SUMMARY"].read_text()
    assert files["GITHUB_OUTPUT"].read_text() == "compared=yes\n"
    assert (toy.root / "audit" / "index.html").is_file()
