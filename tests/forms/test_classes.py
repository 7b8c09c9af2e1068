"""The seven classes as functions of the truth."""

from __future__ import annotations

import pandas as pd
import pytest

from repro.forms.classes import ambiguous, classes_of, holding, shifted
from repro.params import FormRules, FormsCampaign

RULES, ORDER = FormRules(), FormsCampaign().precedence
#: A plain frame of each class.
PLAIN = {
    "breakup": {"form": "folded", "aurora_share": 0.8, "change": 0.5},
    "colored": {"form": "rays", "redness": 1.5},
    "arcs-bands": {"form": "arc"},
    "discrete": {"form": "rays"},
    "patchy": {"form": "pulsating"},
    "edge": {"form": "arc", "high_share": 0.0},
    "clear-faint": {"form": "arc", "brightness": 0.001},
    "none": {"form": "diffuse"},
}
USUAL = {"aurora_share": 0.2, "high_share": 0.6, "brightness": 0.1, "redness": 0.6, "change": 0.05, "form": "arc"}


def frames(*changes: dict) -> pd.DataFrame:
    """Truth of frames that differ from the usual one."""
    return pd.DataFrame([{**USUAL, **change} for change in changes])


def test_each_class_has_a_plain_frame() -> None:
    """Every class can be reached, a bright diffuse glow has none, and none of these frames is ambiguous."""
    table = frames(*PLAIN.values())
    assert classes_of(table, RULES, ORDER).tolist() == list(PLAIN)
    assert not ambiguous(table, RULES, ORDER).any()


@pytest.mark.parametrize(("first", "second"), [("colored", "breakup"), ("breakup", "colored")])
def test_precedence_decides_where_classes_overlap(first: str, second: str) -> None:
    """A colored breakup is whichever of the two comes first."""
    both = frames({**PLAIN["breakup"], "redness": 1.5})
    holds = holding(both, RULES)
    assert holds["breakup"][0]
    assert holds["colored"][0]
    order = ["edge", "clear-faint", first, second, "patchy", "arcs-bands", "discrete"]
    assert classes_of(both, RULES, order)[0] == first


@pytest.mark.parametrize(
    ("change", "limit"),
    [
        ({"aurora_share": 0.0201}, "visible_share_min"),
        ({"brightness": 0.0165}, "faint_brightness_max"),
        ({"high_share": 0.099}, "edge_high_share_max"),
        ({"redness": 1.02}, "colored_redness_min"),
        ({"form": "folded", "aurora_share": 0.52, "change": 0.5}, "breakup_share_min"),
        ({"form": "folded", "aurora_share": 0.8, "change": 0.19}, "breakup_change_min"),
    ],
)
def test_frames_near_a_limit_are_ambiguous(change: dict, limit: str) -> None:
    """Each limit makes the frames beside it ambiguous, and only with a margin that reaches them."""
    table = frames(change)
    assert ambiguous(table, RULES, ORDER).all(), limit
    assert not ambiguous(table, RULES.model_copy(update={"margin": 0.0}), ORDER).any()


def test_shifted_limits() -> None:
    """Limits move by the share asked for, and shares of the sky stay shares."""
    raised = shifted(RULES, 0.5)
    assert raised.faint_brightness_max == pytest.approx(1.5 * RULES.faint_brightness_max)
    assert shifted(RULES, 5.0).breakup_share_min == 1.0
    assert raised.margin == RULES.margin
    fainter = frames({"brightness": 1.2 * RULES.faint_brightness_max})
    assert classes_of(fainter, RULES, ORDER)[0] != "clear-faint"
    assert classes_of(fainter, shifted(RULES, 0.3, ["faint_brightness_max"]), ORDER)[0] == "clear-faint"
