"""What follows a measurement: targets, warnings, files; speed itself is never tested."""

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

from repro import cli
from repro.bench import registry as benchmarks
from repro.bench.registry import BENCHMARKS, Benchmark, measure_all, missed

SLOW = {
    "name": "sky", "ours": 100.0, "baseline": 1.0, "limit": 400.0, "ratio_to_baseline": 100.0, "ratio_to_limit": 0.25,
    "unit": "frames/s", "largest_difference_deg": 0.01,
}  # fmt: skip


def test_every_benchmark_can_be_run() -> None:
    """Each name stands for a module with a function bench."""
    names = "startup film clock sky observatory realism inference gradcam full-scale"
    assert " ".join(BENCHMARKS) == names
    assert all(callable(import_module(entry.module).bench) for entry in BENCHMARKS.values())


def test_only_missed_targets_are_named() -> None:
    """A rate that is too low and an error that is too large are named, each with its target."""
    assert missed("sky", SLOW) == [
        "sky: ratio to baseline 100, at least 1000 wanted",
        "sky: largest difference deg 0.01, at most 0.001 wanted",
    ]
    assert missed("sky", SLOW | {"ratio_to_baseline": 1000.0, "largest_difference_deg": 0.001}) == []


def test_a_gpu_has_its_own_targets() -> None:
    """Inference on a GPU is compared with its limit, on a CPU with the naive way."""
    entry = BENCHMARKS["inference"]
    assert entry.targets({"device": "cpu, 2 cores"})["at_least"] == {"ratio_to_baseline": 2.5}
    assert entry.targets({"device": "some GPU"})["at_least"] == {"ratio_to_limit": 0.8}


def test_bench_writes_its_result_and_warns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missed target is a warning, not a failure, and the document lists targets, misses and machine."""
    (tmp_path / "expected").mkdir()
    (tmp_path / "params.yaml").write_text("")
    module = type(sys)("slow_bench")
    module.bench = lambda: dict(SLOW)
    monkeypatch.setitem(sys.modules, "slow_bench", module)
    monkeypatch.setitem(BENCHMARKS, "sky", Benchmark("slow_bench", {"ratio_to_baseline": 300.0}))
    result = CliRunner().invoke(cli.app, ["bench", "sky", "--project", str(tmp_path)])
    assert result.exit_code == 0
    assert "warning: sky: ratio to baseline 100, at least 300 wanted" in result.stderr
    document = json.loads((tmp_path / "bench" / "sky.json").read_text())
    assert {**SLOW, "targets": {"at_least": {"ratio_to_baseline": 300.0}, "at_most": {}}}.items() <= document.items()
    assert set(document["machine"]) == {"cores", "cpu", "python", "torch", "date"}


def test_a_broken_benchmark_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A benchmark that dies leaves an error under its name, and the next one is measured."""
    program = tmp_path / "python"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nassert 'film' not in sys.argv\nprint('{{\"name\": \"sky\"}}')\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(benchmarks.sys, "executable", str(program))
    film, sky = measure_all(["film", "sky"])
    assert film["name"] == "film"
    assert film["error"].startswith("no result")
    assert sky == {"name": "sky"}
