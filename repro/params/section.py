"""What all sections of ``params.yaml`` share."""

from __future__ import annotations

import difflib
from typing import Annotated

import pytz
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def known_zone(name: str) -> str:
    """A time zone's name, if the database has it; for pydantic."""
    if name not in pytz.all_timezones_set:
        close = difflib.get_close_matches(name, pytz.all_timezones, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"{name!r} is not in the time zone database{hint}")
    return name


class Section(BaseModel):
    """A section of ``params.yaml``; unknown keys are errors, and values do not change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Window(Section):
    """A span of nights, both ends included, named by the dates of their mornings (YYYY-MM-DD)."""

    first: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    last: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


class Site(Section):
    """Place of the observer; north and east positive."""

    latitude_deg: float = Field(ge=-90, le=90)
    longitude_deg: float = Field(ge=-180, le=180)
    elevation_m: float = 0.0
    time_zone: Annotated[str, AfterValidator(known_zone)]
