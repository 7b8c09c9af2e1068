"""Verify a project here and now, without running its pipeline."""

from __future__ import annotations

from repro.classifier import architecture
from repro.evidence import combine, of_corpus, of_pictures
from repro.params import load_params
from repro.paths import Paths
from repro.record.claims import Claims, load_claims
from repro.record.judge import Results, Verification, verify
from repro.schedule import document as schedule


def measured_now(paths: Paths, claims: Claims) -> Results:
    """Evidence of the sky and of the networks, measured in this process in a few seconds; nothing is written."""
    params = load_params(paths.params)
    return combine(
        schedule=schedule.document(params.schedule, params.sky, schedule.published(claims)),
        architecture=architecture.measure(),
        corpus=params.corpus,
        measured=of_corpus(paths, params),
        figures=of_pictures(paths, claims),
    )


def verify_now(paths: Paths) -> Verification:
    """Verify a project without running its pipeline."""
    claims = load_claims(paths.published)
    return verify(claims, measured_now(paths, claims))
