"""The body of ``repro verify``: judge the record, choose claims, print."""

from __future__ import annotations

import sys
from typing import Literal

from repro.errors import ReproError
from repro.evidence import verify_now
from repro.figures.documents import missing_text
from repro.paths import Paths
from repro.record.search import search, starting_with
from repro.record.verdict_formats import as_json, as_markdown, print_claims, print_overview

Format = Literal["table", "json", "markdown"]


def run(paths: Paths, *, query: str = "", only: str = "", format: Format = "table") -> int:
    """Judge a project's record now, and print the chosen claims.

    Parameters
    ----------
    paths : Paths
        The project.
    query : str
        A number, the beginning of an id or words, see :func:`repro.record.search.search`; all claims if empty.
    only : str
        Beginning of the ids, in any case; all claims if empty.
    format : str
        How to print.

    Returns
    -------
    int
        The exit code of the command.

    Raises
    ------
    ReproError
        If no claim fits.
    """
    verification = verify_now(paths)
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
        case "table":
            if query or only:
                print_claims(shown)
            else:
                print_overview(shown)
                name_missing_documents(paths)
    return shown.exit_code


def name_missing_documents(paths: Paths) -> None:
    """Say on stderr what the record's documents would add; stdout ends with the verdicts that drifted."""
    missing = missing_text(paths)
    if missing:
        print(f"note: the record's pictures are judged by the committed readings; {missing}", file=sys.stderr)
