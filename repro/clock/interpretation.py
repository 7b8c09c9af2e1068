"""What a text means that was read off a strip, after the published rules."""

from __future__ import annotations

from dataclasses import dataclass

from repro.camera import Camera
from repro.clock import table1
from repro.clock.formats import Moment, NightSpan, parse


@dataclass(frozen=True)
class Interpretation:
    """A text after the published rules: the stamp, its possible meanings, and the rules that changed it."""

    text: str
    moments: tuple[Moment, ...]
    rules: tuple[str, ...]


def interpret(text: str, span: NightSpan, camera: Camera) -> Interpretation:
    """Apply the published rules to a text, and find its meanings in all formats of the camera."""
    rules: list[str] = []
    if camera.printed_clock.published_repairs:
        text, rules = table1.repair(text)
    stamps = parse(text, span.formats)
    if not stamps:
        return Interpretation(text, (), tuple(rules))
    if stamps[0].corrected:
        rules = [*rules, "spacing"]
    meanings: dict[tuple[int, int], Moment] = {}
    for stamp in stamps:
        for moment in span.moments(stamp.local, stamp.zone, stamp.format):
            meanings.setdefault((moment.utc_s, moment.offset_s), moment)
    moments = sorted(meanings.values(), key=lambda moment: not span.contains(moment))
    text = moments[0].stamp if moments else stamps[0].format.render(stamps[0].local, stamps[0].zone or "")
    return Interpretation(text, tuple(moments), tuple(rules))
