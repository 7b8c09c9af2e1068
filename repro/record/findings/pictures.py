"""Findings from the record's own pictures, measured (evidence ``figure``)."""

from __future__ import annotations

from repro.record.findings.finding import CONDITIONS, Detector, Finding, Numbers, View, agreement


def _of_figure7(view: View, name: str, sun: str, moon: str) -> float:
    return view.quantity("figure", f"figure7.{name}.{sun}.{moon}".lower())


def two_pictures_agree(view: View) -> Finding:
    """Whether Figure 7, read bar by bar, gives the 18 numbers of Figure 6."""
    largest, claims = {"MEAN": 0.0, "SD": 0.0}, []
    for sun, moon in CONDITIONS:
        for label in largest:
            claim = f"F6.YES.{sun}.{moon}.{label}"
            measured = _of_figure7(view, f"{label}_over_yes", sun, moon)
            largest[label] = max(largest[label], abs(measured - view.value(claim)))
            claims.append(claim)
    n = Numbers(largest_mean_deviation_points=largest["MEAN"], largest_sd_deviation_points=largest["SD"])
    sums = [_of_figure7(view, f"sum_{side}", *cell) for cell in CONDITIONS for side in ("yes", "no")]
    n.lowest_sum, n.highest_sum = min(sums), max(sums)
    holds = max(largest.values()) <= 1.0  # one bin of Figure 7
    text = (
        f"Read bar by bar, Figure 7 gives the nine means of Figure 6 to {largest['MEAN']:.2f} points and its nine deviations "
        f"to {largest['SD']:.2f}, as the mean and population deviation of the frames classified yes; each predicted class "
        f"sums to {n.lowest_sum:.2f} to {n.highest_sum:.2f}. Nothing was fitted."
    )
    title = (
        f"Figures 6 and 7 {'agree' if holds else 'disagree'}: means within {largest['MEAN']:.1f}, deviations within "
        f"{largest['SD']:.1f} points"
    )
    return Finding("FND.FIGURE7_GIVES_FIGURE6", title, tuple(claims), text, vars(n), agreement(holds), 14)


def bins_between_extremes(view: View) -> Finding | None:
    """Whether the bars of Figure 7 are one point wide, as its axis suggests.

    Figures drawn with known borders confirm which histograms count as narrower. A border at 50 %, where low bars stand, is
    extrapolated from the others: in one of three such figures it came back 0.22 points off, more than three of its errors.
    Their own borders left 3 to 41 % of the misfit of whole points, other borders of whole points at least 95 %; in the
    record, no at Nautical & Moon Quarter leaves 54 %.
    """
    numbers, narrow = {}, []
    for sun, moon in CONDITIONS:
        for label in ("no", "yes"):
            first, last = (_of_figure7(view, f"{label}_{end}_pct", sun, moon) for end in ("first", "last"))
            width = (last - first) / 50
            numbers[f"width_{label}_{sun}_{moon}_points".lower()] = width
            if width < 1:
                narrow.append(f"{label} at {sun.capitalize()} & {moon.capitalize()}, {first:.2f} to {last:.2f} %")
    if not narrow:
        return None
    text = (
        f"The axis of Figure 7 suggests bars of one percentage point. In {len(narrow)} of its 18 histograms, one for each "
        f"condition and predicted class, the 50 bars lie between other borders: {'; '.join(narrow)}. Each was drawn between "
        "its own smallest and largest probability, so that bars of two histograms at one place do not cover the same interval. "
        "The readings are means over whole points. A border near 50 %, where bars are low, may be off by a quarter of a point."
    )
    title = f"{len(narrow)} of 18 histograms of Figure 7 have bars narrower than one point, down to {min(numbers.values()):.3f}"
    claims = ("F7.FIRST_BIN.NIGHT.NO_MOON", "F7.LAST_BIN.NIGHT.NO_MOON")
    return Finding("FND.BINS_BETWEEN_EXTREMES", title, claims, text, numbers, "remark", 29)


def occurrence_by_its_own_account(view: View) -> Finding | None:
    """What share of aurora the network's probabilities add up to, beside the shares that are printed or counted."""
    n, frames = Numbers(), view.value("TXT.FRAMES")
    n.expected_share_percent, n.classified_yes_percent = view.quantities(
        "figure", "figure7", "expected_share_pct", "share_yes_pct"
    )
    n.printed_percent = view.value("TXT.OCCURRENCE")
    n.expected_errors, n.least_errors, n.frames_near_decision = view.quantities(
        "figure", "figure7", "expected_errors", "least_errors", "frames_near_decision"
    )
    if abs(n.printed_percent - n.expected_share_percent) <= 1:
        return None
    text = (
        f"Added up over all frames, the network's probabilities (Figure 7 with Table 6) give {n.expected_share_percent:.1f} % "
        f"aurora, where {n.classified_yes_percent:.1f} % of the frames are classified yes and {n.printed_percent:.1f} % is "
        f"printed. By the same account {n.expected_errors:,.0f} of {frames:,.0f} frames "
        f"({100 * n.expected_errors / frames:.1f} %) are classified wrongly, no fewer than {n.least_errors:,.0f}, and "
        f"{n.frames_near_decision:,.0f} lie within 10 points of the decision. This takes the probabilities at their word; "
        "nobody has checked that they are calibrated."
    )
    title = (
        f"By its own probabilities the network expects {n.expected_share_percent:.1f} % aurora, not "
        f"{n.printed_percent:.1f} %"
    )
    claims = ("TXT.OCCURRENCE", "TXT.FRAMES", "TXT.OCCURRENCE_ABOUT")
    return Finding("FND.OCCURRENCE_BY_PROBABILITY", title, claims, text, vars(n), "remark", 11)


