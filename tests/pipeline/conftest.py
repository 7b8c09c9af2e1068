"""The pipeline on the campaign ``small``, run once for all tests and workers."""

from __future__ import annotations

import pytest

from tests.support.chain import Chain, read_chain, run_chain
from tests.support.shared import made_once


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The pipeline with one worker, in whose process all is read; only to be read or copied."""
    return read_chain(made_once(tmp_path_factory, "chain", run_chain))
