"""What was measured about the pipeline itself: seconds a stage, speed and endurance. Logs are read, never depended on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repro.paths import Paths
from repro.reporting.wording import NOTHING, TIMES, number, plain


@dataclass(frozen=True)
class Run:
    """The latest successful run of a stage.

    ``nights`` says how many nights it worked on and how many it kept as they were; ``failed_since`` whether a later run
    failed.
    """

    stage: str
    began_utc: str
    seconds: float
    nights: str
    failed_since: bool


@dataclass(frozen=True)
class Speed:
    """One benchmark: rates with their unit, against the naive way and against the limit, ready to print.

    ``wanted`` tells its targets, ``missed`` those that were not reached, or why nothing was measured; each may be empty.
    """

    name: str
    unit: str
    ours: str
    baseline: str
    limit: str
    to_baseline: str
    to_limit: str
    wanted: str
    missed: str
    machine: str


@dataclass(frozen=True)
class Counted:
    """A table of ``what``, ``count`` and ``note``, such as what the pipeline endured."""

    title: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Measured:
    """All of it; each part is empty where nothing was recorded on this machine.

    ``plots`` are figures that benchmarks drew, ``broken`` names files that could not be read.
    """

    runs: tuple[Run, ...]
    speeds: tuple[Speed, ...]
    counted: tuple[Counted, ...]
    plots: tuple[Path, ...]
    broken: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """Sum over the stages."""
        return sum(run.seconds for run in self.runs)


def load_measured(paths: Paths, corpus: str) -> Measured:
    """Read the log of runs and the files of ``make bench``.

    Parameters
    ----------
    paths : Paths
        The project.
    corpus : str
        Runs on other corpora are left out.
    """
    broken: list[str] = []
    speeds, counted, plots = [], [], []
    for path in sorted((paths.root / "bench").glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            for entry in document if isinstance(document, list) else [document]:
                if "rows" in entry:
                    counted.append(_counted(entry))
                elif "ratio_to_limit" in entry or "error" in entry:
                    speeds.append(_speed(entry))
                    if "sizes" in entry:
                        counted.append(_sizes(entry))
                    if "plot" in entry and (path.parent / Path(entry["plot"]).name).is_file():
                        plots.append(path.parent / Path(entry["plot"]).name)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            broken.append(f"bench/{path.name}")
    log = paths.runs
    lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
    entries = []
    for place, line in enumerate(lines, start=1):
        try:
            entries.append(dict(json.loads(line)))
        except (ValueError, TypeError):
            broken.append(f"results/{log.name}, line {place}")
    return Measured(tuple(_runs(entries, corpus)), tuple(speeds), tuple(counted), tuple(plots), tuple(broken))


def _runs(entries: list[dict[str, Any]], corpus: str) -> Iterator[Run]:
    """Of each stage the latest run that succeeded, in the order in which they began."""
    done: dict[str, dict[str, Any]] = {}
    failed: set[str] = set()
    for entry in entries:
        if entry.get("corpus") not in (None, corpus) or "stage" not in entry:
            continue
        if entry.get("outcome") == "done":
            done[entry["stage"]] = entry
            failed.discard(entry["stage"])
        else:
            failed.add(entry["stage"])
    for stage, entry in sorted(done.items(), key=lambda item: str(item[1].get("began_utc", ""))):
        counts = [(entry.get(f"nights_{kind}"), kind) for kind in ("done", "kept")]
        nights = ", ".join(f"{count:,} {kind}" for count, kind in counts if count is not None) or NOTHING
        began = str(entry.get("began_utc", NOTHING))[:19].replace("T", " ")
        yield Run(stage, began, float(entry["seconds"]), nights, stage in failed)


def _speed(entry: Mapping[str, Any]) -> Speed:
    def shown(key: str) -> str:
        value = entry.get(key)
        return NOTHING if value is None else number(float(value))

    return Speed(
        name=str(entry["name"]),
        unit=str(entry["unit"] if "error" not in entry else NOTHING),
        ours=shown("ours"),
        baseline=shown("baseline"),
        limit=shown("limit"),
        to_baseline=shown("ratio_to_baseline"),
        to_limit=shown("ratio_to_limit"),
        wanted=_targets(entry.get("targets") or {}),
        missed=str(entry.get("error") or "; ".join(str(words) for words in entry.get("missed") or [])),
        machine=_machine(entry.get("machine")),
    )


def _targets(targets: Mapping[str, Mapping[str, float]]) -> str:
    names = {
        "ratio_to_baseline": f"{TIMES} naive",
        "ratio_to_limit": f"{TIMES} limit",
        "peak_gib": "GiB of memory",
        "nothing_to_do_s": "s with nothing to do",
        "added_beyond_night_s": "s beyond an added night's own work",
        "flipped": "classes flipped",
        "largest_difference": "difference",
        "largest_difference_deg": "deg of difference",
    }
    parts = [
        f"{words} {number(float(value))} {names.get(key, plain(key))}"
        for kind, words in (("at_least", "at least"), ("at_most", "at most"))
        for key, value in targets.get(kind, {}).items()
    ]
    return "; ".join(parts)


def _machine(found: Any) -> str:
    if isinstance(found, Mapping):
        return ", ".join(f"{key} {value}" for key, value in found.items() if value is not None)
    return str(found) if found else NOTHING


def _counted(entry: Mapping[str, Any]) -> Counted:
    rows = []
    for row in entry["rows"]:
        count = row["count"]
        shown = number(float(count)) if isinstance(count, int | float) else str(count)
        rows.append((str(row["what"]), shown, str(row.get("note") or "")))
    return Counted(str(entry["title"]), tuple(rows))


def _sizes(entry: Mapping[str, Any]) -> Counted:
    """Processor time and memory of all steps by number of nights."""
    rows = []
    for nights, steps in entry["sizes"].items():
        cpu_s, peak_mib = (
            combine(float(step[key]) for step in steps.values()) for combine, key in ((sum, "cpu_s"), (max, "peak_mib"))
        )
        rows.append(
            (
                f"{int(nights):,} nights",
                f"{number(round(cpu_s))} s",
                f"{number(round(peak_mib / 1024, 2))} GiB at the peak",
            )
        )
    return Counted(f"{entry['name']}: processor time and memory of all steps", tuple(rows))


def processor() -> str:
    """Name of the processor and size of memory, as far as the system tells; else nothing."""
    found = []
    cpus, memory = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    if cpus.is_file():
        names = [line.partition(":")[2].strip() for line in cpus.read_text().splitlines() if "model name" in line]
        found += names[:1]
    if memory.is_file():
        kib = [int(line.split()[1]) for line in memory.read_text().splitlines() if line.startswith("MemTotal")]
        found += [f"{size / 2**20:.0f} GiB of memory" for size in kib]
    return ", ".join(found)
