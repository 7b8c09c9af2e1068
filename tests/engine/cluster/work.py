"""What workers are given; a module of its own, so that they need not load what the tests load."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repro.errors import ReproError

if TYPE_CHECKING:
    from repro.film.film_corpus import FilmTask


@dataclass(frozen=True)
class Slowly:
    """Filming that says which process films and leaves time to kill it; half of an archive is left behind."""

    marks: Path

    def __call__(self, task: FilmTask) -> dict[str, Any]:
        """Film one night."""
        first = not list(self.marks.glob(f"*-{task.work.night}"))
        (self.marks / f"{os.getpid()}-{task.work.night}").touch()
        if first:
            folder = task.work.outputs[0].parent
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f".partial-{task.work.night}.zip").write_bytes(b"half")
            time.sleep(1)
        from repro.film.film_corpus import film_night

        return film_night(task)


def dies(number: int) -> int:
    """Work that kills its process, if it is number three."""
    if number == 3:
        time.sleep(3)  # a worker that dies while it is being started is not started again
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse(number: int) -> int:
    """Work of one item; two is refused."""
    if number == 2:
        raise ReproError(found="two", expected="one", where="here", remedy="choose")
    return number
