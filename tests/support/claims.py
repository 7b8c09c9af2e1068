"""Made-up claims: a test names only what matters to it."""

from __future__ import annotations

from typing import Any

from repro.record.claims import Claim, Claims

REASON = "a made-up reason of sufficient length"


def made_up(
    name: str = "X.Y", value: Any = 10, *, evidence: dict[str, dict[str, Any]] | None = None, **fields: Any
) -> Claim:
    """A claim; a rule needs no reason, fields of the source stand among the others, and without evidence 1 is compared with it."""
    source = {"document": "thesis", "section": "1", "quote": "some words"}
    source |= {key: fields.pop(key) for key in ("document", "section", "place", "quote", "gloss") if key in fields}
    rules = evidence or {"arithmetic": {"rule": "exact", "formula": "1"}}
    return Claim.model_validate(
        {
            "id": name,
            "value": value,
            "kind": "count",
            "source": source,
            "evidence": {kind: {"reason": REASON, **rule} for kind, rule in rules.items()},
            **fields,
        }
    )


def made_up_claims(values: dict[str, Any], **fields: Any) -> Claims:
    """Claims with these values by id."""
    return Claims([made_up(name, value, **fields) for name, value in values.items()])


def replacing(claims: Claims, claim: Claim) -> Claims:
    """The same claims with one changed; for asking what a change would do."""
    return Claims([claim if other.id == claim.id else other for other in claims], claims.documents)
