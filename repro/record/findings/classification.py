"""Findings about the results: learning curves, Table 6, softmax statistics."""

from __future__ import annotations

import math

from repro.intervals import wilson
from repro.record.consistency import Printed, grim, largest_sd
from repro.record.findings.finding import (
    CONDITIONS,
    MOONS,
    SUNS,
    Detector,
    Finding,
    Numbers,
    View,
    agreement,
    condition_words,
)  # fmt: skip
from repro.record.findings.split import label_clustering
from repro.record.protocol import in_percent

LEAST_EPOCHS = 3  # the last epochs, between which the curves hardly differ
#: Mean of the largest of three standard normal numbers.
LARGEST_OF_THREE = 3 / (2 * math.sqrt(math.pi))


def accuracies_are_counts(view: View) -> Finding:
    """Whether the printed accuracies are whole counts of the validation set, and of which size."""
    n = Numbers(images=view.value("SPLIT.VAL_YES") + view.value("SPLIT.VAL_NO"))
    counts = view.values("F5.VAL_ACCURACY_COUNT.*")
    n.first, n.best = counts["F5.VAL_ACCURACY_COUNT.E1"], max(counts.values())
    n.point_per_image = 100 / n.images
    n.low, n.high = view.interval("protocol", "accuracy.wilson.best")
    claims: tuple[str, ...] = ("TXT.ACCURACY_FIRST", "TXT.ACCURACY_BEST")
    whole = not any(view.conflicts(name) for name in claims)
    printed = [Printed(view.value(name), view.claims[name].decimals) for name in claims]
    sizes = [size for size in range(2, 1000) if all(grim(accuracy, size, 100) for accuracy in printed)]
    n.sizes_that_print_both = len(sizes)
    text = (
        f"{view.value(claims[0]):.2f} % and {view.value(claims[1]):.2f} % are printed; {n.first:.0f} and {n.best:.0f} of "
        f"{n.images:.0f} are {100 * n.first / n.images:.2f} % and {100 * n.best / n.images:.2f} %. One image is "
        f"{n.point_per_image:.3f} points, and the 95 % interval of the best accuracy is {n.low:.1f} to {n.high:.1f} % if "
        f"images are independent (Wilson). Below 1,000 images only sets of {', '.join(map(str, sizes))} give both "
        "percentages; the points of Figure 5 alone leave several sizes near 658."
    )
    title = f"The accuracies are no whole counts of {n.images:.0f} images"
    if whole:
        title = f"The accuracies are {n.first:.0f} and {n.best:.0f} of {n.images:.0f} images"
    claims = (*claims, *counts)
    return Finding("FND.ACCURACY_COUNTS", title, claims, text, vars(n), agreement(whole), 18)


