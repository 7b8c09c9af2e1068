"""Scenes for training."""

from __future__ import annotations

import numpy as np

from repro.observatory.draw import random_scenes
from repro.observatory.plan import FORMS
from repro.observatory.render import render
from repro.params import Params

NIGHTS = ("20221222", "20230321", "20240312", "20241214")


def test_drawn_scenes_are_varied_and_repeat(params: Params) -> None:
    """Scenes drawn twice from the same generator are the same; all forms, both cameras and only the named nights occur."""
    first, second = (random_scenes(params, 160, np.random.default_rng(1), nights=NIGHTS) for _ in range(2))
    assert len(first) == 160
    assert (first.sheets == second.sheets).all()
    assert (first.time_utc == second.time_utc).all()
    assert set(first.form) == {"none", *FORMS}
    assert set(first.generation) == {1, 2}
    assert set(first.night) <= set(NIGHTS)


def test_about_half_of_the_drawn_frames_show_aurora(params: Params) -> None:
    """A third to two thirds of drawn frames show aurora, and some lie near the threshold."""
    drawn = random_scenes(params, 120, np.random.default_rng(2), nights=NIGHTS)
    truth = render(drawn, size=96).truth
    assert 0.33 < truth["visible"].mean() < 0.67
    assert (np.abs(truth["margin"]) < 1).any()