def conditions_never_validated(view: View) -> Finding | None:
    """How sure the network is where it was validated, and where it was not."""
    accuracy = {cell: _of_figure7(view, "calibrated_accuracy_pct", *cell) for cell in CONDITIONS}
    validated = accuracy.pop(("NIGHT", "NO_MOON"))
    worst, best = min(accuracy.values()), max(accuracy.values())
    if best >= validated:
        return None
    frames = view.value("TXT.FRAMES")
    n = Numbers(accuracy_night_no_moon_percent=validated)
    n.frames_never_validated = frames - view.value("T3.NIGHT.NO_MOON")
    text = (
        f"If the probabilities of Figure 7 are taken at their word, {validated:.1f} % of the frames at Night & No_moon are "
        f"classified rightly (validation accuracy there: {view.value('TXT.ACCURACY_BEST'):.2f} %, on as many yes as no), but "
        f"only {worst:.0f} to {best:.0f} % in the other eight conditions, of which no frame was labelled: "
        f"{n.frames_never_validated:,.0f} of {frames:,.0f} frames. The printed accuracy says nothing about these."
    )
    title = (
        f"Eight conditions were never validated; by its own probabilities the network is right in {worst:.0f} to {best:.0f} % "
        "there"
    )
    claims = ("TXT.ACCURACY_BEST", *(f"T3.{sun}.{moon}" for sun, moon in accuracy))
    numbers = vars(n) | {f"accuracy_{sun}_{moon}_percent".lower(): value for (sun, moon), value in accuracy.items()}
    return Finding("FND.NEVER_VALIDATED", title, claims, text, numbers, "remark", 8)


def activation_does_not_disappear(view: View) -> Finding | None:
    """Whether the Grad-CAM map of a clear sky vanishes, as section III.2.4 says."""
    n = Numbers(largest=view.quantity("figure", "gradcam.largest.clear"))
    if n.largest < 0.5:
        return None
    n.area_above_half_percent = 100 * view.quantity("figure", "gradcam.area_above_half.clear")
    n.maps, lowest = view.quantities("figure", "gradcam", "maps", "lowest_of_largest")
    text = (
        f"Activation is said to disappear in a clear sky. The published map reaches {n.largest:.2f} of full scale there, over "
        f"half of it on {n.area_above_half_percent:.0f} % of the picture. Each of the {n.maps:.0f} maps reaches at least "
        f"{lowest:.2f}, because each is divided by its own largest value; no such map can show that activation disappears."
    )
    title = f"The Grad-CAM map of a clear sky reaches {n.largest:.2f} of full scale, it does not disappear"
    claims = ("TXT.GRADCAM.CLEAR_DISAPPEARS", "GC.WEATHER")
    return Finding("FND.ACTIVATION_DISAPPEARS", title, claims, text, vars(n), rank=17)


def statements_about_maps(view: View) -> Finding:
    """Which statements of section III.2 hold on the recovered maps, beyond what changed maps give by chance."""
    pairs = ("night.astro", "night.nautical", "astro.nautical")
    saturated = view.quantities(
        "figure", "gradcam.follows.chroma", *(f"{case}.p" for case in ("red", "purple", "pink"))
    )
    edges = view.quantities("figure", "gradcam.follows.edge", *(f"{case}.p" for case in ("arc", "radial")))
    same = view.quantities("figure", "gradcam.similar", *(f"{pair}.p" for pair in pairs))
    overlap = view.quantities("figure", "gradcam.overlap", *pairs)
    forms = ("arc", "radial", "diffuse")
    arc, radial, diffuse = areas = [100 * area for area in view.quantities("figure", "gradcam.area_above_half", *forms)]
    grid = view.quantity("figure", "gradcam.grid")
    tests = [*saturated, *edges, *same]

    def beyond(shares: list[float]) -> int:
        return sum(share < 0.05 for share in shares)

    numbers = {
        "saturated_beyond_reference": beyond(saturated),
        "edges_beyond_reference": beyond(edges),
        "pairs_beyond_reference": beyond(same),
        **{f"area_above_half_{form}_percent": area for form, area in zip(forms, areas, strict=True)},
    }
    text = (
        f"Turned back into maps of {grid:.0f} x {grid:.0f}, the overlays follow saturated pixels in {beyond(saturated)} of "
        f"{len(saturated)} cases and edges in {beyond(edges)} of {len(edges)}, beyond 95 % of shifted, mirrored and shuffled "
        f"maps; the maps of three times of night are alike in {beyond(same)} of {len(same)} pairs and overlap by "
        f"{min(overlap):.2f} to {max(overlap):.2f}. The diffuse form, said to be broad, covers {diffuse:.0f} % above half "
        f"scale, the arc {arc:.0f} %, the radial form {radial:.0f} %. Of {len(tests)} such tests at 5 % chance alone makes "
        f"{0.05 * len(tests):.1f} succeed; twelve chosen pictures show what can occur, not how often."
    )
    title = (
        f"Maps follow saturated pixels in {beyond(saturated)} of {len(saturated)} pictures, the same region in "
        f"{beyond(same)} of {len(same)} pairs"
    )
    claims = ("TXT.GRADCAM.SAME_REGION", "TXT.GRADCAM.SATURATED_PIXELS", "TXT.GRADCAM.DIFFUSE_BROAD", "GC.BACKGROUND")
    holds = beyond(tests) == len(tests) and diffuse > arc
    return Finding("FND.MAPS_MEASURED", title, claims, text, numbers, agreement(holds), 17)


DETECTORS: tuple[Detector, ...] = (
    two_pictures_agree,
    bins_between_extremes,
    occurrence_by_its_own_account,
    conditions_never_validated,
    activation_does_not_disappear,
    statements_about_maps,
)
