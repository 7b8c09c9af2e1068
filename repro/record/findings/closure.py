"""Findings about sums: whether the published tables, the nights and the frames add up."""

from __future__ import annotations

from repro.record.findings.finding import CONDITIONS, MOONS, SUNS, Detector, Finding, Numbers, View


def tables_close(view: View) -> Finding:
    """Whether tables, totals, nights and sampling are sums and products of one another."""
    windows = [f"WINDOW{number}.DAYS" for number in (1, 2, 3)]
    counts = (
        "TXT.FRAMES",
        *(f"T2.{sun}" for sun in SUNS),
        *(f"T3.{sun}.{moon}" for sun, moon in CONDITIONS),
        *(f"TXT.MOON.{moon}" for moon in MOONS),
        *(f"T6.{sun}.{moon}.{label}" for sun, moon in CONDITIONS for label in ("YES", "NO")),
        *windows,
        "TXT.NIGHTS",
        "TXT.CADENCE_S",
        "TXT.VIDEO_FPS",
    )
    failing = [name for name in counts if view.conflicts(name)]
    days, by_sun = [view.value(name) for name in windows], [view.value(f"T2.{sun}") for sun in SUNS]
    n = Numbers(counts=len(counts), failing=len(failing), frames=sum(by_sun), nights=sum(days))
    fps, cadence_s = view.value("TXT.VIDEO_FPS"), view.value("TXT.CADENCE_S")
    n.step_frames = fps * view.value("TXT.SAMPLING_NUMERATOR") / view.value("TXT.SAMPLING_DENOMINATOR")
    n.interval_s = n.step_frames * cadence_s
    if failing:
        text = f"{n.failing} of {n.counts} numbers are not what the others make of them: {', '.join(failing)}."
        return Finding("FND.TABLES_CLOSE", "The tables do not close", counts, text, vars(n), "conflict", 25)
    frames, nights = view.value("TXT.FRAMES"), view.value("TXT.NIGHTS")
    moons = " / ".join(f"{view.value(f'TXT.MOON.{moon}'):,.0f}" for moon in MOONS)
    text = (
        f"{' + '.join(f'{count:,.0f}' for count in by_sun)} = {frames:,.0f}; the nine cells of Table 3 sum to "
        f"the rows of Table 2 and to {moons}; every yes + no "
        f"of Table 6 equals its cell of Table 3; the windows of {days[0]:.0f}, {days[1]:.0f} and {days[2]:.0f} days are "
        f"{nights:.0f} nights; every {n.step_frames:.0f}th frame of a video with one frame each {cadence_s:.0f} s is one each "
        f"{n.interval_s:.0f} s. That tables close shows care; it does not show that the numbers are right."
    )
    title = f"The tables close on {frames:,.0f} frames of {nights:.0f} nights"
    return Finding("FND.TABLES_CLOSE", title, counts, text, vars(n), "agreement", 25)


DETECTORS: tuple[Detector, ...] = (tables_close,)
