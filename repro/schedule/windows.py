"""Nights and their minutes, whether or not the camera was on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytz

from repro.errors import ReproError, refuse
from repro.params import Schedule, Window
from repro.sky.bins import CONDITIONS, Words
from repro.sky.ephemeris import Times, skyfield_time

Integers = npt.NDArray[np.int64]
Switches = npt.NDArray[np.bool_]
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Minutes:
    """The times at which a camera that is always on would take a frame."""

    times_utc: Times  # shape (n,), rising; from each night's local noon on, one a cadence
    night: Integers  # shape (n,): index into ``mornings``
    mornings: list[date]  # the date of each night's morning, which is the night's name
    window: Integers  # shape (nights,): number of the window, from 1
    cadence_s: float  # between two times

    @property
    def names(self) -> list[str]:
        """Names of the nights, YYYYMMDD of the morning, as in the names of the video files."""
        return [f"{morning:%Y%m%d}" for morning in self.mornings]


def local_time(clock: str, time_zone: str) -> np.datetime64:
    """UTC of a local clock (ISO 8601) in a zone of the IANA database, daylight saving time included.

    Raises ReproError if the zone or the clock is invalid, or a change of daylight saving time skipped or repeated that
    time.
    """
    where = "params.yaml, schedule"
    try:
        zone = pytz.timezone(time_zone)
    except pytz.UnknownTimeZoneError:
        expected = "a name of the IANA database, such as America/Yellowknife"
        refuse(f"time zone {time_zone!r}", expected, f"{where}.site.time_zone", "correct the name")
    try:
        local = zone.localize(datetime.fromisoformat(clock), is_dst=None)
    except (ValueError, pytz.InvalidTimeError) as error:
        found = f"local time {clock!r}: {error or 'missing or shown twice at a change of daylight saving time'}"
        refuse(found, "a local time that occurred exactly once", f"{where} ({time_zone})", "correct the time")
    return np.datetime64(local.astimezone(pytz.utc).replace(tzinfo=None), "us")


def mornings(window: Window) -> list[date]:
    """Dates of the mornings of a window's nights, both ends included.

    Raises ReproError if a date does not exist or the last comes before the first.
    """
    try:
        first, last = date.fromisoformat(window.first), date.fromisoformat(window.last)
    except ValueError as error:
        _refuse(window, str(error))
    if last < first:
        _refuse(window, "the last night comes before the first")
    return [first + number * ONE_DAY for number in range((last - first).days + 1)]


def minutes_of(schedule: Schedule) -> Minutes:
    """All times of all nights of a schedule.

    Raises ReproError if a window is not a span of dates, overlaps another, or is outside the ephemeris.
    """
    times, names, numbers = [], [], []
    cadence = np.timedelta64(round(schedule.cadence_s * 1e6), "us")
    for number, window in enumerate(schedule.windows, start=1):
        days = mornings(window)
        noons = [local_time(f"{day}T12:00", schedule.site.time_zone) for day in (days[0] - ONE_DAY, *days)]
        try:
            skyfield_time(np.array([noons[0], noons[-1]]))
        except ReproError as error:
            _refuse(window, error.found, error.expected)
        times += [np.arange(begin, end, cadence) for begin, end in pairwise(noons)]
        names += days
        numbers += [number] * len(days)
    if len(set(names)) < len(names):
        _refuse(schedule.windows[-1], "a night that is in two windows")
    if not names:
        remedy = "name the first and the last night of each window"
        refuse("no window of nights", "at least one", "params.yaml, schedule.windows", remedy)
    night = np.repeat(np.arange(len(times)), [len(part) for part in times])
    return Minutes(np.concatenate(times), night, names, np.array(numbers), schedule.cadence_s)


def count_cells(condition: Integers, night: Integers, nights: int) -> Integers:
    """Minutes by condition and night, shape (9, nights); civil twilight and day are not counted."""
    kept = condition < len(CONDITIONS)
    flat = np.bincount(condition[kept] * nights + night[kept], minlength=len(CONDITIONS) * nights)
    return flat.reshape(len(CONDITIONS), nights)


def segments(minutes: Minutes, sun: Words, moon: Words, camera_on: Switches) -> pd.DataFrame:
    """Spans of one condition, for a picture of the nights; ``sun`` and ``moon`` are bins of :mod:`repro.sky.bins`.

    Gives ``night`` (YYYYMMDD), ``start_utc`` and ``end_utc`` (end excluded), ``sun_bin``, ``moon_bin`` and ``camera_on``,
    rising in time, without gaps inside a night.
    """
    columns = (minutes.night, sun, moon, camera_on)
    changed = np.zeros(minutes.times_utc.size, dtype=bool)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    first = np.flatnonzero(changed)
    last = np.append(first[1:], minutes.times_utc.size) - 1
    cadence = np.timedelta64(round(minutes.cadence_s * 1e6), "us")
    names = np.array(minutes.names)
    return pd.DataFrame(
        {
            "night": names[minutes.night[first]],
            "start_utc": minutes.times_utc[first],
            "end_utc": minutes.times_utc[last] + cadence,
            "sun_bin": sun[first],
            "moon_bin": moon[first],
            "camera_on": camera_on[first],
        }
    )


def night_table(minutes: Minutes, cells: Integers, camera_on: Switches, cell_names: Sequence[str]) -> pd.DataFrame:
    """One row a night: ``night``, ``date``, ``window``, ``on_utc``, ``off_utc`` and the minutes of every condition.

    ``cells``, shape (conditions, nights), are minutes with the camera on, and ``cell_names`` their columns. A night in which
    the camera takes no frame has no ``on_utc``.
    """
    on = pd.Series(minutes.times_utc[camera_on]).groupby(minutes.night[camera_on])
    number = pd.RangeIndex(len(minutes.mornings))
    return pd.DataFrame(
        {
            "night": minutes.names,
            "date": [morning.isoformat() for morning in minutes.mornings],
            "window": minutes.window,
            "on_utc": on.min().reindex(number),
            "off_utc": on.max().reindex(number),
            **dict(zip(cell_names, cells, strict=True)),
        }
    )


def _refuse(window: Window, found: str, expected: str = "dates that exist, in order, each night once") -> NoReturn:
    where = f"params.yaml, schedule.windows, {window.first} to {window.last}"
    refuse(found, expected, where, "correct the window")
