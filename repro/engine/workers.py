"""Distribute work over nights: in this process, to local processes, or to a Dask cluster.

Both kinds of workers implement the standard :class:`concurrent.futures.Executor`. A night is one task for one thread of
one process, so that its result does not depend on how many workers there are or where they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import partial

from repro.engine.cluster import on_cluster
from repro.engine.executors import Item, LocalProcesses, Result, answer_of, answers_of, on_one_thread
from repro.engine.receipts import NightWork, is_current
from repro.engine.threads import limited_threads
from repro.params import Engine

#: A number of local processes (0 for one a core), or section ``engine`` of the parameters.
Workers = int | Engine


def worker_count(asked: Workers) -> int:
    """Number of worker processes here: the number asked for, or one a usable core if it is 0; 1 if a cluster does the work."""
    if isinstance(asked, Engine):
        return 1 if asked.scheduler else worker_count(asked.workers)
    if asked > 0:
        return asked
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def threads_each(works: Sequence[NightWork], workers: Workers) -> int:
    """Threads for a night: many nights that are not done keep all cores busy; a single new one may use all of them."""
    waiting = sum(not is_current(work, hash_inputs=False) for work in works)
    return max(1, worker_count(workers) // max(1, waiting))


def run(
    work: Callable[[Item], Result], items: Sequence[Item], *, workers: Workers = 0, gpu: bool = False
) -> Generator[tuple[Item, Result | Exception], None, None]:
    """Do ``work`` on every item, usually one a night, and yield ``(item, result)`` as each ends, in order of completion.

    The result is the exception if one was raised, a :class:`ReproError` where the item's worker was killed time and again.
    ``work`` is a module-level function, as it is sent to other processes. ``workers`` are local processes, 0 for one a core; 1
    runs in this process. With ``gpu`` each item needs its own GPU, which only a cluster takes into account. Raises ReproError
    if the cluster cannot be used.
    """
    engine = workers if isinstance(workers, Engine) else Engine(workers=workers)
    if not items:
        return
    if engine.scheduler is not None:
        yield from on_cluster(work, items, engine.scheduler, gpu=gpu)
    elif worker_count(engine) == 1 or len(items) == 1:
        for item in items:
            with limited_threads():
                answer = answer_of(partial(work, item))
            yield item, answer
    else:
        with LocalProcesses(min(worker_count(engine), len(items))) as pool:
            try:
                yield from answers_of(pool, partial(on_one_thread, work), items)
            except BaseException:  # an interrupt, or a caller that stops early
                pool.kill()
                raise


def run_or_raise(
    work: Callable[[Item], Result], items: Sequence[Item], *, workers: Workers = 0, gpu: bool = False
) -> Iterator[tuple[Item, Result]]:
    """As :func:`run`, where the first item that fails ends it: its exception is raised."""
    with closing(run(work, items, workers=workers, gpu=gpu)) as answers:
        for item, result in answers:
            if isinstance(result, Exception):
                raise result
            yield item, result
