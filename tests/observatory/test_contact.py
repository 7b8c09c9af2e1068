"""The contact sheet and its statistics, and simulated frames beside real ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repro.observatory.contact_sheet import draw, statistics
from repro.observatory.render import render


def test_statistics_of_a_known_picture() -> None:
    """A flat sky with noise and spots gives back its colour, its noise and the number of its spots."""
    rng = np.random.default_rng(2)
    picture = np.empty((720, 720, 3))
    picture[:] = (40, 50, 60)
    picture += rng.normal(0, 2.0, (720, 720, 1))
    for x, y in ((300, 300), (400, 350), (360, 500)):
        picture[y : y + 2, x : x + 2] = 200
    found = statistics(picture.round().clip(0, 255).astype(np.uint8))
    assert [found[f"median_{name}"] for name in ("red", "green", "blue")] == pytest.approx([40, 50, 60], abs=1)
    assert found["noise"] == pytest.approx(2.0, rel=0.1)
    assert found["stars"] == 3


def test_a_sheet_shows_its_rows() -> None:
    """A sheet has one row of tiles a name, each tile where its caption is."""
    red, blue = (np.full((720, 720, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))
    sheet = np.asarray(draw({"one": {"a": red, "b": blue}, "two": {"c": blue}}))
    assert tuple(sheet[100, 100]) == (200, 0, 0)
    assert tuple(sheet[100, 350]) == (0, 0, 200)
    assert tuple(sheet[400, 100]) == (0, 0, 200)


@pytest.mark.reference
def test_simulated_frames_lie_among_the_real_ones(reference: Path, show) -> None:
    """Dark sky, noise and star counts of simulated frames lie within a factor of two or so of the real frames'."""
    real = {name: statistics(np.asarray(Image.open(reference / f"{name}.jpg").convert("RGB")))
            for name in ("night_arc_yes", "overcast_no")}  # fmt: skip
    ours = {
        "night_arc_yes": [render(show(0.5, night=night)).picture() for night in ("20241203", "20241229", "20250128")],
        "overcast_no": [
            render(show(0.5, night=n, weather=("overcast",))).picture() for n in ("20221220", "20230120", "20230219")
        ],
    }
    for name, frames in ours.items():
        values = [statistics(frame) for frame in frames]
        for key, factor in (("median_green", 2.0), ("noise", 2.5), ("p95", 2.5)):
            middle = float(np.median([value[key] for value in values]))
            assert real[name][key] / factor < middle < real[name][key] * factor, (name, key)
