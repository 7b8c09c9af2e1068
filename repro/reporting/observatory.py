"""The simulated observatory in the report: its truth, its pictures, and its backbone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from repro.files import read_json
from repro.paths import SIMULATED, Paths
from repro.reporting.frame_pictures import full_copy, small_copy
from repro.sky.bins import CONDITIONS
from repro.untrusted import read_tables

SHEET_PX = 1800  # greatest width of the contact sheet on the page


class Share(NamedTuple):
    """A kind of frames, how many there are, and in how many aurora is visible."""

    name: str
    frames: int
    visible: int


class Observatory(NamedTuple):
    """The simulated observatory: nights, frames of a minute, those with visible aurora, and shares by attribute of the truth.

    ``sheet`` is the size of the contact sheet on the page in pixels, if there is one, and ``tiles`` the number of frames on it.
    """

    nights: int
    frames: int
    visible: int
    shares: Mapping[str, list[Share]]
    sheet: tuple[int, int] | None
    tiles: int


def load_observatory(paths: Paths) -> Observatory | None:
    """Gather what stage simulate made, and copy its contact sheet beside the page; None if it has not run."""
    files = sorted(paths.truth(SIMULATED).glob("[!.]*.parquet"))
    if not files:
        return None
    columns = ["night", "sun_bin", "moon_bin", "visible", "form", "colour", "weather"]
    truth = read_tables(files, made_by="dvc repro simulate", columns=columns)
    truth["condition"] = truth["sun_bin"] + ", " + truth["moon_bin"]
    seen = truth[truth["visible"]]  # a form and a colour belong to frames in which aurora can be seen
    shares = {
        "condition": _shares(truth, "condition", [", ".join(cell) for cell in CONDITIONS]),
        "weather": _shares(truth, "weather"),
        "form": _shares(seen, "form"),
        "colour": _shares(seen, "colour"),
    }
    statistics, target = paths.contact_sheet.with_suffix(".csv"), paths.report_build / "observatory"
    sheet, tiles = None, 0
    if paths.contact_sheet.is_file() and statistics.is_file():
        sheet = small_copy(paths.contact_sheet, target / "contact_sheet.jpg", width_px=SHEET_PX)
        tiles = len(pd.read_csv(statistics))
        full_copy(statistics, target / "contact_sheet.csv")
    return Observatory(truth["night"].nunique(), len(truth), len(seen), shares, sheet, tiles)


def backbone_card() -> Any:
    """Card of the backbone that ships with the classifier."""
    (card,) = (Path(str(resources.files("repro"))) / "classifier" / "pretrained").glob("*.json")
    return read_json(card, made_by="the backbone's training")


def _shares(truth: pd.DataFrame, column: str, order: Sequence[str] = ()) -> list[Share]:
    """Frames by one column, in the order given, then the most frequent first."""
    counts = truth.groupby(column, sort=False)["visible"].agg(["size", "sum"])
    counts = counts.sort_values("size", ascending=False, kind="stable")
    first = [name for name in order if name in counts.index]
    counts = pd.concat([counts.loc[first], counts.drop(first)])
    return [Share(str(name), int(frames), int(visible)) for name, frames, visible in counts.itertuples()]
