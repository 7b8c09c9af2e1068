"""The frames predicted from dates alone: what the fit finds, what it keeps, and what it refuses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from repro.bench.sky_speed import YELLOWKNIFE
from repro.errors import ReproError
from repro.files import read_json
from repro.params import MoonLimits, Schedule, SkyParams, Window, load_params
from repro.record.claims import Claims
from repro.schedule import scatter
from repro.schedule.document import Prediction, as_document, predict, published, read_or_predict, write
from repro.schedule.missing_nights import scan_missing_runs
from repro.schedule.prediction import LATE_STAMPS, ONE_ALTITUDE, RULE_READINGS
from repro.schedule.rule_reading import (
    BRIGHT,
    CELLS,
    DARK,
    NAUTICAL,
    Fit,
    Published,
    fit_camera,
    fit_rule,
    switch_ladder,
)
from repro.schedule.scatter import sample_by_date
from repro.schedule.windows import minutes_of
from repro.sky.bins import MOON_BINS, SUN_BINS
from repro.sky.ephemeris import positions
from tests.conftest import ROOT

SKY = load_params(ROOT / "params.yaml").sky
EVENING_ALT_DEG = -11.775635  # the sun at the known start below
MORNING_ALT_DEG, TRUE_SHARE = -10.75, 0.94
TRUE_CAMERA = Fit(EVENING_ALT_DEG, MORNING_ALT_DEG, TRUE_SHARE)
# Two lunations, so that every cell of Table 3 has frames, and the known start of the night 20240201.
SCHEDULE = Schedule(
    windows=[Window(first="2024-02-01", last="2024-03-15"), Window(first="2024-12-10", last="2024-12-25")],
    site=YELLOWKNIFE,
    known_start_local="2024-01-31T18:19:54",
)
#: Frames that the sample of these nights loses to gaps.
LOST_BY_SAMPLE = 10


@pytest.fixture(scope="module", autouse=True)
def few_draws() -> Iterator[None]:
    """Draws of the scatter model that are enough for these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scatter, "DRAWS", 60)
        patch.setattr(scatter, "DRAWS_OF_SEARCH", 20)
        yield


def record_of(switches: SkyParams, fit: Fit) -> Published:
    """The counts a record would print if a reading and a camera were the truth."""
    minutes = minutes_of(SCHEDULE)
    sky = positions(minutes.times_utc, SCHEDULE.site, altitude=switches.altitude)
    truth = fit_rule(minutes, sky, switches, Published(1.0, 1.0, {}, 1.0), fit=fit)
    nautical = sum(count for cell, count in truth.cells.items() if cell.startswith("nautical"))
    dates = np.unique(minutes.times_utc[truth.sampled].astype("datetime64[D]"), return_counts=True)[1]
    sample = float(sample_by_date(dates).sum()) - LOST_BY_SAMPLE
    return Published(sum(truth.cells.values()), nautical, truth.cells, sample)


@pytest.fixture(scope="module")
def record() -> Published:
    """Counts made by the published rule with a known camera."""
    return record_of(SKY, TRUE_CAMERA)


@pytest.fixture(scope="module")
def prediction(record: Published, few_draws: None) -> Prediction:
    """The prediction fitted to these counts."""
    return predict(SCHEDULE, SKY, record)


@pytest.fixture(scope="module")
def result(prediction: Prediction) -> dict:
    """Its document."""
    return as_document(prediction)


def test_fit_recovers_the_camera_that_made_the_counts(prediction: Prediction) -> None:
    """The evening's altitude is the sun's at the printed start; two counts give the morning's altitude and the share."""
    fit = prediction.chosen.rule.fit
    assert fit.evening_altitude_deg == pytest.approx(EVENING_ALT_DEG, abs=1e-5)
    assert fit.morning_altitude_deg == pytest.approx(MORNING_ALT_DEG, abs=0.005)
    assert fit.availability == pytest.approx(TRUE_SHARE, rel=1e-5)


