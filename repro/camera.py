"""Camera profiles: everything the pipeline knows about a camera, one YAML file each.

A new camera is a new file in ``repro/cameras/``; code refers to no camera by name.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from repro.errors import ReproError
from repro.params import FilmParams, Section, Site
from repro.untrusted import parse_yaml, validated

#: Suffixes of video files, in lower case.
VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
_DATE = "YYYYMMDD"


def _name_of_a_video(pattern: str) -> str:
    if pattern.count(_DATE) != 1:
        raise ValueError(f"{pattern!r} must contain {_DATE} once, in the place of the night's date")
    if not pattern.lower().endswith(VIDEO_SUFFIXES):
        raise ValueError(
            f"{pattern!r} is no video's name: only videos are read ({' '.join(VIDEO_SUFFIXES)}), one file a night; "
            "still images must be joined into a video first"
        )
    return pattern


#: Directives of a clock format, by what they print; a format has exactly one of each line.
_DIRECTIVES = {
    "year": ("%Y", "%y"),
    "month": ("%m", "%-m", "%b", "%B"),
    "day": ("%d", "%-d"),
    "hour": ("%H", "%-H", "%I", "%-I"),
    "minute": ("%M",),
    "second": ("%S",),
}


def _complete(text: str) -> str:
    # The marks go to Tesseract as an argument, where a quote or a backslash would end it.
    if not re.fullmatch(r"(%-[mdHI]|%[YymbBdHIMSpfZ]|[A-Za-z0-9 /:.,_-])+", text):
        raise ValueError(
            "a clock format has the directives %Y %y %m %b %B %d %H %I %p %M %S %f %Z, or %-m %-d %-H %-I without a "
            f"leading zero, beside letters, digits, blanks and the marks / : . , _ -, not {text!r}"
        )
    printed = re.findall("%-?[A-Za-z]", text)
    for part, directives in _DIRECTIVES.items():
        if sum(token in directives for token in printed) != 1:
            raise ValueError(f"a clock format names the {part} once ({' or '.join(directives)}), {text!r} does not")
    if printed.count("%p") != (printed.count("%I") + printed.count("%-I")):
        raise ValueError(f"a 12-hour clock (%I) and AM or PM (%p) go together, not in {text!r}")
    if any(printed.count(token) > 1 for token in ("%f", "%Z")):
        raise ValueError(f"a clock format names zone and fraction at most once, not {text!r}")
    return text


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
    """The clock burned into the frame.

    Parameters
    ----------
    box_px : PixelBox
        Its place in the frame; it contains only dark background and the text.
    scale : float
        Factor by which a strip is enlarged before it is read.
    formats : tuple of str
        ``strftime`` formats that occur; ``%Z`` is one of the names in ``zones_h``. Names of months are English, ``%p``
        is AM or PM, two-digit years are 2000 to 2099, and the fraction ``%f`` is read but left out of the time.
        Numbers have leading zeros, except those of ``%-m``, ``%-d``, ``%-H`` and ``%-I``.
    zones_h : dict
        Names of zones that are printed, with their offset from UTC in hours, east positive. Two names may have the
        same offset.
    published_repairs : bool
        Whether the seven rules of Table 1, written for AuroraMAX, apply.
    """

    box_px: PixelBox
    scale: float = Field(ge=1, le=8)
    formats: tuple[Annotated[str, AfterValidator(_complete)], ...] = Field(min_length=1)
    zones_h: dict[Annotated[str, Field(pattern=r"^[A-Z]{1,5}$")], Annotated[float, Field(ge=-24, le=24)]] = Field(
        default_factory=dict
    )
    published_repairs: bool = False

    @model_validator(mode="after")
    def _zones_are_named(self) -> Clock:
        if any("%Z" in text for text in self.formats) and not self.zones_h:
            raise ValueError("a format with %Z needs zones_h, for example {MST: -7, MDT: -6}")
        return self


class Camera(Section):
    """One camera that films the sky: a video a night, with a clock burned into every frame.

    Still images, and cameras without a clock in the picture, cannot be used.

    Parameters
    ----------
    credit : str
        Owner of the images, named wherever they are shown.
    site : Site
        Place of the camera, and the time zone of its clock.
    file_pattern : str
        Name of a night's video, with YYYYMMDD for the date and the suffix of a video.
    file_date : str
        Whether that date is the night's morning or its evening.
    frame_px, circle_px, crop_px
        Size of a frame, the sky in it, and the part that is kept.
    north_deg : float
        Direction of north in the image, anticlockwise from up.
    cadence_s : float
        Time between two exposures, in seconds.
    sample_interval_s : float
        Desired time between two sampled frames, in seconds.
    sample_fps_fraction : float, optional
        The published rule: every (fps times this)-th frame.
    """

    credit: str
    site: Site
    file_pattern: Annotated[str, AfterValidator(_name_of_a_video)]
    file_date: Literal["morning", "evening"]
    frame_px: Size
    circle_px: PixelCircle
    crop_px: PixelBox
    north_deg: float = Field(ge=-360, le=360)
    cadence_s: float = Field(gt=0, le=86_400)
    sample_interval_s: float = Field(gt=0, le=86_400)
    sample_fps_fraction: float | None = Field(default=None, gt=0, le=86_400)
    clock: Clock

    @field_validator("crop_px", "clock")
    @classmethod
    def _within_frame(cls, part: PixelBox | Clock, info: ValidationInfo) -> PixelBox | Clock:
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

    def night_of(self, file_name: str) -> str | None:
        """Night (YYYYMMDD) of a file that follows the pattern, in upper or lower case; None for any other."""
        before, after = (re.escape(part) for part in self.file_pattern.split(_DATE))
        match = re.fullmatch(rf"{before}([0-9]{{8}}){after}", file_name, re.IGNORECASE)
        return match[1] if match else None

    def step(
        self, fps: float, sampling: Literal["published", "cadence"], frames_per_exposure: float = 1
    ) -> int:  # fmt: skip
        """Distance between sampled frames, in frames of the video, at least 1.

        ``published``: fps x 2/5 rounded (thesis, section II.1.2; 10 at 25 fps), where the profile gives a fraction.
        ``cadence``: the wanted interval over the time between exposures, whatever the video's frame rate is, times
        ``frames_per_exposure``, which is 2 where a conversion to another frame rate has doubled each exposure.
        """
        if sampling == "published" and self.sample_fps_fraction is not None:
            return max(1, round(fps * self.sample_fps_fraction))
        return max(1, round(self.sample_interval_s / self.cadence_s * frames_per_exposure))


def cameras() -> list[str]:
    """Names of all camera profiles."""
    folder = resources.files("repro") / "cameras"
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml") and not name.startswith("."))


def load_camera(name: str) -> Camera:
    """Read a profile.

    Raises
    ------
    ReproError
        If there is no profile of that name, or one of its fields has an invalid value; the message names the field.
    """
    remedy = "name one of them in film.cameras of params.yaml, or add a file to repro/cameras/"
    if name not in cameras():
        raise ReproError(
            found=f"no camera profile {name!r}",
            expected=f"one of {', '.join(cameras())}",
            where="film.cameras, or the corpus' own name",
            remedy=remedy,
        )
    source = resources.files("repro") / "cameras" / f"{name}.yaml"
    expected, remedy = "a camera profile (repro.camera.Camera)", "compare with repro/cameras/auroramax.yaml"
    text = source.read_bytes().decode(errors="replace")
    document = parse_yaml(text, where=str(source), expected=expected, remedy=remedy)
    return validated(Camera, document, where=str(source), remedy=remedy)


def camera_of(corpus: str, film: FilmParams) -> Camera:
    """Camera of a corpus: the one that params name for it, or the profile of the same name."""
    return load_camera(film.cameras.get(corpus, corpus))
