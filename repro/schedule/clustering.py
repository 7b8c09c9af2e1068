"""Clusters of frames (twilight runs, dates, camera windows), for the scatter of counts and shares."""

from __future__ import annotations

import numpy as np

from repro.schedule.prediction import Prediction
from repro.schedule.scatter import sample_by_date
from repro.schedule.windows import Integers
from repro.sky.bins import CONDITIONS

#: Parts of the labelled frames that train and that validate: 2 x 1,024 and 2 x 329 of 4,563 (section II.3).
TRAIN_PART, VALIDATION_PART = 2048 / 4563, 658 / 4563
DRAWS, SEED = 20, 0


def clustering_quantities(prediction: Prediction) -> dict[str, float]:
    """Numbers of clusters behind the published counts, under the chosen reading.

    ``runs.<sun>.<moon>``: evenings and mornings with such frames, each one run. ``evening_percent.<sun>.<moon>``: frames of
    the condition that were taken while the sun was sinking. ``window1.frames_percent``: frames of the first window, all of
    which precede 2024. ``earliest_frame_utc_min``: minutes from 00:00 UTC of the morning's date to the earliest frame of any
    night; below 0 a night would span two UTC dates. ``sample.mean_size``: labelled frames in the date of a random labelled
    frame. ``sample.weight_scatter``: sum over dates of the squared difference between a date's weight among the Night &
    No_moon frames and among the labelled frames. ``sample.nearest_min``: median minutes from a validation frame to the
    nearest training frame of its date, ``sample.within_1_min_percent`` and ``sample.within_10_min_percent`` the validation
    frames that have one so near; means of 20 draws.
    """
    rule, minutes = prediction.chosen.rule, prediction.minutes
    evening = np.diff(rule.sun_alt_deg, append=rule.sun_alt_deg[-1:]) < 0
    run = 2 * minutes.night + evening
    result: dict[str, float] = {}
    for sun, moon in CONDITIONS:
        here = rule.camera_on & (rule.sun == sun) & (rule.moon == moon)
        cell = f"{sun}.{moon}".lower()
        result[f"runs.{cell}"] = int(np.unique(run[here]).size)
        result[f"evening_percent.{cell}"] = round(100 * float(evening[here].mean()), 2) if here.any() else 0.0
    frames = prediction.frames_by_date()
    labelled = sample_by_date(frames)
    difference = frames / frames.sum() - labelled / labelled.sum()
    result["sample.mean_size"] = round(float((labelled**2).sum() / labelled.sum()), 4)
    result["sample.weight_scatter"] = round(float((difference**2).sum()), 8)
    midnights = np.array(minutes.mornings, dtype="datetime64[us]")[minutes.night[rule.camera_on]]
    after_midnight = minutes.times_utc[rule.camera_on] - midnights
    result["earliest_frame_utc_min"] = float(after_midnight.min() / np.timedelta64(1, "m"))
    window = minutes.window[minutes.night[rule.camera_on]]
    result["window1.frames_percent"] = round(100 * float((window == 1).mean()), 2)
    return result | _nearness(minutes.times_utc[rule.sampled].astype("datetime64[m]").astype(np.int64))


def _nearness(pool_min: Integers) -> dict[str, float]:
    """Distances of validation frames from training frames of their date; both are drawn as in the scripts."""
    rng = np.random.default_rng(SEED)
    by_date = np.split(pool_min, np.flatnonzero(np.diff(pool_min // (24 * 60))) + 1)
    distances = []
    for _ in range(DRAWS):
        for frames in by_date:
            drawn = rng.permutation(frames)[: int(sample_by_date(frames.size))]
            use = rng.random(drawn.size)
            train = drawn[use < TRAIN_PART]
            validation = drawn[(use >= TRAIN_PART) & (use < TRAIN_PART + VALIDATION_PART)]
            if train.size and validation.size:
                distances.append(np.abs(validation[:, None] - train).min(axis=1))
    minutes = np.concatenate(distances)
    return {
        "sample.nearest_min": float(np.median(minutes)),
        "sample.within_1_min_percent": round(100 * float((minutes <= 1).mean()), 2),
        "sample.within_10_min_percent": round(100 * float((minutes <= 10).mean()), 2),
    }
