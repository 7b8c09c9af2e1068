"""From a night's strips to UTC: two looks, the published rules, the timeline, and a decision on every frame."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from repro.camera import Camera
from repro.clock import ocr
from repro.clock.clock_notes import causes, find_contradictions, ranges, whole_hours, withdraw_repairs, write_notes
from repro.clock.confusions import ConfusionModel, confusions
from repro.clock.formats import Interpretation, Moment, NightSpan, interpret
from repro.clock.learned import ReadFrames, read_by_matching
from repro.clock.repair_by_continuity import DoubtfulFrame, FrameTime, Residuals, misread_runs, resolve_doubts
from repro.clock.timeline import StampReading, Timeline, fit
from repro.errors import ReproError
from repro.params import ClockParams

_UNSURE = 50.0  # confidence below which a reading weighs less
_POOR = 0.02  # share of flawed readings above which a night's flawless ones are checked more strictly
_UNEVEN = 0.1  # share of images that follow at another distance than most, above which they follow no cadence


@dataclass(frozen=True)
class NightClock:
    """The clock of a night: a row a strip with the clock's columns of the frame table, and a summary fit for JSON."""

    table: pd.DataFrame
    summary: dict[str, Any]


@dataclass(frozen=True)
class ClockSetup:
    """A night (YYYYMMDD of the file) whose clock is to be read; every ``step``-th frame of it was sampled."""

    night: str
    camera: Camera
    params: ClockParams
    step: int

    @cached_property
    def span(self) -> NightSpan:
        """The night's span of time."""
        return NightSpan.of(self.night, self.camera)


def read_clock(strips: Sequence[ocr.Image], setup: ClockSetup, *, threads: int = 1) -> NightClock:
    """Read the clock of a night's grey strips, in the order of frames, with so many calls of Tesseract at a time.

    Raises ReproError if there is no text, no text of a known format, a clock of another night, a clock that changes between
    local time and UTC, or too many frames without a time.
    """
    clock, params = setup.camera.printed_clock, setup.params
    strips = ocr.bright_text(strips)
    box = ocr.text_box(strips, params.min_contrast)
    cut = [strip[box] for strip in strips]
    first, second = (
        lambda numbers, look=look: ocr.read_strips(
            [cut[number] for number in numbers], look, clock, params, threads=threads
        )
        for look in ocr.looks(clock, params)
    )
    if params.engine == "learned":
        texts = read_by_matching(cut, first, lambda read: confirmed_stamps(read, setup))
        return resolve_times(len(strips), lambda numbers: [texts[n] for n in numbers], second, setup)
    return resolve_times(len(strips), first, second, setup)


def confirmed_stamps(read: Mapping[int, tuple[str, float]], setup: ClockSetup) -> dict[int, str]:
    """The stamps among a night's readings (text and confidence) that are on its timeline; both by running number."""
    interpreted = {number: interpret(text, setup.span, setup.camera) for number, (text, _) in read.items()}
    timeline = _fit_timeline(read, interpreted, setup)
    residuals = Residuals(timeline)
    return {r.number: r.moment.stamp for r in timeline.readings if not residuals.in_doubt(r.number)}


def _fit_timeline(
    read: Mapping[int, tuple[str, float]], interpreted: Mapping[int, Interpretation], setup: ClockSetup
) -> Timeline:
    readings = [
        StampReading(number, moment, _weight(interpreted[number], moment, confidence))
        for number, (_, confidence) in read.items()
        for moment in interpreted[number].moments
        if setup.span.contains(moment)
    ]
    return fit(readings, setup.camera.cadence_s * setup.step, setup.params.jitter_s)


