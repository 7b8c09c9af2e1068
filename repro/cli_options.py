"""Options that several commands share, and the project and corpus that they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from repro.paths import Paths, find_project

if TYPE_CHECKING:
    from repro.params import Params

ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="The checkout; found from the current folder if not given."),
]
CorpusOption = Annotated[str | None, typer.Option(help="Corpus; that of params.yaml if not given.")]


def chosen(project: Path | None, corpus: str | None = None) -> tuple[Paths, Params, str]:
    """The project, its parameters, and the corpus: that of the parameters if none is given."""
    from repro.params import load_params  # pydantic takes its time, and `--help` needs none of it

    paths = find_project(project)
    params = load_params(paths.params)
    return paths, params, corpus or params.corpus
