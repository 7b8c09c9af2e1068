"""Section of the simulated observatory."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from repro.params.section import Section

Form = Literal["arc", "bands", "folded", "rays", "corona", "diffuse", "patchy", "pulsating"]
Weather = Literal["clear", "thin", "broken", "overcast", "snow", "frost"]
Overlay = Literal["sharp", "blurred", "faint", "coarse", "smeared"]


class SimulatedNight(Section):
    """One night of a simulated campaign."""

    #: YYYYMMDD of its morning.
    night: str = Field(pattern=r"^\d{8}$")
    #: What is filmed: ``evening`` (from when the camera switches on), ``morning`` (until it switches off), ``middle``,
    #: ``all``, or the UTC time HH:MM of the first frame.
    part: str = Field(default="middle", pattern=r"^(evening|middle|morning|all|[0-2]\d:[0-5]\d)$")
    #: How long; at most the night.
    minutes: int = Field(default=60, ge=1, le=1440)
    #: Forms of aurora in their order; random if not given, none if empty.
    forms: tuple[Form, ...] | None = None
    #: Part of the time that has these forms, from 0 to 1.
    when: tuple[Annotated[float, Field(ge=0, le=1)], Annotated[float, Field(ge=0, le=1)]] = (0.0, 1.0)
    #: Weathers in their order; random if not given.
    weather: tuple[Weather, ...] | None = None
    #: Scales the aurora's brightness.
    strength: float = Field(default=1.0, ge=0)
    #: How the clock is burned in, see :func:`repro.observatory.overlay.clock_image`.
    overlay: Overlay = "sharp"


class Spread(Section):
    """Short nights spread evenly over the schedule's windows, see :func:`repro.observatory.campaign.spread`."""

    nights: int = Field(ge=1)
    minutes: int = Field(ge=1, le=1440)


class Campaign(Section):
    """Nights that are simulated together."""

    #: Those that are listed, or ``schedule``: every night of the schedule from switch-on to switch-off.
    nights: tuple[SimulatedNight, ...] | Literal["schedule"] = ()
    #: Further nights beside the listed ones.
    spread: Spread | None = None
    #: Whether videos are made, or truth alone.
    films: bool = True


class Simulate(Section):
    """The simulated observatory."""

    #: Name of one of ``campaigns``.
    campaign: str = "default"
    #: The camera runs while the Sun is lower.
    switch_on_sun_alt_deg: float = Field(default=-11.54, ge=-90, le=90)
    #: Quality of the videos, 0 lossless to 51.
    crf: int = Field(default=23, ge=0, le=51)
    #: Share of frames that the simulated labeller labels wrongly by mistake; near the limit of visibility it errs more.
    label_error_share: float = Field(default=0.01, ge=0, le=0.5)
    campaigns: dict[str, Campaign] = Field(default_factory=dict)
