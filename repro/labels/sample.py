"""The sample for labelling: a few frames of every date, drawn among the darkest condition."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from repro.errors import ReproError
from repro.params import SampleParams
from repro.seeding import generator

Group = Literal["utc_date", "night"]

#: The condition whose frames are labelled (thesis, section II.3.1).
SUN, MOON = "Night", "No_moon"


def pool(frames: pd.DataFrame) -> pd.DataFrame:
    """Frames that may be labelled, of a table with ``name``, ``sun_bin`` and ``moon_bin``: Night and No_moon, sorted by name.

    Raises ReproError if there is no such frame.
    """
    wanted = frames[(frames["sun_bin"] == SUN) & (frames["moon_bin"] == MOON)]
    if wanted.empty:
        raise ReproError(
            found=f"no frame of {SUN} and {MOON} among {len(frames)} frames",
            expected="at least one: only these are labelled",
            where="stage sample",
            remedy="add nights without moon, or look at the bins of the sky stage",
        )
    return wanted.sort_values("name", ignore_index=True)


def dates(frames: pd.DataFrame, group: Group) -> pd.Series[str]:
    """The date each frame of a table with ``time_utc`` and ``night`` is counted under, as text.

    ``utc_date``, as published, is the UTC date of the frame's time; one night then falls on two dates, and a date holds the
    end of one night and the beginning of the next. ``night`` is the observing night, YYYYMMDD.
    """
    if group == "night":
        return frames["night"].astype("str")
    stamps: pd.Series[str] = frames["time_utc"].dt.strftime("%Y-%m-%d").astype("str")
    return stamps


def draw_size(frames: int, params: SampleParams) -> int:
    """Frames to draw of a date with ``frames`` frames: ``min(max_per_date, max(1, frames // one_in))``."""
    return min(params.max_per_date, max(1, frames // params.one_in))


def draw(frames: pd.DataFrame, params: SampleParams, seed: int) -> pd.DataFrame:
    """Draw the sample: rows of a table as for :func:`pool` and :func:`dates`, with a column ``date``, sorted by name.

    The record draws without a seed, so its own sample cannot be drawn again; the rule can. Frames are sorted by name
    first, and each date has its own source of random numbers: neither the order of files nor other dates matter. Raises
    ReproError if no frame is of the labelled condition.
    """
    candidates = pool(frames)
    candidates = candidates.assign(date=dates(candidates, params.group))
    chosen = []
    for date, rows in candidates.groupby("date", sort=True):
        size = draw_size(len(rows), params)
        places = generator(seed, "sample", date).choice(len(rows), size=size, replace=False)
        chosen.append(rows.iloc[sorted(places)])
    return pd.concat(chosen).sort_values("name", ignore_index=True)
