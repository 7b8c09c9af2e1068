"""Commands about the record: ``repro record``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from repro.cli_options import ProjectOption
from repro.paths import find_project

app = typer.Typer(help="Documents of the record, and records of other papers.", no_args_is_help=True)


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the record is called, such as smith-2021.")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="New or empty folder; ./NAME if not given.")] = None,
) -> None:
    """Begin the record of another paper: documents, claims and exemptions, with an example that can be judged at once.

    Example: repro record new smith-2021
    """
    from repro.record.other_record import new_record

    folder = out or Path(name)
    for path in new_record(name, folder):
        print(path)
    print(f"judge it with: repro verify --record {folder}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of claim files, for editors that complete and check YAML.

    Example: repro record schema > claim-file.schema.json
    """
    from repro.files import dumps
    from repro.record.other_record import claim_file_schema

    sys.stdout.write(dumps(claim_file_schema()))


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A document of the record, such as thesis.pdf.")],
    project: ProjectOption = None,
) -> None:
    """Copy a document of the record into data/record, and print what it enables; it is recognised by its hash.

    Example: repro record add ~/Downloads/thesis.pdf
    """
    from repro.figures.documents import add_document

    paths = find_project(project)
    document = add_document(file, paths)
    print(f"{document.title}: now in {paths.record / document.file}")
    print(f"{document.enables}: dvc repro figures")


@app.command()
def gradcam(
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="FILE", help="Trained weights; those of the corpus if not given."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write own_maps.json and .png there.")
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Explain the thesis' twelve frames with a network trained here, beside the author's maps; it needs thesis.pdf.

    Example: repro record gradcam --out maps
    """
    from repro.figures.own_maps import compare_with_author

    paths = find_project(project)
    document = compare_with_author(paths, weights, out)
    print(document["network"])
    for row in document["maps"]:
        print(
            f"{row['group']:10} {row['case']:8} class {row['label']:3}  p(yes) {row['p_yes']:.3f}  "
            f"r {row['correlation']:+.2f}  reached by chance {row['reached_by_chance']:.3f}"
        )
    print(
        f"mean correlation {document['mean_correlation']:.2f}; {document['maps_that_agree_beyond_chance']} of "
        f"{len(document['maps'])} maps agree beyond 95 % of changed maps"
    )