def resolve_times(count: int, first: ReadFrames, second: ReadFrames, setup: ClockSetup) -> NightClock:
    """Decide the time of every frame from two looks at the strips; the second is taken at doubtful frames only.

    Still images may follow no cadence. If so many of them stay without a time for that reason that the night would fail,
    the stamps that both looks read alike are taken, in the order of the images; the timeline repairs none of them then.
    Raises ReproError as :func:`read_clock`.
    """
    camera, params, span = setup.camera, setup.params, setup.span

    def look_again(numbers: Sequence[int]) -> dict[int, Interpretation]:
        return {n: interpret(text, span, camera) for n, (text, _) in zip(numbers, second(numbers), strict=True)}

    read = first(range(count))
    interpreted = [interpret(text, span, camera) for text, _ in read]
    _check_night(read, interpreted, setup)
    timeline = _fit_timeline(dict(enumerate(read)), dict(enumerate(interpreted)), setup)
    _check_jumps(timeline, setup)
    runs = misread_runs(timeline)
    residuals = Residuals(timeline)
    poor = sum(not entry.moments or set(entry.rules) - {"spacing"} != set() for entry in interpreted) > _POOR * count
    certain = {r.number for r in timeline.readings if not residuals.in_doubt(r.number, strict=poor)}
    trusted = certain - runs - timeline.ambiguous
    again = look_again([number for number in range(count) if number not in trusted])
    doubtful = {
        n: DoubtfulFrame(
            (interpreted[n].text, other.text),
            tuple(moment for moment in (*interpreted[n].moments, *other.moments) if span.contains(moment)),
        )
        for n, other in again.items()
    }
    times, model = resolve_doubts(doubtful, timeline, trusted=trusted, runs=runs, params=params)
    agreed = {n: other for n, other in again.items() if other.moments and other.text == interpreted[n].text}
    times = withdraw_repairs(find_contradictions(agreed, times, timeline, params.jitter_s), agreed, times)
    contradictions = find_contradictions(agreed, times, timeline, params.jitter_s)
    notes = write_notes(timeline, contradictions, cadence_s=camera.cadence_s, step=setup.step, jitter_s=params.jitter_s)
    most = params.max_unreadable_share * count
    if len(_without_time(times)) > most and camera.frames == "stills":
        again |= look_again(sorted(trusted))
        in_order, taken = _agreed_times(interpreted, again, setup)
        if len(_without_time(taken)) <= most and not _is_even(in_order, params.jitter_s):
            timeline, times, contradictions = in_order, taken, []
            notes = ["the images follow no cadence, so stamps are taken where two looks read the same"]
    table = tabulate(read, interpreted, times)
    unreadable = _without_time(times)
    if len(unreadable) > most:
        raise ReproError(
            found=f"{len(unreadable)} of {count} frames without a time: "
            + causes([text for text, _ in read], interpreted, times, contradictions),
            expected=f"at most {params.max_unreadable_share:.0%} (clock.max_unreadable_share)",
            where=f"night {setup.night}, frames {ranges(unreadable)}",
            remedy="compare these frames of the video with clock.box_px and clock.formats of the camera profile; raise "
            "clock.max_unreadable_share in params.yaml to continue without them",
        )
    moments = [time.moment for time in times.values() if time.moment is not None]
    repairs = Counter(name for text in table["clock_repair"] for name in text.split("+") if name)
    summary = {
        "frames": count,
        "step_s": round(timeline.step_s, 4),
        "steps_s": [[first_frame, round(step_s, 4)] for first_frame, step_s in timeline.pace.steps],
        "repairs": dict(sorted(repairs.items())),
        "unreadable": unreadable,
        "contradictions": [asdict(contradiction) for contradiction in contradictions],
        "breaks": [
            {"kind": "gap" if gap.seconds > 0 else "duplicate", "after": gap.after, "before": gap.before,
             "seconds": round(gap.seconds, 1), "frames": round(gap.seconds / timeline.pace.at(gap.after))}
            for gap in timeline.breaks
        ],
        "ambiguous": sorted(timeline.ambiguous),
        "dst_inconsistent": sum(span.rule_offset_s(moment.utc_s) != moment.offset_s for moment in moments),
        "confusions": _confusions(read, times, model),
        "notes": notes,
    }  # fmt: skip
    return NightClock(table, summary)


def _without_time(times: Mapping[int, FrameTime]) -> list[int]:
    return sorted(number for number, time in times.items() if time.moment is None)


def _agreed_times(
    interpreted: Sequence[Interpretation], again: Mapping[int, Interpretation], setup: ClockSetup
) -> tuple[Timeline, dict[int, FrameTime]]:
    """Times of images without a cadence: the longest series of stamps, alike in both looks, that never runs backwards."""
    readings = [
        StampReading(number, moment)
        for number, entry in enumerate(interpreted)
        for moment in entry.moments
        if entry.text == again[number].text and setup.span.contains(moment)
    ]
    series = fit(readings, setup.camera.cadence_s * setup.step, math.inf)
    # Two images never show the same second, so a clock that stands still gives the time of the first one only.
    first_of = {reading.moment.utc_s: reading for reading in reversed(series.readings)}
    times = {number: FrameTime(None, "unreadable") for number in range(len(interpreted))}
    times |= {reading.number: FrameTime(reading.moment, "second_look") for reading in first_of.values()}
    times |= {number: FrameTime(None, "two_meanings") for number in series.ambiguous}
    return series, times


