"""Commands about the record: ``repro record``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from repro.paths import find_project

app = typer.Typer(help="Documents of the record.", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Documents of the record."""


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A document of the record, such as thesis.pdf.")],
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="The checkout; found from the current folder if not given."),
    ] = None,
) -> None:
    """Copy a document of the record into data/record, and print what it enables; it is recognised by its hash.

    Example: repro record add ~/Downloads/thesis.pdf
    """
    from repro.figures.documents import add_document

    paths = find_project(project)
    document = add_document(file, paths)
    print(f"{document.title}: now in {paths.record / document.file}")
    print(f"{document.enables}: dvc repro figures")
