"""Stamps as a camera prints them: formats, local time and UTC, the span of a night."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import pytz

from repro.camera import Camera

_PATTERN = {"%Y": r"(\d{4})", "%m": r"(\d\d)", "%d": r"(\d\d)", "%H": r"(\d\d)", "%M": r"(\d\d)", "%S": r"(\d\d)"}
_ORDER = tuple(_PATTERN)


@dataclass(frozen=True)
class Form:
    """One format of the clock.

    Parameters
    ----------
    text : str
        ``strftime`` format.
    zones : tuple of str
        Names that ``%Z`` may stand for.
    """

    text: str
    zones: tuple[str, ...] = ()

    @property
    def zoned(self) -> bool:
        """Whether the name of the zone is printed."""
        return "%Z" in self.text

    @cached_property
    def _tokens(self) -> list[str]:
        return re.findall(r"%[YmdHMSZ]|.", self.text)

    def _regex(self, *, spaces: bool) -> re.Pattern[str]:
        zone = "(" + "|".join(map(re.escape, self.zones)) + ")"
        parts = (_PATTERN.get(t, zone if t == "%Z" else re.escape(t)) for t in self._tokens if spaces or t != " ")
        return re.compile("".join(parts))

    @cached_property
    def _strict(self) -> re.Pattern[str]:
        return self._regex(spaces=True)

    @cached_property
    def _compact(self) -> re.Pattern[str]:
        return self._regex(spaces=False)

    def parse(self, text: str, *, spaces: bool = True) -> tuple[datetime, str | None] | None:
        """Local time (naive) and zone name of a stamp; None if it is not of this format or no such time exists.

        Parameters
        ----------
        text : str
            The whole stamp.
        spaces : bool
            Whether spaces must stand where the format has them; if not, ``text`` must hold none.
        """
        found = (self._strict if spaces else self._compact).fullmatch(text)
        if not found:
            return None
        names = [token for token in self._tokens if token.startswith("%")]
        values = dict(zip(names, found.groups(), strict=True))
        try:
            local = datetime(*(int(values[token]) for token in _ORDER))  # type: ignore[arg-type]
        except ValueError:
            return None
        # A misread year may be any; in the calendar's first and last one the zone's offset leads out of it.
        if not datetime.min.year < local.year < datetime.max.year:
            return None
        return local, values.get("%Z")

    def render(self, local: datetime, zone: str) -> str:
        """The stamp of a local time."""
        return local.strftime(self.text.replace("%Z", zone))

    @cached_property
    def time_places(self) -> tuple[int, ...]:
        """Positions, in a rendered stamp, of the six digits of hour, minute and second."""
        places, at = [], 0
        for token in self._tokens:
            width = {"%Y": 4, "%Z": 3}.get(token, 2 if token.startswith("%") else 1)
            if token in ("%H", "%M", "%S"):
                places += [at, at + 1]
            at += width
        return tuple(places)


@dataclass(frozen=True)
class Moment:
    """What a stamp may mean.

    Parameters
    ----------
    utc_s : int
        Seconds since 1970-01-01 UTC, without leap seconds.
    offset_s : int
        Local time minus UTC.
    form : Form
        The format it was printed in.
    lawful : bool
        Whether the zone's rules give this offset at that time; a clock that was not set on a night of change has
        another one.
    """

    utc_s: int
    offset_s: int
    form: Form
    lawful: bool = True

    def text(self, zones_s: dict[int, str]) -> str:
        """The stamp as printed; ``zones_s`` names the zone of an offset."""
        local = datetime.fromtimestamp(self.utc_s + self.offset_s, UTC).replace(tzinfo=None)
        return self.form.render(local, zones_s.get(self.offset_s, ""))


@dataclass(frozen=True)
class Night:
    """A night's span and the formats and offsets that can occur in it.

    Parameters
    ----------
    first_s, last_s : int
        From local noon, included, to the next local noon, excluded; seconds since 1970 UTC.
    forms : tuple of Form
        Formats of the camera.
    zone : str
        Name in the time zone database.
    zones_s : dict
        Printed zone name by offset (s).
    offsets_s : tuple of int
        Lawful offsets of that night: one, or two when the clocks change.
    """

    first_s: int
    last_s: int
    forms: tuple[Form, ...]
    zone: str
    zones_s: dict[int, str]
    offsets_s: tuple[int, ...]

    @classmethod
    def of(cls, night: str, camera: Camera) -> Night:
        """The night of a file (YYYYMMDD) of a camera."""
        morning = datetime.strptime(night, "%Y%m%d") + timedelta(days=int(camera.file_date == "evening"))
        zone = pytz.timezone(camera.site.time_zone)
        noons = [zone.localize(morning + timedelta(days=back, hours=12)) for back in (-1, 0)]
        offsets = dict.fromkeys(int(_offset(noon).total_seconds()) for noon in noons)
        names = {int(hours * 3600): name for name, hours in camera.clock.zones_h.items()}
        forms = tuple(Form(text, tuple(camera.clock.zones_h)) for text in camera.clock.formats)
        first_s, last_s = (int(noon.timestamp()) for noon in noons)
        return cls(first_s, last_s, forms, camera.site.time_zone, names, tuple(offsets))

    def lawful_offset_s(self, utc_s: int) -> int:
        """Local time minus UTC by the zone's rules."""
        zone = pytz.timezone(self.zone)
        return int(_offset(datetime.fromtimestamp(utc_s, UTC).astimezone(zone)).total_seconds())

    def moments(self, local: datetime, printed: str | None, form: Form) -> list[Moment]:
        """All that a local time of this night can mean, inside or outside its span.

        A printed zone decides. Without one the zone's rules do; an hour that the change to winter time repeats has two
        meanings, and on a night of change a clock may also not have been set, so an hour that the change to summer
        time leaves out has a meaning too.
        """
        seconds = int(local.replace(tzinfo=UTC).timestamp())
        if printed is not None:
            offset = next(offset for offset, name in self.zones_s.items() if name == printed)
            return [Moment(seconds - offset, offset, form, self.lawful_offset_s(seconds - offset) == offset)]
        found = []
        for offset in self.offsets_s:
            utc_s = seconds - offset
            lawful = self.lawful_offset_s(utc_s) == offset
            if lawful or len(self.offsets_s) > 1:
                found.append(Moment(utc_s, offset, form, lawful))
        return found

    def holds(self, moment: Moment) -> bool:
        """Whether a moment lies in the night."""
        return self.first_s <= moment.utc_s < self.last_s


def parse(text: str, forms: Sequence[Form]) -> tuple[datetime, str | None, Form, bool] | None:
    """Read a stamp in any of the formats.

    Returns
    -------
    tuple or None
        Local time, printed zone, format, and whether spaces or marks at the ends had to be put right.
    """
    for form in forms:
        if exact := form.parse(text):
            return *exact, form, False
    squeezed = re.sub(r"\s+", "", text).strip("-/:.,'")
    found = [(form, parsed) for form in forms if (parsed := form.parse(squeezed, spaces=False))]
    if not found:
        return None
    form, parsed = found[0]
    return *parsed, form, True


def _offset(moment: datetime) -> timedelta:
    offset = moment.utcoffset()
    assert offset is not None  # every moment here bears a zone
    return offset
