"""What the published procedure can and cannot give: bounds that follow from its rules and the published counts alone."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pytz

from repro.record.claims import Claims
from repro.record.intervals import wilson

Quantity = float | int | str | tuple[float, float]

#: Largest part of a date's images that ``floor(0.8 n)`` can lose: n = 1, 6, 11, ... each lose 0.8 of an image.
LARGEST_FLOOR_LOSS = 0.8
SEASONS = ("winter", "spring", "summer", "autumn")  # three whole months each, winter from December
#: Counts above this are no images and dates; deriving their bounds would take hours.
MOST_IMAGES = 100_000


def floor_split_bounds(images: int, dates: int, per_date: int, share: float = 0.8) -> tuple[int, int]:
    """Fewest and most training images when each date gives ``floor(share * n)`` of its ``n`` images.

    Parameters
    ----------
    images : int
        Images of the class over all dates.
    dates : int
        Dates that may hold any; each holds 0 to ``per_date``.
    per_date : int
        Most images of one date.
    share : float
        Training share before rounding down.

    Returns
    -------
    tuple of int
        Exact bounds, by dynamic programming over dates.

    Raises
    ------
    ValueError
        If the images do not fit on the dates, or there are more than a campaign of centuries could give.
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


def protocol_quantities(claims: Claims, sky: Mapping[str, Any]) -> dict[str, Quantity]:
    """Bounds from the protocol, by name, for the rules with a ``measure`` under ``protocol``.

    Parameters
    ----------
    claims : Claims
        Published counts enter the bounds; a quantity whose claims are not registered or are no counts is left out.
    sky : mapping
        Quantities of the schedule stage; those that need the number of dates are left out without it.

    Returns
    -------
    dict
        ``split.*`` counts of images; ``sample.*`` counts; ``accuracy.wilson.*``, ``softmax.*`` and ``occurrence.*`` percent;
        ``clock.*`` the time zone and the nights with daylight saving time.
    """
    found: dict[str, Quantity] = {}
    for part in (_split, _accuracies, _softmax_bounds, _occurrence, _clock):
        with contextlib.suppress(*_NO_COUNT):  # what was derived before stays
            for name, quantity in part(claims, sky):
                found[name] = quantity
    return found


#: What comes of counts that cannot be counts: words, more images than there are dates, no images at all.
_NO_COUNT = (ValueError, TypeError, ArithmeticError)


def _split(claims: Claims, sky: Mapping[str, Any]) -> Iterator[tuple[str, Quantity]]:
    def has(*names: str) -> bool:
        return all(name in claims for name in names)

    def number(name: str) -> float:
        return float(claims[name].value)

    if has("SPLIT.LABELLED_YES", "SPLIT.TRAIN_YES"):
        lost = 0.8 * number("SPLIT.LABELLED_YES") - number("SPLIT.TRAIN_YES")
        yield "split.lost_to_floor", lost
        yield "sample.dates_needed", math.ceil(lost / LARGEST_FLOOR_LOSS - 1e-9)
    dates = sky.get("sample.dates")
    if dates is not None and has("SPLIT.LABELLED_YES", "SAMPLE.PER_DATE_MAX"):
        images, per_date = int(number("SPLIT.LABELLED_YES")), int(number("SAMPLE.PER_DATE_MAX"))
        if images <= dates * per_date:  # another reading of the sky may offer too few dates
            fewest, most = floor_split_bounds(images, int(dates), per_date)
            yield "split.train_yes", (fewest, most)
            yield "split.val_yes", (images - most, images - fewest)


def _accuracies(claims: Claims, _: Mapping[str, Any]) -> Iterator[tuple[str, Quantity]]:
    counts = claims.matching("F5.VAL_ACCURACY_COUNT.*")
    if "SPLIT.VAL_YES" not in claims or "SPLIT.VAL_NO" not in claims or not counts:
        return
    trials = int(claims["SPLIT.VAL_YES"].value) + int(claims["SPLIT.VAL_NO"].value)
    hits = {claim.id.split(".")[-1].lower(): int(claim.value) for claim in counts}
    hits = {**hits, "best": max(hits.values()), "first": hits.get("e1", min(hits.values()))}
    for name, successes in hits.items():
        low, high = wilson(successes, trials)
        yield f"accuracy.wilson.{name}", (100 * low, 100 * high)


