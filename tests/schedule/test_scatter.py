"""The scatter of counts when frames are missing in gaps."""

from dataclasses import replace

import numpy as np
import pytest

from repro.bench.sky_speed import YELLOWKNIFE
from repro.params import Params, Schedule, Window
from repro.schedule import scatter
from repro.schedule.rule_reading import BRIGHT, CELLS, NAUTICAL, Fit, FittedRule, Published, fit_rule
from repro.schedule.scatter import Gaps, Scatter, draw_gaps, night_scatter, sample_by_date, scatter_of
from repro.schedule.windows import Minutes, minutes_of
from repro.sky.ephemeris import positions

SHARE = 0.95


@pytest.fixture(scope="module")
def minutes() -> Minutes:
    """Three weeks of nights."""
    return minutes_of(Schedule(windows=[Window(first="2024-02-01", last="2024-02-21")], site=YELLOWKNIFE))


@pytest.fixture(scope="module")
def rule(minutes: Minutes, params: Params) -> FittedRule:
    """A camera that misses one frame in twenty."""
    sky = positions(minutes.times_utc, YELLOWKNIFE)
    return fit_rule(minutes, sky, params.sky, Published(1.0, 1.0, {}, 1.0), fit=Fit(-11.0, -11.0, SHARE))


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws that are enough for these tests."""
    monkeypatch.setattr(scatter, "DRAWS", 300)
    monkeypatch.setattr(scatter, "DRAWS_OF_SEARCH", 60)


def lost_frames(gaps: Gaps, rule: FittedRule) -> np.ndarray:
    """Frames that each draw loses."""
    return np.array([rule.camera_on[gone].sum() for gone in gaps.missing])


def test_gaps_lose_the_missing_share(minutes: Minutes, rule: FittedRule) -> None:
    """Each draw misses one frame in twenty, but for gaps that overlap; no minute is listed twice."""
    gaps = draw_gaps(minutes, rule, 5.0, seed=1)
    share = lost_frames(gaps, rule) / rule.camera_on.sum()
    assert share.max() <= 1 - SHARE + 1e-3
    assert share.mean() == pytest.approx(1 - SHARE, rel=0.06)
    assert all(np.unique(gone).size == gone.size for gone in gaps.missing)


def test_the_sample_says_how_long_gaps_are(minutes: Minutes, rule: FittedRule) -> None:
    """The mean length of a gap is the one that costs the sample what it lost; a poorer sample means longer gaps."""
    few, many = (draw_gaps(minutes, rule, lost, seed=1) for lost in (3.0, 9.0))
    assert few.sample_lost.mean() == pytest.approx(3.0, rel=0.3)
    assert many.sample_lost.mean() == pytest.approx(9.0, rel=0.3)
    assert many.mean_h > 1.5 * few.mean_h


def test_lost_samples_are_counted_by_date(minutes: Minutes, rule: FittedRule) -> None:
    """The sample of a draw is the sampling rule over the UTC dates without the missing minutes."""
    gaps = draw_gaps(minutes, rule, 9.0, seed=1)
    dates = minutes.times_utc.astype("datetime64[D]")
    for gone, lost in zip(gaps.missing[:5], gaps.sample_lost[:5], strict=True):
        kept = rule.sampled.copy()
        kept[gone] = False
        masks = (rule.sampled, kept)
        sizes = [sample_by_date(np.unique(dates[mask], return_counts=True)[1]).sum() for mask in masks]
        assert lost == sizes[0] - sizes[1]


def test_fitted_counts_do_not_scatter(minutes: Minutes, rule: FittedRule) -> None:
    """The total and the Nautical count are fitted in every draw, so their scatter is rounding; cells do scatter."""
    spread = scatter_of(rule, minutes, draw_gaps(minutes, rule, 5.0, seed=1), seed=2)
    assert spread.sd() < 0.5
    assert spread.sd("Nautical") < 0.5
    assert spread.sd("Night") == pytest.approx(spread.sd("Astro"), abs=0.5)
    assert spread.sd("Night", "No_moon") > 10


def test_scatter_is_what_refitting_each_draw_gives(minutes: Minutes, rule: FittedRule) -> None:
    """Taking a draw's minutes out, fitting the rest by hand and comparing cells gives the same deviations."""
    gaps = draw_gaps(minutes, rule, 5.0, seed=1)
    deviations = []
    for gone in gaps.missing:
        kept = rule.camera_on.copy()
        kept[gone] = False
        cells = np.bincount(rule.condition[kept], minlength=BRIGHT)[:BRIGHT].astype(float)
        record = Published(cells.sum(), cells[list(NAUTICAL)].sum(), dict(zip(CELLS, cells, strict=True)), 1.0)
        step = int(rule.ladder.steps(np.array([record.total]), np.array([record.nautical]))[0])
        on = rule.ladder.counts[step].astype(float)
        deviations.append(cells - on[:BRIGHT] * record.total / on.sum())
    by_hand = np.std(deviations, axis=0)
    spread = scatter_of(rule, minutes, gaps, seed=2)
    assert spread.sd("Night", "No_moon") == pytest.approx(by_hand[CELLS.index("night.no_moon")], rel=0.05)


def test_borders_scatter_where_no_frame_is_missing(minutes: Minutes, rule: FittedRule) -> None:
    """With every frame present a cell still varies by a sixth of a frame squared for each of its borders."""
    nothing = Gaps(1.0, [np.empty(0, dtype=np.int64)] * 2000, np.zeros(2000))
    of_nights = night_scatter(rule, minutes, nothing)
    night, cell = minutes.night == 3, CELLS.index("night.no_moon")
    borders = np.diff((rule.camera_on & (rule.condition == cell))[night]).sum()
    assert of_nights.sd[cell, 3] == pytest.approx(np.sqrt(borders / 6))
    assert of_nights.rare_loss == 0


def test_night_scatter_counts_what_nights_lose(minutes: Minutes, rule: FittedRule) -> None:
    """A night's deviation grows with gaps, and one night in a hundred loses more than the rare loss."""
    gaps = draw_gaps(minutes, rule, 5.0, seed=1)
    of_nights = night_scatter(rule, minutes, gaps)
    lost = np.array([np.bincount(minutes.night[gone[rule.camera_on[gone]]], minlength=21) for gone in gaps.missing])
    np.testing.assert_allclose(of_nights.sd_total, lost.std(axis=0), rtol=0.02)
    assert (lost > of_nights.rare_loss).mean() == pytest.approx(scatter.RARE_NIGHT, abs=0.002)


def test_a_camera_that_misses_nothing_has_no_gaps(minutes: Minutes, rule: FittedRule) -> None:
    """With an availability of 1 or above no minute is missing."""
    full = replace(rule, fit=replace(rule.fit, availability=1.02))
    assert lost_frames(draw_gaps(minutes, full, 0.0, seed=1), full).max() == 0


def test_chi_square_counts_squared_deviations_in_free_directions() -> None:
    """For independent cells it is the sum of squares; a direction without freedom adds neither distance nor freedom."""
    free, tied = Scatter(np.diag([1.0, 9.0])), Scatter(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert free.distance(np.array([2.0, -3.0]), (0, 1)) == (pytest.approx(5.0), 2)
    assert tied.distance(np.array([2.0, -2.0]), (0, 1)) == (pytest.approx(4.0), 1)
    assert tied.distance(np.array([1.0, 1.0]), (0, 1)) == (pytest.approx(0.0, abs=1e-12), 1)
