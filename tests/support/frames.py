"""Small frame tables; test support, no part of the library."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd


def night_frames(night: str, count: int, *, start: str | None = None, first: int = 0) -> pd.DataFrame:
    """Frames of one night, a minute apart, dark and without moon, from 06:00 UTC of its morning unless another start is given."""
    begin = pd.Timestamp(start or f"{night[:4]}-{night[4:6]}-{night[6:]} 06:00:00", tz="UTC")
    times = begin + pd.to_timedelta(np.arange(count), unit="min")
    numbers = np.arange(first, first + count)
    names = [f"{time:%Y%m%d%H%M%S}_{night}_{number}.jpg" for time, number in zip(times, numbers, strict=True)]
    table = pd.DataFrame(
        {
            "night": night,
            "number": numbers,
            "frame": numbers * 10,
            "video_time_s": numbers * 0.4,
            "name": names,
            "clock_read": "",
            "clock_confidence": 90.0,
            "clock_text": "",
            "clock_repair": "",
            "time_utc": times,
            "sun_alt_deg": -30.0,
            "moon_alt_deg": -10.0,
            "moon_phase_deg": 90.0,
            "sun_bin": "Night",
            "moon_bin": "No_moon",
            "on_boundary": False,
        }
    )
    return table.astype({"time_utc": pd.DatetimeTZDtype("us", "UTC"), "number": "int64", "frame": "int64"})


def labelled(yes: Mapping[str, int], no: Mapping[str, int]) -> pd.DataFrame:
    """Labelled frames: so many yes and no of each night."""
    parts = []
    for night in sorted({*yes, *no}):
        rows = night_frames(night, yes.get(night, 0) + no.get(night, 0))
        parts.append(rows.assign(label=["yes"] * yes.get(night, 0) + ["no"] * no.get(night, 0)))
    return pd.concat(parts, ignore_index=True)


def nights(count: int, first: str = "2024-02-01") -> Sequence[str]:
    """Names of successive nights."""
    return [f"{day:%Y%m%d}" for day in pd.date_range(first, periods=count)]
