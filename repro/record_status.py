"""Which nights of the record are here, and which claims wait for the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.text import Text

from repro.errors import printable
from repro.evidence import OTHER_RECORDS, corpus_coverage
from repro.observed import LEAST_NIGHTS, WINDOW_NIGHTS, Coverage, listed
from repro.params import Params
from repro.paths import Paths
from repro.printing import console
from repro.record.claims import Claims


class RecordStatus(NamedTuple):
    """Nights of the record that are here, and the claims whose images cannot be judged yet, by the reason."""

    coverage: Coverage
    waiting: dict[str, tuple[str, ...]]


def record_status(paths: Paths, params: Params, claims: Claims, corpus: str) -> RecordStatus:
    """Which nights of the record are here, and which claims wait for which nights."""
    coverage = corpus_coverage(paths, params, corpus)
    all_nights = "" if coverage.complete else f"all nights, {len(coverage.missing)} of which are missing"
    needs = {
        "any": "at least one night" if not coverage.present else "",
        "all": all_nights,
        "refuting": all_nights,  # some nights may contradict meanwhile
        "unselected": _needs_of_shares(coverage),
    }
    waiting: dict[str, list[str]] = {}
    for claim in claims:
        rule = claim.evidence.get("corpus")
        if rule is None or not rule.compares or rule.expect == "not_run":
            continue
        if (rule.measure or "").startswith(OTHER_RECORDS):  # they wait for other images than the thesis'
            continue
        needed = needs[rule.coverage]
        window = WINDOW_NIGHTS.fullmatch(rule.measure or "")
        if window:  # counted when all of a window is here, see repro.observed.quantities
            needed = "" if int(window[1]) in coverage.whole_windows else "all nights of their window"
        if needed:
            waiting.setdefault(needed, []).append(claim.id)
    return RecordStatus(coverage, {reason: tuple(ids) for reason, ids in waiting.items()})


def _needs_of_shares(coverage: Coverage) -> str:
    if coverage.complete:
        return ""
    if not coverage.drawn_at_random:
        return "all nights, or nights drawn at random (evidence.nights_drawn in params.yaml)"
    return "" if len(coverage.present) >= LEAST_NIGHTS else f"at least {LEAST_NIGHTS} nights drawn at random"


def print_record_status(record: RecordStatus) -> None:
    """Print which nights of the record are here, which are missing, and which claims wait for which."""
    coverage = record.coverage
    lines = [f"nights of the record: {len(coverage.present)} of {len(coverage.expected)} are here as evidence"]
    for title, nights in (
        ("here", coverage.present),
        ("missing", coverage.missing),
        ("simulated, never evidence", coverage.simulated),
        ("outside the record's windows", coverage.later),
    ):
        if nights:
            lines.append(f"  {title}: {listed(nights, named=40)}")
    for needed, ids in record.waiting.items():
        lines.append(f"{len(ids)} claims wait for {needed}: {_abbreviated(ids)}")
    for line in lines:
        console().print(Text(printable(line)))


def _abbreviated(ids: Iterable[str]) -> str:
    """Ids by their first part: "F6 (18), T3 (9), TXT.FRAMES"."""
    groups: dict[str, list[str]] = {}
    for name in ids:
        groups.setdefault(name.split(".")[0], []).append(name)
    return ", ".join(names[0] if len(names) == 1 else f"{group} ({len(names)})" for group, names in groups.items())
