"""Claims and findings that moved between two revisions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from repro.audit.outputs import Change, Pair

STAGE = "verify"


@dataclass(frozen=True)
class ClaimMove:
    """A comparison of a claim with evidence whose result changed; None where it does not exist.

    The published values differ only if ``expected/published`` was edited.
    """

    claim: str
    evidence: str
    published: tuple[Any, Any]
    outcome: tuple[str | None, str | None]
    measured: tuple[Any, Any]


@dataclass(frozen=True)
class FindingMove:
    """A finding that appeared, disappeared, or says something else."""

    finding: str
    before: str | None
    after: str | None


def read_both(pair: Pair, change: Change) -> tuple[Any, Any] | None:
    """Both documents of a JSON file; None, with a gap recorded, if one is not available."""
    documents = []
    for file in (change.before, change.after):
        data = pair.read(file) if file else b"null"
        if data is None:
            return None
        try:
            documents.append(json.loads(data))
        except ValueError:
            if file:
                pair.add_gap(file, "damaged, not JSON")
            return None
    return documents[0], documents[1]


def claim_moves(pair: Pair) -> tuple[list[ClaimMove], list[FindingMove]]:
    """Claims and findings that moved, in the order of the later revision."""
    change = next((change for change in pair.changes(STAGE) if change.name == "verdicts.json"), None)
    documents = read_both(pair, change) if change else None
    return (_claims(*documents), _findings(*documents)) if documents else ([], [])


def _claims(before: Any, after: Any) -> list[ClaimMove]:
    one, two = _verdicts(before), _verdicts(after)
    moves = []
    for key in dict.fromkeys((*two, *one)):
        sides = one.get(key, {}), two.get(key, {})
        values = [(sides[0].get(name), sides[1].get(name)) for name in ("published", "outcome", "measured")]
        if any(was != now for was, now in values):
            moves.append(ClaimMove(*key, *values))
    return moves


def _verdicts(document: Any) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {
        (claim["id"], verdict["evidence"]): {**verdict, "published": claim["published"]}
        for claim in (document or {}).get("claims", [])
        for verdict in claim["verdicts"]
    }


def _findings(before: Any, after: Any) -> list[FindingMove]:
    one, two = (
        {entry["id"]: f"{entry['title']}: {entry['explanation']}" for entry in (document or {}).get("findings", [])}
        for document in (before, after)
    )
    moved = (key for key in dict.fromkeys((*two, *one)) if one.get(key) != two.get(key))
    return [FindingMove(key, one.get(key), two.get(key)) for key in moved]
