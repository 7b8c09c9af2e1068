"""One reference project, made as far as a test needs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endurance.harness import Chain, Trial
from tests.support.chain import read_chain, run_chain
from tests.support.shared import made_once


@pytest.fixture(scope="session")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The stages run without interruption, each when it is first wanted."""
    return Chain(tmp_path_factory.mktemp("endurance"), read_chain(made_once(tmp_path_factory, "chain", run_chain)))


@pytest.fixture
def trial(chain: Chain, tmp_path: Path) -> Iterator[Trial]:
    """A copy of the reference project in which one stage can be tried again and again."""
    return Trial(chain, tmp_path)
