"""The seven classes as functions of the truth, and how much sheets wind as the camera sees them."""

import numpy as np
import pandas as pd
import pytest

from repro.forms.classes import ambiguous, classes_of, labellers, shifted
from repro.forms.winding import winding
from repro.observatory.aurora import SHEET
from repro.observatory.display import _SHEET_BASE
from repro.params import FormRules, FormsCampaign

RULES, ORDER, SHIFT = FormRules(), FormsCampaign().precedence, FormsCampaign().labeller_shift
#: A plain frame of each class.
PLAIN = {
    "breakup": {"form": "folded", "aurora_share": 0.8, "winding": 0.5},
    "colored": {"form": "rays", "redness": 1.5},
    "arcs-bands": {"form": "arc"},
    "discrete": {"form": "folded", "winding": 0.5},
    "patchy": {"form": "pulsating"},
    "edge": {"form": "arc", "high_share": 0.0},
    "clear-faint": {"form": "arc", "brightness": 0.001},
    "none": {"form": "diffuse"},
}
USUAL = {"aurora_share": 0.2, "high_share": 0.6, "brightness": 0.1, "redness": 0.6, "winding": 0.05, "form": "arc"}


def frames(*changes: dict) -> pd.DataFrame:
    """Truth of frames that differ from the usual one."""
    return pd.DataFrame([{**USUAL, **change} for change in changes])


def test_each_class_has_a_plain_frame() -> None:
    """Every class can be reached, a bright diffuse glow has none, and none of these frames is ambiguous."""
    table = frames(*PLAIN.values())
    assert classes_of(table, RULES, ORDER).tolist() == list(PLAIN)
    assert not ambiguous(table, RULES, ORDER, SHIFT).any()


@pytest.mark.parametrize(("first", "second"), [("colored", "breakup"), ("breakup", "colored")])
def test_precedence_decides_where_classes_overlap(first: str, second: str) -> None:
    """A colored breakup is whichever of the two comes first."""
    both = frames({**PLAIN["breakup"], "redness": 1.5})
    order = ["edge", "clear-faint", first, second, "patchy", "arcs-bands", "discrete"]
    assert classes_of(both, RULES, order)[0] == first


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({"aurora_share": 0.0201}, "visible_share_min"),
        ({"brightness": 0.0165}, "faint_brightness_max"),
        ({"high_share": 0.099}, "edge_high_share_max"),
        ({"redness": 1.02}, "colored_redness_min"),
        ({"form": "folded", "aurora_share": 0.41, "winding": 0.5}, "breakup_share_min"),
        ({"form": "folded", "winding": 0.24}, "winding_min"),
    ],
)
def test_frames_near_a_limit_are_ambiguous(change: dict, limit: str) -> None:
    """Each limit makes the frames beside it ambiguous, and only with labellers whose limits differ enough."""
    table = frames(change)
    assert ambiguous(table, RULES, ORDER, SHIFT).all(), limit
    assert not ambiguous(table, RULES, ORDER, 0.002).any()


def test_two_labellers_agree_on_a_clear_frame() -> None:
    """Of a frame that is not ambiguous both labellers say what the rules say; of the others at least one does not."""
    table = frames(*({"aurora_share": share, "winding": 0.5, "form": "folded"} for share in np.linspace(0.01, 0.9, 60)))
    said = labellers(table, RULES, ORDER, SHIFT)
    unsure = ambiguous(table, RULES, ORDER, SHIFT)
    assert 0 < unsure.sum() < len(table)
    agreed = (said["low"] == said["rules"]) & (said["high"] == said["rules"])
    assert (agreed == ~unsure).all()


@pytest.mark.parametrize(("form", "winding"), [("rays", 0.1), ("folded", 0.05), ("bands", 0.5), ("arc", 0.4)])
def test_what_is_seen_decides_and_not_the_name_of_the_form(form: str, winding: float) -> None:
    """A rayed arc and a fold seen from the side are arcs; bands that wind are discrete."""
    expected = "discrete" if winding > 0.3 else "arcs-bands"
    assert classes_of(frames({"form": form, "winding": winding}), RULES, ORDER).tolist() == [expected]


def test_shifted_limits() -> None:
    """Limits move by the share asked for, and shares of the sky stay shares."""
    assert shifted(RULES, 0.5).faint_brightness_max == pytest.approx(1.5 * RULES.faint_brightness_max)
    assert shifted(RULES, 5.0).breakup_share_min == 1.0
    assert shifted(RULES, 9.0).winding_min == 1.0
    fainter = frames({"brightness": 1.2 * RULES.faint_brightness_max})
    assert classes_of(fainter, RULES, ORDER)[0] != "clear-faint"
    assert classes_of(fainter, shifted(RULES, 0.3), ORDER)[0] == "clear-faint"


CURL = {"swirl_deg": 270.0, "swirl_km": 110.0}


def of(*sheets: dict[str, float]) -> float:
    """Winding of a frame with these sheets, each a straight one but for what is given."""
    rows = [{**_SHEET_BASE, "amplitude": 0.2, "width_km": 10.0, **sheet} for sheet in sheets]
    return float(winding(np.array([[[row[name] for name in SHEET] for row in rows]]))[0])


def test_a_straight_arc_does_not_wind() -> None:
    """Wherever it stands, an arc along magnetic east and west has a winding of zero but for the grid; rays are no winding."""
    for north_km in (-250.0, 0.0, 60.0, 400.0):
        assert of({"north_km": north_km}) < 0.03
    assert of({"north_km": 120.0, "ray": 0.6, "ray_km": 9.0}) < 0.08


@pytest.mark.parametrize("degrees", [15.0, 30.0, 45.0, 70.0])
def test_a_tilted_arc_winds_by_the_square_of_the_sine(degrees: float) -> None:
    """An arc at an angle to the east has the winding sin^2 of it on the ground; the lens bends it by somewhat more."""
    square = float(np.sin(np.radians(degrees)) ** 2)
    assert square - 0.01 < of({"slope": float(np.tan(np.radians(degrees)))}) < square + 0.12


def test_a_curl_winds_and_less_so_far_away() -> None:
    """A curl overhead runs every way; the same curl further off is foreshortened."""
    overhead, off, far = (of({**CURL, "north_km": km, "swirl_north_km": km}) for km in (0.0, 250.0, 500.0))
    assert overhead > 0.3
    assert overhead > off > far
    assert far < 0.15


def test_faint_sheets_count_by_their_light() -> None:
    """A weak curl beside a bright arc hardly shows; without light there is no winding."""
    curl = {**CURL, "amplitude": 0.01}
    assert of({"north_km": 150.0}, curl) < 0.3 * of(curl)
    assert of({"amplitude": 0.0}) == 0.0
