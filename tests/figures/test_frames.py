from __future__ import annotations

import cv2
import numpy as np
import pytest

from repro.errors import ReproError
from repro.figures.augmentation_panels import read_augmentation
from repro.figures.sky_circle import find_circle
from tests.figures.synthetic_figures import draw_sky, recode


@pytest.mark.parametrize("offset", [(0.0, 0.0), (3.0, -2.0)])
def test_circle_of_a_mask_comes_back(offset: tuple[float, float]) -> None:
    """Centre and radius of a drawn mask are found to a third of a pixel after strong JPEG."""
    rows, columns = np.mgrid[:720, :720] + 0.5
    x, y, radius = 360.5 + offset[0], 360.5 + offset[1], 355.0
    inside = np.hypot(columns - x, rows - y) <= radius
    frame = recode(np.uint8(60 * inside[..., None].repeat(3, axis=2)), 35)
    circle = find_circle(frame, where="synthetic")
    assert (circle.x, circle.y, circle.radius) == pytest.approx((x, y, radius), abs=0.34)


def test_a_black_frame_has_no_circle() -> None:
    """A frame as dark as its mask gives an error, no circle."""
    with pytest.raises(ReproError, match="points of an edge"):
        find_circle(np.zeros((720, 720, 3), dtype=np.uint8), where="synthetic")


def test_crop_flip_and_jitter_come_back() -> None:
    """Area of the crop, the flip, and the three factors of the colours are read from a figure of four panels."""
    frame = draw_sky(np.random.default_rng(3), side=356)
    frame = cv2.add(frame, cv2.GaussianBlur(np.roll(frame, 90, axis=1).transpose(1, 0, 2).copy(), (0, 0), 6) // 2)
    side = round(356 * np.sqrt(0.8))
    crop = cv2.resize(frame[40 : 40 + side, 10 : 10 + side], (356, 356))
    level = np.array([0.2989, 0.587, 0.114])
    changed = np.clip(frame / 255 * 1.3, 0, 1)
    changed = np.clip(1.3 * changed - 0.3 * (changed @ level).mean(), 0, 1)
    changed = np.clip(1.3 * changed - 0.3 * (changed @ level)[..., None], 0, 1)
    page = np.full((800, 800, 3), 255, dtype=np.uint8)
    places = ((27, 37), (418, 37), (27, 430), (418, 430))
    for (x, y), panel in zip(places, (frame, crop, frame[:, ::-1], np.uint8(255 * changed)), strict=True):
        page[y : y + 356, x : x + 356] = np.clip(panel, 0, 200)
    seen = read_augmentation(recode(page, 60), where="synthetic").set_index("quantity")
    value = seen["value"]
    assert value["crop_area"] == pytest.approx(0.8, abs=3 * seen.loc["crop_area", "error"])
    assert value["flip_correlation"] > 0.98 > value["unflipped_correlation"]
    assert (value["brightness"], value["contrast"]) == pytest.approx((1.3, 1.3), abs=0.12)
