"""All benchmarks by name, with the ratios that each must reach; every one measures us, the naive way and the limit."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from repro.errors import ReproError


@dataclass(frozen=True)
class Benchmark:
    """One benchmark and its targets.

    Parameters
    ----------
    module : str
        Module whose ``bench()`` measures; it gives ``name, ours, baseline, limit, ratio_to_baseline, ratio_to_limit,
        unit``, all measured in one run on one machine.
    to_baseline, to_limit : float, optional
        Least ratios to reach; none where none is set.
    """

    module: str
    to_baseline: float | None = None
    to_limit: float | None = None


BENCHMARKS = {
    "film": Benchmark("repro.film.bench", to_baseline=2.0, to_limit=0.85),
    "clock": Benchmark("repro.clock.bench", to_baseline=10.0),
    "sky": Benchmark("repro.sky.bench", to_baseline=300.0),
}


def measure(name: str) -> dict[str, Any]:
    """Run one benchmark.

    Raises
    ------
    ReproError
        If there is none of that name.
    """
    if name not in BENCHMARKS:
        raise ReproError(
            found=f"no benchmark {name!r}",
            expected=f"one of {', '.join(BENCHMARKS)}, or all",
            where="repro bench",
            remedy="choose one of these",
        )
    measured: dict[str, Any] = import_module(BENCHMARKS[name].module).bench()
    return measured


def missed(name: str, measured: dict[str, Any]) -> list[str]:
    """Say in words which targets a measurement misses; an empty list if it misses none."""
    benchmark = BENCHMARKS[name]
    targets = {"ratio_to_baseline": benchmark.to_baseline, "ratio_to_limit": benchmark.to_limit}
    return [
        f"{name}: {key.replace('_', ' ')} {measured[key]:g}, at least {target:g} wanted"
        for key, target in targets.items()
        if target is not None and measured[key] < target
    ]
