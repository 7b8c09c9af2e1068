"""Frames for the panels of section III.2: background, colour, form and weather, three cases each.

A frame named in ``params.yaml`` is taken. Else a rule chooses: among the frames that fit the case and are classified
as the panel's class, with a condition as dark as the case allows, one is drawn with the pipeline's seed. Form and weather
are known of a simulated corpus only; where the colour is unknown it is measured on the image. A case without a fitting frame
stays empty, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from repro.classifier.transforms import Pixels
from repro.errors import ReproError
from repro.seeding import generator

#: Panels of the thesis: the class explained, and the cases in their order.
PANELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "background": ("yes", ("Night", "Astro", "Nautical")),
    "colour": ("yes", ("red", "purple", "pink")),
    "form": ("yes", ("arc", "radial", "diffuse")),
    "weather": ("no", ("clear", "cloud", "snow")),
}
#: Values of each case in the column of the truth that bears the panel's name.
KINDS: dict[str, dict[str, tuple[str, ...]]] = {
    "colour": {"red": ("red",), "purple": ("purple",), "pink": ("pink",)},
    "form": {"arc": ("arc",), "radial": ("corona", "rays"), "diffuse": ("diffuse", "patchy")},
    "weather": {"clear": ("clear",), "cloud": ("overcast", "broken"), "snow": ("snow",)},
}
SEARCHED = 150  # frames looked at for their colour, drawn at random
SURE = 0.9  # p(class) from which a frame is a clear case; the surest are taken where none reaches it
COLOUR_SHARE = 0.02  # of the frame's pixels that must have a colour

Look = Callable[[str, str], Pixels]


@dataclass(frozen=True)
class Case:
    """One case of one panel: the class that is explained and the frame, None where none fits.

    ``chosen`` is the rule that chose the frame, or the reason why there is none.
    """

    panel: str
    case: str
    label: str
    name: str | None
    chosen: str


def choose(frames: pd.DataFrame, named: Mapping[str, Mapping[str, str]], seed: int, look: Look) -> list[Case]:
    """Choose the frames of all panels.

    ``frames`` are classified: ``name``, ``night``, ``sun_bin``, ``moon_bin``, ``p_yes``, ``predicted``; and where known
    ``truth`` (yes or no), ``form``, ``colour``, ``weather``. ``named`` are frames by panel and case that the user chose.
    ``look`` gives the pixels of a frame by night and name, for its colour. Raises ReproError if a named panel, case or
    frame does not exist.
    """
    _check(frames, named)
    cases = []
    for panel, (label, names) in PANELS.items():
        given = named.get(panel, {})
        fitting = _fitting(frames, panel, label, seed, look)
        for case in names:
            rows, rule = fitting[case]
            name = None
            if case in given:
                name, rule = given[case], "named in params.yaml"
            elif not rows.empty:
                sure = rows["p_yes"] if label == "yes" else 1 - rows["p_yes"]
                clear = rows[sure >= min(SURE, float(sure.max()))].sort_values("name")
                place = int(generator(seed, "gradcam", panel, case).integers(len(clear)))
                name = str(clear["name"].iloc[place])
            cases.append(Case(panel, case, label, name, rule))
    return cases


def _check(frames: pd.DataFrame, named: Mapping[str, Mapping[str, str]]) -> None:
    for panel, given in named.items():
        for case, name in given.items():
            known = PANELS.get(panel, ("", ()))[1]
            if case not in known:
                found, expected = f"{panel}: {case}", f"one of {', '.join(known) or ', '.join(PANELS)}"
            elif name not in set(frames["name"]):
                found, expected = f"frame {name}", "the name of a classified frame"
            else:
                continue
            raise ReproError(
                found=found,
                expected=expected,
                where="params.yaml, gradcam.panels",
                remedy="correct it, or leave it out",
            )


Fitting = dict[str, tuple[pd.DataFrame, str]]


def _fitting(frames: pd.DataFrame, panel: str, label: str, seed: int, look: Look) -> Fitting:
    """Frames that fit each case of a panel, with the rule that chose them or the reason why there are none."""
    right = frames[frames["predicted"] == label]
    if "truth" in right and (right["truth"] == label).any():
        right = right[(right["truth"] == label) | right["truth"].isna()]
    if panel == "background":
        return _backgrounds(right[right["moon_bin"] == "No_moon"], seed)
    dark = right[(right["sun_bin"] == "Night") & (right["moon_bin"] == "No_moon")]
    if panel == "colour" and "colour" not in frames:
        return _colours(dark, seed, look)
    if panel not in frames:
        return dict.fromkeys(KINDS[panel], (dark.iloc[:0], f"{panel} is unknown in this corpus; name a frame"))
    fitting = {}
    for case, words in KINDS[panel].items():
        at_night, anywhere = (rows[rows[panel].isin(words)] for rows in (dark, right))
        rows, where = (at_night, "Night and No_moon") if len(at_night) else (anywhere, "any condition")
        rule = f"{' or '.join(words)}, {where}, classified {label}"
        fitting[case] = (rows, rule if len(rows) else f"no frame: {rule}")
    return fitting


def _backgrounds(rows: pd.DataFrame, seed: int) -> Fitting:
    """One night's three backgrounds, as in the thesis; of different nights where no night has all three."""
    cases = PANELS["background"][1]
    bins = rows.groupby("night")["sun_bin"].agg(set)
    complete = sorted(str(night) for night, present in bins.items() if set(cases) <= present)
    if complete:
        night = complete[int(generator(seed, "gradcam", "night").integers(len(complete)))]
        rows, rule = rows[rows["night"] == night], "No_moon, classified yes, one night"
    else:
        rule = "No_moon, classified yes, different nights: no night has all three"
    by_case = {case: rows[rows["sun_bin"] == case] for case in cases}
    return {case: (fit, rule if len(fit) else f"no frame: {case}, {rule}") for case, fit in by_case.items()}


