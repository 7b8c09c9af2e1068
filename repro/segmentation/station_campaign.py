"""Simulated nights over Jang Bogo: one image a minute with the aurora's pixels, aurora that stands still or moves.

The sky is that of :mod:`repro.observatory`, with the station's own field line and its own direction of the equator. What
differs is the motion. A display is planned for longer than is filmed, so that it neither rises nor fades; ``stationary``
aurora then lives in slow motion and keeps place and brightness for minutes, ``drifting`` arcs move towards the equator,
patches pulsate, ``active`` displays fold and break. The camera exposes for ten seconds, which smooths fast pulsations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from repro.errors import ReproError
from repro.observatory import display, optics
from repro.observatory.aurora import CLOUD, SHEET
from repro.observatory.geometry import MagneticSite
from repro.observatory.plan import Night, plan_night
from repro.observatory.render import render
from repro.observatory.scene import Scenes, scenes
from repro.params import Form, KopriSimulate, Site, Weather
from repro.seeding import generator
from repro.segmentation.image_corpus import dates, night_of
from repro.sky.ephemeris import Times, positions
from repro.sky.magnetic import MagneticPlace, magnetic_local_time

Floats = npt.NDArray[np.float64]
Motion = Literal["stationary", "drifting", "pulsating", "active", "none"]
Light = Literal["dark", "moonlit", "twilight"]
Place = Literal["horizon", "overhead"]

#: What the nights show, in turn; lists of other lengths beside each other make every combination occur.
TURNS: tuple[Motion, ...] = (
    "stationary", "drifting", "stationary", "pulsating", "active", "none", "stationary", "drifting", "pulsating",
)  # fmt: skip
LIGHTS: tuple[Light, ...] = ("dark", "moonlit", "dark", "dark", "moonlit", "dark", "twilight", "dark")
PLACES: tuple[Place, ...] = ("horizon", "overhead", "horizon", "overhead", "overhead")
WEATHERS: tuple[Weather, ...] = (
    "clear", "clear", "thin", "clear", "broken", "clear", "clear", "thin", "clear", "overcast", "clear",
)  # fmt: skip
FORMS: dict[Motion, tuple[Form, ...]] = {
    "stationary": ("arc", "bands", "arc", "diffuse"), "drifting": ("arc", "bands"), "pulsating": ("pulsating", "patchy"),
    "active": ("folded", "rays", "corona"), "none": (),
}  # fmt: skip
STRENGTH: dict[Form, float] = {"arc": 1.6, "diffuse": 2.2, "pulsating": 1.6, "patchy": 1.4}  # so that they can be seen
SLOW = 0.02  # pace of a stationary display: it lives 1.2 s in a minute
DRIFT_KM_S = 0.35  # towards the equator, the usual motion of arcs in the growth of a substorm
HORIZON_KM, OVERHEAD_KM = (-430.0, -230.0), (-90.0, 90.0)  # of the brightest part, poleward of the station
MARGIN_S = 1200  # planned before and after what is filmed
GAIN_STEPS = (4, 0.03)  # one night in so many has a gain that varies by so much from image to image
DATES = ("2018-03-15", "2023-09-30")  # of the poster's years, in the season with dark hours
HOURS_STEP = 7  # from one night to the next, among the hours of magnetic local time that occur
RENDER_FACTOR = 2  # the observatory gives the aurora's pixels at half the side of its frames


@dataclass(frozen=True)
class KopriNight:
    """A simulated night, YYYYMMDD of its morning by the sun: ``minutes`` images from a whole minute on, and what they show.

    ``form`` is None without aurora.
    """

    night: str
    begin_utc: np.datetime64
    minutes: int
    motion: Motion
    light: Light
    place: Place
    weather: Weather
    form: Form | None


def magnetic_site(place: MagneticPlace) -> MagneticSite:
    """The observatory's directions at a place: where the field line leads, and across which direction arcs lie."""
    up = 0.0 if place.inclination_deg < 0 else 180.0  # the field points up in the south: going up follows the compass
    return MagneticSite(
        zenith_distance_deg=90.0 - abs(place.inclination_deg),
        zenith_azimuth_deg=(place.declination_deg + up) % 360.0,
        poleward_azimuth_deg=(place.equatorward_azimuth_deg + 180.0) % 360.0,
        trees=False,
    )


