"""Campaigns: which nights are simulated, and the plan of each of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from repro.errors import ReproError
from repro.observatory.plan import FORMS, WEATHERS, Night, plan_night
from repro.params import Overlay, Params, SimulatedNight, Site, Spread, Weather
from repro.schedule.windows import local_time, mornings
from repro.seeding import generator
from repro.sky.bins import sky_table
from repro.sky.ephemeris import positions

MINUTE = np.timedelta64(60, "s")
DRAWN_MINUTES = 60  # of a night that is drawn at random
PARTS = ("evening", "middle", "morning")
LABELLED = ("Night", "No_moon")  # the condition of the thesis' labels
#: Of nights with aurora, in turn: the weather, and the part of the time that has aurora.
AURORA_WEATHER: tuple[tuple[Weather, ...], ...] = (
    ("clear",), ("clear", "thin"), ("clear",), ("thin", "clear"), ("broken",), ("clear",), ("clear", "overcast"), ("frost",),
    ("clear",), ("overcast", "clear"), ("snow", "clear"),
)  # fmt: skip
LABELLED_SHARE = 0.85  # of the nights film what is labelled
WHEN = ((0.0, 0.4), (0.6, 1.0), (0.3, 0.7), (0.0, 0.5), (0.5, 1.0))
STRENGTH = {"diffuse": 2.0, "pulsating": 1.5}  # faint forms are seen only when strong
OVERLAYS: tuple[Overlay, ...] = ("smeared", "blurred", "coarse", "smeared", "faint")


def chosen(
    params: Params, campaign: str | None = None, nights: int | None = None, named: Iterable[str] = ()
) -> tuple[SimulatedNight, ...]:
    """Nights of a campaign, that of ``simulate.campaign`` if none is given.

    ``nights`` is how many: those of the campaign that hold dark and moonless frames first, and when it has fewer, random
    ones out of the schedule's windows. ``named`` are nights, YYYYMMDD, to take instead; what the campaign does not plan for
    one of them is drawn at random. Raises ReproError if there is no such campaign, it names a night twice, or there are not
    that many nights.
    """
    name = campaign or params.simulate.campaign
    if name not in params.simulate.campaigns:
        raise ReproError(
            found=f"campaign {name!r}",
            expected=f"one of {', '.join(sorted(params.simulate.campaigns))}",
            where="params.yaml, simulate.campaigns",
            remedy="name one of them, or add it there",
        )
    wanted = params.simulate.campaigns[name]
    schedule = [f"{day:%Y%m%d}" for window in params.schedule.windows for day in mornings(window)]
    if wanted.nights == "schedule":
        plans = tuple(SimulatedNight(night=night, part="all") for night in schedule)
    else:
        plans = wanted.nights
    plans = tuple(sorted((*plans, *spread(wanted.spread, plans, schedule, params)), key=lambda plan: plan.night))
    names = [plan.night for plan in plans]
    if len(set(names)) < len(names):
        raise ReproError(
            found=f"night {next(night for night in names if names.count(night) > 1)} more than once",
            expected="each night once: a night is one video",
            where=f"params.yaml, simulate.campaigns.{name}",
            remedy="take one of them out",
        )
    if named:
        planned = dict(zip(names, plans, strict=True))
        return tuple(planned.get(night) or _drawn(night) for night in sorted(set(named)))
    if nights is None:
        return plans
    others = [night for night in schedule if night not in names]
    if not 1 <= nights <= len(plans) + len(others):
        raise ReproError(
            found=f"{nights} nights",
            expected=f"1 to {len(plans) + len(others)}",
            where="--nights",
            remedy="ask for fewer, or widen schedule.windows in params.yaml",
        )
    if nights < len(plans):
        plans = tuple(sorted(plans, key=lambda plan: not _is_labelled(plan, params)))[:nights]
    rng = generator(params.seed, "campaign", name)
    drawn = rng.permutation(others)[: max(nights - len(plans), 0)]
    return (*plans, *(_drawn(str(night), part=str(rng.choice(PARTS))) for night in drawn))


def spread(
    wanted: Spread | None, listed: Iterable[SimulatedNight], schedule: Sequence[str], params: Params
) -> list[SimulatedNight]:
    """Short nights spread over the schedule's, YYYYMMDD, planned by their number alone; nights ``listed`` are not taken again.

    Most film the middle of the dark and moonless time, which is labelled in the thesis; the others, of nights that have
    none, film morning, evening and midnight in turn. Forms, weathers and the part of the time that has aurora take turns,
    too; one night in six has no aurora, and one in eleven a clock that is hard to read.
    """
    if wanted is None:
        return []
    taken = {plan.night for plan in listed}
    moonless = {
        night: start for night, start in _moonless(schedule, wanted.minutes, params).items() if night not in taken
    }
    parts = {night: moonless[night] for night in _evenly(list(moonless), round(LABELLED_SHARE * wanted.nights))}
    moonlit = [night for night in schedule if night not in moonless and night not in taken]
    rest = _evenly(moonlit, wanted.nights - len(parts))
    parts |= {night: ("morning", "evening", "middle")[turn % 3] for turn, night in enumerate(rest)}
    plans = []
    for number, (night, part) in enumerate(sorted(parts.items())):
        forms = tuple(FORMS[(3 * number + k) % len(FORMS)] for k in range(1 + number % 2)) if number % 6 != 2 else ()
        weather = AURORA_WEATHER[number % len(AURORA_WEATHER)] if forms else (WEATHERS[number // 6 % len(WEATHERS)],)
        strength = max((STRENGTH.get(form, 1.0) for form in forms), default=1.0)
        overlay = OVERLAYS[number // 11 % len(OVERLAYS)] if number % 11 == 4 else "sharp"
        plans.append(
            SimulatedNight(
                night=night, part=part, minutes=wanted.minutes, forms=forms, when=WHEN[number % len(WHEN)], weather=weather,
                strength=strength, overlay=overlay,
            )
        )  # fmt: skip
    return plans


def _evenly(nights: Sequence[str], count: int) -> list[str]:
    """So many of the nights, at equal distances; all if there are fewer."""
    places = np.linspace(0, len(nights) - 1, min(count, len(nights))).round().astype(int)
    return [nights[place] for place in places]


def _moonless(nights: Sequence[str], minutes: int, params: Params) -> dict[str, str]:
    """Nights with dark and moonless time of this length, and the UTC time HH:MM from which the middle of it is filmed."""
    steps = np.arange(-24 * 60, 0, minutes) * MINUTE
    noons = np.array([_noon(night, params.schedule.site) for night in nights])
    times = np.asarray(noons[:, None] + steps, "datetime64[s]")
    sky = sky_table(times.ravel(), params.schedule.site, params.sky)
    fits = ((sky["sun_bin"] == LABELLED[0]) & (sky["moon_bin"] == LABELLED[1])).to_numpy().reshape(times.shape)
    starts = {}
    for night, row, filmed in zip(nights, fits[:, :-1] & fits[:, 1:], times, strict=True):
        places = np.flatnonzero(row)
        if len(places):
            starts[night] = str(filmed[places[len(places) // 2]].astype("datetime64[m]"))[-5:]
    return starts


def _noon(night: str, site: Site) -> np.datetime64:
    """Local noon of a night's morning, at which the night ends, datetime64[s] in UTC."""
    noon: np.datetime64 = local_time(f"{_day(night)}T12:00", site.time_zone).astype("datetime64[s]")
    return noon


