"""The frames predicted from dates alone: what the fit finds, what it keeps, and what it refuses."""

import runpy
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from repro.bench.sky_speed import YELLOWKNIFE
from repro.errors import ReproError
from repro.files import read_json
from repro.params import MoonLimits, Schedule, SkyParams, Window, load_params
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.schedule import scatter
from repro.schedule.document import Prediction, as_document, predict, published, read_or_predict
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
from tests.support.claims import made_up

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
    """The two fitted counts come out as they went in, to half a frame."""
    assert result["quantities"]["total"] == pytest.approx(record.total, abs=0.01)
    assert result["quantities"]["nautical"] == pytest.approx(record.nautical, abs=0.5)


def test_cells_sum_to_rows_columns_and_total(result: dict) -> None:
    """The nine cells sum to the bins of the sun, to the kinds of moonlight, and to all frames."""
    q = result["quantities"]
    moons = [moon.lower() for moon in MOON_BINS]
    for sun in ("night", "astro", "nautical"):
        assert sum(q[f"{sun}.{moon}"] for moon in moons) == pytest.approx(q[sun], abs=0.05)
    for moon in moons:
        assert sum(q[f"{sun}.{moon}"] for sun in ("night", "astro", "nautical")) == pytest.approx(q[moon], abs=0.05)
    assert sum(q[moon] for moon in moons) == pytest.approx(q["total"], abs=0.05)
    assert q["share.night"] + q["share.astro"] + q["share.nautical"] == pytest.approx(100.0, abs=0.001)


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
    schedule = SCHEDULE.model_copy(update={"known_start_local": None})
    prediction = predict(schedule, SKY, record)
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
    assert {minutes.mornings[night] for night in np.unique(minutes.night[brighter])} <= {
        morning for morning in minutes.mornings if date(2024, 3, 10) <= morning <= date(2024, 3, 15)
    }
    np.testing.assert_array_equal(rule.camera_on, prediction.chosen.rule.camera_on)


def test_a_lost_pair_of_nights_is_found_again(record: Published, prediction: Prediction) -> None:
    """Taking two nights out of the counts puts a run with one of them among the best that the scan finds."""
    rule, minutes = prediction.chosen.rule, prediction.minutes
    lost = slice(12, 14)  # half a moon: their cells are unlike the average
    cells = dict(zip(CELLS, (rule.minutes.sum(axis=1) - rule.minutes[:, lost].sum(axis=1)).tolist(), strict=True))
    nautical = sum(count for cell, count in cells.items() if cell.startswith("nautical"))
    poorer = Published(float(sum(cells.values())), nautical, cells, record.sample - 40)
    refitted = fit_rule(
        minutes, positions(minutes.times_utc, SCHEDULE.site), SKY, poorer, evening_altitude_deg=EVENING_ALT_DEG
    )
    runs, tried = scan_missing_runs(refitted, minutes, prediction.chosen.scatter, poorer)
    assert tried > 60
    assert {runs[0].first, runs[0].last} == {minutes.names[12], minutes.names[13]}
    assert runs[0].chi_square < 0.5


def test_unfitted_counts_do_not_depend_on_the_fit(result: dict, record: Published) -> None:
    """The minutes of night and of astronomical twilight are the sky's alone."""
    other = as_document(
        predict(SCHEDULE, SKY, Published(record.total * 0.5, record.nautical * 0.6, record.cells, record.sample))
    )
    for name in ("unfitted.night", "unfitted.astro", "unfitted.night.no_moon"):
        assert other["quantities"][name] == result["quantities"][name] > 0
    assert other["fit"]["availability"] != result["fit"]["availability"]


def test_parameters_choose_the_reported_reading(record: Published, result: dict) -> None:
    """The quantities are those of the reading in params.yaml; a reading outside the list can be asked for too."""
    switched = as_document(predict(SCHEDULE, SKY.model_copy(update={"moon_rule": "as_printed"}), record))["quantities"]
    assert switched["no_moon"] == pytest.approx(result["quantities"]["moon_full"])
    both = as_document(
        predict(SCHEDULE, SKY.model_copy(update={"moon_rule": "as_printed", "altitude": "refracted"}), record)
    )["quantities"]
    assert both["no_moon"] == pytest.approx(result["quantities"]["moon_full"], rel=0.01)
    assert both["no_moon"] != switched["no_moon"]


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


