"""Light of the sky without aurora, in units of the moonless zenith: airglow, twilight, Moon, town.

Images are (frame, 3, rows, columns) on the maps of :func:`repro.observatory.geometry.sky`. The colours of a night are drawn
between limits that were measured on real frames (``repro/bench/real_frames.yaml``).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from repro.observatory.geometry import Sky
from repro.observatory.noise import smooth
from repro.observatory.plan import Night
from repro.seeding import generator

DARK_NL = 79.0  # brightness of the moonless zenith, nanolamberts (Krisciunas and Schaefer 1991, section 4)
EXTINCTION = 0.17  # magnitudes an air mass, dry winter air at low altitude
NIGHT_DEG = -21.0  # altitude of the Sun below which twilight is zero: under a hundredth of the dark sky
MOON_DOWN_DEG = -0.5  # altitude of the Moon below which it gives no light
TWILIGHT_AT_12 = 19.0  # zenith at a solar depression of 12 deg against the dark sky, see `twilight`
#: Linear colour of the zenith in twilight, and of moonlight, on the palest and on the bluest nights; a night lies between
#: the two. Horizon glow, town and the dark sky are mixed in: of whole frames B/G is 2 to 3, as of real ones.
TWILIGHT_COLOURS = ((0.42, 0.72, 1.50), (0.20, 0.66, 2.30))
MOON_COLOURS = ((0.62, 0.86, 1.35), (0.32, 0.76, 2.30))
#: What is drawn once a night: red and blue of the dark sky (green is 1), place between the two colours of twilight and of
#: moonlight (0 to 1), red over blue of the town's lamps, and strength and redness of waves in the airglow.
NAMES = ("dark_red", "dark_blue", "twilight", "moon", "town_warmth", "waves", "wave_red")
#: Mean of the logarithm of red and blue over green of the dark sky, by camera generation; the second's is browner.
DARK_MEAN = {1: (-0.08, 0.38), 2: (0.0, 0.05)}
DARK_SPREAD = (0.14, 0.36)
RED_AS_BLUE = -0.35  # change of the logarithm of red with that of blue: a bluer sky is less red, as a rule


def of_night(night: Night) -> npt.NDArray[np.float64]:
    """Colours of a night's sky, shape (len(NAMES),).

    Towns shine from nearly white (red over blue 1.2) to sodium orange (4; up to 6 for other cameras).
    """
    rng = generator(night.seed, night.night, "light")
    mean, spread = np.array(DARK_MEAN[night.generation]), np.array(DARK_SPREAD) * night.variety
    red, blue = rng.normal(0, spread)
    red, blue = np.exp(mean + np.array([red + RED_AS_BLUE * blue, blue]))
    warmth = np.exp(rng.uniform(np.log(1.2), np.log(4.0 if night.variety <= 1 else 6.0)))
    return np.array(
        [red, blue, rng.uniform(0, 1) ** 0.6, rng.uniform(0, 1) ** 0.8, warmth, rng.uniform(0, 0.35), rng.uniform(0, 1)]
    )


def between(colours: tuple[tuple[float, ...], tuple[float, ...]], place: Tensor) -> Tensor:
    """Colour (n, 3, 1, 1) between two, at places (n, 1, 1, 1) from 0 to 1."""
    first, second = (colour(values, place) for values in colours)
    return first * (1 - place) + second * place


def dark_colour(tint: dict[str, Tensor]) -> Tensor:
    """Colour of the moonless sky, (n, 3, 1, 1), green 1."""
    return torch.cat([tint["dark_red"], torch.ones_like(tint["dark_red"]), tint["dark_blue"]], 1)


def town_colour(warmth: Tensor) -> Tensor:
    """Colour of lamps (n, 3, 1, 1) whose red is ``warmth`` (n, 1, 1, 1) times their blue; green 1."""
    return torch.cat([warmth**0.42, torch.ones_like(warmth), warmth**-0.58], 1)


def colour(values: tuple[float, ...], like: Tensor) -> Tensor:
    """A colour as (1, 3, 1, 1) on the device of another tensor."""
    return torch.tensor(values, dtype=torch.float32, device=like.device).view(1, 3, 1, 1)


def towards(sky: Sky, alt_deg: Tensor, az_deg: Tensor) -> Tensor:
    """Cosine of the angle between each pixel and a direction (n,): shape (n, 1, rows, columns)."""
    alt, az = torch.deg2rad(alt_deg).view(-1, 1, 1, 1), torch.deg2rad(az_deg).view(-1, 1, 1, 1)
    return sky.east * alt.cos() * az.sin() + sky.north * alt.cos() * az.cos() + sky.up * alt.sin()


def airglow(sky: Sky, tint: dict[str, Tensor], offset: Tensor) -> Tensor:
    """Airglow and starlight: thicker low in the sky (van Rhijn), then swallowed by the air; 1 at the zenith.

    Waves cross it: wide bands of the airglow's own green or red, moved along by ``offset`` (n, 1, 1, 1).
    """
    sin = sky.up.clamp_min(0.03)
    rhijn = 1 / (1 - 0.966 * (1 - sin**2)).sqrt()
    glow = (0.55 + 0.45 * rhijn).clamp_max(1.9)[None, None] * torch.exp(-0.10 * (1 / (sin + 0.05) - 0.95))
    up = 0.2 + 0.8 * sky.up
    band = smooth((0.9 * sky.east + 0.6 * sky.north) / up + offset, (0.25 * sky.north - 0.3 * sky.east) / up + offset)
    hue = between(((0.55, 1.0, 0.35), (1.0, 0.45, 0.30)), tint["wave_red"])
    return glow * (dark_colour(tint) + tint["waves"] * band.clamp_min(0) * hue)


def twilight(sky: Sky, sun_alt_deg: Tensor, sun_az_deg: Tensor, blue: Tensor) -> Tensor:
    """Scattered sunlight.

    The zenith falls from about 19 times the dark sky at a solar depression of 12 deg to a tenth of it at 18 deg (the
    usual run of V from 18.4 to beyond 21.7 magnitudes a square arcsecond); the glow lies on the Sun's side and is
    warm at the horizon, blue above: how blue, ``blue`` (n, 1, 1, 1) says between 0 and 1.
    """
    depression = (-sun_alt_deg).view(-1, 1, 1, 1) - 12.0
    zenith = TWILIGHT_AT_12 * 10 ** (-0.30 * depression - 0.013 * depression * depression.abs())
    flat = torch.full_like(sun_az_deg, 4.0)
    side = (0.5 + 0.5 * towards(sky, flat, sun_az_deg)).clamp(0, 1)
    low = torch.exp(-sky.alt_deg / 14.0)[None, None]
    glow = 0.75 + 0.9 * side**2 + 4.5 * low * side**3
    warm = (1.3 * low * side**2).clamp(0, 1)
    hue = between(TWILIGHT_COLOURS, blue) * (1 - warm) + colour((1.25, 0.95, 0.75), sky.up) * warm
    return zenith * glow * hue * ((sun_alt_deg - NIGHT_DEG) / 2).clamp(0, 1).view(-1, 1, 1, 1)


def moonlight(sky: Sky, alt_deg: Tensor, az_deg: Tensor, phase_deg: Tensor, blue: Tensor) -> Tensor:
    """Scattered moonlight after Krisciunas and Schaefer (1991, PASP 103, 1033, equations 3, 15 and 20 to 21).

    Grows with phase and altitude; (n, 3, rows, columns), zero when the Moon is down. ``blue`` is as for twilight.
    """
    cos = towards(sky, alt_deg, az_deg).clamp(-1, 1)
    separation = torch.rad2deg(torch.acos(cos.clamp(-0.99999, 0.99999)))
    scatter = 10**5.36 * (1.06 + cos**2) + 10 ** (6.15 - separation / 40)
    up = torch.sin(torch.deg2rad(alt_deg.clamp(-1, 90))).view(-1, 1, 1, 1)
    through = 10 ** (-0.4 * EXTINCTION * air_mass(up.clamp_min(0.0)))
    path = 1 - 10 ** (-0.4 * EXTINCTION * air_mass(sky.up))[None, None]
    nl = scatter * moon_strength(phase_deg).view(-1, 1, 1, 1) * through * path
    risen = ((alt_deg.view(-1, 1, 1, 1) - MOON_DOWN_DEG) / 1.5).clamp(0, 1)
    return nl / DARK_NL * risen * between(MOON_COLOURS, blue)


def moon_strength(phase_deg: Tensor) -> Tensor:
    """Illuminance of the Moon, Krisciunas and Schaefer's I*, by folded phase (180 full)."""
    angle = 180.0 - phase_deg
    return 10 ** (-0.4 * (3.84 + 0.026 * angle + 4e-9 * angle**4))


