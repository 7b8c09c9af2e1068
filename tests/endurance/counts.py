"""What was tried and what came of it, counted over all processes of a test run, printed at its end, and kept.

A plugin that ``tests/conftest.py`` names: the process that hands tests out to others collects no conftest below.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from repro.files import write_json

KEY = "endurance"
#: By what was done to which stage.
COUNTS: Counter[tuple[str, str]] = Counter()
KILLS = ("killed before a change", "killed while writing", "killed at a random moment", "killed with its workers")


def rows() -> list[dict[str, str | int]]:
    """The counts as rows of a table: what was done, how often, and in which stages."""
    found: list[dict[str, str | int]] = []
    for what in dict.fromkeys([*KILLS, *sorted({what for what, _ in COUNTS})]):
        stages = {stage: count for (done, stage), count in COUNTS.items() if done == what and stage}
        if stages or (what, "") in COUNTS:
            total = sum(count for (done, _), count in COUNTS.items() if done == what)
            told = ", ".join(f"{stage} {count}" for stage, count in stages.items())
            found.append({"what": what, "count": total, "note": told})
    if found:
        kills = sum(count for (done, _), count in COUNTS.items() if done in KILLS)
        found.insert(
            0, {"what": "kills, all", "count": kills, "note": "by SIGKILL; the stage was run again until it ended"}
        )
    return found


def keep(folder: str | None) -> None:
    """Write the counts as a document of the benchmarks' folder, if there is one to write to."""
    if folder and COUNTS:
        title = "Stages killed, and disks that refuse: what was tried, and what differed afterwards"
        write_json(Path(folder) / "endurance.json", {"title": title, "rows": rows()})


def folder() -> str | None:
    """Where documents of the benchmarks are wanted."""
    return os.environ.get("REPRO_BENCH_DIR")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of a worker process to the one that reports; that one writes them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[KEY] = [[what, stage, count] for (what, stage), count in COUNTS.items()]
    else:
        keep(folder())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the counts of a worker process."""
    for what, stage, count in getattr(node, "workeroutput", {}).get(KEY, []):
        COUNTS[what, stage] += count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was done to which stage, how often, and how many differences there were."""
    if not COUNTS:
        return
    terminalreporter.write_sep("=", "endurance")
    for row in rows():
        terminalreporter.write_line(f"{row['what']:<48} {row['count']:>6}  {row['note']}")