def _is_even(series: Timeline, jitter_s: float) -> bool:
    """Whether most readings of a series follow the one before at the same distance; misreadings in a row break two only."""
    advances_s = np.array(
        [(two.moment.utc_s - one.moment.utc_s) / (two.number - one.number) for one, two in pairwise(series.readings)]
    )
    return bool(np.mean(np.abs(advances_s - np.median(advances_s)) > jitter_s) <= _UNEVEN)


def _weight(entry: Interpretation, moment: Moment, confidence: float) -> float:
    weight = 1.0 if moment.dst_consistent else 0.9
    weight *= 0.7 if entry.rules else 1.0
    return weight * (1.0 if confidence >= _UNSURE else 0.8)


def _check_night(read: Sequence[tuple[str, float]], interpreted: Sequence[Interpretation], setup: ClockSetup) -> None:
    """Raise an error for a night without a clock, with another format, or of another date."""
    texts, span = [text for text, _ in read if text], setup.span
    understood = [entry for entry in interpreted if entry.moments]
    inside = [entry for entry in understood if any(span.contains(moment) for moment in entry.moments)]
    samples = ", ".join(repr(text) for text in texts[:3])
    expected = f"a clock printed as {', '.join(map(repr, setup.camera.printed_clock.formats))}"
    if not texts:
        found = "no text in any strip"
        remedy = "compare clock.box_px of the camera profile with a frame of the video"
    elif len(understood) < max(1, 0.1 * len(read)):
        found = f"text that is no known stamp in {len(read) - len(understood)} strips, for example {samples}"
        remedy = (
            "add the printed format to clock.formats of the camera profile, or the name of the zone to "
            "clock.zones_h, or correct clock.box_px"
        )
    elif len(inside) < 0.5 * len(understood):
        found = f"a clock of another night, for example {samples}"
        first, last = (f"{pd.Timestamp(second, unit='s'):%Y-%m-%d %H:%M}" for second in (span.first_s, span.last_s))
        expected = f"a night from {first} to {last} UTC, after the file's name"
        remedy = (
            "if the file is misnamed or a copy of another night's video, rename or remove it; if the clock prints "
            "day and month in another order, correct clock.formats of the camera profile"
        )
    else:
        return
    raise ReproError(found=found, expected=expected, where=f"night {setup.night}, {len(read)} strips", remedy=remedy)


def _check_jumps(timeline: Timeline, setup: ClockSetup) -> None:
    """Raise an error if a clock that prints no zone changes from local time to UTC within the night."""
    offsets_h = {abs(offset_s) / 3600 for offset_s in setup.span.offsets_s}
    zones = {reading.number: reading.moment.zone for reading in timeline.readings}
    for gap in timeline.breaks:
        hours = whole_hours(gap, setup.params.jitter_s)
        if hours >= 2 and hours in offsets_h and not zones[gap.after] and not zones[gap.before]:
            raise ReproError(
                found=f"a clock that jumps ahead by {hours} h between frames {gap.after} and {gap.before}",
                expected="one time zone all night; local time and UTC differ by as much",
                where=f"night {setup.night}",
                remedy="remove the video, or cut it there and put the part on UTC into a corpus whose camera profile has "
                "site.time_zone: UTC",
            )


def tabulate(
    read: Sequence[tuple[str, float]], interpreted: Sequence[Interpretation], times: dict[int, FrameTime]
) -> pd.DataFrame:
    """The clock's columns of the frame table, see :class:`NightClock`."""
    rows = []
    for number, (text, confidence) in enumerate(read):
        time = times[number]
        # Table 1's rules are named even where continuity decided in the end.
        names = [*(interpreted[number].rules if text else ()), *([time.repair] if time.repair else [])]
        moment = time.moment
        rows.append((text, confidence, moment and moment.stamp, "+".join(names), moment and moment.utc_s))
    table = pd.DataFrame(rows, columns=["clock_read", "clock_confidence", "clock_text", "clock_repair", "time_utc"])
    seconds = pd.to_numeric(table["time_utc"])
    table["time_utc"] = pd.to_datetime(seconds, unit="s", utc=True).astype("datetime64[us, UTC]")
    return table


def _confusions(
    read: Sequence[tuple[str, float]], times: dict[int, FrameTime], model: ConfusionModel
) -> list[list[str | int]]:
    """Printed glyph, glyph that was read instead, and how often."""
    counts = Counter[tuple[str, str]]()
    for number, (text, _) in enumerate(read):
        moment = times[number].moment
        if moment is not None and moment.stamp != text:
            counts += confusions(moment.stamp, text, model)
    return [[printed, glyph, count] for (printed, glyph), count in sorted(counts.items()) if printed != glyph]
