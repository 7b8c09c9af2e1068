"""What the videos themselves say of the record: nights, frames, cadence, and frames outside the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from statistics import median
from typing import Any

from repro.params import Schedule

Summaries = Mapping[str, Mapping[str, Any]]
#: Bins of Table 2 that the record says are empty, by their names in the claims.
_EMPTY = {"Civil": "table2.civil", "Day": "table2.daytime"}


def quantities(film: Summaries, clock: Summaries, sky: Summaries, schedule: Schedule) -> dict[str, float]:
    """Quantities of the nights that the record covers, by the names that the claims use.

    Parameters
    ----------
    film, clock, sky : mapping
        Summaries of the stages' nights, by night.
    schedule : Schedule
        Windows of the record.

    Returns
    -------
    dict
        ``nights`` and ``windowN.nights``; ``frames``, sampled from the videos; ``video.fps``, ``video.width_px`` and
        ``video.height_px``, those of most nights; ``video.cadence_s``, between two frames of a video, and
        ``frames.interval_min``, between two sampled ones, both by the burned-in clock and the median of the nights;
        ``table2.civil`` and ``table2.daytime``, frames in brighter bins than the tables have. Nothing of a stage without
        nights.
    """
    film, clock, sky = (_covered(nights, schedule) for nights in (film, clock, sky))
    found: dict[str, float] = {}
    if film:
        found["nights"] = len(film)
        found["frames"] = sum(night["sampled"] for night in film.values())
        for number, window in enumerate(schedule.windows, 1):
            alone = schedule.model_copy(update={"windows": [window]})
            found[f"window{number}.nights"] = sum(alone.covers(night) for night in film)
        for name in ("fps", "width_px", "height_px"):
            found[f"video.{name}"] = Counter(night[name] for night in film.values()).most_common(1)[0][0]
    steps = {night: summary["step_s"] for night, summary in clock.items() if summary.get("step_s")}
    if steps:
        found["frames.interval_min"] = median(steps.values()) / 60
    cadences = [step_s / film[night]["step"] for night, step_s in steps.items() if night in film]
    if cadences:
        found["video.cadence_s"] = median(cadences)
    if sky:
        cells = Counter[str]()
        for _, sun, frames in (cell for summary in sky.values() for cell in summary["conditions"]):
            cells[sun] += frames
        found |= {name: cells[sun] for sun, name in _EMPTY.items()}
    return found


def _covered(nights: Summaries, schedule: Schedule) -> Summaries:
    return {night: summary for night, summary in nights.items() if schedule.covers(night)}
