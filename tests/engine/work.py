"""What workers are given; a module of its own, so that they need not load what the tests load."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro.errors import ReproError


@dataclass(frozen=True)
class Slowly:
    """Filming that says which process films and leaves time to kill it; half of an archive is left behind."""

    marks: Path

    def __call__(self, task: Any) -> dict[str, Any]:
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


def dies(item: tuple[Path, int, int]) -> int:
    """Work that counts its tries in a folder and kills its own process in the first few of them, as the kernel would."""
    folder, number, deaths = item
    tries = len(list(folder.glob(f"{number}-*")))
    (folder / f"{number}-{tries}").touch()
    if tries < deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dies_late(item: tuple[Path, int, int]) -> int:
    """The same for a cluster, which does not start a worker again that dies while it is being started."""
    time.sleep(3 if item[2] else 0)
    return dies(item)


def square(number: int) -> int:
    """Work of one item; three is a bad night."""
    if number == 3:
        raise ReproError(found="three", expected="another number", where="here", remedy="choose")
    return number * number


def threads(number: int) -> tuple[int, int, str]:
    """Threads that torch, OpenCV and Tesseract would use."""
    import cv2
    import torch

    return torch.get_num_threads(), cv2.getNumThreads(), os.environ["OMP_THREAD_LIMIT"]


def tell_and_wait(folder: Path) -> None:
    """Work that says which process does it and takes an hour."""
    (folder / str(os.getpid())).touch()
    time.sleep(3600)
