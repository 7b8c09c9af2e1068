"""Film, clock and sky, killed at any change of a file or at any moment and run again, end as if nothing had happened."""

from __future__ import annotations

import pytest

from tests.endurance.harness import Trial

pytestmark = pytest.mark.slow
STAGES = ("film", "clock", "sky")


@pytest.mark.parametrize("stage", STAGES)
def test_killed_before_any_change_of_a_file(trial: Trial, stage: str) -> None:
    """Killed before each file takes its place, the file whole or half written, the stage ends as it should."""
    trial.kill_at_changes(stage)


@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_random_moments(trial: Trial, stage: str) -> None:
    """Killed at random moments, one after the other until it gets to its end, the stage ends as it should."""
    trial.kill_at_moments(stage, 4)