def test_fit_keeps_total_and_nautical_count(result: dict, record: Published) -> None:
    """The two fitted counts come out as they went in, to half a frame; the cells are split into Nautical and darker ones."""
    assert result["quantities"]["total"] == pytest.approx(record.total, abs=0.01)
    assert result["quantities"]["nautical"] == pytest.approx(record.nautical, abs=0.5)
    assert {CELLS[number].split(".")[0] for number in NAUTICAL} == {"nautical"}
    assert sorted(DARK + NAUTICAL) == list(range(9))


def test_cells_sum_to_rows_columns_and_total(result: dict) -> None:
    """The nine cells sum to the bins of the sun, to the kinds of moonlight, and to all frames; so do nights of windows."""
    q = result["quantities"]
    suns, moons = ("night", "astro", "nautical"), [moon.lower() for moon in MOON_BINS]
    for sun in suns:
        assert sum(q[f"{sun}.{moon}"] for moon in moons) == pytest.approx(q[sun], abs=0.05)
    for moon in moons:
        assert sum(q[f"{sun}.{moon}"] for sun in suns) == pytest.approx(q[moon], abs=0.05)
    assert sum(q[moon] for moon in moons) == pytest.approx(q["total"], abs=0.05)
    assert sum(q[f"share.{sun}"] for sun in suns) == pytest.approx(100.0, abs=0.001)
    assert (q["window1.nights"], q["window2.nights"], q["nights"]) == (44, 16, 60)


def test_the_true_reading_fits_and_false_ones_are_excluded(result: dict) -> None:
    """Counts of two switches exclude the rule as printed and the unfolded phase, and leave one altitude farther off."""
    rows = {row["name"]: row for row in result["readings"]}
    assert set(rows) == {*RULE_READINGS, ONE_ALTITUDE, LATE_STAMPS}
    assert rows["published"]["chi_square_nine"] == pytest.approx(0.0, abs=0.1)
    assert abs(rows["published"]["largest_deviation_percent"]) < 0.2
    excluded = {name for name, row in rows.items() if row["excluded"]}
    assert excluded == {"as_printed", "unfolded"}
    assert rows[ONE_ALTITUDE]["chi_square_nine"] > 1


def test_counts_of_another_rule_exclude_the_published_one() -> None:
    """The test of readings works both ways: counts of the rule as printed exclude the published rule."""
    record = record_of(SKY.model_copy(update={"moon_rule": "as_printed"}), TRUE_CAMERA)
    rows = {row["name"]: row for row in as_document(predict(SCHEDULE, SKY, record))["readings"]}
    assert rows["published"]["excluded"] is True
    assert rows["as_printed"]["excluded"] is False


def test_without_a_known_start_evening_and_morning_share_one_altitude(record: Published) -> None:
    """A schedule that prints no start has one fitted altitude, and no further reading of that name."""
    prediction = predict(SCHEDULE.model_copy(update={"known_start_local": None}), SKY, record)
    fit = prediction.chosen.rule.fit
    assert fit.evening_altitude_deg == fit.morning_altitude_deg
    assert EVENING_ALT_DEG < fit.morning_altitude_deg < MORNING_ALT_DEG
    assert ONE_ALTITUDE not in prediction.readings


def test_late_stamps_move_frames_from_morning_to_evening(prediction: Prediction) -> None:
    """Stamps that are late see a darker sun in the evening and a brighter one in the morning than the camera did."""
    late = {row["name"]: row for row in as_document(prediction)["readings"]}[LATE_STAMPS]
    assert late["fitted_numbers"] == 3
    assert late["stamps_late_s"] > 0
    assert late["first_stamp_altitude_deg"] < late["evening_altitude_deg"] < late["last_stamp_altitude_deg"]


