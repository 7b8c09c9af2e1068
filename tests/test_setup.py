"""Setting up: what setup.sh and the Makefile say of a checkout in an unusual state."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what sets up the environment; its name has a space and a letter beyond ASCII."""
    folder = tmp_path / "a checkoüt"
    folder.mkdir()
    for name in ("Makefile", "setup.sh", "pyproject.toml", "constraints.txt", ".gitattributes"):
        shutil.copy(ROOT / name, folder)
    return folder


def shell(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, with these variables of the environment."""
    environment = dict.fromkeys(("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"), "/dev/null")
    environment |= {"PATH": "/usr/local/bin:/usr/bin:/bin", **more}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_without_git_the_remedy_comes_first(checkout: Path) -> None:
    """In an unpacked archive, make says before it installs anything that DVC wants a repository, and each remedy works."""
    done = shell(checkout, "make", "report")
    assert done.returncode != 0
    assert done.stderr.startswith("found:    no git repository")
    assert "Installing" not in done.stdout
    remedy = done.stderr.partition("or do without: ")[2].partition(". make")[0]
    (checkout / ".dvc").mkdir()
    assert shell(checkout, "bash", "-c", remedy).returncode == 0
    assert shell(checkout, "bash", "setup.sh", "repository").returncode == 0
    (checkout / ".dvc" / "config.local").unlink()
    assert shell(checkout, "bash", "setup.sh", "repository").returncode == 1
    shell(checkout, "git", "init", "--quiet")
    assert shell(checkout, "bash", "setup.sh", "repository").returncode == 0


def test_a_python_that_is_missing(checkout: Path) -> None:
    """A program that is no Python is an error that says how to name another."""
    done = shell(checkout, "bash", "setup.sh", "system", "no-python")
    assert done.returncode == 1
    assert "make PYTHON=" in done.stderr


def test_line_ends_stay_as_bash_wants_them(checkout: Path) -> None:
    """Where git turns line ends into those of Windows, files of the repository keep theirs."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    shell(checkout, "git", "init", "--quiet")
    shell(checkout, "git", "add", ".")
    assert shell(checkout, "git", *who, "commit", "--quiet", "-m", "t").returncode == 0
    before = (checkout / "setup.sh").read_bytes()
    (checkout / "setup.sh").unlink()
    assert shell(checkout, "git", "-c", "core.autocrlf=true", "checkout", "setup.sh").returncode == 0
    assert (checkout / "setup.sh").read_bytes() == before


@pytest.mark.parametrize("moved", [True, False])
def test_an_environment_of_another_place_is_made_again(checkout: Path, moved: bool) -> None:
    """A checkout that was renamed sets its environment up again, and one that was not has nothing to do."""
    (checkout / ".venv").mkdir()
    place = "/somewhere/else" if moved else checkout.resolve()
    (checkout / ".venv" / ".ready").write_text(f"{place}\n", encoding="utf-8")
    planned = shell(checkout, "make", "--dry-run", "setup")
    assert planned.returncode == 0, planned.stderr
    assert ("rm -rf .venv" in planned.stdout) is moved


def test_help_names_every_target(checkout: Path) -> None:
    """`make help` lists the targets with what each does."""
    text = shell(checkout, "make", "help").stdout
    for target in ("setup", "report", "verify", "test", "test-fast", "lint", "bench", "clean"):
        assert f"make {target} " in text


def test_a_missing_browser_stops_nothing(checkout: Path, tmp_path: Path) -> None:
    """Where Chromium is not there and may not be installed, a message names the tests that are skipped, and setting up goes on."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "id").symlink_to(shutil.which("id") or "")
    command = (shutil.which("bash") or "bash", "setup.sh", "browser")
    missing = shell(checkout, *command, PATH=str(programs))
    assert missing.returncode == 0
    assert "are skipped" in missing.stderr
    assert "chromium-driver" in missing.stderr
    for name in ("chromium", "chromedriver"):
        (programs / name).symlink_to(shutil.which("true") or "")
    quiet = shell(checkout, *command, PATH=str(programs))
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("word", "index", "has_uv", "cuda", "refused"),
    [
        ("cpu", "", True, False, ""),
        ("cpu", "https://mirror.example/cpu", True, False, ""),
        ("cpu", "https://mirror.example/cpu", False, False, ""),
        ("cpu", "", True, True, "found:    no build of torch without CUDA"),
        ("cpu", "", False, False, "found:    no build of torch without CUDA"),
        ("gpu", "", True, False, "found:    TORCH=gpu"),
    ],
)
def test_torch_without_cuda(
    checkout: Path, tmp_path: Path, word: str, index: str, has_uv: bool, cuda: bool, refused: str
) -> None:
    """TORCH=cpu takes torch by uv or from the named index, then the rest; a build with CUDA or another word is an error."""
    programs = tmp_path / "bin"
    programs.mkdir()
    # The environment's Python writes down what pip is asked for, and answers whether torch needs CUDA.
    log = '#!/bin/sh\necho "$*" >> installed.log\n'
    (programs / "fake").write_text(log.replace("echo", f'[ "$1" = -c ] && exit {int(cuda)}; echo'))
    (programs / "python3").write_text('#!/bin/sh\nmkdir -p "$3/bin" && cp "${0%python3}fake" "$3/bin/python"\n')
    if has_uv:
        (programs / "uv").write_text(log)
    for program in programs.iterdir():
        program.chmod(0o755)
    command = ("bash", "setup.sh", "environment", "python3", ".venv", word)
    done = shell(checkout, *command, PATH=f"{programs}:/usr/bin:/bin", CPU_INDEX=index)
    assert done.stderr.startswith(refused)
    assert done.returncode == int(bool(refused)), done.stderr
    if refused:
        return
    torch, rest = (checkout / "installed.log").read_text(encoding="utf-8").splitlines()
    assert (f"--index-url {index}" if index else "--torch-backend cpu") in torch
    assert torch.endswith("--no-deps --constraint constraints.txt torch torchvision")
    assert rest.endswith("--constraint constraints.txt --editable .[dev]")
