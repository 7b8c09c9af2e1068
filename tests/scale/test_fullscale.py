"""The campaign at frame level: its size, its clocks, its answers, and how memory and time are measured."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from repro import frames
from repro.bench.full_scale import bench, stand_ins, steps
from repro.bench.full_scale import nights_without_pixels as nights
from repro.bench.full_scale import step_costs as measure
from repro.camera import camera_of
from repro.errors import ReproError
from repro.observatory import video_writer as film
from repro.params import Params
from repro.paths import Paths
from repro.sky.sky_corpus import sky_corpus

COUNT = 10


@pytest.fixture(scope="module")
def params(params: Params) -> Params:
    """The shipped parameters, with one worker."""
    return params.model_copy(update={"engine": params.engine.model_copy(update={"workers": 1})})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, params: Params) -> Paths:
    """Ten nights through observe, film and clock."""
    paths = Paths(tmp_path_factory.mktemp("campaign"))
    steps.observe(paths, params, COUNT)
    for step in (steps.film, steps.clock):
        outcome = step(paths, params)
        assert len(outcome.done) == COUNT
        assert not outcome.failed
    return paths


def truth(paths: Paths) -> pd.DataFrame:
    """Truth of all nights."""
    return pd.concat([pd.read_parquet(path) for path in sorted(paths.truth("simulated").glob("*.parquet"))])


@pytest.mark.slow
def test_whole_campaign_has_the_frames_of_the_thesis(params: Params) -> None:
    """331 nights from switch-on to switch-off, less what the camera lost, are 214,890 frames."""
    every = nights.chosen(params)
    assert len(every) == 331
    assert sum(len(film.key_times(plan)) - lost for plan, lost in every) == 214_890


def test_every_clock_is_right_or_unreadable(made: Paths) -> None:
    """Of ten nights with misread stamps no frame gets a wrong time, and more than 99 % get one."""
    known = truth(made)
    read = frames.read_nights(made.stage("simulated", "clock") / "tables", "clock")
    assert len(read) == len(known) > 5000
    joined = read.merge(known[["night", "number", "time_utc"]], on=["night", "number"], suffixes=("", "_true"))
    timed = joined["time_utc"].notna()
    true_second = joined["time_utc_true"].dt.floor("s")
    assert (joined["time_utc"] == true_second)[timed].all()
    assert timed.mean() > 0.99
    repairs = set("+".join(read["clock_repair"]).split("+"))
    assert {"extra_4_before_hour", "extra_4_before_minute", "hour_over_24", "leading_a4"} <= repairs


def test_a_pause_of_the_camera_is_a_gap(made: Paths, params: Params) -> None:
    """What the camera lost within a night is a gap of as many frames in the clock's receipt."""
    for plan, lost in nights.chosen(params, COUNT):
        text = (made.stage("simulated", "clock") / "receipts" / f"{plan.night}.json").read_text()
        gaps = [entry["frames"] for entry in json.loads(text)["summary"]["breaks"]]
        assert gaps == [lost]


def test_stage_sky_takes_the_nights_as_they_are(made: Paths, params: Params) -> None:
    """The real stage gives every timed frame the sun that truth has, to a thousandth of a degree."""
    clock, sky = (made.stage("simulated", name) for name in ("clock", "sky"))
    outcome = sky_corpus(clock, sky, camera_of("simulated", params.film), params.sky, workers=1)
    assert len(outcome.done) == COUNT
    table = frames.readable(frames.read_nights(sky / "tables", "sky"))
    joined = table.merge(
        truth(made)[["night", "number", "sun_alt_deg"]], on=["night", "number"], suffixes=("", "_true")
    )
    # Half a second of the true time is cut off by the clock; the Sun moves by 15 deg an hour at most.
    assert (joined["sun_alt_deg"] - joined["sun_alt_deg_true"]).abs().max() < 0.0045


def test_drawn_answers_follow_the_truth(made: Paths) -> None:
    """Answers are the same each time, mostly right, and wrong only near the threshold of visibility."""
    archive = sorted((made.stage("simulated", "film") / "frames").glob("*.zip"))[3]
    table = frames.read(made.stage("simulated", "clock") / "tables" / f"{archive.stem}.parquet", "clock")
    table = frames.readable(table).merge(truth(made)[["night", "number", "margin"]], on=["night", "number"])
    answers = steps.drawn(archive, table["name"].tolist(), seed=7)
    assert np.array_equal(answers, steps.drawn(archive, table["name"].tolist(), seed=7))
    wrong = (answers[:, 1] > answers[:, 0]) != (table["margin"] >= 0)
    assert 0 < wrong.mean() < 0.2
    assert table.loc[wrong, "margin"].abs().max() < 4


def test_brightness_keeps_the_margin() -> None:
    """A margin comes back from a square's brightness to within half a step of 256."""
    margin = np.linspace(*stand_ins.MARGINS, 1000)
    assert np.abs(stand_ins.margin_of(stand_ins.level(margin)) - margin).max() <= 0.5 * 9.2 / 255 + 1e-9
    assert len(set(stand_ins.jpegs())) == 256


def test_misread_shares_and_repeats() -> None:
    """About the wanted share of texts is misread, the same ones for the same source of random numbers."""
    texts = ["2024-01-11 18:19:54 MST"] * 5000
    one, two = (stand_ins.misread(texts, 0.1, np.random.default_rng(5)) for _ in range(2))
    assert one == two
    assert 0.08 < np.mean([read != texts[0] for read, _ in one]) < 0.12
    assert stand_ins.misread(texts, 0.0, np.random.default_rng(5)) == [(text, 95.0) for text in texts]


def test_memory_and_time_of_a_process_are_its_own(tmp_path: Path) -> None:
    """A process that fills 200 MiB is reported to have done so, whatever its parent holds, and one that does nothing is not."""
    ballast = bytearray(300 * 2**20)
    ballast[:: 2**12] = b"x" * len(ballast[:: 2**12])
    small = measure.spend([sys.executable, "-c", "pass"], tmp_path)
    large = measure.spend(
        [sys.executable, "-c", "x = bytearray(200 * 2**20); x[::4096] = b'x' * len(x[::4096])"], tmp_path
    )
    assert small.peak_mib < 60
    assert 200 < large.peak_mib < 280
    assert small.seconds > 0


def test_a_step_that_fails_tells_why(tmp_path: Path) -> None:
    """The end of what a failed command said is in the error."""
    with pytest.raises(ReproError, match="no such luck"):
        measure.spend([sys.executable, "-c", "raise SystemExit('no such luck')"], tmp_path)


def test_every_stage_is_measured_or_done_once(project: Paths) -> None:
    """A stage that is missing would leave the steps after it without its results."""
    stages = yaml.safe_load((project.root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert {*measure.STEPS, *measure.ONCE} - {"observe"} == set(stages) - {"simulate"}


def test_growth_of_memory_by_night(tmp_path: Path) -> None:
    """Peak and growth come from the largest step; the plot is drawn from the same numbers, the same each time."""
    found = {
        size: {step: measure.Spent(size / 10, size / 20, 200.0 + (size if step == "softmax" else 0)) for step in measure.STEPS}
        for size in (10, 110)
    }  # fmt: skip
    figures = bench.memory(found)
    assert figures["peak_gib"] == 0.3
    assert figures["peak_step"] == "softmax"
    assert figures["growth_mib_a_night"] == 1.0
    assert figures["growth_by_step"]["softmax"] == 1.0
    assert figures["growth_by_step"]["sky"] == 0.0
    for name in ("one", "two"):
        bench.draw(found, tmp_path / f"{name}.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
