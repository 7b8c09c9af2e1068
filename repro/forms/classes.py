"""The seven classes of Kvammen's record, and which of them a simulated frame has.

The record names its classes and gives no criteria. The rules here are ours, functions of the truth alone, and each is
stated once:

=============  ====================================================================================================
clear-faint    aurora on less than ``visible_share_min`` of the sky, or fainter than ``faint_brightness_max``
edge           at most ``edge_high_share_max`` of the auroral pixels above 30 deg
colored        redder or bluer than ``colored_redness_min``
breakup        folded, rays or corona over ``breakup_share_min`` of the sky that changes by ``breakup_change_min``
patchy         the form is patchy or pulsating
arcs-bands     the form is arc or bands
discrete       the form is folded, rays or corona
=============  ====================================================================================================

Classes overlap, so the first in the order of precedence whose rule holds is the frame's. A bright diffuse glow has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.params import AuroralClass, FormRules

#: In the order of the data record; class numbers follow it.
CLASSES: tuple[AuroralClass, ...] = get_args(AuroralClass)
#: Columns of a frame's truth that the rules read.
TRUTH = ("aurora_share", "high_share", "brightness", "redness", "change", "form")
HIGH_DEG = 30.0  # altitude above which aurora is not at the edge
_ACTIVE = ("folded", "rays", "corona")
_LIMITS = tuple(name for name in FormRules.model_fields if name != "margin")
Bools = npt.NDArray[np.bool_]


def holding(truth: pd.DataFrame, rules: FormRules) -> dict[AuroralClass, Bools]:
    """Frames for which each class' rule holds, whatever the others say.

    Truth has the columns :data:`TRUTH`: shares 0 to 1, linear ``brightness``, a ``form`` of the observatory or ``none``.
    """
    form, share = truth["form"].to_numpy(str), truth["aurora_share"].to_numpy()
    active = np.isin(form, _ACTIVE)
    return {
        "clear-faint": (share < rules.visible_share_min)
        | (truth["brightness"].to_numpy() < rules.faint_brightness_max),
        "edge": (share >= rules.visible_share_min) & (truth["high_share"].to_numpy() <= rules.edge_high_share_max),
        "colored": truth["redness"].to_numpy() >= rules.colored_redness_min,
        "breakup": active
        & (share >= rules.breakup_share_min)
        & (truth["change"].to_numpy() >= rules.breakup_change_min),
        "patchy": np.isin(form, ("patchy", "pulsating")),
        "arcs-bands": np.isin(form, ("arc", "bands")),
        "discrete": active,
    }


def classes_of(truth: pd.DataFrame, rules: FormRules, precedence: Sequence[AuroralClass]) -> npt.NDArray[np.str_]:
    """Class of each frame: the first in the order of precedence whose rule holds; ``none`` where no rule does."""
    holds = holding(truth, rules)
    names = np.array([*precedence, "none"])
    table = np.stack([*(holds[name] for name in precedence), np.ones(len(truth), bool)])
    return np.asarray(names[table.argmax(0)])


def shifted(rules: FormRules, share: float, only: Sequence[str] = _LIMITS) -> FormRules:
    """The rules with limits raised by a share of themselves (lowered, if it is negative); shares stay at most 1."""
    changed = {}
    for name in only:
        value = getattr(rules, name) * (1 + share)
        changed[name] = min(value, 1.0) if "share" in name or "change" in name else value
    return rules.model_copy(update=changed)


def ambiguous(truth: pd.DataFrame, rules: FormRules, precedence: Sequence[AuroralClass]) -> Bools:
    """Frames whose class is another, or none, when a single limit moves by ``rules.margin`` either way."""
    usual = classes_of(truth, rules, precedence)
    unsure = np.zeros(len(truth), bool)
    for name in _LIMITS:
        for share in (-rules.margin, rules.margin):
            unsure |= classes_of(truth, shifted(rules, share, [name]), precedence) != usual
    return unsure
