"""The sample for labelling: a few frames of every date, drawn among the darkest condition; and its label files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from repro import frames
from repro.errors import ReproError
from repro.labels import labelfile
from repro.params import SampleParams, Schedule
from repro.schedule.record_nights import in_record
from repro.seeding import generator

LABELLER = "simulated"  # name of the labeller of a simulated corpus

#: The condition whose frames are labelled (thesis, section II.3.1).
SUN, MOON = "Night", "No_moon"


def pool(table: pd.DataFrame) -> pd.DataFrame:
    """Frames that may be labelled, of a table with ``name``, ``sun_bin`` and ``moon_bin``: Night and No_moon, sorted by name.

    Raises ReproError if there is no such frame.
    """
    wanted = table[(table["sun_bin"] == SUN) & (table["moon_bin"] == MOON)]
    if wanted.empty:
        raise ReproError(
            found=f"no frame of {SUN} and {MOON} among {len(table)} frames",
            expected="at least one: only these are labelled",
            where="stage sample",
            remedy="add nights without moon, or look at the bins of the sky stage",
        )
    return wanted.sort_values("name", ignore_index=True)


def dates(table: pd.DataFrame, group: str) -> pd.Series[str]:
    """The date each frame of a table with ``time_utc`` and ``night`` is counted under, as text.

    ``utc_date``, as published, is the UTC date of the frame's time; one night then falls on two dates, and a date holds the
    end of one night and the beginning of the next. ``night`` is the observing night, YYYYMMDD.
    """
    if group == "night":
        return table["night"].astype("str")
    stamps: pd.Series[str] = table["time_utc"].dt.strftime("%Y-%m-%d").astype("str")
    return stamps


def draw_size(count: int, params: SampleParams) -> int:
    """Frames to draw of a date with ``count`` frames: ``min(max_per_date, max(1, count // one_in))``."""
    return min(params.max_per_date, max(1, count // params.one_in))


def draw(table: pd.DataFrame, params: SampleParams, seed: int) -> pd.DataFrame:
    """Draw the sample: rows of a table as for :func:`pool` and :func:`dates`, with a column ``date``, sorted by name.

    The record draws without a seed, so its own sample cannot be drawn again; the rule can. Frames are sorted by name
    first, and each date has its own source of random numbers: neither the order of files nor other dates matter. Raises
    ReproError if no frame is of the labelled condition.
    """
    candidates = pool(table)
    candidates = candidates.assign(date=dates(candidates, params.group))
    chosen = []
    for date, rows in candidates.groupby("date", sort=True):
        size = draw_size(len(rows), params)
        places = generator(seed, "sample", date).choice(len(rows), size=size, replace=False)
        chosen.append(rows.iloc[sorted(places)])
    return pd.concat(chosen).sort_values("name", ignore_index=True)


def draw_sample(table: pd.DataFrame, schedule: Schedule, params: SampleParams, seed: int) -> pd.DataFrame:
    """The sample of a corpus, sorted by name, from the frame table of stage ``sky`` with all nights.

    Raises ReproError if no frame is of the labelled condition.

    Returns ``night``, ``number``, ``name``, ``time_utc``, ``date``.
    """
    readable = frames.readable(table)
    readable = readable[in_record(readable, schedule)]
    drawn = draw(readable, params, seed)
    return drawn[["night", "number", "name", "time_utc", "date"]]


def simulated_labels(sample: pd.DataFrame, truth: Path) -> pd.DataFrame:
    """Labels that the simulated labeller gives the frames of a sample, as a label file has them.

    ``sample`` has ``night``, ``number`` and ``name``; ``truth`` is the folder of the truth, one table a night with
    ``number`` and ``label``. Raises ReproError if a frame has no truth.
    """
    joined = frames.join_truth(sample, truth, ["label"])
    unknown = joined.loc[joined["label"].isna(), "name"]
    if len(unknown):
        raise ReproError(
            found=f"no truth of frame {unknown.iloc[0]}",
            expected="truth of every frame of the sample",
            where=str(truth),
            remedy="simulate the corpus and film it again: dvc repro simulate film",
        )
    table = joined.assign(labeller=LABELLER, labelled_at="")
    return table[list(labelfile.COLUMNS)].astype("str")


def to_label(sample: pd.DataFrame) -> pd.DataFrame:
    """A label file of the sample, to be filled in."""
    return pd.DataFrame({"name": sample["name"], "label": "", "labeller": "", "labelled_at": ""}, dtype="str")
