"""The simulated observatory in the report: its truth, its pictures, and its backbone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from repro.files import read_json
from repro.paths import SIMULATED, Paths
from repro.sky.bins import CONDITIONS
from repro.untrusted import read_tables


@dataclass(frozen=True)
class Share:
    """A kind of frames, how many there are, and in how many aurora is visible."""

    name: str
    frames: int
    visible: int


@dataclass(frozen=True)
class Observatory:
    """The simulated observatory: frames of a minute, those with visible aurora, and shares by attribute of the truth.

    ``sheet`` is the picture of the contact sheet, if there is one, and ``tiles`` the number of frames on it.
    """

    nights: int
    frames: int
    visible: int
    conditions: tuple[Share, ...]
    forms: tuple[Share, ...]
    colours: tuple[Share, ...]
    weathers: tuple[Share, ...]
    sheet: Path | None
    tiles: int


def load_observatory(paths: Paths) -> Observatory | None:
    """Gather what stage simulate made; None if it has not run."""
    files = sorted(paths.truth(SIMULATED).glob("[!.]*.parquet"))
    if not files:
        return None
    columns = ["night", "sun_bin", "moon_bin", "visible", "form", "colour", "weather"]
    truth = read_tables(files, made_by="dvc repro simulate", columns=columns)
    truth["condition"] = truth["sun_bin"] + ", " + truth["moon_bin"]
    statistics = paths.contact_sheet.with_suffix(".csv")
    both = paths.contact_sheet.is_file() and statistics.is_file()
    return Observatory(
        nights=truth["night"].nunique(),
        frames=len(truth),
        visible=int(truth["visible"].sum()),
        conditions=_shares(truth, "condition", [", ".join(cell) for cell in CONDITIONS]),
        # A form and a colour belong to frames in which aurora can be seen.
        forms=_shares(truth[truth["visible"]], "form"),
        colours=_shares(truth[truth["visible"]], "colour"),
        weathers=_shares(truth, "weather"),
        sheet=paths.contact_sheet if both else None,
        tiles=len(pd.read_csv(statistics)) if both else 0,
    )


def backbone_card() -> Mapping[str, Any] | None:
    """Card of the backbone that ships with the classifier; None if none does."""
    folder = resources.files("repro") / "classifier" / "pretrained"
    cards = sorted(str(file) for file in folder.iterdir() if file.name.endswith(".json")) if folder.is_dir() else []
    card: Mapping[str, Any] | None = read_json(Path(cards[0]), made_by="the backbone's training") if cards else None
    return card


def _shares(truth: pd.DataFrame, column: str, order: list[str] | None = None) -> tuple[Share, ...]:
    """Frames by one column, in the order given or else the most frequent first."""
    frames = Counter(truth[column].astype(str))
    visible = Counter(truth.loc[truth["visible"], column].astype(str))
    common = [name for name, _ in frames.most_common()]
    first = [name for name in order or () if name in frames]
    return tuple(Share(name, frames[name], visible[name]) for name in [*first, *(n for n in common if n not in first)])
