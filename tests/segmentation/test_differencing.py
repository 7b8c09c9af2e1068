"""Differencing: nothing in a frozen sky, no doubled pairs, steps of the gain and stars handled."""

from typing import Any

import numpy as np
import pytest

from repro.segmentation.cells import cell_map
from repro.segmentation.differencing import cell_means, change, fault_of, pairs

SIZE = 128


def change_of(sky: np.ndarray, **options: Any) -> np.ndarray:
    """How much each cell changed from the first image to the second, (400,)."""
    means = cell_means(sky)
    return change(means[1:], means[:1], **options)[0]


def test_frozen_sky_gives_nothing() -> None:
    """Two equal images differ by exactly zero in every cell, so no threshold from zero up flags any."""
    sky = np.random.default_rng(1).integers(20, 120, (1, SIZE, SIZE, 3), dtype=np.uint8).repeat(2, 0)
    for align in (False, True):
        for channels in ("and", "or"):
            assert (change_of(sky, align=align, channels=channels) == 0).all()


def test_one_changed_cell_is_found_alone() -> None:
    """Aurora that appears in one cell is flagged there and nowhere else; in one channel only it needs the rule "or"."""
    sky = np.full((2, SIZE, SIZE, 3), 40, np.uint8)
    inside = cell_map(SIZE).cell == 123
    sky[1][inside, 1] += 30
    assert np.flatnonzero(change_of(sky, channels="or") > 5).tolist() == [123]
    assert (change_of(sky) == 0).all()
    sky[1][inside, 0] += 20
    assert np.flatnonzero(change_of(sky) > 5).tolist() == [123]


def test_step_of_the_gain_is_taken_out() -> None:
    """A sky that brightens evenly flags every cell, unless the differences are aligned: then none, and real change stays."""
    sky = np.full((2, SIZE, SIZE, 3), 50, np.uint8)
    sky[1] += 12
    sky[1][cell_map(SIZE).cell == 300] += 25
    assert (change_of(sky, align=False) > 5).all()
    assert np.flatnonzero(change_of(sky) > 5).tolist() == [300]


def test_moving_star_is_no_aurora() -> None:
    """A bright star that moves by a pixel changes two pixels by much and no cell by more than a few counts."""
    sky = np.full((2, 256, 256, 3), 30, np.uint8)
    for frame, column in ((0, 90), (1, 91)):
        sky[frame, 140, column] = 255
    assert np.abs(sky[1].astype(int) - sky[0]).max() == 225
    assert change_of(sky).max() < 3


def test_pairs_belong_to_the_later_image() -> None:
    """Each image has at most one partner, exactly a lag before it; a gap, a bad image and the first have none."""
    times = np.datetime64("2020-07-02T00:00:00") + np.array([0, 60, 120, 240, 303, 360])
    usable = np.array([True, True, True, True, True, False])
    assert [side.tolist() for side in pairs(times, 60.0, 5.0, usable)] == [[1, 2, 4], [0, 1, 3]]
    assert pairs(times, 120.0, 5.0, usable)[0].tolist() == [2, 3]
    assert pairs(times, 60.0, 2.0, usable)[0].tolist() == [1, 2]
    for few in (0, 1):  # an image is never its own partner, whatever the tolerance
        assert pairs(times[:few], 60.0, 1e6, usable[:few])[0].size == 0


@pytest.mark.parametrize(("level", "fault"), [(0, "black"), (1, "black"), (40, ""), (255, "saturated")])
def test_unusable_images_are_named(level: int, fault: str) -> None:
    """A black or a saturated image is no basis of a difference."""
    means = cell_means(np.full((1, SIZE, SIZE, 3), level, np.uint8))[0]
    assert fault_of(means) == fault
