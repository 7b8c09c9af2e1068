"""Commands about labels: ``repro label``."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated, Literal

import typer

from repro.cli_options import CorpusOption, ProjectOption, chosen
from repro.errors import ReproError

app = typer.Typer(help="Label frames in the browser, and compare labellers.", no_args_is_help=False)

TaskName = Annotated[
    Literal["aurora", "forms"], typer.Option("--task", help="yes or no, or seven forms of aurora (keys 1 to 7).")
]
Labeller = Annotated[str | None, typer.Option(metavar="NAME", help="Who labels; your user name if not given.")]


@app.callback(invoke_without_command=True)
def label(
    context: typer.Context,
    labeller: Labeller = None,
    task: TaskName = "aurora",
    frames: Annotated[
        Path | None, typer.Option(metavar="LIST", help="Label these frames (CSV with a column name), not the sample.")
    ] = None,
    show: Annotated[
        Path | None,
        typer.Option(
            metavar="LIST",
            help="Only look: at the frames of a list (CSV with a column name), at one frame, or at a night.",
        ),
    ] = None,
    by: Annotated[
        Literal["list", "night", "condition", "class", "p_yes", "disagreement"],
        typer.Option("--by", help="Order of --show."),
    ] = "list",
    together: Annotated[
        bool, typer.Option("--together", help="Go on with the labels that another labeller has begun.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; a free one if not given.")] = 0,
    corpus: CorpusOption = None,
    project: ProjectOption = None,
) -> None:
    """Open a page on this machine to label the frames that stage sample has drawn; prints its address.

    Every answer is on disk before the next frame appears: in data/CORPUS/labelling/journal.jsonl, and in labels.csv, which
    trains. End with Ctrl-C and start again at any time. A second labeller sees none of the first one's labels.

    Example: repro label --labeller kim
    Example: repro label --show results/simulated/sample/to_label.csv
    Example: repro label --show 20240201
    """
    if context.invoked_subcommand is not None:
        return
    from repro.labelling.server import serve
    from repro.labelling.sessions import label_session, open_store, show_session
    from repro.labelling.tasks import TASKS

    paths, _, name = chosen(project, corpus)
    if show is not None:
        serve(show_session(paths, name, show, TASKS[task], by), port=port)
        return
    with open_store(paths, name, TASKS[task], _labeller(labeller), together=together) as store:
        serve(label_session(paths, name, store, frames), port=port)


@app.command("import")
def import_(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="CSV of another tool, or a folder of yes/ and no/.")
    ],
    labeller: Labeller = None,
    task: TaskName = "aurora",
    second: Annotated[
        bool, typer.Option("--second", help="These are labels of a second labeller, to be compared with the first.")
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Change labels that are there already.")] = False,
    corpus: CorpusOption = None,
    project: ProjectOption = None,
) -> None:
    """Take over labels of another tool: CSV with names and labels, or images sorted into folders yes/ and no/.

    Commas, semicolons or tabs; UTF-8, UTF-16 or Korean Windows; capitals, and Korean words such as 예 and 아니오. A line that
    is not understood is refused with its number, and nothing is taken over then.

    Example: repro label import ~/sorted --labeller kim
    """
    from repro.labelling.imports import frame_names, read_labels
    from repro.labelling.sessions import open_store
    from repro.labelling.tasks import TASKS

    paths, _, name = chosen(project, corpus)
    who = _labeller(labeller)
    rows = read_labels(source, TASKS[task], frame_names(paths, name), labeller=who)
    with open_store(paths, name, TASKS[task], who, together=not second) as store:
        mine = store.answers()
        given = zip(rows["name"], rows["label"], strict=True)
        changed = [frame for frame, answer in given if frame in mine and mine[frame].label != answer]
        if changed and not replace:
            raise ReproError(
                found=f"{len(changed)} frames with another label already, such as {changed[0]}",
                expected="frames without a label, or with the same one",
                where=str(source),
                remedy="add --replace to change them, or --second if another person labelled them",
            )
        count = store.take_over(rows)
        store.write_file()
    print(f"{len(rows)} labels read, {count} new, in {store.file}")


@app.command()
def masks(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="PNG masks of labelme, CVAT or Label Studio.")],
    name: Annotated[str, typer.Option("--class", metavar="NAME", help="The class in CVAT's labelmap.txt.")] = "aurora",
    replace: Annotated[bool, typer.Option("--replace", help="Change masks that are there already.")] = False,
    corpus: CorpusOption = None,
    project: ProjectOption = None,
) -> None:
    """Take over masks that were drawn with another tool, for the images in data/CORPUS/images.

    Example: repro label masks ~/cvat --class aurora --corpus station
    """
    from repro.labelling.mask_imports import import_masks

    paths, _, corpus_name = chosen(project, corpus)
    count = import_masks(paths, corpus_name, source, name=name, replace=replace)
    print(f"{count} masks are new or changed in {paths.masks(corpus_name)}")


@app.command()
def agreement(
    task: TaskName = "aurora",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write a page with pictures of the disagreements.")
    ] = None,
    corpus: CorpusOption = None,
    project: ProjectOption = None,
) -> None:
    """Compare the labellers of a corpus: Cohen's kappa, and what the noise of labels does to the highest accuracy.

    Example: repro label agreement --out agreement
    """
    from repro.labelling.agreement import compare_labellers, write_page
    from repro.labelling.tasks import TASKS

    paths, params, name = chosen(project, corpus)
    pairs = compare_labellers(paths, name, TASKS[task], seed=params.seed)
    for pair in pairs:
        print("\n".join(pair.lines()))
    if out is not None:
        print(f"disagreements: {write_page(paths, name, pairs, out)}")


@app.command()
def review(
    labeller: Labeller = None,
    summary: Annotated[bool, typer.Option("--summary", help="Only print what the changes do to the accuracy.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port; a free one if not given.")] = 0,
    corpus: CorpusOption = None,
    project: ProjectOption = None,
) -> None:
    """Look again at frames about which label and network disagree, among as many about which they agree.

    Only answers of a network that did not learn the frame are used. The changes are kept apart and do not train: a label that
    is corrected towards the network flatters it.

    Example: repro label review --labeller kim
    """
    from repro.labelling.review import review_session, review_summary
    from repro.labelling.server import serve
    from repro.labelling.sessions import open_store
    from repro.labelling.tasks import AURORA

    paths, params, name = chosen(project, corpus)
    with open_store(paths, name, AURORA, _labeller(labeller), review=True) as store:
        if not summary:
            serve(review_session(paths, name, store, seed=params.seed), port=port)
        print("\n".join(review_summary(paths, name, store)))


def _labeller(name: str | None) -> str:
    from repro.labelling.label_store import check_labeller

    return check_labeller(name if name is not None else getpass.getuser())
