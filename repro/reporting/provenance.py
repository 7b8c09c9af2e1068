"""Provenance of a report: the parameters, and digests of the files that it depends on.

Nothing here may depend on the machine, the commit or the time: DVC records the hash of the report, and the same results
must give the same report in every clone.
"""

from __future__ import annotations

from typing import NamedTuple

import yaml

from repro.files import digest
from repro.params import Params
from repro.paths import Paths


class Provenance(NamedTuple):
    """SHA-256 of the files that the report depends on, by path, and all parameters that can change a result, as YAML."""

    digests: dict[str, str]
    params: str


def provenance(paths: Paths, params: Params) -> Provenance:
    """Collect the provenance of this project's report."""
    published = [path for path in sorted(paths.published.rglob("*")) if path.is_file()]
    digests = {
        "expected/published": digest(*published),
        "results/schedule/schedule.json": digest(paths.schedule / "schedule.json"),
        "results/verify/verdicts.json": digest(paths.verdicts),
    }
    text = yaml.safe_dump(params.model_dump(mode="json", exclude={"engine"}), sort_keys=False, width=120)
    return Provenance(digests, text)
