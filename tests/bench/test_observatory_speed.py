"""The benchmark's own shape; speed itself is never tested."""

from __future__ import annotations

import pytest

from repro.bench import observatory_speed as bench


@pytest.mark.slow
def test_bench_tells_its_ratios(monkeypatch: pytest.MonkeyPatch, project) -> None:
    """The benchmark gives the promised keys, and its ratios are those of its own numbers."""
    monkeypatch.setattr(bench, "FRAMES", 6)
    found = bench.bench(project=project.root)
    assert list(found) == ["name", "ours", "baseline", "limit", "ratio_to_baseline", "ratio_to_limit", "unit"]
    assert found["ratio_to_baseline"] == pytest.approx(found["ours"] / found["baseline"], rel=0.1)
    assert found["unit"] == "frames/s"
