"""Processes of this machine as an executor; one that is killed does not affect the work of others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

from repro.engine.executors import Result, killed_error
from repro.engine.threads import ONE_THREAD

TRIES = 3  # attempts for a night whose process is killed


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
        threading.Thread(target=lambda: (wait([sentinel]), os._exit(1)), daemon=True).start()
