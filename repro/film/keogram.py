"""The keogram of a night: the meridian of each frame side by side, against UTC, with sun and moon above it.

Auroral physicists look at a night this way: an arc that drifts south is a line that falls.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, DateFormatter, date2num
from matplotlib.figure import Figure

from repro.errors import ReproError
from repro.files import atomic_path

_GREY = "0.55"  # where there is no frame


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
        First and last edge in time, in matplotlib's days.
    """
    known = times_utc.notna().to_numpy()
    days = _days(times_utc[known])
    order = np.argsort(days, kind="stable")
    days, columns = days[order], keogram[:, np.flatnonzero(known)[order]]
    step = float(np.median(np.diff(days))) if days.size > 1 else 0.0
    step = step if step > 0 else 60 / 86400
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


def draw_keogram(source: Path, target: Path, table: pd.DataFrame, *, title: str, credit: str) -> None:
    """Draw a night's keogram as a PNG of 1400 x 700 pixels.

    Parameters
    ----------
    source : Path
        The film stage's keogram: a column a frame, north at the top.
    target : Path
        The picture.
    table : DataFrame
        The night's frame table with sun and moon, a row a column of the keogram.
    title : str
        Night and camera.
    credit : str
        Whom the images belong to.

    Raises
    ------
    ReproError
        If table and keogram have not the same number of frames, or no frame has a time.
    """
    raw = cv2.imread(str(source), cv2.IMREAD_COLOR)
    if raw is None or raw.shape[1] != len(table) or not table["time_utc"].notna().any():
        raise ReproError(
            found="no keogram" if raw is None else f"a keogram of {raw.shape[1]} frames beside {len(table)} rows",
            expected="one column a row, and at least one with a time",
            where=str(source),
            remedy="run: dvc repro film clock",
        )
    image, (left, right) = place_in_time(np.asarray(raw[..., ::-1], dtype=np.uint8), table["time_utc"])
    figure = Figure(figsize=(14, 7), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2.2))
    timed = table[table["time_utc"].notna()].sort_values("time_utc")
    days = _days(timed["time_utc"])
    above.plot(days, timed["sun_alt_deg"], color="tab:orange", label="sun")
    above.plot(days, timed["moon_alt_deg"], color="tab:blue", label="moon")
    phase = float(timed["moon_phase_deg"].median())
    for altitude in (0.0, -6.0, -12.0, -18.0):
        above.axhline(altitude, color="0.7", linewidth=0.6, zorder=0)
    above.set_ylabel("altitude (deg)")
    above.set_title(f"{title} · moon's phase {phase:.0f} deg of 180", loc="left")
    above.legend(loc="upper right", ncols=2, frameon=False)
    below.set_facecolor(_GREY)
    below.imshow(image, aspect="auto", extent=(left, right, 0, image.shape[0]), interpolation="nearest")
    below.set_yticks([0, image.shape[0] / 2, image.shape[0]], ["S", "zenith", "N"])
    below.set_xlim(left, right)
    below.xaxis.set_major_locator(AutoDateLocator(minticks=4, maxticks=12))  # type: ignore[no-untyped-call]
    below.xaxis.set_major_formatter(DateFormatter("%H:%M"))  # type: ignore[no-untyped-call]
    below.set_xlabel(f"UTC, from {timed['time_utc'].iloc[0]:%Y-%m-%d} · images: {credit}")
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def _days(times_utc: pd.Series) -> npt.NDArray[np.float64]:
    """Times in matplotlib's days since 1970."""
    days = date2num(times_utc.dt.tz_localize(None).to_numpy())  # type: ignore[no-untyped-call]
    return np.asarray(days, dtype=np.float64)