def test_standard_time_puts_an_hour_of_summer_mornings_into_brighter_twilight(prediction: Prediction) -> None:
    """Nights of daylight saving time gain civil frames when their stamps are read as standard time, others do not."""
    rule, minutes = prediction.standard_time, prediction.minutes
    brighter = rule.camera_on & (rule.sun == "Civil")
    assert brighter.any()
    mornings = [minutes.mornings[night] for night in np.unique(minutes.night[brighter])]
    assert date(2024, 3, 10) <= mornings[0] <= mornings[-1] <= date(2024, 3, 15)
    np.testing.assert_array_equal(rule.camera_on, prediction.chosen.rule.camera_on)


def test_a_lost_pair_of_nights_is_found_again(record: Published, prediction: Prediction) -> None:
    """Taking two nights out of the counts puts a run with one of them among the best that the scan finds."""
    rule, minutes = prediction.chosen.rule, prediction.minutes
    lost = slice(12, 14)  # half a moon: their cells are unlike the average
    cells = dict(zip(CELLS, np.delete(rule.minutes, lost, axis=1).sum(axis=1).tolist(), strict=True))
    nautical = sum(count for cell, count in cells.items() if cell.startswith("nautical"))
    poorer = Published(float(sum(cells.values())), nautical, cells, record.sample - 40)
    sky = positions(minutes.times_utc, SCHEDULE.site)
    refitted = fit_rule(minutes, sky, SKY, poorer, evening_altitude_deg=EVENING_ALT_DEG)
    runs, tried = scan_missing_runs(refitted, minutes, prediction.chosen.scatter, poorer)
    assert tried > 60
    assert [runs[0].first, runs[0].last] == minutes.names[lost]
    assert runs[0].chi_square < 0.5


def test_parameters_choose_the_reported_reading(record: Published, result: dict) -> None:
    """The quantities are those of the reading in params.yaml; a reading outside the list can be asked for too."""
    switched, both = (
        predict(SCHEDULE, SKY.model_copy(update={"moon_rule": "as_printed", **more}), record).chosen.rule.frames(
            "", "No_moon"
        )
        for more in ({}, {"altitude": "refracted"})
    )
    assert switched == pytest.approx(result["quantities"]["moon_full"], abs=0.005)
    assert both == pytest.approx(switched, rel=0.01)
    assert both != switched


def test_limits_of_the_moon_reach_every_reading(record: Published, prediction: Prediction) -> None:
    """A limit that is changed in params.yaml moves frames between the kinds of moonlight in every reading of the rule."""
    wider = predict(SCHEDULE, SKY.model_copy(update={"full_moon": MoonLimits(phase_deg=140, altitude_deg=5)}), record)
    brightest = {name: "No_moon" if name == "as_printed" else "Moon_Full" for name in prediction.readings}
    for name, moon in brightest.items():
        before, after = ((p.readings[name].rule.moon == moon).sum() for p in (prediction, wider))
        assert after > before, name
    assert (wider.standard_time.moon == "Moon_Full").sum() > (prediction.standard_time.moon == "Moon_Full").sum()


def test_sample_follows_the_published_rule() -> None:
    """A date gives half its frames, at least one and at most twenty."""
    assert sample_by_date([0.0, 1.0, 2.0, 3.0, 39.0, 40.0, 41.0, 800.0]).tolist() == [0, 1, 1, 1, 19, 20, 20, 20]


def test_sample_is_taken_by_utc_date(prediction: Prediction, result: dict) -> None:
    """The dates of the sample are UTC dates with Night & No_moon frames, which split a night of Yellowknife in two."""
    frames = prediction.frames_by_date()
    assert result["quantities"]["sample.dates"] == frames.size
    assert frames.sum() == prediction.chosen.rule.minutes[CELLS.index("night.no_moon")].sum()
    assert result["quantities"]["sample.frames"] == sample_by_date(frames).sum()


