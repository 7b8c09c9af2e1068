"""Campaigns: which nights are simulated, and the plan of each of them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from repro.errors import ReproError
from repro.observatory.plan import Night, plan_night
from repro.params import Params, SimulatedNight, Site
from repro.schedule.windows import local_time, mornings
from repro.seeding import generator
from repro.sky.ephemeris import positions

MINUTE = np.timedelta64(60, "s")
DRAWN_MINUTES = 60  # of a night that is drawn at random
PARTS = ("evening", "middle", "morning")


def chosen(params: Params, campaign: str | None = None, nights: int | None = None) -> tuple[SimulatedNight, ...]:
    """Nights of a campaign.

    Parameters
    ----------
    params : Params
        All parameters.
    campaign : str, optional
        Its name; that of ``simulate.campaign`` if not given.
    nights : int, optional
        How many: the campaign's first ones, and when it has fewer, random ones out of the schedule's windows.

    Raises
    ------
    ReproError
        If there is no such campaign, it names a night twice, or there are not that many nights.
    """
    name = campaign or params.simulate.campaign
    if name not in params.simulate.campaigns:
        raise ReproError(
            found=f"campaign {name!r}",
            expected=f"one of {', '.join(sorted(params.simulate.campaigns))}",
            where="params.yaml, simulate.campaigns",
            remedy="name one of them, or add it there",
        )
    listed = params.simulate.campaigns[name].nights
    every = [f"{day:%Y%m%d}" for window in params.schedule.windows for day in mornings(window)]
    plans = tuple(SimulatedNight(night=night, part="all") for night in every) if listed == "schedule" else listed
    names = [plan.night for plan in plans]
    if len(set(names)) < len(names):
        raise ReproError(
            found=f"night {next(night for night in names if names.count(night) > 1)} more than once",
            expected="each night once: a night is one video",
            where=f"params.yaml, simulate.campaigns.{name}",
            remedy="take one of them out",
        )
    if nights is None:
        return plans
    others = [night for night in every if night not in names]
    if not 1 <= nights <= len(plans) + len(others):
        raise ReproError(
            found=f"{nights} nights",
            expected=f"1 to {len(plans) + len(others)}",
            where="--nights",
            remedy="ask for fewer, or widen schedule.windows in params.yaml",
        )
    rng = generator(params.seed, "campaign", name)
    drawn = rng.permutation(others)[: max(nights - len(plans), 0)]
    extra = [SimulatedNight(night=str(night), part=str(rng.choice(PARTS)), minutes=DRAWN_MINUTES) for night in drawn]
    return (*plans[:nights], *extra)


def plan(night: SimulatedNight, params: Params) -> Night:
    """Plan of one night of a campaign.

    Raises
    ------
    ReproError
        If the Sun does not go low enough on it, or its date does not exist.
    """
    begin, end = span(night, params.schedule.site, params.simulate.switch_on_sun_alt_deg)
    return plan_night(
        night.night, params.seed, begin, end, forms=night.forms, weather=night.weather, strength=night.strength
    )


@lru_cache(maxsize=1024)
def span(night: SimulatedNight, site: Site, switch_on_deg: float) -> tuple[np.datetime64, np.datetime64]:
    """First moment and end of what is filmed of a night, datetime64[s] in UTC.

    Raises
    ------
    ReproError
        If the Sun does not go below ``switch_on_deg``, the part has no dark minute, or the date does not exist.
    """
    day = f"{night.night[:4]}-{night.night[4:6]}-{night.night[6:]}"
    noon = local_time(f"{day}T12:00", site.time_zone).astype("datetime64[s]")
    times = noon - np.arange(24 * 60, 0, -1) * MINUTE
    dark = times[positions(times, site).sun_alt_deg < switch_on_deg]
    length = night.minutes * MINUTE
    if dark.size:
        first, last = dark[0], dark[-1] + MINUTE
        length = min(length, last - first - MINUTE)
        middle = first + ((last - first - length) // 2).astype("timedelta64[m]").astype("timedelta64[s]")
        begins = {"evening": first, "morning": last - length - MINUTE, "middle": middle}
        if night.part == "all":
            return first, last
        begin = begins.get(night.part)
        if begin is None:
            hour, minute = map(int, night.part.split(":"))
            midnight = np.datetime64(day, "s")
            begin = midnight + (hour * 60 + minute) * MINUTE
            begin = begin if begin < noon else begin - 24 * 60 * MINUTE
        if first <= begin < last:
            begin += np.timedelta64(int(night.night) % 54, "s")  # cameras do not start on the minute
            return begin, begin + length
    raise ReproError(
        found=f"part {night.part!r} of night {night.night}, {dark.size} minutes of it dark",
        expected=f"a part with the Sun below {switch_on_deg} deg",
        where="params.yaml, simulate.campaigns",
        remedy="choose another part or another night",
    )
