"""Readers of pictures, on pictures that are drawn from known values."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import cv2
import numpy as np
import pytest

from repro.errors import ReproError
from repro.figures.augmentation_panels import read_augmentation
from repro.figures.curves import read_learning_curves
from repro.figures.histograms import read_histograms, read_panel
from repro.figures.jpeg import decode
from repro.figures.overlays import enlarge, recover_map
from repro.figures.panel_drawing import find_legend
from repro.figures.picture_axes import find_boxes, read_scale
from repro.figures.readme_pictures import read_frames
from repro.figures.sky_circle import find_circle
from repro.figures.slide_bars import ERROR_PX, read_slide_bars
from repro.figures.softmax_grid import MOONS, SUNS, read_softmax_grid
from tests.figures import synthetic_figures as synthetic


def _blank() -> np.ndarray:
    return np.full((400, 440, 3), 255, dtype=np.uint8)


@cache
def _curves() -> np.ndarray:
    return decode(synthetic.draw_curves(5, 75, (12.0, 5.0))[0], where="synthetic")[0]


@pytest.mark.parametrize(
    ("read", "draw", "message"),
    [
        (partial(find_boxes, count=2), _blank, "0 boxes of axes"),
        (partial(read_histograms, coding=None), _curves, "2 boxes of axes"),
        (read_softmax_grid, _curves, "2 boxes of axes"),
        (read_slide_bars, _blank, "0 grid lines"),
        (read_frames, lambda: synthetic.draw_sky(np.random.default_rng(1)), "two rows of frames"),
        (find_circle, lambda: np.zeros((720, 720, 3), dtype=np.uint8), "points of an edge"),
    ],
    ids=["axes", "histograms", "grid", "chart without lines", "a single frame", "a frame as dark as its mask"],
)
def test_other_pictures_are_refused(read: Callable[..., Any], draw: Callable[[], np.ndarray], message: str) -> None:
    """A picture of another kind gives an error that says what was found, and no numbers."""
    with pytest.raises(ReproError, match=message):
        read(draw(), where="synthetic")


@pytest.mark.parametrize(("seed", "quality"), [(1, 35), (2, 75), pytest.param(3, 35, marks=pytest.mark.slow)])
def test_printed_numbers_and_colours_come_back(seed: int, quality: int) -> None:
    """Both numbers of all 18 cells are read exactly; the colour gives the deviation within three of its errors."""
    data, known_mean, known_deviation = synthetic.draw_grid(seed, quality)
    cells = read_softmax_grid(decode(data, where="synthetic")[0], where="synthetic")
    assert len(cells) == 18
    for cell in cells.itertuples():
        place = MOONS.index(cell.moon), SUNS.index(cell.sun)
        mean = known_mean[place] if cell.panel == "YES" else 100 - known_mean[place]
        assert cell.mean_pct == pytest.approx(mean, abs=0.051)
        assert cell.sd_pct == pytest.approx(known_deviation[place])
        assert abs(cell.sd_by_colour_pct - known_deviation[place]) < 3 * cell.sd_by_colour_pct_error


@pytest.mark.parametrize("seed", range(1, 7))
def test_bars_of_a_chart_come_back(seed: int) -> None:
    """Every bar of 4 px and more is read to three of its errors, half a pixel each; shorter ones give no number."""
    picture, truth = synthetic.draw_bars(seed)
    bars = read_slide_bars(picture, where="synthetic")
    assert set(bars["sun"]) == set(SUNS)
    read = bars.set_index(["sun", "series"])
    for key, bar in read.iterrows():
        assert abs(bar["value"] - truth[key]) < 3 * bar["error"]
    px = bars["error"].iloc[0] / ERROR_PX
    assert all((key in read.index) == (value / px > 5) for key, value in truth.items() if not 3 < value / px < 5)


@pytest.mark.parametrize(("seed", "quality"), [(1, 35), (2, 60), (3, 90)])
def test_a_known_map_comes_back(seed: int, quality: int) -> None:
    """A map laid over a frame and coded as JPEG comes back within 0.03, with the side of its grid."""
    generator = np.random.default_rng(seed)
    frame, nodes = synthetic.draw_sky(generator), synthetic.random_map(generator)
    found = recover_map(
        synthetic.recode(synthetic.draw_overlay(frame, nodes), quality),
        synthetic.recode(frame, quality),
        where="synthetic",
    )
    difference = enlarge(found.nodes) - enlarge(nodes)
    assert abs(difference).max() < 0.06
    assert np.sqrt(np.mean(difference**2)) < 0.03
    assert found.grid == 8


@pytest.mark.parametrize("seed", [1, 2])
def test_maps_come_back_from_small_panels(seed: int) -> None:
    """Maps of frames that are shown 199 px wide are recovered to 0.03 of full scale."""
    generator = np.random.default_rng(seed)
    known = [synthetic.random_map(generator) for _ in range(3)]
    rows = read_frames(synthetic.draw_gradcam_page(known, generator), where="synthetic")
    for frame, overlay, nodes in zip(*rows, known, strict=True):
        found = recover_map(overlay, frame, where="synthetic").nodes
        assert np.sqrt(np.mean((found - nodes) ** 2)) < 0.03


@pytest.mark.parametrize(("rows", "message"), [(720, "no map explains"), (700, "two pictures of one size")])
def test_an_overlay_over_another_frame_is_refused(rows: int, message: str) -> None:
    """What no map explains, or another size, gives an error, no map."""
    generator = np.random.default_rng(4)
    frame = synthetic.draw_sky(generator)
    other = generator.integers(0, 255, frame.shape, dtype=np.uint8)
    with pytest.raises(ReproError, match=message):
        recover_map(other[:rows], frame, where="synthetic")


@pytest.mark.parametrize("offset", [(0.0, 0.0), (3.0, -2.0)])
def test_circle_of_a_mask_comes_back(offset: tuple[float, float]) -> None:
    """Centre and radius of a drawn mask are found to a third of a pixel after strong JPEG."""
    rows, columns = np.mgrid[:720, :720] + 0.5
    x, y, radius = 360.5 + offset[0], 360.5 + offset[1], 355.0
    inside = np.hypot(columns - x, rows - y) <= radius
    circle = find_circle(synthetic.recode(np.uint8(60 * inside[..., None].repeat(3, axis=2)), 35), where="synthetic")
    assert (circle.x, circle.y, circle.radius) == pytest.approx((x, y, radius), abs=0.34)


def test_crop_flip_and_jitter_come_back() -> None:
    """Area of the crop, the flip, and the three factors of the colours are read from a figure of four panels."""
    frame = synthetic.draw_sky(np.random.default_rng(3), side=356)
    frame = cv2.add(frame, cv2.GaussianBlur(np.roll(frame, 90, axis=1).transpose(1, 0, 2).copy(), (0, 0), 6) // 2)
    side = round(356 * np.sqrt(0.8))
    crop = cv2.resize(frame[40 : 40 + side, 10 : 10 + side], (356, 356))
    level = np.array([0.2989, 0.587, 0.114])
    changed = np.clip(frame / 255 * 1.3, 0, 1)
    changed = np.clip(1.3 * changed - 0.3 * (changed @ level).mean(), 0, 1)
    changed = np.clip(1.3 * changed - 0.3 * (changed @ level)[..., None], 0, 1)
    page = np.full((800, 800, 3), 255, dtype=np.uint8)
    places = ((27, 37), (418, 37), (27, 430), (418, 430))
    for (x, y), panel in zip(places, (frame, crop, frame[:, ::-1], np.uint8(255 * changed)), strict=True):
        page[y : y + 356, x : x + 356] = np.clip(panel, 0, 200)
    seen = read_augmentation(synthetic.recode(page, 60), where="synthetic").set_index("quantity")
    value = seen["value"]
    assert value["crop_area"] == pytest.approx(0.8, abs=3 * seen.loc["crop_area", "error"])
    assert value["flip_correlation"] > 0.98 > value["unflipped_correlation"]
    assert (value["brightness"], value["contrast"]) == pytest.approx((1.3, 1.3), abs=0.12)


@pytest.mark.parametrize(
    ("seed", "quality", "size"),
    [
        (1, 35, (12.0, 5.0)),
        pytest.param(2, 75, (14.0, 6.0), marks=pytest.mark.slow),
        pytest.param(3, 35, (12.0, 5.0), marks=pytest.mark.slow),
        pytest.param(4, 90, (10.0, 4.5), marks=pytest.mark.slow),
    ],
)
def test_markers_come_back_within_their_errors(seed: int, quality: int, size: tuple[float, float]) -> None:
    """Every marker of four curves is read within three standard errors, and errors are of the stated size."""
    data, truth = synthetic.draw_curves(seed, quality, size)
    points = read_learning_curves(decode(data, where="synthetic")[0], where="synthetic")
    known = [truth[curve][epoch - 1] for curve, epoch in zip(points["curve"], points["epoch"], strict=True)]
    deviations = (points["value"] - known) / points["error"]
    assert len(deviations) == 48
    assert deviations.abs().max() < 3.5
    assert 0.2 < np.sqrt(np.mean(deviations**2)) < 1.3


def test_scale_comes_from_ticks_and_their_numbers() -> None:
    """The scales of a panel give the pixels of its ticks; a box whose numbers are painted over has no scale."""
    picture = _curves().copy()
    box = find_boxes(picture, where="synthetic", count=2)[0]
    scale = read_scale(picture, box, "bottom", where="x axis")
    assert [value for _, value in scale.ticks] == pytest.approx([2, 4, 6, 8, 10, 12])
    assert scale.pixel(6.0) == pytest.approx(scale.ticks[2][0], abs=0.6)
    picture[:, : box.left - 6] = 255
    with pytest.raises(ReproError, match="ticks and the numbers"):
        read_scale(picture, box, "left", where="y axis")


OFF = (
    "Up to there bars lie within three errors, but the first border of the Nautical bars of yes comes back as 50.242, known "
    "50.462: off by 0.22 points, where three errors are 0.17. No bar stands near it."
)
#: Seed, quality of the JPEG (None: lossless), size in inches, whether Nautical bars of each class lie between their own extremes.
CASES = [
    (1, 35, (18.0, 5.0), False),
    (2, 75, (18.0, 4.0), False),
    (3, 35, (20.0, 6.0), False),
    pytest.param(12, 35, (18.0, 5.0), True, marks=pytest.mark.xfail(strict=True, reason=OFF)),
    (13, 50, (20.0, 6.0), True),
    (4, None, (18.0, 5.0), True),
]


@pytest.mark.parametrize(("seed", "quality", "size", "own_bins"), CASES)
def test_bars_come_back_within_their_errors(
    seed: int, quality: int | None, size: tuple[float, float], own_bins: bool
) -> None:
    """Bars come back within three of their errors; each class sums to one; the mean and the borders come back."""
    data, density, extent = synthetic.draw_histograms(seed, quality, size, own_bins=own_bins)
    picture, coding = decode(data, where="synthetic")
    assert (coding is None) == (quality is None)
    number = seed % 3
    boxes = find_boxes(picture, where="synthetic", count=3)
    up = read_scale(picture, boxes[0], "left", where="synthetic")
    bars, extents = read_panel(picture, coding, boxes[number], up, MOONS[number], where="synthetic")
    for _, sun, *borders, border_error in extents.itertuples(index=False):
        condition, part = (sun, MOONS[number]), bars[bars["sun"] == sun]
        known, read = density[condition], part["value"].to_numpy()
        deviation = (read - known) / np.hypot(part["error"], part["scale_error"])
        assert abs(deviation).max() < 3, condition
        assert np.sqrt(np.mean(deviation**2)) < 1, condition
        assert np.median(part["error"]) < abs(up.per_px), condition
        assert borders == pytest.approx(extent[condition], abs=3 * border_error)
        assert read.reshape(2, 50).sum(axis=1) == pytest.approx([1, 1], abs=0.05)
        mean, drawn = (np.average(np.arange(50, 100) + 0.5, weights=heights[50:]) for heights in (read, known))
        assert mean == pytest.approx(drawn, abs=0.5)


def test_a_dark_pixel_in_a_bar_does_not_widen_the_legend() -> None:
    """The legend stays clear of the first bar, where JPEG of quality 35 leaves one pixel as dark as a letter."""
    picture, _ = decode(synthetic.draw_histograms(1, 35, (18.0, 5.0))[0], where="synthetic")
    box = find_boxes(picture, where="synthetic", count=3)[2]
    legend = find_legend(picture, box)
    assert legend is not None
    assert legend.left > box.left + 100
