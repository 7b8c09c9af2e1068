"""The seven classes of Kvammen's record, and which of them a simulated frame has.

The record names its classes and gives no criteria. The rules here are ours, functions of the truth alone, and each is
stated once:

=============  ====================================================================================================
clear-faint    aurora on less than ``visible_share_min`` of the sky, or fainter than ``faint_brightness_max``
edge           at most ``edge_high_share_max`` of the auroral pixels above 30 deg
colored        redder or bluer than ``colored_redness_min``
breakup        sheets that wind by ``winding_min`` or more, over ``breakup_share_min`` of the sky
patchy         the form is patchy or pulsating
arcs-bands     sheets that wind less, so that they stretch across the sky
discrete       sheets that wind by ``winding_min`` or more
=============  ====================================================================================================

Sheets are arcs, bands, rays, folds and coronae. How much they wind is measured (:mod:`repro.forms.winding`), since a
fold far away, seen from the side, looks like an arc, and rays are a structure that arcs and bands have, too. How fast a
display changes is no part of a rule: a single picture does not show it. Classes overlap, so the first in the order of precedence whose rule holds is the frame's. A bright diffuse glow has none.
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
TRUTH = ("aurora_share", "high_share", "brightness", "redness", "winding", "form")
HIGH_DEG = 30.0  # altitude above which aurora is not at the edge
_SHEETS = ("arc", "bands", "folded", "rays", "corona")
Bools = npt.NDArray[np.bool_]


def holding(truth: pd.DataFrame, rules: FormRules) -> dict[AuroralClass, Bools]:
    """Frames for which each class' rule holds, whatever the others say.

    Truth has the columns :data:`TRUTH`: shares 0 to 1, linear ``brightness``, a ``form`` of the observatory or ``none``.
    """
    form, share = truth["form"].to_numpy(str), truth["aurora_share"].to_numpy()
    sheets = np.isin(form, _SHEETS)
    wound = sheets & (truth["winding"].to_numpy() >= rules.winding_min)
    return {
        "clear-faint": (share < rules.visible_share_min)
        | (truth["brightness"].to_numpy() < rules.faint_brightness_max),
        "edge": (share >= rules.visible_share_min) & (truth["high_share"].to_numpy() <= rules.edge_high_share_max),
        "colored": truth["redness"].to_numpy() >= rules.colored_redness_min,
        "breakup": wound & (share >= rules.breakup_share_min),
        "patchy": np.isin(form, ("patchy", "pulsating")),
        "arcs-bands": sheets & ~wound,
        "discrete": wound,
    }


def classes_of(truth: pd.DataFrame, rules: FormRules, precedence: Sequence[AuroralClass]) -> npt.NDArray[np.str_]:
    """Class of each frame: the first in the order of precedence whose rule holds; ``none`` where no rule does."""
    holds = holding(truth, rules)
    names = np.array([*precedence, "none"])
    table = np.stack([*(holds[name] for name in precedence), np.ones(len(truth), bool)])
    return np.asarray(names[table.argmax(0)])


def shifted(rules: FormRules, share: float) -> FormRules:
    """The rules with limits raised by a share of themselves (lowered, if it is negative); shares stay at most 1."""
    changed = {}
    for name in FormRules.model_fields:
        value = getattr(rules, name) * (1 + share)
        changed[name] = min(value, 1.0) if "share" in name or "winding" in name else value
    return rules.model_copy(update=changed)


def labellers(
    truth: pd.DataFrame, rules: FormRules, precedence: Sequence[AuroralClass], shift: float
) -> dict[str, npt.NDArray[np.str_]]:
    """Class of each frame by two simulated labellers, whose limits are all ``low`` or all ``high`` by a share, and by ``rules``."""
    shifts = {"low": -shift, "rules": 0.0, "high": shift}
    return {name: classes_of(truth, shifted(rules, share), precedence) for name, share in shifts.items()}


def ambiguous(truth: pd.DataFrame, rules: FormRules, precedence: Sequence[AuroralClass], shift: float) -> Bools:
    """Frames whose class by the rules one of the two labellers does not give them."""
    said = labellers(truth, rules, precedence, shift)
    return np.asarray((said["low"] != said["rules"]) | (said["high"] != said["rules"]))
