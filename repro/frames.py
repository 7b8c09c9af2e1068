"""The frame table: one row per frame, its columns, and their check wherever a stage reads or writes one.

Each stage adds columns; their order is fixed. Angles are in degrees, times in UTC. A table of one night is one Parquet
file, a corpus is a folder of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pandera.pandas as pa

from repro.errors import ReproError
from repro.files import write_table
from repro.untrusted import message_of, read_table, read_tables

Stage = Literal["film", "clock", "sky", "infer"]

_UTC = pd.DatetimeTZDtype("us", "UTC")
#: Columns that name a frame in every table.
KEYS = ["night", "number"]
#: The two classes of a frame, in the order of the network's outputs.
CLASSES = ("no", "yes")
#: Columns of a simulated corpus' truth by which errors are counted, beside the conditions.
ATTRIBUTES = ("weather", "form", "colour")
#: Published name of a frame, ``<UTC stamp>_NIGHT_NUMBER.jpg``, with the groups ``night`` and ``number``.
NAME_PATTERN = r"\d{14}_(?P<night>\d{8})_(?P<number>\d+)\.jpg"


_ADDED: dict[Stage, dict[str, pa.Column]] = {
    "film": {
        "night": pa.Column(str, pa.Check.str_matches(r"^\d{8}$")),
        "number": pa.Column("int64", pa.Check.ge(0)),  # running number of the sampled frame within its night
        "frame": pa.Column("int64", pa.Check.ge(0)),  # index in the video
        "video_time_s": pa.Column("float64", pa.Check.ge(0)),  # presentation time in the video
    },
    "clock": {
        "name": pa.Column(str, pa.Check.str_matches(f"^{NAME_PATTERN}$"), nullable=True),
        "clock_read": pa.Column(str),  # as Tesseract gave it, "" if nothing
        "clock_confidence": pa.Column("float64", pa.Check.in_range(0, 100)),
        "clock_text": pa.Column(str, nullable=True),  # after the repairs
        "clock_repair": pa.Column(str),  # names of the repairs joined by +; "" if none was needed; "unreadable"
        "time_utc": pa.Column(_UTC, nullable=True),
    },
    "sky": {
        # No value where the time is not known.
        "sun_alt_deg": pa.Column("float64", pa.Check.in_range(-90, 90), nullable=True),
        "moon_alt_deg": pa.Column("float64", pa.Check.in_range(-90, 90), nullable=True),
        "moon_phase_deg": pa.Column("float64", pa.Check.in_range(0, 180), nullable=True),
        "sun_bin": pa.Column(str, pa.Check.isin(["Night", "Astro", "Nautical", "Civil", "Day"]), nullable=True),
        "moon_bin": pa.Column(str, pa.Check.isin(["No_moon", "Moon_Quarter", "Moon_Full"]), nullable=True),
        "on_boundary": pa.Column(bool),
    },
    "infer": {
        "label": pa.Column(str, pa.Check.isin(CLASSES), nullable=True, required=False),
        "split": pa.Column(str, pa.Check.isin(["train", "val"]), nullable=True, required=False),
        "logit_no": pa.Column("float64", nullable=True),
        "logit_yes": pa.Column("float64", nullable=True),
        "p_yes": pa.Column("float64", pa.Check.in_range(0, 1), nullable=True),
        "predicted": pa.Column(str, pa.Check.isin(CLASSES), nullable=True),
    },
}
#: All columns in the table's order.
COLUMNS = tuple(name for added in _ADDED.values() for name in added)
_TEXT = tuple(name for added in _ADDED.values() for name, column in added.items() if str(column.dtype) == "str")


def published_names(table: pd.DataFrame) -> pd.Series:
    """Published name of each frame of a table with ``time_utc``, ``night`` and ``number``; missing without a time."""
    stamp = table["time_utc"].dt.strftime("%Y%m%d%H%M%S")  # a missing time makes a missing name
    names: pd.Series = stamp + "_" + table["night"] + "_" + table["number"].astype(str) + ".jpg"
    return names


def archive_name(name: str) -> str:
    """Name of a frame in the archive of stage film, from its published name.

    Examples
    --------
    >>> archive_name("20240201011954_20240201_0.jpg")
    '20240201_0.jpg'
    >>> archive_name("20240201_0.jpg")
    '20240201_0.jpg'
    """
    match = re.fullmatch(NAME_PATTERN, name)
    return f"{match['night']}_{match['number']}.jpg" if match else name


def schema(stage: Stage) -> pa.DataFrameSchema:
    """Schema of the frame table that a stage writes: its columns and those of the stages before it."""
    columns: dict[str, pa.Column] = {}
    for name, added in _ADDED.items():
        columns |= added
        if name == stage:
            break
    checks = [pa.Check(lambda table: ~table.duplicated(KEYS), name="one row per frame")]
    if stage != "film":
        checks.append(pa.Check(_named_if_timed, name="a name where there is a time, and only there"))
    if stage not in ("film", "clock"):
        checks.append(pa.Check(_sky_if_timed, name="sun and moon where there is a time, and only there"))
    return pa.DataFrameSchema(columns, checks=checks, strict=True, ordered=True, unique_column_names=True)


def _named_if_timed(table: pd.DataFrame) -> pd.Series:
    timed = table["time_utc"].notna()
    return (timed & (table["name"] == published_names(table))) | (~timed & table["name"].isna())


def _sky_if_timed(table: pd.DataFrame) -> pd.Series:
    timed = table["time_utc"].notna()
    filled = table[["sun_alt_deg", "moon_alt_deg", "moon_phase_deg", "sun_bin", "moon_bin"]].notna()
    return (timed & filled.all(axis=1)) | (~timed & ~filled.any(axis=1) & ~table["on_boundary"])


def check(table: pd.DataFrame, stage: Stage, where: str) -> pd.DataFrame:
    """Tidy a table, check it against a stage's schema, and return it; a ReproError names the first fault of a column or row."""
    try:
        table = tidy(table)
        schema(stage).validate(table)
    except Exception as error:  # checks, and pandas' own conversions, fail in many ways on a table of another shape
        raise ReproError(
            found=f"a frame table that breaks its schema: {message_of(error).splitlines()[0]}",
            expected=f"the columns of stage {stage} (repro/frames.py)",
            where=where,
            remedy=f"run the stage again: dvc repro --force --single-item {stage}",
        ) from None
    return table


