"""Findings about what the text announces, and what it leaves out."""

from __future__ import annotations

from datetime import date, timedelta

from repro.record.findings.finding import Detector, Finding, Numbers, View

#: Slips: claims that a word or a number contradicts and on which no result rests, with what was written and what is right.
SLIPS = {
    "TXT.CHAPTER.CONCLUSION": "the chapter after III is numbered VI",
    "T1.ROW1.EXPLANATION": "the first row of Table 1 is about A4 and explains A0",
    "TXT.CONCLUSION.VAL_PER_CLASS": "the conclusion gives one size to training and validation",
    "SLD.LABELLED_IN_ALL": "the slides count one class of the training images as all labelled ones",
    "TXT.GRADCAM_CATEGORIES": "seven categories of Grad-CAM are announced and twelve cases in four groups shown",
    "TXT.GRADCAM_CATEGORIES.OF_UNION": "Night or No_moon is five cells, not seven",
    "TXT.TIME_ZONE": "the time zone is America/Yellowknife, without North",
    "TXT.MDT_IN_SUMMER": "daylight saving time is said of summer and concerns spring",
    "TXT.JITTER_MIN": "a jitter of 0.3 darkens as well as it brightens",
    "SLD.PICTURE.CHART_QUANTITY": "a chart of classified frames stands over the heading manual labelling",
    "SLD.PICTURE.CHART_SHOWS": "",
}


def slips(view: View) -> Finding | None:
    """Whether there are slips of the pen on which no result rests."""
    failing = {name: words for name, words in SLIPS.items() if view.fails(name)}
    citations = view.failing("CIT.*.*")
    if not failing and not citations:
        return None
    parts = [words for words in failing.values() if words]
    works = sorted({name.split(".")[1].replace("_", " ").title() for name in citations})
    if works:
        parts.append(
            f"{len(works)} works are cited otherwise than the list of references or their own record has them, or not listed"
        )
    n = Numbers(slips=len(parts) + 1, works=len(works))
    text = f"{'; '.join(parts)}. FLOPS is spelled out as operations per second, where those of one image are meant."
    title = f"{n.slips} slips of the pen, on which no result rests"
    return Finding("FND.SLIPS", title, (*failing, *citations), text[0].upper() + text[1:], vars(n), rank=30)


def within_nights(view: View) -> Finding | None:
    """Whether training and validation images come from the same nights."""
    if view.claims["SCR.SPLIT_GROUP"].value != "by UTC date":
        return None
    n = Numbers()
    n.nearest_min, n.within_1_min_percent, n.within_10_min_percent = view.quantities(
        "ephemeris", "sample", "nearest_min", "within_1_min_percent", "within_10_min_percent"
    )
    n.per_date_max = view.value("SAMPLE.PER_DATE_MAX")
    text = (
        f"Every date gives up to {n.per_date_max:.0f} frames and is itself divided between training and validation. Drawn as "
        f"the scripts do, half of the validation frames have a training frame of the same date within {n.nearest_min:.0f} "
        f"minutes, {n.within_10_min_percent:.0f} % within 10 and {n.within_1_min_percent:.0f} % within 1, so the accuracy on "
        f"{view.value('F5.VAL_IMAGES'):.0f} images measures interpolation within nights; its honest companion is the "
        "accuracy on unseen nights. Nothing is seeded and files come in the order of the file system, so the split itself "
        "cannot be regenerated."
    )
    title = (
        f"Validation interpolates within nights: half its frames lie within {n.nearest_min:.0f} min of a training frame"
    )
    claims = ("TXT.ACCURACY_BEST.AS_PERFORMANCE", "SCR.SPLIT_GROUP", "SAMPLE.PER_DATE_MAX", "SCR.RANDOM_SEED")
    return Finding("FND.WITHIN_NIGHTS", title, claims, text, vars(n), "remark", 12)


def claimed_and_not_shown(view: View) -> Finding | None:
    """Whether the conclusion claims what another section takes back."""
    about_errors = ("TXT.ERRORS_CONFIRMED", "TXT.ERRORS_NOT_VERIFIED", "TXT.INTRO.ERRORS_DIAGNOSED")
    about_cloud = ("TXT.STABLE_AGAINST_CLOUD", "SLD.STABLE_AGAINST_CLOUD")
    others = ("TXT.INTENSITY_INDEX", "TXT.INTENSITY_INDEX_LATER", "TXT.SAMPLING_PREVENTS_BIAS")
    claims = view.failing(*about_errors, *about_cloud, *others)
    if not claims:
        return None
    share, labels = view.value("TXT.OCCURRENCE_ABOUT"), view.value("SPLIT.LABELLED_YES") / view.value("SPLIT.LABELLED")
    text = (
        "Section VI.1 counts an index of auroral intensity among the results, which section VI.2 leaves to future work. It "
        "says that false positives and negatives were confirmed, and section I says that errors were diagnosed by "
        "condition, although section VI.2 says that no confusion matrix could be made. Thesis and slides "
        "call the network stable against cloud; the next slide and figure 5 of the README show cloud taken for aurora. Random "
        f"sampling is said to prevent bias, but leaves the classes as they were ({100 * labels:.2f} % yes, about {share:.0f} % "
        "before); the equal numbers of the split balance them."
    )
    title = f"{len(claims)} statements of aims and conclusions are withdrawn or contradicted elsewhere in the record"
    numbers = {"statements": len(claims), "label_share_percent": 100 * labels}
    return Finding("FND.CLAIMED_NOT_SHOWN", title, claims, text, numbers, rank=28)


def table_1_years(view: View) -> Finding:
    """Whether the rules of Table 1 fit all nights."""
    nights = 0
    for number in (1, 2, 3):
        first = date.fromisoformat(str(view.claims[f"WINDOW{number}.FIRST"].value))
        days = range(int(view.value(f"WINDOW{number}.DAYS")))
        nights += sum((first + timedelta(days=day)).year % 10 == 4 for day in days)
    every, other = view.value("TXT.NIGHTS"), view.value("WINDOW1.DAYS")
    text = (
        f"Every row of Table 1 repairs a year that ends in 4, as {nights} of the {every:.0f} nights have; the {other:.0f} "
        "nights of the first window have another camera, whose one known clock is written with slashes. Row 3 turns day 41 "
        "into 11, valid but not necessarily right, and how often each error occurred is not printed. The corrected stamps "
        "were checked by hand, which is not published."
    )
    title = f"The rules of Table 1 fit {nights} of {every:.0f} nights"
    numbers = {"nights_in_years_with_4": nights, "nights_of_the_first_window": other}
    return Finding("FND.TABLE1_YEARS", title, ("TXT.TABLE1_FREQUENT", "T1.ROW3.AFTER"), text, numbers, "remark", 29)


DETECTORS: tuple[Detector, ...] = (slips, within_nights, claimed_and_not_shown, table_1_years)
