"""From an episode of aurora to the parameters of its sheets and clouds at any moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from repro.observatory.aurora import CLOUD, SHEET
from repro.observatory.plan import Episode, Night
from repro.seeding import generator

Floats = npt.NDArray[np.float64]
Draw = Callable[[float, float], float]
#: Kind, parameters, (northward, eastward) speed in km/s, brightness.
Part = tuple[str, dict[str, float], tuple[float, float], float]
SHEETS = 4  # sheets a frame can hold
CLOUDS = 3
_SHEET_BASE = dict.fromkeys(SHEET, 0.0) | {
    "wave_length_km": 900.0, "ripple_length_km": 120.0, "overhang_length_km": 140.0, "width_km": 8.0, "bands": 1.0,
    "spacing_km": 60.0, "ray_km": 9.0, "patch_km": 300.0, "half_length_km": 3000.0, "tail_km": 25.0,
    "swirl_km": 100.0, "swirl2_km": 100.0,
}  # fmt: skip
_CLOUD_BASE = dict.fromkeys(CLOUD, 0.0) | {
    "half_width_km": 120.0, "half_length_km": 900.0, "patch_km": 60.0, "stretch": 1.6, "sharpness": 3.0, "ray_km": 9.0,
}  # fmt: skip


def at(night: Night, t: Floats) -> tuple[Floats, Floats]:
    """Parameters of a night's sheets (n, SHEETS, len(SHEET)) and clouds (n, CLOUDS, len(CLOUD)) at ``t`` seconds (n,).

    They are the brightest ones at each moment; unused places have amplitude zero.
    """
    sheets: list[Floats] = []
    clouds: list[Floats] = []
    for episode in night.episodes:
        rise = envelope(episode, t)
        if not (rise > 0).any():
            continue
        for kind, base, speed, scale in _parts(episode, night):
            names = SHEET if kind == "sheet" else CLOUD
            table = np.repeat(np.array([[base[name] for name in names]]), t.size, 0)
            column = {name: number for number, name in enumerate(names)}
            since = t - episode.begin_s
            table[:, column["amplitude"]] *= rise * scale
            table[:, column["age"]] = since / base["age"]
            table[:, column["north_km"]] += speed[0] * (since - (episode.end_s - episode.begin_s) / 2)
            table[:, column["drift_km"]] = speed[1] * since
            if kind == "cloud" and base["pulse"] > 0:
                table[:, column["pulse_phase"]] = since * base["pulse_phase"]
            (sheets if kind == "sheet" else clouds).append(table)
    return _brightest(sheets, SHEETS, len(SHEET), t.size), _brightest(clouds, CLOUDS, len(CLOUD), t.size)


def envelope(episode: Episode, t: Floats) -> Floats:
    """Rise and fall of an episode, 0 to 1: up over a quarter of its time, down over the last third."""
    x = (t - episode.begin_s) / (episode.end_s - episode.begin_s)
    up, down = np.clip(x / 0.25, 0, 1), np.clip((1 - x) / 0.33, 0, 1)
    return np.asarray((up * up * (3 - 2 * up)) * (down * down * (3 - 2 * down)))


def brightest_episode(night: Night, t: Floats) -> tuple[Floats, npt.NDArray[np.str_]]:
    """Strength and form of a night's brightest episode at ``t`` seconds (n,), ``none`` when there is none."""
    rises = np.array([envelope(episode, t) * episode.strength for episode in night.episodes])
    rises = np.concatenate([np.full((1, t.size), 1e-3), rises.reshape(-1, t.size)])
    forms = np.array(["none", *[episode.form for episode in night.episodes]])
    return rises.max(0), forms[rises.argmax(0)]


def _brightest(tables: list[Floats], places: int, width: int, n: int) -> Floats:
    tables = [*tables, *[np.zeros((n, width))] * places]
    stack = np.stack(tables, 1)
    order = np.argsort(-stack[:, :, 0], 1, kind="stable")[:, :places]
    return np.take_along_axis(stack, order[:, :, None], 1)


