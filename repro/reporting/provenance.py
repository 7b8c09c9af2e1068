"""Provenance of a report: the parameters, and digests of the files that it depends on.

Nothing here may depend on the machine, the commit or the time: DVC records the hash of the report, and the same results
must give the same report in every clone.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from repro import __version__
from repro.files import digest
from repro.params import Params
from repro.paths import Paths


@dataclass(frozen=True)
class Provenance:
    """Facts that identify a report.

    Parameters
    ----------
    version : str
        Of the harness.
    digests : dict
        SHA-256 of the files that the report depends on, by path.
    params : str
        All parameters that can change a result, as YAML.
    """

    version: str
    digests: dict[str, str]
    params: str


def provenance(paths: Paths, params: Params) -> Provenance:
    """Collect the provenance of this project's report."""
    published = [path for path in sorted(paths.published.rglob("*")) if path.is_file()]
    return Provenance(
        version=__version__,
        digests={
            "expected/published": digest(*published),
            "results/schedule/schedule.json": digest(paths.schedule / "schedule.json"),
            "results/verify/verdicts.json": digest(paths.verdicts),
        },
        params=yaml.safe_dump(params.model_dump(mode="json", exclude={"engine"}), sort_keys=False, width=120),
    )
