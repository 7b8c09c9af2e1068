"""Findings from the record's own pictures, measured (evidence ``figure``)."""

from __future__ import annotations

from repro.record.findings.closure import MOONS, SUNS
from repro.record.findings.finding import Detector, Finding, View


def _cell(sun: str, moon: str) -> str:
    return f"{sun.lower()}.{moon.lower()}"


def two_pictures_agree(view: View) -> Finding:
    """Whether Figure 7, read bar by bar, gives the 18 numbers of Figure 6."""
    apart = {"MEAN": 0.0, "SD": 0.0}
    claims = []
    for sun in SUNS:
        for moon in MOONS:
            for label, quantity in (("MEAN", "mean_over_yes"), ("SD", "sd_over_yes")):
                claim = f"F6.YES.{sun}.{moon}.{label}"
                measured = view.quantity("figure", f"figure7.{quantity}.{_cell(sun, moon)}")
                apart[label] = max(apart[label], abs(measured - view.value(claim)))
                claims.append(claim)
    sums = [
        view.quantity("figure", f"figure7.sum_{side}.{_cell(sun, moon)}")
        for sun in SUNS
        for moon in MOONS
        for side in ("yes", "no")
    ]
    holds = max(apart.values()) <= 1.0  # one bin of Figure 7
    text = (
        f"Read bar by bar, Figure 7 gives the nine means of Figure 6 to {apart['MEAN']:.2f} points and its nine deviations to "
        f"{apart['SD']:.2f}, as the mean and population deviation of the frames classified yes; each predicted class sums to "
        f"{min(sums):.2f} to {max(sums):.2f}. Nothing was fitted."
    )
    return Finding(
        "FND.FIGURE7_GIVES_FIGURE6",
        f"Figures 6 and 7 {'agree' if holds else 'disagree'}: means within {apart['MEAN']:.1f}, deviations within {apart['SD']:.1f} points",
        tuple(claims),
        text,
        {
            "largest_mean_deviation_points": apart["MEAN"],
            "largest_sd_deviation_points": apart["SD"],
            "lowest_sum": min(sums),
            "highest_sum": max(sums),
        },
        "agreement" if holds else "conflict",
        14,
    )


def bins_between_extremes(view: View) -> Finding | None:
    """Whether the bars of Figure 7 are one point wide, as its axis suggests.

    Figures drawn with known borders confirm which histograms count as narrower. A border at 50 %, where low bars stand, is
    extrapolated from the others: in one of three such figures it came back 0.22 points off, more than three of its errors.
    Their own borders left 3 to 41 % of the misfit of whole points, other borders of whole points at least 95 %; in the
    record, no at Nautical & Moon Quarter leaves 54 %.
    """
    numbers, shown = {}, []
    for sun in SUNS:
        for moon in MOONS:
            for label in ("no", "yes"):
                first, last = (
                    view.quantity("figure", f"figure7.{label}_{end}_pct.{_cell(sun, moon)}")
                    for end in ("first", "last")
                )
                width = (last - first) / 50
                numbers[f"width_{label}_{sun}_{moon}_points".lower()] = width
                if width < 1:
                    shown.append(f"{label} at {sun.capitalize()} & {moon.capitalize()}, {first:.2f} to {last:.2f} %")
    if not shown:
        return None
    narrowest = min(numbers.values())
    text = (
        f"The axis of Figure 7 suggests bars of one percentage point. In {len(shown)} of its 18 histograms, one for each "
        f"condition and predicted class, the 50 bars lie between other borders: {'; '.join(shown)}. Each was drawn between its "
        "own smallest and largest probability, so that bars of two histograms at one place do not cover the same interval. "
        "The readings are means over whole points. A border near 50 %, where bars are low, may be off by a quarter of a point."
    )
    return Finding(
        "FND.BINS_BETWEEN_EXTREMES",
        f"{len(shown)} of 18 histograms of Figure 7 have bars narrower than one point, down to {narrowest:.3f}",
        ("F7.FIRST_BIN.NIGHT.NO_MOON", "F7.LAST_BIN.NIGHT.NO_MOON"),
        text,
        numbers,
        "remark",
        29,
    )


