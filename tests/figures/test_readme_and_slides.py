from __future__ import annotations

import numpy as np
import pytest

from repro.errors import ReproError
from repro.figures.overlays import recover_map
from repro.figures.readme_pictures import read_frames
from repro.figures.slide_bars import ERROR_PX, read_slide_bars
from repro.figures.softmax_grid import SUNS
from tests.figures.synthetic_figures import draw_bars, draw_gradcam_page, draw_sky, random_map


@pytest.mark.parametrize("seed", range(1, 7))
def test_bars_of_a_chart_come_back(seed: int) -> None:
    """Every bar of 4 px and more is read to three of its errors, half a pixel each; shorter ones give no number."""
    picture, truth = draw_bars(seed)
    bars = read_slide_bars(picture, where="synthetic")
    assert set(bars["sun"]) == set(SUNS)
    read = bars.set_index(["sun", "series"])
    for key, bar in read.iterrows():
        assert abs(bar["value"] - truth[key]) < 3 * bar["error"]
    px = bars["error"].iloc[0] / ERROR_PX
    assert all((key in read.index) == (value / px > 5) for key, value in truth.items() if not 3 < value / px < 5)


def test_a_chart_without_lines_is_refused() -> None:
    """Without the grid lines no length means anything, so that there is an error and no number."""
    with pytest.raises(ReproError, match="0 grid lines"):
        read_slide_bars(np.full((400, 440, 3), 255, dtype=np.uint8), where="synthetic")


@pytest.mark.parametrize("seed", [1, 2])
def test_maps_come_back_from_small_panels(seed: int) -> None:
    """Maps of frames that are shown 199 px wide are recovered to 0.03 of full scale."""
    generator = np.random.default_rng(seed)
    known = [random_map(generator) for _ in range(3)]
    rows = read_frames(draw_gradcam_page(known, generator), where="synthetic")
    for frame, overlay, nodes in zip(*rows, known, strict=True):
        found = recover_map(overlay, frame, where="synthetic").nodes
        assert np.sqrt(np.mean((found - nodes) ** 2)) < 0.03


def test_a_picture_without_rows_of_frames_is_refused() -> None:
    """A single frame is no page of frames and overlays."""
    with pytest.raises(ReproError, match="two rows of frames"):
        read_frames(draw_sky(np.random.default_rng(1)), where="synthetic")
