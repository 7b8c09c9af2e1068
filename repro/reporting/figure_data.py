"""Data of the figures: taken from claims, verdicts and the schedule, written beside each figure as CSV."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from repro.reporting.training import with_intervals
from repro.reporting.verdicts import Results
from repro.sky.bins import CONDITIONS, MOON_BINS, SUN_BINS

SUNS = SUN_BINS[:3]


def table3_cells(results: Results) -> pd.DataFrame:
    """The nine cells of Table 3 as published and as predicted, in frames; one whose prediction was not made is left out.

    ``deviation_percent`` is predicted minus published, of published; ``unfitted_percent`` the same without any fitted number, NaN
    where it is undefined; ``sd_percent`` the standard deviation that missing nights make.
    """
    quantities = results.schedule["quantities"]
    rows = []
    for moon in MOON_BINS:
        for sun in SUNS:
            item = results.judged[f"T3.{sun}.{moon}".upper()]
            verdict = item.by("ephemeris")
            if verdict is None or not isinstance(verdict.measured, int | float):
                continue
            published, predicted = item.claim.number, float(verdict.measured)
            cell = f"{sun}.{moon}".lower()
            # Before the fit no switch-on altitude is known, so nothing can be said about nautical twilight.
            unfitted = float(quantities.get(f"unfitted.{cell}", math.nan))
            rows.append(
                {
                    "sun_bin": sun,
                    "moon_bin": moon,
                    "published": published,
                    "predicted": predicted,
                    "unfitted": unfitted,
                    "deviation_percent": 100 * (predicted - published) / published,
                    "unfitted_percent": 100 * (unfitted - published) / published,
                    "sd_percent": 100 * float(quantities[f"sd.{cell}"]) / published,
                    "tolerance_percent": 100 * (item.claim.evidence["ephemeris"].tolerance or 0.0),
                    "outcome": verdict.outcome,
                }
            )
    return pd.DataFrame(rows)


def windows(results: Results) -> list[tuple[str, str]]:
    """First and last night (YYYY-MM-DD) of each window of the schedule."""
    spans = results.nights.groupby("window")["date"].agg(["min", "max"])
    return list(zip(spans["min"], spans["max"], strict=True))


def camera_on(results: Results) -> pd.DataFrame:
    """Spans of one condition while the predicted camera is on."""
    shown = results.segments[results.segments["camera_on"]]
    return shown[["night", "start_utc", "end_utc", "sun_bin", "moon_bin"]].reset_index(drop=True)


def curves(results: Results) -> tuple[pd.DataFrame, int]:
    """Figure 5 by epoch, and the number of validation images."""
    images = int(results.claims["F5.VAL_IMAGES"].number)
    counts = results.claims.matching("F5.VAL_ACCURACY_COUNT.*")
    epochs = pd.DataFrame({"epoch": sorted(int(claim.id.rsplit(".E", 1)[1]) for claim in counts)})
    for column in ("train_loss", "val_loss", "train_accuracy"):
        names = [f"F5.{column}.E{epoch}".upper() for epoch in epochs["epoch"]]
        epochs[column] = [results.claims[name].number for name in names]
    correct = [int(results.claims[f"F5.VAL_ACCURACY_COUNT.E{epoch}"].number) for epoch in epochs["epoch"]]
    epochs = epochs.assign(val_correct=correct, val_accuracy=np.divide(correct, images))
    return with_intervals(epochs, images), images


def figure6_cells(results: Results) -> pd.DataFrame:
    """Figure 6 as read off the print: ``sun_bin``, ``moon_bin``, ``mean_percent``, ``sd_percent``; cells not registered left out."""
    rows = []
    for sun, moon in CONDITIONS:
        names = [f"F6.YES.{sun}.{moon}.{what}".upper() for what in ("MEAN", "SD")]
        if all(name in results.judged for name in names):
            mean, sd = (results.claims[name].number for name in names)
            rows.append({"sun_bin": sun, "moon_bin": moon, "mean_percent": mean, "sd_percent": sd})
    return pd.DataFrame(rows, columns=["sun_bin", "moon_bin", "mean_percent", "sd_percent"])
