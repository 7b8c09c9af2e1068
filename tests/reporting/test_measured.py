"""What the report shows of logs and benchmarks, which it reads and never depends on."""

from __future__ import annotations

import json
import re

import pytest

from repro.reporting.measured import load_measured
from repro.reporting.page import build
from tests.reporting.test_page import html_of


def _log(paths, *entries: dict) -> None:
    paths.results.mkdir(exist_ok=True)
    (paths.results / ".runs.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries))


def _run(stage: str, at: str, seconds: float, outcome: str = "done", **more: object) -> dict:
    counts = {"nights_done": None, "nights_kept": None}
    began = f"2026-01-01T{at}:00+00:00"
    return {
        "stage": stage,
        "corpus": None,
        "began_utc": began,
        "seconds": seconds,
        "outcome": outcome,
        **counts,
        **more,
    }


def test_the_latest_success_of_each_stage_is_shown(small):
    """Of several runs of a stage the last that succeeded counts; one that failed since is said, other corpora left out."""
    _log(
        small,
        _run("film", "01:00", 10.0, corpus="simulated", nights_done=2, nights_kept=0),
        _run("film", "02:00", 3.0, corpus="simulated", nights_done=1, nights_kept=2),
        _run("film", "03:00", 99.0, corpus="kho"),
        _run("schedule", "00:30", 5.5),
        _run("film", "04:00", 1.0, "failed", corpus="simulated"),
    )
    found = load_measured(small, "simulated")
    assert [(run.stage, run.seconds, run.nights, run.failed_since) for run in found.runs] == [
        ("schedule", 5.5, "—", False),
        ("film", 3.0, "1 done, 2 kept", True),
    ]
    assert found.seconds == 8.5
    html = html_of(build(small).parent)
    assert "2026-01-01 02:00:00" in html
    assert "a later run failed" in html


def test_what_was_not_measured_is_said(small):
    """Without logs and benchmarks the report says so instead of leaving their place empty."""
    html = html_of(build(small).parent)
    assert "Not recorded here" in html
    assert len(re.findall("Not measured here", html)) == 2


def test_benchmarks_and_endurance(small):
    """Rates and ratios of every benchmark are shown with unit and machine, and tables of counts as they are."""
    folder = small.root / "bench"
    folder.mkdir()
    speed = {"name": "sky", "ours": 1234567.0, "baseline": 100.5, "limit": None, "ratio_to_baseline": 12284.2,
             "ratio_to_limit": None, "unit": "frames/s", "machine": {"cpu": "X", "cores": 2},
             "targets": {"at_least": {"ratio_to_baseline": 300.0}, "at_most": {"flipped": 0}}, "missed": ["too <slow>"]}  # fmt: skip
    (folder / "sky.json").write_text(json.dumps(speed))
    rows = [{"what": "nights", "count": 1000, "note": "two <days>"}, {"what": "crashes", "count": 0, "note": None}]
    (folder / "endurance.json").write_text(json.dumps({"title": "A thousand nights", "rows": rows}))
    (folder / "zoo.json").write_text(json.dumps({"name": "zoo", "error": "no result", "machine": None}))
    found = load_measured(small, "simulated")
    row, broken = found.speeds
    assert (broken.name, broken.ours, broken.missed) == ("zoo", "—", "no result")
    assert (row.ours, row.baseline, row.limit, row.to_baseline) == ("1,234,567", "100.5", "—", "12,284")
    assert row.machine == "cpu X, cores 2"
    assert row.wanted == "at least 300 × naive; at most 0 classes flipped"
    assert found.counted[0].rows == (("nights", "1,000", "two <days>"), ("crashes", "0", ""))
    html = html_of(build(small).parent)
    assert "two &lt;days&gt;" in html
    assert "missed: too &lt;slow&gt;" in html
    assert "A thousand nights" in html


@pytest.mark.parametrize("text", ["{", "[1]", '{"rows": [{}]}', '{"ratio_to_limit": 1}', '{"rows": 3}'])
def test_a_broken_log_is_named_and_stops_nothing(small, text):
    """A file that cannot be read is named in the report, which is built all the same."""
    (small.root / "bench").mkdir()
    (small.root / "bench" / "a.json").write_text(text)
    small.results.joinpath(".runs.jsonl").write_text("no json\n")
    found = load_measured(small, "simulated")
    assert found.broken == ("bench/a.json", "results/.runs.jsonl, line 1")
    assert "bench/a.json" in html_of(build(small).parent)


def test_sizes_and_plots_of_a_benchmark(small):
    """A benchmark over several sizes shows time and memory of each, and what it drew; a plot outside bench/ is not taken."""
    bench = small.root / "bench"
    bench.mkdir()
    step = {"seconds": 2.0, "cpu_s": 20.4, "peak_mib": 512.0}
    entry = {
        "name": "full-scale", "unit": "nights", "ours": 1.0, "baseline": 1.0, "limit": 2.0, "ratio_to_baseline": 1.0,
        "ratio_to_limit": 0.5, "plot": "../full-scale.svg",
        "sizes": {"331": {"film": step, "sky": {**step, "peak_mib": 1024.0}}},
    }  # fmt: skip
    (bench / "full-scale.json").write_text(json.dumps(entry))
    assert load_measured(small, "simulated").plots == ()
    (bench / "full-scale.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    found = load_measured(small, "simulated")
    assert found.plots == (bench / "full-scale.svg",)
    assert found.counted[0].rows == (("331 nights", "41 s", "1 GiB at the peak"),)
    assert 'src="figures/bench_full-scale.svg"' in html_of(build(small).parent)
    assert (small.report_build / "figures" / "bench_full-scale.svg").is_file()
