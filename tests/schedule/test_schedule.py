"""The frames predicted from dates alone: what the fit finds, what it keeps, and what it refuses."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from repro.bench.sky_speed import YELLOWKNIFE
from repro.errors import ReproError
from repro.files import read_json
from repro.params import Schedule, Sky, Window
from repro.paths import Paths
from repro.schedule.document import Prediction, as_document, document, predict, published
from repro.schedule.prediction import READINGS, sample_size
from repro.schedule.rule_reading import CELLS, DARK, NAUTICAL, Fit, Published, fit_camera, read
from repro.schedule.windows import minutes_of
from repro.sky.bins import MOON_BINS, SUN_BINS
from repro.sky.ephemeris import positions

TRUE_ALT_DEG, TRUE_SHARE = -10.75, 0.94
# Two lunations, so that every cell of Table 3 has frames, and the known start of the night 20240201.
SCHEDULE = Schedule(
    windows=[Window(first="2024-02-01", last="2024-03-15"), Window(first="2024-12-10", last="2024-12-25")],
    site=YELLOWKNIFE,
    known_start_local="2024-01-31T18:19:54",
)


def record_of(switches: Sky, fit: Fit) -> Published:
    """The counts a record would print if a reading and a camera were the truth."""
    minutes = minutes_of(SCHEDULE)
    sky = positions(minutes.times_utc, SCHEDULE.site, altitude=switches.altitude)
    evening = np.diff(sky.sun_alt_deg, append=0.0) < 0
    on = fit.camera_on(sky.sun_alt_deg, evening)
    total = float(on.sum()) * fit.availability
    nautical = float((on & (sky.sun_alt_deg > -12.0)).sum()) * fit.availability
    truth = read(minutes, sky, switches, Published(total, nautical, {}))
    return Published(total, nautical, truth.cells)


@pytest.fixture(scope="module")
def record() -> Published:
    """Counts made by the published rule with a known camera."""
    return record_of(Sky(), Fit(TRUE_ALT_DEG, TRUE_ALT_DEG, TRUE_SHARE))


@pytest.fixture(scope="module")
def prediction(record: Published) -> Prediction:
    """The prediction fitted to these counts."""
    return predict(SCHEDULE, Sky(), record.total, record.nautical, record.cells)


@pytest.fixture(scope="module")
def result(prediction: Prediction) -> dict:
    """Its document."""
    return as_document(prediction)


def test_fit_recovers_the_camera_that_made_the_counts(prediction: Prediction) -> None:
    """From two counts the fit finds the switch-on altitude within a minute of the sun's motion and the share exactly."""
    fit = prediction.chosen.fit
    assert fit.morning_altitude_deg == fit.evening_altitude_deg == pytest.approx(TRUE_ALT_DEG, abs=0.005)
    assert fit.availability == pytest.approx(TRUE_SHARE, rel=1e-12)


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
    """Counts of the published rule exclude the rule as printed and the unfolded phase, and fit their own reading."""
    rows = {row["name"]: row for row in result["readings"]}
    assert set(rows) == {*READINGS, "known_start"}
    assert rows["published"]["chi_square_nine"] == pytest.approx(0.0, abs=0.1)
    assert abs(rows["published"]["largest_deviation_percent"]) < 0.2
    assert {name for name, row in rows.items() if row["excluded"]} == {"as_printed", "unfolded"}


def test_counts_of_another_rule_exclude_the_published_one() -> None:
    """The test of readings works both ways: counts of the rule as printed exclude the published rule."""
    record = record_of(READINGS["as_printed"], Fit(TRUE_ALT_DEG, TRUE_ALT_DEG, TRUE_SHARE))
    rows = {row["name"]: row for row in document(SCHEDULE, Sky(), record)["readings"]}
    assert rows["published"]["excluded"] is True
    assert rows["as_printed"]["excluded"] is False


def test_known_start_gives_evening_and_morning_their_own_altitude(prediction: Prediction) -> None:
    """With the printed start of one night the evening's altitude is the sun's then, and the Nautical count still fits."""
    reading = prediction.readings["known_start"]
    start = positions(np.array(["2024-02-01T01:19:54"], "datetime64[us]"), YELLOWKNIFE)
    assert reading.fit.evening_altitude_deg == pytest.approx(start.sun_alt_deg[0])
    assert reading.fit.morning_altitude_deg > TRUE_ALT_DEG
    assert reading.total("Nautical") == pytest.approx(prediction.record.nautical, abs=0.5)


def test_unfitted_counts_do_not_depend_on_the_fit(result: dict, record: Published) -> None:
    """The minutes of night and of astronomical twilight are the sky's alone."""
    other = document(SCHEDULE, Sky(), Published(record.total * 0.5, record.nautical * 0.6, record.cells))
    for name in ("unfitted.night", "unfitted.astro", "unfitted.night.no_moon"):
        assert other["quantities"][name] == result["quantities"][name] > 0
    assert other["fit"]["availability"] != result["fit"]["availability"]


