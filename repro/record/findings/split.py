"""Findings about the split into training and validation images."""

from __future__ import annotations

import math

from repro.record.findings.finding import Detector, Finding, View
from repro.record.protocol import LARGEST_FLOOR_LOSS


def eighty_percent(view: View) -> Finding | None:
    """Whether the yes images are split 80 to 20, and what explains it if not."""
    if not view.conflicts("SPLIT.TRAIN_SHARE_YES"):
        return None
    train, val = view.value("SPLIT.TRAIN_YES"), view.value("SPLIT.VAL_YES")
    images = train + val
    share = 100 * train / images
    lost = 0.8 * images - train
    dates = math.ceil(lost / LARGEST_FLOOR_LOSS - 1e-9)
    offered = view.quantity("ephemeris", "sample.dates")
    can = "enough" if offered >= dates else "too few"
    text = (
        f"{train:,.0f} of {images:,.0f} is {share:.1f} %, not {view.value('SPLIT.TRAIN_SHARE_YES'):.0f} %. Rounding 0.8 n down "
        f"on every date explains it: the fractions lost add up to {lost:.1f} images, which needs at least {dates} dates, and "
        f"the sky offers {offered:.0f} dates with Night & No_moon frames, {can}."
    )
    numbers = {"train_percent": share, "lost_images": lost, "dates_needed": dates, "dates_offered": offered}
    claims = ("SPLIT.TRAIN_SHARE_YES", "SPLIT.VAL_SHARE_YES", "SPLIT.TRAIN_YES", "SPLIT.VAL_YES")
    return Finding(
        "FND.SPLIT_80",
        "80 % and 20 % are 75.7 % and 24.3 %".replace("75.7", f"{share:.1f}").replace("24.3", f"{100 - share:.1f}"),
        claims,
        text,
        numbers,
    )


def shares_of_no(view: View) -> Finding | None:
    """Whether the printed shares of the no images are shares of what the text says."""
    claims = ("SPLIT.TRAIN_SHARE_NO", "SPLIT.VAL_SHARE_NO")
    if not any(view.conflicts(name) for name in claims):
        return None
    total, train, val = (view.value(f"SPLIT.{name}") for name in ("LABELLED_NO", "TRAIN_NO", "VAL_NO"))
    printed_train, printed_val = (view.value(name) for name in claims)
    left = total - train
    text = (
        f"{train:,.0f} of {total:,.0f} is {100 * train / total:.2f} % ({printed_train:.2f} % would be of "
        f"{train / printed_train * 100:,.0f}); {printed_val:.2f} % is {val:,.0f} of the {left:,.0f} that are left after the "
        f"training draw ({100 * val / left:.2f} %), while of all {total:,.0f} it is {100 * val / total:.2f} %."
    )
    numbers = {
        "train_percent": 100 * train / total,
        "val_percent_of_all": 100 * val / total,
        "val_percent_of_left": 100 * val / left,
        "left": left,
        "total_for_printed_train": train / printed_train * 100,
    }
    return Finding("FND.SHARES_OF_NO", "The shares of the no images have two different bases", claims, text, numbers)


def slides_count(view: View) -> Finding | None:
    """Whether slides and thesis print the same number of validation images."""
    slides, thesis = view.value("SLD.VALIDATION_PER_CLASS"), view.value("SPLIT.VAL_YES")
    if slides == thesis:
        return None
    text = (
        f"The slides give {slides:.0f} validation images per class, the thesis {thesis:.0f}; the accuracies of Figure 5 decode "
        f"into whole counts of {2 * thesis:.0f}, which settles it for the thesis."
        if not view.conflicts("TXT.ACCURACY_FIRST")
        else f"The slides give {slides:.0f} validation images per class, the thesis {thesis:.0f}."
    )
    return Finding(
        "FND.SLIDES_COUNT",
        "Slides and thesis disagree on the validation images",
        ("SLD.VALIDATION_PER_CLASS", "SPLIT.VAL_YES", "SPLIT.VAL_NO"),
        text,
        {"slides": slides, "thesis": thesis},
    )


def slides_labelled(view: View) -> Finding | None:
    """Whether the number of labelled images on the slides is that of the thesis."""
    claim = "SLD.LABELLED_IN_ALL"
    if claim not in view.failed:
        return None
    trained = view.value("SPLIT.TRAIN_YES") + view.value("SPLIT.TRAIN_NO")
    text = (
        f"The slides say that about {view.value(claim):,.0f} labelled images were enough; {trained:,.0f} trained the network and "
        f"{view.value('SPLIT.LABELLED'):,.0f} were labelled. The figure fits one class of the training set."
    )
    claims = (claim, "SPLIT.TRAIN_YES", "SPLIT.TRAIN_NO", "SPLIT.LABELLED")
    return Finding(
        "FND.SLIDES_LABELLED", "The slides count one class of the labelled images", claims, text, {"trained": trained}
    )


DETECTORS: tuple[Detector, ...] = (eighty_percent, shares_of_no, slides_count, slides_labelled)
