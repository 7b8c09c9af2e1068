"""Light of the sky without aurora, in units of the moonless zenith: airglow, twilight, Moon, town.

Images are (frame, 3, rows, columns) on the maps of :func:`repro.observatory.geometry.sky`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from repro.observatory.geometry import Sky

DARK_NL = 79.0  # brightness of the moonless zenith, nanolamberts (Krisciunas and Schaefer 1991, section 4)
EXTINCTION = 0.17  # magnitudes an air mass, dry winter air at low altitude
TWILIGHT_AT_12 = 19.0  # zenith at a solar depression of 12 deg against the dark sky, see `twilight`
MOON_COLOUR = (0.72, 0.86, 1.18)
TOWN_COLOUR = (1.12, 1.0, 0.90)


def colour(values: tuple[float, ...], like: Tensor) -> Tensor:
    """A colour as (1, 3, 1, 1) on the device of another tensor."""
    return torch.tensor(values, dtype=torch.float32, device=like.device).view(1, 3, 1, 1)


def towards(sky: Sky, alt_deg: Tensor, az_deg: Tensor) -> Tensor:
    """Cosine of the angle between each pixel and a direction (n,): shape (n, 1, rows, columns)."""
    alt, az = torch.deg2rad(alt_deg).view(-1, 1, 1, 1), torch.deg2rad(az_deg).view(-1, 1, 1, 1)
    return sky.east * alt.cos() * az.sin() + sky.north * alt.cos() * az.cos() + sky.up * alt.sin()


def airglow(sky: Sky) -> Tensor:
    """Airglow and starlight: thicker low in the sky (van Rhijn), then swallowed by the air; 1 at the zenith."""
    sin = sky.up.clamp_min(0.03)
    rhijn = 1 / (1 - 0.966 * (1 - sin**2)).sqrt()
    return (0.55 + 0.45 * rhijn).clamp_max(1.9)[None, None] * torch.exp(-0.10 * (1 / (sin + 0.05) - 0.95))


def twilight(sky: Sky, sun_alt_deg: Tensor, sun_az_deg: Tensor) -> Tensor:
    """Scattered sunlight.

    The zenith falls from about 19 times the dark sky at a solar depression of 12 deg to a tenth of it at 18 deg (the
    usual run of V from 18.4 to beyond 21.7 magnitudes a square arcsecond); the glow lies on the Sun's side and is
    warm at the horizon, blue above.
    """
    depression = (-sun_alt_deg).view(-1, 1, 1, 1) - 12.0
    zenith = TWILIGHT_AT_12 * 10 ** (-0.30 * depression - 0.013 * depression * depression.abs())
    flat = torch.full_like(sun_az_deg, 4.0)
    side = (0.5 + 0.5 * towards(sky, flat, sun_az_deg)).clamp(0, 1)
    low = torch.exp(-sky.alt_deg / 14.0)[None, None]
    glow = 0.75 + 0.9 * side**2 + 4.5 * low * side**3
    warm = (1.3 * low * side**2).clamp(0, 1)
    hue = colour((0.55, 0.72, 1.25), sky.up) * (1 - warm) + colour((1.25, 0.95, 0.75), sky.up) * warm
    return zenith * glow * hue


def moonlight(sky: Sky, alt_deg: Tensor, az_deg: Tensor, phase_deg: Tensor) -> Tensor:
    """Scattered moonlight after Krisciunas and Schaefer (1991, PASP 103, 1033, equations 3, 15 and 20 to 21).

    Grows with phase and altitude; (n, 3, rows, columns), zero when the Moon is down.
    """
    cos = towards(sky, alt_deg, az_deg).clamp(-1, 1)
    separation = torch.rad2deg(torch.acos(cos.clamp(-0.99999, 0.99999)))
    scatter = 10**5.36 * (1.06 + cos**2) + 10 ** (6.15 - separation / 40)
    up = torch.sin(torch.deg2rad(alt_deg.clamp(-1, 90))).view(-1, 1, 1, 1)
    through = 10 ** (-0.4 * EXTINCTION * air_mass(up.clamp_min(0.0)))
    path = 1 - 10 ** (-0.4 * EXTINCTION * air_mass(sky.up))[None, None]
    nl = scatter * moon_strength(phase_deg).view(-1, 1, 1, 1) * through * path
    risen = ((alt_deg.view(-1, 1, 1, 1) + 0.5) / 1.5).clamp(0, 1)
    return nl / DARK_NL * risen * colour(MOON_COLOUR, sky.up)


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
    return strength * risen * (disc + lens + halo + corona) * colour(MOON_COLOUR, sky.up)


def town(sky: Sky, az_deg: Tensor) -> Tensor:
    """Glow of the town over the horizon at azimuth ``az_deg`` (n,), for clear air."""
    side = (0.5 + 0.5 * towards(sky, torch.full_like(az_deg, 5.0), az_deg)).clamp(0, 1)
    low = torch.exp(-sky.alt_deg / 13.0)[None, None]
    return (11.0 * low * side**6 + 0.9 * side**3) * colour(TOWN_COLOUR, sky.up)


def town_on_cloud(sky: Sky, az_deg: Tensor) -> Tensor:
    """The same town seen on a cloud deck: 1 in the far half, 7 overhead, 50 above the town (reference overcast_no)."""
    lean = towards(sky, torch.full_like(az_deg, 0.0), az_deg)
    warm = (0.5 + 0.6 * lean).clamp(0, 1)
    hue = colour((0.82, 1.0, 1.16), sky.up) * (1 - warm) + colour((1.10, 1.0, 0.90), sky.up) * warm
    return 7.0 * torch.exp(2.0 * lean) * hue
