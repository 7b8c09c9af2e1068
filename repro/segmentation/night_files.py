"""Nights by the sun, and the files that the stages difference and segment write of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from repro.errors import ReproError
from repro.params import Site

Times = npt.NDArray[np.datetime64]


def night_of(time_utc: np.datetime64, site: Site) -> str:
    """Night YYYYMMDD of a moment: from noon to noon by the mean sun, named by the date of its morning."""
    return str(dates(np.array([time_utc]), site)[0]).replace("-", "")


def dates(times_utc: Times, site: Site) -> Times:
    """Dates of the mornings of the nights that moments belong to, datetime64[D], in the shape given."""
    shift_s = round((site.longitude_deg / 15.0 + 12.0) * 3600)
    return (times_utc + np.timedelta64(shift_s, "s")).astype("datetime64[D]")


@dataclass(frozen=True)
class NightChange:
    """What stage difference made of a night of n images.

    ``faults`` (n,) say why images cannot be used; empty where they can. ``means`` (n, 400, 2) are of red and green, NaN
    where the image cannot be read. ``change``, by lag in minutes, are the counts (n, 400) by which each cell changed, NaN
    for an image without a partner.
    """

    names: npt.NDArray[np.str_]
    faults: npt.NDArray[np.str_]
    means: npt.NDArray[np.float32]
    change: dict[int, npt.NDArray[np.float32]]


@contextmanager
def _arrays(source: Path, what: str, stage: str) -> Iterator[Any]:
    """The arrays of a night's file; an error of reading them says which stage makes it."""
    try:
        with np.load(source, allow_pickle=False) as file:
            yield file
    except Exception as error:  # a damaged archive raises whatever its reader raises
        raise ReproError(
            found=f"no {what} of the night: {error}",
            expected=f"the result of stage kopri/{stage}",
            where=str(source),
            remedy="make it with: make records",
        ) from None


def read_change(source: Path) -> NightChange:
    """What stage difference wrote of a night; an error if the file is missing or damaged."""
    with _arrays(source, "differences", "difference") as file:
        changes = {int(key.removeprefix("change_")): file[key] for key in file.files if key.startswith("change_")}
        return NightChange(file["names"], file["faults"], file["means"], changes)


def read_probability(source: Path) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.uint8]]:
    """Names and probabilities (in 255ths) of a night's images; an error if the file is missing or damaged."""
    with _arrays(source, "segmentation", "segment") as file:
        return file["names"], file["probability"]
