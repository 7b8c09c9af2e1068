from __future__ import annotations

import numpy as np
import pytest

from repro.errors import ReproError
from repro.figures.histograms import read_histograms, read_panel
from repro.figures.jpeg import decode
from repro.figures.panel_drawing import find_legend
from repro.figures.picture_axes import find_boxes, read_scale
from repro.figures.softmax_grid import MOONS
from tests.figures.synthetic_figures import draw_curves, draw_histograms

#: Seed, quality of the JPEG (None: lossless), size in inches, whether Nautical bars of each class lie between their own extremes.
CASES = [
    (1, 35, (18.0, 5.0), False),
    (2, 75, (18.0, 4.0), False),
    (3, 35, (20.0, 6.0), False),
    pytest.param(
        12,
        35,
        (18.0, 5.0),
        True,
        marks=pytest.mark.xfail(
            strict=True,
            reason="Up to there bars lie within three errors, but the first border of the Nautical bars of yes comes back "
            "as 50.242, known 50.462: off by 0.22 points, where three errors are 0.17. No bar stands near it.",
        ),
    ),
    (13, 50, (20.0, 6.0), True),
    (4, None, (18.0, 5.0), True),
]


@pytest.mark.parametrize(("seed", "quality", "size", "own_bins"), CASES)
def test_bars_come_back_within_their_errors(
    seed: int, quality: int | None, size: tuple[float, float], own_bins: bool
) -> None:
    """Bars come back within three of their errors; each class sums to one; the mean and the borders come back."""
    figure = draw_histograms(seed, quality, size, own_bins=own_bins)
    picture, coding = decode(figure.data, where="synthetic")
    assert (coding is None) == (quality is None)
    number = seed % 3
    boxes = find_boxes(picture, where="synthetic", count=3)
    up = read_scale(picture, boxes[0], "left", where="synthetic")
    bars, extents = read_panel(picture, coding, boxes[number], up, MOONS[number], where="synthetic")
    for (_, sun, *read_extent, extent_error), (_, part) in zip(
        extents.itertuples(index=False), bars.groupby("sun"), strict=True
    ):
        condition = (sun, MOONS[number])
        known, read = figure.density[condition], part["value"].to_numpy()
        deviation = (read - known) / np.hypot(part["error"], part["scale_error"])
        assert abs(deviation).max() < 3, condition
        assert np.sqrt(np.mean(deviation**2)) < 1, condition
        assert np.median(part["error"]) < abs(up.per_px), condition
        assert read_extent == pytest.approx(figure.extent[condition], abs=3 * extent_error)
        middles = np.arange(50, 100) + 0.5
        for side in (slice(0, 50), slice(50, 100)):
            assert read[side].sum() == pytest.approx(1, abs=0.05)
        means = [np.average(middles, weights=heights[50:]) for heights in (read, known)]
        assert means[0] == pytest.approx(means[1], abs=0.5)


def test_bars_of_other_colours_are_refused() -> None:
    """A figure of another kind gives an error, no densities."""
    picture, coding = decode(draw_curves(1, 75, (12.0, 5.0))[0], where="synthetic")
    with pytest.raises(ReproError, match="boxes of axes"):
        read_histograms(picture, coding, where="synthetic")


def test_a_dark_pixel_in_a_bar_does_not_widen_the_legend() -> None:
    """The legend stays clear of the first bar, where JPEG of quality 35 leaves one pixel as dark as a letter."""
    picture, _ = decode(draw_histograms(1, 35, (18.0, 5.0)).data, where="synthetic")
    box = find_boxes(picture, where="synthetic", count=3)[2]
    legend = find_legend(picture, box)
    assert legend is not None
    assert legend.left > box.left + 100