def air_mass(sin_alt: Tensor) -> Tensor:
    """Air masses that scatter, Krisciunas and Schaefer's equation 3."""
    return (1 - 0.96 * (1 - sin_alt**2)).rsqrt()


def moon_glare(sky: Sky, alt_deg: Tensor, az_deg: Tensor, phase_deg: Tensor, veil: Tensor) -> Tensor:
    """The Moon's disc, the glare around it in the lens, and a 22 deg halo where thin cloud (``veil``, (n,)) has ice."""
    cos = towards(sky, alt_deg, az_deg)
    separation = torch.rad2deg(torch.acos(cos.clamp(-0.9999999, 0.9999999)))
    strength = (moon_strength(phase_deg) / moon_strength(torch.full_like(phase_deg, 180.0))).view(-1, 1, 1, 1)
    risen = ((alt_deg.view(-1, 1, 1, 1) + 0.3) / 0.8).clamp(0, 1)
    disc = 6e4 * torch.exp(-0.5 * (separation / 0.45) ** 2)
    lens = 260.0 / (1 + (separation / 1.3) ** 2) ** 1.35 + 24.0 * torch.exp(-separation / 7.0)
    thin = veil.view(-1, 1, 1, 1)
    halo = 38.0 * torch.exp(-0.5 * ((separation - 22.0) / 1.1) ** 2) * thin * torch.exp(-2.2 * thin)
    corona = 160.0 * torch.exp(-((separation / 3.5) ** 2)) * thin.clamp_max(1)
    return strength * risen * (disc + lens + halo + corona) * colour(MOON_COLOURS[0], sky.up)


