"""Findings about the sample and its split into training and validation images."""

from __future__ import annotations

import math
from bisect import bisect
from typing import NamedTuple

from repro.record.findings.finding import Detector, Finding, NotAvailableError, Numbers, View
from repro.record.protocol import LARGEST_FLOOR_LOSS


class Clustering(NamedTuple):
    """How alike the labels of one date are."""

    correlation: float  # intraclass correlation of the labels of a date, 0 to 1
    dates_with_yes: float  # expected number of dates with at least one label yes
    lost_if_independent: float  # fractions that rounding down would lose if labels were independent
    design_effect: float  # labels over independent labels worth as much


def lost_to_rounding(share_yes: float, correlation: float, dates: float, per_date: int) -> tuple[float, float]:
    """Fractions of images that floor(0.8 n) is expected to lose, and dates with any image.

    The images yes of a date are beta-binomial: the share of a date is drawn from a beta distribution whose variance is the
    given correlation times that of single labels.

    ``share_yes`` of the labels and the intraclass ``correlation`` lie between 0 and 1; ``per_date`` are the labels of a date.
    """
    odds = 1 / correlation - 1
    yes, no = share_yes * odds, (1 - share_yes) * odds
    # The beta-binomial distribution; scipy has it, and takes a quarter of a second to import at every start.
    chances = [
        math.comb(per_date, count) * math.exp(_log_beta(count + yes, per_date - count + no) - _log_beta(yes, no))
        for count in range(per_date + 1)
    ]
    lost = sum(chance * (0.8 * count - math.floor(0.8 * count + 1e-9)) for count, chance in enumerate(chances))
    return dates * lost, dates * (1 - chances[0])


