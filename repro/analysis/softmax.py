"""Figures 6 and 7: the network's confidence by condition, as the record computed it and as a reader expects it.

Two readings of each. Figure 6 gives mean and standard deviation of p(yes): the record's cells are over the frames
classified yes, while title and text suggest all frames. Figure 7 gives histograms of p(yes): the record's are
normalised for each predicted class separately, so that a panel has a total area of two, while a reader expects one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from repro.sky.bins import CONDITIONS

BINS = 100  # one percentage point each
#: Readings of Figure 6.
OVER = ("predicted yes", "all")


def figure6(frames: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation of p(yes) by condition, in both readings.

    ``frames`` has ``sun_bin``, ``moon_bin``, ``p_yes`` and ``predicted``, one row a frame.

    Returns
    -------
    DataFrame
        ``over`` (``predicted yes``, as published, or ``all``), ``moon_bin``, ``sun_bin``, ``frames``, ``mean_percent``
        and ``sd_percent`` of p(yes); NaN where there is no frame. The deviation is the population's (divisor n), as in
        the published softmax script, so one frame has 0. The record's panel for no is 100 less the mean, with the same
        deviation.
    """
    parts = []
    for over in OVER:
        chosen = frames if over == "all" else frames[frames["predicted"] == "yes"]
        groups = {key: 100 * group for key, group in chosen.groupby(["sun_bin", "moon_bin"])["p_yes"]}
        for sun, moon in CONDITIONS:
            values = groups.get((sun, moon), pd.Series(dtype="float64")).dropna()
            parts.append((over, moon, sun, len(values), values.mean(), values.std(ddof=0)))
    columns = ["over", "moon_bin", "sun_bin", "frames", "mean_percent", "sd_percent"]
    return pd.DataFrame(parts, columns=columns).astype(
        {"over": "str", "moon_bin": "str", "sun_bin": "str", "mean_percent": "float64", "sd_percent": "float64"}
    )


def figure7(frames: pd.DataFrame) -> pd.DataFrame:
    """Histograms of p(yes) by condition and predicted class, in both normalisations; ``frames`` as for :func:`figure6`.

    Returns
    -------
    DataFrame
        ``moon_bin``, ``sun_bin``, ``predicted``, ``low_percent`` (lower edge of the bin, 0 to 99; the last bin holds
        100 too), ``frames``, and two densities per percentage point: ``density`` as published, whose sum is 1 for each
        predicted class, and ``density_of_all``, whose sum is 1 for both together. Conditions without frames are left out.
    """
    parts = []
    for sun, moon in CONDITIONS:
        in_cell = frames[(frames["sun_bin"] == sun) & (frames["moon_bin"] == moon) & frames["p_yes"].notna()]
        for label in ("no", "yes"):
            values = 100 * in_cell.loc[in_cell["predicted"] == label, "p_yes"].to_numpy(dtype=np.float64)
            if not len(values):
                continue
            counts = np.histogram(values, bins=BINS, range=(0, 100))[0]
            parts.append(
                pd.DataFrame(
                    {
                        "moon_bin": moon,
                        "sun_bin": sun,
                        "predicted": label,
                        "low_percent": np.arange(BINS),
                        "frames": counts,
                        "density": counts / len(values),
                        "density_of_all": counts / len(in_cell),
                    }
                )
            )
    columns = ["moon_bin", "sun_bin", "predicted", "low_percent", "frames", "density", "density_of_all"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def quantities(six: pd.DataFrame, seven: pd.DataFrame) -> dict[str, float]:
    """Figures 6 and 7 as the record computed them, as numbers by name; what is undefined is left out.

    ``figure6.mean.<sun>.<moon>`` and ``figure6.sd.<sun>.<moon>`` are in percent; ``figure7.first_bin.<sun>.<moon>``, of the
    frames classified no, and ``figure7.last_bin.<sun>.<moon>``, of those classified yes, are densities.
    """
    numbers: dict[str, float] = {}
    for row in six[six["over"] == OVER[0]].to_dict("records"):
        cell = f"{row['sun_bin']}.{row['moon_bin']}".lower()
        numbers |= {f"figure6.mean.{cell}": row["mean_percent"], f"figure6.sd.{cell}": row["sd_percent"]}
    for name, label, low in (("first_bin", "no", 0), ("last_bin", "yes", BINS - 1)):
        rows = seven[(seven["predicted"] == label) & (seven["low_percent"] == low)]
        for row in rows.to_dict("records"):
            numbers[f"figure7.{name}.{row['sun_bin']}.{row['moon_bin']}".lower()] = row["density"]
    return {name: value for name, value in numbers.items() if np.isfinite(value)}
