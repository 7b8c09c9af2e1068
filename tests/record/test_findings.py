"""Findings are computed: what a careful reading found comes out, and a changed number changes it."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.record.claims import Claims
from repro.record.comparator import CONFLICTS
from repro.record.findings.finding import Finding
from repro.record.findings.split import lost_to_rounding
from repro.record.judge import verify
from repro.record.protocol import occurrence_bounds
from tests.record.test_claims import CLAIMS, results, verification
from tests.support.claims import replacing


def findings(claims: Claims = CLAIMS) -> dict[str, Finding]:
    """Findings by id."""
    derived = verification().findings if claims is CLAIMS else verify(claims, results()).findings
    return {finding.id: finding for finding in derived}


def changed(name: str, value: float) -> Claims:
    """The record with one published number changed."""
    return replacing(CLAIMS, CLAIMS[name].model_copy(update={"value": value}))


#: What a careful reading found by hand, with the number that must come out and the digits it was written with.
BY_HAND = """
FND.OCCURRENCE_BOUNDED: low_percent 21.8, high_percent 31.5, lowest_percent 18.5, highest_percent 32.8
FND.WHICH_ERRORS: label_share_percent 29.65, false_positives 5, false_negatives 24, fewest_false_positives 0
FND.DEVIATION_BOUND: of_bound_night_no_moon 0.69, of_bound_astro_no_moon 0.72, of_bound_nautical_no_moon 0.69,
    of_bound_astro_moon_quarter 0.72, of_bound_nautical_moon_quarter 0.62, of_bound_night_moon_full 0.66,
    of_bound_astro_moon_full 0.64, of_bound_nautical_moon_full 0.47, mean_astro_moon_quarter 81.6
FND.ERRORS_BY_CONDITION: moon_quarter_z_frames 4.0, moon_quarter_z_runs 2.0, moon_quarter_runs 153,
    moon_quarter_chance 0.42, no_moon_z_frames -5.7, no_moon_z_runs -2.6, no_moon_chance 0.1
FND.CLUSTERING: lost_images 58.4, intraclass_correlation 0.6, dates_with_yes 141, spread_points 2,
    lowest_share_percent 25.6, highest_share_percent 29.5
FND.BEST_OF_TWELVE: by_loss 10, by_accuracy 10, optimism_low_points 0.4, optimism_high_points 0.7,
    mean_of_last_three_percent 95.24, mcnemar_p_at_least 0.06, low_percent 92.8, high_percent 97.3
FND.TWO_CAMERAS: nights_percent 46
FND.WEATHER: share_percent 28
FND.TABLES_CLOSE: frames 214890, nights 331, step_frames 10, interval_s 60
FND.ACCURACY_COUNTS: best 629, point_per_image 0.152, low 93.7, high 96.9, sizes_that_print_both 4
FND.TABLE4_RATIOS: mean_parameter_ratio 4.5, mean_flops_ratio 11.2, parameters 7794184,
    parameters_two_classes 6515746, documented_top1_percent 78.642
FND.COMPOUND_COEFFICIENTS: phi 0.49
FND.SKY_CONFIRMS: evening_altitude_deg -11.776, morning_altitude_deg -11.31, availability 0.98, night_minutes 173958,
    astro_minutes 42152
FND.SAMPLE_SIZE: predicted_frames 4585, dates_lost 1
FND.CAMERA_SWITCHES: one_altitude_worst_percent 24.65
FND.TIME_ZONE: standard_time_nautical_frames 8214, mdt_nights 102
FND.MISSING_NIGHTS: sample_lost 0
FND.CONDITION_COLUMN: share_as_printed_percent 17, share_counted_percent 57.9
FND.UNFOLDED_PHASE: unfolded_no_moon_percent 55.5, unfolded_moon_quarter_percent 16.7, unfolded_moon_full_percent 27.8
FND.SPLIT_80: train_percent 75.7, lost_images 58.4, dates_needed 73, dates_offered 235, train_no_percent 31.90,
    total_for_printed_train 3212, left 2186, val_no_percent_of_all 10.25
FND.RATIO_IS_ODDS: mean_of_odds 39.27, pooled_odds 39.7, mean_of_shares_percent 28.0, yes_frames 61013,
    fraction_percent 28.4
FND.FIGURE6_CONDITIONED: yes_percent 28.7, highest_possible_percent 64.3
FND.FIGURE7_NORMALISED_TWICE: sum_of_two_bins 1.071, jump_night_no_moon 2.48, jump_night_moon_quarter 2.49,
    jump_night_moon_full 2.66
