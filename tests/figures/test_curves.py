from __future__ import annotations

import numpy as np
import pytest

from repro.errors import ReproError
from repro.figures.curves import read_learning_curves
from repro.figures.jpeg import decode
from repro.figures.picture_axes import Box, Pixels, find_boxes, read_scale
from tests.figures.synthetic_figures import draw_curves

SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("seed", "quality", "size"),
    [
        (1, 35, (12.0, 5.0)),
        pytest.param(2, 75, (14.0, 6.0), marks=SLOW),
        pytest.param(3, 35, (12.0, 5.0), marks=SLOW),
        pytest.param(4, 90, (10.0, 4.5), marks=SLOW),
    ],
)
def test_markers_come_back_within_their_errors(seed: int, quality: int, size: tuple[float, float]) -> None:
    """Every marker of four curves is read within three standard errors, and errors are of the stated size."""
    data, truth = draw_curves(seed, quality, size)
    points = read_learning_curves(decode(data, where="synthetic")[0], where="synthetic")
    known = [truth[curve][epoch - 1] for curve, epoch in zip(points["curve"], points["epoch"], strict=True)]
    deviations = (points["value"] - known) / points["error"]
    assert len(deviations) == 48
    assert deviations.abs().max() < 3.5
    assert 0.2 < np.sqrt(np.mean(deviations**2)) < 1.3


@pytest.fixture
def panel() -> tuple[Pixels, Box]:
    """Learning curves, and the box of the first panel."""
    picture, _ = decode(draw_curves(5, 75, (12.0, 5.0))[0], where="synthetic")
    return picture.copy(), find_boxes(picture, where="synthetic", count=2)[0]


def test_scale_comes_from_ticks_and_their_numbers(panel: tuple[Pixels, Box]) -> None:
    """The scales of a panel give the pixels of its ticks."""
    scale = read_scale(*panel, "bottom", where="x axis")
    assert [value for _, value in scale.ticks] == pytest.approx([2, 4, 6, 8, 10, 12])
    assert scale.pixel(6.0) == pytest.approx(scale.ticks[2][0], abs=0.6)


def test_a_picture_without_axes_gives_no_numbers() -> None:
    """Where no axes are found, the error says so instead of giving numbers."""
    with pytest.raises(ReproError, match="0 boxes of axes"):
        find_boxes(np.full((300, 400, 3), 255, dtype=np.uint8), where="blank", count=2)


def test_axes_without_numbers_give_no_scale(panel: tuple[Pixels, Box]) -> None:
    """A box whose numbers are painted over has no scale."""
    picture, box = panel
    picture[:, : box.left - 6] = 255
    with pytest.raises(ReproError, match="ticks and the numbers"):
        read_scale(picture, box, "left", where="y axis")
