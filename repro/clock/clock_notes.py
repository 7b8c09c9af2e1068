"""Notes about a night's clock: another cadence, jumps, readings that contradict the timeline, frames without a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby, pairwise, zip_longest
from statistics import median

from repro.clock.formats import Interpretation
from repro.clock.repair_by_continuity import FrameTime, Residuals
from repro.clock.timeline import Break, Timeline

_CADENCE_SHARE = 0.05  # the profile's cadence may differ that much from the clock's without a note
_RUN = 3  # repaired frames in a row; a shorter run is a misreading that both looks share by chance
_LISTED = 5
_STANDING = 0.25  # share of frames with the clock of the frame before, above which the video repeats its exposures


@dataclass(frozen=True)
class Contradiction:
    """Consecutive frames that both looks read alike, as a valid stamp, but not as the timeline says.

    ``read`` is the first one's stamp, ``off_s`` their time minus that of the timeline before them (of the first one if the
    clock is ``standing`` still: all show the same stamp). They were given the timeline's time if ``repaired``, else none.
    """

    first: int
    last: int
    frames: int
    read: str
    off_s: float
    standing: bool
    repaired: bool

    def __str__(self) -> str:
        where = f"{_frames(self.first, self.last)} ({self.read!r}, read alike twice)"
        outcome = "their time was taken from the timeline" if self.repaired else "they have no time"
        if self.standing:
            return f"{where}: the clock stands still; {outcome}"
        side = "ahead of" if self.off_s > 0 else "behind"
        return f"{where}: the clock is {_duration(self.off_s)} {side} the timeline of the other frames; {outcome}"


def find_contradictions(
    agreed: Mapping[int, Interpretation], times: Mapping[int, FrameTime], timeline: Timeline, jitter_s: float
) -> list[Contradiction]:
    """Runs of frames whose stamp both looks ``agreed`` on, although ``times`` gives another time or none.

    ``jitter_s`` is how far a good clock may stray from the timeline.
    """
    residuals = Residuals(timeline)
    runs: list[list[tuple[int, str, float, bool]]] = []
    for number, entry in sorted(agreed.items()):
        moment, expected = times[number].moment, residuals.expected(number)
        if times[number].repair == "two_meanings" or not expected or (moment and moment.stamp == entry.text):
            continue
        off_s = min((m.utc_s - expected[0][0] for m in entry.moments), key=abs)
        repaired = moment is not None
        if runs:
            last, last_text, last_off_s, last_repaired = runs[-1][-1]
            alike = entry.text == last_text or abs(off_s - last_off_s) <= 2 * jitter_s + 1
            if number == last + 1 and alike and repaired == last_repaired:
                runs[-1].append((number, entry.text, off_s, repaired))
                continue
        runs.append([(number, entry.text, off_s, repaired)])
    contradictions = []
    for run in runs:
        (first, text, off_s, repaired), last = run[0], run[-1][0]
        standing = len(run) > 1 and all(other == text for _, other, _, _ in run)
        if not repaired or len(run) >= _RUN:
            typical_s = off_s if standing else median(off for _, _, off, _ in run)
            contradictions.append(Contradiction(first, last, len(run), text, round(typical_s, 1), standing, repaired))
    return contradictions


def withdraw_repairs(
    contradictions: Sequence[Contradiction], agreed: Mapping[int, Interpretation], times: Mapping[int, FrameTime]
) -> dict[int, FrameTime]:
    """Take back repairs that no misreading explains, and mark the frames unreadable.

    One glyph may be misread alike in both looks for a while. If more glyphs of several frames in a row are read alike
    twice, they were printed: the clock itself differs from the timeline, and it is unknown which of them is right.
    """
    left = dict(times)
    for entry in contradictions:
        moment = times[entry.first].moment
        if moment is not None and not entry.standing:
            glyphs = zip_longest(moment.stamp, agreed[entry.first].text)
            if sum(printed != read for printed, read in glyphs) > 1:
                left |= dict.fromkeys(range(entry.first, entry.last + 1), FrameTime(None, "unreadable"))
    return left


def whole_hours(gap: Break, jitter_s: float) -> int:
    """Length of a gap in hours if that is a whole number, else 0."""
    hours = round(gap.seconds / 3600)
    return hours if hours > 0 and abs(gap.seconds - 3600 * hours) <= max(jitter_s, 1.0) else 0


def write_notes(
    timeline: Timeline, contradictions: Sequence[Contradiction], *, cadence_s: float, step: int, jitter_s: float
) -> list[str]:
    """Notes on a night's clock, as sentences.

    ``cadence_s`` is the time between two frames of the video by the camera's profile; one in ``step`` was sampled.
    """
    notes = []
    if timeline.readings:
        first, last = timeline.readings[0].number, timeline.readings[-1].number
        parts = [
            (begin, min(following - 1, last), step_s / step)
            for (begin, step_s), (following, _) in pairwise((*timeline.pace.steps, (last + 1, 0.0)))
        ]
        if len(parts) > 1:
            listed = [f"{advance_s:.4g} s in {_frames(begin, end)}" for begin, end, advance_s in parts[:_LISTED]]
            listed += [f"and {len(parts) - _LISTED} other parts"] * (len(parts) > _LISTED)
            notes.append(f"the clock's advance per video frame changes within the night: {', '.join(listed)}")
        main_s = timeline.step_s / step
        if abs(main_s / cadence_s - 1) > _CADENCE_SHARE and last > first:
            copies = round(cadence_s / main_s)
            doubled = copies >= 2 and abs(copies * main_s / cadence_s - 1) <= _CADENCE_SHARE
            cause = f": each exposure appears {copies} times in this video, or cadence_s is wrong" if doubled else ""
            notes.append(f"the clock advances {main_s:.4g} s a frame, cadence_s says {cadence_s:g}{cause}")
    for gap in timeline.breaks:
        if hours := whole_hours(gap, jitter_s):
            notes.append(
                f"the clock jumps ahead by {hours} h between frames {gap.after} and {gap.before}: a pause of whole "
                "hours, or the clock was set there and the times before or after are wrong by as much"
            )
        elif gap.seconds < 0 and any(
            gap.after < entry.first < gap.before
            and entry.off_s < -timeline.pace.at(gap.after) * (entry.first - gap.after) - jitter_s
            for entry in contradictions
        ):
            notes.append(
                f"the clock was set back by {_duration(gap.seconds)} between frames {gap.after} and {gap.before}: the times "
                "before or after are wrong by as much"
            )
    notes += [str(contradiction) for contradiction in contradictions[:_LISTED]]
    if len(contradictions) > _LISTED:
        notes.append(f"{len(contradictions) - _LISTED} other parts contradict the timeline")
    return notes


def causes(
    texts: Sequence[str],
    interpreted: Sequence[Interpretation],
    times: Mapping[int, FrameTime],
    contradictions: Sequence[Contradiction],
) -> str:
    """Causes of frames without a time, with examples."""
    notes = []
    unreadable = sorted(number for number, time in times.items() if time.moment is None)
    if double := [number for number in unreadable if times[number].repair == "two_meanings"]:
        notes.append(
            f"{len(double)} stamps, such as {texts[double[0]]!r}, have two meanings in the hour that the change to winter "
            "time repeats, and the clock prints no zone"
        )
    standing = sum(bool(one) and one == two for one, two in pairwise(texts))
    if standing > _STANDING * len(texts):
        notes.append(
            f"the clock of {standing} frames is that of the frame before, so each exposure appears several times in this "
            "video or the clock is frozen"
        )
    if empty := [number for number in unreadable if not texts[number]]:
        notes.append(f"no text in frames {ranges(empty)}")
    if unknown := [number for number in unreadable if texts[number] and not interpreted[number].moments]:
        notes.append(f"text that is no known stamp in {len(unknown)}, such as {texts[unknown[0]]!r}")
    notes += [str(contradiction) for contradiction in contradictions if not contradiction.repaired][:3]
    return "; ".join(notes) or "for example " + ", ".join(repr(texts[number]) for number in unreadable[:3])


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers as ranges, such as ``3-7, 12``."""
    texts = []
    for _, group in groupby(enumerate(numbers), key=lambda entry: entry[1] - entry[0]):
        run = [number for _, number in group]
        texts.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ", ".join(texts[:10]) + (f" and {len(texts) - 10} more" if len(texts) > 10 else "")


def _frames(first: int, last: int) -> str:
    return f"frame {first}" if first == last else f"frames {first}-{last}"


def _duration(seconds: float) -> str:
    return str(timedelta(seconds=abs(round(seconds))))
