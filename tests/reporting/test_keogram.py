"""Keograms against time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repro.reporting.keogram import place_in_time


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
