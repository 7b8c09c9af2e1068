"""Made-up claims: a test names only what matters to it."""

from typing import Any

from repro.record.claims import EVIDENCE, Claim, Claims, Source

REASON = "a made-up reason of sufficient length"


def made_up(name: str = "X.Y", value: Any = 10, **fields: Any) -> Claim:
    """A claim with these fields, those of its source among them; what is called as a kind of evidence changes an exact rule.

    Without a rule, 1 is compared with it.
    """
    source = {"document": "thesis", "section": "1", "quote": "some words"}
    source |= {key: fields.pop(key) for key in Source.model_fields if key in fields}
    rules = {kind: fields.pop(kind) for kind in EVIDENCE if kind in fields} or {"arithmetic": {"formula": "1"}}
    evidence = {
        kind: {"rule": "exact", "reason": REASON, **({} if kind == "arithmetic" else {"measure": "m"}), **rule}
        for kind, rule in rules.items()
    }
    return Claim.model_validate(
        {"id": name, "value": value, "kind": "count", "source": source, "evidence": evidence, **fields}
    )


def made_up_claims(values: dict[str, Any], **fields: Any) -> Claims:
    """Claims with these values by id."""
    return Claims([made_up(name, value, **fields) for name, value in values.items()])


def replacing(claims: Claims, claim: Claim) -> Claims:
    """The same claims with one changed; for asking what a change would do."""
    return Claims([claim if other.id == claim.id else other for other in claims], claims.documents)
