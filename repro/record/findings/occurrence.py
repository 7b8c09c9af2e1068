"""Findings about how often there is aurora: what the counts of Table 6 can and cannot say."""

from __future__ import annotations

import calendar
import math
from statistics import NormalDist

from repro.record.findings.finding import CONDITIONS, Detector, Finding, Numbers, View, condition_words
from repro.record.findings.split import label_clustering


def occurrence_bounded(view: View) -> Finding:
    """Whether the printed occurrences are possible for a network of the printed accuracy."""
    yes, no = view.value("T6.NIGHT.NO_MOON.YES"), view.value("T6.NIGHT.NO_MOON.NO")
    n = Numbers(classified_yes_percent=100 * yes / (yes + no))
    n.low_percent, n.high_percent = view.interval("protocol", "occurrence.night_no_moon")
    n.lowest_percent, n.highest_percent = view.interval("protocol", "occurrence.night_no_moon.wilson")
    ratio, mean = view.value("T6.NIGHT.NO_MOON.RATIO"), view.value("TXT.OCCURRENCE")
    outside = min(ratio, mean) > n.highest_percent
    text = (
        f"The validation accuracy fixes the sum of sensitivity and specificity. With {n.classified_yes_percent:.1f} % of the "
        f"frames classified yes at Night & No_moon, the true share with aurora is {n.low_percent:.1f} % if all errors are "
        f"false positives and {n.high_percent:.1f} % if all are false negatives, {n.lowest_percent:.1f} to "
        f"{n.highest_percent:.1f} % with the error of the accuracy (Rogan & Gladen 1978; Wilson 1927). The printed "
        f"{ratio:.1f} and {mean:.1f} % lie {'outside' if outside else 'inside'}: they are odds, not shares. The bound "
        "assumes that validation stands for all Night & No_moon frames."
    )
    title = (
        f"True occurrence at Night & No_moon lies between {n.low_percent:.0f} and {n.high_percent:.0f} %; {mean:.1f} % is "
        "printed"
    )
    of_cell = ("T6.NIGHT.NO_MOON.RATIO", "T6.NIGHT.NO_MOON.YES")
    claims = ("TXT.OCCURRENCE", *of_cell, "TXT.ACCURACY_BEST", "TXT.OCCURRENCE_ABOUT")
    return Finding("FND.OCCURRENCE_BOUNDED", title, claims, text, vars(n), "conflict" if outside else "remark", 1)


def which_errors(view: View) -> Finding:
    """Whether the errors of the validation set are false positives or false negatives."""
    per_class = view.value("SPLIT.VAL_YES")
    images = per_class + view.value("SPLIT.VAL_NO")
    errors = images - max(view.values("F5.VAL_ACCURACY_COUNT.*").values())
    yes, no = view.value("T6.NIGHT.NO_MOON.YES"), view.value("T6.NIGHT.NO_MOON.NO")
    classified, labelled = yes / (yes + no), view.value("SPLIT.LABELLED")
    label_share = view.value("SPLIT.LABELLED_YES") / labelled
    n = Numbers(label_share_percent=100 * label_share)
    # classified = share (1 - false negatives / n) + (1 - share) false positives / n, solved for the false positives.
    n.false_positives = per_class * (classified - label_share) + errors * label_share
    n.false_negatives = errors - n.false_positives
    correlation, variance = label_clustering(view).correlation, label_share * (1 - label_share)
    # Labels weight dates equally and frames of one date are alike; and the number of errors is itself drawn.
    between = correlation * variance * view.quantity("ephemeris", "sample.weight_scatter")
    within = (1 - correlation) * variance / labelled
    of_share = (per_class - errors) * math.sqrt(between + within)
    of_errors = label_share * math.sqrt(errors * (1 - errors / images))
    spread = NormalDist().inv_cdf(0.975) * math.hypot(of_share, of_errors)
    n.fewest_false_positives = max(n.false_positives - spread, 0.0)
    n.most_false_positives = min(n.false_positives + spread, errors)
    n.lowest_occurrence_percent = 100 * (classified - n.most_false_positives / per_class) / (1 - errors / per_class)
    n.expected_by_probability_percent = view.quantity("figure", "figure7.expected_share_pct.night.no_moon")
    text = (
        f"{n.label_share_percent:.2f} % of the labels are yes and {100 * classified:.2f} % of the same pool are classified "
        f"yes. Were the label share exact, {n.false_positives:.0f} of the {errors:.0f} errors would be false positives and "
        f"{n.false_negatives:.0f} false negatives; but labels weight dates equally and frames of a date are alike, so anything "
        f"from {n.fewest_false_positives:.0f} to {n.most_false_positives:.0f} false positives fits (95 %). True occurrence "
        f"is then {n.lowest_occurrence_percent:.0f} to {n.label_share_percent:.0f} %, and the probabilities of Figure 7 add "
        f"up to {n.expected_by_probability_percent:.1f} %. That the network mostly misses aurora is likely, not settled."
    )
    title = (
        f"About {n.false_positives:.0f} of {errors:.0f} errors are false positives, but the labels allow 0 to "
        f"{n.most_false_positives:.0f}"
    )
    claims = ("SPLIT.LABELLED_YES", "SPLIT.LABELLED", "T6.NIGHT.NO_MOON.YES", "F5.VAL_ACCURACY_COUNT.E10")
    return Finding("FND.WHICH_ERRORS", title, claims, text, vars(n), "remark", 2)


