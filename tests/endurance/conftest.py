"""One reference project, made as far as a test needs it, and the counts that are printed at the end of the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.endurance import counts
from tests.endurance.harness import Chain, Trial


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The stages run without interruption, each when it is first wanted."""
    return Chain(tmp_path_factory.mktemp("endurance"))


@pytest.fixture
def trial(chain: Chain, tmp_path: Path) -> Iterator[Trial]:
    """A copy of the reference project in which one stage can be tried again and again."""
    return Trial(chain, tmp_path)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of a worker process to the one that reports; that one writes them."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[counts.KEY] = [[what, stage, count] for (what, stage), count in counts.COUNTS.items()]
    else:
        counts.keep(counts.folder())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the counts of a worker process."""
    for what, stage, count in getattr(node, "workeroutput", {}).get(counts.KEY, []):
        counts.COUNTS[what, stage] += count


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was done to which stage, how often, and how many differences there were."""
    if not counts.COUNTS:
        return
    terminalreporter.write_sep("=", "endurance")
    for row in counts.rows():
        terminalreporter.write_line(f"{row['what']:<48} {row['count']:>6}  {row['note']}")
