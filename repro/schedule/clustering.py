"""How frames belong together: twilight runs, dates and camera windows, for the scatter of what is counted on them."""

from __future__ import annotations

import numpy as np

from repro.schedule.prediction import Prediction
from repro.schedule.scatter import sample_by_date
from repro.sky.bins import CONDITIONS


def clustering_quantities(prediction: Prediction) -> dict[str, float]:
    """Numbers of clusters behind the published counts, under the chosen reading.

    Returns
    -------
    dict
        ``runs.<sun>.<moon>``: evenings and mornings with such frames, each one run. ``evening_percent.<sun>.<moon>``:
        frames of the condition that were taken while the sun was sinking. ``window1.frames_percent``: frames of the
        first window, all of which precede 2024. ``sample.mean_size``: labelled frames in the date of a random labelled
        frame. ``sample.weight_scatter``: sum over dates of the squared difference between a date's weight among the
        Night & No_moon frames and among the labelled frames.
    """
    rule, minutes = prediction.chosen.rule, prediction.minutes
    evening = np.diff(rule.sun_alt_deg, append=rule.sun_alt_deg[-1:]) < 0
    run = 2 * minutes.night + evening
    result: dict[str, float] = {}
    for sun, moon in CONDITIONS:
        of_cell = rule.camera_on & (rule.sun == sun) & (rule.moon == moon)
        cell = f"{sun}.{moon}".lower()
        result[f"runs.{cell}"] = int(np.unique(run[of_cell]).size)
        result[f"evening_percent.{cell}"] = round(100 * float(evening[of_cell].mean()), 2) if of_cell.any() else 0.0
    frames = prediction.frames_by_date()
    labelled = sample_by_date(frames)
    difference = frames / frames.sum() - labelled / labelled.sum()
    result["sample.mean_size"] = round(float((labelled**2).sum() / labelled.sum()), 4)
    result["sample.weight_scatter"] = round(float((difference**2).sum()), 8)
    window = minutes.window[minutes.night[rule.camera_on]]
    result["window1.frames_percent"] = round(100 * float((window == 1).mean()), 2)
    return result
