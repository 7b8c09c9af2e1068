"""From a night's strips to UTC: two looks, the published rules, the line, and a verdict on every frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from repro.camera import Camera
from repro.clock import ocr, table1
from repro.clock.confusions import Glyphs, confusions
from repro.clock.formats import Moment, Night, parse
from repro.clock.repair_by_continuity import Residuals, Verdict, misread_runs, resolve
from repro.clock.timeline import Line, Reading, fit
from repro.errors import ReproError
from repro.params import ClockParams

Look = Callable[[Sequence[int]], list[tuple[str, float]]]
_UNSURE = 50.0  # confidence below which a reading weighs less
_POOR = 0.02  # share of flawed readings above which a night's flawless ones are held against the line more strictly


@dataclass(frozen=True)
class Clock:
    """The clock of a night, read.

    Parameters
    ----------
    table : DataFrame
        One row a strip: ``clock_read``, ``clock_confidence``, ``clock_text``, ``clock_repair``, ``time_utc``.
    summary : dict
        Counts and listed gaps, fit for JSON.
    """

    table: pd.DataFrame
    summary: dict[str, Any]


def read_clock(
    strips: Sequence[ocr.Image], night: str, camera: Camera, params: ClockParams, *, step: int, threads: int = 1
) -> Clock:
    """Read the clock of a night's strips.

    Parameters
    ----------
    strips : sequence of ndarray, shape (height, width)
        Grey, in the order of frames, evenly sampled.
    night : str
        YYYYMMDD of the file.
    camera : Camera
        Its camera.
    params : ClockParams
        Section ``clock`` of the parameters.
    step : int
        Every how many frames of the video one was sampled.
    threads : int
        Calls of Tesseract at a time.

    Raises
    ------
    ReproError
        If there is no text, no text of a known format, a clock of another night, or too many unreadable frames.
    """
    box = ocr.text_box(strips, params.min_contrast)
    cut = [strip[box] for strip in strips]
    first, second = (
        lambda numbers, look=look: ocr.read_strips(
            [cut[number] for number in numbers], look, camera.clock, params, threads=threads
        )
        for look in ocr.looks(camera.clock, params)
    )
    return settle(len(strips), first, second, night, camera, params, step=step)


def settle(
    count: int, first: Look, second: Look, night: str, camera: Camera, params: ClockParams, *, step: int
) -> Clock:
    """Decide the time of every frame from what was read.

    Parameters
    ----------
    count : int
        Sampled frames.
    first, second : callable
        Give text and confidence (0 to 100) of frames by running number; the second is asked for frames in doubt only.
    night, camera, params, step
        As for :func:`read_clock`.

    Raises
    ------
    ReproError
        As :func:`read_clock`.
    """
    span = Night.of(night, camera)
    read = first(range(count))
    meant = [_understand(text, span, camera) for text, _ in read]
    _check_night(read, meant, span, night, camera)
    readings = [
        Reading(number, moment, _weight(entry, moment, confidence))
        for number, (entry, (_, confidence)) in enumerate(zip(meant, read, strict=True))
        for moment in entry.moments
        if span.holds(moment)
    ]
    line = fit(readings, camera.cadence_s * step, params.jitter_s)
    runs = misread_runs(line, span.zones_s)
    residuals = Residuals(line)
    poor = sum(not entry.moments or set(entry.rules) - {"spacing"} != set() for entry in meant) > _POOR * count
    sure = {r.number for r in line.readings if not residuals.in_doubt(r.number, strict=poor)}
    trusted = sure - runs - line.disputed
    doubtful = [number for number in range(count) if number not in trusted]
    again = [_understand(text, span, camera) for text, _ in second(doubtful)]
    verdicts, glyphs = resolve(
        {n: (meant[n].text, other.text) for n, other in zip(doubtful, again, strict=True)},
        line,
        span.zones_s,
        trusted=trusted,
        own={
            n: [moment for moment in (*meant[n].moments, *other.moments) if span.holds(moment)]
            for n, other in zip(doubtful, again, strict=True)
        },
        runs=runs,
        min_posterior=params.min_posterior,
        min_agreement=params.min_agreement,
    )
    clock = _tell(read, meant, verdicts, line, glyphs, span)
    unreadable = clock.summary["unreadable"]
    if len(unreadable) > params.max_unreadable_share * count:
        raise ReproError(
            found=f"{len(unreadable)} of {count} frames without a readable clock, for example "
            + ", ".join(repr(read[n][0]) for n in unreadable[:3]),
            expected=f"at most {params.max_unreadable_share:.0%} (clock.max_unreadable_share)",
            where=f"night {night}, frames {_ranges(unreadable)}",
            remedy="look at the strips; if the clock ran backwards or jumped there, the frames have no sure time",
        )
    return clock


@dataclass(frozen=True)
class _Meaning:
    """A reading after the published rules: its text, what it may mean, and the rules that changed it."""

    text: str
    moments: tuple[Moment, ...]
    rules: tuple[str, ...]


def _understand(text: str, span: Night, camera: Camera) -> _Meaning:
    rules: list[str] = []
    if camera.clock.published_repairs:
        text, rules = table1.repair(text)
    found = parse(text, span.forms)
    if found is None:
        return _Meaning(text, (), tuple(rules))
    local, zone, form, spaced = found
    if spaced:
        rules = [*rules, "spacing"]
        text = form.render(local, zone or "")
    return _Meaning(text, tuple(span.moments(local, zone, form)), tuple(rules))


def _weight(meaning: _Meaning, moment: Moment, confidence: float) -> float:
    weight = 1.0 if moment.lawful else 0.9
    weight *= 0.7 if meaning.rules else 1.0
    return weight * (1.0 if confidence >= _UNSURE else 0.8)


def _check_night(
    read: Sequence[tuple[str, float]], meant: Sequence[_Meaning], span: Night, night: str, camera: Camera
) -> None:
    """Tell a night without a clock, with another format, and of another date apart."""
    some = [text for text, _ in read if text]
    where = f"night {night}, {len(read)} strips"
    formats = ", ".join(repr(text) for text in camera.clock.formats)
    if not some:
        raise ReproError(
            found="no text in any strip",
            expected=f"a clock printed as {formats}",
            where=where,
            remedy="compare clock.box_px of the camera profile with a frame of the video",
        )
    understood = [entry for entry in meant if entry.moments]
    samples = ", ".join(repr(text) for text in some[:3])
    if len(understood) < max(1, 0.1 * len(read)):
        raise ReproError(
            found=f"text that is no known stamp in {len(read) - len(understood)} strips, for example {samples}",
            expected=f"a clock printed as {formats}",
            where=where,
            remedy="add the format to clock.formats of the camera profile, or mend clock.box_px",
        )
    inside = [entry for entry in understood if any(span.holds(moment) for moment in entry.moments)]
    if len(inside) < 0.5 * len(understood):
        raise ReproError(
            found=f"a clock of another night, for example {samples}",
            expected=f"a night from {_iso(span.first_s)} to {_iso(span.last_s)} UTC, after the file's name",
            where=where,
            remedy="the file is misnamed or a copy of another night's video: rename it or take it out",
        )


def _tell(
    read: Sequence[tuple[str, float]], meant: Sequence[_Meaning], verdicts: dict[int, Verdict], line: Line,
    glyphs: Glyphs, span: Night,
) -> Clock:  # fmt: skip
    rows, seen, rules = [], Counter[tuple[str, str]](), Counter[str]()
    lawless = 0
    for number, (text, confidence) in enumerate(read):
        verdict = verdicts[number]
        stamp = verdict.moment.text(span.zones_s) if verdict.moment else None
        # Table 1's rules are told even where continuity had the last word.
        names = (*(meant[number].rules if text else ()), *verdict.repairs)
        rules.update(names)
        if stamp is not None and verdict.moment is not None:
            lawless += span.lawful_offset_s(verdict.moment.utc_s) != verdict.moment.offset_s
            seen += Counter(zip(stamp, stamp, strict=True)) if stamp == text else confusions(stamp, text, glyphs)
        rows.append((text, confidence, stamp, "+".join(names), verdict.moment and verdict.moment.utc_s))
    table = pd.DataFrame(rows, columns=["clock_read", "clock_confidence", "clock_text", "clock_repair", "time_utc"])
    seconds = pd.to_numeric(table["time_utc"])
    table["time_utc"] = pd.to_datetime(seconds, unit="s", utc=True).astype("datetime64[us, UTC]")
    unreadable = [number for number, verdict in verdicts.items() if verdict.moment is None]
    wrong = [[printed, glyph, count] for (printed, glyph), count in sorted(seen.items()) if printed != glyph]
    breaks = [
        {"kind": "gap" if gap.seconds > 0 else "duplicate", "after": gap.after, "before": gap.before,
         "seconds": round(gap.seconds, 1), "frames": round(gap.seconds / line.step_s)}
        for gap in line.breaks
    ]  # fmt: skip
    return Clock(
        table,
        {
            "frames": len(read),
            "step_s": round(line.step_s, 4),
            "repairs": dict(sorted(rules.items())),
            "unreadable": sorted(unreadable),
            "breaks": breaks,
            "disputed": sorted(line.disputed),
            "unlawful_offset": lawless,
            "confusions": wrong,
        },
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Numbers as ranges, such as ``3-7, 12``."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    told = [str(a) if a == b else f"{a}-{b}" for a, b in parts]
    return ", ".join(told[:10]) + (f" and {len(told) - 10} more" if len(told) > 10 else "")


def _iso(seconds: int) -> str:
    return pd.Timestamp(seconds, unit="s").isoformat(sep=" ", timespec="minutes")