def best_of_twelve(view: View) -> Finding:
    """Whether the best epoch was chosen on the images that its accuracy is reported for."""
    losses, counts = view.values("F5.VAL_LOSS.*"), view.values("F5.VAL_ACCURACY_COUNT.*")
    n = Numbers(by_loss=_epoch(min(losses, key=losses.__getitem__)))
    n.by_accuracy = _epoch(max(counts, key=counts.__getitem__))
    images = view.value("SPLIT.VAL_YES") + view.value("SPLIT.VAL_NO")
    last = list(counts.values())[-LEAST_EPOCHS:]
    best, mean_last = max(counts.values()) / images, sum(last) / len(last) / images
    by_chance = LARGEST_OF_THREE * math.sqrt(best * (1 - best) / images)
    n.optimism_low_points, n.optimism_high_points = sorted((100 * (best - mean_last), 100 * by_chance))
    n.mean_of_last_three_percent = 100 * mean_last
    # Epochs that differ in the fewest images possible give the smallest p of McNemar's exact test.
    n.mcnemar_p_at_least = min(1.0, 2 * 0.5 ** (max(counts.values()) - last[-1]))
    of_a_date = images / view.quantity("ephemeris", "sample.dates")
    n.design_effect = 1 + (of_a_date - 1) * label_clustering(view).correlation
    trials = images / n.design_effect
    n.low_percent, n.high_percent = in_percent(wilson(best * trials, trials))
    printed = view.value("TXT.BEST_EPOCH_LOSS")
    agree = n.by_loss == n.by_accuracy == printed
    text = (
        f"Figure 5 has its lowest validation loss at epoch {n.by_loss} and its highest accuracy at epoch {n.by_accuracy}; the "
        f"text names epoch {printed:.0f} for both{', rightly' if agree else ''}. The script looks at accuracy alone, on the "
        "images that the accuracy is reported for; there is no test set, though the text calls all frames test images. The "
        f"best of the last three epochs is too high by {n.optimism_low_points:.1f} to {n.optimism_high_points:.1f} points; "
        f"their mean is {n.mean_of_last_three_percent:.2f} %. Epochs {n.by_accuracy} and {len(counts)} cannot differ "
        f"significantly (McNemar p >= {n.mcnemar_p_at_least:.2f}). If errors cluster by date as labels do, the design effect "
        f"is {n.design_effect:.1f} and the interval {n.low_percent:.1f} to {n.high_percent:.1f} %. Whether over-fitting "
        "began cannot be known."
    )
    title = (
        f"{100 * best:.2f} % is the best of {len(counts)} epochs on the reported set; the last three average "
        f"{n.mean_of_last_three_percent:.2f} %"
    )
    failing = view.failing("SCR.CHECKPOINT", "TXT.CHECKPOINT", "RDM.CHECKPOINT", "TXT.TEST_IMAGES")
    of_curves = ("TXT.ACCURACY_BEST", "TXT.BEST_EPOCH_LOSS", "TXT.BEST_EPOCH_ACCURACY", "TXT.NO_OVERFITTING")
    claims = (*of_curves, *failing, *view.failing("TXT.CONCLUSION.ACCURACY_AS_FINAL"))
    return Finding("FND.BEST_OF_TWELVE", title, claims, text, vars(n), "remark", 6)


def _epoch(claim: str) -> int:
    """Number of the epoch at the end of an id, such as F5.VAL_LOSS.E10."""
    return int(claim.split(".E")[-1])


def loss_not_below(view: View) -> Finding | None:
    """Whether the validation loss settles where text, caption and README say."""
    names = ("TXT.VAL_LOSS_SETTLES", "RDM.VAL_LOSS_BOUND", "RDM.RESULTS.VAL_LOSS_BOUND", "F5.CAPTION.LOSS_FALLS")
    claims = view.failing(*names, "TXT.CURVES_IMPROVE")
    if not claims:
        return None
    losses = view.values("F5.VAL_LOSS.*")
    lowest, last = min(losses, key=losses.__getitem__), list(losses)[-1]
    n = Numbers(lowest=losses[lowest], last=losses[last])
    bound = view.value("TXT.VAL_LOSS_SETTLES")
    text = (
        f"The text has the validation loss settle at or below {bound:.2f} and the caption has it fall steadily; the lowest "
        f"point of Figure 5 is {n.lowest:.3f} (epoch {_epoch(lowest)}), which prints as {n.lowest:.2f}, and it rises again to "
        f'{n.last:.3f}. The README\'s "below {bound:.2f}" is never reached. A matter of one rounding; the result does not rest '
        "on it."
    )
    title = f"The validation loss reaches {n.lowest:.2f} once and ends at {n.last:.2f}"
    return Finding("FND.LOSS_BOUND", title, (*claims, lowest, last), text, vars(n), rank=20)


