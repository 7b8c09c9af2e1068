"""The simulated Kiruna: pictures of the seven classes on clear, dark and moonless nights, with known truth.

Sky, lens and camera are those of the simulated observatory; the site and the dates are Kiruna's. Its field lines are
Yellowknife's, which stand five degrees steeper. What the observatory never shows is added here: displays so far north or
south that all their light stands near the horizon. Names are ``YYYYMMDD_K.png`` after the date of the night's morning.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from repro.engine.threads import limited_threads
from repro.errors import ReproError
from repro.forms.classes import CLASSES, HIGH_DEG
from repro.forms.winding import winding
from repro.observatory import geometry, optics
from repro.observatory.aurora import CLOUD, SHEET
from repro.observatory.plan import Night, plan_night
from repro.observatory.render import aurora_light, render
from repro.observatory.scene import Scenes, scenes
from repro.params import AuroralClass, Form, FormsCampaign
from repro.schedule.windows import local_time, mornings
from repro.seeding import generator
from repro.sky.ephemeris import positions

MINUTE = np.timedelta64(60, "s")
SPELL_MIN = 40  # of which the frames are the middle
STEP_MIN = 20  # between the moments at which the sky is looked at for darkness
DARK_SUN_DEG, MOON_DOWN_DEG = -18.0, -1.0  # no twilight, no moonlight
CLEAN_COVER = 0.1  # of the sky under cloud in a clean image, at most


@dataclass(frozen=True)
class Recipe:
    """How a night is planned that shall often show a class: the forms to draw from, and ranges of three factors.

    ``strength`` is 1 for a usual display; ``distance_km`` moves it north or south; ``softer`` multiplies the soft
    precipitation, whose light is red.
    """

    forms: tuple[Form, ...]
    strength: tuple[float, float]
    distance_km: tuple[float, float] = (0.0, 0.0)
    softer: tuple[float, float] = (1.0, 1.0)
    #: Whether sheets pass through the middle of their first swirl; else many hardly fold.
    wound: bool = False


#: Which class a frame has follows from its truth alone; these only see to it that all seven are frequent.
RECIPES: dict[AuroralClass, Recipe] = {
    "breakup": Recipe(("folded",), (3.0, 8.0), wound=True),
    "colored": Recipe(("corona", "rays"), (1.2, 2.5), softer=(2.0, 5.0)),
    "arcs-bands": Recipe(("arc", "bands", "rays"), (1.0, 2.5)),
    "discrete": Recipe(("folded",), (0.15, 0.4), (0.0, 120.0), wound=True),
    "patchy": Recipe(("patchy", "pulsating"), (2.5, 5.0)),
    "edge": Recipe(("arc", "bands", "folded", "rays"), (2.0, 5.0), (600.0, 850.0)),
    "clear-faint": Recipe(("diffuse", "arc", "patchy"), (0.05, 0.35)),
}
_DISTANCES = ("north_km", "swirl_north_km", "swirl2_north_km")


@dataclass(frozen=True)
class FormNight:
    """A night of the campaign: its plan, when it is filmed, how far north its aurora is moved, and how soft it is."""

    plan: Night
    times_utc: npt.NDArray[np.datetime64]
    north_km: float = 0.0
    softer: float = 1.0
    wound: bool = False


def campaign_nights(campaign: FormsCampaign, seed: int) -> list[FormNight]:
    """Nights of the campaign: ``nights_per_class`` for each class, each night once.

    Raises ReproError if the windows hold fewer dark and moonless nights.
    """
    # The first moment of one spell of each night, drawn at random.
    begins = {
        night: moments[int(generator(seed, "kiruna", "spell", night).integers(len(moments)))]
        for night, moments in dark_times(campaign).items()
    }
    count = campaign.nights_per_class * len(CLASSES)
    if len(begins) < count + 1:
        raise ReproError(
            found=f"{len(begins)} nights with {SPELL_MIN} dark and moonless minutes",
            expected=f"{count + 1}: {campaign.nights_per_class} for each of {len(CLASSES)} classes, and a whole one",
            where="params.yaml, kvammen.campaign.windows",
            remedy="add a winter to the windows, or ask for fewer nights_per_class",
        )
    chosen = np.sort(generator(seed, "kiruna", "nights").permutation(sorted(begins))[:count])
    order = generator(seed, "kiruna", "classes").permutation(np.arange(count) % len(CLASSES))
    return [
        _planned(str(night), CLASSES[place], begins[str(night)], campaign, seed)
        for night, place in zip(chosen, order, strict=True)
    ]


def whole_night(campaign: FormsCampaign, seed: int) -> FormNight:
    """A night of substorms drawn at random, filmed from its first to its last dark moment; it is in no training.

    Of the nights that the campaign leaves over, the one with the longest dark and moonless time.
    """
    taken = {item.plan.night for item in campaign_nights(campaign, seed)}
    left = {
        night: moments
        for night, moments in dark_times(campaign).items()
        if night not in taken and np.ptp(moments) == (len(moments) - 1) * STEP_MIN * MINUTE
    }
    night = max(left, key=lambda name: (len(left[name]), name))
    begin, end = left[night][0], left[night][-1] + STEP_MIN * MINUTE
    plan = plan_night(night, seed, begin, end, weather=("clear",), strength=2.5)
    step = np.timedelta64(round(campaign.whole_night_step_min * 60), "s")
    return FormNight(plan, np.arange(begin, end, step))


def dark_times(campaign: FormsCampaign) -> dict[str, npt.NDArray[np.datetime64]]:
    """First moments, UTC, of the dark and moonless spells of each night that has one, :data:`STEP_MIN` apart."""
    site = campaign.site
    days = [day for window in campaign.windows for day in mornings(window)]
    noons = np.array([local_time(f"{day}T12:00", site.time_zone).astype("datetime64[s]") for day in days])
    times = np.asarray(noons[:, None] - np.arange(24 * 60, 0, -STEP_MIN) * MINUTE, "datetime64[s]")
    sky = positions(times.ravel(), site)
    dark = ((sky.sun_alt_deg < DARK_SUN_DEG) & (sky.moon_alt_deg < MOON_DOWN_DEG)).reshape(times.shape)
    # A spell needs darkness from its first to its last moment.
    whole = dark[:, :-2] & dark[:, 1:-1] & dark[:, 2:]
    return {f"{day:%Y%m%d}": times[row, :-2][whole[row]] for row, day in enumerate(days) if whole[row].any()}


def _planned(night: str, name: AuroralClass, begin: np.datetime64, campaign: FormsCampaign, seed: int) -> FormNight:
    rng = generator(seed, "kiruna", "plan", night)
    recipe = RECIPES[name]
    form = recipe.forms[int(rng.integers(len(recipe.forms)))]
    power, softer = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in (recipe.strength, recipe.softer))
    north_km = float(rng.uniform(*recipe.distance_km)) * (1 if rng.random() < 0.6 else -1)
    plan = plan_night(night, seed, begin, begin + SPELL_MIN * MINUTE, forms=(form,), weather=("clear",), strength=power)
    first = begin + (SPELL_MIN - campaign.frames_per_night) // 2 * MINUTE
    return FormNight(plan, first + np.arange(campaign.frames_per_night) * MINUTE, north_km, softer, recipe.wound)


def moved(state: Scenes, north_km: float, softer: float = 1.0, *, wound: bool = False) -> Scenes:
    """The same aurora so many km further north (negative: south), with its soft precipitation so many times as strong.

    If ``wound``, sheets pass through the middle of their first swirl.
    """
    tables = {}
    for table, names in (("sheets", SHEET), ("clouds", CLOUD)):
        values = getattr(state, table).copy()
        for name in set(_DISTANCES) & set(names):
            values[..., names.index(name)] += north_km
        values[..., names.index("soft")] *= softer
        if wound and table == "sheets":
            values[..., names.index("swirl_north_km")] = values[..., names.index("north_km")]
        tables[table] = values
    return replace(state, **tables)


def pictures_and_truth(night: FormNight, campaign: FormsCampaign) -> tuple[npt.NDArray[np.uint8], pd.DataFrame]:
    """Render a night: masked frames, RGB uint8 (n, image_px, image_px, 3), and their truth.

    The truth has ``night``, ``time_utc``, ``aurora_share`` (of the sky above 5 deg), ``high_share`` (of the auroral pixels,
    above 30 deg), ``brightness`` (mean linear light of the auroral pixels after the camera's gain), ``redness`` (see
    :class:`repro.params.FormRules`), ``winding`` (0 to 1, see :func:`repro.forms.winding.winding`), ``form``, ``cloud_cover``.
    """
    state = moved(scenes(night.plan, night.times_utc, campaign.site), night.north_km, night.softer, wound=night.wound)
    made = render(state, size=campaign.image_px)
    mask = made.mask.numpy()
    sky = geometry.sky(mask.shape[-1])
    now = _light(state, mask.shape[-1])
    pixels = np.maximum(mask.sum((1, 2)), 1)
    grey = now.mean(1) * mask
    weight = (mask[:, None] * now.sum(1, keepdims=True)).astype(float)
    red, green, blue = ((now * weight).sum((2, 3)) / np.maximum(weight.sum((2, 3)), 1e-9)).T
    gain = state.camera[:, optics.NAMES.index("gain")]
    truth = pd.DataFrame(
        {
            "night": night.plan.night,
            "time_utc": pd.to_datetime(night.times_utc).tz_localize("UTC").as_unit("us"),
            "aurora_share": made.truth["aurora_share"],
            "high_share": (mask & (sky.alt_deg.numpy() > HIGH_DEG)).sum((1, 2)) / pixels,
            "brightness": gain * grey.sum((1, 2)) / pixels,
            "redness": np.maximum(red / 1.12, blue) / np.maximum(green, 1e-9),
            "winding": winding(state.sheets),
            "form": state.form,
            "cloud_cover": made.truth["cloud_cover"],
        }
    )
    return np.ascontiguousarray(made.frames.permute(0, 2, 3, 1).numpy()), truth


def _light(state: Scenes, size: int) -> npt.NDArray[np.float64]:
    """Linear light of the aurora, (n, 3, size, size)."""
    with limited_threads(), torch.inference_mode():
        parts = [aurora_light(state.take(slice(k, k + 1)), size, "cpu") for k in range(len(state))]
    dark = np.zeros((1, 3, size, size))
    return np.concatenate([dark if part is None else part.numpy().astype(float) for part in parts])
