"""The stages from film to report, killed at any change of a file or at any moment, end as if nothing had happened."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.endurance.harness import STAGES, Trial, run

pytestmark = pytest.mark.slow
#: Kills of a stage, at most; film and train, which differ most in how they keep their work, are killed before every change,
#: verify and report, which write all at their end, before the first, the last and one between.
KILLS = dict.fromkeys(STAGES, 5) | {"film": 99, "train": 99, "verify": 3, "report": 3}
STALE = "20220101"


@pytest.mark.parametrize("stage", KILLS)
def test_killed_before_any_change_of_a_file(trial: Trial, stage: str) -> None:
    """Killed before a file takes its place or goes away, the file whole or half written, the stage ends as it should."""
    trial.kill_at_changes(stage, KILLS[stage])


@pytest.mark.parametrize("stage", KILLS)
def test_killed_at_random_moments(trial: Trial, stage: str) -> None:
    """Killed at random moments, one after the other, the stage loses nothing that was finished and ends as it should."""
    trial.kill_at_moments(stage)


def test_killed_while_old_results_are_cleared(trial: Trial, tmp_path: Path) -> None:
    """Results of other parameters, and of a night that is no more, never survive: wherever a kill leaves them half removed."""
    trial.begin("infer")
    params = trial.paths.params.read_text()
    trial.paths.params.write_text(yaml.safe_dump(yaml.safe_load(params) | {"infer": {"mode": "published"}}))
    trial.reset()
    assert run(trial.paths.root, "infer").code == 0
    old = tmp_path / "old"
    shutil.copytree(trial.out, old)
    for path in (old / "tables" / "20221222.parquet", old / "receipts" / "20221222.json"):
        shutil.copyfile(path, path.with_stem(STALE))
    trial.paths.params.write_text(params)
    trial.reset(start_from=old)
    changes = trial.run_again().changes
    assert changes > trial.begin("infer").changes
    for change in range(1, changes + 1, 2):
        trial.reset(start_from=old)
        trial.kill(change=change)
        trial.run_again()
