"""What a page is begun with: the sample to be labelled, labels that are there already, or a list that is only looked at."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pandas as pd

from repro.errors import refuse
from repro.frames import NAME_PATTERN
from repro.labelling.frame_source import FrameSource, check_frames, names_in
from repro.labelling.imports import frame_names, read_labels
from repro.labelling.journal import Journal
from repro.labelling.label_store import LabelStore
from repro.labelling.server import Session, Shown
from repro.labelling.tasks import Task
from repro.paths import SIMULATED, Paths
from repro.untrusted import read_table

JOURNAL = "journal.jsonl"
_UNNAMED = "unnamed"  # labeller of lines that name none

By = Literal["list", "night", "condition", "class", "p_yes", "disagreement"]
_KNOWN = ("sun_bin", "moon_bin", "label", "p_yes", "predicted")
_MOST_NOTES = 8


@contextmanager
def open_store(
    paths: Paths, corpus: str, task: Task, labeller: str, *, together: bool = False, review: bool = False
) -> Iterator[LabelStore]:
    """The labels of a labeller, for the block; labels of a label file that the journal does not have are taken over first.

    Raises ReproError if another page is open for this corpus, the label file or the journal is damaged, or the corpus is
    the one that stage simulate makes and labels.
    """
    if corpus == SIMULATED:  # an output of the pipeline, which would be made again
        refuse(
            "the simulated corpus, whose labels stage simulate gives", "a corpus of your own images",
            str(paths.labels(corpus)), "name another: repro label --corpus NAME; or look at its frames: repro label --show "
            "results/simulated/sample/to_label.csv",
        )  # fmt: skip
    with Journal(paths.labelling(corpus) / JOURNAL) as journal:
        adopt(paths, corpus, task, journal)
        yield LabelStore(paths, corpus, task, labeller, journal, together=together, review=review)


def adopt(paths: Paths, corpus: str, task: Task, journal: Journal) -> None:
    """Take over labels that stand in the corpus' label file but not in the journal, such as those of a spreadsheet.

    Afterwards the file holds all that the journal does, so that nothing is lost when it is written.
    """
    source = paths.root / "data" / corpus / task.file
    if not source.is_file():
        return
    rows = read_labels(source, task, frame_names(paths, corpus), labeller=_UNNAMED)
    store = LabelStore(paths, corpus, task, _UNNAMED, journal, together=True)
    if count := store.take_over(rows):
        print(f"{count} labels of {source} are taken over")
    store.write_file()


def label_session(paths: Paths, corpus: str, store: LabelStore, listed: Path | None) -> Session:
    """A page to label the sample, or the frames of a list (CSV with a column ``name``).

    Raises ReproError if the sample was not drawn, or the list names a frame that the corpus does not have.
    """
    source = FrameSource(paths, corpus)
    where = listed or paths.stage(corpus, "sample") / "to_label.csv"
    names = names_in(where, remedy="name a list of frames" if listed else "draw them: dvc repro sample")
    check_frames(names, source, where)
    return Session(corpus, store.task, [Shown(name, {}) for name in names], source, store, {})


def show_session(paths: Paths, corpus: str, listed: Path, task: Task, by: By = "list") -> Session:
    """A page that shows the frames of a list.

    ``listed`` is a CSV with a column ``name``, or, where there is no such file, the name of a frame or of a night. Other columns
    of the CSV that are not empty are shown beside each frame, such as what a change did to it. What the stages sky, split and
    infer know of the frame (condition, label, p(yes), class) is added. The order is that of the list, by night, by condition,
    by class, by falling p(yes), or the frames first about which label and network disagree most. Raises ReproError if there is
    no such list, or it names no frame of the corpus. Others are left out with a line on stderr.
    """
    source = FrameSource(paths, corpus)
    try:
        if listed.exists() or not re.fullmatch(rf"{NAME_PATTERN}|\d{{8}}", str(listed)):
            table = pd.read_csv(listed, dtype=str, keep_default_na=False).drop_duplicates("name", ignore_index=True)
        else:
            table = pd.DataFrame({"name": list(source.times(str(listed))) or [str(listed)]})
    except (OSError, ValueError, KeyError) as error:
        refuse(
            f"no list of frames: {type(error).__name__}: {error}", "a CSV file with a column name", str(listed),
            "name such a file, for example results/CORPUS/sample/to_label.csv, or a frame or night of this corpus",
        )  # fmt: skip
    table = table.loc[:, (table.columns == "name") | (table != "").any()]  # to_label.csv has an empty column label
    there = table["name"].map(lambda name: source.time_of(name) is not None)
    if there.any() and not there.all():  # such as frames that a change made vanish
        print(f"left out {int((~there).sum())} of {len(table)} frames that the corpus does not have", file=sys.stderr)
        table = table[there].reset_index(drop=True)
    check_frames(table["name"].tolist(), source, listed)
    known = _known(paths, corpus, table["name"].tolist()).drop(columns=table.columns, errors="ignore")
    shown = []
    for row in _ordered(table.join(known, on="name"), by).to_dict("records"):
        notes = {str(key): value for key, value in row.items() if key != "name" and value != "" and pd.notna(value)}
        texts = [(key, f"{value:.3f}" if isinstance(value, float) else str(value)) for key, value in notes.items()]
        shown.append(Shown(row["name"], dict(texts[:_MOST_NOTES])))
    return Session(corpus, task, shown, source, None, {})


def _known(paths: Paths, corpus: str, names: list[str]) -> pd.DataFrame:
    """What the stages know of frames, by name; only the columns of stages that have run."""
    parts = []
    for night in sorted({name.split("_")[1] for name in names}):
        stages = {stage: paths.stage(corpus, stage) / "tables" / f"{night}.parquet" for stage in ("infer", "sky")}
        files = [(stage, file) for stage, file in stages.items() if file.is_file()]
        parts += [read_table(file, made_by=f"dvc repro {stage}") for stage, file in files[:1]]
    if not parts:
        return pd.DataFrame(index=pd.Index([], name="name"))
    known = pd.concat(parts, ignore_index=True)
    split = paths.stage(corpus, "split") / "split.parquet"
    if split.is_file():
        labels = read_table(split, made_by="dvc repro split", columns=["name", "label"])
        known = known.drop(columns="label", errors="ignore").merge(labels, on="name", how="left")
    return known[known["name"].isin(set(names))].set_index("name").filter(_KNOWN)


def _ordered(rows: pd.DataFrame, by: By) -> pd.DataFrame:
    if by == "list":
        return rows
    column = {name: rows.get(name, pd.Series("", index=rows.index)) for name in _KNOWN}
    p_yes = pd.to_numeric(column["p_yes"], errors="coerce")
    disagreement = (p_yes - column["label"].map({"yes": 1.0, "no": 0.0})).abs()
    keys = {
        "night": [rows["name"].str.extract(NAME_PATTERN)["night"]],
        "condition": [column["sun_bin"].astype(str), column["moon_bin"].astype(str)],
        "class": [column["predicted"].astype(str), column["label"].astype(str)],
        "p_yes": [-p_yes.fillna(-1.0)],
        "disagreement": [-disagreement.fillna(-1.0)],
    }
    order = pd.DataFrame(dict(enumerate([*keys[by], rows["name"]])))
    return rows.loc[order.sort_values(list(order.columns)).index]
