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

from repro.analysis.colour_rule import auroral_pixels, circle
from repro.engine.progress import progress
from repro.engine.workers import run_or_raise
from repro.film.cut import encode_jpeg
from repro.observatory import campaign
from repro.observatory import video_writer as film
from repro.observatory.geometry import FRAME_PX
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
Picture = npt.NDArray[np.uint8]
SIDE_PX = 240  # of frames as the network sees them
GAMMA = 2.2  # from counts to linear light
STAR_COUNTS = 10.0  # of a star's peak above its surroundings
INNER = 0.45  # radius of the circle in which stars are counted, in sides of the frame: trees and rims have peaks, too
PER_DISTANCE = 1.375  # deviation of white noise over its mean distance from a median of 3 x 3 pixels
GREEN_SHARE = 0.006  # least share of the circle that must be green for its colour to be measured
RADII_PX = (340.0, 354.0, 359.0, 360.5)  # at which the brightness of a frame of 720 pixels is taken


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


def colours(frame: Picture) -> dict[str, float]:
    """Statistics of one masked frame, RGB uint8 (240, 240, 3).

    ``saturation``, median HSV saturation of the circle, 0 to 255; ``dark_bg`` and ``dark_rg``, blue and red over green in
    linear light of the darkest 40 % of the circle; ``sky_bg`` and ``sky_rg``, of the whole circle; ``green_rg``, ``green_bg`` and
    ``green_saturation`` of the pixels that the colour rule calls green, NaN where these are too few; ``darkest``, the 5th
    percentile of brightness in counts; ``spread``, its deviation; ``noise`` and ``colour_noise`` in counts; ``stars``, peaks
    over 10 counts; ``rim_roughness``, relative deviation of the brightness along the rim; ``dark_rim``, share of the rim darker
    than a third of the frame's median.
    """
    inside = circle(SIDE_PX)
    values = frame.astype(np.float32)
    grey = values.mean(2)
    linear = (values / 255) ** GAMMA
    saturation = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)[..., 1]
    dark = inside & (grey <= np.percentile(grey[inside], 40))
    green = auroral_pixels(frame)[0] & inside
    values_by_name = {"saturation": float(np.median(saturation[inside]))}
    for name, where in (("dark", dark), ("sky", inside), ("green", green)):
        enough = where.sum() > GREEN_SHARE * inside.sum()
        red, grn, blue = linear[where].mean(0) + 1e-6 if enough else (np.nan,) * 3
        values_by_name |= {f"{name}_bg": blue / grn, f"{name}_rg": red / grn}
    values_by_name["green_saturation"] = float(np.median(saturation[green])) if enough else np.nan
    values_by_name |= {"darkest": np.percentile(grey[inside], 5), "spread": grey[inside].std()}
    values_by_name["noise"] = _noise(grey, inside)
    chroma = cv2.cvtColor(frame, cv2.COLOR_RGB2YCrCb)[..., 1:].astype(np.float32)
    values_by_name["colour_noise"] = float(np.mean([_noise(chroma[..., k], inside) for k in (0, 1)]))
    above = grey - cv2.medianBlur(frame, 5).astype(np.float32).mean(2)
    peak = (above > STAR_COUNTS) & (grey >= cv2.dilate(grey, np.ones((3, 3)))) & circle(SIDE_PX, INNER)
    values_by_name["stars"] = int(peak.sum())
    angle = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    rim = np.mean([_along(grey, radius, angle) for radius in (110, 112, 114, 116)], 0)
    smooth = np.convolve(np.concatenate([rim[-7:], rim, rim[:7]]), np.ones(15) / 15, "valid")
    values_by_name["rim_roughness"] = np.std(rim - smooth) / max(rim.mean(), 1.0)
    values_by_name["dark_rim"] = (rim < np.median(grey[inside]) / 3).mean()
    return {name: float(value) for name, value in values_by_name.items()}


def compression(frame: Picture) -> dict[str, float]:
    """Traces of a block coder, and the profile at the rim, of one frame of 720 pixels.

    Returns ``block_step``: mean change of brightness from one pixel to the next across the borders of 8 x 8 blocks over
    that elsewhere, in the calm half of the picture; ``r340`` and so on: mean brightness at :data:`RADII_PX`, counts.
    """
    grey = frame.astype(np.float32).mean(2)
    radius = np.hypot(*(np.mgrid[:FRAME_PX, :FRAME_PX] - (FRAME_PX / 2 - 0.5)))
    inside = radius[:, 1:] < 330
    # Second differences: a slope steps everywhere, a block border at one place.
    step = np.abs(np.diff(grey, axis=1))
    rise = np.abs(step[:, 1:-1] * 2 - step[:, :-2] - step[:, 2:])
    calm = inside[:, 1:-1] & (cv2.blur(rise, (25, 25)) < np.median(cv2.blur(rise, (25, 25))[inside[:, 1:-1]]))
    border = (np.arange(rise.shape[1]) + 2) % 8 == 0
    at, other = (rise[:, where][calm[:, where]].mean() for where in (border, ~border))
    profile = {"block_step": float(at / max(other, 1e-3))}
    for wanted in RADII_PX:
        profile[f"r{wanted:g}"] = float(grey[np.abs(radius - wanted) < 0.5].mean())
    return profile


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


def _noise(values: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_]) -> float:
    """Deviation of the noise where the picture is calm: median over blocks of the distance from a median of 3 x 3 pixels."""
    distance = np.abs(values - cv2.medianBlur(np.ascontiguousarray(values), 3))
    side = SIDE_PX // 12
    blocks = distance.reshape(side, 12, side, 12).mean((1, 3))
    whole = inside.reshape(side, 12, side, 12).all((1, 3))
    return float(PER_DISTANCE * np.median(blocks[whole]))


def _along(grey: npt.NDArray[np.float32], radius: float, angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    centre = SIDE_PX / 2 - 0.5
    x, y = centre + radius * np.cos(angle), centre + radius * np.sin(angle)
    return np.asarray(cv2.remap(grey, x.astype(np.float32)[None], y.astype(np.float32)[None], cv2.INTER_LINEAR)[0])
