"""The frames of the thesis predicted without its videos: from dates, site and DE421 alone.

The camera switches on in the evening at the sun's altitude of the one start that the thesis prints. The altitude at which it
switches off in the morning and the share of its frames that is present are fitted to the total and to the Nautical count of
Table 2. The length of the gaps in the record follows from the size of the labelled sample. All the rest is prediction.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from repro.engine.receipts import settings_digest
from repro.errors import refuse
from repro.files import read_json, write_json, write_table
from repro.params import Schedule, SkyParams
from repro.schedule.clustering import clustering_quantities
from repro.schedule.prediction import FittedReading, Prediction, predict
from repro.schedule.rule_reading import CELLS, DARK, NAUTICAL, FittedRule, Published
from repro.schedule.scatter import sample_by_date
from repro.sky.bins import MOON_BINS, SUN_BINS
from repro.untrusted import read_table

#: A reading is excluded when chance would make its distance less often than this.
EXCLUDED_BELOW = 1e-6
_FRAMES, _NAUTICAL, _SAMPLE = "TXT.FRAMES", "T2.NAUTICAL", "SPLIT.LABELLED"


class _Claim(Protocol):
    @property
    def value(self) -> Any: ...


class _Claims(Protocol):
    def __getitem__(self, name: str, /) -> _Claim: ...


def published(claims: _Claims) -> Published:
    """Take the counts from registered claims: TXT.FRAMES, T2.NAUTICAL, SPLIT.LABELLED and the nine T3.<SUN>.<MOON>.

    Raises ReproError if one of them is not registered, or is not a positive number.
    """

    def count(name: str) -> float:
        try:
            value = claims[name].value
        except KeyError:
            value = "no such claim"
        if isinstance(value, bool | str) or value <= 0:
            expected = f"counts of frames: {_FRAMES}, {_NAUTICAL}, {_SAMPLE} and the nine cells T3.<SUN>.<MOON>"
            refuse(f"{name}: {value}", expected, "expected/published", "restore the claim file from the repository")
        return float(value)

    cells = {cell: count(f"T3.{cell.upper()}") for cell in CELLS}
    return Published(count(_FRAMES), count(_NAUTICAL), cells, count(_SAMPLE))


def write(folder: Path, schedule: Schedule, sky: SkyParams, record: Published) -> dict[str, Any]:
    """Predict and write ``nights.parquet``, ``segments.parquet`` and, last, ``schedule.json``; gives the document."""
    prediction = predict(schedule, sky, record)
    result = {"inputs": _inputs(schedule, sky, record), **as_document(prediction)}
    (folder / "schedule.json").unlink(missing_ok=True)
    write_table(folder / "nights.parquet", prediction.nights())
    write_table(folder / "segments.parquet", prediction.segments())
    write_json(folder / "schedule.json", result)
    return result


def read_or_predict(
    folder: Path, schedule: Schedule, sky: SkyParams, record: Published
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The document and the table of nights: as the stage wrote them if they are current, else predicted here and now.

    Nothing is written. The prediction takes some seconds, most of them for the scatter.
    """
    if (folder / "schedule.json").is_file():
        result = read_json(folder / "schedule.json", made_by="dvc repro schedule")
        if isinstance(result, dict) and result.get("inputs") == _inputs(schedule, sky, record):
            return result, read_table(folder / "nights.parquet", made_by="dvc repro schedule")
    prediction = predict(schedule, sky, record)
    return as_document(prediction), prediction.nights()


def _inputs(schedule: Schedule, sky: SkyParams, record: Published) -> str:
    settings = {"schedule": schedule.model_dump(), "sky": sky.model_dump(), "record": vars(record)}
    return settings_digest(settings, __name__)