def occurrence_by_its_own_account(view: View) -> Finding | None:
    """What share of aurora the network's probabilities add up to, beside the shares that are printed or counted."""
    expected = view.quantity("figure", "figure7.expected_share_pct")
    counted = view.quantity("figure", "figure7.share_yes_pct")
    printed = view.value("TXT.OCCURRENCE")
    near = view.quantity("figure", "figure7.frames_near_decision")
    errors = view.quantity("figure", "figure7.expected_errors")
    least = view.quantity("figure", "figure7.least_errors")
    frames = view.value("TXT.FRAMES")
    if abs(printed - expected) <= 1:
        return None
    text = (
        f"Added up over all frames, the network's probabilities (Figure 7 with Table 6) give {expected:.1f} % aurora, where "
        f"{counted:.1f} % of the frames are classified yes and {printed:.1f} % is printed. By the same account {errors:,.0f} "
        f"of {frames:,.0f} frames ({100 * errors / frames:.1f} %) are classified wrongly, no fewer than {least:,.0f}, and "
        f"{near:,.0f} lie within 10 points of the decision. This takes the probabilities at their word; nobody has checked "
        "that they are calibrated."
    )
    return Finding(
        "FND.OCCURRENCE_BY_PROBABILITY",
        f"By its own probabilities the network expects {expected:.1f} % aurora, not {printed:.1f} %",
        ("TXT.OCCURRENCE", "TXT.FRAMES", "TXT.OCCURRENCE_ABOUT"),
        text,
        {
            "expected_share_percent": expected,
            "classified_yes_percent": counted,
            "printed_percent": printed,
            "expected_errors": errors,
            "least_errors": least,
            "frames_near_decision": near,
        },
        "remark",
        11,
    )


def conditions_never_validated(view: View) -> Finding | None:
    """How sure the network is where it was validated, and where it was not."""
    accuracy = {
        (sun, moon): view.quantity("figure", f"figure7.calibrated_accuracy_pct.{_cell(sun, moon)}")
        for sun in SUNS
        for moon in MOONS
    }
    validated = accuracy.pop(("NIGHT", "NO_MOON"))
    best, worst = max(accuracy, key=accuracy.__getitem__), min(accuracy, key=accuracy.__getitem__)
    if accuracy[best] >= validated:
        return None
    printed = view.value("TXT.ACCURACY_BEST")
    outside = view.value("TXT.FRAMES") - view.value("T3.NIGHT.NO_MOON")
    text = (
        f"If the probabilities of Figure 7 are taken at their word, {validated:.1f} % of the frames at Night & No_moon are "
        f"classified rightly (validation accuracy there: {printed:.2f} %, on as many yes as no), but only "
        f"{accuracy[worst]:.0f} to {accuracy[best]:.0f} % in the other eight conditions, of which no frame was labelled: "
        f"{outside:,.0f} of {view.value('TXT.FRAMES'):,.0f} frames. The printed accuracy says nothing about these."
    )
    claims = ("TXT.ACCURACY_BEST", *(f"T3.{sun}.{moon}" for sun, moon in accuracy))
    numbers = {f"accuracy_{_cell(*cell).replace('.', '_')}_percent": value for cell, value in accuracy.items()}
    return Finding(
        "FND.NEVER_VALIDATED",
        f"Eight conditions were never validated; by its own account the network is right in {accuracy[worst]:.0f} to {accuracy[best]:.0f} % there",
        claims,
        text,
        {"accuracy_night_no_moon_percent": validated, "frames_never_validated": outside, **numbers},
        "remark",
        8,
    )


