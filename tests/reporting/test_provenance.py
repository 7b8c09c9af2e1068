"""Where a report says it comes from."""

from __future__ import annotations

import subprocess

from repro.params import load_params
from repro.reporting.page import build
from repro.reporting.provenance import provenance


def test_digests_follow_the_content(small):
    """The digest of the claims changes with any of their files, and that of nothing else does."""
    params = load_params(small.params)
    before = provenance(small, params).digests
    (small.published / "more.txt").write_text("x")
    after = provenance(small, params).digests
    assert [name for name in before if before[name] != after[name]] == ["expected/published"]


def test_the_report_depends_on_results_alone(filmed):
    """Another commit, another number of workers, another log of runs and other benchmarks give the same bytes of every file."""
    build(filmed)
    before = {path: path.read_bytes() for path in filmed.report_build.rglob("*") if path.is_file()}
    text = filmed.params.read_text(encoding="utf-8")
    filmed.params.write_text(f"{text}\nengine: {{workers: 3}}\n", encoding="utf-8")
    filmed.runs.write_text('{"stage": "film"}\n')
    (filmed.root / "bench").mkdir()
    (filmed.root / "bench" / "sky.json").write_text("{}")
    subprocess.run(["git", "init", "--quiet"], cwd=filmed.root, check=True)
    build(filmed)
    assert {path: path.read_bytes() for path in filmed.report_build.rglob("*") if path.is_file()} == before