def nights(wanted: KopriSimulate, site: Site, place: MagneticPlace, seed: int) -> tuple[KopriNight, ...]:
    """Nights of the campaign, in the order of their dates.

    Each takes its motion, light, place and weather in turn, and in turn one of the hours of magnetic local time in which
    the light occurs; the date is drawn. Raises ReproError if the site has no dark hours, or fewer dates than nights are
    asked for.
    """
    first, last = (np.datetime64(date, "m") for date in DATES)
    times = np.arange(first, last, 60).astype("datetime64[s]")
    sky = positions(times, site)
    light = np.select(
        [
            (sky.sun_alt_deg < -18) & (sky.moon_alt_deg < -5),
            (sky.sun_alt_deg < -14) & (sky.moon_alt_deg > 10) & (sky.moon_phase_deg > 80),
            (sky.sun_alt_deg > -12) & (sky.sun_alt_deg < -9) & (sky.moon_alt_deg < -5),
        ],
        get_args(Light),
        "",
    )
    hour, days = magnetic_local_time(times, place).astype(int), dates(times, site)
    rng = generator(seed, "kopri", "nights")
    free = np.ones(len(times), bool)
    chosen = []
    for number in range(wanted.nights):
        kind = LIGHTS[number % len(LIGHTS)]
        fits = np.flatnonzero((light == kind) & free)
        if not fits.size:
            where = f"{site.latitude_deg:g} N, {site.longitude_deg:g} E"
            raise ReproError(
                found=f"no further night with {kind} hours at {where} after {number}",
                expected=f"dark hours between {DATES[0]} and {DATES[1]}",
                where="params.yaml, kopri.site and kopri.simulate.nights",
                remedy="ask for fewer nights, or choose a site with dark hours in the southern winter",
            )
        hours = np.unique(hour[fits])
        drawn = rng.choice(fits[hour[fits] == hours[number * HOURS_STEP % len(hours)]])
        begin, night = times[drawn], night_of(times[drawn], site)
        free &= days != days[drawn]
        motion = TURNS[number % len(TURNS)]
        forms = FORMS[motion]
        chosen.append(
            KopriNight(
                night, begin, wanted.minutes, motion, kind, PLACES[number % len(PLACES)], WEATHERS[number % len(WEATHERS)],
                forms[number // len(TURNS) % len(forms)] if forms else None,
            )
        )  # fmt: skip
    return tuple(sorted(chosen, key=lambda night: night.night))


def image_times(night: KopriNight) -> Times:
    """Begin of the exposures of a night, datetime64[s], one a minute."""
    return np.asarray(night.begin_utc + np.arange(night.minutes) * np.timedelta64(60, "s"))


def night_scenes(night: KopriNight, wanted: KopriSimulate, site: Site, seed: int) -> Scenes:
    """Everything that decides a night's images, in the middle of each exposure."""
    middle: Times = np.asarray(
        image_times(night).astype("datetime64[ms]") + np.timedelta64(round(500 * wanted.exposure_s), "ms"),
        "datetime64[ms]",
    )
    plan = _plan(night, seed)
    t = plan.seconds(middle)
    state = scenes(plan, middle, site)
    centre = float(t.mean())
    pace = SLOW if night.motion == "stationary" else 1.0
    sheets, clouds = display.at(plan, centre + pace * (t - centre))
    rng = generator(seed, night.night, "kopri")
    _put(sheets, clouds, float(rng.uniform(*(HORIZON_KM if night.place == "horizon" else OVERHEAD_KM))))
    if night.motion == "drifting":
        for table, names in ((sheets, SHEET), (clouds, CLOUD)):
            table[:, :, names.index("north_km")] -= (DRIFT_KM_S * (t - centre))[:, None]
    _expose(clouds, wanted.exposure_s, plan, t)
    camera = state.camera.copy()
    one_in, spread = GAIN_STEPS
    if int(rng.integers(one_in)) == 0:
        camera[:, optics.NAMES.index("gain")] *= np.exp(rng.normal(0, spread, len(t)))
    return replace(state, sheets=sheets, clouds=clouds, camera=camera)


def render_night(
    night: KopriNight, wanted: KopriSimulate, site: Site, magnetic: MagneticSite, size_px: int, seed: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_], dict[str, npt.NDArray[np.float64]]]:
    """Images of a night, uint8 (n, 2 size_px, 2 size_px, 3), RGB, north up, with their truth.

    The masks (n, size_px, size_px) are the aurora's pixels, drawn at the network's size and never resized; the truth has
    ``aurora_share`` of the sky and ``cloud_cover``, 0 to 1, each (n,).
    """
    # Without its shortcut for large frames the observatory draws the truth at half their side, whatever that is.
    state, size = night_scenes(night, wanted, site, seed), RENDER_FACTOR * size_px
    rendered = render(state, size=size, aurora=night.form is not None, shortcut=False, site=magnetic)
    frames = rendered.frames.permute(0, 2, 3, 1).contiguous().numpy()
    mask = rendered.mask.numpy()
    if night.form is None:
        mask[:] = False  # at sharp edges of clouds the observatory's own rounding passes for a little aurora
    truth = {name: np.asarray(rendered.truth[name], float) for name in ("aurora_share", "cloud_cover")}
    return frames, mask, truth


