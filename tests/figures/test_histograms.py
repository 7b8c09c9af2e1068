from __future__ import annotations

import numpy as np
import pytest

from repro.errors import ReproError
from repro.figures.histograms import read_histograms
from repro.figures.jpeg import decode
from repro.figures.panel_drawing import find_legend
from repro.figures.picture_axes import find_boxes
from tests.figures.synthetic_figures import draw_curves, draw_histograms

CASES = [
    pytest.param(
        1,
        35,
        (18.0, 5.0),
        marks=[
            pytest.mark.slow,
            pytest.mark.xfail(
                reason="open fault: three low Nautical bars of Moon_Full are off by over 5 errors", strict=True
            ),
        ],
    ),
    pytest.param(2, 75, (18.0, 5.0), marks=pytest.mark.slow),
    pytest.param(3, 35, (20.0, 6.0), marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("seed", "quality", "size"), CASES)
def test_bars_come_back_within_their_errors(seed: int, quality: int, size: tuple[float, float]) -> None:
    """Bars come back within their errors, but for at most two of 100; each class sums to one; the mean comes back."""
    data, truth = draw_histograms(seed, quality, size)
    picture, coding = decode(data, where="synthetic")
    for histogram in read_histograms(picture, coding, where="synthetic"):
        known = truth[histogram.sun, histogram.moon]
        deviation = (histogram.density - known) / histogram.error
        # A known limit: a tall bar that two others cover may be read some pixels off.
        wild = abs(deviation) > 5
        assert np.count_nonzero(wild) <= 2, (histogram.sun, histogram.moon)
        assert np.sqrt(np.mean(deviation[~wild] ** 2)) < 1.6, (histogram.sun, histogram.moon)
        assert np.quantile(abs(deviation), 0.95) < 3.5, (histogram.sun, histogram.moon)
        middles = np.arange(50, 100) + 0.5
        for side in (slice(0, 50), slice(50, 100)):
            assert histogram.density[side].sum() == pytest.approx(1, abs=0.05)
        read, drawn = histogram.density[50:], known[50:]
        assert np.average(middles, weights=read) == pytest.approx(np.average(middles, weights=drawn), abs=0.5)


def test_bars_of_other_colours_are_refused() -> None:
    """A figure of another kind gives an error, no densities."""
    picture, coding = decode(draw_curves(1, 75, (12.0, 5.0))[0], where="synthetic")
    with pytest.raises(ReproError, match="boxes of axes"):
        read_histograms(picture, coding, where="synthetic")


def test_a_dark_pixel_in_a_bar_does_not_widen_the_legend() -> None:
    """The legend stays clear of the first bar, where JPEG of quality 35 leaves one pixel as dark as a letter."""
    picture, _ = decode(draw_histograms(1, 35, (18.0, 5.0))[0], where="synthetic")
    box = find_boxes(picture, where="synthetic", count=3)[2]
    legend = find_legend(picture, box)
    assert legend is not None
    assert legend.left > box.left + 100
