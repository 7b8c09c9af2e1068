"""The command line: ``repro`` and ``python -m repro``."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

from repro.camera_cli import app as camera_app
from repro.cli_options import CorpusOption, ProjectOption, chosen
from repro.errors import ReproError, make_output_encodable
from repro.label_cli import app as label_app
from repro.paths import Paths, find_project, foreign_library
from repro.record_cli import app as record_app

app = typer.Typer(
    help="Verify, audit and regenerate the published results of an aurora classification thesis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(record_app, name="record")
app.add_typer(camera_app, name="camera")
app.add_typer(label_app, name="label")


@app.command()
def verify(
    query: Annotated[
        str, typer.Argument(metavar="[NUMBER|WORD|ID]", help="Only claims with this number, word or id, in detail.")
    ] = "",
    project: ProjectOption = None,
    format: Annotated[  # the contract calls the option --format
        Literal["table", "json", "markdown", "sarif", "junit"],
        typer.Option("--format", help="How to print the verdicts; sarif for code scanning, junit for test reports."),
    ] = "table",
    only: Annotated[str, typer.Option(metavar="ID-PREFIX", help="Only claims whose id begins so, in any case.")] = "",
    record: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Another record, judged by its arithmetic; see repro record new.")
    ] = None,
) -> None:
    """Compare every published number with its evidence and say how strong that is; needs no video.

    Exit code 0: every verdict as declared in expected/published. 1: some verdict drifted. 2: a comparison that should
    be possible failed.

    Example: repro verify 95.59
    """
    from repro.verify_command import run

    raise typer.Exit(run(record or _project(project), query=query, only=only, format=format))


@app.command()
def diff(
    rev_a: Annotated[str, typer.Argument(help="A commit, branch or tag.")] = "HEAD",
    rev_b: Annotated[str | None, typer.Argument(help="Another one; the working tree if not given.")] = None,
    project: ProjectOption = None,
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

    paths = _project(project)
    difference = compare(paths, rev_a, rev_b, images=out is not None)
    if out is not None:
        write(difference, out, style=paths.report_templates / "style.css")
        print(f"the frames that moved, in the browser: repro label --show {out / 'frames.csv'}", file=sys.stderr)
    elif difference.frames.moves:
        print("a frame in the browser: repro label --show NAME; a list of all that moved: --out DIR", file=sys.stderr)
    if format == "json":
        _print_json(as_json(difference))
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
    project: ProjectOption = None,
) -> None:
    """Film nights of the simulated observatory, with known truth; nights that are there already are kept.

    The folder must be new, empty, or made by this command: other files are never changed or removed.

    Example: repro simulate --out /tmp/nights --nights 3 --seed 1
    Example: repro simulate --out /tmp/nights --night 20241229 --night 20250101
    """
    from repro.observatory.simulate import simulate as film_campaign
    from repro.params import load_params

    params = load_params(_project(project).params)
    truth = film_campaign(out, params, nights=nights, named=night or (), seed=seed, campaign_name=campaign)
    dark = truth[(truth["sun_bin"] == "Night") & (truth["moon_bin"] == "No_moon")]
    print(f"{truth['night'].nunique()} nights, {len(truth)} frames with known truth and labels, in {out}")
    print(f"{len(dark)} of them dark and moonless, {int((dark['label'] == 'yes').sum())} of these labelled yes")


@app.command()
def status(
    project: ProjectOption = None,
    corpus: CorpusOption = None,
) -> None:
    """Show the progress of a corpus: nights, frames, repairs by rule, unreadable frames, conditions.

    Then which nights of the record are here, which are missing, and which claims wait for which.

    Exit code 1 if a night failed or a frame's time could not be read.

    Example: repro status --corpus kho
    """
    from repro.evidence import print_record_status, record_status
    from repro.params import load_params
    from repro.record.claim_files import load_claims
    from repro.status import print_status
    from repro.status import status as status_of

    paths = _project(project)
    if corpus and not (paths.results / corpus).is_dir() and not paths.videos(corpus).is_dir():
        known = {path.name for folder in (paths.results, paths.root / "data") for path in folder.glob("[a-z]*/")}
        raise ReproError(
            found=f"no corpus {corpus!r}: neither data/{corpus}/videos nor results/{corpus}",
            expected=f"one of {', '.join(sorted(known - {'schedule', 'verify'}))}" if known else "a corpus with videos",
            where="repro status --corpus",
            remedy=f"put its videos or still images into {paths.videos(corpus)}, or name another",
        )
    params = load_params(paths.params)
    corpus = corpus or params.corpus
    tables = status_of(paths, corpus)
    print_status(tables)
    print_record_status(record_status(paths, params, load_claims(paths.published), corpus))
    raise typer.Exit(0 if tables.clean else 1)


@app.command()
def frames(
    night: Annotated[str, typer.Option(metavar="YYYYMMDD", help="The date of the night's morning.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the JPEG files.")],
    corpus: CorpusOption = None,
    project: ProjectOption = None,
) -> None:
    """Unpack the frames of a night as JPEG files under their published names, as label lists use them.

    A frame whose clock could not be read has no name and is left out. Files that are there already are kept.

    Example: repro frames --night 20240201 --out /tmp/20240201
    """
    from repro.film.frame_archive import unpack_night

    paths, _, corpus = chosen(project, corpus)
    film, clock = (paths.stage(corpus, stage) for stage in ("film", "clock"))
    print(f"{unpack_night(film, clock, night, out)} frames in {out}")


@app.command()
def segment(
    files: Annotated[list[Path], typer.Argument(help="All-sky images, JPEG or PNG.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for masks and overlays.")] = Path("segmented"),
    weights: Annotated[
        Path | None, typer.Option(help="A trained network; that of `make records` if not given.")
    ] = None,
    camera: Annotated[str | None, typer.Option(help="Camera profile that says where the sky is in the image.")] = None,
    project: ProjectOption = None,
) -> None:
    """Find where aurora is in images: a mask and an overlay of each, and its share of the sky.

    Without a camera profile images are square and the horizon touches their sides. Where the names begin with UTC times
    (YYYYMMDDHHMMSS) a minute or two apart, the share of sky cells that changed is printed, too.

    Exit code 1 if an image could not be read.

    Example: repro segment data/jang_bogo/images/20200702*.jpg --out /tmp/masks
    """
    from repro.params import load_params
    from repro.segmentation.segment_images import segment_files

    paths = _project(project)
    segmented, failed = segment_files(files, out, paths, load_params(paths.params), weights=weights, camera=camera)
    for item in segmented:
        changed = ", ".join(
            f"{lag} min: {'no partner' if share is None else f'{share:.1f} % of cells'}"
            for lag, share in item.changed_percent.items()
        )
        print(
            f"{item.file}: aurora in {item.aurora_percent:.1f} % of the sky"
            + (f"; changed, {changed}" if changed else "")
        )
    for error in failed:
        print(f"left out\n{error}\n", file=sys.stderr)
    print(f"{len(segmented)} masks and overlays in {out}")
    raise typer.Exit(int(bool(failed)))


@app.command()
def classify(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Images, folders of images, or videos.")],
    weights: Annotated[Path, typer.Option(metavar="FILE", help="A trained network: weights.safetensors, or .pt.")],
    camera: Annotated[
        str | None, typer.Option(metavar="NAME", help="Cut the sky out of whole images with this profile.")
    ] = None,
    every: Annotated[bool, typer.Option("--every-frame", help="Of a video, take every exposure.")] = False,
    overlays: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write each image with its Grad-CAM map over it.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, auto, cuda or cuda:N.")] = "cpu",
    format: Annotated[Literal["csv", "json"], typer.Option("--format", help="How to print the answers.")] = "csv",
) -> None:
    """Classify images, folders or a video with a trained network, without a pipeline: p(yes) of each, on stdout.

    Without --camera an image is taken as it is: masked and cropped already, as repro frames unpacks it.

    Example: repro classify night/ --weights results/roof/train/weights.safetensors --camera roof
    """
    from repro.camera import load_camera
    from repro.classifier.classify_files import classify_files

    profile = load_camera(camera) if camera else None
    sampling: Literal["all", "cadence"] = "all" if every else "cadence"
    table = classify_files(files, weights, camera=profile, sampling=sampling, overlays=overlays, device=device)
    if format == "json":
        _print_json(table.to_json(orient="records", indent=2, force_ascii=False) + "\n")
    else:
        sys.stdout.write(table.to_csv(index=False, lineterminator="\n"))


@app.command()
def crate(
    out: Annotated[Path, typer.Option(metavar="DIR", help="New or empty folder.")],
    project: ProjectOption = None,
) -> None:
    """Write the last run as a Workflow Run RO-Crate: inputs by hash, stages, parameters, outputs, environment.

    Example: repro crate --out crate
    """
    from repro.audit.crate import write_crate

    print(f"{write_crate(_project(project), out)} entities in {out / 'ro-crate-metadata.json'}")


@app.command()
def forms(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="PNG or JPEG pictures of the whole sky.")],
    format: Annotated[Literal["table", "csv"], typer.Option("--format", help="How to print the classes.")] = "table",
    project: ProjectOption = None,
) -> None:
    """Name the form of aurora in your own all-sky pictures: one of seven classes, with its probability.

    Needs the network that `make records` trains. The pictures should show the whole sky, with the horizon's circle at
    their edge; the middle square of others is taken.

    Example: repro forms night/*.jpg --format csv
    """
    from repro.forms.best_network import classify_forms
    from repro.params import load_params

    paths = _project(project)
    table, network = classify_forms(files, paths, load_params(paths.params))
    if network["simulated"]:
        print(f"note: {network['method']} learnt on simulated pictures, with classes by rules of ours", file=sys.stderr)
    if format == "csv":
        sys.stdout.write(table.to_csv(index=False, float_format="%.4f", lineterminator="\n"))
        return
    width = max(len(name) for name in table["file"])
    for row in table.to_dict("records"):
        print(
            f"{row['file']:<{width}}  {row['class']:<11} {row['p']:6.1%}   then {row['second']} {row['p_second']:.1%}"
        )


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="Name of a benchmark, or all.")],
    format: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print the rates.")] = "table",
    project: ProjectOption = None,
) -> None:
    """Measure speed against the naive way and against the limit, in one run on one machine.

    Each result also goes to bench/NAME.json. Exit code 0: measured; a missed target is reported on stderr.
    1: a benchmark failed; with all, the others still run.

    Example: repro bench sky --format json
    """
    from repro.bench.registry import BENCHMARKS, keep, measure, measure_all
    from repro.files import dumps

    folder = _project(project).bench
    rows = []
    for row in measure_all(list(BENCHMARKS)) if name == "all" else [measure(name)]:
        rows.append(row)
        keep(row, folder)
        if format == "table":
            print(_rates(row), flush=True)
        # In a run of all, each benchmark has reported its own misses.
        for warning in row.get("missed", ()) if name != "all" else ():
            print(f"warning: {warning}", file=sys.stderr)
    if format == "json":
        _print_json(dumps(rows if name == "all" else rows[0]))
    elif name == "realism":
        from repro.bench.realism import lines

        print("\n".join(lines(rows[0])))
    raise typer.Exit(int(any("error" in row for row in rows)))


def _rates(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"{row['name']:<12} failed: {row['error']}"
    return (
        f"{row['name']:<12} {row['ours']:>12,g} {row['unit']}: {row['ratio_to_baseline']:g} x the naive way "
        f"({row['baseline']:g}), {row['ratio_to_limit']:g} of the limit ({row['limit']:g})"
    )


def main() -> None:
    """Run the command line.

    Exit codes beside those of the commands: 2 after an error the user can act on, 70 after a fault of the program, 130
    after an interrupt, 141 when the reader of the output went away, as ``repro verify | head`` does.
    """
    make_output_encodable()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except ReproError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        _end_without_reader()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # the libraries below would end with 1
            _end_without_reader()
        raise
    except Exception:
        traceback.print_exc()
        print("This is a fault of the program; please report it with the lines above.", file=sys.stderr)
        raise SystemExit(70) from None


def _end_without_reader() -> NoReturn:
    # Python flushes once more when it ends, which would fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(141) from None


def _project(folder: Path | None) -> Paths:
    """The project to work in; warns where it holds other code than that which runs."""
    paths = find_project(folder)
    foreign = foreign_library(paths)
    if foreign is not None:
        print(f"warning: the code that runs is not this project's\n{foreign}\n", file=sys.stderr)
    return paths


def _print_json(text: str) -> None:
    """Print a JSON document, escaped where the output's encoding lacks a letter."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(json.loads(text), indent=2) + "\n"
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
