"""Gather the evidence of a project: what its stages measured, or, for a quick look, what can be measured now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from repro.params import load_params
from repro.paths import Paths
from repro.record.claims import Claims, Evidence, load_claims
from repro.record.verify import Quantities, Results, Verification, verify
from repro.store import read_json

NO_CORPUS = (
    "waits for the thesis' own videos and labels: put them under data/auroramax, set `corpus: auroramax` in "
    "params.yaml and run `dvc repro`"
)
SIMULATED = "the corpus in params.yaml is simulated, which is never evidence about a published number; "


def combine(
    *, schedule: Mapping[str, Any], architecture: Mapping[str, Any], corpus: str, measured: Quantities | None = None
) -> Results:
    """Put the documents of the stages into the form the comparator takes, with the reason for what is missing.

    Parameters
    ----------
    schedule : mapping
        Document of the schedule stage.
    architecture : mapping
        Document of the architecture stage.
    corpus : str
        Name of the corpus in ``params.yaml``. Only ``auroramax`` is evidence about the thesis.
    measured : mapping, optional
        Quantities measured on the corpus, by name.
    """
    quantities: dict[Evidence, Quantities] = {
        "ephemeris": schedule["quantities"],
        "architecture": architecture["quantities"],
    }
    missing = {f"architecture:{name}": why for name, why in architecture.get("unavailable", {}).items()}
    if corpus == "auroramax" and measured is not None:
        quantities["corpus"] = measured
    else:
        missing["corpus"] = (SIMULATED if corpus == "simulated" else "") + NO_CORPUS
    return Results(quantities, missing)


def from_stages(paths: Paths) -> Results:
    """Evidence from the files that the stages wrote.

    Raises
    ------
    ReproError
        If a stage has not run.
    """
    return combine(
        schedule=read_json(paths.schedule / "schedule.json", made_by="dvc repro schedule"),
        architecture=read_json(paths.architecture, made_by="dvc repro architecture"),
        corpus=load_params(paths.params).corpus,
    )


def measured_now(paths: Paths, claims: Claims) -> Results:
    """Evidence of the sky and of the networks, measured in this process in a few seconds; nothing is written."""
    from repro.classifier import architecture
    from repro.sky import schedule

    params = load_params(paths.params)
    return combine(
        schedule=schedule.document(params.schedule, params.sky, schedule.published(claims)),
        architecture=architecture.measure(),
        corpus=params.corpus,
    )


def verify_now(paths: Paths) -> Verification:
    """Verify a project without running its pipeline."""
    claims = load_claims(paths.published)
    return verify(claims, measured_now(paths, claims))
