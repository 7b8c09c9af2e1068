"""The clock stage over nights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from repro.engine.receipts import NightWork
from repro.engine.run_nights import run_nights
from repro.errors import StageError


@dataclass(frozen=True)
class Task:
    """A night without inputs."""

    work: NightWork
    size: int = 1


def fail(task: Task) -> dict[str, int]:
    """What reading a night's strips does without Tesseract."""
    raise StageError(found=f"no program, night {task.work.night}", expected="one", where="here", remedy="install it")


def test_a_missing_program_stops_the_stage_once(tmp_path: Path) -> None:
    """An error that every night would meet ends the stage, instead of being listed for each of 331 nights."""
    tasks = [
        Task(
            NightWork(
                f"202402{day:02d}", (), (tmp_path / f"{day}.txt",), tmp_path / "receipts" / f"202402{day:02d}.json", ""
            )
        )
        for day in range(1, 4)
    ]
    with pytest.raises(StageError, match="night 20240201"):
        run_nights("clock", tmp_path, tasks, fail, workers=1)
    assert not (tmp_path / "failures.json").exists()
