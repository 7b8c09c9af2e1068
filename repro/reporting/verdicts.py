"""Results that the report reads: claims, verdicts, findings and the schedule, checked for consistency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from repro.errors import refuse
from repro.files import read_json
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.record.claims import Claim, Claims, EvidenceKind, Outcome
from repro.record.comparator import Caught, Verdict
from repro.record.judge import Verification
from repro.untrusted import read_table

#: Which outcome a claim with several verdicts is shown by: the most important one.
GRAVEST: tuple[Outcome, ...] = (
    "error", "contradicted", "source_conflict", "confirmed", "consistent", "repeated", "undecidable", "not_run"
)  # fmt: skip


class JudgedClaim(NamedTuple):
    """A claim with its verdicts, one for each evidence it declares."""

    claim: Claim
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """The gravest outcome of its verdicts."""
        return min((verdict.outcome for verdict in self.verdicts), key=GRAVEST.index)

    @property
    def decided(self) -> bool:
        """Whether at least one comparison was made."""
        return any(verdict.compared for verdict in self.verdicts)

    def by(self, evidence: EvidenceKind) -> Verdict | None:
        """The verdict of one kind of evidence, if the claim declares it."""
        return next((verdict for verdict in self.verdicts if verdict.evidence == evidence), None)


class Results(NamedTuple):
    """Results for the report.

    ``judged`` has every claim with its verdicts, by id, in the order of the claim files; ``schedule`` is the document of that
    stage; ``nights`` has ``date`` (YYYY-MM-DD) and ``window`` (from 1), ``segments`` spans of one condition: ``night``,
    ``start_utc``, ``end_utc``, ``sun_bin``, ``moon_bin``, ``camera_on``; ``verification`` has no findings.
    """

    claims: Claims
    judged: Mapping[str, JudgedClaim]
    findings: tuple[Mapping[str, Any], ...]
    schedule: Mapping[str, Any]
    nights: pd.DataFrame
    segments: pd.DataFrame
    verification: Verification

    @property
    def verdicts(self) -> Iterator[tuple[Claim, Verdict]]:
        """Every comparison with its claim."""
        return ((item.claim, verdict) for item in self.judged.values() for verdict in item.verdicts)


def load_results(paths: Paths) -> Results:
    """Read the results of the stages.

    Raises ReproError if a stage has not run, or its verdicts are of other claims than those registered now.
    """
    claims = load_claims(paths.published)
    document = read_json(paths.verdicts, made_by="dvc repro verify")
    judged = judge(claims, document, where=str(paths.verdicts))
    verdicts = tuple(verdict for item in judged.values() for verdict in item.verdicts)
    coverage = document["coverage"]
    return Results(
        claims=claims,
        judged=judged,
        verification=Verification(claims, verdicts, (), coverage["nights"], coverage["expected"]),
        findings=tuple(document["findings"]),
        schedule=read_json(paths.schedule / "schedule.json", made_by="dvc repro schedule"),
        nights=read_table(paths.schedule / "nights.parquet", made_by="dvc repro schedule"),
        segments=read_table(paths.schedule / "segments.parquet", made_by="dvc repro schedule"),
    )


def judge(claims: Claims, document: Mapping[str, Any], *, where: str) -> dict[str, JudgedClaim]:
    """Put the verdicts of ``verdicts.json`` beside their claims.

    Raises ReproError if the document lists other claims than those registered, or another published value.
    """
    listed = {entry["id"]: entry for entry in document["claims"]}
    for name in [*listed, *(claim.id for claim in claims)]:
        if name not in claims or name not in listed or listed[name]["published"] != claims[name].value:
            found, expected = (
                f"claim {name} differs between the verdicts and the claim files",
                "verdicts of the claims as registered now",
            )
            refuse(found, expected, where, "judge again with: dvc repro verify")
    return {
        claim.id: JudgedClaim(claim, tuple(_verdict(claim.id, entry) for entry in listed[claim.id]["verdicts"]))
        for claim in claims
    }


def _verdict(claim: str, entry: Mapping[str, Any]) -> Verdict:
    same = ("evidence", "outcome", "expected", "tolerance", "reason", "grade", "excluded", "sd", "z")
    measured = entry["measured"]
    return Verdict(
        claim=claim,
        measured=tuple(measured) if isinstance(measured, list) else measured,
        catches=None if entry["catches"] is None else Caught(**entry["catches"]),
        equation=tuple(entry["equation"]),
        **{key: entry[key] for key in same},
    )