def _colours(rows: pd.DataFrame, seed: int, look: Look) -> Fitting:
    """The frames with most pixels of each colour other than green, among a random draw."""
    drawn = rows.sort_values("name")
    if len(drawn) > SEARCHED:
        places = generator(seed, "gradcam", "colour").choice(len(drawn), SEARCHED, replace=False)
        drawn = drawn.iloc[np.sort(places)]
    shares = pd.DataFrame(
        [colour_shares(look(night, name)) for night, name in zip(drawn["night"], drawn["name"], strict=True)],
        index=drawn.index,
        columns=list(PANELS["colour"][1]),
        dtype="float64",
    )
    fitting = {}
    for case in shares.columns:
        enough = shares[case][shares[case] >= COLOUR_SHARE].nlargest(3)
        rule = f"among the three of {len(drawn)} frames with most {case}"
        reason = f"no frame with at least {COLOUR_SHARE:.0%} {case} pixels"
        fitting[case] = (drawn.loc[enough.index], rule if len(enough) else reason)
    return fitting


def colour_shares(pixels: Pixels) -> dict[str, float]:
    """Share of an image's pixels, RGB uint8 (height, width, 3), that are bright and red, purple or pink.

    Bright is a value of 60 and more; red leads green by a fifth with little blue, pink likewise with blue at least half of red,
    purple where blue leads both.
    """
    red, green, blue = (pixels[..., k].astype(np.float32) for k in range(3))
    bright = pixels.max(-1) >= 60
    warm = bright & (red > 1.2 * green) & (red >= blue)
    return {
        "red": float((warm & (blue < 0.5 * red)).mean()),
        "purple": float((bright & (blue > 1.1 * red) & (blue > 1.1 * green) & (red > green)).mean()),
        "pink": float((warm & (blue >= 0.5 * red)).mean()),
    }
