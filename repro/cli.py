"""The command line: ``repro`` and ``python -m repro``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from repro.errors import ReproError
from repro.paths import find_project

app = typer.Typer(
    help="Verify, audit and regenerate the published results of an aurora classification thesis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Project = Annotated[
    Path | None,
    typer.Option("--project", metavar="DIR", help="The checkout; found from the current folder if not given."),
]


@app.callback()
def _root() -> None:
    """Make commands of their own, also while there is only one."""


@app.command()
def verify(
    project: Project = None,
    format: Annotated[  # the contract calls the option --format
        Literal["table", "json", "markdown"], typer.Option("--format", help="How to print the verdicts.")
    ] = "table",
    only: Annotated[str, typer.Option(metavar="ID-PREFIX", help="Only claims whose id begins so.")] = "",
) -> None:
    """Hold every published number against its evidence; needs no video.

    Exit code 0: every verdict as declared in expected/published. 1: some verdict drifted. 2: something that can be
    compared could not be.

    Example: repro verify --only T3 --format markdown
    """
    from repro.record.verdict_formats import as_json, as_markdown, print_table
    from repro.verification import verify_now

    verification = verify_now(find_project(project)).only(only)
    if not len(verification.claims):
        raise ReproError(
            found=f"--only {only}",
            expected="the beginning of a claim id, such as T3 or F5.VAL_LOSS",
            where="repro verify",
            remedy="list all ids with: repro verify",
        )
    if format == "json":
        sys.stdout.write(as_json(verification))
    elif format == "markdown":
        sys.stdout.write(as_markdown(verification))
    else:
        print_table(verification)
    raise typer.Exit(verification.exit_code)


@app.command()
def diff(
    rev_a: Annotated[str, typer.Argument(help="A commit, branch or tag.")] = "HEAD",
    rev_b: Annotated[str | None, typer.Argument(help="Another one; the working tree if not given.")] = None,
    project: Project = None,
    format: Annotated[
        Literal["table", "json", "markdown"], typer.Option("--format", help="How to print the comparison.")
    ] = "table",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write index.html, diff.json and diff.md, with thumbnails.")
    ] = None,
) -> None:
    """Show what a change to the pipeline did: claims, cells, frames, metrics, and the stages that ran and why.

    Reads what DVC recorded and cached; runs nothing. Exit code 0: nothing published moved. 1: something moved.
    2: something could not be compared; the output says what it lacks and how to get it.

    Example: repro diff main --format markdown
    """
    from repro.audit.diff import compare
    from repro.audit.diff_formats import as_json, as_markdown, print_table, write

    paths = find_project(project)
    difference = compare(paths, rev_a, rev_b, images=out is not None)
    if out is not None:
        write(difference, out, style=paths.report_templates / "style.css")
    if format == "json":
        sys.stdout.write(as_json(difference))
    elif format == "markdown":
        sys.stdout.write(as_markdown(difference))
    else:
        print_table(difference)
    raise typer.Exit(difference.exit_code)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for videos, truth, masks and labels.")],
    nights: Annotated[int | None, typer.Option(min=1, help="How many; all of the campaign if not given.")] = None,
    night: Annotated[list[str] | None, typer.Option(help="A night YYYYMMDD; may be given more than once.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Instead of the seed in params.yaml.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Instead of simulate.campaign in params.yaml.")] = None,
    project: Project = None,
) -> None:
    """Film nights of the simulated observatory, with known truth; nights that are there already are kept.

    The folder must be new, empty, or made by this command: files of others are never changed or removed.

    Example: repro simulate --out /tmp/nights --nights 3 --seed 1
    Example: repro simulate --out /tmp/nights --night 20241229 --night 20250101
    """
    from repro.observatory.simulate import simulate as film_campaign
    from repro.params import load_params

    params = load_params(find_project(project).params)
    truth = film_campaign(out, params, nights=nights, named=night or (), seed=seed, campaign_name=campaign)
    dark = truth[(truth["sun_bin"] == "Night") & (truth["moon_bin"] == "No_moon")]
    print(f"{truth['night'].nunique()} nights, {len(truth)} frames with known truth and labels, in {out}")
    print(f"{len(dark)} of them dark and moonless, {int((dark['label'] == 'yes').sum())} of these labelled yes")


@app.command()
def status(
    project: Project = None,
    corpus: Annotated[str | None, typer.Option(help="Corpus; that of params.yaml if not given.")] = None,
    digests: Annotated[bool, typer.Option("--digests", help="Print a SHA-256 of every output instead.")] = False,
) -> None:
    """Show how far a corpus has come: nights, frames, repairs by rule, unreadable frames, conditions.

    Exit code 1 if a night failed or a frame's time could not be read; with --digests, if an output has not been made.

    Example: repro status --corpus kho
    """
    from repro.digests import digests as digests_of
    from repro.digests import print_digests
    from repro.params import load_params
    from repro.status import print_status
    from repro.status import status as status_of

    paths = find_project(project)
    corpus = corpus or load_params(paths.params).corpus
    if digests:
        listed = digests_of(paths, corpus)
        print_digests(listed)
        raise typer.Exit(0 if all(entry.files for entry in listed) else 1)
    found = status_of(paths, corpus)
    print_status(found)
    raise typer.Exit(0 if found.clean else 1)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="Name of a benchmark, or all.")],
    format: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print the rates.")] = "table",
    project: Project = None,
) -> None:
    """Measure speed against the naive way and against the limit, in one run on one machine.

    Each result also goes to bench/NAME.json. Exit code 0: measured; a target that is missed is told on stderr.
    1: a benchmark failed; with all, the others still run.

    Example: repro bench sky --format json
    """
    from repro.bench.registry import BENCHMARKS, keep, measure, measure_all
    from repro.files import dumps

    folder = find_project(project).bench
    rows = []
    for row in measure_all(list(BENCHMARKS)) if name == "all" else [measure(name)]:
        rows.append(row)
        keep(row, folder)
        if name == "all" and format == "table":
            print(_rates(row), flush=True)
        # One benchmark of all has told its own misses.
        for warning in row.get("missed", ()) if name != "all" else ():
            print(f"warning: {warning}", file=sys.stderr)
    if format == "json":
        sys.stdout.write(dumps(rows if name == "all" else rows[0]))
    elif name != "all":
        print(_rates(rows[0]))
    raise typer.Exit(int(any("error" in row for row in rows)))


def _rates(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"{row['name']:<12} failed: {row['error']}"
    return (
        f"{row['name']:<12} {row['ours']:>12,g} {row['unit']}: {row['ratio_to_baseline']:g} x the naive way "
        f"({row['baseline']:g}), {row['ratio_to_limit']:g} of the limit ({row['limit']:g})"
    )


def main() -> None:
    """Run the command line; an error the user can act on is printed without a traceback and exits with 2."""
    try:
        app()
    except ReproError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
