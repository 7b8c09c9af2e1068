"""Simulated beside real: the committed numbers, how they are compared, and statistics of pictures whose numbers are known."""

import numpy as np
import pytest
import yaml

from repro.analysis.colour_rule import circle
from repro.bench import realism
from repro.bench.realism import colours, compression

REAL = yaml.safe_load(realism.REAL_FRAMES.read_text(encoding="utf-8"))


def test_every_committed_statistic_is_complete() -> None:
    """Each statistic has a meaning and numbers of real frames; a span is in order around its median."""
    assert REAL["frames"] == {"auroramax": 31, "other_cameras": 47}
    for name, row in REAL["statistics"].items():
        assert row["meaning"], name
        for key in ("simulated_before", "auroramax", "other_cameras"):
            if len(row.get(key, ())) == 3:
                median, low, high = row[key]
                assert low <= median <= high, (name, key)


def test_medians_and_spans_are_compared() -> None:
    """Median and span are those of the named percentiles, frames without a value are left out."""
    values = np.concatenate([np.arange(101.0), [np.nan] * 5])
    rows = {
        "usual": {"meaning": "a", "auroramax": [45, 40, 60], "other_cameras": [90, 80, 95]},
        "quartiles": {"meaning": "b", "span": "25 to 75 %", "auroramax": [1, 0, 2], "other_cameras": [1, 0, 2]},
    }
    table = realism.compare({"usual": values, "quartiles": values}, rows)
    assert table["usual"]["simulated"] == [50, 10, 90]
    assert table["quartiles"]["simulated"] == [50, 25, 75]
    assert table["usual"]["simulated_frames"] == 101
    printed = realism.lines({"statistics": table})
    assert "50 (10 to 90)" in printed[1]
    assert "45 (40 to 60)" in printed[1]


def test_simulated_frames_of_before_miss_what_real_frames_show() -> None:
    """Of the numbers of the time before, the medians of saturation and of the blue sky lie outside the real spans."""
    for name in ("blue_sky_rg", "blue_sky_bg", "green_rg", "green_saturation"):
        assert not realism._within(REAL["statistics"][name]["simulated_before"][0], REAL["statistics"][name])


def sky(rgb: tuple[float, float, float], noise: float = 0.0, colour: float = 0.0) -> np.ndarray:
    """A masked frame of one colour with noise, uint8 (240, 240, 3)."""
    rng = np.random.default_rng(3)
    picture = np.array(rgb) + noise * rng.standard_normal((240, 240, 1)) + colour * rng.standard_normal((240, 240, 3))
    return (np.clip(np.round(picture), 0, 255) * circle(240, 0.499)[..., None]).astype(np.uint8)


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
