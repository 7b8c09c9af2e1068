"""Everything that decides what a frame shows, as arrays with one row a frame; frames of many nights can be joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from repro.observatory import aurora, display, foreground, light, weather
from repro.observatory import optics as camera
from repro.observatory.plan import Night, Times
from repro.params import Site
from repro.seeding import generator
from repro.sky.ephemeris import positions, sidereal_time_deg

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scenes:
    """State of n frames; every array's first axis is the frame."""

    time_utc: Times  # datetime64[ms]
    night: npt.NDArray[np.str_]  # YYYYMMDD
    sun_alt_deg: Floats  # this and the next five are from repro.sky.ephemeris
    sun_az_deg: Floats
    moon_alt_deg: Floats
    moon_az_deg: Floats
    moon_phase_deg: Floats
    sidereal_deg: Floats
    latitude_deg: Floats  # of the camera
    sunlit: Floats  # (n, 2), share of the sunlit emission planes that the Sun reaches
    sheets: Floats  # aurora, see :func:`repro.observatory.display.at`
    clouds: Floats
    form: npt.NDArray[np.str_]  # of the brightest episode, ``none`` when there is none
    weather: Floats  # (n, len(weather.NAMES))
    weather_kind: npt.NDArray[np.str_]
    camera: Floats  # (n, len(camera.NAMES))
    tint: Floats  # (n, len(light.NAMES)), colours of the sky
    hues: Floats  # (n, 6, 3), colours of the aurora's emissions, see :func:`repro.observatory.optics.hues`
    dirt: npt.NDArray[np.int64]  # (n, 5), see :func:`repro.observatory.foreground.of_night`
    generation: npt.NDArray[np.int64]  # of the camera
    snow_variant: npt.NDArray[np.int64]
    seed: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time_utc)

    def take(self, index: npt.NDArray[np.int64] | slice) -> Scenes:
        """The frames of an index or a slice."""
        return Scenes(**{item.name: getattr(self, item.name)[index] for item in fields(self)})

    @staticmethod
    def join(parts: Sequence[Scenes]) -> Scenes:
        """Frames of several nights, one after the other."""
        return Scenes(
            **{item.name: np.concatenate([getattr(part, item.name) for part in parts]) for item in fields(Scenes)}
        )


def scenes(night: Night, times_utc: Times, site: Site) -> Scenes:
    """State of a night at any moments of it, datetime64 (n,); raises ReproError if one lies outside the ephemeris."""
    times = np.asarray(times_utc, "datetime64[ms]")
    n = len(times)
    t = night.seconds(times)
    place = positions(times, site)
    sheets, clouds = display.at(night, t)
    state, kinds = weather.at(night, t)
    rng = generator(night.seed, night.night, "dome")
    stamp = times.astype("int64") // 1000
    return Scenes(
        times,
        np.full(n, night.night),
        place.sun_alt_deg,
        place.sun_az_deg,
        place.moon_alt_deg,
        place.moon_az_deg,
        place.moon_phase_deg,
        sidereal_time_deg(times, site),
        np.full(n, site.latitude_deg),
        aurora.sunlit_share(place.sun_alt_deg),
        sheets,
        clouds,
        display.brightest_episode(night, t)[1],
        state,
        kinds,
        np.repeat(camera.of_night(night)[None], n, 0),
        np.repeat(light.of_night(night)[None], n, 0),
        np.repeat(camera.hues(night)[None], n, 0),
        np.repeat(foreground.of_night(night)[None], n, 0),
        np.full(n, night.generation),
        np.full(n, int(rng.integers(foreground.VARIANTS))),
        np.array([(night.seed * 1_000_003 + int(second)) % 2**62 for second in stamp], "int64"),
    )
