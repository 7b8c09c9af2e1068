"""README and docs: links lead somewhere, and commands and stages that are named exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from repro.cli import app
from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
READ = {page: page.read_text(encoding="utf-8") for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file of the repository."""
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", READ[page]) if "://" not in link]
    assert [link for link in links if not (page.parent / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_commands_exist(page: Path) -> None:
    """Every command of repro, every stage and every target of make that a page names exists."""
    commands = set(typer.main.get_group(app).commands)
    stages = set(yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"])
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"(?:bin/|`)repro\s([a-z]+)", READ[page])) - commands == set()
    assert set(re.findall(r"dvc repro ([a-z]+)", READ[page])) - stages == set()
    assert set(re.findall(r"`make ([a-z-]+)", READ[page])) - targets == set()


def test_readme_is_short() -> None:
    """README is a page that can be read to its end."""
    assert len(READ[ROOT / "README.md"].splitlines()) <= 170


def test_camera_page_names_every_field() -> None:
    """The page about another camera explains every field of a profile."""
    from repro.camera import Camera, Clock

    fields = [*Camera.model_fields, *(f"clock.{name}" for name in Clock.model_fields)]
    text = READ[ROOT / "docs" / "camera.md"]
    assert [name for name in fields if name != "clock" and f"`{name}`" not in text] == []


def test_package_page_names_every_dependency() -> None:
    """The page about packages names every package that pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    declared = {re.split(r"[^A-Za-z0-9_-]", name)[0] for name in wanted} - {"aurora-repro"}
    named = set(re.findall(r"[A-Za-z0-9_-]+", READ[ROOT / "docs" / "packages.md"]))
    assert declared - named == set()
