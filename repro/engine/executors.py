"""What all executors share: work on one thread, and results in order of completion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor
from concurrent.futures import wait as wait_any
from dataclasses import dataclass
from typing import Generic, TypeVar

from repro.engine.threads import limit_threads
from repro.errors import ReproError

Item = TypeVar("Item")
Result = TypeVar("Result")

QUIET_S = 60.0


@dataclass(frozen=True)
class OneThread(Generic[Item, Result]):
    """Work on one thread."""

    work: Callable[[Item], Result]

    def __call__(self, item: Item) -> Result:
        """Run the work."""
        limit_threads()
        return self.work(item)


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