FND.LOSS_BOUND: lowest 0.104, last 0.118
FND.SLIDES_COUNT: slides 326, thesis 329
FND.TABLE1_YEARS: nights_in_years_with_4 121
FND.FROZEN_ADAPTS: batchnorm_layers 69
"""
# Numbers that another model of the same thing gives a little differently, with how far ours may lie from the reading by hand:
# the reading had 0 to 15 false positives, about 95 fractions and 385 frames, a median of 14 minutes, 7 and 42 %.
ABOUT = [
    ("FND.WHICH_ERRORS", "most_false_positives", 15, 2),
    ("FND.CLUSTERING", "lost_if_independent", 95, 5),
    ("FND.CLUSTERING", "independent_frames", 385, 10),
    ("FND.WITHIN_NIGHTS", "nearest_min", 14, 1),
    ("FND.WITHIN_NIGHTS", "within_1_min_percent", 7, 1),
    ("FND.WITHIN_NIGHTS", "within_10_min_percent", 42, 2.5),
    ("FND.SKY_CONFIRMS", "night_minutes_missing", 2_944, 15),
    ("FND.SKY_CONFIRMS", "astro_minutes_missing", 1_377, 5),
]


@pytest.mark.parametrize(("name", "number", "by_hand", "apart"), ABOUT)
def test_number_of_another_model_is_near(name: str, number: str, by_hand: float, apart: float) -> None:
    """A number that depends on a model lies near the one that was computed by hand with another."""
    assert findings()[name].numbers[number] == pytest.approx(by_hand, abs=apart)


def test_numbers_of_a_careful_reading_come_out() -> None:
    """Each number that was computed once by hand comes out of the code, to the digits it was written with."""
    by_hand = [(name, *pair) for name, text in re.findall(r"(FND\S+):([^:]*)(?=\nFND|\Z)", BY_HAND)
               for pair in re.findall(r"(\w+) (-?[\d.]+)", text)]  # fmt: skip
    assert len(by_hand) == 96
    computed = [
        (name, number, f"{findings()[name].numbers[number]:.{len(value.partition('.')[2])}f}")
        for name, number, value in by_hand
    ]
    assert computed == by_hand


def test_findings_in_words_and_of_the_pictures_come_out() -> None:
    """What a careful reading found in words comes out too, and so does what only the readings of the pictures show."""
    in_words = {"FND.GRADCAM_LAYER", "FND.CLAIMED_NOT_SHOWN", "FND.SLIPS"}
    of_pictures = {
        "FND.FIGURE7_GIVES_FIGURE6", "FND.BINS_BETWEEN_EXTREMES", "FND.OCCURRENCE_BY_PROBABILITY", "FND.NEVER_VALIDATED",
        "FND.ACTIVATION_DISAPPEARS", "FND.MAPS_MEASURED",
    }  # fmt: skip
    assert in_words | of_pictures <= set(findings())


def test_moon_totals_of_one_altitude_agree_with_the_reading_by_hand() -> None:
    """124,511 / 54,371 / 36,009 frames were computed by hand for one switch altitude, with a grid of their own."""
    sky = results().quantities["ephemeris"]
    for moon, frames in {"no_moon": 124_511, "moon_quarter": 54_371, "moon_full": 36_009}.items():
        total = sum(sky[f"one_altitude.{sun}.{moon}"] for sun in ("night", "astro", "nautical"))
        assert total == pytest.approx(frames, abs=5)


@pytest.mark.parametrize("correlation", [0.05, 0.6, 0.95])
def test_lost_fractions_agree_with_a_simulation(correlation: float) -> None:
    """The expected loss of floor(0.8 n) over dates is that of dates drawn from the same beta-binomial distribution."""
    rng = np.random.default_rng(0)
    odds = 1 / correlation - 1
    count = rng.binomial(20, rng.beta(0.3 * odds, 0.7 * odds, size=200_000))
    lost, dates = lost_to_rounding(0.3, correlation, 235, 20)
    assert lost == pytest.approx(235 * np.mean(0.8 * count - (8 * count) // 10), rel=0.01)
    assert dates == pytest.approx(235 * np.mean(count > 0), rel=0.01)


@given(
    share=st.floats(0.01, 0.99), errors=st.integers(0, 200), positives=st.floats(0, 1), total=st.integers(1_000, 5_000)
)
def test_true_occurrence_lies_within_its_bounds(share: float, errors: int, positives: float, total: int) -> None:
    """Whatever errors a network of an accuracy makes, the true share lies inside the bounds of the classified share."""
    false_positive = 2 * errors * positives / total
    false_negative = 2 * errors * (1 - positives) / total
    classified = share * (1 - false_negative) + (1 - share) * false_positive
    low, high = occurrence_bounds(classified, 1 - errors / total)
    assert low - 1e-9 <= share <= high + 1e-9


def test_order_of_worth() -> None:
    """The findings that bear on what the thesis concludes come first, slips of the pen last."""
    names = [finding.id for finding in verification().findings if finding.kind != "not_derived"]
    assert names[:8] == [
        "FND.OCCURRENCE_BOUNDED", "FND.WHICH_ERRORS", "FND.DEVIATION_BOUND", "FND.ERRORS_BY_CONDITION", "FND.CLUSTERING",
        "FND.BEST_OF_TWELVE", "FND.TWO_CAMERAS", "FND.WEATHER",
    ]  # fmt: skip
    assert names[-1] == "FND.SLIPS"


#: A published number with another value, and the finding that it changes; its title, too, where the title prints it.
IN_TITLES = [
    ("T6.NIGHT.NO_MOON.YES", 30_000, "FND.OCCURRENCE_BOUNDED"),
    ("SLD.VALIDATION_PER_CLASS", 325, "FND.SLIDES_COUNT"),
    ("F5.VAL_LOSS.E12", 0.140, "FND.LOSS_BOUND"),
]


@pytest.mark.parametrize(
    ("claim", "value", "name"),
    [
        *IN_TITLES,
        ("T6.NIGHT.NO_MOON.YES", 28_163, "FND.TABLES_CLOSE"),
        ("F5.VAL_ACCURACY_COUNT.E10", 628, "FND.ACCURACY_COUNTS"),
        ("F5.VAL_LOSS.E11", 0.090, "FND.BEST_OF_TWELVE"),
        ("T6.NIGHT.NO_MOON.NO", 69_000, "FND.OCCURRENCE_BOUNDED"),
        ("SPLIT.LABELLED_YES", 1_300, "FND.WHICH_ERRORS"),
        ("SPLIT.TRAIN_YES", 1_030, "FND.CLUSTERING"),
        ("F6.YES.NAUTICAL.MOON_FULL.SD", 14.0, "FND.DEVIATION_BOUND"),
        ("T6.NAUTICAL.MOON_QUARTER.YES", 260, "FND.ERRORS_BY_CONDITION"),
        ("SPLIT.TRAIN_YES", 1_025, "FND.SPLIT_80"),
        ("F6.YES.NIGHT.NO_MOON.MEAN", 93.0, "FND.FIGURE6_CONDITIONED"),
        ("F7.FIRST_BIN.NIGHT.NO_MOON", 0.567, "FND.FIGURE7_NORMALISED_TWICE"),
        ("T4.XCEPTION.FLOPS_RATIO", 13, "FND.TABLE4_RATIOS"),
        ("T3.NIGHT.MOON_FULL", 29_000, "FND.SKY_CONFIRMS"),
    ],
)
def test_changed_number_changes_the_finding(claim: str, value: float, name: str) -> None:
    """A finding is computed from the claims: another published number gives another finding, and another title."""
    before, after = findings()[name], findings(changed(claim, value))[name]
    assert after.as_dict() != before.as_dict()
    if (claim, value, name) in IN_TITLES:
        assert after.title != before.title


@pytest.mark.parametrize(("claim", "value"), [("SLD.VALIDATION_PER_CLASS", 329), ("SPLIT.VAL_YES", 326)])
def test_conflict_that_is_none_gives_no_finding(claim: str, value: float) -> None:
    """If the record agreed, nothing would be said."""
    assert "FND.SLIDES_COUNT" in findings()
    assert "FND.SLIDES_COUNT" not in findings(changed(claim, value))


def test_every_failed_claim_of_the_thesis_stands_in_a_finding() -> None:
    """No conflict or contradiction is left without a sentence; the other seeds are registered and judged later."""
    explained = {name for finding in verification().findings for name in finding.claims}
    failed = {verdict.claim for verdict in verification().verdicts if verdict.outcome in CONFLICTS}
    later = {claim.id for claim in CLAIMS if claim.source.document in ("kopri", "kvammen", "kvammen_paper")}
    assert failed - explained - later == set()


def test_findings_rest_on_registered_claims() -> None:
    """Each finding has an id of its own and names claims that exist."""
    names = [finding.id for finding in verification().findings]
    assert len(set(names)) == len(names)
    for finding in verification().findings:
        assert finding.claims or finding.kind == "not_derived"
        assert all(name in CLAIMS for name in finding.claims)
        assert "nan" not in finding.explanation