def test_tables_and_counts_tell_the_same(prediction: Prediction) -> None:
    """The rows of the nights and the spans of the picture hold the minutes that were counted."""
    nights, spans = prediction.nights(), prediction.segments()
    assert nights[list(CELLS)].to_numpy().sum() == prediction.chosen.rule.minutes.sum()
    on = spans[spans["camera_on"]]
    lit = pd.Timedelta(minutes=int(prediction.chosen.rule.camera_on.sum()))
    assert (on["end_utc"] - on["start_utc"]).sum() == lit
    assert set(on["sun_bin"]) == set(SUN_BINS[:3])


#: A sun that rises by a thousandth of a degree a minute: Night, Astro and Nautical without a moon, then no condition.
ALTITUDES_DEG = np.linspace(-30.0, 10.0, 40_001)
CONDITION = np.array([0, 1, 2, BRIGHT])[np.searchsorted([-18.0, -12.0, -6.0], ALTITUDES_DEG)]
RISING_SUN = switch_ladder(ALTITUDES_DEG, np.zeros(40_001, dtype=bool), CONDITION)


@pytest.mark.parametrize(("total", "nautical"), [(1000.0, 1000.0), (1000.0, -1.0), (0.0, 0.0), (40_000.0, 20_000.0)])
def test_counts_no_camera_can_give_are_refused(total: float, nautical: float) -> None:
    """Counts that no switch altitude can give are an error, not a nonsense fit."""
    with pytest.raises(ReproError, match="Nautical frames"):
        fit_camera(RISING_SUN, total, nautical)


def test_fit_without_nautical_frames_switches_at_minus_twelve() -> None:
    """A camera that never works in nautical twilight is one that goes on at -12 deg."""
    fit = fit_camera(RISING_SUN, 1000.0, 0.0)
    assert fit.morning_altitude_deg == pytest.approx(-12.0, abs=0.001)


def test_an_early_start_gives_civil_frames_and_leaves_what_is_not_fitted(record: Published, result: dict) -> None:
    """A start an hour earlier gives civil frames; minutes of darkness are the sky's; with frames to spare no night is missing."""
    schedule = SCHEDULE.model_copy(update={"known_start_local": "2024-01-31T17:19:54"})
    early = predict(schedule, SKY, replace(record, total=2 * record.total, nautical=8 * record.nautical))
    rule, found = early.chosen.rule, as_document(early)["quantities"]
    assert rule.fit.evening_altitude_deg == pytest.approx(-5.3, abs=0.5)
    assert (rule.camera_on & (rule.sun == "Civil")).any()
    assert found["fit.availability"] > 1 > result["fit"]["availability"]
    assert early.missing_runs == []
    assert "missing_nights.first" not in found
    for name in ("unfitted.night", "unfitted.astro", "unfitted.night.no_moon"):
        assert found[name] == result["quantities"][name] > 0


def test_counts_come_from_claims(claims: Claims) -> None:
    """All counts are those of the record; without the two fitted ones the error names the claims that are needed."""
    record = published(claims)
    assert (record.total, record.sample, sum(record.cells.values())) == (214_890, 4_563, 214_890)
    with pytest.raises(ReproError, match=r"TXT\.FRAMES"):
        published({})


def test_what_was_written_is_taken_while_it_is_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Published
) -> None:
    """Document and tables of the stage are read as they are, and predicted anew when a parameter has changed."""
    written = write(tmp_path, SCHEDULE, SKY, record)
    assert set(pd.read_parquet(tmp_path / "segments.parquet")["sun_bin"]) == set(SUN_BINS)
    monkeypatch.setattr("repro.schedule.document.predict", lambda *_: pytest.fail("predicted again"))
    document, nights = read_or_predict(tmp_path, SCHEDULE, SKY, record)
    assert document == read_json(tmp_path / "schedule.json", made_by="this test") == written
    assert len(nights) == 60
    with pytest.raises(pytest.fail.Exception, match="predicted again"):
        read_or_predict(tmp_path, SCHEDULE, SKY.model_copy(update={"altitude": "geometric"}), record)