def errors_by_condition(view: View) -> Finding:
    """Whether any condition differs so much that its share of yes tells of errors."""
    usual = sum(view.values("T6.*.*.YES").values()) / view.value("TXT.FRAMES")
    numbers, parts, chances = {"usual_percent": 100 * usual}, [], []
    for moon, word in (("MOON_QUARTER", "above"), ("NO_MOON", "below")):
        cell = f"NAUTICAL.{moon}"
        frames, runs = view.value(f"T3.{cell}"), view.quantity("ephemeris", f"runs.{cell.lower()}")
        n = Numbers(share_percent=100 * view.value(f"T6.{cell}.YES") / frames)
        off, variance = n.share_percent / 100 - usual, usual * (1 - usual)
        n.z_frames, n.z_runs, n.runs = off / math.sqrt(variance / frames), off / math.sqrt(variance / runs), runs
        n.chance = min(1.0, len(CONDITIONS) * 2 * NormalDist().cdf(-abs(n.z_runs)))
        n.evening_percent = view.quantity("ephemeris", f"evening_percent.{cell.lower()}")
        chances.append(n.chance)
        parts.append(
            f"{condition_words('NAUTICAL', moon)} has {n.share_percent:.1f} %, {word} the {100 * usual:.1f} % of all frames by "
            f"{abs(n.z_frames):.1f} standard deviations if frames were independent, but by {abs(n.z_runs):.1f} by its "
            f"{runs:.0f} twilight runs, and the most extreme of nine cells is that far off by chance with p = {n.chance:.2f}; "
            f"{n.evening_percent:.0f} % of its frames are evening"
        )
        numbers |= {f"{moon.lower()}_{name}": value for name, value in vars(n).items()}
    text = (
        f"{'. '.join(parts)}. A share of yes is not an error rate in any case: nothing outside Night & No_moon was labelled, "
        "and aurora itself depends on the time of night."
    )
    title = (
        f"That errors depend on the condition is {'hinted at, not shown' if min(chances) < 0.05 else 'not shown'}: "
        f"p = {chances[0]:.2f} and {chances[1]:.2f} for the extremes of nine cells"
    )
    of_classes = ("TXT.MORE_FP_AT", "TXT.MORE_FN_AT", "RDM.MORE_FP_AT", "RDM.MORE_FN_AT")
    claims = (*of_classes, "SLD.TWILIGHT_ERRORS", "RDM.TWILIGHT_ERRORS")
    return Finding("FND.ERRORS_BY_CONDITION", title, claims, text, numbers, "remark", 4)


def two_cameras(view: View) -> Finding:
    """Whether all results come from one camera."""
    nights, first = view.value("TXT.NIGHTS"), view.value("WINDOW1.DAYS")
    n = Numbers(nights_percent=100 * first / nights)
    n.frames_percent = view.quantity("ephemeris", "window1.frames_percent")
    changed = view.claims["SLD.CAMERA_CHANGED"].value
    text = (
        f"The slides say that the camera changed from {changed} on. {first:.0f} of the {nights:.0f} nights, "
        f"{n.frames_percent:.0f} % of the frames, precede the change; training, validation and every table mix both, and no "
        "result is given by camera."
    )
    title = f"Two cameras: {n.nights_percent:.0f} % of the nights precede {changed}, and no result is given by camera"
    return Finding("FND.TWO_CAMERAS", title, ("SLD.CAMERA_CHANGED", "WINDOW1.DAYS"), text, vars(n), "remark", 7)


def weather(view: View) -> Finding:
    """Whether the occurrence is one of aurora or of visible aurora."""
    share = 100 * sum(view.values("T6.*.*.YES").values()) / view.value("TXT.FRAMES")
    first, last = (calendar.month_name[int(str(view.claims[f"WINDOW1.{end}"].value)[5:7])] for end in ("FIRST", "LAST"))
    text = (
        f"No frame was left out for cloud. {share:.1f} % is the share of frames in which the network sees aurora in all "
        f"weather, from {first} to {last}; it is lower than the share of time with aurora above the clouds, by as much as it "
        "was cloudy, and not a rate to compare with other stations."
    )
    title = f"{share:.0f} % is visible aurora in all weather, not an auroral occurrence rate"
    claims = ("TXT.YES_FRAMES", "TXT.OCCURRENCE", "TXT.FALSE_ALARMS_LOW")
    return Finding("FND.WEATHER", title, claims, text, {"share_percent": share}, "remark", 8)


DETECTORS: tuple[Detector, ...] = (occurrence_bounded, which_errors, errors_by_condition, two_cameras, weather)
