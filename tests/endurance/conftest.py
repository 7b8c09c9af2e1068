"""One reference project, made as far as a test needs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endurance.harness import Chain, Trial
from tests.support.chain import Chain as Recorded


@pytest.fixture(scope="session")
def chain(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The stages run without interruption, each when it is first wanted."""
    return Chain(tmp_path_factory.mktemp("endurance"), recorded)


@pytest.fixture
def trial(chain: Chain, tmp_path: Path) -> Iterator[Trial]:
    """A copy of the reference project in which one stage can be tried again and again."""
    return Trial(chain, tmp_path)
