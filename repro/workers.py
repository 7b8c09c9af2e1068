"""The one place that hands out work over nights."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def worker_count(asked: int) -> int:
    """Number of worker processes: ``asked``, or one a usable core when it is 0."""
    if asked > 0:
        return asked
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def executor(workers: int) -> Executor:
    """Executor over local processes.

    Processes are spawned, not forked: torch and OpenCV hold threads, and a fork of a process with threads can hang.
    """
    # OCR and decoding run one process a core; their own thread pools would only fight for the same cores.
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    return ProcessPoolExecutor(max_workers=worker_count(workers), mp_context=multiprocessing.get_context("spawn"))


def run(
    work: Callable[[Item], Result], items: Sequence[Item], *, workers: int = 0
) -> Iterator[tuple[Item, Result | Exception]]:
    """Do ``work`` on every item and yield ``(item, result)`` as each ends; an error of one item is its result.

    Parameters
    ----------
    work : callable
        A module-level function of one argument (it is sent to other processes).
    items : sequence
        Usually one item a night.
    workers : int
        Processes; 0 for one a core; 1 runs in this process.

    Yields
    ------
    tuple
        The item and its result, or the exception it raised. Items come in order of completion.
    """
    if worker_count(workers) == 1 or len(items) <= 1:
        for item in items:
            try:
                yield item, work(item)
            except Exception as error:  # the caller decides: one bad night must not stop the others
                yield item, error
        return
    with executor(workers) as pool:
        futures = {pool.submit(work, item): item for item in items}
        for future in as_completed(futures):
            failure = future.exception()
            yield futures[future], failure if isinstance(failure, Exception) else future.result()
