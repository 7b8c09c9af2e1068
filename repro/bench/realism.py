"""Simulated frames beside real ones, statistic by statistic: how much of what is measurable about real frames is reached."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import yaml
from PIL import Image

from repro.engine.progress import progress
from repro.engine.workers import run_or_raise
from repro.film.cut import encode_jpeg
from repro.observatory import campaign
from repro.observatory import video_writer as film
from repro.observatory.frame_statistics import SIDE_PX, colours, compression
from repro.observatory.render import render
from repro.observatory.scene import scenes
from repro.params import Params, SimulatedNight, load_params
from repro.paths import find_project

REAL_FRAMES = Path(__file__).with_name("real_frames.yaml")
PER_NIGHT = 2
#: A clear sky is blue with the Sun above this altitude, or the Moon above the first one and at least that full.
BLUE_SUN_DEG, BLUE_MOON = -13.5, (15.0, 120.0)
CLEAR_COVER = 0.3
SPANS = {"5 to 95 %": (5, 95), "25 to 75 %": (25, 75)}  # others: 10 to 90 %
Floats = npt.NDArray[np.float64]


def bench() -> dict[str, Any]:
    """Measure frames of the default campaign and compare them with the committed numbers of real frames.

    Returns ``ours``: how many statistics have their simulated median within the span of real AuroraMAX frames or of other
    cameras; ``baseline``: the same for the simulated frames of the time before; ``limit``: how many are counted.
    ``statistics``: one entry a statistic with ``meaning``, the numbers of real frames and of the time before, and
    ``simulated`` as median, low, high over the same span. ``frames`` simulated, ``visible`` and ``certain`` among them, as
    shares.
    """
    params = load_params(find_project().params)
    nights = campaign.chosen(params, "default")
    rows: list[dict[str, Any]] = []
    with progress("realism", len(nights), "nights") as tally:
        for _, result in run_or_raise(_measure, [(night, params) for night in nights]):
            rows += result
            tally.advance(1)
    measured = {name: np.array([row[name] for row in rows], float) for name in rows[0]}
    table = compare(measured, yaml.safe_load(REAL_FRAMES.read_text(encoding="utf-8"))["statistics"])
    counted = [row for row in table.values() if "approximate" not in row and len(row["auroramax"]) == 3]
    ours, before = (sum(_within(row[key][0], row) for row in counted) for key in ("simulated", "simulated_before"))
    return {
        "name": "realism",
        "ours": ours,
        "baseline": before,
        "limit": len(counted),
        "ratio_to_baseline": round(ours / max(before, 1), 2),
        "ratio_to_limit": round(ours / len(counted), 3),
        "unit": "statistics within the span of real frames",
        "frames": len(rows),
        "visible": round(float(measured["visible"].mean()), 3),
        "certain": round(float(measured["certain"].mean()), 3),
        "statistics": table,
    }


def compare(measured: Mapping[str, Floats], real: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The numbers of real frames with ``simulated`` beside them: median and the ends of the span, in that order.

    ``measured`` has the values by statistic, shape (n,), NaN where a frame has none; ``real`` is ``statistics`` of
    ``real_frames.yaml``.
    """
    table = {}
    for name, row in real.items():
        low, high = SPANS.get(row.get("span", ""), (10, 90))
        values = measured[name][np.isfinite(measured[name])]
        ends = np.percentile(values, [50, low, high]) if len(values) else np.full(3, np.nan)
        table[name] = {**row, "simulated": [float(f"{value:.3g}") for value in ends], "simulated_frames": len(values)}
    return table


def lines(measured: Mapping[str, Any]) -> list[str]:
    """The table in words, one line a statistic."""

    def span(values: list[float] | None) -> str:
        if not values:
            return "-"
        return f"{values[0]:g}" + (f" ({values[1]:g} to {values[2]:g})" if len(values) == 3 else "")

    form = "{:<58} {:<22} {:<22} {:<22} {:<22}"
    rows: list[tuple[str, ...]] = [
        ("median (10 to 90 %, or as named)", "simulated", "simulated before", "AuroraMAX", "other cameras")
    ]
    for row in measured["statistics"].values():
        named = f" [{row['span'].split(';')[0]}]" if "span" in row else ""
        spans = [span(row.get(key)) for key in ("simulated", "simulated_before", "auroramax", "other_cameras")]
        rows.append((f"{row['meaning']}{named}{' *' if 'approximate' in row else ''}", *spans))
    last = "* measured in another way on the real frames; not counted"
    return [*(form.format(*row).rstrip() for row in rows), last]


def _within(value: float, row: Mapping[str, Any]) -> bool:
    return any(low <= value <= high for _, low, high in (row["auroramax"], row["other_cameras"]))


def _measure(job: tuple[SimulatedNight, Params]) -> list[dict[str, float]]:
    """Statistics of some frames of a night, coded and scaled as the pipeline does it."""
    night, params = job
    plan = campaign.plan(night, params)
    times = film.key_times(plan)
    states = scenes(plan, times[np.linspace(1, len(times) - 2, PER_NIGHT).astype(int)], params.schedule.site)
    made = render(states)
    rows = []
    for number in range(len(states)):
        coded = encode_jpeg(cv2.cvtColor(made.picture(number), cv2.COLOR_RGB2BGR), params.film.jpeg_quality)
        picture = np.asarray(cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)
        small = np.asarray(Image.fromarray(picture).resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR))
        row = colours(small) | compression(picture)
        moonlit = states.moon_alt_deg[number] > BLUE_MOON[0] and states.moon_phase_deg[number] > BLUE_MOON[1]
        blue = made.truth["cloud_cover"][number] < CLEAR_COVER and not made.truth["visible"][number]
        blue = blue and (states.sun_alt_deg[number] > BLUE_SUN_DEG or moonlit)
        row |= {f"blue_sky_{ratio}": row[f"sky_{ratio}"] if blue else np.nan for ratio in ("rg", "bg")}
        rows.append(row | {name: float(made.truth[name][number]) for name in ("visible", "certain")})
    return rows
