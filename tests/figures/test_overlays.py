from __future__ import annotations

import numpy as np
import pytest

from repro.errors import ReproError
from repro.figures.overlays import enlarge, recover_map
from tests.figures.synthetic_figures import draw_overlay, draw_sky, random_map, recode


@pytest.mark.parametrize(("seed", "quality"), [(1, 35), (2, 60), (3, 90)])
def test_a_known_map_comes_back(seed: int, quality: int) -> None:
    """A map laid over a frame and coded as JPEG comes back within 0.03, with the side of its grid."""
    generator = np.random.default_rng(seed)
    frame, nodes = draw_sky(generator), random_map(generator)
    found = recover_map(recode(draw_overlay(frame, nodes), quality), recode(frame, quality), where="synthetic")
    difference = enlarge(found.nodes) - enlarge(nodes)
    assert abs(difference).max() < 0.06
    assert np.sqrt(np.mean(difference**2)) < 0.03
    assert found.grid == 8


def test_an_overlay_over_another_frame_is_refused() -> None:
    """What no map explains gives an error, no map."""
    generator = np.random.default_rng(4)
    frame = draw_sky(generator)
    other = generator.integers(0, 255, frame.shape, dtype=np.uint8)
    with pytest.raises(ReproError, match="no map explains"):
        recover_map(np.roll(other, 40, axis=0), frame, where="synthetic")


def test_sizes_must_agree() -> None:
    """Frame and overlay of two sizes are refused."""
    frame = np.zeros((720, 720, 3), dtype=np.uint8)
    with pytest.raises(ReproError, match="two pictures of one size"):
        recover_map(frame[:700], frame, where="synthetic")