def ratio_is_odds(view: View) -> Finding | None:
    """Whether Table 6's ratio is yes to no rather than a share of all frames."""
    ratios = view.values("T6.*.*.RATIO")
    if any(view.conflicts(name) for name in ratios):
        return None
    yes, frames = view.values("T6.*.*.YES"), view.value("TXT.FRAMES")
    at_night = [value for name, value in ratios.items() if ".NIGHT." in name]
    shares = [100 * count / view.value(name.removesuffix(".YES").replace("T6", "T3")) for name, count in yes.items()]
    n = Numbers(mean_of_odds=sum(ratios.values()) / len(ratios), mean_of_night_odds=sum(at_night) / len(at_night))
    total = sum(yes.values())
    n.pooled_odds, n.yes_frames, n.fraction_percent = 100 * total / (frames - total), total, 100 * total / frames
    n.mean_of_shares_percent = sum(shares) / len(shares)
    n.label_share_percent = 100 * view.value("SPLIT.LABELLED_YES") / view.value("SPLIT.LABELLED")
    printed = view.value("TXT.OCCURRENCE")
    text = (
        f"The ratio of Table 6 is yes / no (odds), not yes / (yes + no). The average occurrence of {printed:.1f} % is the "
        f"unweighted mean of the nine odds ({n.mean_of_odds:.2f}), though not the only mean near it: the three Night odds "
        f"average {n.mean_of_night_odds:.2f}, and all frames together give {n.pooled_odds:.1f}. As shares, {total:,.0f} of "
        f"{frames:,.0f} frames are {n.fraction_percent:.1f} %, and the mean of the nine is {n.mean_of_shares_percent:.1f} %. "
        "The "
        f'"about {view.value("TXT.OCCURRENCE_ABOUT"):.0f} %" of section II.3.1 fits the labels, {n.label_share_percent:.2f} %.'
    )
    title = f"The occurrence of {printed:.1f} % is a ratio of yes to no; as a share it is {n.fraction_percent:.1f} %"
    failing = view.failing("TXT.OCCURRENCE.*", "TXT.RATIO.*", "RDM.OVERALL_RATIO")
    claims = (*ratios, "TXT.OCCURRENCE", "TXT.OCCURRENCE_ABOUT", *failing)
    return Finding("FND.RATIO_IS_ODDS", title, claims, text, vars(n), rank=11)


def deviation_has_a_bound(view: View) -> Finding:
    """Whether the diagonal of high deviations in Figure 6 says anything that its means do not.

    The bound on a deviation at a given mean is :func:`repro.record.consistency.largest_sd`.
    """
    mean = {(sun, moon): view.value(f"F6.YES.{sun}.{moon}.MEAN") for sun, moon in CONDITIONS}
    deviation = {(sun, moon): view.value(f"F6.YES.{sun}.{moon}.SD") for sun, moon in CONDITIONS}
    used = {cell: deviation[cell] / largest_sd(mean[cell], 50, 100) for cell in CONDITIONS}
    diagonal = list(zip(SUNS, reversed(MOONS), strict=True))
    nautical, astro, night = (mean[cell] for cell in reversed(diagonal))
    least, smallest = min(mean, key=mean.__getitem__), min(deviation, key=deviation.__getitem__)
    rows = " / ".join(" ".join(f"{used[sun, moon]:.2f}" for sun in SUNS) for moon in MOONS)
    text = (
        "Values between 50 and 100 with mean m deviate by at most the root of (m - 50)(100 - m), which is largest at m = 75. "
        f"The cells of the diagonal have means of {nautical:.1f}, {astro:.1f} and {night:.1f}: they deviate most because "
        f"they lie nearest to 75. Deviation over bound is {rows} (rows by moon, Night to Nautical) and has no diagonal. The "
        f"least sure cell, {condition_words(*least)}, has "
        f"{'the smallest' if least == smallest else 'not the smallest'} deviation of all, so the deviation is not uncertainty."
    )
    title = f"The large deviations on the diagonal are an artefact of means near 75 ({nautical:.0f}, {astro:.0f}, {night:.0f})"
    numbers = {f"of_bound_{sun}_{moon}".lower(): value for (sun, moon), value in used.items()}
    numbers |= {f"mean_{sun}_{moon}".lower(): mean[sun, moon] for sun, moon in diagonal}
    claims = ("TXT.SOFTMAX.UNCERTAINTY", "TXT.SOFTMAX.SD_MARKED", *view.values("F6.YES.*.*.SD"))
    return Finding(
        "FND.DEVIATION_BOUND", title, claims, text, numbers, "conflict" if least == smallest else "remark", 3
    )


