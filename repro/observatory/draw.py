"""Scenes for training: a few moments each of very many random nights, without a campaign."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from repro.observatory import campaign
from repro.observatory.plan import FORMS, WEATHERS, plan_night
from repro.observatory.scene import Scenes, scenes
from repro.params import Params, SimulatedNight

LENGTH_S = 5400  # of the stretch of night that frames are taken from
AURORA = 0.85  # share of nights that have any; cloud and faintness hide it on part of them
# Bad weather is rarer than its share in training: it holds little to learn from.
WEATHER_SHARES = {"clear": 0.52, "thin": 0.16, "broken": 0.12, "overcast": 0.10, "snow": 0.05, "frost": 0.05}


def random_scenes(
    params: Params, count: int, rng: np.random.Generator, *, nights: Sequence[str], per_night: int = 4
) -> Scenes:
    """Draw scenes.

    Parameters
    ----------
    params : Params
        All parameters; site and switch-on altitude are used.
    count : int
        How many.
    rng : Generator
        Decides everything.
    nights : sequence of str
        Dates YYYYMMDD to draw from; keep some back to measure on. The same date drawn twice is two different nights.
    per_night : int
        Frames that share a night, at random moments of 90 minutes.

    Returns
    -------
    Scenes
        ``count`` of them, in random order. About half show aurora; forms are equally likely.

    Raises
    ------
    ReproError
        If the Sun does not go low enough on one of the nights.
    """
    parts = []
    for _ in range(-(-count // per_night)):
        name = str(rng.choice(list(nights)))
        site = params.schedule.site
        first, last = campaign.span(SimulatedNight(night=name, part="all"), site, params.simulate.switch_on_sun_alt_deg)
        dark_s = int((last - first) / np.timedelta64(1, "s"))
        # Twilight is short but hard: every third stretch begins or ends in it.
        place = rng.choice([0.0, 1.0]) if rng.random() < 0.33 else rng.random()
        begin = first + np.timedelta64(int(place * max(dark_s - LENGTH_S, 0)), "s")
        end = begin + np.timedelta64(min(LENGTH_S, dark_s), "s")
        chosen = rng.choice(len(FORMS), size=int(rng.integers(1, 3))) if rng.random() < AURORA else ()
        forms = tuple(FORMS[int(k)] for k in chosen)
        kinds = rng.choice(len(WEATHERS), size=int(rng.integers(1, 3)), p=[WEATHER_SHARES[kind] for kind in WEATHERS])
        night = plan_night(
            name,
            int(rng.integers(2**31)),
            begin,
            end,
            forms=forms,
            weather=tuple(WEATHERS[int(kind)] for kind in kinds),
            strength=float(rng.lognormal(0.4, 0.8)),
        )
        moments = rng.integers(0, int((end - begin) / np.timedelta64(1, "s")), per_night)
        parts.append(scenes(night, begin + moments.astype("timedelta64[s]"), site))
    every = Scenes.join(parts)
    return every.take(rng.permutation(len(every))[:count])