def as_document(prediction: Prediction) -> dict[str, Any]:
    """Numbers of a prediction.

    ``quantities``: flat, name to number. Counts are frames (``night``, ``no_moon``, ``night.no_moon``); ``share.``
    percent of all frames; ``sd.`` the standard deviation of a count or share; ``unfitted.`` minutes with no switch and
    none missing; ``standard_time.`` frames by bin of the sun if every stamp is read as standard time;
    ``<reading>.no_moon_share`` percent of all frames and ``<reading>.night.no_moon_share`` percent of the Night frames
    under a reading; ``<reading>.chi_square`` its distance over the Night and Astro cells and
    ``<reading>.chi_square_nine`` over all; ``missing_nights.`` the run of nights whose absence explains most. ``fit``:
    the camera. ``cells``: published and predicted. ``readings``: their distances. ``sample``: the sample, whole and
    with gaps. ``missing_nights``: the runs of nights that explain most. ``scatter``: the model.
    """
    chosen, record = prediction.chosen, prediction.record
    fit = {
        "evening_altitude_deg": round(chosen.rule.fit.evening_altitude_deg, 4),
        "morning_altitude_deg": round(chosen.rule.fit.morning_altitude_deg, 4),
        "availability": round(chosen.rule.fit.availability, 6),
    }
    sizes, lost = sample_by_date(prediction.frames_by_date()), prediction.gaps.sample_lost
    frames, lost_to_gaps, sd = int(sizes.sum()), round(float(lost.mean()), 1), round(float(lost.std()), 2)
    quantities = {
        **_counts(chosen),
        **_unfitted(chosen.rule),
        "nights": len(prediction.minutes.mornings),
        **{
            f"window{number}.nights": int((prediction.minutes.window == number).sum())
            for number in np.unique(prediction.minutes.window)
        },
        "sample.frames": frames,
        "sample.dates": sizes.size,
        "sample.lost_to_gaps": lost_to_gaps,
        "sample.sd_of_gaps": sd,
        **clustering_quantities(prediction),
        **{f"fit.{name}": value for name, value in fit.items()},
        "fit.mean_gap_h": round(prediction.gaps.mean_h, 3),
    }
    for sun in SUN_BINS:
        of_bin = prediction.standard_time.camera_on & (prediction.standard_time.sun == sun)
        quantities[f"standard_time.{sun.lower()}"] = round(float(of_bin.sum() * chosen.rule.fit.availability), 2)
    for name, reading in prediction.readings.items():
        quantities |= {f"{name}.{key}": value for key, value in _shares(reading).items()}
        quantities |= {f"sd.{name}.no_moon_share": round(100 * reading.scatter.sd("", "No_moon") / record.total, 4)}
        quantities |= {f"{name}.{cell}": round(count, 2) for cell, count in reading.rule.cells.items()}
    distances = _distances(prediction)
    for row in distances:
        quantities[f"{row['name']}.chi_square"] = row["chi_square_night_astro"]
        quantities[f"{row['name']}.chi_square_nine"] = row["chi_square_nine"]
        quantities[f"{row['name']}.largest_deviation_percent"] = row["largest_deviation_percent"]
        for end in ("first", "last"):
            quantities[f"{row['name']}.{end}_stamp_altitude_deg"] = row[f"{end}_stamp_altitude_deg"]
    quantities["late_stamps.stamps_late_s"] = prediction.readings["late_stamps"].delay_s
    full_moon = prediction.readings["as_printed"].rule.switches.full_moon
    quantities["as_printed.full_moon_phase_deg"] = full_moon.phase_deg
    quantities["as_printed.full_moon_altitude_deg"] = full_moon.altitude_deg
    runs = [{**vars(run), "chi_square": round(run.chi_square, 2)} for run in prediction.missing_runs]
    if runs:
        quantities |= {f"missing_nights.{name}": value for name, value in runs[0].items()}
        quantities["missing_nights.tried"] = prediction.runs_tried
    return {
        "quantities": quantities,
        "fit": {
            **fit,
            "fitted_to": {"total": record.total, "nautical": record.nautical},
            "mean_gap_h": round(prediction.gaps.mean_h, 3),
        },
        "cells": [_compare(chosen, record, cell) for cell in CELLS],
        "readings": distances,
        "sample": {"frames": frames, "published": record.sample, "lost_to_gaps": lost_to_gaps, "sd": sd},
        "missing_nights": {"tried": prediction.runs_tried, "best": runs},
        "nights": {"rare_loss_frames": prediction.of_nights.rare_loss},
        "scatter": (
            f"gaps that begin at random and last {prediction.gaps.mean_h:.1f} h on average, exponentially distributed, "
            "until the missing share of the frames is reached; the mean makes the sample lose as many frames as it did. "
            "A frame at the border of a condition falls on either side. Each of "
            f"{len(prediction.gaps.missing):,} draws is fitted as the published counts are, so sums that were fitted "
            "do not vary"
        ),
    }


def _counts(reading: FittedReading) -> dict[str, float]:
    suns = {sun.lower(): (sun, "") for sun in SUN_BINS[:3]}
    moons = {moon.lower(): ("", moon) for moon in MOON_BINS}
    cells = {f"{sun}.{moon}".lower(): (sun, moon) for sun in SUN_BINS[:3] for moon in MOON_BINS}
    rule = reading.rule
    total = rule.frames()
    result: dict[str, float] = {"total": round(total, 2)}
    for sun in SUN_BINS[3:]:
        result[sun.lower()] = round(float((rule.camera_on & (rule.sun == sun)).sum() * rule.fit.availability), 2)
    for name, (sun, moon) in {**suns, **moons, **cells}.items():
        sd = reading.scatter.sd(sun, moon)
        result[name] = round(rule.frames(sun, moon), 2)
        result[f"sd.{name}"] = round(sd, 2)
        if name not in cells:
            result[f"share.{name}"] = round(100 * rule.frames(sun, moon) / total, 4)
            result[f"sd.share.{name}"] = round(100 * sd / total, 4)
    return result


