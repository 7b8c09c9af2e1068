"""Findings about recorded nights, compared with the schedule that the sky predicts."""

from __future__ import annotations

from typing import Literal

from repro.record.comparator import MOST_SIGMA
from repro.record.findings.finding import Detector, Finding, View


def nights_against_schedule(view: View) -> Finding:
    """Whether each recorded night has as many frames as the sky predicts."""
    claims = ("TXT.FRAMES", "T2.NIGHT", "T2.ASTRO", "T2.NAUTICAL")
    for claim in claims:
        view.check(claim)
    nights, frames, predicted, sd, z, largest, outside = (
        view.quantity("corpus", f"part.{name}")
        for name in ("nights", "frames", "predicted", "sd", "z", "largest_z", "outside")
    )
    at, which = (view.word("corpus", f"part.{name}") for name in ("largest_z_at", "outside_nights"))
    agree = max(abs(z), abs(largest)) <= MOST_SIGMA
    text = (
        f"The {nights:.0f} nights at hand have {frames:,.0f} frames in the nine conditions; the schedule predicts "
        f"{predicted:,.0f} with a standard deviation of {sd:,.0f} ({z:+.1f} standard deviations). The largest deviation by condition is at {at} "
        f"({largest:+.1f} standard deviations). Outside the scatter of a single night: {outside:.0f} nights ({which}); "
        "chance alone puts about one night in a hundred there."
    )
    numbers = {"nights": nights, "frames": frames, "predicted_frames": predicted, "sd_frames": sd, "z": z,
               "largest_z": largest, "nights_outside": outside}  # fmt: skip
    kind: Literal["agreement", "conflict"] = "agreement" if agree else "conflict"
    title = "The nights at hand have as many frames as the sky predicts"
    if not agree:
        title = "The nights at hand do not have as many frames as the sky predicts"
    return Finding("FND.NIGHTS_AGAINST_SCHEDULE", title, claims, text, numbers, kind)


DETECTORS: tuple[Detector, ...] = (nights_against_schedule,)
