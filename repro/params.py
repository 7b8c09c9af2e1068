"""Typed parameters: what ``params.yaml`` may say, with the published values as defaults where the record gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from repro.errors import ReproError


class Section(BaseModel):
    """A part of ``params.yaml``; unknown keys are errors, values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Window(Section):
    """A span of nights, both ends included, named by the dates of their mornings (YYYY-MM-DD)."""

    first: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    last: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


class Site(Section):
    """Place of the observer; north and east positive."""

    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=180)
    elevation_m: float = 0.0
    time_zone: str


class Engine(Section):
    """How work is run. Nothing here may change a result."""

    workers: int = Field(default=0, ge=0)


class Sky(Section):
    """Readings that the record leaves open; the defaults are as published."""

    moon_rule: Literal["published", "as_printed"] = "published"
    moon_phase: Literal["folded", "unfolded"] = "folded"
    altitude: Literal["apparent", "refracted", "geometric"] = "apparent"


class FilmParams(Section):
    """From video to sampled frames."""

    cameras: dict[str, str] = {"simulated": "auroramax"}
    sampling: Literal["published", "cadence"] = "published"
    jpeg_quality: int = Field(default=95, ge=1, le=100)
    max_missing_share: float = Field(default=0.02, ge=0, le=1)
    max_failed_share: float = Field(default=0.02, ge=0, le=1)


class ClockParams(Section):
    """From burned-in text to UTC."""

    blur_px: int = Field(default=5, ge=1, le=31)
    threshold: Literal["otsu"] | int = "otsu"
    min_contrast: int = Field(default=12, ge=0, le=255)
    strips_per_call: int = Field(default=200, ge=1)
    jitter_s: float = Field(default=2.0, ge=0)
    min_posterior: float = Field(default=0.99, gt=0.5, lt=1)
    min_agreement: float = Field(default=0.6, ge=0, le=1)
    max_unreadable_share: float = Field(default=0.1, ge=0, le=1)
    max_failed_share: float = Field(default=0.02, ge=0, le=1)


class Schedule(Section):
    """The schedule predicted from dates alone.

    ``known_start_local`` is the first clock of a night that the record prints, if any (YYYY-MM-DDTHH:MM:SS).
    """

    windows: list[Window]
    site: Site
    cadence_s: float = Field(default=60.0, gt=0)
    known_start_local: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$")


Form = Literal["arc", "bands", "folded", "rays", "corona", "diffuse", "patchy", "pulsating"]
Weather = Literal["clear", "thin", "broken", "overcast", "snow", "frost"]


class SimulatedNight(Section):
    """One night of a simulated campaign.

    Parameters
    ----------
    night : str
        YYYYMMDD of its morning.
    part : str
        What is filmed: ``evening`` (from when the camera switches on), ``morning`` (until it switches off), ``middle``,
        ``all``, or the UTC time HH:MM of the first frame.
    minutes : int
        How long; at most the night.
    forms : tuple of str, optional
        Forms of aurora in their order; random if not given, none if empty.
    weather : tuple of str, optional
        Weathers in their order; random if not given.
    strength : float
        Scales the aurora's brightness.
    """

    night: str = Field(pattern=r"^\d{8}$")
    part: str = Field(default="middle", pattern=r"^(evening|middle|morning|all|[0-2]\d:[0-5]\d)$")
    minutes: int = Field(default=60, ge=1, le=1440)
    forms: tuple[Form, ...] | None = None
    weather: tuple[Weather, ...] | None = None
    strength: float = Field(default=1.0, ge=0)


class Campaign(Section):
    """Nights that are simulated together: those that are listed, or every night of the schedule."""

    nights: tuple[SimulatedNight, ...] | Literal["schedule"]
    films: bool = True


class Simulate(Section):
    """The simulated observatory.

    Parameters
    ----------
    campaign : str
        Name of one of ``campaigns``.
    switch_on_sun_alt_deg : float
        The camera runs while the Sun is lower.
    crf : int
        Quality of the videos, 0 lossless to 51.
    """

    campaign: str = "default"
    switch_on_sun_alt_deg: float = Field(default=-11.54, ge=-90, le=90)
    crf: int = Field(default=23, ge=0, le=51)
    campaigns: dict[str, Campaign] = Field(default_factory=dict)


class Params(Section):
    """All of ``params.yaml``."""

    corpus: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    seed: int = Field(ge=0)
    engine: Engine = Engine()
    film: FilmParams = FilmParams()
    clock: ClockParams = ClockParams()
    schedule: Schedule
    sky: Sky = Sky()
    simulate: Simulate = Simulate()


def load_params(path: Path) -> Params:
    """Read and check ``params.yaml``.

    Raises
    ------
    ReproError
        If the file is missing, is not YAML, or a value is not allowed; the message names the field.
    """
    remedy = "compare with params.yaml of the repository"
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReproError(found="no such file", expected="a YAML file", where=str(path), remedy=remedy) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ReproError(found=f"not YAML: {error}", expected="a YAML file", where=str(path), remedy=remedy) from None
    try:
        return Params.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise ReproError(
            found=f"{first.get('input')!r}", expected=first["msg"], where=f"{path}, field {field}", remedy=remedy
        ) from None
