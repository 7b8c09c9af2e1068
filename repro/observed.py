"""Quantities measured on the videos that are here: nights, frames, cadence, and each night beside the schedule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from repro.params import Schedule, Window
from repro.schedule.record_nights import covers
from repro.schedule.rule_reading import CELLS
from repro.schedule.windows import mornings

Summaries = Mapping[str, Mapping[str, Any]]
#: Bins of Table 2 that the record says are empty, by their names in the claims.
_EMPTY = {"Civil": "table2.civil", "Day": "table2.daytime"}
#: Name of the quantity that counts the nights of a window; it exists once all of them are here.
WINDOW_NIGHTS = re.compile(r"window(\d+)\.nights")
#: With fewer nights drawn at random, an interval that resamples nights is too narrow to judge by.
LEAST_NIGHTS = 30


@dataclass(frozen=True)
class Coverage:
    """Which of the record's nights (YYYYMMDD) are here as evidence.

    ``expected`` are the nights of the record's windows, in order; ``present`` those of them that stages film, clock and sky
    have finished and that no simulation made; ``simulated`` nights left out because they are simulated; ``later`` real nights
    outside the windows, which never move a published number. ``drawn_at_random``: the nights were chosen without looking at
    the sky or the moon. ``whole_windows`` are the numbers, from 1, of the windows all of whose nights are here.
    """

    expected: tuple[str, ...]
    present: tuple[str, ...]
    simulated: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    drawn_at_random: bool = False
    whole_windows: tuple[int, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Nights of the record that are not here."""
        return tuple(sorted(set(self.expected) - set(self.present)))

    @property
    def complete(self) -> bool:
        """Whether all nights of the record are here."""
        return bool(self.expected) and not self.missing

    def text(self) -> str:
        """Such as "2 of 331 nights are here: 20221203, 20221210"."""
        here = f"{len(self.present)} of {len(self.expected)} nights are here"
        if self.complete or not self.present:
            return here
        if len(self.present) <= len(self.missing):
            return f"{here}: {listed(self.present)}"
        return f"{here}; missing: {listed(self.missing)}"

    def waiting(self) -> dict[str, str]:
        """Why rules cannot be judged yet, by their ``coverage``; empty when all nights are here."""
        if self.complete:
            return {}
        reasons = {"all": f"{self.text()}; this is a statement about all of them"}
        if not self.drawn_at_random:
            reasons["unselected"] = (
                f"{self.text()}; a share or mean from a part is judged only if its nights were not chosen by condition: set "
                "`evidence.nights_drawn: at_random` in params.yaml if they were drawn without looking at the sky"
            )
        elif len(self.present) < LEAST_NIGHTS:
            reasons["unselected"] = f"{self.text()}; an interval over nights needs at least {LEAST_NIGHTS}"
        return reasons


def coverage_of(
    film: Summaries, done: Iterable[str], simulated: Iterable[str], schedule: Schedule, *, drawn_at_random: bool = False
) -> Coverage:
    """Which nights of the record are here.

    ``film`` has the summaries of that stage by night, ``done`` the nights that all stages up to the sky have finished, and
    ``simulated`` those of :func:`repro.simulated_mark.simulated_nights`.
    """
    windows = [_nights_of(window) for window in schedule.windows]
    expected = tuple(night for window in windows for night in window)
    fake = set(film) & set(simulated)
    real = set(done) - fake
    return Coverage(
        expected,
        tuple(sorted(real & set(expected))),
        tuple(sorted(fake)),
        tuple(sorted(real - set(expected))),
        drawn_at_random,
        tuple(number for number, window in enumerate(windows, 1) if set(window) <= real),
    )


def _nights_of(window: Window) -> list[str]:
    return [f"{morning:%Y%m%d}" for morning in mornings(window)]


def quantities(
    film: Summaries, clock: Summaries, sky: Summaries, schedule: Schedule, simulated: Iterable[str] = ()
) -> dict[str, float]:
    """Quantities of the nights that the record covers, by the names that the claims use.

    Gives ``nights`` and ``frames``, sampled from the videos; ``windowN.nights`` of windows that are here as a whole;
    ``video.fps``, ``video.width_px`` and ``video.height_px``, those of most nights; ``video.cadence_s``, between two
    frames of a video, and ``frames.interval_min``, between two sampled ones, both by the burned-in clock and the median
    of the nights; ``table2.civil`` and ``table2.daytime``, frames in brighter bins than the tables have. Quantities of
    a stage without nights are left out.
    """
    left_out = set(simulated)
    film, clock, sky = (
        {name: night for name, night in nights.items() if covers(schedule.windows, name) and name not in left_out}
        for nights in (film, clock, sky)
    )
    measured: dict[str, float] = {}
    if film:
        measured["nights"] = len(film)
        measured["frames"] = sum(night["sampled"] for night in film.values())
        for number, window in enumerate(schedule.windows, 1):
            names = _nights_of(window)
            if set(names) <= set(film):
                measured[f"window{number}.nights"] = len(names)
        for name in ("fps", "width_px", "height_px"):
            values = Counter(night[name] for night in film.values() if name in night)  # stills have no frame rate
            if values:
                measured[f"video.{name}"] = values.most_common(1)[0][0]
    steps = {night: summary["step_s"] for night, summary in clock.items() if summary.get("step_s")}
    if steps:
        measured["frames.interval_min"] = median(steps.values()) / 60
    cadences = [step_s / film[night]["step"] for night, step_s in steps.items() if night in film]
    if cadences:
        measured["video.cadence_s"] = median(cadences)
    if sky:
        cells = [cell for night in sky.values() for cell in night["conditions"]]
        measured |= {name: sum(count for _, sun, count in cells if sun == empty) for empty, name in _EMPTY.items()}
    return measured


