"""What the published procedure can and cannot give: bounds that follow from its rules and the published counts alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytz

from repro.intervals import wilson
from repro.record.claims import Claims

Quantity = float | int | str | tuple[float, float]

#: Largest part of a date's images that ``floor(0.8 n)`` can lose: n = 1, 6, 11, ... each lose 0.8 of an image.
LARGEST_FLOOR_LOSS = 0.8
SEASONS = ("winter", "spring", "summer", "autumn")  # three whole months each, winter from December
#: Counts above this are no images and dates; deriving their bounds would take hours.
MOST_IMAGES = 100_000


def floor_split_bounds(images: int, dates: int, per_date: int, share: float = 0.8) -> tuple[int, int]:
    """Fewest and most training images when each date gives ``floor(share * n)`` of its ``n`` images.

    ``images`` of the class lie on ``dates`` dates, 0 to ``per_date`` on each. The bounds are exact, by dynamic programming
    over dates. Raises ValueError if the images do not fit on the dates, or there are more than a campaign of centuries
    could give.
    """
    if max(images, dates, per_date) > MOST_IMAGES or min(images, dates, per_date) < 0:
        raise ValueError(f"{images} images on {dates} dates of at most {per_date}: beyond 0 to {MOST_IMAGES}")
    if images > dates * per_date:
        raise ValueError(f"{images} images do not fit on {dates} dates of at most {per_date}")
    # The small addition keeps products such as 0.8 * 5 from falling below the integer they stand for.
    kept = [math.floor(share * n + 1e-9) for n in range(per_date + 1)]
    fewest = np.full(images + 1, np.inf)
    most = np.full(images + 1, -np.inf)
    fewest[0] = most[0] = 0
    for _ in range(dates):
        lowest, highest = fewest.copy(), most.copy()
        for n in range(1, min(per_date, images) + 1):
            np.minimum(lowest[n:], fewest[:-n] + kept[n], out=lowest[n:])
            np.maximum(highest[n:], most[:-n] + kept[n], out=highest[n:])
        if np.array_equal(lowest, fewest) and np.array_equal(highest, most):
            break
        fewest, most = lowest, highest
    return int(fewest[images]), int(most[images])


class MissingInputError(Exception):
    """What a bound rests on is not registered, not measured, or no count; the message says what."""


def protocol_quantities(claims: Claims, sky: Mapping[str, Any]) -> tuple[dict[str, Quantity], dict[str, str]]:
    """Bounds from the protocol, by name, for the rules with a ``measure`` under ``protocol``.

    They are ``split.*`` counts of images; ``sample.*`` counts; ``accuracy.wilson.*``, ``softmax.*`` and ``occurrence.*``
    percent; ``clock.*`` the time zone and the nights with daylight saving time; ``kopri.*`` the cells of the poster's sky.
    Also given is why a bound could not be derived, by ``protocol:quantity`` or ``protocol:subject``.
    """
    quantities: dict[str, Quantity] = {}
    missing: dict[str, str] = {}
    for names, derive in _DERIVATIONS.items():
        try:
            quantities |= derive(claims, sky)
        except MissingInputError as error:
            missing |= {f"protocol:{name}": str(error) for name in names}
        except (ArithmeticError, ValueError) as error:  # counts that cannot be counts, such as no images at all
            missing |= {f"protocol:{name}": f"the published counts give no bound: {error}" for name in names}
    return quantities, missing


def _word(claims: Claims, name: str) -> str:
    if name not in claims:
        raise MissingInputError(f"claim {name} is not registered")
    return str(claims[name].value)


def _number(claims: Claims, name: str) -> float:
    _word(claims, name)
    if not claims[name].is_number:
        raise MissingInputError(f"claim {name} is not a number")
    return claims[name].number


def _numbers(claims: Claims, pattern: str) -> dict[str, float]:
    names = [claim.id for claim in claims.matching(pattern)]
    if not names:
        raise MissingInputError(f"no claim {pattern} is registered")
    return {name: _number(claims, name) for name in names}


def _lost_to_floor(claims: Claims, _: Mapping[str, Any]) -> dict[str, Quantity]:
    lost = 0.8 * _number(claims, "SPLIT.LABELLED_YES") - _number(claims, "SPLIT.TRAIN_YES")
    return {"split.lost_to_floor": lost, "sample.dates_needed": math.ceil(lost / LARGEST_FLOOR_LOSS - 1e-9)}


def _split(claims: Claims, sky: Mapping[str, Any]) -> dict[str, Quantity]:
    images, per_date = int(_number(claims, "SPLIT.LABELLED_YES")), int(_number(claims, "SAMPLE.PER_DATE_MAX"))
    dates = sky.get("sample.dates")
    if isinstance(dates, bool) or not isinstance(dates, int | float):
        raise MissingInputError("the number of dates, sample.dates, was not measured by stage schedule")
    fewest, most = floor_split_bounds(images, int(dates), per_date)
    return {"split.train_yes": (fewest, most), "split.val_yes": (images - most, images - fewest)}


def _accuracies(claims: Claims, _: Mapping[str, Any]) -> dict[str, Quantity]:
    trials = int(_number(claims, "SPLIT.VAL_YES")) + int(_number(claims, "SPLIT.VAL_NO"))
    counts = _numbers(claims, "F5.VAL_ACCURACY_COUNT.*")
    hits = {name.split(".")[-1].lower(): int(count) for name, count in counts.items()}
    hits |= {"best": max(hits.values()), "first": hits.get("e1", min(hits.values()))}
    return {f"accuracy.wilson.{name}": in_percent(wilson(successes, trials)) for name, successes in hits.items()}


def in_percent(fractions: tuple[float, float]) -> tuple[float, float]:
    """An interval of fractions in percent."""
    return 100 * fractions[0], 100 * fractions[1]


def occurrence_bounds(classified_yes: float, accuracy: float) -> tuple[float, float]:
    """Share of frames that truly show aurora, from the share classified yes and the accuracy on a balanced set.

    The accuracy fixes the sum of sensitivity and specificity, 2 a, but not which errors are made. By Rogan & Gladen (1978,
    American Journal of Epidemiology 107, 71-76) the true share is (p + specificity - 1) / (2 a - 1); it is lowest if all
    errors are false positives and highest if all are false negatives.

    All are fractions; the accuracy is above one half, and the bounds lie inside 0 to 1.
    """
    low = (classified_yes - 2 * (1 - accuracy)) / (2 * accuracy - 1)
    high = classified_yes / (2 * accuracy - 1)
    return max(low, 0.0), min(high, 1.0)


def _occurrence(claims: Claims, _: Mapping[str, Any]) -> dict[str, Quantity]:
    """True occurrence at Night & No_moon, by the best printed accuracy and by the low end of its Wilson interval."""
    yes, no = _number(claims, "T6.NIGHT.NO_MOON.YES"), _number(claims, "T6.NIGHT.NO_MOON.NO")
    images = int(_number(claims, "SPLIT.VAL_YES") + _number(claims, "SPLIT.VAL_NO"))
    right = int(max(_numbers(claims, "F5.VAL_ACCURACY_COUNT.*").values()))
    share = yes / (yes + no)
    return {
        "occurrence.night_no_moon": in_percent(occurrence_bounds(share, right / images)),
        "occurrence.night_no_moon.wilson": in_percent(occurrence_bounds(share, wilson(right, images)[0])),
    }


def _clock(claims: Claims, _: Mapping[str, Any]) -> dict[str, Quantity]:
    """The zone of the printed city that pytz knows, and the season of the nights that end in daylight saving time."""
    city = _word(claims, "TXT.TIME_ZONE").rsplit("/", 1)[-1]
    zones = [name for name in pytz.all_timezones if name.endswith(f"/{city}")]
    if len(zones) != 1:
        raise MissingInputError(f"pytz has {len(zones)} zones of the city {city}")
    zone = pytz.timezone(zones[0])
    saving = []
    for number in (1, 2, 3):
        begin = date.fromisoformat(_word(claims, f"WINDOW{number}.FIRST"))
        nights = [begin + timedelta(days=day) for day in range(int(_number(claims, f"WINDOW{number}.DAYS")))]
        saving += [night for night in nights if zone.dst(datetime.combine(night, time(12)))]
    seasons = {SEASONS[night.month % 12 // 3] for night in saving}
    return {
        "clock.time_zone": zones[0],
        "clock.mdt_nights": len(saving),
        "clock.mdt_season": " and ".join(season for season in SEASONS if season in seasons),
    }


def _sky_cells(claims: Claims, _: Mapping[str, Any]) -> dict[str, Quantity]:
    """Cells of the largest grid of 1, 3, 5, ... cells a ring that has no more cells than are printed."""
    rings = math.isqrt(int(_number(claims, "KOP.SKY_CELLS")))
    return {"kopri.rings": rings, "kopri.ring_cells": rings * rings}


def _softmax_bounds(claims: Claims, _: Mapping[str, Any]) -> dict[str, Quantity]:
    """Bounds on the mean p(yes) of a condition.

    A frame is classified yes if and only if p(yes) > 0.5. With a share s of the frames classified yes, the mean over
    all frames lies between 0.5 s and s + 0.5 (1 - s).
    """
    bounds: dict[str, Quantity] = {}
    for name, yes in _numbers(claims, "T6.*.*.YES").items():
        sun, moon = name.split(".")[1:3]
        cell = f"{sun.lower()}.{moon.lower()}"
        share = yes / (yes + _number(claims, f"T6.{sun}.{moon}.NO"))
        bounds[f"softmax.mean_over_all.{cell}"] = (50 * share, 100 * share + 50 * (1 - share))
    return bounds


_DERIVATIONS: dict[tuple[str, ...], Callable[[Claims, Mapping[str, Any]], dict[str, Quantity]]] = {
    ("split.lost_to_floor", "sample.dates_needed"): _lost_to_floor,
    ("split.train_yes", "split.val_yes"): _split,
    ("accuracy",): _accuracies,
    ("softmax",): _softmax_bounds,
    ("occurrence",): _occurrence,
    ("clock",): _clock,
    ("kopri",): _sky_cells,
}
