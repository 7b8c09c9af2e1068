"""Stamps as a camera prints them: clock formats, local time and UTC, the span of a night."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pytz

from repro.camera import Camera

# English names, whatever the locale of the machine is.
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
_NUMBER = {"%Y": r"(\d{4})", **dict.fromkeys(("%y", "%m", "%d", "%H", "%I", "%M", "%S"), r"(\d\d)")}
_PATTERN = {
    **_NUMBER,
    **dict.fromkeys(("%-m", "%-d", "%-H", "%-I"), r"(\d\d?)"),
    "%b": "(" + "|".join(month[:3] for month in _MONTHS) + ")",
    "%B": "(" + "|".join(_MONTHS) + ")",
    "%p": r"([AP]\.?M\.?)",
    "%f": r"\d{0,6}",
}
_CENTURY = 2000  # two-digit years are of this century
_HOURS = ("%H", "%-H", "%I", "%-I")


@dataclass(frozen=True)
class ClockFormat:
    """One format of the clock.

    Parameters
    ----------
    text : str
        ``strftime`` format, see :class:`repro.camera.Clock`.
    zones : tuple of str
        Names that ``%Z`` can be.
    """

    text: str
    zones: tuple[str, ...] = ()

    @cached_property
    def _tokens(self) -> list[str]:
        return re.findall(r"%-?[A-Za-z]|.", self.text)

    def _regex(self, *, exact: bool) -> re.Pattern[str]:
        patterns = []
        for token in self._tokens:
            if token == "%Z":
                patterns.append("(" + "|".join(map(re.escape, self.zones)) + ")")
            elif token in _PATTERN:
                patterns.append(_PATTERN[token])
            elif exact:
                patterns.append(re.escape(token))
            elif token != " ":
                # The T of ISO 8601 is often read as 7, and says nothing.
                patterns.append(".?" if token.isalpha() else re.escape(token))
        return re.compile("".join(patterns), re.IGNORECASE)

    @cached_property
    def _exact(self) -> re.Pattern[str]:
        return self._regex(exact=True)

    @cached_property
    def _loose(self) -> re.Pattern[str]:
        return self._regex(exact=False)

    def parse(self, text: str, *, exact: bool = True) -> tuple[datetime, str | None] | None:
        """Local time (naive) and zone name of a stamp; None if it has another format or no such time exists.

        Parameters
        ----------
        text : str
            The whole stamp.
        exact : bool
            Whether spaces and letters of the format are required. If not, ``text`` must not contain a space, and each
            letter may be missing or misread.
        """
        if not exact and "%-" in self.text:
            return None  # without spaces the end of an unpadded number is unknown
        match = (self._exact if exact else self._loose).fullmatch(text)
        if not match:
            return None
        names = [token.replace("-", "") for token in self._tokens if token.startswith("%") and token != "%f"]
        values = dict(zip(names, match.groups(), strict=True))
        try:
            local = datetime(
                int(values["%Y"]) if "%Y" in values else _CENTURY + int(values["%y"]),
                _month(values),
                int(values["%d"]),
                _hour(values),
                int(values["%M"]),
                int(values["%S"]),
            )
        except ValueError:
            return None
        # A misread year may have any value; in the first and last year the zone's offset leads beyond datetime's range.
        if not datetime.min.year < local.year < datetime.max.year:
            return None
        zone = values.get("%Z")
        return local, zone and next(name for name in self.zones if name.upper() == zone.upper())

    def _pieces(self, local: datetime, zone: str) -> list[tuple[str, str]]:
        """Each token of the format with its printed text."""
        values = {
            "%Y": f"{local.year:04d}", "%y": f"{local.year % 100:02d}", "%m": f"{local.month:02d}",
            "%b": _MONTHS[local.month - 1][:3], "%B": _MONTHS[local.month - 1], "%d": f"{local.day:02d}",
            "%H": f"{local.hour:02d}", "%I": f"{(local.hour - 1) % 12 + 1:02d}", "%M": f"{local.minute:02d}",
            "%S": f"{local.second:02d}", "%p": "AM" if local.hour < 12 else "PM", "%Z": zone,
        }  # fmt: skip
        pieces = []
        for token in re.findall(r"[.,:]?%f|%-?[A-Za-z]|.", self.text):
            if token.endswith("%f"):
                continue  # times are whole seconds
            plain = values.get(token.replace("-", "") if token.startswith("%") else token, token)
            pieces.append((token, plain.removeprefix("0") if token.startswith("%-") else plain))
        return pieces

    def render(self, local: datetime, zone: str = "") -> str:
        """The stamp of a local time, without the fraction of a second."""
        return "".join(text for _, text in self._pieces(local, zone))

    def time_places(self, local: datetime, zone: str = "") -> tuple[int, ...]:
        """Positions, in the rendered stamp, of the digits of hour, minute and second."""
        places: list[int] = []
        at = 0
        for token, text in self._pieces(local, zone):
            if token in (*_HOURS, "%M", "%S"):
                places.extend(range(at, at + len(text)))
            at += len(text)
        return tuple(places)


def _month(values: dict[str, str]) -> int:
    if "%m" in values:
        return int(values["%m"])
    name = values.get("%b") or values["%B"]
    return [month[:3].lower() for month in _MONTHS].index(name[:3].lower()) + 1


def _hour(values: dict[str, str]) -> int:
    if "%H" in values:
        return int(values["%H"])
    hour = int(values["%I"])
    if not 1 <= hour <= 12:
        raise ValueError(f"no hour of a 12-hour clock: {hour}")
    return hour % 12 + 12 * (values["%p"][0].upper() == "P")


@dataclass(frozen=True)
class Moment:
    """One meaning of a stamp.

    Parameters
    ----------
    utc_s : int
        Seconds since 1970-01-01 UTC, without leap seconds.
    offset_s : int
        Local time minus UTC.
    format : ClockFormat
        The format in which it is printed.
    zone : str
        The printed name of the zone; empty if the format has none.
    dst_consistent : bool
        Whether the zone's rules give this offset at that time. False, for example, if the camera's clock missed the change
        to or from summer time that night.
    """

    utc_s: int
    offset_s: int
    format: ClockFormat
    zone: str = ""
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
        return self.format.time_places(self._local, self.zone)


@dataclass(frozen=True)
class NightSpan:
    """A night's span and the formats and offsets that can occur in it.

    Parameters
    ----------
    first_s, last_s : int
        From local noon, included, to the next local noon, excluded; seconds since 1970 UTC.
    formats : tuple of ClockFormat
        Formats of the camera.
    time_zone : str
        Name in the time zone database.
    zones_s : dict
        Offset (s) of each zone name that may be printed.
    offsets_s : tuple of int
        Offsets of that night by the zone's rules: one, or two when the clocks change.
    """

    first_s: int
    last_s: int
    formats: tuple[ClockFormat, ...]
    time_zone: str
    zones_s: dict[str, int]
    offsets_s: tuple[int, ...]

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
        if printed is not None:
            offset_s = self.zones_s[printed]
            utc_s = seconds - offset_s
            return [Moment(utc_s, offset_s, form, printed, self.rule_offset_s(utc_s) == offset_s)]
        meanings = []
        for offset_s in self.offsets_s:
            utc_s = seconds - offset_s
            consistent = self.rule_offset_s(utc_s) == offset_s
            if consistent or len(self.offsets_s) > 1:
                meanings.append(Moment(utc_s, offset_s, form, "", consistent))
        return meanings

    def contains(self, moment: Moment) -> bool:
        """Whether a moment is in the night."""
        return self.first_s <= moment.utc_s < self.last_s


@dataclass(frozen=True)
class ParsedStamp:
    """A text as a stamp of one format.

    Parameters
    ----------
    local : datetime
        Local time, naive.
    zone : str or None
        The printed name of the zone.
    format : ClockFormat
        The format.
    corrected : bool
        Whether spaces, letters of the format, or marks at the ends had to be corrected.
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


def _offset_s(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None  # every moment here has a zone
    return int(offset.total_seconds())