def test_parameters_choose_the_reported_reading(record: Published, result: dict) -> None:
    """The quantities are those of the reading in params.yaml; a reading outside the list can be asked for too."""
    switched = document(SCHEDULE, Sky(moon_rule="as_printed"), record)["quantities"]
    assert switched["no_moon"] == pytest.approx(result["quantities"]["moon_full"])
    both = document(SCHEDULE, Sky(moon_rule="as_printed", altitude="refracted"), record)["quantities"]
    assert both["no_moon"] == pytest.approx(result["quantities"]["moon_full"], rel=0.01)
    assert both["no_moon"] != switched["no_moon"]


def test_sample_follows_the_published_rule() -> None:
    """A date gives half its frames, at least one and at most twenty."""
    assert sample_size(np.array([1.0, 2.0, 3.0, 39.0, 40.0, 41.0, 800.0])).tolist() == [1, 1, 1, 19, 20, 20, 20]


def test_sample_is_taken_by_utc_date(prediction: Prediction, result: dict) -> None:
    """The dates of the sample are UTC dates with Night & No_moon frames, which split a night of Yellowknife in two."""
    frames = prediction.frames_by_date()
    assert result["quantities"]["sample.dates"] == frames.size
    assert frames.sum() == prediction.chosen.minutes[CELLS.index("night.no_moon")].sum()
    assert result["quantities"]["sample.frames"] == sample_size(frames).sum()


def test_windows_and_nights_are_counted(result: dict) -> None:
    """The nights of each window and of all are among the quantities."""
    q = result["quantities"]
    assert (q["window1.nights"], q["window2.nights"], q["nights"]) == (44, 16, 60)


def test_tables_and_counts_tell_the_same(prediction: Prediction) -> None:
    """The rows of the nights and the spans of the picture hold the minutes that were counted."""
    nights, spans = prediction.nights(), prediction.segments()
    assert nights[list(CELLS)].to_numpy().sum() == prediction.chosen.minutes.sum()
    on = spans[spans["camera_on"]]
    lit = (on["end_utc"] - on["start_utc"]).sum()
    assert lit == pd.Timedelta(minutes=int(prediction.chosen.camera_on.sum()))
    assert set(on["sun_bin"]) == set(SUN_BINS[:3])


def test_groups_of_cells_are_the_fitted_sums() -> None:
    """The cells are split into the three Nautical and the six darker ones."""
    assert {CELLS[number].split(".")[0] for number in NAUTICAL} == {"nautical"}
    assert sorted(DARK + NAUTICAL) == list(range(9))


@pytest.mark.parametrize(("total", "nautical"), [(1000.0, 1000.0), (1000.0, -1.0), (0.0, 0.0), (40_000.0, 20_000.0)])
def test_counts_no_camera_can_give_are_refused(total: float, nautical: float) -> None:
    """Counts that no switch-on altitude between -12 and -6 deg can give are an error, not a nonsense fit."""
    alt = np.linspace(-30.0, 10.0, 40_001)
    with pytest.raises(ReproError, match="Nautical frames"):
        fit_camera(alt, np.zeros(alt.size, dtype=bool), total, nautical)


def test_fit_without_nautical_frames_switches_at_minus_twelve() -> None:
    """A camera that never works in nautical twilight is one that goes on at -12 deg."""
    alt = np.linspace(-30.0, 10.0, 40_001)
    fit = fit_camera(alt, np.zeros(alt.size, dtype=bool), 1000.0, 0.0)
    assert fit.morning_altitude_deg == pytest.approx(-12.0, abs=0.001)


def test_missing_claims_are_named() -> None:
    """Without the two fitted counts the error names the claims that are needed."""
    with pytest.raises(ReproError, match=r"TXT\.FRAMES"):
        published({})


def claim(name: str, value: float) -> dict:
    """A claim as a file holds it; its rule is of no matter here."""
    return {
        "id": name,
        "source": {"document": "thesis", "section": "II.2", "quote": f"{value:.0f}"},
        "kind": "count",
        "value": round(value),
        "evidence": {"ephemeris": {"rule": "exact", "measure": "none", "reason": "made for a test"}},
    }


def test_stage_writes_its_three_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, project: Paths, record: Published
) -> None:
    """The stage reads params.yaml and the claims and writes the document and both tables."""
    params = {"corpus": "simulated", "seed": 1, "schedule": SCHEDULE.model_dump(mode="json")}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params), encoding="utf-8")
    claims = [claim("TXT.FRAMES", record.total), claim("T2.NAUTICAL", record.nautical)]
    claims += [claim(f"T3.{cell.upper()}", count) for cell, count in record.cells.items()]
    (tmp_path / "expected" / "published").mkdir(parents=True)
    (tmp_path / "expected" / "published" / "made.yaml").write_text(yaml.safe_dump([{"claims": claims}]), "utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(project.root / "stages" / "schedule.py"), run_name="__main__")
    out = Paths(tmp_path).schedule
    quantities = read_json(out / "schedule.json", made_by="this test")["quantities"]
    assert quantities["fit.switch_on_altitude_deg"] == pytest.approx(TRUE_ALT_DEG, abs=0.02)
    assert len(pd.read_parquet(out / "nights.parquet")) == 60
    assert set(pd.read_parquet(out / "segments.parquet")["sun_bin"]) == set(SUN_BINS)
