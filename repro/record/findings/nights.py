"""Findings about recorded nights, compared with the schedule that the sky predicts."""

from __future__ import annotations

from repro.record.comparator import MOST_SIGMA
from repro.record.findings.finding import Detector, Finding, Numbers, View


def nights_against_schedule(view: View) -> Finding:
    """Whether each recorded night has as many frames as the sky predicts."""
    claims = ("TXT.FRAMES", "T2.NIGHT", "T2.ASTRO", "T2.NAUTICAL")
    for claim in claims:
        view.check(claim)
    n = Numbers()
    n.nights, n.frames, n.predicted_frames, n.sd_frames, n.z, n.largest_z, n.nights_outside = view.quantities(
        "corpus", "part", "nights", "frames", "predicted", "sd", "z", "largest_z", "outside"
    )
    at, which = (view.word("corpus", f"part.{name}") for name in ("largest_z_at", "outside_nights"))
    agree = max(abs(n.z), abs(n.largest_z)) <= MOST_SIGMA
    text = (
        f"The {n.nights:.0f} nights at hand have {n.frames:,.0f} frames in the nine conditions; the schedule predicts "
        f"{n.predicted_frames:,.0f} with a standard deviation of {n.sd_frames:,.0f} ({n.z:+.1f} standard deviations). The "
        f"largest deviation by condition is at {at} ({n.largest_z:+.1f} standard deviations). Outside the scatter of a single "
        f"night: {n.nights_outside:.0f} nights ({which}); chance alone puts about one night in a hundred there."
    )
    title = f"The nights at hand {'have' if agree else 'do not have'} as many frames as the sky predicts"
    return Finding("FND.NIGHTS_AGAINST_SCHEDULE", title, claims, text, vars(n), "agreement" if agree else "conflict")


DETECTORS: tuple[Detector, ...] = (nights_against_schedule,)
