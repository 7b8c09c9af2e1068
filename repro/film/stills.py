"""Which still image was taken when, and in which night."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytz

from repro.camera import STILL_SUFFIXES, Camera
from repro.camera_patterns import file_name_pattern
from repro.engine.run_nights import Failure
from repro.errors import ReproError
from repro.film.still_files import StillFile, list_stills
from repro.film.videos import is_date, path_text
from repro.params import FilmParams

_EXAMPLES = 3  # files that a message names


@dataclass(frozen=True)
class Stamp:
    """The time of an image in seconds since 1970-01-01 UTC, and as it stands in the file's name or its EXIF data."""

    utc_s: float
    text: str


@dataclass(frozen=True)
class Still:
    """An image of a night; ``stamp`` is None where only the burned-in clock tells the time."""

    file: StillFile
    stamp: Stamp | None


def find_stills(folder: Path, camera: Camera, params: FilmParams) -> tuple[dict[str, list[Still]], list[Failure]]:
    """Group a corpus' images into nights, from local noon to local noon, in the order in which they were taken.

    Files without a time are left out with a line on stderr; they are a failure where they are more than
    ``film.max_missing_share`` of all. Of identical copies with the same time the first counts. The folder is searched
    with its subfolders and ZIP files; the camera says where the times stand. Gives the images of each night, in order, and
    kinds of files that cannot be taken. Raises ReproError if there is no image, or none with a time.
    """
    nights: dict[str, list[Still]] = {}
    wrong: dict[str, list[str]] = {}
    total = 0
    for file in list_stills(folder):
        total += 1
        try:
            night, stamp = _when(file, camera)
        except ValueError as error:
            wrong.setdefault(str(error), []).append(path_text(file.name))
        else:
            nights.setdefault(night, []).append(Still(file, stamp))
    if not nights:
        reason = "; ".join(f"{kind}: {names[0]}" for kind, names in wrong.items())
        raise ReproError(
            found=f"no image with a time among {total}: {reason}" if total else "no image",
            expected=f"files {camera.file_pattern} ({' '.join(STILL_SUFFIXES)}), in folders or ZIP files",
            where=str(folder),
            remedy="put the images there, or correct file_pattern and time_from of the camera profile; "
            "repro camera check NAME FILE says what it reads in a file",
        )
    failed = []
    for kind, names in sorted(wrong.items()):
        examples = ", ".join(names[:_EXAMPLES]) + (" ..." if len(names) > _EXAMPLES else "")
        print(f"left out {len(names)} of {total} images, {kind}: {examples}", file=sys.stderr)
        if len(names) > params.max_missing_share * total:
            failed.append(
                Failure(
                    night=names[0],
                    found=f"{len(names)} of {total} images: {kind}",
                    expected=f"a time in each; at most {params.max_missing_share:.0%} without (film.max_missing_share)",
                    where=f"{folder}, such as {examples}",
                    remedy="take these files out of the folder, or correct file_pattern, time_from and stamp_zone of the "
                    "camera profile",
                )
            )
    return {night: _in_order(stills) for night, stills in sorted(nights.items())}, failed


def stamp_of(file: StillFile, camera: Camera) -> Stamp:
    """Time of an image from its name or its EXIF data, as the profile says.

    Raises ValueError if there is none; the message says why.
    """
    if camera.time_from == "exif":
        exif = file.exif_time()
        if exif is None:
            raise ValueError("no time in the EXIF data")
        text, offset = exif
        return Stamp(_exif_utc_s(text, offset, camera), f"{text} {offset}".strip())
    match = re.fullmatch("(?:.*/)?" + file_name_pattern(camera.file_pattern).pattern, file.name, re.IGNORECASE)
    if match is None:
        raise ValueError(f"a name that is not {camera.file_pattern}")
    parts = match.groupdict()
    text = " ".join(parts.values())
    if "s" in parts:
        return Stamp(float(parts["s"]), text)
    return Stamp(_utc_s(lambda: _local_time(parts), camera), text)


