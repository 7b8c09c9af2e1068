"""Findings about the results: learning curves, Table 6, softmax statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from repro.intervals import wilson
from repro.record.consistency import Printed, grim, largest_sd
from repro.record.findings.closure import MOONS, SUNS, condition_words
from repro.record.findings.finding import Detector, Finding, View
from repro.record.findings.split import label_clustering

LEAST_EPOCHS = 3  # the last epochs, between which the curves hardly differ
#: Mean of the largest of three standard normal numbers.
LARGEST_OF_THREE = 3 / (2 * math.sqrt(math.pi))


def wilson_percent(share: float, trials: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share in percent."""
    low, high = wilson(share * trials, trials)
    return 100 * low, 100 * high


def sizes_that_print(accuracies: Sequence[float], decimals: int, below: int) -> list[int]:
    """Sizes of a set in which whole counts print as all of the given percentages."""
    return [size for size in range(2, below) if all(grim(Printed(value, decimals), size, 100) for value in accuracies)]


def accuracies_are_counts(view: View) -> Finding:
    """Whether the printed accuracies are whole counts of the validation set, and of which size."""
    images = view.value("SPLIT.VAL_YES") + view.value("SPLIT.VAL_NO")
    counts = view.values("F5.VAL_ACCURACY_COUNT.*")
    first, best = counts["F5.VAL_ACCURACY_COUNT.E1"], max(counts.values())
    low, high = view.interval("protocol", "accuracy.wilson.best")
    claims = ("TXT.ACCURACY_FIRST", "TXT.ACCURACY_BEST")
    whole = not any(view.conflicts(name) for name in claims)
    sizes = sizes_that_print([view.value(name) for name in claims], view.claims[claims[0]].decimals, 1000)
    text = (
        f"{view.value(claims[0]):.2f} % and {view.value(claims[1]):.2f} % are printed; {first:.0f} and {best:.0f} of "
        f"{images:.0f} are {100 * first / images:.2f} % and {100 * best / images:.2f} %. One image is {100 / images:.3f} points, "
        f"and the 95 % interval of the best accuracy is {low:.1f} to {high:.1f} % if images are independent (Wilson). Below "
        f"1,000 images only sets of {', '.join(map(str, sizes))} give both percentages; the points of Figure 5 alone leave "
        "several sizes near 658."
    )
    title = (
        f"The accuracies are {first:.0f} and {best:.0f} of {images:.0f} images"
        if whole
        else f"The accuracies are no whole counts of {images:.0f} images"
    )
    numbers = {
        "images": images,
        "first": first,
        "best": best,
        "point_per_image": 100 / images,
        "low": low,
        "high": high,
        "sizes_that_print_both": len(sizes),
    }
    names = (*claims, *counts)
    return Finding("FND.ACCURACY_COUNTS", title, names, text, numbers, "agreement" if whole else "conflict", 18)


