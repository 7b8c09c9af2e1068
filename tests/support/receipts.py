"""Receipts of nights as the stages film, clock and sky leave them; test support, no part of the library."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from repro.files import write_json
from repro.paths import Paths
from repro.schedule.rule_reading import CELLS

#: Minutes that the schedule of these tests gives each night, and frames that its nights have.
MINUTES = {"night.no_moon": 400, "astro.no_moon": 90, "astro.moon_quarter": 30, "nautical.no_moon": 10}
FRAMES = {"night.no_moon": 399, "astro.no_moon": 91, "astro.moon_quarter": 30, "nautical.no_moon": 9}


def predicted_nights(nights: Iterable[str]) -> pd.DataFrame:
    """A table of nights as the schedule stage writes it, all nights alike."""
    row: dict[str, Any] = {"sd.total": 50.0, "least.total": sum(MINUTES.values()) - 300.0}
    for cell in CELLS:
        minutes = MINUTES.get(cell, 0)
        row |= {cell: minutes, f"sd.{cell}": minutes**0.5, f"most.{cell}": minutes + (2.0 if minutes else 0.0)}
    return pd.DataFrame([{"night": night, **row} for night in nights])


def conditions(frames: dict[str, int]) -> list[list[Any]]:
    """Counts of frames as the summary of the sky stage lists them."""
    names = {"no_moon": "No_moon", "moon_quarter": "Moon_Quarter", "moon_full": "Moon_Full"}
    return [[names[cell.split(".")[1]], cell.split(".")[0].title(), count] for cell, count in frames.items()]


def write_nights(
    paths: Paths,
    corpus: str,
    nights: Iterable[str],
    *,
    simulated: bool = False,
    frames: dict[str, int] | None = None,
) -> None:
    """Write receipts of nights that all three stages have finished."""
    counts = frames or FRAMES
    total = sum(counts.values())
    film = {
        "fps": 25.0, "width_px": 1280, "height_px": 720, "step": 10, "scanned": 10 * total, "sampled": total,
        "missing": 0, "simulated": simulated,
    }  # fmt: skip
    clock = {"frames": total, "step_s": 60.0, "unreadable": [], "repairs": {}, "breaks": [], "confusions": []}
    sky = {"frames": total, "timed": total, "on_boundary": 0, "conditions": conditions(counts)}
    for night in nights:
        for stage, summary in (("film", film), ("clock", clock), ("sky", sky)):
            receipt = {
                "night": night, "settings": "s", "inputs": {"a": {"sha256": "0", "bytes": 1}}, "outputs": {},
                "summary": summary,
            }  # fmt: skip
            write_json(paths.stage(corpus, stage) / "receipts" / f"{night}.json", receipt)
