"""Photographs of the page, copied and reduced, and keograms against time.

A keogram has the meridian of each frame as one column. An arc that drifts south is a line that falls.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from repro.files import atomic_path

STRIP_PX = (864, 216)  # width and height of the small keogram: twice its place in the drawing of a night
GREY = 140  # where there is no frame
QUALITY = 82  # of the small copies; the full pictures are copied as they are


def small_copy(source: Path, target: Path, *, width_px: int) -> tuple[int, int]:
    """Write a picture at most so many pixels wide; gives its width and height, for which a page keeps the place free."""
    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    if picture.width > width_px:
        height_px = round(picture.height * width_px / picture.width)
        picture = picture.resize((width_px, height_px), Image.Resampling.LANCZOS)
    with atomic_path(target) as temporary:
        picture.save(temporary, quality=QUALITY)
    return picture.size


def full_copy(source: Path, target: Path) -> None:
    """Copy a file, byte for byte."""
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)


def cadence_days(days: npt.NDArray[np.floating]) -> float:
    """Usual time between frames, whose times in days are in order; a minute for one frame."""
    step = float(np.median(np.diff(days))) if days.size > 1 else 0.0
    return step if step > 0 else 60 / 86400


def place_in_time(
    keogram: npt.NDArray[np.uint8], times_utc: pd.Series
) -> tuple[npt.NDArray[np.uint8], tuple[float, float]]:
    """Put the columns of a keogram, RGB uint8 (height, frame, 3), where their times are; gaps stay grey.

    A column whose time is NaT is left out. Gives RGB uint8 (height, slot, 3), one slot a median frame interval, and the first
    and last edge in days since 1970, UTC.
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
    return np.where(filled[:, None], columns[:, nearest], np.uint8(GREY)), (float(edges[0]), float(edges[-1]))


def keogram_strip(source: Path, times_utc: pd.Series) -> tuple[bytes, tuple[float, float]]:
    """Make a small keogram without axes, each column where its time is and grey where there is no frame.

    ``source`` is the film stage's keogram, a column a frame; ``times_utc`` has their times, NaT where not known, at least one is.
    The result is a WebP file of :data:`STRIP_PX`, and its first and last edge in days since 1970, UTC.
    """
    with Image.open(source) as opened:
        columns = np.asarray(opened.convert("RGB"))
    placed, span = place_in_time(columns, times_utc)
    # Columns stay apart, as in the whole picture; along the meridian pixels are averaged.
    tall = Image.fromarray(placed).resize((placed.shape[1], STRIP_PX[1]), Image.Resampling.BOX)
    written = io.BytesIO()
    tall.resize(STRIP_PX, Image.Resampling.NEAREST).save(written, "WEBP", quality=QUALITY, method=2)
    return written.getvalue(), span
