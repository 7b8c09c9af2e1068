"""Confusion, and the width of structures, against shapes whose answer is known."""

import math

import numpy as np
import pytest

from repro.segmentation.pixel_metrics import WIDTHS_DEG, confusion, degrees_per_pixel, sky_pixels, width_class


def test_one_matrix_over_all_images() -> None:
    """Measures are those of pooled counts: an image without aurora adds false alarms and no 0 / 0."""
    truth, found = np.zeros((2, 8, 8), bool), np.zeros((2, 8, 8), bool)
    truth[0, :4], found[0, 2:6] = True, True  # 32 true, 32 found, 16 common
    found[1, 0, :2] = True
    counts = confusion(found, truth)
    assert (counts.true_yes, counts.false_yes, counts.false_no, counts.true_no) == (16, 18, 16, 78)
    assert (counts.iou, counts.precision, counts.recall) == (16 / 50, 16 / 34, 0.5)
    assert (counts.false_alarms, counts.accuracy) == (18 / 96, 94 / 128)


def test_only_what_counts_is_counted() -> None:
    """Pixels outside the sky change nothing."""
    rng = np.random.default_rng(3)
    truth, found = rng.random((2, 3, 64, 64)) < 0.4
    sky = sky_pixels(64)
    inside = confusion(found, truth, sky)
    assert inside == confusion(found & sky, truth & sky, sky)
    assert sum(vars(inside).values()) == 3 * sky.sum()
    # Nothing over nothing is neither 0 nor 1.
    nothing = confusion(np.zeros((1, 4, 4), bool), np.zeros((1, 4, 4), bool))
    assert math.isnan(nothing.iou)
    assert (nothing.as_dict()["recall"], nothing.as_dict()["accuracy"]) == (None, 1.0)


def test_sky_is_the_circle_above_five_degrees() -> None:
    """The share of pixels that count is that of a circle of 85 deg in a square of 180 deg."""
    assert sky_pixels(200).mean() == pytest.approx(math.pi / 4 * (85 * 2 * 362 / 720 / 90) ** 2, rel=0.01)


@pytest.mark.parametrize(("pixels", "expected"), [(2, 0), (4, 1), (8, 2), (20, 3)])
def test_bands_have_the_class_of_their_width(pixels: int, expected: int) -> None:
    """A straight band is as wide as it is, whatever its length; pixels outside have no class."""
    mask = np.zeros((128, 128), bool)
    mask[50 : 50 + pixels] = True
    width = pixels * degrees_per_pixel(128)
    assert sum(width >= limit for limit in WIDTHS_DEG) == expected
    classes = width_class(mask)
    assert (classes[~mask] == -1).all()
    assert np.bincount(classes[mask]).argmax() == expected