def best_of_twelve(view: View) -> Finding:
    """Whether the best epoch was chosen on the images that its accuracy is reported for."""
    losses, counts = view.values("F5.VAL_LOSS.*"), view.values("F5.VAL_ACCURACY_COUNT.*")
    by_loss = int(min(losses, key=losses.__getitem__).split(".E")[-1])
    by_accuracy = int(max(counts, key=counts.__getitem__).split(".E")[-1])
    images = view.value("SPLIT.VAL_YES") + view.value("SPLIT.VAL_NO")
    last = list(counts.values())[-LEAST_EPOCHS:]
    best, mean_last = max(counts.values()) / images, sum(last) / len(last) / images
    by_chance = LARGEST_OF_THREE * math.sqrt(best * (1 - best) / images)
    low_optimism, high_optimism = sorted((100 * (best - mean_last), 100 * by_chance))
    difference = max(counts.values()) - last[-1]
    # Epochs that differ in the fewest images possible give the smallest p of McNemar's exact test.
    chance = min(1.0, 2 * 0.5**difference)
    clustering = label_clustering(view)
    of_a_date = images / view.quantity("ephemeris", "sample.dates")
    effect = 1 + (of_a_date - 1) * clustering.correlation
    low, high = wilson_percent(best, images / effect)
    printed = view.value("TXT.BEST_EPOCH_LOSS")
    agree = by_loss == by_accuracy == printed
    text = (
        f"Figure 5 has its lowest validation loss at epoch {by_loss} and its highest accuracy at epoch {by_accuracy}; the text "
        f"names epoch {printed:.0f} for both{', rightly' if agree else ''}. The script looks at accuracy alone, on the images "
        f"that the accuracy is reported for; there is no test set, though the text calls all frames test images. The best of "
        f"the last three epochs is too high by {low_optimism:.1f} to {high_optimism:.1f} points; their mean is "
        f"{100 * mean_last:.2f} %. Epochs {by_accuracy} and {len(counts)} cannot differ significantly (McNemar p >= "
        f"{chance:.2f}). If errors cluster by date as labels do, the design effect is {effect:.1f} and the interval "
        f"{low:.1f} to {high:.1f} %. Whether over-fitting began cannot be known."
    )
    title = f"{100 * best:.2f} % is the best of {len(counts)} epochs on the reported set; the last three average {100 * mean_last:.2f} %"
    numbers = {
        "by_loss": by_loss,
        "by_accuracy": by_accuracy,
        "optimism_low_points": low_optimism,
        "optimism_high_points": high_optimism,
        "mean_of_last_three_percent": 100 * mean_last,
        "mcnemar_p_at_least": chance,
        "design_effect": effect,
        "low_percent": low,
        "high_percent": high,
    }
    claims = (
        "TXT.ACCURACY_BEST",
        "TXT.BEST_EPOCH_LOSS",
        "TXT.BEST_EPOCH_ACCURACY",
        "TXT.NO_OVERFITTING",
        *view.failing("SCR.CHECKPOINT", "TXT.CHECKPOINT", "RDM.CHECKPOINT", "TXT.TEST_IMAGES"),
        *view.failing("TXT.CONCLUSION.ACCURACY_AS_FINAL"),
    )
    return Finding("FND.BEST_OF_TWELVE", title, claims, text, numbers, "remark", 6)


def loss_not_below(view: View) -> Finding | None:
    """Whether the validation loss settles where text, caption and README say."""
    names = (
        "TXT.VAL_LOSS_SETTLES",
        "RDM.VAL_LOSS_BOUND",
        "RDM.RESULTS.VAL_LOSS_BOUND",
        "F5.CAPTION.LOSS_FALLS",
        "TXT.CURVES_IMPROVE",
    )
    claims = view.failing(*names)
    if not claims:
        return None
    losses = view.values("F5.VAL_LOSS.*")
    lowest, last = min(losses, key=losses.__getitem__), list(losses)[-1]
    bound = view.value("TXT.VAL_LOSS_SETTLES")
    text = (
        f"The text has the validation loss settle at or below {bound:.2f} and the caption has it fall steadily; the lowest point "
        f"of Figure 5 is {losses[lowest]:.3f} (epoch {lowest.split('.E')[-1]}), which prints as {losses[lowest]:.2f}, and it "
        f'rises again to {losses[last]:.3f}. The README\'s "below {bound:.2f}" is never reached. A matter of one rounding; the '
        "result does not rest on it."
    )
    title = f"The validation loss touches {losses[lowest]:.2f} once and ends at {losses[last]:.2f}"
    numbers = {"lowest": losses[lowest], "last": losses[last]}
    return Finding("FND.LOSS_BOUND", title, (*claims, lowest, last), text, numbers, rank=20)


