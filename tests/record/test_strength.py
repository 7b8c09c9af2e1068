"""Strength of comparisons: grades by code, equations counted once, caught values, bounds, scatter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.record.claims import EVIDENCE, Claims
from repro.record.comparator import Caught, Measured, Verdict, compare
from repro.record.judge import Evidence, verify
from repro.record.strength import equation, grade, witness
from tests.support.claims import REASON, made_up

OTHERS = [
    made_up("T.A", corpus={}),
    made_up("T.B", 5),
    made_up("T.W", "2024-01-31"),
    made_up("O.A", document="readings", section="overlay"),
    made_up("S.A", document="slides"),
    made_up("P.A", document="readings", section="figure5"),
    made_up("C.A", document="readings", section="protocol_of_the_published_scripts"),
    made_up("M.A", document="readme"),
]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("T.A", "R"),
        ("100 * T.A / 100", "R"),
        ("round(-T.A / 60, 1)", "R"),
        ("floor(T.A)", "R"),
        ("part(T.W, 0, 4)", "R"),
        ("number(part(T.W, 0, 4))", "R"),
        ("replaced(T.W, '-', '/') + ' MST'", "R"),
        ("part(T.W, 0, 4) + part(T.A, 0, 1)", "C"),
        ("shifted(T.W, 24)", "C"),
        ("O.A", "R"),  # the overlay of the thesis' own example
        ("floor(0.8 * T.A)", "C"),
        ("360 / 2", "R"),
        ("items('a, b')", "R"),
        ("T.A + 1", "C"),
        ("grim('T.A', 28)", "C"),  # a check of one claim is more than a repetition of it
        ("T.A + T.B", "C"),
        ("T.A / T.B", "C"),
        ("total('T.*')", "C"),
        ("S.A", "W"),
        ("T.A + P.A", "W"),
        ("C.A > 3", "W"),
        ("M.A", "R"),  # a README repeats its own project
        ("M.A + T.A", "C"),
    ],
)
def test_grade_of_arithmetic_follows_from_the_formula(formula: str, expected: str) -> None:
    """One bare or rescaled reference repeats, numbers of one document close, another document is a second witness."""
    judged = made_up("T.X", arithmetic={"formula": formula})
    assert grade(Claims([*OTHERS, judged]), judged, "arithmetic") == expected


@pytest.mark.parametrize(
    ("document", "section", "measure", "expected"),
    [
        ("readings", "figure5", "figure5.val_loss.e1", "R"),
        ("readings", "figure6", "figure7.mean_over_yes.night", "W"),
        ("readings", "gradcam_panels", "frames.height_px", "R"),
        ("slides", "results", "slides.bars.night.full", "R"),
        ("thesis", "II.2.2", "readme.table3.night.no_moon", "R"),
        ("thesis", "III.1.1", "figure5.val_loss_first", "W"),
    ],
)
def test_one_picture_read_twice_repeats(document: str, section: str, measure: str, expected: str) -> None:
    """A value read off a picture is repeated by the code that reads the same picture, or one of the README; others witness."""
    judged = made_up("F5.X", document=document, section=section, figure={"measure": measure})
    assert grade(Claims([judged]), judged, "figure") == expected


def test_grade_of_other_evidence() -> None:
    """Sky and networks predict, pictures witness, images reproduce, bounds bound; a rule that compares nothing has none."""
    bound, nothing = {"rule": "at_most"}, {"rule": "undecidable"}
    rules: dict[str, Any] = {"architecture": bound, "corpus": bound, "arithmetic": nothing}
    judged = made_up("T.X", **rules, **{kind: {} for kind in EVIDENCE if kind not in rules})
    assert {kind: grade(Claims([judged]), judged, kind) for kind in judged.evidence} == {
        "ephemeris": "P", "architecture": "B", "protocol": "P", "figure": "W", "corpus": "D", "arithmetic": None,
    }  # fmt: skip
    readme = made_up("M.X", document="readme", arithmetic={"formula": "T.A"})
    assert grade(Claims([*OTHERS, readme]), readme, "arithmetic") == "R"  # as a README that the thesis repeats


def test_witness_of_a_reading_is_what_was_read() -> None:
    """Readings of figures, of slides and of scripts are three witnesses."""
    assert [witness(other) for other in OTHERS if other.id in ("O.A", "P.A", "C.A")] == ["thesis", "figures", "scripts"]
    assert witness(made_up(document="readings", section="slides")) == "slides"


def test_an_equation_counts_once() -> None:
    """A = B + C seen from A, from B and from C is one closure; each is still a verdict."""
    claims = Claims(
        [
            made_up("T.A", 15, arithmetic={"formula": "T.B + T.C"}),
            made_up("T.B", 5, arithmetic={"formula": "T.A - T.C"}),
            made_up("T.C", 10, arithmetic={"formula": "T.A - T.B"}),
            made_up("T.D", 50, arithmetic={"formula": "T.B * T.C"}),
        ]
    )
    assert equation(claims, claims["T.A"]) == equation(claims, claims["T.C"]) == ("T.A", "T.B", "T.C")
    verification = verify(claims, Evidence({}, {}), detectors=())
    assert verification.summary["confirmed"] == 4
    assert verification.by_grade["C"]["confirmed"] == 2


def test_repetition_is_never_a_confirmation() -> None:
    """A value that stands in two places of one document reads repeated, and a conflict if the two differ."""
    rule = {"formula": "T.A"}
    claims = Claims([OTHERS[0], made_up("T.X", 10, arithmetic=rule), made_up("T.Y", 11, arithmetic=rule)])
    verification = verify(claims, Evidence({}, {"corpus": "no videos"}), detectors=())
    outcomes = {verdict.claim: verdict.outcome for verdict in verification.verdicts}
    assert (outcomes["T.X"], outcomes["T.Y"]) == ("repeated", "source_conflict")
    assert verification.summary["confirmed"] == 0
    assert [verdict.claim for verdict in verification.verdicts if verdict.drifted] == ["T.Y"]


def judged_by_sky(
    value: Any, measured: Any, *, sd: float | None = None, decimals: int = 0, unit: str = "", **rule: Any
) -> Verdict:
    """Verdict of a made-up prediction."""
    judged = made_up("T.X", value, decimals=decimals, unit=unit, ephemeris=rule)
    return compare(judged, "ephemeris", Measured(measured, sd=sd), grade(Claims([judged]), judged, "ephemeris"))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (judged_by_sky(100, 101, rule="relative", tolerance=0.1), Caught(91, 113)),  # 101 / 1.1 and 101 / 0.9
        (judged_by_sky(10, 10), Caught(9, 11)),
        (judged_by_sky(79.6, 79.577, rule="rounds_to", decimals=1), Caught(79.5, 79.7)),
        (judged_by_sky(39.3, 28.4, rule="absolute", tolerance=15, decimals=1), Caught(13.3, 43.5)),
        (judged_by_sky(0.104, 0.1, rule="at_most", decimals=3), Caught(0.099, None)),
        (judged_by_sky(5, (2, 6), rule="interval"), Caught(1, 7)),
        # In a conflict what is accepted lies around the measured value.
        (judged_by_sky(50, 10), Caught(9, 11)),
        (judged_by_sky(100, 100.0, sd=2.0, rule="scatter"), Caught(93, 107)),
        (judged_by_sky("word", "word"), Caught(any_other=True)),
        (judged_by_sky(0, -0.3), Caught(any_other=True)),  # no whole number is -0.3
    ],
)
def test_caught_values_are_the_nearest_refused_ones(verdict: Verdict, expected: Caught) -> None:
    """The smallest wrong values computed by moving the published value are those that follow on paper."""
    assert verdict.catches == expected


@given(
    measured=st.floats(1, 1e6),
    tolerance=st.floats(1, 1e4),
    rule=st.sampled_from(["absolute", "exact", "rounds_to", "at_most", "at_least"]),
)
def test_what_is_caught_turns_the_verdict_and_its_neighbour_does_not(
    measured: float, tolerance: float, rule: str
) -> None:
    """A caught value is refused, and one printed step nearer to the accepted ones agrees."""
    limit = {"tolerance": tolerance} if rule == "absolute" else {}
    value = round(measured)
    caught = judged_by_sky(value, measured, rule=rule, **limit).catches
    assert caught is not None
    for wrong, inward in ((caught.below, 1), (caught.above, -1)):
        if wrong is not None:
            assert judged_by_sky(wrong, measured, rule=rule, **limit).outcome == "contradicted"
            nearest = judged_by_sky(wrong + inward, measured, rule=rule, **limit)
            assert nearest.outcome != "contradicted" or (caught.above or 0) - (caught.below or 0) == 1


@pytest.mark.parametrize(
    ("value", "interval", "unit", "rule", "share", "outcome"),
    [
        (50, (40, 60), "%", {}, 0.79, "consistent"),
        (50, (10, 90), "%", {}, 0.19, "undecidable"),
        (100, (50, 150), "images", {}, 0.495, "undecidable"),
        (100, (90, 110), "images", {}, 0.895, "consistent"),
        (100, (90, 110), "images", {"plausible": (90, 120)}, 0.317, "undecidable"),
    ],
)
def test_a_bound_says_how_much_it_excludes(
    value: float, interval: tuple[float, float], unit: str, rule: dict[str, Any], share: float, outcome: str
) -> None:
    """A bound that leaves more than half of the plausible range open reads "not excluded" and decides nothing."""
    verdict = judged_by_sky(value, interval, unit=unit, rule="interval", **rule)
    assert verdict.excluded == pytest.approx(share, abs=0.001)
    assert verdict.outcome == outcome
    assert (verdict.words == "not excluded") == (outcome == "undecidable")
    assert not verdict.drifted


@pytest.mark.parametrize(
    ("published", "rule", "outcome", "z"),
    [
        (105, {"rule": "scatter"}, "consistent", 2.5),
        (107, {"rule": "scatter"}, "contradicted", 3.5),
        (107, {"rule": "relative", "tolerance": 0.25}, "contradicted", 3.5),  # a wide tolerance is no excuse
        (105, {"rule": "absolute", "tolerance": 2}, "contradicted", 2.5),
    ],
)
def test_a_prediction_is_contradicted_beyond_three_sigma(
    published: int, rule: dict[str, Any], outcome: str, z: float
) -> None:
    """A prediction with a standard deviation gives z, and more than 3 contradict it whatever the tolerance."""
    verdict = judged_by_sky(published, 100.0, sd=2.0, **rule)
    assert (verdict.outcome, verdict.z) == (outcome, pytest.approx(z))


def test_standard_deviations_are_looked_up_by_name() -> None:
    """``sd.<measure>`` is the deviation of a measure, or the quantity that ``sd`` names; without one there is no scatter."""
    own = made_up("T.X", ephemeris={"rule": "scatter"})
    named = made_up("T.Y", ephemeris={"rule": "scatter", "sd": "other"})
    quantities = {"ephemeris": {"m": 10.0, "sd.m": 1.0, "other": 2.0}}
    verdicts = verify(Claims([own, named]), Evidence(quantities, {}), detectors=()).verdicts
    assert [verdict.sd for verdict in verdicts] == [1.0, 2.0]
    without = verify(Claims([own]), Evidence({"ephemeris": {"m": 10.0}}, {}), detectors=()).verdicts[0]
    assert (without.outcome, "sd.m" in without.reason) == ("not_run", True)
    broken = verify(Claims([own]), Evidence({"ephemeris": {"m": 10.0, "sd.m": -1}}, {}), detectors=()).verdicts[0]
    assert broken.outcome == "error"


@pytest.mark.parametrize("rule", ["undecidable", "other_quantity", "out_of_scope"])
def test_a_rule_that_compares_nothing_says_so(rule: str) -> None:
    """Its outcome is undecidable with the reason, whatever a formula beside it gives; it neither passes nor drifts."""
    corpus = {"rule": rule, "measure": None}
    judged = made_up("T.X", 10, arithmetic={"rule": rule, "formula": "T.A + 5"}, corpus=corpus)
    verification = verify(Claims([OTHERS[0], judged]), Evidence({}, {"corpus": "no videos"}), detectors=())
    shown, without = [verdict for verdict in verification.verdicts if verdict.claim == "T.X"]
    assert (shown.outcome, shown.measured, shown.grade) == ("undecidable", 15, None)
    assert (without.outcome, without.measured) == ("undecidable", None)
    assert REASON in without.reason
    assert not shown.compared
    assert not verification.drifted
    assert verification.exit_code == 0


@pytest.mark.parametrize(
    ("nights", "frames", "outcome"),
    [(2, 0, "not_run"), (2, 1, "contradicted"), (331, 0, "confirmed"), (331, 1, "contradicted")],
)
def test_some_nights_refute_but_do_not_confirm_that_nothing_exists(nights: int, frames: int, outcome: str) -> None:
    """That no night has such a frame is confirmed by all nights only, and contradicted by any."""
    judged = made_up("T.X", 0, corpus={"coverage": "refuting"})
    evidence = Evidence({"corpus": {"m": frames}}, {}, nights, 331)
    assert verify(Claims([judged]), evidence, detectors=()).verdicts[0].outcome == outcome
