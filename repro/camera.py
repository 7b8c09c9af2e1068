"""Camera profiles: all that is known of one camera, one YAML file each.

A new camera is a new file in ``repro/cameras/``; no code knows a camera by name.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Annotated, Literal

import pytz
from pydantic import AfterValidator, Field, ValidationError, model_validator

from repro.errors import ReproError
from repro.params import FilmParams, Section, Site
from repro.untrusted import parse_yaml, told

_DATE = "YYYYMMDD"


def _known_zone(name: str) -> str:
    if name not in pytz.all_timezones_set:
        raise ValueError(f"{name!r} is not in the time zone database")
    return name


def _complete(text: str) -> str:
    missing = [token for token in ("%Y", "%m", "%d", "%H", "%M", "%S") if text.count(token) != 1]
    if missing:
        raise ValueError(f"a clock format names each of year to second once; {missing} in {text!r}")
    # The marks go to Tesseract as an argument, where a quote or a backslash would end it.
    if not re.fullmatch(r"(%[YmdHMSZ]|[A-Za-z0-9 /:.,_-])+", text):
        raise ValueError(
            f"a clock format has letters, digits, blanks and the marks / : . , _ - beside %Y to %Z, not {text!r}"
        )
    return text


class Size(Section):
    """Width and height in pixels."""

    width: int = Field(gt=0)
    height: int = Field(gt=0)


class Box(Size):
    """A part of the frame, in pixels from its top left corner."""

    left: int = Field(ge=0)
    top: int = Field(ge=0)

    @property
    def rows(self) -> slice:
        """Its rows in an image of shape (height, width, channel)."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Its columns."""
        return slice(self.left, self.left + self.width)


class Circle(Section):
    """The sky in the frame: centre and radius, in pixels; x to the right, y down."""

    x: float
    y: float
    radius: float = Field(gt=0)


class Clock(Section):
    """The clock burned into the frame.

    Parameters
    ----------
    box_px : Box
        Where it stands; only dark background and the text may lie in it.
    scale : float
        Factor by which a strip is enlarged before it is read.
    formats : tuple of str
        ``strftime`` formats that occur, the likeliest first; ``%Z`` stands for a name out of ``zones_h``.
    zones_h : dict
        Names of zones that are printed, with their offset from UTC in hours, east positive.
    published_repairs : bool
        Whether the seven rules of Table 1, written for AuroraMAX, apply.
    """

    box_px: Box
    scale: float = Field(ge=1, le=8)
    formats: tuple[Annotated[str, AfterValidator(_complete)], ...] = Field(min_length=1)
    zones_h: dict[Annotated[str, Field(pattern=r"^[A-Z]{3,5}$")], Annotated[float, Field(ge=-24, le=24)]] = Field(
        default_factory=dict
    )
    published_repairs: bool = False

    @model_validator(mode="after")
    def _zones_are_named(self) -> Clock:
        if any("%Z" in text for text in self.formats) and not self.zones_h:
            raise ValueError("a format with %Z needs zones_h, for example {MST: -7, MDT: -6}")
        return self


class Camera(Section):
    """One camera.

    Parameters
    ----------
    credit : str
        Whom to name when the images are shown.
    site : Site
        Where it stands, and the time zone of its clock.
    file_pattern : str
        Name of a night's file, with YYYYMMDD for the date.
    file_date : str
        Whether that date is of the night's morning or of its evening.
    frame_px, circle_px, crop_px
        Size of a frame, the sky in it, and the part that is kept.
    north_deg : float
        Direction of north in the image, anticlockwise from up.
    cadence_s : float
        Time between two frames of the video.
    sample_interval_s : float
        Time wanted between two sampled frames.
    sample_fps_fraction : float, optional
        The record's rule: every (fps times this)-th frame.
    """

    credit: str
    site: Site
    file_pattern: str
    file_date: Literal["morning", "evening"]
    frame_px: Size
    circle_px: Circle
    crop_px: Box
    north_deg: float = Field(ge=-360, le=360)
    cadence_s: float = Field(gt=0, le=86_400)
    sample_interval_s: float = Field(gt=0, le=86_400)
    sample_fps_fraction: float | None = Field(default=None, gt=0, le=86_400)
    clock: Clock

    @model_validator(mode="after")
    def _fits(self) -> Camera:
        for name, box in (("crop_px", self.crop_px), ("clock.box_px", self.clock.box_px)):
            if box.left + box.width > self.frame_px.width or box.top + box.height > self.frame_px.height:
                raise ValueError(f"{name} reaches beyond the frame of {self.frame_px.width} x {self.frame_px.height}")
        # Larger circles hold the whole frame; the centre may lie beside it, but not out of sight.
        circle, most = self.circle_px, 2 * (self.frame_px.width + self.frame_px.height)
        if max(abs(circle.x), abs(circle.y), circle.radius) > most:
            raise ValueError(f"circle_px lies beyond {most} pixels, twice the frame's width and height")
        if self.file_pattern.count(_DATE) != 1:
            raise ValueError(f"file_pattern must hold {_DATE} once")
        _known_zone(self.site.time_zone)
        return self

    def night_of(self, file_name: str) -> str | None:
        """Night (YYYYMMDD) of a file that follows the pattern, in upper or lower case; None for any other."""
        before, after = (re.escape(part) for part in self.file_pattern.split(_DATE))
        found = re.fullmatch(rf"{before}([0-9]{{8}}){after}", file_name, re.IGNORECASE)
        return found[1] if found else None

    def step(self, fps: float, sampling: Literal["published", "cadence"]) -> int:
        """Every how many frames one is sampled, at least 1.

        ``published``: fps x 2/5 rounded (thesis, section II.1.2; 10 at 25 fps), where the profile gives a fraction.
        ``cadence``: the wanted interval over the time between frames, whatever the video's frame rate is.
        """
        if sampling == "published" and self.sample_fps_fraction is not None:
            return max(1, round(fps * self.sample_fps_fraction))
        return max(1, round(self.sample_interval_s / self.cadence_s))


def cameras() -> list[str]:
    """Names of all profiles."""
    folder = resources.files("repro") / "cameras"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load_camera(name: str) -> Camera:
    """Read a profile.

    Raises
    ------
    ReproError
        If there is none of that name, or it says what a profile cannot say; the message names the field.
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
    try:
        return Camera.model_validate(document)
    except ValidationError as error:
        what = error.errors()[0]
        field = ".".join(str(part) for part in what["loc"]) or "(whole file)"
        raise ReproError(
            found=told(ValueError(what["msg"])), expected=expected, where=f"{source}, field {field}", remedy=remedy
        ) from None


def camera_of(corpus: str, film: FilmParams) -> Camera:
    """Camera of a corpus: the one that params name for it, or the profile of the same name."""
    return load_camera(film.cameras.get(corpus, corpus))
