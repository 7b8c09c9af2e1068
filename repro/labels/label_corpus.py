"""Sample and labels of a whole corpus: which frames are labelled, their labels, and whether they train or validate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from repro import frames
from repro.errors import ReproError
from repro.labels import labelfile
from repro.labels.balanced_split import Unit, split
from repro.labels.sample import MOON, SUN, draw
from repro.params import SampleParams, Schedule, SplitParams
from repro.schedule.record_nights import in_record

LABELLER = "simulated"  # name of the labeller of a simulated corpus
#: Columns of the split stage's table.
SPLIT_COLUMNS = ("night", "number", "name", "time_utc", "label", "split", "split_by_night")


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


def split_table(
    table: pd.DataFrame, labels: pd.DataFrame, schedule: Schedule, params: SplitParams, seed: int
) -> pd.DataFrame:
    """Labelled frames for training or validation, as published and by whole nights: :data:`SPLIT_COLUMNS`, sorted by name.

    Labels of other conditions than Night and No_moon, and of nights that the record does not cover, are not used; their
    frames are assigned to neither. ``split`` follows ``params.unit``, ``split_by_night`` always takes whole nights; it has
    no value at all if there are too few labels for that. ``table`` is the frame table of stage ``sky`` with all nights,
    ``labels`` a label file. Raises ReproError as :func:`repro.labels.balanced_split.split`.
    """
    rows = table.merge(labels, on="name", how="inner", validate="one_to_one").sort_values("name", ignore_index=True)
    usable = (rows["sun_bin"] == SUN) & (rows["moon_bin"] == MOON) & in_record(rows, schedule)
    trained = rows[usable]

    def sides(unit: Unit) -> pd.Series[str]:
        rules = params.model_dump(exclude={"unit"})
        return split(trained, seed, unit=unit, **rules).reindex(rows.index)

    rows["split"] = sides(params.unit)
    try:
        rows["split_by_night"] = sides("nights")
    except ReproError:
        if params.unit == "nights":
            raise
        rows["split_by_night"] = pd.Series(None, index=rows.index, dtype="str")
    return rows[list(SPLIT_COLUMNS)]


def split_quantities(counts: Mapping[str, int], params: SplitParams) -> dict[str, int | str]:
    """The split as quantities by name: ``labels.yes``, ``split.train_no``, ``split.group`` and so on."""
    group = "by UTC date" if params.group == "utc_date" else "by night"
    return {
        **{f"split.{name}": count for name, count in counts.items()},
        **{f"labels.{label}": counts[f"labelled_{label}"] for label in ("yes", "no")},
        "split.group": group if params.unit == "frames" else "whole nights",
    }