def _day(night: str) -> str:
    return f"{night[:4]}-{night[4:6]}-{night[6:]}"


def _is_labelled(plan: SimulatedNight, params: Params) -> bool:
    """Whether a night begins with a dark and moonless frame."""
    first, _ = span(plan, params.schedule.site, params.simulate.switch_on_sun_alt_deg)
    sky = sky_table(np.array([first]), params.schedule.site, params.sky)
    return (sky["sun_bin"].iloc[0], sky["moon_bin"].iloc[0]) == LABELLED


def _drawn(night: str, part: str = "middle") -> SimulatedNight:
    """A night whose aurora and weather are drawn at random."""
    return SimulatedNight(night=night, part=part, minutes=DRAWN_MINUTES)


def plan(night: SimulatedNight, params: Params) -> Night:
    """Plan of one night of a campaign.

    Raises ReproError if the Sun does not go low enough on it, or its date does not exist.
    """
    begin, end = span(night, params.schedule.site, params.simulate.switch_on_sun_alt_deg)
    wanted = {name: getattr(night, name) for name in ("forms", "when", "weather", "strength")}
    return plan_night(night.night, params.seed, begin, end, **wanted)


@lru_cache(maxsize=1024)
def span(night: SimulatedNight, site: Site, switch_on_deg: float) -> tuple[np.datetime64, np.datetime64]:
    """First moment and end of what is filmed of a night, datetime64[s] in UTC.

    Raises ReproError if the Sun does not go below ``switch_on_deg``, the part has no dark minute, or the date does not
    exist.
    """
    noon = _noon(night.night, site)
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
            begin = np.datetime64(_day(night.night), "s") + (hour * 60 + minute) * MINUTE
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
