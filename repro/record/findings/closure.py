"""Findings about sums: whether the published tables, the nights and the frames add up."""

from __future__ import annotations

from repro.record.findings.finding import Detector, Finding, View

SUNS = ("NIGHT", "ASTRO", "NAUTICAL")
MOONS = ("NO_MOON", "MOON_QUARTER", "MOON_FULL")

_MOON_WORDS = {"NO_MOON": "No_moon", "MOON_QUARTER": "Moon_Quarter", "MOON_FULL": "Moon_Full"}


def condition_words(sun: str, moon: str) -> str:
    """A condition as the tables print it, such as Night & No_moon."""
    return f"{sun.capitalize()} & {_MOON_WORDS[moon]}"


def tables_close(view: View) -> Finding:
    """Whether tables, totals, nights and sampling are sums and products of one another."""
    counts = [
        "TXT.FRAMES",
        *(f"T2.{sun}" for sun in SUNS),
        *(f"T3.{sun}.{moon}" for sun in SUNS for moon in MOONS),
        *(f"TXT.MOON.{moon}" for moon in MOONS),
        *(f"T6.{sun}.{moon}.{label}" for sun in SUNS for moon in MOONS for label in ("YES", "NO")),
        "WINDOW1.DAYS",
        "WINDOW2.DAYS",
        "WINDOW3.DAYS",
        "TXT.NIGHTS",
        "TXT.CADENCE_S",
        "TXT.VIDEO_FPS",
    ]
    failing = [name for name in counts if view.conflicts(name)]
    frames, nights = view.value("TXT.FRAMES"), view.value("TXT.NIGHTS")
    cadence_s, fps = view.value("TXT.CADENCE_S"), view.value("TXT.VIDEO_FPS")
    step = fps * view.value("TXT.SAMPLING_NUMERATOR") / view.value("TXT.SAMPLING_DENOMINATOR")
    numbers = {
        "counts": len(counts),
        "failing": len(failing),
        "frames": sum(view.value(f"T2.{sun}") for sun in SUNS),
        "nights": sum(view.value(f"WINDOW{number}.DAYS") for number in (1, 2, 3)),
        "step_frames": step,
        "interval_s": step * cadence_s,
    }
    if failing:
        text = f"{len(failing)} of {len(counts)} numbers are not what the others make of them: {', '.join(failing)}."
        return Finding("FND.TABLES_CLOSE", "The tables do not close", tuple(counts), text, numbers, "conflict", 25)
    suns = " + ".join(f"{view.value(f'T2.{sun}'):,.0f}" for sun in SUNS)
    moons = " / ".join(f"{view.value(f'TXT.MOON.{moon}'):,.0f}" for moon in MOONS)
    text = (
        f"{suns} = {frames:,.0f}; the nine cells of Table 3 sum to "
        f"the rows of Table 2 and to {moons}; every yes + no "
        f"of Table 6 equals its cell of Table 3; the windows of {view.value('WINDOW1.DAYS'):.0f}, "
        f"{view.value('WINDOW2.DAYS'):.0f} and {view.value('WINDOW3.DAYS'):.0f} days are {nights:.0f} nights; every {step:.0f}th "
        f"frame of a video with one frame each {cadence_s:.0f} s is one each {step * cadence_s:.0f} s. That tables close shows "
        "care; it does not show that the numbers are right."
    )
    title = f"The tables close on {frames:,.0f} frames of {nights:.0f} nights"
    return Finding("FND.TABLES_CLOSE", title, tuple(counts), text, numbers, "agreement", 25)


DETECTORS: tuple[Detector, ...] = (tables_close,)
