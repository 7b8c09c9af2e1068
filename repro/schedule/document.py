"""The frames of the thesis predicted without its videos: from dates, site and DE421 alone.

The camera is taken to be on while the sun is below one altitude, and one share of the frames to be present. These two
numbers are fitted to the total and to the Nautical count of Table 2, nothing else; all the rest is prediction.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy.stats import chi2

from repro.errors import ReproError
from repro.params import Schedule, Sky
from repro.schedule.clustering import clustering_quantities
from repro.schedule.prediction import Prediction, predict, sample_size
from repro.schedule.rule_reading import CELLS, DARK, NAUTICAL, Published, Reading
from repro.schedule.scatter import missing_nights_covariance
from repro.sky.bins import MOON_BINS, SUN_BINS

__all__ = ["Prediction", "Published", "as_document", "document", "predict", "published"]

#: A reading is excluded when chance would make its distance less often than this.
EXCLUDED_BELOW = 1e-6


class _Claim(Protocol):
    @property
    def value(self) -> Any: ...


class _Claims(Protocol):
    def __getitem__(self, name: str, /) -> _Claim: ...


def published(claims: _Claims) -> Published:
    """Take the counts from registered claims: TXT.FRAMES, T2.NAUTICAL and the nine T3.<SUN>.<MOON>.

    Raises
    ------
    ReproError
        If one of them is not registered, or is no positive number.
    """

    def count(name: str) -> float:
        value = claims[name].value
        if isinstance(value, bool | str) or value <= 0:
            raise ReproError(
                found=f"{name}: {value!r}",
                expected="a count of frames",
                where="expected/published",
                remedy="restore the claim file from the repository",
            )
        return float(value)

    try:
        return Published(
            count("TXT.FRAMES"), count("T2.NAUTICAL"), {cell: count(f"T3.{cell.upper()}") for cell in CELLS}
        )
    except KeyError as error:
        raise ReproError(
            found=f"no claim {error}",
            expected="TXT.FRAMES, T2.NAUTICAL and the nine cells T3.<SUN>.<MOON>",
            where="expected/published",
            remedy="restore the claim file from the repository",
        ) from None


def document(schedule: Schedule, sky: Sky, record: Published) -> dict[str, Any]:
    """The result of the stage: :func:`predict`, as numbers by name.

    Returns
    -------
    dict
        See :func:`as_document`.
    """
    return as_document(predict(schedule, sky, record.total, record.nautical, record.cells))


def as_document(prediction: Prediction) -> dict[str, Any]:
    """Numbers of a prediction.

    Returns
    -------
    dict
        ``quantities``: flat, name to number. Counts are frames (``night``, ``no_moon``, ``night.no_moon``), with
        ``sd.`` their standard deviation from missing nights, with ``unfitted.`` minutes with no switch and none
        missing; ``share.`` percent of all frames; ``<reading>.no_moon_share`` percent of all frames and
        ``<reading>.night.no_moon_share`` percent of the Night frames under a reading; ``<reading>.chi_square`` its
        distance over the Night and Astro cells.
        ``fit``: the two fitted numbers. ``cells``: published and predicted. ``readings``: their distances.
        ``sample``: the sample if the missing frames are whole dates. ``scatter``: the model, in words.
    """
    chosen, record = prediction.chosen, prediction.record
    fit = {
        "switch_on_altitude_deg": round(chosen.fit.morning_altitude_deg, 4),
        "availability": round(chosen.fit.availability, 6),
    }
    frames = prediction.frames_by_date()
    sizes = sample_size(frames)
    sample_sd = float(np.sqrt(missing_nights_covariance(sizes[None], chosen.fit.availability)[0, 0]))
    quantities = {
        **_counts(chosen),
        **_unfitted(chosen),
        "nights": len(prediction.minutes.mornings),
        **{
            f"window{number}.nights": int((prediction.minutes.window == number).sum())
            for number in np.unique(prediction.minutes.window)
        },
        "sample.frames": int(sizes.sum()),
        "sample.dates": frames.size,
        "sd.sample.frames": round(sample_sd, 2),
        **clustering_quantities(prediction),
        **{f"fit.{name}": value for name, value in fit.items()},
    }
    for name, reading in prediction.readings.items():
        quantities |= {f"{name}.{key}": value for key, value in _shares(reading).items()}
        quantities |= {f"{name}.{cell}": round(count, 2) for cell, count in reading.cells.items()}
    distances = _distances(prediction)
    for row in distances:
        quantities[f"{row['name']}.chi_square"] = row["chi_square_night_astro"]
        quantities[f"{row['name']}.largest_deviation_percent"] = row["largest_deviation_percent"]
    return {
        "quantities": quantities,
        "fit": {**fit, "fitted_to": {"total": record.total, "nautical": record.nautical}},
        "cells": [_compare(chosen, record, cell) for cell in CELLS],
        "readings": distances,
        "sample": {
            "frames": int(sizes.sum()),
            "frames_if_whole_dates_are_missing": round(float(sizes.sum()) * chosen.fit.availability, 1),
            "sd": round(sample_sd, 2),
        },
        "scatter": "the missing share of the frames is whole nights, drawn at random; sums that were fitted do not vary",
    }


def _counts(reading: Reading) -> dict[str, float]:
    suns = {sun.lower(): (sun, "") for sun in SUN_BINS[:3]}
    moons = {moon.lower(): ("", moon) for moon in MOON_BINS}
    cells = {f"{sun}.{moon}".lower(): (sun, moon) for sun in SUN_BINS[:3] for moon in MOON_BINS}
    total = reading.total()
    result: dict[str, float] = {"total": round(total, 2)}
    for sun in SUN_BINS[3:]:
        result[sun.lower()] = round(
            float((reading.camera_on & (reading.sun == sun)).sum() * reading.fit.availability), 2
        )
    for name, (sun, moon) in {**suns, **moons, **cells}.items():
        result[name] = round(reading.total(sun, moon), 2)
        result[f"sd.{name}"] = round(reading.sd(sun, moon), 2)
        if name not in cells:
            result[f"share.{name}"] = round(100 * reading.total(sun, moon) / total, 4)
    return result


def _unfitted(reading: Reading) -> dict[str, int]:
    result = {}
    for sun in ("Night", "Astro"):
        here = reading.sun == sun
        result[f"unfitted.{sun}".lower()] = int(here.sum())
        for moon in MOON_BINS:
            result[f"unfitted.{sun}.{moon}".lower()] = int((here & (reading.moon == moon)).sum())
    return result


def _shares(reading: Reading) -> dict[str, float]:
    result = {}
    for moon in MOON_BINS:
        result[f"{moon.lower()}_share"] = 100 * reading.total("", moon) / reading.total()
        result[f"night.{moon.lower()}_share"] = 100 * reading.total("Night", moon) / reading.total("Night")
    return {name: round(value, 4) for name, value in result.items()}


def _compare(reading: Reading, record: Published, cell: str) -> dict[str, Any]:
    predicted, counted = reading.cells[cell], record.cells[cell]
    return {
        "cell": cell,
        "published": counted,
        "predicted": round(predicted, 2),
        "deviation_percent": round(100 * (predicted / counted - 1), 3),
        "sd": round(float(np.sqrt(reading.covariance[CELLS.index(cell), CELLS.index(cell)])), 2),
    }


def _distances(prediction: Prediction) -> list[dict[str, Any]]:
    """Each reading's distance from the nine cells, the nearest first; scaled by the nearest one's."""
    record = prediction.record
    found = {
        name: (reading.distance(record.cells, DARK), reading.distance(record.cells, DARK + NAUTICAL))
        for name, reading in prediction.readings.items()
    }
    # No model of the scatter is complete. Where even the nearest reading is farther than the model says, every
    # distance is divided by that excess before a reading is called excluded, as Birge's ratio does for errors.
    (nearest, freedom), _ = min(found.values())
    excess = max(nearest / max(freedom, 1), 1.0)
    rows = []
    for name, ((dark, dark_freedom), (nine, nine_freedom)) in sorted(found.items(), key=lambda item: item[1]):
        reading = prediction.readings[name]
        cells = [_compare(reading, record, cell) for cell in CELLS]
        worst = max(cells, key=lambda row: abs(row["deviation_percent"]))
        worst_dark = max((cells[number] for number in DARK), key=lambda row: abs(row["deviation_percent"]))
        limit = float(chi2.isf(EXCLUDED_BELOW, dark_freedom))
        rows.append(
            {
                "name": name,
                "switches": reading.switches.model_dump(),
                "evening_altitude_deg": round(reading.fit.evening_altitude_deg, 4),
                "morning_altitude_deg": round(reading.fit.morning_altitude_deg, 4),
                "availability": round(reading.fit.availability, 6),
                "chi_square_night_astro": round(dark, 2),
                "degrees_night_astro": dark_freedom,
                "chance_night_astro": float(f"{chi2.sf(dark, dark_freedom):.3g}"),
                "chi_square_nine": round(nine, 2),
                "degrees_nine": nine_freedom,
                "largest_deviation_percent": worst["deviation_percent"],
                "largest_deviation_cell": worst["cell"],
                "largest_deviation_night_astro_percent": worst_dark["deviation_percent"],
                "largest_deviation_night_astro_cell": worst_dark["cell"],
                "scaled_chi_square_night_astro": round(dark / excess, 2),
                "excluded_above": round(limit, 2),
                "excluded": dark / excess > limit,
                "cells": {row["cell"]: row["predicted"] for row in cells},
            }
        )
    return rows