def _parts(episode: Episode, night: Night) -> list[Part]:
    rng = generator(night.seed, night.night, "episode", episode.number)

    def draw(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    def log(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    form = episode.form
    if form in ("diffuse", "patchy", "pulsating"):
        return [_cloud(form, draw, log, episode.strength)]
    parts = [_sheet(form, draw, log, episode.strength)]
    if form in ("rays", "corona") or draw(0, 1) < 0.3:
        parts.append(_sheet(form if form != "corona" else "rays", draw, log, 0.5 * episode.strength))
    if form == "corona":
        parts.append(_cloud("corona", draw, log, episode.strength))
    if form in ("folded", "corona", "bands") or draw(0, 1) < 0.4:
        parts.append(_cloud("diffuse", draw, log, 0.6 * episode.strength))
    return parts


def _sheet(form: str, draw: Draw, log: Draw, strength: float) -> Part:
    base = _SHEET_BASE | {"offset": draw(0, 32), "slope": draw(-0.15, 0.15), "curve": draw(-1.5e-4, 1e-4)}
    drift = draw(-0.35, 0.35)
    if form == "arc":
        red = draw(0, 1) < 0.35
        # Every fourth arc lies far off and shows as a low arch at the rim, on few per cent of the sky.
        far = draw(0, 1) < 0.25
        base |= {
            "amplitude": log(0.015, 0.22) * (0.5 if red else 1), "north_km": draw(330, 800) * (1 if draw(0, 1) < 0.7 else -1) if far else draw(-320, 320), "wave_km": draw(5, 30),
            "wave_length_km": draw(700, 1500), "ripple_km": draw(0, 3), "width_km": log(6, 26),
            "tail_km": draw(20, 60), "ray": draw(0.0, 0.12), "patchiness": draw(0.1, 0.35), "patch_km": draw(300, 800),
            "soft": log(1.0, 3.5) if red else log(0.15, 1.0), "bands": 2.0 if draw(0, 1) < 0.3 else 1.0,
            "spacing_km": draw(70, 190), "age": 1200.0,
        }  # fmt: skip
        return "sheet", base, (draw(-0.05, 0.02), drift), strength
    if form == "bands":
        base |= {
            "amplitude": log(0.04, 0.35), "north_km": draw(-180, 240), "wave_km": draw(20, 65),
            "wave_length_km": draw(350, 800), "ripple_km": draw(3, 10), "ripple_length_km": draw(80, 170),
            "width_km": log(5, 14), "tail_km": draw(18, 40), "ray": draw(0.05, 0.35), "ray_km": draw(6, 14),
            "patchiness": draw(0.3, 0.7), "bands": float(round(draw(1.6, 4.4))), "spacing_km": draw(28, 80),
            "soft": log(0.08, 0.8), "energetic": draw(-0.5, 0.6), "age": 420.0, "overhang_km": draw(0, 30),
        }  # fmt: skip
        return "sheet", base, (draw(-0.08, 0.12), drift), strength
    if form == "folded":
        base |= {
            "amplitude": log(0.1, 0.7), "north_km": draw(-120, 160), "wave_km": draw(40, 95),
            "wave_length_km": draw(330, 600), "ripple_km": draw(2, 8), "ripple_length_km": draw(70, 140),
            "overhang_km": draw(25, 80), "overhang_length_km": draw(110, 220), "width_km": log(7, 24),
            "tail_km": draw(20, 60), "ray": draw(0.0, 0.22), "ray_km": draw(6, 13), "patchiness": draw(0.4, 0.9),
            "soft": log(0.03, 0.4), "energetic": draw(-0.6, 0.8), "age": 300.0,
            "swirl_deg": draw(120, 320) * (1 if draw(0, 1) < 0.8 else -1), "swirl_east_km": draw(-220, 220),
            "swirl_north_km": draw(-120, 160), "swirl_km": draw(60, 150),
        }  # fmt: skip
        if draw(0, 1) < 0.55:
            base |= {
                "swirl2_deg": draw(90, 280), "swirl2_east_km": draw(-320, 320), "swirl2_north_km": draw(-120, 160),
                "swirl2_km": draw(50, 110),
            }  # fmt: skip
        return "sheet", base, (draw(-0.05, 0.15), drift), strength
    overhead = form == "corona"
    base |= {
        "amplitude": log(0.05, 0.25) if overhead else log(0.06, 0.35), "north_km": draw(-60, 130) if overhead else draw(-160, 260),
        "wave_km": draw(40, 95) if overhead else draw(15, 60), "wave_length_km": draw(160, 330) if overhead else 500.0,
        "ripple_km": draw(2, 8), "overhang_km": draw(20, 60) if overhead else draw(0, 30),
        "width_km": log(10, 26) if overhead else log(5, 12), "tail_km": draw(40, 85) if overhead else draw(20, 40),
        "ray": draw(0.35, 0.8), "ray_km": draw(6, 16), "patchiness": draw(0.3, 0.7),
        "bands": float(round(draw(0.6, 2.4))), "spacing_km": draw(50, 110),
        "soft": log(1.0, 3.5) if overhead else log(0.5, 2.0), "energetic": draw(-0.8, 1.0), "age": 240.0,
    }  # fmt: skip
    return "sheet", base, (draw(-0.05, 0.12), drift), strength * (0.8 if overhead else 1.0)


def _cloud(form: str, draw: Draw, log: Draw, strength: float) -> Part:
    base = _CLOUD_BASE | {"offset": draw(0, 32), "age": 900.0}
    if form == "diffuse":
        base |= {
            "amplitude": log(0.008, 0.08), "north_km": draw(-320, 240), "half_width_km": draw(50, 220),
            "patch_km": draw(180, 320), "threshold": draw(-1.2, -0.2), "sharpness": draw(0.8, 1.6), "soft": log(0.15, 1.2),
            "half_length_km": draw(600, 2000),
        }  # fmt: skip
        return "cloud", base, (draw(-0.04, 0.04), draw(-0.2, 0.3)), strength
    if form == "corona":
        base |= {
            "amplitude": log(0.04, 0.16), "north_km": draw(-40, 120), "half_width_km": draw(70, 160),
            "half_length_km": draw(140, 320), "east_km": draw(-80, 80), "patch_km": draw(60, 130),
            "threshold": draw(-0.4, 0.4), "sharpness": draw(1.5, 3.0), "soft": log(0.8, 2.0), "ray": draw(0.5, 1.0),
            "ray_km": draw(7, 14), "age": 260.0,
        }  # fmt: skip
        return "cloud", base, (draw(-0.05, 0.1), draw(-0.3, 0.3)), strength
    base |= {
        "amplitude": log(0.025, 0.2), "north_km": draw(-260, 160), "half_width_km": draw(70, 170),
        "half_length_km": draw(400, 1200), "patch_km": log(28, 90), "stretch": draw(1.0, 2.6),
        "threshold": draw(0.0, 0.9), "sharpness": draw(1.6, 4.0), "soft": log(0.02, 0.15),
    }  # fmt: skip
    if form == "pulsating":
        base |= {"pulse": draw(0.55, 1.0), "pulse_phase": 2 * np.pi / log(6, 30)}
    # After midnight patches drift eastward with the convection, some 0.3 to 0.8 km/s.
    return "cloud", base, (draw(-0.03, 0.03), draw(0.2, 0.8)), strength
