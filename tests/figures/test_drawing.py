from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from repro.figures.curves import CURVES, EPOCHS
from repro.figures.drawing import draw_all, draw_over_curves
from repro.figures.jpeg import decode
from repro.figures.readings import load_readings
from repro.paths import Paths
from tests.figures.synthetic_figures import draw_curves


def test_values_are_drawn_where_the_figure_shows_them(tmp_path: Path) -> None:
    """Crosses drawn over a figure stand on its markers, to a pixel."""
    data, truth = draw_curves(7, 90, (12.0, 5.0))
    picture, _ = decode(data, where="synthetic")
    rows = [(curve, epoch, values[epoch - 1], 0.001) for curve, values in truth.items() for epoch in EPOCHS]
    table = pd.DataFrame(rows, columns=["curve", "epoch", "value", "error"])
    draw_over_curves(picture, table, tmp_path / "over.png")
    over = np.asarray(Image.open(tmp_path / "over.png").convert("RGB")).astype(int)
    assert over.shape == picture.shape
    drawn = np.argwhere(abs(over - [214, 39, 40]).sum(axis=2) < 60)
    marker = np.any([abs(picture.astype(int) - curve.colour).sum(axis=2) < 60 for curve in CURVES], axis=0)
    near = [marker[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5].any() for y, x in drawn]
    assert len(near) > 100
    assert np.mean(near) > 0.95


def test_all_drawings_stand_without_documents(project: Paths, tmp_path: Path) -> None:
    """From the committed readings alone, curves, nine panels and maps are drawn."""
    tables = {name: reading.table for name, reading in load_readings(project.readings).items()}
    draw_all(tables, {}, tmp_path)
    files = list(tmp_path.iterdir())
    assert {file.stem for file in files} == {
        "figure5", "figure7_nine_panels", "gradcam_maps", "readme_gradcam_maps", "readme_errors", "slide_bars",
    }  # fmt: skip
    assert all(np.ptp(np.asarray(Image.open(file).convert("L"))) > 100 for file in files)
