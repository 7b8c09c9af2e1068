"""Camera profiles: everything the pipeline knows about a camera, one YAML file each.

A new camera is a new file in ``repro/cameras/``; no stage refers to a camera by name.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from repro.camera_patterns import any_text, clock_format, file_name_pattern
from repro.errors import ReproError
from repro.params import FilmParams, Sampling, Section, Site, known_zone
from repro.untrusted import parse_yaml, validated

#: Suffixes of video files, in lower case.
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
#: Suffixes of the files that are taken for still images, in lower case.
STILL_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
_DATE = "YYYYMMDD"
#: What a profile says where a value is not known; such a profile films no night.
UNKNOWN = "unknown"


class Size(Section):
    """Width and height in pixels."""

    width: int = Field(gt=0)
    height: int = Field(gt=0)


class PixelBox(Size):
    """A part of the frame, in pixels from its top left corner."""

    left: int = Field(ge=0)
    top: int = Field(ge=0)

    @property
    def rows(self) -> slice:
        """Rows of the box in an image of shape (height, width, channel)."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Columns of the box."""
        return slice(self.left, self.left + self.width)


class PixelCircle(Section):
    """The sky in the frame: centre and radius, in pixels; x to the right, y down."""

    x: float
    y: float
    radius: float = Field(gt=0)


class Clock(Section):
    """The clock burned into the frame."""

    box_px: PixelBox  # its place in the frame; it contains only dark background and the text
    scale: float = Field(ge=1, le=8)  # by which a strip is enlarged before it is read
    # ``strftime`` formats that occur; ``%Z`` is one of the names in ``zones_h``. Names of months are English, ``%p`` is AM or
    # PM, two-digit years are 2000 to 2099, and the fraction ``%f`` is read but left out of the time. Numbers have leading
    # zeros, except those of ``%-m``, ``%-d``, ``%-H`` and ``%-I``.
    formats: tuple[Annotated[str, AfterValidator(clock_format)], ...] = Field(min_length=1)
    # Names of zones that are printed, with their offset from UTC in hours, east positive.
    zones_h: dict[Annotated[str, Field(pattern=r"^[A-Z]{1,5}$")], Annotated[float, Field(ge=-24, le=24)]] = Field(
        default_factory=dict
    )
    published_repairs: bool = False  # whether the seven rules of Table 1, written for AuroraMAX, apply

    @model_validator(mode="after")
    def _zones_are_named(self) -> Clock:
        if any("%Z" in text for text in self.formats) and not self.zones_h:
            raise ValueError("a format with %Z needs zones_h, for example {MST: -7, MDT: -6}")
        return self


