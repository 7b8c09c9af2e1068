"""Time until ``repro verify`` and ``repro --help`` have answered, beside an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

from repro.bench.rates import best_rates, speed_document
from repro.errors import ReproError
from repro.paths import find_project

ROUNDS = 3
ALL_LIBRARIES = "import cv2, matplotlib.pyplot, pandas, pandera.pandas, skyfield.api, torch, torchvision"


def bench() -> dict[str, Any]:
    """Measure starts a second, of processes that start with warm file caches; best of several rounds, by turns.

    ``ours`` is ``repro verify`` with current results. The baseline is a program that imports every large library before it
    begins; the limit is ``python -c pass``. Raises ReproError if the stages whose results ``repro verify`` reads have not
    run.

    Returns the keys of every benchmark, with ``verify_s``, ``help_s`` and ``python_s``, seconds of wall time.
    """
    paths = find_project(None)
    results = (paths.schedule / "schedule.json", paths.architecture, paths.figures / "figures.json")
    missing = [str(file) for file in results if not file.is_file()]
    if missing:
        raise ReproError(
            found=f"no {', '.join(missing)}",
            expected="results of the stages, as verify measures what is missing and then takes 20 s",
            where="repro bench startup",
            remedy="run: dvc repro schedule architecture figures",
        )
    commands = {
        "ours": ["-m", "repro", "verify"],
        "help": ["-m", "repro", "--help"],
        "baseline": ["-c", ALL_LIBRARIES],
        "limit": ["-c", "pass"],
    }
    ways = {name: (1, partial(_start, command)) for name, command in commands.items()}
    rates, codes = best_rates(ways, ROUNDS)
    failed = [name for name, code in codes.items() if code]
    if failed:
        raise ReproError(
            found=f"exit code {codes[failed[0]]} of python {' '.join(commands[failed[0]])}",
            expected="exit code 0",
            where="repro bench startup",
            remedy="run that command and correct what it reports",
        )
    seconds = {f"{label}_s": round(1 / rates[name], 3) for name, label in (("ours", "verify"), ("help", "help"), ("limit", "python"))}  # fmt: skip
    return speed_document(
        "startup", "starts/s", {name: rates[name] for name in ("ours", "baseline", "limit")}, **seconds
    )


def _start(command: list[str]) -> int:
    return subprocess.run([sys.executable, *command], capture_output=True, check=False).returncode
