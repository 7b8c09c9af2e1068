"""Texts: what README, docs and the remedies of errors name exists, and the examples of docstrings run."""

import ast
import doctest
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml
from pydantic import BaseModel

import repro
from repro.camera import Camera, Clock
from repro.cli import app
from repro.params import Params
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
READ = {page: page.read_text(encoding="utf-8") for page in PAGES}
STAGES = set(yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"])
COMMANDS: dict[str, typer.core.TyperCommand] = typer.main.get_group(app).commands  # type: ignore[assignment]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
GAP = "\0"  # what an f-string fills in


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the repository."""
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", READ[page]) if "://" not in link]
    assert [link for link in links if not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_commands_exist(page: Path) -> None:
    """Every command of repro, every stage and every target of make that a page names exists."""
    assert set(re.findall(r"(?:bin/|`)repro\s([a-z]+)", READ[page])) - set(COMMANDS) == set()
    assert set(re.findall(r"dvc repro ([a-z]+)", READ[page])) - STAGES == set()
    assert set(re.findall(r"`make ([a-z-]+)", READ[page])) - TARGETS == set()


def test_readme_is_short() -> None:
    """README is a page that can be read to its end."""
    assert len(READ[ROOT / "README.md"].splitlines()) <= 170


def test_camera_page_names_every_field() -> None:
    """The page about another camera explains every field of a profile."""
    fields = [*Camera.model_fields, *(f"clock.{name}" for name in Clock.model_fields)]
    text = READ[ROOT / "docs" / "camera.md"]
    assert [name for name in fields if name != "clock" and f"`{name}`" not in text] == []


def test_package_page_names_every_dependency() -> None:
    """The page about packages names every package that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = sum(project["optional-dependencies"].values(), project["dependencies"])
    declared = {re.split(r"[^A-Za-z0-9_-]", name)[0] for name in wanted} - {"aurora-repro"}
    named = set(re.findall(r"[A-Za-z0-9_-]+", READ[ROOT / "docs" / "packages.md"]))
    assert declared - named == set()


@cache
def texts() -> list[tuple[str, str]]:
    """Every text in the library and the stages, with its place."""
    placed = []
    for folder in ("repro", "stages"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree, file = ast.parse(path.read_text(encoding="utf-8")), path.relative_to(ROOT)
            parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in ast.walk(tree):
                place = f"{file}:{getattr(node, 'lineno', 0)}"
                if isinstance(node, ast.JoinedStr):
                    words = "".join(str(p.value) if isinstance(p, ast.Constant) else GAP for p in node.values)
                    placed.append((place, words))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
                    placed.append((place, node.value))
    return placed


def known(dotted: str, model: type[BaseModel] | None = None) -> bool:
    """Whether params.yaml, or a camera profile, has a parameter of this name."""
    if model is None:
        return known(dotted, Params) or known(dotted, Camera)
    name, _, rest = dotted.partition(".")
    if name not in model.model_fields:
        return False
    inner = model.model_fields[name].annotation
    return not rest or not (isinstance(inner, type) and issubclass(inner, BaseModel)) or known(rest, inner)


@pytest.mark.parametrize(
    ("pattern", "names", "more_than"),
    [
        (r"dvc repro (?!there\b)([a-z]\w*)", STAGES, 10),
        (r"(?:^|[:;`&] )make ([a-z-]+)(?=$|[`;.,])", TARGETS, 0),  # at the end of a sentence or after a colon
    ],
    ids=["dvc repro", "make"],
)
def test_stages_and_targets_that_are_advised_exist(pattern: str, names: set[str], more_than: int) -> None:
    """`dvc repro NAME` names a stage, and `make NAME` a target of the Makefile."""
    every = [*texts(), ("setup.sh", (ROOT / "setup.sh").read_text(encoding="utf-8"))]
    advised = [(place, word) for place, text in every for word in re.findall(pattern, text, re.MULTILINE)]
    assert len(advised) > more_than
    assert [(place, word) for place, word in advised if word not in names] == []


def test_commands_and_options_that_are_advised_exist() -> None:
    """`repro NAME --option` names a command and options that it has."""
    advised = [
        (place, found[1], re.findall(r"--[a-z-]+", found[2]))
        for place, text in texts()
        for found in re.finditer(r"(?<![\w.])(?<!dvc )(?<!from )repro ([a-z]+)((?: (?:--)?[\w/.\0-]+)*)", text)
    ]
    assert len(advised) > 3
    for place, name, options in advised:
        assert name in COMMANDS, (place, name)
        # A group of commands, such as camera, has those of its commands as well.
        parts = [COMMANDS[name], *getattr(COMMANDS[name], "commands", {}).values()]
        known_options = {option for part in parts for parameter in part.params for option in parameter.opts}
        assert set(options) <= known_options, place


@pytest.mark.parametrize("section", sorted(name for name in Params.model_fields if name not in ("corpus", "seed")))
def test_parameters_that_are_advised_exist(section: str) -> None:
    """`section.name` in an error about params.yaml is a parameter."""
    wrong = [
        (place, word)
        for place, text in texts()
        if re.search(r"params\.yaml|\bset \w+\.\w+|\(\w+\.\w+\)", text)
        for word in re.findall(rf"(?<![\w./]){section}\.[a-z_.]*[a-z_]", text)
        if not word.endswith((".json", ".yaml", ".parquet", ".py", ".csv", ".safetensors")) and not known(word)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name in ("verify", "predict_schedule") else name
        for name in repro.__all__
    ],
)
def test_example_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in the docstring of every public function gives what it prints."""
    monkeypatch.chdir(ROOT)
    (example,) = doctest.DocTestFinder(recurse=False).find(getattr(repro, name), name, globs={"folder": tmp_path})
    assert example.examples
    printed: list[str] = []
    assert doctest.DocTestRunner(verbose=False).run(example, out=printed.append).failed == 0, "".join(printed)
