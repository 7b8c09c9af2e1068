"""The keogram of a night against time: the meridian of each frame as one column, placed at the frame's UTC.

Auroral physicists look at a night this way: an arc that drifts south is a line that falls.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd


def cadence_days(days: npt.NDArray[np.floating]) -> float:
    """Usual time between frames, whose times in days are in order; a minute for one frame."""
    step = float(np.median(np.diff(days))) if days.size > 1 else 0.0
    return step if step > 0 else 60 / 86400


def place_in_time(
    keogram: npt.NDArray[np.uint8], times_utc: pd.Series
) -> tuple[npt.NDArray[np.uint8], tuple[float, float]]:
    """Put the columns of a keogram where their times are; gaps stay empty.

    Parameters
    ----------
    keogram : ndarray, shape (height, frame, 3)
        RGB uint8.
    times_utc : Series of datetime, length frame
        NaT where the time is not known; such a column is left out.

    Returns
    -------
    ndarray, shape (height, slot, 4)
        RGBA uint8, one slot a median frame interval, transparent where there is no frame.
    tuple of float
        First and last edge in time, in days since 1970.
    """
    known = times_utc.notna().to_numpy()
    days = ((times_utc[known] - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)).to_numpy(np.float64)
    order = np.argsort(days, kind="stable")
    days, columns = days[order], keogram[:, np.flatnonzero(known)[order]]
    step = cadence_days(days)
    edges = np.arange(days[0] - step / 2, days[-1] + step, step)
    middles = edges[:-1] + step / 2
    # Each slot shows the frame nearest to it, unless that is well beyond its edges.
    after = np.clip(np.searchsorted(days, middles), 0, days.size - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(days[before] - middles) < np.abs(days[after] - middles), before, after)
    filled = np.abs(days[nearest] - middles) <= 0.75 * step
    image = np.zeros((keogram.shape[0], middles.size, 4), np.uint8)
    image[..., :3] = columns[:, nearest]
    image[..., 3] = filled * np.uint8(255)
    return image, (float(edges[0]), float(edges[-1]))
