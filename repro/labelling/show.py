"""Frames of a list to look at, with what is known of each; nothing can be changed there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Literal

import pandas as pd

from repro.errors import ReproError
from repro.frames import NAME_PATTERN
from repro.labelling.frame_source import FrameSource, check_frames
from repro.labelling.server import Session, Shown
from repro.labelling.tasks import Task
from repro.paths import Paths
from repro.untrusted import read_table

By = Literal["list", "night", "condition", "class", "p_yes", "disagreement"]
_KNOWN = ("sun_bin", "moon_bin", "label", "p_yes", "predicted")
_MOST_NOTES = 8


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
        raise ReproError(
            found=f"no list of frames: {type(error).__name__}: {error}",
            expected="a CSV file with a column name",
            where=str(listed),
            remedy="name such a file, for example results/CORPUS/sample/to_label.csv, or a frame or night of this corpus",
        ) from None
    table = table.loc[:, (table.columns == "name") | (table != "").any()]  # to_label.csv has an empty column label
    there = table["name"].map(lambda name: source.time_of(name) is not None)
    if there.any() and not there.all():  # such as frames that a change made vanish
        print(f"left out {int((~there).sum())} of {len(table)} frames that the corpus does not have", file=sys.stderr)
        table = table[there].reset_index(drop=True)
    check_frames(table["name"].tolist(), source, listed)
    own = [column for column in table.columns if column != "name"]
    known = _known(paths, corpus, table["name"].tolist())
    known = known.drop(columns=[column for column in known.columns if column in own])
    rows = _ordered(table.join(known, on="name"), by)
    shown = []
    for row in rows.to_dict("records"):
        notes = {
            str(key): _text(value) for key, value in row.items() if key != "name" and value != "" and pd.notna(value)
        }
        shown.append(Shown(row["name"], dict(list(notes.items())[:_MOST_NOTES])))
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
    def column(name: str) -> pd.Series:
        return rows[name] if name in rows else pd.Series("", index=rows.index)

    if by == "list":
        return rows
    if by == "night":
        keys = [rows["name"].str.extract(NAME_PATTERN)["night"], rows["name"]]
    elif by == "condition":
        keys = [column("sun_bin").astype(str), column("moon_bin").astype(str), rows["name"]]
    elif by == "class":
        keys = [column("predicted").astype(str), column("label").astype(str), rows["name"]]
    else:
        p_yes = pd.to_numeric(column("p_yes"), errors="coerce")
        if by == "disagreement":
            right = column("label").map({"yes": 1.0, "no": 0.0})
            p_yes = (p_yes - right).abs()
        keys = [-p_yes.fillna(-1.0), rows["name"]]
    order = pd.DataFrame({str(place): key for place, key in enumerate(keys)}, index=rows.index)
    return rows.loc[order.sort_values(list(order.columns)).index]


def _text(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
