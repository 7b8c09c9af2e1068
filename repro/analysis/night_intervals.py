"""Intervals of shares and means that resample nights, for a corpus that holds a part of the record's nights."""

from __future__ import annotations

import numpy as np
import pandas as pd

from repro.intervals import percentile, ratio_by_night
from repro.seeding import generator
from repro.sky.bins import CONDITIONS

#: As three standard deviations of a normal distribution, like every other tolerance for scatter.
CONFIDENCE = 0.9973


def night_intervals(frames: pd.DataFrame, resamplings: int, seed: int) -> dict[str, list[float]]:
    """Intervals of quantities of Table 6 and Figure 6.

    ``frames`` has ``night``, ``sun_bin``, ``moon_bin``, ``predicted`` and ``p_yes``, one row a classified frame. All quantities
    share the ``resamplings``. Gives ``[low, high]`` by ``interval.`` and the quantity's name: ``table6.<sun>.<moon>.ratio``,
    ``table6.mean_ratio``, ``table6.yes_share_percent`` and ``figure6.mean.<sun>.<moon>``; empty with too few nights.
    """
    nights = frames["night"].to_numpy()
    yes, no = ((frames["predicted"] == label).to_numpy(dtype=np.float64) for label in ("yes", "no"))
    p_yes = frames["p_yes"].fillna(0.0).to_numpy(dtype=np.float64)

    def percent(above: np.ndarray, below: np.ndarray) -> np.ndarray:
        # The same generator each time, so that each quantity sees the same resamplings.
        return 100 * ratio_by_night(above, below, nights, resamplings, generator(seed, "nights"))

    resampled = {"table6.yes_share_percent": percent(yes, yes + no)}
    odds = []
    for sun, moon in CONDITIONS:
        of_cell = ((frames["sun_bin"] == sun) & (frames["moon_bin"] == moon)).to_numpy(dtype=np.float64)
        if not of_cell.any():
            continue
        cell = f"{sun}.{moon}".lower()
        odds.append(percent(yes * of_cell, no * of_cell))
        resampled[f"table6.{cell}.ratio"] = odds[-1]
        resampled[f"figure6.mean.{cell}"] = percent(p_yes * yes * of_cell, yes * of_cell)
    if len(odds) == len(CONDITIONS):
        resampled["table6.mean_ratio"] = np.mean(odds, axis=0)
    intervals = {name: percentile(values, confidence=CONFIDENCE) for name, values in resampled.items()}
    return {f"interval.{name}": list(ends) for name, ends in intervals.items() if ends is not None}
