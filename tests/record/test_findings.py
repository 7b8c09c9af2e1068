"""Findings are computed: what a careful reading found comes out, and a changed number changes it."""

from __future__ import annotations

import pytest

from repro.record.claims import Claims
from repro.record.findings.finding import Finding
from repro.record.judge import verify
from tests.record.test_claims import CLAIMS, results, verification


def findings(claims: Claims = CLAIMS) -> dict[str, Finding]:
    """Findings by id."""
    found = verification().findings if claims is CLAIMS else verify(claims, results()).findings
    return {finding.id: finding for finding in found}


def changed(name: str, value: float) -> Claims:
    """The record with one published number changed."""
    return CLAIMS.replacing(CLAIMS[name].model_copy(update={"value": value}))


# What a careful reading found by hand, with the number that must come out and the digits it was written with.
BY_HAND = [
    ("FND.TABLES_CLOSE", "frames", 214_890, 0),
    ("FND.WINDOWS", "nights", 331, 0),
    ("FND.FRAME_SAMPLING", "step", 10, 0),
    ("FND.FRAME_SAMPLING", "cadence_s", 60, 0),
    ("FND.ACCURACY_COUNTS", "best", 629, 0),
    ("FND.ACCURACY_COUNTS", "point_per_image", 0.152, 3),
    ("FND.ACCURACY_COUNTS", "low", 93.7, 1),
    ("FND.ACCURACY_COUNTS", "high", 96.9, 1),
    ("FND.TABLE4_RATIOS", "mean_parameter_ratio", 4.5, 1),
    ("FND.TABLE4_RATIOS", "mean_flops_ratio", 11.2, 1),
    ("FND.TABLE4_RATIOS", "parameters", 7_794_184, 0),
    ("FND.TABLE4_RATIOS", "parameters_two_classes", 6_515_746, 0),
    ("FND.SKY_CONFIRMS", "switch_on_altitude_deg", -11.54, 2),
    ("FND.SKY_CONFIRMS", "availability", 0.98, 2),
    ("FND.SKY_UNFITTED", "night_minutes", 173_958, 0),
    ("FND.SKY_UNFITTED", "astro_minutes", 42_152, 0),
    ("FND.SAMPLE_SIZE", "predicted_frames", 4_585, 0),
    ("FND.CONDITION_COLUMN", "share_as_printed_percent", 17, 0),
    ("FND.CONDITION_COLUMN", "share_counted_percent", 57.9, 1),
    ("FND.UNFOLDED_PHASE", "unfolded_no_moon_percent", 55.5, 1),
    ("FND.UNFOLDED_PHASE", "unfolded_moon_quarter_percent", 16.7, 1),
    ("FND.UNFOLDED_PHASE", "unfolded_moon_full_percent", 27.8, 1),
    ("FND.SPLIT_80", "train_percent", 75.7, 1),
    ("FND.SPLIT_80", "lost_images", 58.4, 1),
    ("FND.SPLIT_80", "dates_needed", 73, 0),
    ("FND.SPLIT_80", "dates_offered", 235, 0),
    ("FND.SHARES_OF_NO", "train_percent", 31.90, 2),
    ("FND.SHARES_OF_NO", "total_for_printed_train", 3_212, 0),
    ("FND.SHARES_OF_NO", "left", 2_186, 0),
    ("FND.SHARES_OF_NO", "val_percent_of_all", 10.25, 2),
    ("FND.RATIO_IS_ODDS", "mean_of_odds", 39.27, 2),
    ("FND.RATIO_IS_ODDS", "yes_frames", 61_013, 0),
    ("FND.RATIO_IS_ODDS", "fraction_percent", 28.4, 1),
    ("FND.FIGURE6_CONDITIONED", "yes_percent", 28.7, 1),
    ("FND.FIGURE6_CONDITIONED", "highest_possible_percent", 64.3, 1),
    ("FND.FIGURE7_NORMALISED_TWICE", "sum_of_two_bins", 1.071, 3),
    ("FND.LOSS_BOUND", "lowest", 0.104, 3),
    ("FND.LOSS_BOUND", "last", 0.118, 3),
    ("FND.BEST_EPOCH", "by_loss", 10, 0),
    ("FND.BEST_EPOCH", "by_accuracy", 10, 0),
    ("FND.SLIDES_COUNT", "slides", 326, 0),
    ("FND.SLIDES_COUNT", "thesis", 329, 0),
    ("FND.TOP1", "documented_percent", 78.642, 3),
    ("FND.SEVEN_CATEGORIES", "groups", 4, 0),
    ("FND.SEVEN_CATEGORIES", "each", 3, 0),
    ("FND.FROZEN_ADAPTS", "batchnorm_layers", 69, 0),
]