def occurrence_bounds(classified_yes: float, accuracy: float) -> tuple[float, float]:
    """Share of frames that truly show aurora, from the share classified yes and the accuracy on a balanced set.

    The accuracy fixes the sum of sensitivity and specificity, 2 a, but not which errors are made. By Rogan & Gladen (1978,
    American Journal of Epidemiology 107, 71-76) the true share is (p + specificity - 1) / (2 a - 1); it is lowest if all
    errors are false positives and highest if all are false negatives.

    Parameters
    ----------
    classified_yes, accuracy : float
        Fractions; the accuracy is above one half.

    Returns
    -------
    tuple of float
        Fractions, low and high, inside 0 to 1.
    """
    low = (classified_yes - 2 * (1 - accuracy)) / (2 * accuracy - 1)
    high = classified_yes / (2 * accuracy - 1)
    return max(low, 0.0), min(high, 1.0)


def _occurrence(claims: Claims, _: Mapping[str, Any]) -> Iterator[tuple[str, Quantity]]:
    """True occurrence at Night & No_moon, by the printed accuracy and by the ends of its Wilson interval."""
    names = ("T6.NIGHT.NO_MOON.YES", "T6.NIGHT.NO_MOON.NO", "SPLIT.VAL_YES", "SPLIT.VAL_NO")
    counts = claims.matching("F5.VAL_ACCURACY_COUNT.*")
    if not counts or any(name not in claims for name in names):
        return
    yes, no, val_yes, val_no = (int(claims[name].value) for name in names)
    right = max(int(claim.value) for claim in counts)
    share = yes / (yes + no)
    low, high = occurrence_bounds(share, right / (val_yes + val_no))
    yield "occurrence.night_no_moon", (100 * low, 100 * high)
    worst = wilson(right, val_yes + val_no)[0]
    low, high = occurrence_bounds(share, worst)
    yield "occurrence.night_no_moon.wilson", (100 * low, 100 * high)


def _clock(claims: Claims, _: Mapping[str, Any]) -> Iterator[tuple[str, Quantity]]:
    """The zone of the printed city that pytz knows, and the season of the nights with daylight saving time."""
    if "TXT.TIME_ZONE" not in claims:
        return
    city = str(claims["TXT.TIME_ZONE"].value).rsplit("/", 1)[-1]
    zones = [name for name in pytz.all_timezones if name.endswith(f"/{city}")]
    if len(zones) != 1:
        return
    yield "clock.time_zone", zones[0]
    nights = [
        date.fromisoformat(str(claims[f"WINDOW{number}.FIRST"].value)) + timedelta(days=day)
        for number in (1, 2, 3)
        for day in range(int(claims[f"WINDOW{number}.DAYS"].value))
    ]
    zone = pytz.timezone(zones[0])
    saving = [night for night in nights if zone.dst(datetime.combine(night, time()))]
    yield "clock.mdt_nights", len(saving)
    seasons = {SEASONS[night.month % 12 // 3] for night in saving}
    yield "clock.mdt_season", " and ".join(season for season in SEASONS if season in seasons)


def _softmax_bounds(claims: Claims, __: Mapping[str, Any]) -> Iterator[tuple[str, Quantity]]:
    """Bounds on the mean p(yes) of a condition.

    A frame is classified yes if and only if p(yes) > 0.5. With a share s of the frames classified yes, the mean over
    all frames lies between 0.5 s and s + 0.5 (1 - s); the mean over the frames classified yes lies between 0.5 and 1,
    and values in [50, 100] with mean m have a standard deviation of at most sqrt((m - 50) (100 - m))
    (Bhatia and Davis 2000, American Mathematical Monthly 107, 353-357).
    """
    for yes in claims.matching("T6.*.*.YES"):
        _, sun, moon, _ = yes.id.split(".")
        cell, no = f"{sun.lower()}.{moon.lower()}", f"T6.{sun}.{moon}.NO"
        if no not in claims:
            continue
        share = float(yes.value) / (float(yes.value) + float(claims[no].value))
        yield f"softmax.mean_over_all.{cell}", (50 * share, 100 * share + 50 * (1 - share))
        yield f"softmax.mean_over_yes.{cell}", (50.0, 100.0)
        mean = f"F6.YES.{sun}.{moon}.MEAN"
        if mean in claims:
            at = float(claims[mean].value)
            yield f"softmax.sd_over_yes.{cell}", (0.0, math.sqrt(max(0.0, (at - 50) * (100 - at))))