def _plan(night: KopriNight, seed: int) -> Night:
    margin, length = (np.timedelta64(seconds, "s") for seconds in (MARGIN_S, 60 * night.minutes))
    ends = night.begin_utc - margin, night.begin_utc + length + margin
    forms, strength = ((night.form,), STRENGTH.get(night.form, 1.0)) if night.form else ((), 1.0)
    return plan_night(night.night, seed, *ends, forms=forms, weather=(night.weather,), strength=strength)


def _put(sheets: Floats, clouds: Floats, poleward_km: float) -> None:
    """Move a display so that its brightest part lies a distance poleward of the station; in place."""
    tables = (sheets, SHEET.index("north_km")), (clouds, CLOUD.index("north_km"))
    parts = [part for table, north in tables for part in table[len(table) // 2][:, [0, north]].tolist()]
    for table, north in tables:
        table[:, :, north] += poleward_km - max(parts)[1]


def _expose(clouds: Floats, exposure_s: float, plan: Night, t: Floats) -> None:
    """Average pulsations over the exposure, in place.

    A pulsating cloud's light is 1 - p (1 + sin) / 2 of its amplitude. The mean over an exposure T is the same with the sine
    smaller by sin(w T / 2) / (w T / 2), which another amplitude and another p express exactly.
    """
    pulse, phase = clouds[:, :, CLOUD.index("pulse")], clouds[:, :, CLOUD.index("pulse_phase")]
    amplitude = clouds[:, :, 0]
    since = np.stack([t - episode.begin_s for episode in plan.episodes[:1]] or [np.ones_like(t)], 1)
    angle = phase / np.where(since == 0, 1.0, since) * exposure_s / 2
    smaller = np.abs(np.sinc(angle / np.pi))
    whole = amplitude * (1 - 0.5 * pulse) + 0.5 * amplitude * pulse * smaller
    clouds[:, :, CLOUD.index("pulse")] = np.divide(
        amplitude * pulse * smaller, whole, out=np.zeros_like(whole), where=whole > 0
    )
    clouds[:, :, 0] = whole