@pytest.mark.parametrize(("name", "number", "by_hand", "digits"), BY_HAND)
def test_number_of_a_careful_reading_comes_out(name: str, number: str, by_hand: float, digits: int) -> None:
    """A number that was computed once by hand comes out of the code, to the digits it was written with."""
    assert round(findings()[name].numbers[number], digits) == by_hand


@pytest.mark.parametrize("name", ["FND.GRADCAM_LAYER", "FND.WITHIN_NIGHTS", "FND.UNSEEDED"])
def test_finding_without_numbers_comes_out(name: str) -> None:
    """What a careful reading found in words comes out too."""
    assert findings()[name].explanation


def test_moon_totals_of_the_sky_agree_with_the_reading_by_hand() -> None:
    """124,511 / 54,371 / 36,009 frames were computed by hand with a grid of their own; a frame's bin may differ at an edge."""
    numbers = findings()["FND.SKY_CONFIRMS"].numbers
    by_hand = {"no_moon_frames": 124_511, "moon_quarter_frames": 54_371, "moon_full_frames": 36_009}
    for name, frames in by_hand.items():
        assert numbers[name] == pytest.approx(frames, abs=5)


@pytest.mark.parametrize(
    ("claim", "value", "name"),
    [
        ("T6.NIGHT.NO_MOON.YES", 28_163, "FND.TABLES_CLOSE"),
        ("F5.VAL_ACCURACY_COUNT.E10", 628, "FND.ACCURACY_COUNTS"),
        ("F5.VAL_LOSS.E12", 0.125, "FND.LOSS_BOUND"),
        ("F5.VAL_LOSS.E11", 0.090, "FND.BEST_EPOCH"),
        ("SPLIT.TRAIN_YES", 1_025, "FND.SPLIT_80"),
        ("F6.YES.NIGHT.NO_MOON.MEAN", 93.0, "FND.FIGURE6_CONDITIONED"),
        ("F7.FIRST_BIN.NIGHT.NO_MOON", 0.567, "FND.FIGURE7_NORMALISED_TWICE"),
        ("T4.XCEPTION.FLOPS_RATIO", 13, "FND.TABLE4_RATIOS"),
        ("T3.NIGHT.MOON_FULL", 29_000, "FND.SKY_CONFIRMS"),
    ],
)
def test_changed_number_changes_the_finding(claim: str, value: float, name: str) -> None:
    """A finding is computed from the claims: another published number gives another finding."""
    assert findings(changed(claim, value))[name].as_dict() != findings()[name].as_dict()


@pytest.mark.parametrize(
    ("claim", "value", "name"),
    [("SLD.VALIDATION_PER_CLASS", 329, "FND.SLIDES_COUNT"), ("TXT.GRADCAM_CATEGORIES", 4, "FND.SEVEN_CATEGORIES")],
)
def test_conflict_that_is_none_gives_no_finding(claim: str, value: float, name: str) -> None:
    """If the record agreed, nothing would be said."""
    assert name in findings()
    assert name not in findings(changed(claim, value))


def test_every_failed_claim_of_the_thesis_stands_in_a_finding() -> None:
    """No conflict or contradiction is left without a sentence; the other seeds are registered and judged later."""
    told = {name for finding in verification().findings for name in finding.claims}
    failed = {
        verdict.claim for verdict in verification().verdicts if verdict.outcome in ("contradicted", "source_conflict")
    }
    later = {claim.id for claim in CLAIMS if claim.source.document in ("kopri", "kvammen")}
    assert failed - told - later == set()


def test_findings_rest_on_registered_claims() -> None:
    """Each finding has an id of its own and names claims that exist."""
    names = [finding.id for finding in verification().findings]
    assert len(set(names)) == len(names)
    for finding in verification().findings:
        assert finding.claims
        assert all(name in CLAIMS for name in finding.claims)
        assert "nan" not in finding.explanation
