"""The record by its parts: every claim in one of them, every comparison counted once."""

from __future__ import annotations

from collections import Counter

from repro.record.claim_files import load_claims
from repro.reporting.scorecard import CITED, COMPANIONS, by_part, part_of
from repro.reporting.verdicts import load_results


def test_every_comparison_is_in_one_part(small):
    """Over all parts, comparisons that agree, that go against the record, that decide nothing and that wait sum to those that claims declare."""
    results = load_results(small)
    parts = by_part(results, {"sky"})
    assert sum(part.total for part in parts) == len(list(results.verdicts))
    assert all(part.total == part.agreeing + part.against + part.undecided + part.waiting for part in parts)
    assert {part.anchor for part in parts} == {"sky", "claims"}


def test_claims_of_the_record_find_their_part(project):
    """Each section of the thesis belongs to a part of its own subject; only the companions are left for the last."""
    claims = load_claims(project.published)
    counts = Counter(part_of(claim) for claim in claims)
    expected = {
        "T1.ROW1.BEFORE": "Clock: Table 1",
        "T3.NIGHT.NO_MOON": "Sun and moon: Tables 2 and 3",
        "SPLIT.TRAIN_YES": "Sample and split",
        "T4.XCEPTION.TOP1": "Network and settings: Tables 4 and 5, Figure 3",
        "T5.BATCH_SIZE": "Network and settings: Tables 4 and 5, Figure 3",
        "F5.VAL_LOSS.E1": "Training: Figure 5",
        "TXT.ACCURACY_BEST": "Training: Figure 5",
        "T6.NIGHT.NO_MOON.YES": "Classification: Table 6, Figures 6 and 7",
        "GC.COLOUR": "Grad-CAM",
        "CIT.KINGMA.LIST": CITED,
        "RDM.FRAMES": COMPANIONS,
    }
    assert {name: part_of(claims[name]) for name in expected} == expected
    assert sum(counts.values()) == len(list(claims))
    for claim in claims:
        if claim.source.document in ("thesis", "readings") and claim.source.section != "slides":
            assert part_of(claim) != COMPANIONS, claim.id