def reflections(sky: Sky, alt_deg: Tensor, az_deg: Tensor, phase_deg: Tensor, strength: Tensor) -> Tensor:
    """The Moon's reflections between the lenses and the dome: discs and a ring on the line through the picture's centre.

    ``strength`` (n, 1, 1, 1) is how much of the Moon's light a night's lens reflects, 0 to 1; (n, 3, rows, columns).
    """
    away = ((90 - alt_deg) / 90).view(-1, 1, 1, 1)
    az = torch.deg2rad(az_deg).view(-1, 1, 1, 1)
    x, y = -away * az.sin(), -away * az.cos()  # of the Moon, in radii of the picture, east left and north up
    zenith = (1 - sky.alt_deg / 90)[None, None]
    level = torch.sqrt((1 - sky.up**2).clamp_min(1e-6))
    here_x, here_y = -zenith * sky.east / level, -zenith * sky.north / level
    light = torch.zeros(len(alt_deg), 3, *sky.up.shape, device=sky.up.device)
    for place, radius, power, hue in REFLECTIONS:
        distance = ((here_x - place * x) ** 2 + (here_y - place * y) ** 2).sqrt()
        shape = torch.sigmoid((radius - distance) / 0.012) * (0.35 + 0.65 * (distance / radius) ** 2)
        light += power * shape * colour(hue, sky.up)
    ring = torch.exp(-(((((here_x - 0.3 * x) ** 2 + (here_y - 0.3 * y) ** 2).sqrt() - 0.62) / 0.02) ** 2))
    light += 0.5 * ring * colour((1.0, 0.8, 0.6), sky.up)
    shines = moon_strength(phase_deg) / moon_strength(torch.full_like(phase_deg, 180.0))
    return strength * 30.0 * (shines * (alt_deg > 1)).view(-1, 1, 1, 1) * light


#: Place on the line from the centre (0) to the Moon (1), radius in radii of the picture, brightness, colour.
REFLECTIONS = (
    (-0.85, 0.05, 1.6, (1.0, 0.5, 0.9)), (-0.45, 0.11, 0.35, (0.5, 1.0, 0.6)), (0.35, 0.03, 0.9, (0.6, 0.8, 1.0)),
    (-0.2, 0.02, 1.2, (1.0, 0.9, 0.6)), (0.7, 0.16, 0.25, (0.9, 0.6, 1.0)),
)  # fmt: skip


def town(sky: Sky, az_deg: Tensor, warmth: Tensor) -> Tensor:
    """Glow of the town over the horizon at azimuth ``az_deg`` (n,), for clear air.

    ``warmth`` (n, 1, 1, 1) is red over blue of its lamps.
    """
    side = (0.5 + 0.5 * towards(sky, torch.full_like(az_deg, 5.0), az_deg)).clamp(0, 1)
    low = torch.exp(-sky.alt_deg / 13.0)[None, None]
    return (11.0 * low * side**6 + 0.9 * side**3) * town_colour(warmth)


def town_on_cloud(sky: Sky, az_deg: Tensor, warmth: Tensor) -> Tensor:
    """The same town seen on a cloud deck: 1 in the far half, 7 overhead, 50 above the town (reference overcast_no).

    Above the town it has the lamps' colour; far from it the light has come through more air and is greyer.
    """
    lean = towards(sky, torch.full_like(az_deg, 0.0), az_deg)
    warm = (0.6 + 0.5 * lean).clamp(0.15, 1)
    hue = colour((0.82, 1.0, 1.16), sky.up) * (1 - warm) + town_colour(warmth) * warm
    return 7.0 * torch.exp(2.0 * lean) * hue
