from __future__ import annotations

import pytest

from repro.errors import ReproError
from repro.figures.jpeg import decode
from repro.figures.softmax_grid import MOONS, SUNS, read_softmax_grid
from tests.figures.synthetic_figures import draw_curves, draw_grid


@pytest.mark.parametrize(("seed", "quality"), [(1, 35), (2, 75), pytest.param(3, 35, marks=pytest.mark.slow)])
def test_printed_numbers_and_colours_come_back(seed: int, quality: int) -> None:
    """Both numbers of all 18 cells are read exactly; the colour gives the deviation within three of its errors."""
    data, known_mean, known_deviation = draw_grid(seed, quality)
    cells = read_softmax_grid(decode(data, where="synthetic")[0], where="synthetic")
    assert len(cells) == 18
    for cell in cells.itertuples():
        place = MOONS.index(cell.moon), SUNS.index(cell.sun)
        mean = known_mean[place] if cell.panel == "YES" else 100 - known_mean[place]
        assert cell.mean_pct == pytest.approx(mean, abs=0.051)
        assert cell.sd_pct == pytest.approx(known_deviation[place])
        assert abs(cell.sd_by_colour_pct - known_deviation[place]) < 3 * cell.sd_by_colour_pct_error


def test_another_figure_is_refused() -> None:
    """A figure without three boxes gives an error, no numbers."""
    with pytest.raises(ReproError, match="2 boxes of axes"):
        read_softmax_grid(decode(draw_curves(1, 75, (12.0, 5.0))[0], where="synthetic")[0], where="synthetic")
