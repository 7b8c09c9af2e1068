"""How many hostile inputs of each kind were tried, over all processes of a test run: printed at its end, and kept.

A plugin that ``tests/conftest.py`` names: the process that hands tests out to others collects no conftest below.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from repro.files import write_json

KEY = "hostile"
TITLE = "Hostile inputs: what was tried, and whether it gave a result or an error that tells what to do"
#: By kind of input: how many gave a result, how many an error.
COUNTS: Counter[tuple[str, str]] = Counter()


def rows() -> list[dict[str, str | int]]:
    """The counts as rows of a table: kind, how many were tried, and what came of them; the sum comes last."""
    found = {kind: (COUNTS[kind, "result"], COUNTS[kind, "error"]) for kind in sorted({kind for kind, _ in COUNTS})}
    found["all"] = (sum(result for result, _ in found.values()), sum(error for _, error in found.values()))
    return [
        {"what": kind, "count": result + error, "note": f"{result} results, {error} errors told"}
        for kind, (result, error) in found.items()
    ]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of a worker process to the one that reports; that one writes them."""
    output = getattr(session.config, "workeroutput", None)
    folder = os.environ.get("REPRO_BENCH_DIR")
    if output is not None:
        output[KEY] = [[kind, outcome, count] for (kind, outcome), count in sorted(COUNTS.items())]
    elif folder and COUNTS:
        write_json(Path(folder) / "hostile.json", {"title": TITLE, "rows": rows()})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the counts of a worker process."""
    for kind, outcome, count in getattr(node, "workeroutput", {}).get(KEY, []):
        COUNTS[kind, outcome] += count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many inputs of each kind were tried, and what came of them."""
    if not COUNTS:
        return
    terminalreporter.write_sep("=", "hostile inputs")
    for row in rows():
        terminalreporter.write_line(f"{row['what']:<40} {row['count']:>6} tried: {row['note']}")
