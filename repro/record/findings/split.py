"""Findings about the sample and its split into training and validation images."""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass

import numpy as np
from scipy.special import betaln, comb

from repro.record.findings.finding import Detector, Finding, NotAvailableError, View
from repro.record.protocol import LARGEST_FLOOR_LOSS


@dataclass(frozen=True)
class Clustering:
    """How alike the labels of one date are.

    Parameters
    ----------
    correlation : float
        Intraclass correlation of the labels of a date, 0 to 1.
    dates_with_yes : float
        Expected dates with at least one label yes.
    lost_if_independent : float
        Fractions that rounding down would lose if labels were independent.
    design_effect : float
        Labels over independent labels worth as much.
    """

    correlation: float
    dates_with_yes: float
    lost_if_independent: float
    design_effect: float


def lost_to_rounding(share_yes: float, correlation: float, dates: float, per_date: int) -> tuple[float, float]:
    """Fractions of images that floor(0.8 n) is expected to lose, and dates with any image.

    The images yes of a date are beta-binomial: the share of a date is drawn from a beta distribution whose variance is the
    given correlation times that of single labels.

    Parameters
    ----------
    share_yes, correlation : float
        Share of labels yes, and intraclass correlation; both between 0 and 1.
    dates : float
        Number of dates.
    per_date : int
        Labels of a date.
    """
    odds = 1 / correlation - 1
    count = np.arange(per_date + 1)
    yes, no = share_yes * odds, (1 - share_yes) * odds
    # The beta-binomial distribution; scipy.stats has it, and takes a second to import.
    chance = comb(per_date, count) * np.exp(betaln(count + yes, per_date - count + no) - betaln(yes, no))
    lost = 0.8 * count - np.floor(0.8 * count + 1e-9)
    return dates * float(chance @ lost), dates * float(1 - chance[0])


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
    lost = 0.8 * view.value("SPLIT.LABELLED_YES") - view.value("SPLIT.TRAIN_YES")
    labelled = view.value("SPLIT.LABELLED")
    share = view.value("SPLIT.LABELLED_YES") / labelled
    labels = label_clustering(view)
    worth = labelled / labels.design_effect
    spread = 100 * math.sqrt(share * (1 - share) / worth)
    cells = [name.removesuffix(".YES") for name in view.values("T6.*.*.YES")]
    shares = {cell: 100 * view.value(f"{cell}.YES") / view.value(cell.replace("T6", "T3")) for cell in cells}
    near = [value for cell, value in shares.items() if "NAUTICAL" not in cell]
    text = (
        f"Rounding 0.8 n down on every date loses {lost:.1f} images; independent labels would lose about "
        f"{labels.lost_if_independent:.0f}. The difference measures how alike the labels of a date are: an intraclass "
        f"correlation of about {labels.correlation:.2f}, with yes on about {labels.dates_with_yes:.0f} dates. So the "
        f"{labelled:,.0f} labels are worth about {worth:.0f} independent frames, the occurrence over nights is known to about "
        f"{spread:.1f} points (one standard deviation), and the six shares at Night and Astro, {min(near):.1f} to "
        f"{max(near):.1f} %, do not differ by more than noise."
    )
    title = f"The {labelled:,.0f} labels are worth about {worth:.0f} independent frames"
    numbers = {
        "lost_images": lost,
        "lost_if_independent": labels.lost_if_independent,
        "intraclass_correlation": labels.correlation,
        "dates_with_yes": labels.dates_with_yes,
        "independent_frames": worth,
        "spread_points": spread,
        "lowest_share_percent": min(near),
        "highest_share_percent": max(near),
    }
    claims = ("SPLIT.LABELLED", "SPLIT.LABELLED_YES", "SPLIT.TRAIN_YES")
    return Finding("FND.CLUSTERING", title, claims, text, numbers, "remark", 5)


def eighty_percent(view: View) -> Finding | None:
    """Whether the printed shares of the split are those of the printed counts."""
    claims = ("SPLIT.TRAIN_SHARE_YES", "SPLIT.VAL_SHARE_YES", "SPLIT.TRAIN_SHARE_NO", "SPLIT.VAL_SHARE_NO")
    if not any(view.conflicts(name) for name in claims):
        return None
    train, val = view.value("SPLIT.TRAIN_YES"), view.value("SPLIT.VAL_YES")
    images = train + val
    share = 100 * train / images
    lost = 0.8 * images - train
    dates = math.ceil(lost / LARGEST_FLOOR_LOSS - 1e-9)
    offered = view.quantity("ephemeris", "sample.dates")
    no, train_no, val_no = (view.value(f"SPLIT.{name}") for name in ("LABELLED_NO", "TRAIN_NO", "VAL_NO"))
    printed_train, printed_val = view.value(claims[2]), view.value(claims[3])
    left = no - train_no
    text = (
        f"{train:,.0f} of {images:,.0f} is {share:.1f} %, not {view.value(claims[0]):.0f} %: 0.8 n is rounded down on every "
        f"date, which loses {lost:.1f} images and needs at least {dates} dates; the sky offers {offered:.0f}. Of the images labelled no, "
        f"{train_no:,.0f} of {no:,.0f} is {100 * train_no / no:.2f} % ({printed_train:.2f} % would be of "
        f"{100 * train_no / printed_train:,.0f}), and {printed_val:.2f} % is {val_no:,.0f} of the {left:,.0f} left after the "
        f"training draw, {100 * val_no / no:.2f} % of all. The text gives remainders to the dates with most images, the script "
        "to the largest fractions. These are consequences of the procedure that the text leaves out; the counts are right."
    )
    title = f"80 % and 20 % are {share:.1f} % and {100 - share:.1f} %, and the shares of no have two bases"
    numbers = {
        "train_percent": share,
        "lost_images": lost,
        "dates_needed": dates,
        "dates_offered": offered,
        "train_no_percent": 100 * train_no / no,
        "val_no_percent_of_all": 100 * val_no / no,
        "val_no_percent_of_left": 100 * val_no / left,
        "left": left,
        "total_for_printed_train": 100 * train_no / printed_train,
    }
    names = (*claims, "SPLIT.TRAIN_YES", "SPLIT.VAL_YES", *view.failing("TXT.REMAINDER_RULE", "SCR.NO_SPLIT.REMAINDER"))
    return Finding("FND.SPLIT_80", title, names, text, numbers, rank=16)


def slides_count(view: View) -> Finding | None:
    """Whether slides and thesis print the same number of validation images."""
    slides, thesis = view.value("SLD.VALIDATION_PER_CLASS"), view.value("SPLIT.VAL_YES")
    if slides == thesis:
        return None
    text = f"The slides give {slides:.0f} validation images per class, the thesis {thesis:.0f}."
    if not view.conflicts("TXT.ACCURACY_FIRST"):
        text += f" The printed accuracies are whole counts of {2 * thesis:.0f}, which settles it for the thesis."
    title = f"Validation has {thesis:.0f} images per class, not the {slides:.0f} of the slides"
    claims = ("SLD.VALIDATION_PER_CLASS", "SLD.PICTURE.VALIDATION_PER_CLASS", "SPLIT.VAL_YES", "SPLIT.VAL_NO")
    return Finding("FND.SLIDES_COUNT", title, claims, text, {"slides": slides, "thesis": thesis}, rank=19)


DETECTORS: tuple[Detector, ...] = (labels_are_clustered, eighty_percent, slides_count)