def ratio_is_odds(view: View) -> Finding | None:
    """Whether Table 6's ratio is yes to no rather than a share of all frames."""
    ratios = view.values("T6.*.*.RATIO")
    if any(view.conflicts(name) for name in ratios):
        return None
    yes, frames = view.values("T6.*.*.YES"), view.value("TXT.FRAMES")
    total = sum(yes.values())
    share, pooled = 100 * total / frames, 100 * total / (frames - total)
    mean = sum(ratios.values()) / len(ratios)
    at_night = [value for name, value in ratios.items() if ".NIGHT." in name]
    mean_share = sum(
        100 * count / view.value(name.removesuffix(".YES").replace("T6", "T3")) for name, count in yes.items()
    ) / len(yes)
    labels = 100 * view.value("SPLIT.LABELLED_YES") / view.value("SPLIT.LABELLED")
    printed = view.value("TXT.OCCURRENCE")
    text = (
        f"The ratio of Table 6 is yes / no (odds), not yes / (yes + no). The average occurrence of {printed:.1f} % is the "
        f"unweighted mean of the nine odds ({mean:.2f}), though not the only mean near it: the three Night odds average "
        f"{sum(at_night) / len(at_night):.2f}, and all frames together give {pooled:.1f}. As shares, {total:,.0f} of "
        f'{frames:,.0f} frames are {share:.1f} %, and the mean of the nine is {mean_share:.1f} %. The "about '
        f'{view.value("TXT.OCCURRENCE_ABOUT"):.0f} %" of section II.3.1 fits the labels, {labels:.2f} %.'
    )
    title = f"The occurrence of {printed:.1f} % is odds; as a share it is {share:.1f} %"
    numbers = {
        "mean_of_odds": mean,
        "mean_of_night_odds": sum(at_night) / len(at_night),
        "pooled_odds": pooled,
        "yes_frames": total,
        "fraction_percent": share,
        "mean_of_shares_percent": mean_share,
        "label_share_percent": labels,
    }
    claims = (
        *ratios,
        "TXT.OCCURRENCE",
        "TXT.OCCURRENCE_ABOUT",
        *view.failing("TXT.OCCURRENCE.*", "TXT.RATIO.*", "RDM.OVERALL_RATIO"),
    )
    return Finding("FND.RATIO_IS_ODDS", title, claims, text, numbers, rank=11)


def deviation_has_a_bound(view: View) -> Finding:
    """Whether the diagonal of high deviations in Figure 6 says anything that its means do not.

    The bound on a deviation at a given mean is :func:`repro.record.consistency.largest_sd`.
    """
    used = {}
    for sun in SUNS:
        for moon in MOONS:
            mean, deviation = view.value(f"F6.YES.{sun}.{moon}.MEAN"), view.value(f"F6.YES.{sun}.{moon}.SD")
            used[sun, moon] = deviation / largest_sd(mean, 50, 100)
    diagonal = list(zip(SUNS, reversed(MOONS), strict=True))
    means = [view.value(f"F6.YES.{sun}.{moon}.MEAN") for sun, moon in diagonal]
    least = min(used, key=lambda cell: view.value(f"F6.YES.{cell[0]}.{cell[1]}.MEAN"))
    smallest = min(used, key=lambda cell: view.value(f"F6.YES.{cell[0]}.{cell[1]}.SD"))
    rows = " / ".join(" ".join(f"{used[sun, moon]:.2f}" for sun in SUNS) for moon in MOONS)
    text = (
        "Values between 50 and 100 with mean m deviate by at most the root of (m - 50)(100 - m), which is largest at m = 75. "
        f"The cells of the diagonal have means of {means[2]:.1f}, {means[1]:.1f} and {means[0]:.1f}: they deviate most because "
        f"they lie nearest to 75. Deviation over bound is {rows} (rows by moon, Night to Nautical) and has no diagonal. The "
        f"least sure cell, {condition_words(*least)}, has "
        f"{'the smallest' if least == smallest else 'not the smallest'} deviation of all, so the deviation is not uncertainty."
    )
    title = f"The diagonal of deviations follows from means near 75 ({means[2]:.0f}, {means[1]:.0f}, {means[0]:.0f}); it is an artefact"
    numbers = {f"of_bound_{sun}_{moon}".lower(): value for (sun, moon), value in used.items()}
    numbers |= {f"mean_{sun}_{moon}".lower(): mean for (sun, moon), mean in zip(diagonal, means, strict=True)}
    claims = ("TXT.SOFTMAX.UNCERTAINTY", "TXT.SOFTMAX.SD_MARKED", *view.values("F6.YES.*.*.SD"))
    kind: Literal["conflict", "remark"] = "conflict" if least == smallest else "remark"
    return Finding("FND.DEVIATION_BOUND", title, claims, text, numbers, kind, 3)


