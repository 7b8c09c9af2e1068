"""Nights that may be missing from the record: runs whose absence explains the counts and hardly reduces the sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repro.schedule.rule_reading import CELLS, DARK, NAUTICAL, FittedRule, Published
from repro.schedule.scatter import Scatter, sample_by_date
from repro.schedule.windows import Minutes

LONGEST_RUN = 4
#: Runs that are reported.
REPORTED = 5


@dataclass(frozen=True)
class MissingRun:
    """Consecutive nights taken out of the schedule."""

    first: str  # nights, YYYYMMDD
    last: str
    frames: int  # minutes with the camera on
    sample_lost: float  # frames that the sample loses with them
    chi_square: float  # distance of the six Night and Astro cells without these nights


def scan_missing_runs(
    rule: FittedRule, minutes: Minutes, scatter: Scatter, record: Published
) -> tuple[list[MissingRun], int]:
    """Try every run of up to four nights that the frames and the sample allow to be missing.

    A run may not have more frames than are missing in all, and may not cost the sample more than it lost. Without the
    run the Night and Astro cells are scaled to their published sum, as a fit would, and so are the Nautical cells.
    Gives the runs that leave the smallest distance, the best first, and how many were tried.
    """
    by_date = _frames_by_night_and_date(rule, minutes)
    whole_sample = sample_by_date(by_date.sum(axis=0)).sum()
    missing = rule.minutes.sum() * max(1.0 - rule.fit.availability, 0.0)
    counts = np.array([record.cells[cell] for cell in CELLS])
    runs = []
    for length in range(1, LONGEST_RUN + 1):
        for first in range(len(minutes.mornings) - length + 1):
            nights = slice(first, first + length)
            frames = int(rule.minutes[:, nights].sum())
            consecutive = (minutes.mornings[first + length - 1] - minutes.mornings[first]).days == length - 1
            if not consecutive or not 0 < frames <= missing:
                continue
            left = by_date.sum(axis=0) - by_date[nights].sum(axis=0)
            lost = float(whole_sample - sample_by_date(left).sum())
            if lost > whole_sample - record.sample:
                continue
            cells = (rule.minutes.sum(axis=1) - rule.minutes[:, nights].sum(axis=1)).astype(np.float64)
            for group, total in ((DARK, record.total - record.nautical), (NAUTICAL, record.nautical)):
                cells[list(group)] *= total / max(cells[list(group)].sum(), 1.0)
            distance, _ = scatter.distance(counts - cells, DARK)
            names = minutes.names
            runs.append(MissingRun(names[first], names[first + length - 1], frames, lost, distance))
    return sorted(runs, key=lambda run: run.chi_square)[:REPORTED], len(runs)


def _frames_by_night_and_date(rule: FittedRule, minutes: Minutes) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Night & No_moon minutes with the camera on, shape (nights, UTC dates)."""
    sampled = np.flatnonzero(rule.sampled)
    _, date = np.unique(minutes.times_utc[sampled].astype("datetime64[D]"), return_inverse=True)
    nights, dates = len(minutes.mornings), int(date.max(initial=-1)) + 1
    flat = np.bincount(minutes.night[sampled] * max(dates, 1) + date, minlength=nights * dates)
    return flat.reshape(nights, dates)
