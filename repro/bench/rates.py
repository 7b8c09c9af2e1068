"""Rates of several ways to do the same work, measured by turns, and the document that a benchmark gives."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Result = TypeVar("Result")
#: Units of work that a way does, and the way itself.
Way = tuple[int, Callable[[], Result]]


def best_rates(
    ways: Mapping[str, Way[Result]], rounds: int, *, clock: Callable[[], float] = time.perf_counter
) -> tuple[dict[str, float], dict[str, Result]]:
    """Measure ways by turns, so that a machine that grows busy slows all of them; the best round of each counts.

    The first round only warms up; ``rounds`` follow. ``clock`` gives seconds: of wall time, or :func:`time.process_time`. Gives
    units a second, and what each way gave in the last round, both by name.
    """
    torch = sys.modules.get("torch")  # ways that need no network load none
    best = dict.fromkeys(ways, float("inf"))
    results: dict[str, Result] = {}
    for number in range(rounds + 1):
        for name, (_, run) in ways.items():
            began = clock()
            results[name] = run()
            if torch is not None and torch.cuda.is_available():
                torch.cuda.synchronize()
            if number:
                best[name] = min(best[name], clock() - began)
    return {name: units / best[name] for name, (units, _) in ways.items()}, results


def speed_document(name: str, unit: str, rates: Mapping[str, float], **more: Any) -> dict[str, Any]:
    """A benchmark's document: ``rates`` (``ours``, ``baseline``, ``limit``, others), how they compare, and what else it measured."""
    return {
        "name": name,
        **{way: round(rate, 2) for way, rate in rates.items()},
        "ratio_to_baseline": round(rates["ours"] / rates["baseline"], 3),
        "ratio_to_limit": round(rates["ours"] / rates["limit"], 3),
        "unit": unit,
        **more,
    }
