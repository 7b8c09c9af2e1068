"""The body of ``repro verify``: judge the record, choose claims, print."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

from repro.errors import ReproError
from repro.paths import Paths
from repro.record.judge import Verification
from repro.record.other_record import verify_record
from repro.record.search import search, starting_with
from repro.record.verdict_exports import as_junit, as_sarif, claim_places
from repro.record.verdict_formats import as_json, as_markdown, print_claims, print_overview

Format = Literal["table", "json", "markdown", "sarif", "junit"]


def run(
    paths: Paths | None, *, record: Path | None = None, query: str = "", only: str = "", format: Format = "table"
) -> int:
    """Judge a record now, print the chosen claims, and give the exit code of the command.

    The record is that of a project (``paths``), judged by all its evidence, or the folder of another one (``record``), judged
    by its arithmetic alone. ``query`` is a number, the beginning of an id or words, see :func:`repro.record.search.search`,
    ``only`` the beginning of the ids, in any case; empty ones choose all claims.

    Raises
    ------
    ReproError
        If no claim fits.
    """
    verification, root = _judged(paths, record)
    chosen = starting_with(verification.claims, only)
    if query:
        chosen = search(chosen, query)
    if not len(chosen):
        raise ReproError(
            found=f"no claim that fits {query or only}",
            expected="a printed number, the beginning of a claim id (T3, F5.VAL_LOSS) or a word of a quotation",
            where="repro verify",
            remedy="list all claims with: repro verify --format markdown",
        )
    restricted = len(chosen) < len(verification.claims)
    shown = verification.only(chosen) if restricted else verification
    match format:
        case "json":
            sys.stdout.write(as_json(shown))
        case "markdown":
            sys.stdout.write(as_markdown(shown))
        case "sarif":
            sys.stdout.write(as_sarif(shown, claim_places(*root)))
        case "junit":
            sys.stdout.write(as_junit(shown))
        case "table":
            if query or only:
                print_claims(shown)
            else:
                print_overview(shown)
                if paths is not None:
                    name_missing_documents(paths)
    return shown.exit_code


def _judged(paths: Paths | None, record: Path | None) -> tuple[Verification, tuple[Path, Path]]:
    """The verdicts, with the folder of the claim files and the folder that their paths are relative to."""
    if record is not None:
        return verify_record(record), (record, record)
    from repro.evidence import verify_now  # imports the stages' packages, which another record does not need

    if paths is None:
        raise ValueError("either a project or a record is needed")
    return verify_now(paths), (paths.published, paths.root)


def name_missing_documents(paths: Paths) -> None:
    """Say on stderr what the record's documents would add; stdout ends with the verdicts that drifted."""
    from repro.figures.documents import missing_documents

    if missing := missing_documents(paths):
        print("note: the record's pictures are judged by the committed readings; to read them again:", file=sys.stderr)
        for document in missing:
            print(f"  put {document.file} into data/record: {document.enables}", file=sys.stderr)
