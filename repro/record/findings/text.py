"""Findings about what the text announces, and what it leaves out."""

from __future__ import annotations

from repro.record.findings.finding import Detector, Finding, View


def seven_categories(view: View) -> Finding | None:
    """Whether the announced number of Grad-CAM categories is what the figures show."""
    if not view.conflicts("TXT.GRADCAM_CATEGORIES"):
        return None
    announced, groups = view.value("TXT.GRADCAM_CATEGORIES"), view.value("SCR.GRADCAM_GROUPS")
    each = view.value("SCR.GRADCAM_CASES_EACH")
    text = (
        f"{announced:.0f} categories of Grad-CAM cases are announced; the figures show {groups:.0f} groups of {each:.0f}, "
        f"{groups * each:.0f} cases."
    )
    return Finding(
        "FND.SEVEN_CATEGORIES",
        "Seven categories are announced, four groups of three are shown",
        ("TXT.GRADCAM_CATEGORIES", "SCR.GRADCAM_GROUPS"),
        text,
        {"announced": announced, "groups": groups, "each": each},
    )


def within_nights(view: View) -> Finding | None:
    """Whether training and validation images come from the same nights."""
    if view.claims["SCR.SPLIT_GROUP"].value != "by UTC date":
        return None
    cadence_s = view.value("TXT.CADENCE_S") * view.value("TXT.SAMPLING_STEP")
    most = view.value("SAMPLE.PER_DATE_MAX")
    text = (
        f"Every date gives up to {most:.0f} frames, taken {cadence_s:.0f} s or more apart, and is itself divided between training "
        "and validation: frames of one night fall on both sides, so the validation accuracy measures interpolation within "
        "nights. The honest companion number is the accuracy on unseen nights."
    )
    return Finding(
        "FND.WITHIN_NIGHTS",
        "Validation measures interpolation within nights",
        ("SCR.SPLIT_GROUP", "SAMPLE.PER_DATE_MAX"),
        text,
        {"cadence_s": cadence_s, "per_date_max": most},
        "remark",
    )


def nothing_is_seeded(view: View) -> Finding | None:
    """Whether the split can be regenerated from the published scripts."""
    if view.claims["SCR.RANDOM_SEED"].value != "none":
        return None
    text = (
        "The published scripts seed nothing and take files in the order the file system gives them: the split itself cannot be "
        "regenerated, so accuracies can only be compared within the spread of splits and seeds."
    )
    return Finding(
        "FND.UNSEEDED", "The published split cannot be regenerated", ("SCR.RANDOM_SEED",), text, kind="remark"
    )


def table_1_explanation(view: View) -> Finding | None:
    """Whether the explanation of Table 1's first row names the error it shows."""
    if not view.conflicts("T1.ROW1.EXPLANATION"):
        return None
    text = (
        'Table 1 shows a leading "A4" in its first row and explains it as the replacement of "A0", the rule of its second row; '
        "what it shows, not what it says, is the rule."
    )
    return Finding(
        "FND.TABLE1_ROW1", "The first rule of Table 1 is explained as the second", ("T1.ROW1.EXPLANATION",), text
    )


def citations(view: View) -> Finding | None:
    """Whether what the text cites stands in the list of references, with the same year and result."""
    names = view.failing("CIT.*.*")
    if not names:
        return None
    works = sorted({name.split(".")[1].replace("_", " ").title() for name in names})
    text = (
        f"{len(works)} works are cited in the text with another author, year or quantity than in the list of references or in "
        f"their own record, or stand in only one of the two: {', '.join(works)}."
    )
    return Finding("FND.CITATIONS", "Some citations and references do not match", names, text, {"works": len(works)})


def per_class_in_conclusion(view: View) -> Finding | None:
    """Whether the conclusion repeats the sizes of the training and validation sets."""
    claim = "TXT.CONCLUSION.VAL_PER_CLASS"
    if claim not in view.failed:
        return None
    text = (
        f"The conclusion gives {view.value(claim):,.0f} images per class to training and validation alike; validation has "
        f"{view.value('SPLIT.VAL_YES'):,.0f} per class."
    )
    return Finding("FND.CONCLUSION_SIZES", "The conclusion merges two set sizes", (claim, "SPLIT.VAL_YES"), text)


def chapter_numbers(view: View) -> Finding | None:
    """Whether the chapters are numbered in order."""
    claim = "TXT.CHAPTER.CONCLUSION"
    if claim not in view.failed:
        return None
    text = f"The chapter after III is numbered VI ({view.value(claim):.0f})."
    return Finding("FND.CHAPTER", "A chapter number is out of order", (claim,), text)


DETECTORS: tuple[Detector, ...] = (
    seven_categories,
    within_nights,
    nothing_is_seeded,
    table_1_explanation,
    citations,
    per_class_in_conclusion,
    chapter_numbers,
)
