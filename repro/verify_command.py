"""The body of ``repro verify``: judge the record, choose claims, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from repro.errors import ReproError
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.record.claims import search, starting_with
from repro.record.judge import verify
from repro.record.other_record import by_arithmetic
from repro.record.verdict_exports import as_junit, as_sarif, claim_places
from repro.record.verdict_formats import as_json, as_markdown, print_claims, print_overview

Format = Literal["table", "json", "markdown", "sarif", "junit"]


def run(place: Paths | Path, *, query: str = "", only: str = "", format: Format = "table") -> int:
    """Judge a record now, print the chosen claims, and give the exit code of the command.

    ``place`` is a project, whose record is judged by all its evidence, or the folder of another record, which is judged by its
    arithmetic alone. ``query`` is a number, the beginning of an id or words, see :func:`repro.record.claims.search`,
    ``only`` the beginning of the ids, in any case; empty ones choose all claims. Raises ReproError if no claim fits; nothing is
    judged then.
    """
    claims = load_claims(place.published if isinstance(place, Paths) else place)
    chosen = starting_with(claims, only)
    if query:
        chosen = search(chosen, query)
    if not len(chosen):
        raise ReproError(
            found=f"no claim that fits {query or only}",
            expected="a printed number, the beginning of a claim id (T3, F5.VAL_LOSS) or a word of a quotation",
            where="repro verify",
            remedy="list all claims with: repro verify --format markdown",
        )
    if isinstance(place, Paths):
        from repro.evidence import measured_now  # imports the stages' packages, which another record does not need

        verification = verify(claims, measured_now(place, claims))
    else:
        verification = by_arithmetic(claims)
    shown = verification.only(chosen) if len(chosen) < len(claims) else verification
    places = claim_places(*((place.published, place.root) if isinstance(place, Paths) else (place, place)))
    if format == "sarif":
        sys.stdout.write(as_sarif(shown, places))
    elif format != "table":
        sys.stdout.write({"json": as_json, "markdown": as_markdown, "junit": as_junit}[format](shown))
    elif query or only:
        print_claims(shown, places)
    else:
        print_overview(shown)
        if isinstance(place, Paths):
            name_missing_documents(place)
    return shown.exit_code


def name_missing_documents(paths: Paths) -> None:
    """Say on stderr what the record's documents would add; stdout ends with the verdicts that drifted."""
    from repro.figures.documents import missing_documents

    if missing := missing_documents(paths):
        print("note: the record's pictures are judged by the committed readings; to read them again:", file=sys.stderr)
        for document in missing:
            print(f"  put {document.file} into data/record: {document.enables}", file=sys.stderr)
