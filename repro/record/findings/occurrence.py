"""Findings about how often there is aurora: what the counts of Table 6 can and cannot say."""

from __future__ import annotations

import math
from statistics import NormalDist

from repro.record.findings.closure import MOONS, SUNS, condition_words
from repro.record.findings.finding import Detector, Finding, View
from repro.record.findings.split import label_clustering


def occurrence_bounded(view: View) -> Finding:
    """Whether the printed occurrences are possible for a network of the printed accuracy."""
    yes, no = view.value("T6.NIGHT.NO_MOON.YES"), view.value("T6.NIGHT.NO_MOON.NO")
    share = 100 * yes / (yes + no)
    low, high = view.interval("protocol", "occurrence.night_no_moon")
    lowest, highest = view.interval("protocol", "occurrence.night_no_moon.wilson")
    ratio, mean = view.value("T6.NIGHT.NO_MOON.RATIO"), view.value("TXT.OCCURRENCE")
    outside = min(ratio, mean) > highest
    text = (
        f"The validation accuracy fixes the sum of sensitivity and specificity. With {share:.1f} % of the frames classified "
        f"yes at Night & No_moon, the true share with aurora is {low:.1f} % if all errors are false positives and {high:.1f} % "
        f"if all are false negatives, {lowest:.1f} to {highest:.1f} % with the error of the accuracy (Rogan & Gladen 1978; "
        f"Wilson 1927). The printed {ratio:.1f} and {mean:.1f} % lie {'outside' if outside else 'inside'}: they are odds, not "
        "shares. The bound assumes that validation stands for all Night & No_moon frames."
    )
    title = f"True occurrence at Night & No_moon lies between {low:.0f} and {high:.0f} %; {mean:.1f} % is printed"
    numbers = {
        "classified_yes_percent": share,
        "low_percent": low,
        "high_percent": high,
        "lowest_percent": lowest,
        "highest_percent": highest,
    }
    claims = (
        "TXT.OCCURRENCE",
        "T6.NIGHT.NO_MOON.RATIO",
        "T6.NIGHT.NO_MOON.YES",
        "TXT.ACCURACY_BEST",
        "TXT.OCCURRENCE_ABOUT",
    )
    return Finding("FND.OCCURRENCE_BOUNDED", title, claims, text, numbers, "conflict" if outside else "remark", 1)


def which_errors(view: View) -> Finding:
    """Whether the errors of the validation set are false positives or false negatives."""
    images, per_class = view.value("SPLIT.VAL_YES") + view.value("SPLIT.VAL_NO"), view.value("SPLIT.VAL_YES")
    errors = images - max(view.values("F5.VAL_ACCURACY_COUNT.*").values())
    yes, no = view.value("T6.NIGHT.NO_MOON.YES"), view.value("T6.NIGHT.NO_MOON.NO")
    classified = yes / (yes + no)
    labelled_yes, labelled = view.value("SPLIT.LABELLED_YES"), view.value("SPLIT.LABELLED")
    label_share = labelled_yes / labelled
    # classified = share (1 - false negatives / n) + (1 - share) false positives / n, solved for the false positives.
    false_positives = per_class * (classified - label_share) + errors * label_share
    clustering = label_clustering(view)
    variance = label_share * (1 - label_share)
    # Labels weight dates equally and frames of one date are alike; and the number of errors is itself drawn.
    between = clustering.correlation * variance * view.quantity("ephemeris", "sample.weight_scatter")
    within = (1 - clustering.correlation) * variance / labelled
    of_share = (per_class - errors) * math.sqrt(between + within)
    of_errors = label_share * math.sqrt(errors * (1 - errors / images))
    spread = NormalDist().inv_cdf(0.975) * math.hypot(of_share, of_errors)
    most = min(false_positives + spread, errors)
    expected = view.quantity("figure", "figure7.expected_share_pct.night.no_moon")
    lowest = (classified - most / per_class) / (1 - errors / per_class)
    text = (
        f"{100 * label_share:.2f} % of the labels are yes and {100 * classified:.2f} % of the same pool are classified yes. Were "
        f"the label share exact, {false_positives:.0f} of the {errors:.0f} errors would be false positives and "
        f"{errors - false_positives:.0f} false negatives; but labels weight dates equally and frames of a date are alike, so "
        f"anything from {max(false_positives - spread, 0):.0f} to {most:.0f} false positives fits (95 %). True occurrence is "
        f"then {100 * lowest:.0f} to {100 * label_share:.0f} %, and the probabilities of Figure 7 add up to {expected:.1f} %. That the network mostly misses aurora is likely, not settled."
    )
    title = (
        f"About {false_positives:.0f} of {errors:.0f} errors are false positives, but the labels allow 0 to {most:.0f}"
    )
    numbers = {
        "label_share_percent": 100 * label_share,
        "false_positives": false_positives,
        "false_negatives": errors - false_positives,
        "fewest_false_positives": max(false_positives - spread, 0.0),
        "most_false_positives": most,
        "lowest_occurrence_percent": 100 * lowest,
        "expected_by_probability_percent": expected,
    }
    claims = ("SPLIT.LABELLED_YES", "SPLIT.LABELLED", "T6.NIGHT.NO_MOON.YES", "F5.VAL_ACCURACY_COUNT.E10")
    return Finding("FND.WHICH_ERRORS", title, claims, text, numbers, "remark", 2)


