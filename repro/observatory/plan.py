"""What happens on a night: which forms of aurora when, which weather, which camera. Everything follows from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from repro.params import Form, Weather
from repro.seeding import generator

FORMS: tuple[Form, ...] = get_args(Form)
WEATHERS: tuple[Weather, ...] = get_args(Weather)
GROWTH: tuple[Form, ...] = ("arc", "bands", "diffuse")
BREAKUP: tuple[Form, ...] = ("folded", "rays", "corona", "bands")
RECOVERY: tuple[Form, ...] = ("patchy", "pulsating", "diffuse")
# Chances of the weathers on a night drawn at random.
CHANCES = {"clear": 0.42, "thin": 0.16, "broken": 0.14, "overcast": 0.18, "snow": 0.05, "frost": 0.05}

Times = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Episode:
    """A form of aurora that comes and goes."""

    form: Form
    begin_s: float  # after the night's first moment
    end_s: float
    strength: float  # 1 for a usual display of its form; 0.1 is hardly seen, 3 is a storm
    number: int  # names the episode's own random numbers


@dataclass(frozen=True)
class Night:
    """Plan of one night; ``begin_utc`` and ``end_utc`` are the first moment and the end of what is filmed."""

    night: str  # YYYYMMDD of its morning, as in the file's name
    seed: int  # of everything random in it
    begin_utc: np.datetime64
    end_utc: np.datetime64
    episodes: tuple[Episode, ...]
    weather: tuple[tuple[float, Weather], ...]  # seconds after the first moment at which each weather sets in
    variety: float = 1.0  # of camera, colours and surroundings: 1 for AuroraMAX, 2 for any all-sky camera

    @property
    def generation(self) -> int:
        """Of the camera: 1 before 2024, 2 from 2024 on, as the slides of the thesis say."""
        return 2 if self.night >= "20240101" else 1

    def seconds(self, times_utc: Times) -> Floats:
        """Seconds after the night's first moment."""
        return np.asarray((np.asarray(times_utc, "datetime64[ms]") - self.begin_utc) / np.timedelta64(1, "s"))


def plan_night(
    night: str, seed: int, begin_utc: np.datetime64, end_utc: np.datetime64, *, forms: tuple[Form, ...] | None = None,
    when: tuple[float, float] = (0.0, 1.0), weather: tuple[Weather, ...] | None = None, strength: float = 1.0,
    variety: float = 1.0,
) -> Night:  # fmt: skip
    """Plan a night, YYYYMMDD of its morning; its randomness depends on the campaign's seed and on its date.

    ``forms`` share the time in their order, or its part ``when`` (0 to 1); they are drawn at random (growth, breakup,
    recovery) if not given, and so is ``weather``, which shares the time, too. ``strength`` scales the aurora's brightness;
    0 switches it off. ``variety`` is as for :class:`Night`.
    """
    rng = generator(seed, night, "plan")
    length_s = float((end_utc - begin_utc) / np.timedelta64(1, "s"))
    episodes = (
        _substorms(length_s, strength, rng)
        if forms is None
        else _given(forms, length_s * when[0], length_s * (when[1] - when[0]), strength, rng)
    )
    kinds = _draw_weather(length_s, rng) if weather is None else weather
    starts = np.arange(len(kinds)) * length_s / max(len(kinds), 1)
    return Night(night, seed, begin_utc, end_utc, episodes, tuple(zip(starts.tolist(), kinds, strict=True)), variety)


def _given(
    forms: tuple[Form, ...], start_s: float, length_s: float, strength: float, rng: np.random.Generator
) -> tuple[Episode, ...]:
    each = length_s / max(len(forms), 1)
    episodes = []
    for number, form in enumerate(forms):
        begin = start_s + number * each + rng.uniform(-0.35, 0.1) * each  # what is seen may have begun before
        end = begin + rng.uniform(0.95, 1.3) * each
        episodes.append(Episode(form, begin, end, strength * float(rng.lognormal(0, 0.35)), number))
    return tuple(episodes)


def _substorms(length_s: float, strength: float, rng: np.random.Generator) -> tuple[Episode, ...]:
    """Growth (an arc drifts south and brightens), breakup (folds, rays, corona), recovery (patches), again and again."""
    episodes: list[Episode] = []
    activity = rng.lognormal(-0.25, 0.8) * strength
    if rng.random() < 0.25:
        activity *= 0.12  # a quiet night
    t = rng.uniform(-3600, 5400)

    def add(forms: tuple[Form, ...], begin: float, lasts: float, scale: float) -> float:
        form = forms[int(rng.integers(len(forms)))]
        power = scale * activity * float(rng.lognormal(0, 0.45))
        episodes.append(Episode(form, begin, begin + lasts, power, len(episodes)))
        return begin + lasts * float(rng.uniform(0.7, 0.95))

    while t < length_s:
        t = add(GROWTH, t, rng.uniform(1500, 4500), 0.6)
        if rng.random() < 0.75:
            for _ in range(int(rng.integers(1, 4))):
                t = add(BREAKUP, t, rng.uniform(500, 1500), 1.3)
            if rng.random() < 0.8:
                t = add(RECOVERY, t, rng.uniform(1500, 4500), 0.8)
        t += rng.exponential(4500)
    return tuple(episodes)


def _draw_weather(length_s: float, rng: np.random.Generator) -> tuple[Weather, ...]:
    changes = 1 + int(rng.poisson(length_s / 14400))
    kinds = rng.choice(len(WEATHERS), size=changes, p=[CHANCES[kind] for kind in WEATHERS])
    return tuple(WEATHERS[int(kind)] for kind in kinds)
