"""Table 6 as counts by condition."""

from __future__ import annotations

from repro.record.claims import Claims


def table6_counts(claims: Claims) -> dict[tuple[str, str], tuple[int, int]]:
    """Frames classified yes and no in Table 6, by time of night and lunar condition; only cells that have both."""
    counts = {}
    for claim in claims.matching("T6.*.*.YES"):
        _, sun, moon, _ = claim.id.split(".")
        other = f"T6.{sun}.{moon}.NO"
        if other in claims:
            counts[sun, moon] = int(claim.value), int(claims[other].value)
    return counts