def errors_by_condition(view: View) -> Finding:
    """Whether any condition differs so much that its share of yes tells of errors."""
    all_yes = sum(view.values("T6.*.*.YES").values())
    usual = all_yes / view.value("TXT.FRAMES")
    numbers: dict[str, float] = {"usual_percent": 100 * usual}
    parts, chances = [], []
    for cell, word in (("NAUTICAL.MOON_QUARTER", "above"), ("NAUTICAL.NO_MOON", "below")):
        frames, runs = view.value(f"T3.{cell}"), view.quantity("ephemeris", f"runs.{cell.lower()}")
        evening = view.quantity("ephemeris", f"evening_percent.{cell.lower()}")
        share = view.value(f"T6.{cell}.YES") / frames
        independent = (share - usual) / math.sqrt(usual * (1 - usual) / frames)
        by_run = (share - usual) / math.sqrt(usual * (1 - usual) / runs)
        chance = min(1.0, len(SUNS) * len(MOONS) * 2 * NormalDist().cdf(-abs(by_run)))
        chances.append(chance)
        parts.append(
            f"{condition_words(*cell.split('.'))} has {100 * share:.1f} %, {word} the {100 * usual:.1f} % of all frames by {abs(independent):.1f} "
            f"standard deviations if frames were independent, but by {abs(by_run):.1f} by its {runs:.0f} twilight runs, and the "
            f"most extreme of nine cells is that far off by chance with p = {chance:.2f}; {evening:.0f} % of its frames are "
            "evening"
        )
        name = cell.split(".")[1].lower()
        numbers |= {
            f"{name}_share_percent": 100 * share,
            f"{name}_z_frames": independent,
            f"{name}_z_runs": by_run,
            f"{name}_runs": runs,
            f"{name}_chance": chance,
            f"{name}_evening_percent": evening,
        }
    supported = min(chances) < 0.05
    text = (
        f"{'. '.join(parts)}. A share of yes is not an error rate in any case: nothing outside Night & No_moon was labelled, and "
        "aurora itself depends on the time of night."
    )
    title = (
        f"False alarms and misses by condition are {'hinted at' if supported else 'not supported'}: "
        f"p = {chances[0]:.2f} and {chances[1]:.2f} after nine cells"
    )
    claims = (
        "TXT.MORE_FP_AT",
        "TXT.MORE_FN_AT",
        "RDM.MORE_FP_AT",
        "RDM.MORE_FN_AT",
        "SLD.TWILIGHT_ERRORS",
        "RDM.TWILIGHT_ERRORS",
    )
    return Finding("FND.ERRORS_BY_CONDITION", title, claims, text, numbers, "remark", 4)


def two_cameras(view: View) -> Finding:
    """Whether all results come from one camera."""
    nights, first = view.value("TXT.NIGHTS"), view.value("WINDOW1.DAYS")
    frames = view.quantity("ephemeris", "window1.frames_percent")
    changed = view.claims["SLD.CAMERA_CHANGED"].value
    text = (
        f"The slides say that the camera changed from {changed} on. {first:.0f} of the {nights:.0f} nights, {frames:.0f} % of "
        "the frames, precede the change; training, validation and every table mix both, and no result is given by camera."
    )
    title = (
        f"Two cameras: {100 * first / nights:.0f} % of the nights precede {changed}, and no result is given by camera"
    )
    numbers = {"nights_percent": 100 * first / nights, "frames_percent": frames}
    return Finding("FND.TWO_CAMERAS", title, ("SLD.CAMERA_CHANGED", "WINDOW1.DAYS"), text, numbers, "remark", 7)


def weather(view: View) -> Finding:
    """Whether the occurrence is one of aurora or of visible aurora."""
    share = 100 * sum(view.values("T6.*.*.YES").values()) / view.value("TXT.FRAMES")
    first, last = (int(str(view.claims[name].value).split("-")[1]) for name in ("WINDOW1.FIRST", "WINDOW1.LAST"))
    months = (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
    )
    names = (*months, "December")
    text = (
        f"No frame was left out for cloud. {share:.1f} % is the share of frames in which the network sees aurora in all weather, "
        f"from {names[first - 1]} to {names[last - 1]}; it is lower than the share of time with aurora above the clouds, by as "
        "much as it was cloudy, and not a rate to compare with other stations."
    )
    title = f"{share:.0f} % is visible aurora in all weather, not an auroral occurrence rate"
    claims = ("TXT.YES_FRAMES", "TXT.OCCURRENCE", "TXT.FALSE_ALARMS_LOW")
    return Finding("FND.WEATHER", title, claims, text, {"share_percent": share}, "remark", 8)


DETECTORS: tuple[Detector, ...] = (occurrence_bounded, which_errors, errors_by_condition, two_cameras, weather)
