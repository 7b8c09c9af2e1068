"""Table 6: frames classified yes and no in each of the nine conditions, as odds and as a share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from repro.sky.bins import CONDITIONS, MOON_BINS, SUN_BINS


def table6(frames: pd.DataFrame) -> pd.DataFrame:
    """Count classified frames by condition.

    ``frames`` has ``sun_bin``, ``moon_bin`` and ``predicted``, one row a frame; those in brighter twilight or without an answer
    are left out, as in the record.

    Returns
    -------
    DataFrame
        Nine rows in the order of the record: ``moon_bin``, ``sun_bin``, ``yes``, ``no``, ``frames``; ``odds_percent``,
        yes per 100 no, which the record prints as "ratio"; ``share_percent``, yes per 100 frames, as a reader
        understands it. Both are NaN where the denominator is 0.
    """
    counts = frames.groupby(["moon_bin", "sun_bin", "predicted"]).size()
    rows = []
    for sun, moon in CONDITIONS:
        yes, no = (int(counts.get((moon, sun, label), 0)) for label in ("yes", "no"))
        rows.append((moon, sun, yes, no, yes + no, _percent(yes, no), _percent(yes, yes + no)))
    columns = ["moon_bin", "sun_bin", "yes", "no", "frames", "odds_percent", "share_percent"]
    return pd.DataFrame(rows, columns=columns).astype({"moon_bin": "str", "sun_bin": "str"})


def quantities(table: pd.DataFrame) -> dict[str, float | str]:
    """Table 6 as numbers by name; what is undefined is left out.

    ``table6.<sun>.<moon>.yes``, ``.no`` and ``.ratio`` (odds in percent), ``table6.yes``, ``table6.mean_ratio``
    (unweighted mean of the odds, the record's "average occurrence"), ``table6.yes_share_percent`` (of all frames),
    ``table6.highest_ratio_at`` and ``lowest_ratio_at`` (``SUN.MOON``).
    """
    numbers: dict[str, float | str] = {}
    for row in table.to_dict("records"):
        cell = f"table6.{row['sun_bin']}.{row['moon_bin']}".lower()
        numbers |= {f"{cell}.yes": row["yes"], f"{cell}.no": row["no"], f"{cell}.ratio": row["odds_percent"]}
    known = table[table["odds_percent"].notna()]
    numbers["table6.yes"] = int(table["yes"].sum())
    if not known.empty:
        numbers["table6.mean_ratio"] = float(known["odds_percent"].mean())
        numbers["table6.yes_share_percent"] = _percent(int(table["yes"].sum()), int(table["frames"].sum()))
        ordered = known.sort_values("odds_percent", kind="stable")
        for name, at in (("lowest", ordered.iloc[0]), ("highest", ordered.iloc[-1])):
            numbers[f"table6.{name}_ratio_at"] = f"{at['sun_bin']}.{at['moon_bin']}".upper()
    return {name: value for name, value in numbers.items() if isinstance(value, str) or np.isfinite(value)}


def table3_quantities(table: pd.DataFrame) -> dict[str, int]:
    """Frames of each condition and their margins, as ``table3.<sun>.<moon>``, ``table3.<moon>`` and ``table2.<sun>``."""
    numbers = {
        f"table3.{row['sun_bin']}.{row['moon_bin']}".lower(): int(row["frames"]) for row in table.to_dict("records")
    }
    for moon in MOON_BINS:
        numbers[f"table3.{moon}".lower()] = int(table.loc[table["moon_bin"] == moon, "frames"].sum())
    for sun in SUN_BINS[:3]:
        numbers[f"table2.{sun}".lower()] = int(table.loc[table["sun_bin"] == sun, "frames"].sum())
    return numbers


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else float("nan")