def figure_6_conditioned(view: View) -> Finding | None:
    """Whether the cells of Figure 6 can be means over all frames of a condition."""
    above = {}
    for sun in SUNS:
        for moon in MOONS:
            high = view.interval("protocol", f"softmax.mean_over_all.{sun.lower()}.{moon.lower()}")[1]
            if view.value(f"F6.YES.{sun}.{moon}.MEAN") > high:
                above[sun, moon] = high
    if not above:
        return None
    (sun, moon), high = next(iter(above.items()))
    mean = view.value(f"F6.YES.{sun}.{moon}.MEAN")
    share = 100 * view.value(f"T6.{sun}.{moon}.YES") / view.value(f"T3.{sun}.{moon}")
    text = (
        f"Figure 6 is titled as a mean over the class, but a mean p(yes) of {mean:.1f} % over all {condition_words(sun, moon)} frames is impossible when {share:.1f} % of them are classified yes: it could not exceed "
        f"{high:.1f} %. The same holds for {len(above)} of the {len(SUNS) * len(MOONS)} cells; they are means over the frames "
        "classified yes, as the published softmax script takes them, folder by folder."
    )
    claims = (*(f"F6.YES.{sun}.{moon}.MEAN" for sun, moon in above), *view.failing("F6.OVER_ALL.*.*"))
    cells = len(SUNS) * len(MOONS)
    title = f"Figure 6 averages only the frames classified yes: {len(above)} of {cells} means are impossible otherwise"
    numbers = {
        "mean_percent": mean,
        "yes_percent": share,
        "highest_possible_percent": high,
        "impossible_cells": len(above),
    }
    return Finding("FND.FIGURE6_CONDITIONED", title, claims, text, numbers, rank=13)


def figure_7_normalised_twice(view: View) -> Finding | None:
    """Whether the first and the last bin of a histogram can belong to one distribution."""
    first, last = view.values("F7.FIRST_BIN.*.*"), view.values("F7.LAST_BIN.*.*")
    error = 2 * view.claims[next(iter(first))].reading_error
    sums = {
        name.removeprefix("F7.FIRST_BIN."): value + last[name.replace("FIRST_BIN", "LAST_BIN")]
        for name, value in first.items()
        if name.replace("FIRST_BIN", "LAST_BIN") in last
    }
    cell = max(sums, key=sums.__getitem__)
    if sums[cell] - error <= 1:
        return None
    names = (f"F7.FIRST_BIN.{cell}", f"F7.LAST_BIN.{cell}", *view.failing("F7.BOTH_BINS.*.*", "F7.LAST_BIN_OF_ALL.*.*"))
    sun, moon = cell.split(".")
    at_night, at_astro = (view.quantity("figure", f"figure7.first_bin.{cell}.moon_full") for cell in ("night", "astro"))
    jump = {moon: view.value(f"T6.NIGHT.{moon}.NO") / view.value(f"T6.NIGHT.{moon}.YES") for moon in MOONS}
    text = (
        f"At {condition_words(sun, moon)} the first and the last bin of Figure 7 alone hold {first[names[0]]:.3f} + "
        f"{last[names[1]]:.3f} = {sums[cell]:.3f}, more than one distribution can: the frames classified no and yes are "
        "normalised by themselves. So the density must jump at 50 % by the ratio of their numbers, "
        f"{' / '.join(f'{jump[moon]:.2f}' for moon in MOONS)} at Night for the three phases of the moon, where the bars are "
        f"high enough to see it. That peaks stand out at Night does not hold at Moon_Full, where the first bin is {at_night:.3f} "
        f"at Night and {at_astro:.3f} in astronomical twilight."
    )
    title = f"Figure 7 is normalised by predicted class: two bins hold {sums[cell]:.2f}"
    names = (*names, *view.failing("TXT.HISTOGRAM.PEAKS_AT_NIGHT.*"))
    numbers = {"sum_of_two_bins": sums[cell], **{f"jump_night_{moon}".lower(): value for moon, value in jump.items()}}
    return Finding("FND.FIGURE7_NORMALISED_TWICE", title, names, text, numbers, rank=14)


DETECTORS: tuple[Detector, ...] = (
    accuracies_are_counts,
    best_of_twelve,
    loss_not_below,
    ratio_is_odds,
    deviation_has_a_bound,
    figure_6_conditioned,
    figure_7_normalised_twice,
)
