"""All benchmarks by name, with the targets that each must reach; every one measures us, the naive way and the limit."""

from __future__ import annotations

import contextlib
import json
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from repro.engine.workers import worker_count
from repro.errors import ReproError
from repro.files import write_json

LIMIT_S = 3600  # after which a benchmark is stopped, so that the others can run


@dataclass(frozen=True)
class Benchmark:
    """One benchmark and its targets."""

    #: Module whose ``bench()`` measures, in one run on one machine; it returns the keys of
    #: :func:`repro.bench.rates.speed_document` and all else that it measures; ``device``, if that is not the whole CPU.
    module: str
    least: Mapping[str, float] = field(default_factory=dict)  # values to reach, by key of what was measured
    most: Mapping[str, float] = field(default_factory=dict)  # values not to exceed
    least_gpu: Mapping[str, float] | None = None  # instead of ``least`` where ``device`` is a GPU

    def targets(self, measured: Mapping[str, Any]) -> dict[str, dict[str, float]]:
        """``at_least`` and ``at_most``, by key, that hold for a measurement."""
        gpu = not str(measured.get("device", "cpu")).startswith("cpu")
        return {"at_least": dict((gpu and self.least_gpu) or self.least), "at_most": dict(self.most)}


#: In the order of the pipeline. Targets are those of the design, section 8.
BENCHMARKS = {
    "startup": Benchmark("repro.bench.startup", most={"verify_s": 2.5, "help_s": 0.4}),
    "film": Benchmark("repro.bench.film_speed", {"ratio_to_baseline": 2.0, "ratio_to_limit": 0.95}),
    "clock": Benchmark("repro.bench.clock_speed", {"ratio_to_baseline": 60.0}),
    "sky": Benchmark("repro.bench.sky_speed", {"ratio_to_baseline": 1000.0}, {"largest_difference_deg": 0.001}),
    "observatory": Benchmark("repro.bench.observatory_speed"),
    "realism": Benchmark("repro.bench.realism", {"ratio_to_limit": 0.8}),
    "inference": Benchmark(
        "repro.bench.inference_speed",
        {"ratio_to_baseline": 2.5},
        {"flipped": 0, "largest_difference": 0.002},
        {"ratio_to_limit": 0.8},
    ),
    "gradcam": Benchmark("repro.bench.gradcam_speed"),
    "full-scale": Benchmark(
        "repro.bench.full_scale.bench", most={"peak_gib": 3.0, "nothing_to_do_s": 5.0, "added_beyond_night_s": 40.0}
    ),
}


def measure(name: str) -> dict[str, Any]:
    """Run one benchmark in this process.

    Raises ReproError if there is no benchmark of that name.

    Returns the benchmark's keys; ``targets`` (``at_least`` and ``at_most`` by key), ``missed`` (words, see :func:`missed`) and
    ``machine``.
    """
    if name not in BENCHMARKS:
        raise ReproError(
            found=f"no benchmark {name!r}",
            expected=f"one of {', '.join(BENCHMARKS)}, or all",
            where="repro bench",
            remedy="choose one of these",
        )
    measured: dict[str, Any] = import_module(BENCHMARKS[name].module).bench()
    targets = BENCHMARKS[name].targets(measured)
    return {**measured, "targets": targets, "missed": missed(name, measured), "machine": machine()}


def measure_all(names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Run benchmarks one after the other, each in its own process, so that none disturbs or stops another.

    Yields documents as of :func:`measure`; of one that failed ``name``, ``error`` and ``machine``.
    """
    for name in names:
        command = [sys.executable, "-m", "repro", "bench", name, "--format", "json"]
        try:
            answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, check=False)
            yield json.loads(answer.stdout)
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            reason = f"longer than {LIMIT_S} s" if isinstance(error, subprocess.TimeoutExpired) else "no result"
            yield {"name": name, "error": f"{reason}; see the message above", "machine": machine()}


def missed(name: str, measured: Mapping[str, Any]) -> list[str]:
    """Say in words which targets a measurement misses; an empty list if it misses none."""
    targets = BENCHMARKS[name].targets(measured)
    low = [(key, target, "at least") for key, target in targets["at_least"].items() if measured[key] < target]
    high = [(key, target, "at most") for key, target in targets["at_most"].items() if measured[key] > target]
    return [f"{name}: {key.replace('_', ' ')} {measured[key]:g}, {word} {target:g} wanted"
            for key, target, word in (*low, *high)]  # fmt: skip


def machine() -> dict[str, Any]:
    """What a measurement ran on: usable ``cores``, ``cpu``, versions of ``python`` and ``torch``, and the ``date`` (UTC)."""
    return {
        "cores": worker_count(0),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "date": datetime.now(UTC).date().isoformat(),
    }


def keep(measured: Mapping[str, Any], folder: Path) -> Path:
    """Write a measurement as ``NAME.json`` into a folder."""
    target = folder / f"{measured['name']}.json"
    write_json(target, dict(measured))
    return target


def _cpu() -> str:
    with contextlib.suppress(OSError):  # of a system without that file
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