def against_schedule(
    sky: Summaries, predicted: pd.DataFrame, present: Iterable[str], availability: float
) -> pd.DataFrame:
    """Frames of each night that is evidence (``present``) beside those that the schedule predicts for it.

    ``sky`` has the summaries of that stage: ``conditions``, lists of moon, sun and frames. ``predicted`` is the table
    ``nights`` of the schedule stage, and ``availability`` the share of the minutes that frames are expected of.

    Gives one row a night: ``night``; ``frames``, ``predicted`` (minutes times availability) and ``sd`` of all nine
    conditions; the same three for each condition (``night.no_moon``, ``predicted.night.no_moon``, ...); ``outside``,
    deviations beyond the scatter, in words, or "". A night is listed there if it loses more frames than 99 of 100
    nights do, or has more frames of a condition than minutes of it.
    """
    by_night = predicted.set_index("night")
    rows = []
    for night in sorted(set(present) & set(by_night.index) & set(sky)):
        expected = by_night.loc[night]
        counts = Counter({f"{sun}.{moon}".lower(): count for moon, sun, count in sky[night]["conditions"]})
        frames = sum(counts[cell] for cell in CELLS)
        minutes = sum(expected[cell] for cell in CELLS)
        outside = [
            f"{counts[cell]} frames of {cell} in {expected[cell]:.0f} minutes"
            for cell in CELLS
            if counts[cell] > expected[f"most.{cell}"]
        ]
        if frames < expected["least.total"]:
            outside.append(f"{minutes - frames:.0f} of {minutes:.0f} frames missing")
        row = {"night": night, "frames": frames, "predicted": minutes * availability, "sd": expected["sd.total"]}
        for cell in CELLS:
            row |= {cell: counts[cell], f"predicted.{cell}": expected[cell] * availability}
            row[f"sd.{cell}"] = expected[f"sd.{cell}"]
        rows.append({**row, "outside": "; ".join(outside)})
    return pd.DataFrame(rows, columns=None if rows else ["night", "frames", "predicted", "sd", "outside"])


def part_quantities(nights: pd.DataFrame) -> dict[str, float | str]:
    """The nights of :func:`against_schedule` as a whole.

    Gives ``part.nights``; ``part.frames``, ``part.predicted`` and ``part.sd`` (nights counted as independent), and the
    same for each condition (``part.night.no_moon.frames``, ...); ``part.z``, frames minus prediction in standard
    deviations, and ``part.largest_z`` and ``part.largest_z_at`` over the conditions; ``part.outside``, how many nights
    are, and ``part.outside_nights``, which. Nothing without nights.
    """
    if nights.empty:
        return {}
    result: dict[str, float | str] = {"part.nights": len(nights)}
    deviations = {}
    for cell in ("", *CELLS):
        frames = float(nights[cell or "frames"].sum())
        expected = float(nights[f"predicted.{cell}" if cell else "predicted"].sum())
        sd = float(np.sqrt((nights[f"sd.{cell}" if cell else "sd"] ** 2).sum()))
        name = f"part.{cell}." if cell else "part."
        result |= {f"{name}frames": frames, f"{name}predicted": round(expected, 2), f"{name}sd": round(sd, 2)}
        # A condition that these nights do not have has no scatter: any frame of it is one too many.
        deviations[cell] = (frames - expected) / max(sd, 1.0)
    result["part.z"] = round(deviations.pop(""), 2)
    worst = max(deviations, key=lambda cell: abs(deviations[cell]))
    outside = nights.loc[nights["outside"] != "", "night"].tolist()
    return result | {
        "part.largest_z": round(deviations[worst], 2),
        "part.largest_z_at": worst,
        "part.outside": len(outside),
        "part.outside_nights": listed(outside) if outside else "none",
    }


def listed(nights: Iterable[str], named: int = 6) -> str:
    """Nights in a sentence, consecutive ones as one of ``named`` spans: "20221203, 20221210 to 20221214 and 3 more"."""
    in_order = sorted(nights)
    days = [date.fromisoformat(night).toordinal() for night in in_order]
    spans = np.split(np.array(in_order), np.flatnonzero(np.diff(days) != 1) + 1)
    shown = [span[0] if len(span) == 1 else f"{span[0]} to {span[-1]}" for span in spans[:named]]
    rest = sum(len(span) for span in spans[named:])
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
