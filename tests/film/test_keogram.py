"""The keogram's picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from repro.errors import ReproError
from repro.film.keogram import draw_keogram, place_in_time


def minutes(*after: float | None) -> pd.Series:
    """Times so many minutes after one in the morning; None is no time."""
    start = pd.Timestamp("2024-02-01 01:00", tz="UTC")
    return pd.Series([start + pd.Timedelta(minutes=m) if m is not None else pd.NaT for m in after]).astype(
        "datetime64[us, UTC]"
    )


def columns(count: int) -> np.ndarray:
    """A keogram whose n-th column has the brightness 10 n + 10."""
    return np.repeat(np.repeat(np.arange(10, 10 * count + 10, 10, dtype=np.uint8)[None, :, None], 4, 0), 3, 2)


def test_a_gap_stays_empty() -> None:
    """Columns stand where their times are, and a pause of the camera is left transparent."""
    image, (left, right) = place_in_time(columns(6), minutes(0, 1, 2, 7, 8, 9))
    assert image[0, :, 0][image[0, :, 3] > 0].tolist() == [10, 20, 30, 40, 50, 60]
    assert (right - left) * 1440 == pytest.approx(10, abs=0.01)
    assert image[0, :, 3].tolist() == [255, 255, 255, 0, 0, 0, 0, 255, 255, 255]


def test_columns_without_a_time_are_left_out() -> None:
    """A frame whose clock is unreadable has no place in the picture."""
    image, _ = place_in_time(columns(4), minutes(0, 1, None, 3))
    assert 30 not in image[..., 0]


def test_one_frame_is_a_picture() -> None:
    """A night of a single frame has a keogram of one column."""
    image, _ = place_in_time(columns(1), minutes(0))
    assert image.shape == (4, 1, 4)
    assert image[0, 0].tolist() == [10, 10, 10, 255]


def sky_table(times: pd.Series) -> pd.DataFrame:
    """The columns of a frame table that the picture needs."""
    angle = np.linspace(-30, 10, len(times))
    return pd.DataFrame({"time_utc": times, "sun_alt_deg": angle, "moon_alt_deg": -angle, "moon_phase_deg": 90.0})


def test_picture_shows_north_above_south(tmp_path: Path) -> None:
    """In the picture, what is north in the keogram stands above what is south."""
    keogram = np.zeros((60, 30, 3), np.uint8)
    keogram[:20] = (0, 0, 200)  # red in the north, BGR
    keogram[40:] = (0, 200, 0)  # green in the south
    cv2.imwrite(str(tmp_path / "raw.png"), keogram)
    draw_keogram(tmp_path / "raw.png", tmp_path / "out.png", sky_table(minutes(*range(30))), title="t", credit="c")
    picture = cv2.imread(str(tmp_path / "out.png")).astype(int)
    assert picture.shape == (700, 1400, 3)
    red = np.argwhere((picture[..., 2] > 150) & (picture[..., 1] < 60) & (picture[..., 0] < 60))
    green = np.argwhere((picture[..., 1] > 150) & (picture[..., 2] < 60) & (picture[..., 0] < 60))
    assert len(red) > 10_000
    assert len(green) > 10_000
    assert red[:, 0].mean() < green[:, 0].mean()


def test_a_table_of_another_length_is_an_error(tmp_path: Path) -> None:
    """A keogram and a table that do not belong together are refused, and no picture is left."""
    cv2.imwrite(str(tmp_path / "raw.png"), np.zeros((10, 5, 3), np.uint8))
    with pytest.raises(ReproError, match="5 frames beside 6 rows"):
        draw_keogram(tmp_path / "raw.png", tmp_path / "out.png", sky_table(minutes(*range(6))), title="t", credit="c")
    assert not (tmp_path / "out.png").exists()
