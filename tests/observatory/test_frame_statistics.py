"""Statistics of frames on pictures whose numbers are known."""

from __future__ import annotations

import numpy as np
import pytest

from repro.analysis.colour_rule import circle
from repro.observatory.frame_statistics import colours, compression, statistics


def sky(rgb: tuple[float, float, float], noise: float = 0.0, colour: float = 0.0) -> np.ndarray:
    """A masked frame of one colour with noise, uint8 (240, 240, 3)."""
    rng = np.random.default_rng(3)
    picture = np.array(rgb) + noise * rng.standard_normal((240, 240, 1)) + colour * rng.standard_normal((240, 240, 3))
    return (np.clip(np.round(picture), 0, 255) * circle(240, 0.499)[..., None]).astype(np.uint8)


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


def test_ratios_are_those_of_linear_light() -> None:
    """A frame of one colour has its ratios in linear light, its saturation, and nothing green."""
    found = colours(sky((60, 50, 80)))
    assert found["dark_bg"] == pytest.approx((80 / 50) ** 2.2, rel=0.01)
    assert found["dark_rg"] == pytest.approx((60 / 50) ** 2.2, rel=0.01)
    assert found["saturation"] == pytest.approx(255 * 30 / 80, abs=1)
    assert found["darkest"] == pytest.approx((60 + 50 + 80) / 3, abs=0.5)
    assert np.isnan(found["green_rg"])


def test_green_is_measured_where_it_is() -> None:
    """The colour of a green patch is measured on the patch alone."""
    picture = sky((60, 50, 80))
    picture[100:140, 100:140] = (50, 100, 40)
    found = colours(picture)
    assert found["green_rg"] == pytest.approx(0.5**2.2, rel=0.02)
    assert found["green_bg"] == pytest.approx(0.4**2.2, rel=0.02)
    assert found["green_saturation"] == pytest.approx(0.6 * 255, abs=2)


def test_noise_in_brightness_and_in_colour_is_parted() -> None:
    """White noise is measured with its own deviation; noise in brightness alone adds none in colour."""
    found = colours(sky((90, 90, 90), noise=4.0))
    assert found["noise"] == pytest.approx(4.0, rel=0.1)
    assert found["colour_noise"] < 0.2
    assert colours(sky((90, 90, 90), colour=4.0))["colour_noise"] > 1.0


def test_stars_are_counted() -> None:
    """Single bright pixels inside the circle are counted."""
    picture = sky((20, 20, 20))
    for row, column in ((60, 100), (100, 60), (120, 120), (150, 170)):
        picture[row, column] = 120
    assert colours(picture)["stars"] == 4


def test_a_ragged_rim_is_rough_and_dark() -> None:
    """Dark wedges along the rim raise its roughness and its dark share."""
    smooth, ragged = sky((60, 60, 60)), sky((60, 60, 60))
    y, x = np.mgrid[:240, :240] - 119.5
    angle, radius = np.degrees(np.arctan2(y, x)) % 45, np.hypot(x, y)
    ragged[(radius > 100) & (angle < 15)] = 3
    assert colours(ragged)["rim_roughness"] > 5 * colours(smooth)["rim_roughness"]
    assert colours(ragged)["dark_rim"] == pytest.approx(1 / 3, abs=0.08)


def test_blocks_and_the_profile_are_seen() -> None:
    """Steps at the borders of 8 x 8 blocks are distinguished from steps elsewhere; the profile is taken at its radii."""
    rng = np.random.default_rng(1)
    even = rng.normal(60, 1, (720, 720))
    blocks = even + np.kron(rng.normal(0, 3, (90, 90)), np.ones((8, 8)))
    plain, stepped = (
        compression(np.repeat(np.clip(np.round(grey), 0, 255).astype(np.uint8)[..., None], 3, 2))
        for grey in (even, blocks)
    )
    assert plain["block_step"] == pytest.approx(1, abs=0.1)
    assert stepped["block_step"] > 1.6
    assert plain["r340"] == pytest.approx(60, abs=1)
