"""The one place that limits the threads of torch, OpenCV, OpenMP and the libraries behind numpy in this process."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# OpenMP (torch, Tesseract), the libraries behind numpy, and OpenCV read these when they are loaded.
_VARIABLES = (
    "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM",
)  # fmt: skip
#: Environment of a process whose libraries must use one thread.
ONE_THREAD = dict.fromkeys(_VARIABLES, "1")


def limit_threads(threads: int = 1) -> None:
    """Limit the libraries of this process, loaded or not, and of the programs it starts.

    Where nights run in parallel, each process has one thread: more would compete, and the order of sums, hence their
    rounding, would depend on the number of cores.
    """
    os.environ.update(dict.fromkeys(_VARIABLES, str(threads)))
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(threads)


@contextmanager
def limited_threads(threads: int = 1) -> Iterator[None]:
    """As :func:`limit_threads`, for as long as the block lasts."""
    torch, cv2 = sys.modules.get("torch"), sys.modules.get("cv2")
    environment = {name: os.environ.get(name) for name in _VARIABLES}
    before = torch.get_num_threads() if torch else 0, cv2.getNumThreads() if cv2 else 0
    limit_threads(threads)
    try:
        yield
    finally:
        for name, value in environment.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        if torch:
            torch.set_num_threads(before[0])
        if cv2:
            cv2.setNumThreads(before[1])