def test_windows_and_nights_are_counted(result: dict) -> None:
    """The nights of each window and of all are among the quantities."""
    q = result["quantities"]
    assert (q["window1.nights"], q["window2.nights"], q["nights"]) == (44, 16, 60)


def test_tables_and_counts_tell_the_same(prediction: Prediction) -> None:
    """The rows of the nights and the spans of the picture hold the minutes that were counted."""
    nights, spans = prediction.nights(), prediction.segments()
    assert nights[list(CELLS)].to_numpy().sum() == prediction.chosen.rule.minutes.sum()
    on = spans[spans["camera_on"]]
    lit = (on["end_utc"] - on["start_utc"]).sum()
    assert lit == pd.Timedelta(minutes=int(prediction.chosen.rule.camera_on.sum()))
    assert set(on["sun_bin"]) == set(SUN_BINS[:3])


def test_groups_of_cells_are_the_fitted_sums() -> None:
    """The cells are split into the three Nautical and the six darker ones."""
    assert {CELLS[number].split(".")[0] for number in NAUTICAL} == {"nautical"}
    assert sorted(DARK + NAUTICAL) == list(range(9))


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


def test_an_early_start_gives_civil_frames(record: Published) -> None:
    """That no frame is civil is a result: a printed start an hour earlier would put evening frames into civil twilight."""
    schedule = SCHEDULE.model_copy(update={"known_start_local": "2024-01-31T17:19:54"})
    rule = predict(schedule, SKY, replace(record, nautical=4 * record.nautical)).chosen.rule
    assert rule.fit.evening_altitude_deg == pytest.approx(-5.3, abs=0.5)
    assert (rule.camera_on & (rule.sun == "Civil")).any()


def test_missing_claims_are_named() -> None:
    """Without the two fitted counts the error names the claims that are needed."""
    with pytest.raises(ReproError, match=r"TXT\.FRAMES"):
        published({})


def test_stage_writes_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Paths, record: Published
) -> None:
    """The stage reads params.yaml and the claims and writes the document and both tables."""
    params = {"corpus": "simulated", "seed": 1, "schedule": SCHEDULE.model_dump(mode="json"), "sky": SKY.model_dump()}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    counts = {"TXT.FRAMES": record.total, "T2.NAUTICAL": record.nautical, "SPLIT.LABELLED": record.sample}
    counts |= {f"T3.{cell.upper()}": count for cell, count in record.cells.items()}
    block = {
        "defaults": made_up().model_dump(mode="json", include={"kind", "source", "evidence"}, exclude_none=True),
        "claims": [{"id": name, "value": round(count)} for name, count in counts.items()],
    }
    (tmp_path / "expected" / "published").mkdir(parents=True)
    (tmp_path / "expected" / "published" / "made.yaml").write_text(yaml.safe_dump([block]), "utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(project.root / "stages" / "schedule.py"), run_name="__main__")
    out = Paths(tmp_path).schedule
    quantities = read_json(out / "schedule.json", made_by="this test")["quantities"]
    assert quantities["fit.morning_altitude_deg"] == pytest.approx(MORNING_ALT_DEG, abs=0.02)
    assert len(pd.read_parquet(out / "nights.parquet")) == 60
    assert set(pd.read_parquet(out / "segments.parquet")["sun_bin"]) == set(SUN_BINS)
    # What the stage wrote is taken as it is while it is current, and predicted anew when a parameter has changed.
    monkeypatch.setattr("repro.schedule.document.predict", lambda *_: pytest.fail("predicted again"))
    registered = published(load_claims(tmp_path / "expected" / "published"))
    document, nights = read_or_predict(out, SCHEDULE, SKY, registered)
    assert document["quantities"] == quantities
    assert len(nights) == 60
    with pytest.raises(pytest.fail.Exception, match="predicted again"):
        read_or_predict(out, SCHEDULE, SKY.model_copy(update={"altitude": "geometric"}), registered)