def night_at(utc_s: float, camera: Camera) -> str:
    """Night (YYYYMMDD of its morning) of a time: from noon to noon in the site's time zone."""
    local = datetime.fromtimestamp(utc_s, UTC).astimezone(pytz.timezone(camera.site.time_zone))
    return (local.replace(tzinfo=None) + timedelta(hours=12)).strftime("%Y%m%d")


def sampled(stills: list[Still], camera: Camera, params: FilmParams) -> list[tuple[int, Still]]:
    """The images of a night that are kept, each with its place in the night.

    All of them with ``film.sampling: all``; else the first, and each that follows the last kept one after the profile's
    ``sample_interval_s``, less half a cadence for the camera's own unsteadiness. Where only the clock tells the time, every
    (interval over cadence)-th.
    """
    numbered = list(enumerate(stills))
    if params.sampling == "all":
        return numbered
    if camera.time_from == "clock":
        return numbered[:: camera.step(0, "cadence")]
    kept: list[tuple[int, Still]] = []
    least_s = camera.sample_interval_s - camera.cadence_s / 2
    last_s = float("-inf")
    for place, still in numbered:
        assert still.stamp is not None  # they were grouped into nights by it
        if still.stamp.utc_s - last_s >= least_s:
            kept.append((place, still))
            last_s = still.stamp.utc_s
    return kept


def _when(file: StillFile, camera: Camera) -> tuple[str, Stamp | None]:
    if camera.time_from == "clock":
        night = camera.night_of(file.name)
        if night is None or not is_date(night):
            raise ValueError(f"a name that is not {camera.file_pattern}")
        return night, None
    stamp = stamp_of(file, camera)
    return night_at(stamp.utc_s, camera), stamp


def _in_order(stills: list[Still]) -> list[Still]:
    """By time, then by name with numbers in their order; identical copies of one time are left out."""

    def key(still: Still) -> tuple[float, list[tuple[int, str]]]:
        pieces = re.findall(r"\d+|\D+", still.file.name)
        # A number sorts by its value: img10 comes after img9.
        order = [(int(piece), "") if piece.isdigit() and piece.isascii() else (-1, piece) for piece in pieces]
        return (still.stamp.utc_s if still.stamp else 0.0), order

    ordered: list[Still] = []
    for _, group in groupby(sorted(stills, key=key), key=lambda still: still.stamp or still.file):
        same = list(group)
        seen: set[bytes] = set()
        for still in same:
            data = still.file.read() if len(same) > 1 else b""
            if data not in seen:
                ordered.append(still)
                seen.add(data)
    return ordered


def _local_time(parts: Mapping[str, str]) -> datetime:
    named = {key: text for key, text in parts.items() if key != "f"}
    if "y" in named:
        named["Y"] = "20" + named.pop("y")
    time = datetime.strptime(" ".join(named.values()), " ".join(f"%{key}" for key in named))
    if time.year != int(named["Y"]):  # day 366 of a year with 365
        raise ValueError("no such day")
    return time


def _exif_utc_s(text: str, offset: str, camera: Camera) -> float:
    if not re.fullmatch(r"\d{4}[:-]\d\d[:-]\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", text):
        raise ValueError(f"an invalid time in the EXIF data: {text[:40]!r}")
    zone = offset if re.fullmatch(r"[+-]\d\d:?\d\d", offset) else ""
    return _utc_s(lambda: datetime.fromisoformat(text[:10].replace(":", "-") + text[10:19] + zone), camera)


def _utc_s(local: Callable[[], datetime], camera: Camera) -> float:
    try:
        time = local()
    except ValueError:
        raise ValueError("a time that does not exist") from None
    if time.tzinfo is not None:
        return time.timestamp()
    zone = pytz.timezone(camera.stamp_zone or camera.site.time_zone)
    try:
        return zone.localize(time, is_dst=None).timestamp()
    except pytz.AmbiguousTimeError:
        raise ValueError("a time in the hour that the change to winter time repeats") from None
    except (pytz.NonExistentTimeError, OverflowError):
        raise ValueError("a time that does not exist") from None