def activation_does_not_disappear(view: View) -> Finding | None:
    """Whether the Grad-CAM map of a clear sky vanishes, as section III.2.4 says."""
    largest = view.quantity("figure", "gradcam.largest.clear")
    if largest < 0.5:
        return None
    area = 100 * view.quantity("figure", "gradcam.area_above_half.clear")
    maps = view.quantity("figure", "gradcam.maps")
    lowest = view.quantity("figure", "gradcam.lowest_of_largest")
    text = (
        f"Activation is said to disappear in a clear sky. The published map reaches {largest:.2f} of full scale there, over "
        f"half of it on {area:.0f} % of the picture. Each of the {maps:.0f} maps reaches at least {lowest:.2f}, because each "
        "is divided by its own largest value; no such map can show that activation disappears."
    )
    return Finding(
        "FND.ACTIVATION_DISAPPEARS",
        f"The Grad-CAM map of a clear sky reaches {largest:.2f} of full scale, it does not disappear",
        ("TXT.GRADCAM.CLEAR_DISAPPEARS", "GC.WEATHER"),
        text,
        {"largest": largest, "area_above_half_percent": area, "maps": maps},
        rank=17,
    )


def statements_about_maps(view: View) -> Finding:
    """Which statements of section III.2 hold on the recovered maps, beyond what changed maps give by chance."""
    saturated = [view.quantity("figure", f"gradcam.follows.chroma.{case}.p") for case in ("red", "purple", "pink")]
    edges = [view.quantity("figure", f"gradcam.follows.edge.{case}.p") for case in ("arc", "radial")]
    pairs = (("night", "astro"), ("night", "nautical"), ("astro", "nautical"))
    same = [view.quantity("figure", f"gradcam.similar.{a}.{b}.p") for a, b in pairs]
    overlap = [view.quantity("figure", f"gradcam.overlap.{a}.{b}") for a, b in pairs]
    areas = {
        case: 100 * view.quantity("figure", f"gradcam.area_above_half.{case}") for case in ("arc", "radial", "diffuse")
    }
    grid = view.quantity("figure", "gradcam.grid")

    tests = len(saturated) + len(edges) + len(same)

    def beyond(shares: list[float]) -> str:
        return f"{sum(share < 0.05 for share in shares)} of {len(shares)}"

    text = (
        f"Turned back into maps of {grid:.0f} x {grid:.0f}, the overlays follow saturated pixels in {beyond(saturated)} cases and "
        f"edges in {beyond(edges)}, beyond 95 % of shifted, mirrored and shuffled maps; the maps of three times of night are "
        f"alike in {beyond(same)} pairs and overlap by {min(overlap):.2f} to {max(overlap):.2f}. The diffuse form, said to be "
        f"broad, covers {areas['diffuse']:.0f} % above half scale, the arc {areas['arc']:.0f} %, the radial form "
        f"{areas['radial']:.0f} %. Of {tests} such tests at 5 % chance alone makes {0.05 * tests:.1f} succeed; twelve chosen "
        "pictures show what can occur, not how often."
    )
    numbers = {
        "saturated_beyond_reference": sum(share < 0.05 for share in saturated),
        "edges_beyond_reference": sum(share < 0.05 for share in edges),
        "pairs_beyond_reference": sum(share < 0.05 for share in same),
        **{f"area_above_half_{case}_percent": value for case, value in areas.items()},
    }
    holds = all(share < 0.05 for share in (*saturated, *edges, *same)) and areas["diffuse"] > areas["arc"]
    return Finding(
        "FND.MAPS_MEASURED",
        f"Grad-CAM measured: saturated pixels in {beyond(saturated)}, the same region in {beyond(same)} pictures",
        ("TXT.GRADCAM.SAME_REGION", "TXT.GRADCAM.SATURATED_PIXELS", "TXT.GRADCAM.DIFFUSE_BROAD", "GC.BACKGROUND"),
        text,
        numbers,
        "agreement" if holds else "conflict",
        17,
    )


DETECTORS: tuple[Detector, ...] = (
    two_pictures_agree,
    bins_between_extremes,
    occurrence_by_its_own_account,
    conditions_never_validated,
    activation_does_not_disappear,
    statements_about_maps,
)
