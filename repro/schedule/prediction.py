"""Every reading of the published rule, fitted to Table 2 and ready to be held against Table 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from repro.params import Schedule, Sky
from repro.schedule.rule_reading import CELLS, Published, Reading, read
from repro.schedule.windows import Minutes, local_time, minutes_of, night_table, segments
from repro.sky.ephemeris import Floats, positions

#: The readings of the rule that are tested against the counts.
READINGS = {
    "published": Sky(),
    "as_printed": Sky(moon_rule="as_printed"),
    "unfolded": Sky(moon_phase="unfolded"),
    "refracted": Sky(altitude="refracted"),
    "geometric": Sky(altitude="geometric"),
}
#: The published reading, with the evening's altitude from the one start of a night that the record prints.
KNOWN_START = "known_start"
SAMPLE_MOST, SAMPLE_PART = 20, 2  # the published script takes min(20, max(1, n // 2)) frames of a date


@dataclass(frozen=True)
class Prediction:
    """What the sky says about the record's counts.

    Parameters
    ----------
    minutes : Minutes
        Times of the nights.
    chosen : Reading
        The reading that ``params.yaml`` asks for.
    readings : dict
        The readings of ``READINGS`` by name, and ``KNOWN_START`` if such a start is known.
    record : Published
        What they were fitted to and compared with.
    """

    minutes: Minutes
    chosen: Reading
    readings: dict[str, Reading]
    record: Published

    def segments(self) -> pd.DataFrame:
        """Spans of one condition, see :func:`repro.schedule.windows.segments`."""
        return segments(self.minutes, self.chosen.sun, self.chosen.moon, self.chosen.camera_on)

    def nights(self) -> pd.DataFrame:
        """One row a night, see :func:`repro.schedule.windows.night_table`."""
        return night_table(self.minutes, self.chosen.minutes, self.chosen.camera_on, CELLS)

    def frames_by_date(self) -> Floats:
        """Night & No_moon minutes with the camera on, one element a UTC date; dates without any are left out."""
        here = self.chosen.camera_on & (self.chosen.sun == "Night") & (self.chosen.moon == "No_moon")
        days = self.minutes.times_utc[here].astype("datetime64[D]")
        return np.unique(days, return_counts=True)[1].astype(np.float64)


def predict(
    schedule: Schedule,
    sky: Sky,
    published_total: float,
    published_nautical: float,
    published_cells: Mapping[str, float],
) -> Prediction:
    """Predict the counts of Tables 2 and 3 and of the sample, under every reading of the rule.

    Parameters
    ----------
    schedule : Schedule
        Windows of nights, site and cadence.
    sky : Sky
        The reading to report.
    published_total, published_nautical : float
        The two counts that are fitted.
    published_cells : mapping
        The nine cells of Table 3 by the names in ``CELLS``, for comparison.

    Raises
    ------
    ReproError
        If the windows or the site are not usable, a night lies outside the ephemeris, or nothing fits.
    """
    record = Published(published_total, published_nautical, dict(published_cells))
    minutes = minutes_of(schedule)
    asked = {sky.altitude, *(switches.altitude for switches in READINGS.values())}
    above = {kind: positions(minutes.times_utc, schedule.site, altitude=kind) for kind in sorted(asked)}
    readings = {name: read(minutes, above[switches.altitude], switches, record) for name, switches in READINGS.items()}
    chosen = next((reading for reading in readings.values() if reading.switches == sky), None)
    if schedule.known_start_local is not None:
        start = local_time(schedule.known_start_local, schedule.site.time_zone)
        alt = float(positions(np.array([start]), schedule.site).sun_alt_deg[0])
        readings[KNOWN_START] = read(minutes, above["apparent"], Sky(), record, evening_altitude_deg=alt)
    return Prediction(minutes, chosen or read(minutes, above[sky.altitude], sky, record), readings, record)


def sample_size(frames: Floats) -> Floats:
    """Frames the published script takes of dates with these many: min(20, max(1, n // 2))."""
    return np.clip(frames // SAMPLE_PART, 1, SAMPLE_MOST)