class Camera(Section):
    """One camera: a video a night, or still images, and how their times are known."""

    credit: str  # owner of the images, named wherever they are shown
    site: Site  # its time zone is that of the clock, and its noon divides the nights
    frames: Literal["videos", "stills"] = "videos"  # one file a night with a clock in every frame, or one file an image
    time_from: Literal["clock", "file_name", "exif"] = "clock"  # where the time of a still stands
    # Name of a night's video, with YYYYMMDD for the date. For stills a path below the corpus' folder, where ``*`` stands for any
    # text: with the directives of a time for ``file_name``, with YYYYMMDD for ``clock``, and ``*`` alone for ``exif``.
    file_pattern: str
    file_date: Literal["morning", "evening"] = "morning"  # of the night: what YYYYMMDD means
    # Time zone of times in names and in EXIF data without an offset; the site's if not given.
    stamp_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    # Of images of 16 bits a channel: the counts that become 0 and 255; 0 and 65535 if not given.
    levels: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(le=65_535)]] | None = None
    # Length to which the longer side of a cropped still is scaled; as cropped if not given.
    output_px: int | None = Field(default=None, ge=32, le=4096)
    frame_px: Size
    circle_px: PixelCircle  # the sky
    crop_px: PixelBox  # the part that is kept
    north_deg: float = Field(ge=-360, le=360)  # direction of north in the image, anticlockwise from up
    cadence_s: float = Field(gt=0, le=86_400)  # time between two exposures
    sample_interval_s: float = Field(gt=0, le=86_400)  # desired time between two sampled frames
    # The published rule: every (fps times this)-th frame.
    sample_fps_fraction: float | None = Field(default=None, gt=0, le=86_400)
    clock: Clock | None = Field(default=None, validate_default=True)  # needed for ``time_from: clock``

    @field_validator("file_pattern")
    @classmethod
    def _fits_the_files(cls, pattern: str, info: ValidationInfo) -> str:
        frames, time_from = info.data.get("frames"), info.data.get("time_from")
        if frames == "videos" and time_from != "clock":
            raise ValueError(f"the time of a video's frames is read from its clock, not from {time_from}")
        if time_from == "clock" and pattern.count(_DATE) != 1:
            raise ValueError(f"{pattern!r} must contain {_DATE} once, in the place of the night's date")
        if time_from == "file_name":
            file_name_pattern(pattern)
        if frames == "videos" and not pattern.lower().endswith(VIDEO_SUFFIXES):
            hint = "; for still images set frames: stills" if pattern.lower().endswith(STILL_SUFFIXES) else ""
            raise ValueError(f"{pattern!r} is no video's name ({' '.join(VIDEO_SUFFIXES)}){hint}")
        if frames == "stills" and not pattern.lower().endswith((*STILL_SUFFIXES, "*")):
            raise ValueError(f"{pattern!r} is no still image's name: it ends in {' '.join(STILL_SUFFIXES)} or *")
        return pattern

    @field_validator("crop_px", "clock")
    @classmethod
    def _within_frame(cls, part: PixelBox | Clock | None, info: ValidationInfo) -> PixelBox | Clock | None:
        if part is None:
            if info.data.get("time_from") == "clock":
                raise ValueError("the time is read from the clock, so its place and formats are needed")
            return None
        frame, box = info.data.get("frame_px"), part.box_px if isinstance(part, Clock) else part
        if frame and (box.left + box.width > frame.width or box.top + box.height > frame.height):
            name = "clock.box_px" if isinstance(part, Clock) else "crop_px"
            raise ValueError(f"{name} reaches beyond the frame of {frame.width} x {frame.height}")
        return part

    @field_validator("circle_px")
    @classmethod
    def _in_sight(cls, circle: PixelCircle, info: ValidationInfo) -> PixelCircle:
        frame = info.data.get("frame_px")
        if frame is None:  # its own error is reported
            return circle
        # The centre may be outside the frame, but not so far that no sky is left in it.
        limit_px = 2 * (frame.width + frame.height)
        if max(abs(circle.x), abs(circle.y), circle.radius) > limit_px:
            raise ValueError(f"circle_px is beyond {limit_px} pixels, twice the frame's width and height")
        return circle

    @model_validator(mode="after")
    def _levels_rise(self) -> Camera:
        if self.levels is not None and self.levels[0] >= self.levels[1]:
            raise ValueError(f"levels: the first must be below the second, not {self.levels[0]} and {self.levels[1]}")
        return self

    @property
    def printed_clock(self) -> Clock:
        """The burned-in clock; a ReproError if the profile describes none, as the times come from elsewhere."""
        if self.clock is None:
            raise ReproError(
                found=f"a camera without a burned-in clock (time_from: {self.time_from})",
                expected="clock.box_px and clock.formats",
                where="the camera's profile",
                remedy="describe the clock in the profile, or do without it",
            )
        return self.clock

    def night_of(self, file_name: str) -> str | None:
        """Night (YYYYMMDD) of a file that follows the pattern, in upper or lower case; None for any other."""
        before, after = (any_text(part) for part in self.file_pattern.split(_DATE))
        match = re.fullmatch(rf"(?:.*/)?{before}([0-9]{{8}}){after}", file_name, re.IGNORECASE)
        return match[1] if match else None

    def step(self, fps: float, sampling: Sampling, frames_per_exposure: float = 1) -> int:
        """Distance between sampled frames, in frames of the video, at least 1.

        ``published``: fps x 2/5 rounded (thesis, section II.1.2; 10 at 25 fps), where the profile gives a fraction.
        ``cadence``: the wanted interval over the time between exposures, whatever the video's frame rate is, times
        ``frames_per_exposure``, which is 2 where a conversion to another frame rate has doubled each exposure. ``all``:
        every exposure.
        """
        if sampling == "all":
            return max(1, round(frames_per_exposure))
        if sampling == "published" and self.sample_fps_fraction is not None:
            return max(1, round(fps * self.sample_fps_fraction))
        return max(1, round(self.sample_interval_s / self.cadence_s * frames_per_exposure))


def cameras() -> list[str]:
    """Names of all camera profiles."""
    return sorted(path.stem for path in profile_path("any").parent.glob("[!.]*.yaml"))


def load_camera(name: str) -> Camera:
    """Read a profile; a ReproError if there is none of that name, and with their names if fields are unknown or invalid."""
    document, source = profile_document(name)
    unknown = sorted(key for key, value in document.items() if value == UNKNOWN)
    if unknown:
        raise ReproError(
            found=f"a camera profile that does not know {', '.join(unknown)}",
            expected="a value of each field, measured on an image of this camera",
            where=str(source),
            remedy=f"fill them in, and look at them with: repro camera check {name} FILE",
        )
    return parse_camera(document, str(source))


_EXPECTED, _REMEDY = "a camera profile (repro.camera.Camera)", "compare with repro/cameras/auroramax.yaml"


def profile_document(name: str) -> tuple[dict[str, Any], Path]:
    """A profile as it stands in its file, with unknown fields, and the file; a ReproError if it is none, or no mapping."""
    if name not in cameras():
        raise ReproError(
            found=f"no camera profile {name!r}",
            expected=f"one of {', '.join(cameras())}",
            where="film.cameras, or the corpus' own name",
            remedy="name one of them in film.cameras of params.yaml, or add a file to repro/cameras/",
        )
    source = profile_path(name)
    text = source.read_bytes().decode(errors="replace")
    document = parse_yaml(text, where=str(source), expected=_EXPECTED, remedy=_REMEDY)
    if not isinstance(document, dict):
        parse_camera(document, str(source))  # raises
    return document, source


def profile_path(name: str) -> Path:
    """File of a profile, which need not be there."""
    return Path(str(resources.files("repro"))) / "cameras" / f"{name}.yaml"


def parse_camera(document: object, where: str) -> Camera:
    """A profile's document as a camera; a ReproError names the first of its fields that has an invalid value."""
    return validated(Camera, document, where=where, remedy=_REMEDY)


def camera_of(corpus: str, film: FilmParams) -> Camera:
    """Camera of a corpus: the one that params name for it, or the profile of the same name."""
    return load_camera(film.cameras.get(corpus, corpus))
