"""Shared fixtures: where the project lies, and material that is not part of the repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

# Tests run beside each other, and torch's threads of several processes on the same cores spin while they wait: one small
# training then takes a minute instead of three seconds. Before torch is imported, and for the stages that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from repro.params import Params, load_params
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.record.claims import Claims

if TYPE_CHECKING:
    from tests.support.chain import Chain

# The same examples at every run, however long one takes: a loaded machine must not decide the result of a test.
settings.register_profile(
    "tests", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
#: Files that take longest. They begin first, so that no worker is left alone with one of them at the end; the first makes
#: the pipeline that others wait for, the second needs it not.
LONGEST = (
    "pipeline/test_baseline.py", "engine/test_cluster.py", "pipeline/test_fresh_clone.py", "pipeline/test_regenerate.py",
    "endurance/test_kills.py", "endurance/test_faults.py", "pipeline/test_learning.py", "audit/test_diff.py",
    "figures/test_picture_readers.py", "figures/test_readings.py", "clock/test_accuracy.py", "backbone/test_pretrain.py",
    "record/test_claims.py", "reporting/test_corpus.py", "forms/test_end_to_end.py", "observatory/test_simulate.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files."""
    place = {f"tests/{name}": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.split("::")[0], len(place)))


@pytest.fixture(scope="session")
def project() -> Paths:
    """The checkout itself."""
    return Paths(ROOT)


@pytest.fixture(scope="session")
def params(project: Paths) -> Params:
    """The project's own parameters."""
    return load_params(project.params)


@pytest.fixture(scope="session")
def claims(project: Paths) -> Claims:
    """All published claims."""
    return load_claims(project.published)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The pipeline on the campaign ``small``, with one worker, in whose process all is read; only to be read or copied."""
    from tests.support.chain import read_chain, run_chain  # which needs this module
    from tests.support.processes import made_once

    return read_chain(made_once(tmp_path_factory, "chain", run_chain))


@pytest.fixture(scope="session")
def reference() -> Path:
    """Folder of real frames and one real video; the test is skipped where it is not there."""
    folder = SHARED / "reference"
    if not folder.is_dir():
        pytest.skip("the real frames and the real video are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def seeds() -> Path:
    """Folder of the seeds' text; the test is skipped where it is not there."""
    folder = SHARED / "seeds"
    if not folder.is_dir():
        pytest.skip("the text of the seeds is not beside this checkout")
    return folder
