"""Where a report comes from: commit, packages, and digests of what it rests on."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import yaml

from repro.files import digest
from repro.paths import Paths
from repro.reporting.measured import processor

PACKAGE = "aurora-repro"
UNKNOWN = "unknown (no git repository)"


@dataclass(frozen=True)
class Provenance:
    """What a reader needs to make the same report again.

    Parameters
    ----------
    commit, committed_at : str
        Hash of the commit and its time (ISO 8601); the time of building is not told, so that the same commit gives
        the same report.
    changed : tuple of str
        Tracked files that differ from the commit.
    python : str
        Version of Python.
    packages : mapping
        Version of each runtime dependency.
    digests : mapping
        SHA-256 of what the report rests on.
    machine : str
        System, number of cores, processor and memory on which the report was built.
    params : str
        Text of ``params.yaml``.
    """

    commit: str
    committed_at: str
    changed: tuple[str, ...]
    python: str
    packages: dict[str, str]
    digests: dict[str, str]
    machine: str
    params: str


def provenance(paths: Paths) -> Provenance:
    """Look up where a report of this project comes from."""
    commit = _git(paths.root, "rev-parse", "HEAD")
    lines = _git(paths.root, "status", "--porcelain", "--untracked-files=no").splitlines()
    # DVC writes dvc.lock while it runs this very stage, so it always differs then; its digest would say nothing new.
    changed = tuple(name for name in (line[3:] for line in lines) if name != "dvc.lock")
    published = [path for path in sorted(paths.published.rglob("*")) if path.is_file()]
    return Provenance(
        commit=commit or UNKNOWN,
        committed_at=_git(paths.root, "show", "--no-patch", "--format=%cI", "HEAD") or UNKNOWN,
        changed=changed,
        python=platform.python_version(),
        packages=_packages(),
        machine=", ".join(
            filter(None, [platform.system(), platform.machine(), f"{os.cpu_count()} cores", processor()])
        ),
        params=paths.params.read_text(encoding="utf-8"),
        digests={
            "expected/published": digest(*published),
            "results/schedule/schedule.json": digest(paths.schedule / "schedule.json"),
            "results/verify/verdicts.json": digest(paths.verdicts),
            "params.yaml": digest(paths.params),
            **_lock(paths.root / "dvc.lock"),
        },
    )


def _lock(path: Path) -> dict[str, str]:
    """Digest of what DVC recorded of the stages before this one; nothing if it has not run here.

    The report's own entry is left out: DVC writes it when the report is done, so it would differ at the next building.
    """
    if not path.is_file():
        return {}
    stages = yaml.safe_load(path.read_text(encoding="utf-8")).get("stages", {})
    record = json.dumps({name: entry for name, entry in stages.items() if name != "report"}, sort_keys=True)
    return {"dvc.lock, without the report's own entry": hashlib.sha256(record.encode()).hexdigest()}


def _git(root: Path, *arguments: str) -> str:
    """What git prints, without the line end; nothing if there is no git or no repository."""
    try:
        answer = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=60, check=False)
    except OSError:
        return ""
    return answer.stdout.rstrip("\n") if answer.returncode == 0 else ""


def _packages() -> dict[str, str]:
    """Versions of the runtime dependencies as this installation declares them."""
    found: dict[str, str] = {}
    for requirement in requires(PACKAGE) or []:
        if "extra ==" in requirement:
            continue
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return dict(sorted(found.items()))
