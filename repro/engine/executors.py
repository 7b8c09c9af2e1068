"""Processes of this machine as an executor, and what all executors share: one thread, results in order of completion."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from concurrent.futures import wait as wait_any
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_end
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from repro.engine.threads import ONE_THREAD, limit_threads
from repro.errors import ReproError

Item = TypeVar("Item")
Result = TypeVar("Result")

QUIET_S = 60.0
TRIES = 3  # attempts for a night whose process is killed


def on_one_thread(work: Callable[[Item], Result], item: Item) -> Result:
    """Do the work in a worker, whose libraries get one thread."""
    limit_threads()
    return work(item)


def answers_of(
    pool: Executor, work: Callable[[Item], Result], items: Sequence[Item], quiet: Callable[[], None] = lambda: None
) -> Iterator[tuple[Item, Result | Exception]]:
    """Results of an executor's workers, in order of completion; an error is a result, too.

    ``quiet`` is called after every :data:`QUIET_S` without an answer.
    """
    futures = {pool.submit(work, item): item for item in items}
    while futures:
        done = wait_any(futures, timeout=QUIET_S, return_when=FIRST_COMPLETED).done
        if not done:
            quiet()
        while done:
            # A cluster repeats work that it lost with a dead worker as long as the future exists, so it is dropped at once.
            future = done.pop()
            item, answer = futures.pop(future), answer_of(future.result)
            del future
            yield item, answer


def answer_of(call: Callable[[], Result]) -> Result | Exception:
    """What a call returns, or the exception it raises."""
    try:
        return call()
    except Exception as error:  # the caller decides: one bad night must not stop the others
        return error


def killed_error(often: str, where: str) -> ReproError:
    """Error for an item whose worker was killed."""
    return ReproError(
        found=f"the process at work on it was killed {often}",
        expected="a process that ends by itself",
        where=where,
        remedy="most often memory ran out: use fewer workers (engine.workers) or larger ones, and run again",
    )


class LocalProcesses(Executor):
    """``count`` processes, each with its own pool: one that is killed does not affect the work of others.

    Processes are spawned, not forked: torch and OpenCV hold threads, and a fork of a process with threads can hang.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="worker")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._pools: set[ProcessPoolExecutor] = set()
        self._processes: set[BaseProcess] = set()
        self._killed = False

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Have ``fn`` called in one of the processes; it is tried again where its process dies."""
        return self._threads.submit(self._with_retries, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when their work is done."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        for pool in list(self._pools):
            pool.shutdown(wait=wait)

    def kill(self) -> None:
        """End the processes now; unfinished work is lost."""
        with self._lock:
            self._killed = True
            processes = list(self._processes)
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()

    def _with_retries(self, fn: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Result:
        for _ in range(TRIES):
            try:
                return self._submit_own(fn, args, kwargs).result()
            except BrokenProcessPool:
                with self._lock:
                    self._pools.discard(self._own.pool)
                self._own.pool.shutdown()
                self._own.pool = None
        raise killed_error(f"{TRIES} times", "this machine")

    def _submit_own(self, fn: Callable[..., Result], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Future[Result]:
        """Submit work to the process that belongs to the calling thread."""
        with self._lock:  # no process may start after kill()
            if self._killed:
                raise CancelledError
            if getattr(self._own, "pool", None) is None:
                os.environ.update(ONE_THREAD)  # read by the libraries when the spawned process loads them
                spawn = multiprocessing.get_context("spawn")
                self._own.pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin)
                self._pools.add(self._own.pool)
            others = set(multiprocessing.active_children())
            begun: Future[Result] = self._own.pool.submit(fn, *args, **kwargs)  # starts the process, if there is none
            self._processes |= set(multiprocessing.active_children()) - others
            return begun


def _begin() -> None:
    """Start of a local process: it ignores interrupts, which its parent handles, and does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=lambda: (wait_for_end([sentinel]), os._exit(1)), daemon=True).start()
