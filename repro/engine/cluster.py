"""Work over nights on a Dask cluster, through distributed's own executor; used by :mod:`repro.engine.workers` alone."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

from repro.engine.code_digest import code_of, file_of
from repro.engine.executors import Item, Result, answers_of, killed_error, on_one_thread
from repro.errors import ReproError, unwritable

CONNECT_S = 5  # how long a scheduler may take to answer
GONE_S = 600.0  # how long all workers may be gone after there were some
GPU = "GPU"  # the resource that workers with a GPU declare
_FIELD = "engine.scheduler in params.yaml"


def on_cluster(
    work: Callable[[Item], Result], items: Sequence[Item], scheduler: str, *, gpu: bool = False
) -> Iterator[tuple[Item, Result | Exception]]:
    """Do ``work`` on every item, as :func:`repro.engine.workers.run`.

    ``scheduler`` is an address such as ``tcp://host:8786``, or the JSON file in which the scheduler wrote it; with ``gpu`` each
    item needs a worker that declares a GPU. Raises ReproError if distributed is not installed, no scheduler answers, it
    goes away, or all workers went and none came back.
    """
    with ExitStack() as stack:
        client = stack.enter_context(_client(scheduler))
        from distributed import KilledWorker

        try:
            mark = stack.enter_context(tempfile.NamedTemporaryFile(prefix=".partial-cluster-", dir=Path.cwd()))
        except OSError as error:
            raise unwritable(error, Path.cwd()) or error from None
        wait = _Patience(client, scheduler, gpu)
        wait()
        # Not pure: a result that the cluster remembers from an earlier run may have no file on disk.
        pool: Executor = client.get_executor(pure=False, resources={GPU: 1} if gpu else None)
        stack.callback(pool.shutdown, wait=False)
        guarded = partial(_guarded, work, Path(mark.name), _loaded())
        suspects: list[Item] = []
        # Dask reports every task that a dead worker held, even those that only waited there; run alone, the cause is clear.
        for alone, batch in chain([(False, items)], ((True, [item]) for item in suspects)):
            for item, answer in answers_of(pool, guarded, batch, wait):
                wait.had_workers = True
                if isinstance(answer, CancelledError):
                    raise ReproError(
                        found="the Dask scheduler went away, or dropped the work",
                        expected="a scheduler that stays until the stage has ended",
                        where=scheduler,
                        remedy="start it and its workers again and run again; what is finished is kept",
                    )
                if not isinstance(answer, KilledWorker):
                    yield item, answer
                elif alone:
                    yield item, killed_error("time and again", scheduler)
                else:
                    suspects.append(item)


def _guarded(work: Callable[[Item], Result], mark: Path, modules: tuple[tuple[str, str], ...], item: Item) -> Result:
    """Do the work, once it is sure that this process sees ``mark``, a file of the run, and runs the same code.

    A cluster ensures neither. ``modules`` are names and digests of the modules that the work may use.
    """
    host = os.uname().nodename
    if not mark.is_file():
        raise ReproError(
            found=f"the worker on {host} does not see {mark}",
            expected="a project on storage that all machines see under the same path",
            where=_FIELD,
            remedy="put the project there, and start the workers again",
        )
    for name, expected in modules:
        if _code(name) != expected:
            raise ReproError(
                found=f"the worker on {host} runs another {name}, from {Path(__file__).parents[1]}",
                expected="the code that runs here",
                where=_FIELD,
                remedy="start the workers again, in this checkout's environment: they keep the code they began with",
            )
    return on_one_thread(work, item)


def _loaded() -> tuple[tuple[str, str], ...]:
    """The project's modules that are loaded here, with their digests."""
    return tuple((name, _code(name)) for name in sorted(sys.modules) if name.startswith("repro."))


@cache
def _code(module: str) -> str:
    """SHA-256 (hex) of a module's code at the first call in this process; empty if it has no source."""
    source = file_of(module)
    return hashlib.sha256(code_of(source.read_text(encoding="utf-8")).encode()).hexdigest() if source else ""


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ReproError(
            found=f"engine.scheduler {scheduler!r}, but the package distributed is not installed",
            expected="the optional extra cluster",
            where="params.yaml",
            remedy="install it with: pip install -c constraints.txt -e '.[cluster]'; or set engine.scheduler to null",
        ) from None
    try:
        place = scheduler if "://" in scheduler else json.loads(Path(scheduler).read_text(encoding="utf-8"))["address"]
        client = Client(str(place), timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ReproError(
            found=f"no answer from a Dask scheduler: {error or type(error).__name__}",
            expected=f"a running scheduler at {scheduler}, within {CONNECT_S} s",
            where=_FIELD,
            remedy="start it with: dask scheduler; or set engine.scheduler to null to work on this machine",
        ) from None
    try:
        yield client
    finally:
        client.close(timeout=CONNECT_S)


class _Patience:
    """Reports that no suitable worker is connected, and ends a wait that would never end.

    The first worker is waited for without limit, since a queue may start it hours later. But workers that have all gone,
    for example because a night killed each of them, may never come back. With ``gpu`` only workers that declare one suit.
    """

    def __init__(self, client: Any, scheduler: str, gpu: bool) -> None:
        self._client, self._scheduler, self._gpu = client, scheduler, gpu
        self.had_workers = False
        self._none_since_s: float | None = None

    def __call__(self) -> None:
        """Check whether a suitable worker is connected; an error if there were some and none has been there for GONE_S."""
        connected = self._client.scheduler_info(n_workers=-1)["workers"].values()
        if any(not self._gpu or worker["resources"].get(GPU, 0) >= 1 for worker in connected):
            self.had_workers, self._none_since_s = True, None
            return
        wanted = "no worker with --resources GPU=1" if self._gpu else "no worker"
        now_s = time.monotonic()
        if self._none_since_s is None:
            self._none_since_s = now_s
        if self.had_workers and now_s - self._none_since_s >= GONE_S:
            raise ReproError(
                found=f"{wanted} for {GONE_S:.0f} s, after there were some",
                expected="workers that stay until the stage has ended, or are started again",
                where=self._scheduler,
                remedy="look into the workers' logs (most often memory ran out), start them again and run again; what is "
                "finished is kept",
            )
        print(f"{wanted} is at the scheduler at {self._scheduler}; waiting for one", file=sys.stderr, flush=True)
