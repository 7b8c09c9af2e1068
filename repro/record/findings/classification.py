"""Findings about the results: learning curves, Table 6, softmax statistics."""

from __future__ import annotations

from repro.record.findings.closure import MOONS, SUNS
from repro.record.findings.finding import Detector, Finding, View


def accuracies_are_counts(view: View) -> Finding:
    """Whether the printed accuracies are whole counts of the validation set, with their intervals."""
    images = view.value("SPLIT.VAL_YES") + view.value("SPLIT.VAL_NO")
    counts = view.values("F5.VAL_ACCURACY_COUNT.*")
    first, best = counts["F5.VAL_ACCURACY_COUNT.E1"], max(counts.values())
    low, high = view.interval("protocol", "accuracy.wilson.best")
    claims = ("TXT.ACCURACY_FIRST", "TXT.ACCURACY_BEST")
    holds = not any(view.conflicts(name) for name in claims)
    text = (
        f"{view.value(claims[0]):.2f} % and {view.value(claims[1]):.2f} % are printed; {first:.0f} and {best:.0f} of "
        f"{images:.0f} are {100 * first / images:.2f} % and {100 * best / images:.2f} %. One image is {100 / images:.3f} points, "
        f"and the 95 % interval of the best accuracy is {low:.1f} to {high:.1f} % (Wilson)."
    )
    title = "The accuracies are whole counts of 658" if holds else "The accuracies are no whole counts"
    title = title.replace("658", f"{images:.0f}")
    numbers = {
        "images": images,
        "first": first,
        "best": best,
        "point_per_image": 100 / images,
        "low": low,
        "high": high,
    }
    return Finding(
        "FND.ACCURACY_COUNTS", title, (*claims, *counts), text, numbers, "agreement" if holds else "conflict"
    )


def loss_not_below(view: View) -> Finding | None:
    """Whether the validation loss ever reaches the bound that text and README print."""
    claims = ("TXT.VAL_LOSS_BOUND", "RDM.VAL_LOSS_BOUND")
    if not any(view.conflicts(name) for name in claims):
        return None
    losses = view.values("F5.VAL_LOSS.*")
    lowest = min(losses, key=losses.__getitem__)
    last = list(losses)[-1]
    text = (
        f"The text has the validation loss settle at or below {view.value(claims[0]):.2f}, the README below "
        f"{view.value(claims[1]):.2f}; the lowest point of Figure 5 is {losses[lowest]:.3f} (epoch {lowest.split('.E')[-1]}), "
        f"the last {losses[last]:.3f}."
    )
    return Finding(
        "FND.LOSS_BOUND",
        "The validation loss never reaches 0.10".replace("0.10", f"{view.value(claims[0]):.2f}"),
        (*claims, *view.failing("TXT.VAL_LOSS_SETTLES", "RDM.RESULTS.VAL_LOSS_BOUND"), lowest, last),
        text,
        {"lowest": losses[lowest], "last": losses[last]},
    )


def best_epoch(view: View) -> Finding:
    """Whether one epoch has both the lowest loss and the highest accuracy, and which rule chose it."""
    losses, counts = view.values("F5.VAL_LOSS.*"), view.values("F5.VAL_ACCURACY_COUNT.*")
    by_loss = int(min(losses, key=losses.__getitem__).split(".E")[-1])
    by_accuracy = int(max(counts, key=counts.__getitem__).split(".E")[-1])
    printed = view.value("TXT.BEST_EPOCH_LOSS")
    both = by_loss == by_accuracy == printed
    text = (
        f"Figure 5 has its lowest validation loss at epoch {by_loss} and its highest accuracy at epoch {by_accuracy}; the text "
        f"names epoch {printed:.0f} for both{', rightly' if both else ''}. The published script looks at accuracy alone, on the "
        "same images that the accuracy is reported for; there is no test set."
    )
    title = f"Epoch {printed:.0f} is best by both measures" if both else "The best epoch depends on the measure"
    return Finding(
        "FND.BEST_EPOCH",
        title,
        (
            "TXT.BEST_EPOCH_LOSS",
            "TXT.BEST_EPOCH_ACCURACY",
            "SCR.CHECKPOINT",
            "TXT.CHECKPOINT",
            "RDM.CHECKPOINT",
            "TXT.TEST_IMAGES",
        ),
        text,
        {"by_loss": by_loss, "by_accuracy": by_accuracy},
        "agreement" if both else "conflict",
    )


def ratio_is_odds(view: View) -> Finding | None:
    """Whether Table 6's ratio is yes to no rather than a share of all frames."""
    ratios = view.values("T6.*.*.RATIO")
    if any(view.conflicts(name) for name in ratios):
        return None
    yes, frames = sum(view.values("T6.*.*.YES").values()), view.value("TXT.FRAMES")
    mean = sum(ratios.values()) / len(ratios)
    text = (
        f"The ratio of Table 6 is yes / no (odds), not yes / (yes + no). The average occurrence of "
        f"{view.value('TXT.OCCURRENCE'):.1f} % is the unweighted mean of the nine odds ({mean:.2f}); the fraction of frames "
        f"classified yes is {yes:,.0f} / {frames:,.0f} = {100 * yes / frames:.1f} %, which agrees with the "
        f'"about {view.value("TXT.OCCURRENCE_ABOUT"):.0f} %" of section 3.1.'
    )
    return Finding(
        "FND.RATIO_IS_ODDS",
        "The occurrence of aurora is printed as odds",
        (
            *ratios,
            "TXT.OCCURRENCE",
            "TXT.OCCURRENCE_ABOUT",
            *view.failing("TXT.OCCURRENCE.*", "TXT.RATIO.*", "RDM.OVERALL_RATIO"),
        ),
        text,
        {"mean_of_odds": mean, "yes_frames": yes, "fraction_percent": 100 * yes / frames},
    )


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
        f"Figure 6 is titled as a mean over the class, but a mean p(yes) of {mean:.1f} % over all {sun.title()} & "
        f"{moon.capitalize()} frames is impossible when {share:.1f} % of them are classified yes: it could not exceed "
        f"{high:.1f} %. The same holds for {len(above)} of the {len(SUNS) * len(MOONS)} cells; they are means over the frames classified yes."
    )
    claims = (*(f"F6.YES.{sun}.{moon}.MEAN" for sun, moon in above), *view.failing("F6.OVER_ALL.*.*"))
    return Finding(
        "FND.FIGURE6_CONDITIONED",
        "Figure 6 averages only the frames classified yes",
        claims,
        text,
        {"mean_percent": mean, "yes_percent": share, "highest_possible_percent": high, "impossible_cells": len(above)},
    )


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
    text = (
        f"At {sun.title()} & {moon.capitalize()} the first and the last bin of Figure 7 alone hold {first[names[0]]:.3f} + "
        f"{last[names[1]]:.3f} = {sums[cell]:.3f}, more than one distribution can; the histograms are normalised separately for "
        "the frames classified no and yes, which also explains the jump at 50 %."
    )
    return Finding(
        "FND.FIGURE7_NORMALISED_TWICE",
        "Figure 7 is normalised separately for the two predicted classes",
        names,
        text,
        {"sum_of_two_bins": sums[cell]},
    )


DETECTORS: tuple[Detector, ...] = (
    accuracies_are_counts,
    loss_not_below,
    best_epoch,
    ratio_is_odds,
    figure_6_conditioned,
    figure_7_normalised_twice,
)
