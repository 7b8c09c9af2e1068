"""The seven classes as functions of the truth."""

import numpy as np
import pandas as pd
import pytest

from repro.forms.classes import ambiguous, classes_of, labellers, shifted
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