def _unfitted(rule: FittedRule) -> dict[str, int]:
    result = {}
    for sun in ("Night", "Astro"):
        of_sun = rule.sun == sun
        result[f"unfitted.{sun}".lower()] = int(of_sun.sum())
        for moon in MOON_BINS:
            result[f"unfitted.{sun}.{moon}".lower()] = int((of_sun & (rule.moon == moon)).sum())
    return result


def _shares(reading: FittedReading) -> dict[str, float]:
    rule, result = reading.rule, {}
    for moon in MOON_BINS:
        result[f"{moon.lower()}_share"] = 100 * rule.frames("", moon) / rule.frames()
        result[f"night.{moon.lower()}_share"] = 100 * rule.frames("Night", moon) / rule.frames("Night")
    return {name: round(value, 4) for name, value in result.items()}


def _compare(reading: FittedReading, record: Published, cell: str) -> dict[str, Any]:
    predicted, counted = reading.rule.cells[cell], record.cells[cell]
    number = CELLS.index(cell)
    sd = float(np.sqrt(reading.scatter.covariance[number, number]))
    return {
        "cell": cell,
        "published": counted,
        "predicted": round(predicted, 2),
        "deviation_percent": round(100 * (predicted / counted - 1), 3),
        "sd": round(sd, 2),
        "z": round((counted - predicted) / sd, 2) if sd else None,
    }


def _distances(prediction: Prediction) -> list[dict[str, Any]]:
    """Each reading's distance from the nine cells, the nearest first; scaled by the nearest one's."""
    from scipy.special import chdtrc, chdtri  # takes a quarter of a second, and `repro verify` reads the result

    record = prediction.record
    nine_cells = {
        name: reading.scatter.distance(reading.rule.deviation(record.cells), DARK + NAUTICAL)
        for name, reading in prediction.readings.items()
    }
    # No model of the scatter is complete. Where even the nearest reading is farther than the model says, every
    # distance is divided by that excess before a reading is called excluded, as Birge's ratio does for errors.
    nearest, freedom = min(nine_cells.values())
    excess = max(nearest / max(freedom, 1), 1.0)
    rows = []
    for name, (nine, nine_freedom) in sorted(nine_cells.items(), key=lambda item: item[1]):
        reading = prediction.readings[name]
        dark, dark_freedom = reading.scatter.distance(reading.rule.deviation(record.cells), DARK)
        cells = [_compare(reading, record, cell) for cell in CELLS]
        worst = max(cells, key=lambda row: abs(row["deviation_percent"]))
        worst_dark = max((cells[number] for number in DARK), key=lambda row: abs(row["deviation_percent"]))
        limit = float(chdtri(nine_freedom, EXCLUDED_BELOW))
        first_deg, last_deg = _stamps_at_switches(reading.rule, prediction.minutes.night)
        rows.append(
            {
                "name": name,
                "switches": reading.rule.switches.model_dump(),
                "evening_altitude_deg": round(reading.rule.fit.evening_altitude_deg, 4),
                "morning_altitude_deg": round(reading.rule.fit.morning_altitude_deg, 4),
                "first_stamp_altitude_deg": round(first_deg, 2),
                "last_stamp_altitude_deg": round(last_deg, 2),
                "availability": round(reading.rule.fit.availability, 6),
                "stamps_late_s": reading.delay_s,
                "fitted_numbers": reading.fitted,
                "chi_square_night_astro": round(dark, 2),
                "degrees_night_astro": dark_freedom,
                "chi_square_nine": round(nine, 2),
                "degrees_nine": nine_freedom,
                "chance_nine": float(f"{chdtrc(nine_freedom, nine):.3g}"),
                "largest_deviation_percent": worst["deviation_percent"],
                "largest_deviation_cell": worst["cell"],
                "largest_deviation_night_astro_percent": worst_dark["deviation_percent"],
                "largest_deviation_night_astro_cell": worst_dark["cell"],
                "scaled_chi_square_nine": round(nine / excess, 2),
                "excluded_above": round(limit, 2),
                "excluded": nine / excess > limit,
                "cells": {row["cell"]: row["predicted"] for row in cells},
            }
        )
    return rows


def _stamps_at_switches(rule: FittedRule, night: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Median altitude of the sun at the first and at the last stamp of a night."""
    shown = pd.Series(rule.sun_alt_deg[rule.camera_on]).groupby(night[rule.camera_on])
    return float(shown.first().median()), float(shown.last().median())