def write(target: Path, table: pd.DataFrame, stage: Stage) -> None:
    """Check a frame table and write it atomically; nothing is written where :func:`check` raises a ReproError."""
    write_table(target, check(table, stage, str(target)))


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Columns in the table's order, text columns of one type, times in microseconds, a fresh row index."""
    known = [name for name in COLUMNS if name in table.columns]
    unknown = [name for name in table.columns if name not in COLUMNS]
    kinds: dict[str, Any] = {name: "str" for name in known if name in _TEXT}
    if "time_utc" in known:
        kinds["time_utc"] = _UTC
    return table[known + unknown].astype(kinds).reset_index(drop=True)


def read(source: Path, stage: Stage) -> pd.DataFrame:
    """Read and check one night's table; a ReproError if the file is missing or is no Parquet file, or as :func:`check`."""
    return check(read_table(source, made_by=f"dvc repro {stage}"), stage, str(source))


def read_nights(folder: Path, stage: Stage, nights: Sequence[str] | None = None) -> pd.DataFrame:
    """Read the tables of all nights in a folder, or of some of them, as one, in the order of nights.

    Raises ReproError if there is no table, or as :func:`read`.
    """
    files = sorted(folder.glob("[!.]*.parquet"))  # a hidden file is half-written
    sources = [source for source in files if nights is None or source.stem in nights]
    if not sources:
        raise ReproError(
            found="no night",
            expected=f"frame tables of stage {stage}",
            where=str(folder),
            remedy=f"run: dvc repro {stage}",
        )
    # One check of all rows costs a fraction of a check of each night.
    with suppress(ReproError):  # the check of each night, below, names the night at fault
        return check(read_tables(sources, made_by=f"dvc repro {stage}"), stage, str(folder))
    return check(pd.concat([read(source, stage) for source in sources], ignore_index=True), stage, str(folder))


def join_truth(table: pd.DataFrame, truth: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Frames of a simulated corpus with columns of their truth; the order of ``table``, one row a frame, is kept.

    They are joined by night and number, not by name: the name holds the time that was read from the picture. A column that
    ``table`` has too gets the suffix ``_true``; a frame that the truth does not have gets no value. ``truth`` is a folder
    of one table a night, see :func:`repro.observatory.simulate.truth_table`. Raises ReproError if a night has no truth, or
    its table is damaged.
    """
    sources = [truth / f"{night}.parquet" for night in sorted(table["night"].unique())]
    missing = [source for source in sources if not source.is_file()]
    if missing:
        raise ReproError(
            found=f"no truth of {len(missing)} nights, first {missing[0].stem}",
            expected="truth of every night of a simulated corpus",
            where=str(truth),
            remedy="simulate the corpus again: dvc repro simulate",
        )
    wanted = [*KEYS, *columns]
    if sources:
        known = read_tables(sources, made_by="dvc repro simulate", columns=wanted)
    else:
        known = pd.DataFrame(columns=wanted).astype({"night": "str", "number": "int64"})
    return table.merge(known, on=KEYS, how="left", validate="one_to_one", suffixes=("", "_true"))


def with_right_answers(table: pd.DataFrame, labels: pd.Series[str], truth: Path | None) -> pd.DataFrame:
    """Frames with the class that would be right, ``truth`` (yes, no, or missing), where it is known.

    ``labels``, by name of frame, are the right answers of real images. Of a simulated corpus its folder ``truth`` decides,
    see :func:`repro.simulated_mark.known_truth`, and ``certain`` and :data:`ATTRIBUTES` are added.
    """
    if truth is None:
        return table.assign(truth=table["name"].map(labels).astype("str")).reset_index(drop=True)
    joined = join_truth(table, truth, ["visible", "certain", *ATTRIBUTES])
    joined["truth"] = joined.pop("visible").map({True: "yes", False: "no"}).astype("str")
    return joined


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The frames whose time is known; only these have a published name and a condition."""
    return table[table["time_utc"].notna()].reset_index(drop=True)
