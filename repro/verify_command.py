"""The body of ``repro verify``: judge the record, choose claims, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from repro.errors import ReproError
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.record.claims import Claims, search, starting_with
from repro.record.judge import Verification, verify
from repro.record.other_record import by_arithmetic
from repro.record.verdict_exports import as_junit, as_sarif, claim_places
from repro.record.verdict_formats import as_json, as_markdown, print_claims, print_overview

Format = Literal["table", "json", "markdown", "sarif", "junit"]


def run(place: Paths | Path, *, query: str = "", only: str = "", format: Format = "table") -> int:
    """Judge a record now, print the chosen claims, and give the exit code of the command.

    ``place`` is a project, whose record is judged by all its evidence, or the folder of another record, which is judged by its
    arithmetic alone. ``query`` is a number, the beginning of an id or words, see :func:`repro.record.claims.search`,
    ``only`` the beginning of the ids, in any case; empty ones choose all claims.

    Raises
    ------
    ReproError
        If no claim fits; nothing is judged then.
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
    verification = _by_all_evidence(place, claims) if isinstance(place, Paths) else by_arithmetic(claims)
    restricted = len(chosen) < len(claims)
    shown = verification.only(chosen) if restricted else verification
    match format:
        case "json":
            sys.stdout.write(as_json(shown))
        case "markdown":
            sys.stdout.write(as_markdown(shown))
        case "sarif":
            folders = (place.published, place.root) if isinstance(place, Paths) else (place, place)
            sys.stdout.write(as_sarif(shown, claim_places(*folders)))
        case "junit":
            sys.stdout.write(as_junit(shown))
        case "table":
            if query or only:
                print_claims(shown)
            else:
                print_overview(shown)
                if isinstance(place, Paths):
                    name_missing_documents(place)
    return shown.exit_code


def _by_all_evidence(paths: Paths, claims: Claims) -> Verification:
    from repro.evidence import measured_now  # imports the stages' packages, which another record does not need

    return verify(claims, measured_now(paths, claims))


def name_missing_documents(paths: Paths) -> None:
    """Say on stderr what the record's documents would add; stdout ends with the verdicts that drifted."""
    from repro.figures.documents import missing_documents

    if missing := missing_documents(paths):
        print("note: the record's pictures are judged by the committed readings; to read them again:", file=sys.stderr)
        for document in missing:
            print(f"  put {document.file} into data/record: {document.enables}", file=sys.stderr)
