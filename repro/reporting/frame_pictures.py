"""Photographs of the page: copied, and reduced for the page."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from repro.files import atomic_path
from repro.reporting.keogram import place_in_time

STRIP_PX = (864, 216)  # width and height of the small keogram: twice its place in the drawing of a night
_GREY = (140, 140, 140)  # where there is no frame
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


def keogram_strip(source: Path, times_utc: pd.Series) -> tuple[bytes, tuple[float, float]]:
    """Make a small keogram without axes, each column where its time is and grey where there is no frame.

    ``source`` is the film stage's keogram, a column a frame; ``times_utc`` has their times, NaT where not known, at least one is.
    The result is a WebP file of :data:`STRIP_PX`, and its first and last edge in days since 1970, UTC.
    """
    with Image.open(source) as opened:
        columns = np.asarray(opened.convert("RGB"))
    placed, span = place_in_time(columns, times_utc)
    picture = Image.new("RGB", (placed.shape[1], placed.shape[0]), _GREY)
    cut = Image.fromarray(placed)
    picture.paste(cut, mask=cut.getchannel("A"))
    # Columns stay apart, as in the whole picture; along the meridian pixels are averaged.
    tall = picture.resize((picture.width, STRIP_PX[1]), Image.Resampling.BOX)
    written = io.BytesIO()
    tall.resize(STRIP_PX, Image.Resampling.NEAREST).save(written, "WEBP", quality=QUALITY, method=2)
    return written.getvalue(), span
