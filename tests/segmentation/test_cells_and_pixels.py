"""The 400 cells, and confusion and width of structures in pixels, against shapes whose answer is known."""

import math

import numpy as np
import pytest

from repro.segmentation.cells import CELLS, RINGS, ZENITH_MAX_DEG, borders_deg, cell_map, cell_of, directions
from repro.segmentation.pixel_metrics import WIDTHS_DEG, confusion, degrees_per_pixel, sky_pixels, width_class


def test_four_hundred_cells_of_equal_area() -> None:
    """Twenty rings of 1, 3, ..., 39 cells have one solid angle, and together the whole cap."""
    inner, outer, _, width = np.radians(borders_deg()).T
    areas = (np.cos(inner) - np.cos(outer)) * width
    assert len(areas) == CELLS == sum(range(1, 2 * RINGS, 2)) == 400
    assert np.allclose(areas, areas[0], rtol=1e-9, atol=0)
    assert areas.sum() == pytest.approx(2 * np.pi * (1 - np.cos(np.radians(ZENITH_MAX_DEG))), rel=1e-12)


def test_direction_lies_within_the_borders_of_its_cell() -> None:
    """The number of a cell and its borders say the same, for random directions over the sphere's upper half."""
    rng = np.random.default_rng(4)
    alt, az = np.degrees(np.arcsin(rng.uniform(0, 1, 4000))), rng.uniform(0, 360, 4000)
    cell = cell_of(alt, az)
    inside = cell >= 0
    assert (inside == (90 - alt < ZENITH_MAX_DEG)).all()
    inner, outer, first, width = borders_deg()[cell[inside]].T
    zenith, azimuth = 90 - alt[inside], az[inside]
    assert ((inner - 1e-9 <= zenith) & (zenith <= outer + 1e-9)).all()
    assert ((first - 1e-9 <= azimuth) & (azimuth <= first + width + 1e-9)).all()


@pytest.mark.parametrize("ring", [0, 1, 7, 19])
def test_turn_by_whole_sectors_permutes_a_ring(ring: int) -> None:
    """Turning the sky by whole sectors of a ring moves its cells by as many places, and no other ring changes ring."""
    sectors = 2 * ring + 1
    first, last = ring**2, (ring + 1) ** 2
    inner, outer, start, width = borders_deg()[first:last].T
    alt, az = 90 - (inner + outer) / 2, start + width / 2
    assert (cell_of(alt, az) == np.arange(first, last)).all()
    for turn in (1, 3, sectors - 1):
        turned = cell_of(alt, az + turn * 360 / sectors)
        assert (turned == first + (np.arange(sectors) + turn) % sectors).all()


@pytest.mark.parametrize("size", [96, 128, 240])
def test_means_are_those_of_the_pixels(size: int) -> None:
    """Means over cells are exactly the means of the pixels whose direction lies in them."""
    image = np.random.default_rng(size).integers(0, 256, (size, size, 2), dtype=np.uint8)
    cell = cell_of(*directions(size))
    assert cell_map(size).pixels.sum() == (cell >= 0).sum()
    means = cell_map(size).means(image)
    for number in (0, 1, 57, 399):
        assert means[number] == pytest.approx(image[cell == number].astype(float).mean(0), abs=1e-12)


def test_cells_hold_the_pixels_that_the_facts_name() -> None:
    """At 240 pixels a cell holds 75 to 108 of them: equal area is not an equal count in this lens. At 24 some hold none."""
    pixels = cell_map(240).pixels
    assert 70 <= pixels.min() < 80
    assert 100 < pixels.max() <= 112
    with pytest.raises(ValueError, match="cells without a pixel"):
        cell_map(24)


def test_painted_cells_are_where_they_were_flagged() -> None:
    """Painting a flag of a cell marks its pixels and no others."""
    painted = cell_map(128).paint(np.isin(np.arange(CELLS), [0, 250]))
    assert (painted == np.isin(cell_map(128).cell, [0, 250])).all()


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
