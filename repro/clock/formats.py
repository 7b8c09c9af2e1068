"""Stamps as a camera prints them: clock formats, local time and UTC, the span of a night, what a text means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pytz

from repro.camera import Camera
from repro.clock.table1 import repair

_PATTERN = {
    "%Y": r"(\d{4})",
    **dict.fromkeys(("%y", "%m", "%d", "%H", "%I", "%M", "%S"), r"(\d\d)"),
    **dict.fromkeys(("%-m", "%-d", "%-H", "%-I"), r"(\d\d?)"),
    "%b": "([A-Z]{3})",
    "%B": "([A-Z]{3,9})",
    "%p": r"([AP]\.?M\.?)",
    "%f": r"\d{0,6}",
}
_FRACTION = re.compile(r"[.,:]?%f")  # with the mark before it; printed times are whole seconds here


@dataclass(frozen=True)
class ClockFormat:
    """One format of the clock.

    ``text`` is a ``strftime`` format, see :class:`repro.camera.Clock`; ``zones`` are the names that ``%Z`` can be.
    """

    text: str
    zones: tuple[str, ...] = ()

    @cached_property
    def _tokens(self) -> list[str]:
        return re.findall(r"%-?[A-Za-z]|.", self.text)

    @cached_property
    def _regexes(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        """Of stamps as they are printed, and of stamps without spaces whose letters may be missing or misread."""
        known = _PATTERN | {"%Z": "(" + "|".join(map(re.escape, self.zones)) + ")"}
        exact = [known.get(token, re.escape(token)) for token in self._tokens]
        # The T of ISO 8601 is often read as 7, and says nothing.
        loose = [
            ".?" if token.isalpha() else pattern
            for token, pattern in zip(self._tokens, exact, strict=True)
            if token != " "
        ]
        one, two = (re.compile("".join(patterns), re.IGNORECASE | re.ASCII) for patterns in (exact, loose))
        return one, two

    def parse(self, text: str, *, exact: bool = True) -> tuple[datetime, str | None] | None:
        """Local time (naive) and zone name of a stamp; None if it has another format or no such time exists.

        Spaces and letters of the format are required if ``exact``. If not, ``text`` must not contain a space, and each
        letter may be missing or misread.
        """
        if not exact and "%-" in self.text:
            return None  # without spaces the end of an unpadded number is unknown
        match = self._regexes[not exact].fullmatch(text)
        if not match:
            return None
        names = [token.replace("-", "") for token in self._tokens if token.startswith("%") and token != "%f"]
        values = dict(zip(names, match.groups(), strict=True))
        zone = values.pop("%Z", None)
        if "%y" in values:
            values["%Y"] = "20" + values.pop("%y")  # of this century; strptime would take 69 for 1969
        if "%p" in values:
            values["%p"] = values["%p"].replace(".", "")
        try:
            local = datetime.strptime(" ".join(values.values()), " ".join(values))
        except ValueError:
            return None
        # A misread year may have any value; in the first and last year the zone's offset leads beyond datetime's range.
        if not datetime.min.year < local.year < datetime.max.year:
            return None
        return local, zone and next(name for name in self.zones if name.upper() == zone.upper())

    def render(self, local: datetime, zone: str = "") -> str:
        """The stamp of a local time, without the fraction of a second."""
        return _print(_FRACTION.sub("", self.text), local, zone)

    def time_places(self, local: datetime, zone: str = "") -> Iterator[int]:
        """Positions, in the rendered stamp, of the digits of hour, minute and second."""
        text = _FRACTION.sub("", self.text)
        for directive in re.finditer("%-?[HIMS]", text):
            begin, end = (len(_print(text[:place], local, zone)) for place in directive.span())
            yield from range(begin, end)


def _print(text: str, local: datetime, zone: str) -> str:
    # The C library prints years before 1000 with fewer digits.
    return local.strftime(text.replace("%Z", zone).replace("%Y", f"{local.year:04d}"))


@dataclass(frozen=True)
class Moment:
    """One meaning of a stamp."""

    utc_s: int  # seconds since 1970-01-01 UTC, without leap seconds
    offset_s: int  # local time minus UTC
    format: ClockFormat  # in which it is printed
    zone: str = ""  # printed name of the zone; empty if the format has none
    # Whether the zone's rules give this offset at that time; false, for example, if the clock missed the change to summer time.
    dst_consistent: bool = True

    @property
    def _local(self) -> datetime:
        return datetime.fromtimestamp(self.utc_s + self.offset_s, UTC).replace(tzinfo=None)

    @property
    def stamp(self) -> str:
        """The stamp as printed."""
        return self.format.render(self._local, self.zone)

    @property
    def time_places(self) -> tuple[int, ...]:
        """Positions, in the stamp, of the digits of hour, minute and second."""
        return tuple(self.format.time_places(self._local, self.zone))


@dataclass(frozen=True)
class NightSpan:
    """A night's span and the formats and offsets that can occur in it."""

    first_s: int  # local noon, included; seconds since 1970 UTC
    last_s: int  # the next local noon, excluded
    formats: tuple[ClockFormat, ...]
    time_zone: str  # name in the time zone database
    zones_s: dict[str, int]  # offset of each zone name that may be printed
    offsets_s: tuple[int, ...]  # offsets of that night by the zone's rules: one, or two when the clocks change

    @classmethod
    def of(cls, night: str, camera: Camera) -> NightSpan:
        """The night of a file (YYYYMMDD) of a camera."""
        morning = datetime.strptime(night, "%Y%m%d") + timedelta(days=int(camera.file_date == "evening"))
        zone = pytz.timezone(camera.site.time_zone)
        noons = [zone.localize(morning + timedelta(days=back, hours=12)) for back in (-1, 0)]
        offsets = dict.fromkeys(_offset_s(noon) for noon in noons)
        zones_s = {name: int(hours * 3600) for name, hours in camera.printed_clock.zones_h.items()}
        formats = tuple(ClockFormat(text, tuple(zones_s)) for text in camera.printed_clock.formats)
        first_s, last_s = (int(noon.timestamp()) for noon in noons)
        return cls(first_s, last_s, formats, camera.site.time_zone, zones_s, tuple(offsets))

    def rule_offset_s(self, utc_s: int) -> int:
        """Local time minus UTC by the zone's rules."""
        return _offset_s(datetime.fromtimestamp(utc_s, UTC).astimezone(pytz.timezone(self.time_zone)))

    def moments(self, local: datetime, printed: str | None, form: ClockFormat) -> list[Moment]:
        """All meanings of a local time of this night, inside or outside its span.

        A printed zone decides. Without one the zone's rules do; an hour that the change to winter time repeats has two
        meanings, and on a night of change a clock may also not have been set, so an hour that the change to summer
        time leaves out has a meaning too.
        """
        seconds = int(local.replace(tzinfo=UTC).timestamp())
        meanings = []
        for offset_s in self.offsets_s if printed is None else (self.zones_s[printed],):
            utc_s = seconds - offset_s
            consistent = self.rule_offset_s(utc_s) == offset_s
            if consistent or printed is not None or len(self.offsets_s) > 1:
                meanings.append(Moment(utc_s, offset_s, form, printed or "", consistent))
        return meanings

    def contains(self, moment: Moment) -> bool:
        """Whether a moment is in the night."""
        return self.first_s <= moment.utc_s < self.last_s


@dataclass(frozen=True)
class ParsedStamp:
    """A text as a stamp of one format: local time (naive), printed name of the zone, the format.

    ``corrected`` says whether spaces, letters of the format, or marks at the ends had to be corrected.
    """

    local: datetime
    zone: str | None
    format: ClockFormat
    corrected: bool


def parse(text: str, formats: Sequence[ClockFormat]) -> list[ParsedStamp]:
    """Read a stamp in every format that it fits, such as day before month and month before day.

    Spaces, letters of the format and marks at the ends are corrected only if it fits no format unchanged.
    """
    matches = [ParsedStamp(*parsed, form, False) for form in formats if (parsed := form.parse(text))]
    if matches:
        return matches
    squeezed = re.sub(r"\s+", "", text).strip("-/:.,'")
    return [ParsedStamp(*parsed, form, True) for form in formats if (parsed := form.parse(squeezed, exact=False))]


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
        text, rules = repair(text)
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


def _offset_s(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None  # every moment here has a zone
    return int(offset.total_seconds())
