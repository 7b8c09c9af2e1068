"""Findings about sums: whether the published tables close, and how frames become minutes."""

from __future__ import annotations

from repro.record.findings.finding import Detector, Finding, View

SUNS = ("NIGHT", "ASTRO", "NAUTICAL")
MOONS = ("NO_MOON", "MOON_QUARTER", "MOON_FULL")


def tables_close(view: View) -> Finding:
    """Whether Tables 2, 3 and 6 and the totals of the text are sums of one another."""
    counts = [
        "TXT.FRAMES",
        *(f"T2.{sun}" for sun in SUNS),
        *(f"T3.{sun}.{moon}" for sun in SUNS for moon in MOONS),
        *(f"TXT.MOON.{moon}" for moon in MOONS),
        *(f"T6.{sun}.{moon}.{label}" for sun in SUNS for moon in MOONS for label in ("YES", "NO")),
    ]
    broken = [name for name in counts if view.conflicts(name)]
    suns = [f"{view.value(f'T2.{sun}'):,.0f}" for sun in SUNS]
    moons = [f"{view.value(f'TXT.MOON.{moon}'):,.0f}" for moon in MOONS]
    frames = sum(view.values("T2.*").values()) if not broken else view.value("TXT.FRAMES")
    if broken:
        title = "The tables do not close"
        text = f"{len(broken)} of {len(counts)} counts are not the sums that other counts make: {', '.join(broken)}."
    else:
        title = "The tables close"
        text = (
            f"{' + '.join(suns)} = {view.value('TXT.FRAMES'):,.0f}; the nine cells of Table 3 sum to the rows of Table 2 "
            f"and to {' / '.join(moons)}; every yes + no of Table 6 equals its cell of Table 3."
        )
    numbers = {"counts": len(counts), "broken": len(broken), "frames": frames}
    return Finding("FND.TABLES_CLOSE", title, tuple(counts), text, numbers, "conflict" if broken else "agreement")


def windows_close(view: View) -> Finding:
    """Whether the three windows have the printed numbers of days, and sum to the nights."""
    windows = ("WINDOW1.DAYS", "WINDOW2.DAYS", "WINDOW3.DAYS")
    days = [view.value(name) for name in windows]
    total = sum(days)
    holds = total == view.value("TXT.NIGHTS") and not any(view.conflicts(name) for name in windows)
    sum_text = " + ".join(f"{number:.0f}" for number in days)
    remark = "as printed" if holds else f"where {view.value('TXT.NIGHTS'):.0f} are printed, or a window has other days"
    text = f"{sum_text} = {total:.0f} nights, {remark}."
    title = "The three windows give the printed nights" if holds else "The windows do not give the printed nights"
    return Finding(
        "FND.WINDOWS",
        title,
        (*windows, "TXT.NIGHTS"),
        text,
        {"nights": total},
        "agreement" if holds else "conflict",
    )


def one_frame_a_minute(view: View) -> Finding:
    """What the sampling rule means in minutes of sky."""
    frame_s, fps = view.value("TXT.CADENCE_S"), view.value("TXT.VIDEO_FPS")
    step = fps * view.value("TXT.SAMPLING_NUMERATOR") / view.value("TXT.SAMPLING_DENOMINATOR")
    text = (
        f"{fps:.0f} frames a second x 2/5 is every {step:.0f}th frame of the video; its frames were taken {frame_s:.0f} s "
        f"apart, so one frame is kept every {step * frame_s:.0f} s of sky."
    )
    claims = ("TXT.CADENCE_S", "TXT.VIDEO_FPS", "TXT.SAMPLING_NUMERATOR", "TXT.SAMPLING_DENOMINATOR")
    return Finding(
        "FND.FRAME_SAMPLING",
        "One frame a minute",
        claims,
        text,
        {"step": step, "cadence_s": step * frame_s},
        "agreement",
    )


DETECTORS: tuple[Detector, ...] = (tables_close, windows_close, one_frame_a_minute)