def figure_6_conditioned(view: View) -> Finding | None:
    """Whether the cells of Figure 6 can be means over all frames of a condition."""
    above = {}
    for sun, moon in CONDITIONS:
        high = view.interval("protocol", f"softmax.mean_over_all.{sun}.{moon}".lower())[1]
        if view.value(f"F6.YES.{sun}.{moon}.MEAN") > high:
            above[sun, moon] = high
    if not above:
        return None
    (sun, moon), high = next(iter(above.items()))
    n = Numbers(mean_percent=view.value(f"F6.YES.{sun}.{moon}.MEAN"))
    n.yes_percent = 100 * view.value(f"T6.{sun}.{moon}.YES") / view.value(f"T3.{sun}.{moon}")
    n.highest_possible_percent, n.impossible_cells = high, len(above)
    text = (
        f"Figure 6 is titled as a mean over the class, but a mean p(yes) of {n.mean_percent:.1f} % over all "
        f"{condition_words(sun, moon)} frames is impossible when {n.yes_percent:.1f} % of them are classified yes: it could "
        f"not exceed {high:.1f} %. The same holds for {len(above)} of the {len(CONDITIONS)} cells; they are means over the "
        "frames classified yes, as the published softmax script takes them, folder by folder."
    )
    claims = (*(f"F6.YES.{sun}.{moon}.MEAN" for sun, moon in above), *view.failing("F6.OVER_ALL.*.*"))
    title = (
        f"Figure 6 averages only the frames classified yes: {len(above)} of {len(CONDITIONS)} means are impossible "
        "otherwise"
    )
    return Finding("FND.FIGURE6_CONDITIONED", title, claims, text, vars(n), rank=13)


def figure_7_normalised_twice(view: View) -> Finding | None:
    """Whether the first and the last bin of a histogram can belong to one distribution."""
    first, last = view.values("F7.FIRST_BIN.*.*"), view.values("F7.LAST_BIN.*.*")
    error = 2 * view.claims[next(iter(first))].reading_error
    pairs = {name: name.replace("FIRST_BIN", "LAST_BIN") for name in first}
    sums = {name: first[name] + last[other] for name, other in pairs.items() if other in last}
    name = max(sums, key=sums.__getitem__)
    if sums[name] - error <= 1:
        return None
    other, (sun, moon) = pairs[name], name.split(".")[-2:]
    at_night, at_astro = (view.quantity("figure", f"figure7.first_bin.{cell}.moon_full") for cell in ("night", "astro"))
    jump = {moon: view.value(f"T6.NIGHT.{moon}.NO") / view.value(f"T6.NIGHT.{moon}.YES") for moon in MOONS}
    text = (
        f"At {condition_words(sun, moon)} the first and the last bin of Figure 7 alone hold {first[name]:.3f} + "
        f"{last[other]:.3f} = {sums[name]:.3f}, more than one distribution can: the frames classified no and yes are "
        "normalised by themselves. So the density must jump at 50 % by the ratio of their numbers, "
        f"{' / '.join(f'{ratio:.2f}' for ratio in jump.values())} at Night for the three phases of the moon, where the bars "
        "are high enough to see it. That peaks stand out at Night does not hold at Moon_Full, where the first bin is "
        f"{at_night:.3f} at Night and {at_astro:.3f} in astronomical twilight."
    )
    title = f"Figure 7 is normalised within each predicted class: two bins hold {sums[name]:.2f}"
    failing = view.failing("F7.BOTH_BINS.*.*", "F7.LAST_BIN_OF_ALL.*.*")
    claims = (name, other, *failing, *view.failing("TXT.HISTOGRAM.PEAKS_AT_NIGHT.*"))
    numbers = {"sum_of_two_bins": sums[name], **{f"jump_night_{moon}".lower(): ratio for moon, ratio in jump.items()}}
    return Finding("FND.FIGURE7_NORMALISED_TWICE", title, claims, text, numbers, rank=14)


DETECTORS: tuple[Detector, ...] = (
    accuracies_are_counts,
    best_of_twelve,
    loss_not_below,
    ratio_is_odds,
    deviation_has_a_bound,
    figure_6_conditioned,
    figure_7_normalised_twice,
)