def _log_beta(a: float, b: float) -> float:
    """Logarithm of the beta function."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def label_clustering(view: View) -> Clustering:
    """Clustering of the labels by date, from what the split lost to rounding."""
    labelled, per_date = view.value("SPLIT.LABELLED"), int(view.value("SAMPLE.PER_DATE_MAX"))
    share, dates = view.value("SPLIT.LABELLED_YES") / labelled, labelled / per_date
    lost = 0.8 * view.value("SPLIT.LABELLED_YES") - view.value("SPLIT.TRAIN_YES")

    def excess(correlation: float) -> float:
        return lost_to_rounding(share, correlation, dates, per_date)[0] - lost

    if not excess(0.001) > 0 > excess(0.999):
        raise NotAvailableError(f"no clustering of the labels makes the split lose {lost:.1f} images")
    # scipy.optimize.brentq would add a third of a second to every start; the excess falls as the correlation grows.
    steps = range(10**6, 999 * 10**6 + 1)
    correlation = steps[bisect(steps, 0.0, key=lambda step: -excess(step / 10**9))] / 10**9
    size = view.quantity("ephemeris", "sample.mean_size")
    return Clustering(
        correlation,
        lost_to_rounding(share, correlation, dates, per_date)[1],
        lost_to_rounding(share, 0.001, dates, per_date)[0],
        1 + (size - 1) * correlation,
    )


def labels_are_clustered(view: View) -> Finding:
    """Whether the fractions lost in the split tell how alike the labels of one date are."""
    n = Numbers(lost_images=0.8 * view.value("SPLIT.LABELLED_YES") - view.value("SPLIT.TRAIN_YES"))
    labelled, labels = view.value("SPLIT.LABELLED"), label_clustering(view)
    share = view.value("SPLIT.LABELLED_YES") / labelled
    n.lost_if_independent, n.intraclass_correlation = labels.lost_if_independent, labels.correlation
    n.dates_with_yes, n.independent_frames = labels.dates_with_yes, labelled / labels.design_effect
    n.spread_points = 100 * math.sqrt(share * (1 - share) / n.independent_frames)
    cells = [name.removesuffix(".YES") for name in view.values("T6.*.*.YES")]
    shares = {cell: 100 * view.value(f"{cell}.YES") / view.value(cell.replace("T6", "T3")) for cell in cells}
    near = [value for cell, value in shares.items() if "NAUTICAL" not in cell]
    n.lowest_share_percent, n.highest_share_percent = min(near), max(near)
    text = (
        f"Rounding 0.8 n down on every date loses {n.lost_images:.1f} images; independent labels would lose about "
        f"{n.lost_if_independent:.0f}. The difference measures how alike the labels of a date are: an intraclass correlation "
        f"of about {n.intraclass_correlation:.2f}, with yes on about {n.dates_with_yes:.0f} dates. So the {labelled:,.0f} "
        f"labels are worth about {n.independent_frames:.0f} independent frames, the occurrence over nights is known to about "
        f"{n.spread_points:.1f} points (one standard deviation), and the six shares at Night and Astro, "
        f"{n.lowest_share_percent:.1f} to {n.highest_share_percent:.1f} %, do not differ by more than noise."
    )
    title = f"The {labelled:,.0f} labels are worth about {n.independent_frames:.0f} independent frames"
    claims = ("SPLIT.LABELLED", "SPLIT.LABELLED_YES", "SPLIT.TRAIN_YES")
    return Finding("FND.CLUSTERING", title, claims, text, vars(n), "remark", 5)


def eighty_percent(view: View) -> Finding | None:
    """Whether the printed shares of the split are those of the printed counts."""
    claims = ("SPLIT.TRAIN_SHARE_YES", "SPLIT.VAL_SHARE_YES", "SPLIT.TRAIN_SHARE_NO", "SPLIT.VAL_SHARE_NO")
    if not any(view.conflicts(name) for name in claims):
        return None
    train, val, no, train_no, val_no = (
        view.value(f"SPLIT.{name}") for name in ("TRAIN_YES", "VAL_YES", "LABELLED_NO", "TRAIN_NO", "VAL_NO")
    )
    images, printed_train, printed_val = train + val, view.value(claims[2]), view.value(claims[3])
    n = Numbers(train_percent=100 * train / images, lost_images=0.8 * images - train)
    n.dates_needed = math.ceil(n.lost_images / LARGEST_FLOOR_LOSS - 1e-9)
    n.dates_offered = view.quantity("ephemeris", "sample.dates")
    n.train_no_percent, n.val_no_percent_of_all = 100 * train_no / no, 100 * val_no / no
    n.val_no_percent_of_left, n.left = 100 * val_no / (no - train_no), no - train_no
    n.total_for_printed_train = 100 * train_no / printed_train
    text = (
        f"{train:,.0f} of {images:,.0f} is {n.train_percent:.1f} %, not {view.value(claims[0]):.0f} %: 0.8 n is rounded down "
        f"on every date, which loses {n.lost_images:.1f} images and needs at least {n.dates_needed} dates; the sky offers "
        f"{n.dates_offered:.0f}. Of the images labelled no, {train_no:,.0f} of {no:,.0f} is {n.train_no_percent:.2f} % "
        f"({printed_train:.2f} % would be of {n.total_for_printed_train:,.0f}), and {printed_val:.2f} % is {val_no:,.0f} of "
        f"the {n.left:,.0f} left after the training draw, {n.val_no_percent_of_all:.2f} % of all. The text gives remainders "
        "to the dates with most images, the script to the largest fractions. These are consequences of the procedure that "
        "the text leaves out; the counts are right."
    )
    title = f"80 % and 20 % are {n.train_percent:.1f} % and {100 - n.train_percent:.1f} %, and the shares of no refer to different totals"
    names = (*claims, "SPLIT.TRAIN_YES", "SPLIT.VAL_YES", *view.failing("TXT.REMAINDER_RULE", "SCR.NO_SPLIT.REMAINDER"))
    return Finding("FND.SPLIT_80", title, names, text, vars(n), rank=16)


def slides_count(view: View) -> Finding | None:
    """Whether slides and thesis print the same number of validation images."""
    n = Numbers(slides=view.value("SLD.VALIDATION_PER_CLASS"), thesis=view.value("SPLIT.VAL_YES"))
    if n.slides == n.thesis:
        return None
    text = f"The slides give {n.slides:.0f} validation images per class, the thesis {n.thesis:.0f}."
    if not view.conflicts("TXT.ACCURACY_FIRST"):
        text += f" The printed accuracies are whole counts of {2 * n.thesis:.0f}, which settles it for the thesis."
    title = f"Validation has {n.thesis:.0f} images per class, not the {n.slides:.0f} of the slides"
    claims = ("SLD.VALIDATION_PER_CLASS", "SLD.PICTURE.VALIDATION_PER_CLASS", "SPLIT.VAL_YES", "SPLIT.VAL_NO")
    return Finding("FND.SLIDES_COUNT", title, claims, text, vars(n), rank=19)


DETECTORS: tuple[Detector, ...] = (labels_are_clustered, eighty_percent, slides_count)
