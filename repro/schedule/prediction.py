"""Readings of the published rule and of the camera, fitted to Table 2 and ready to be compared with Table 3."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytz

from repro.params import Schedule, SkyParams
from repro.schedule.missing_nights import MissingRun, scan_missing_runs
from repro.schedule.rule_reading import CELLS, FittedRule, Published, fit_rule
from repro.schedule.scatter import Gaps, NightScatter, Scatter, draw_gaps, night_scatter, sample_by_date, scatter_of
from repro.schedule.windows import Minutes, local_time, minutes_of, night_table, segments
from repro.sky.ephemeris import Floats, Positions, positions

#: How readings of the rule of Tables 2 and 3 differ from the published one; limits and camera are the same for all.
RULE_READINGS: dict[str, dict[str, str]] = {
    "published": {},
    "as_printed": {"moon_rule": "as_printed"},
    "unfolded": {"moon_phase": "unfolded"},
    "refracted": {"altitude": "refracted"},
    "geometric": {"altitude": "geometric"},
}
#: Other models of the camera and of its clock, all with the published reading.
ONE_ALTITUDE, LATE_STAMPS, STANDARD_TIME = "one_altitude", "late_stamps", "standard_time"
#: Delays of a stamp that are tried, in seconds.
DELAYS_S = tuple(range(0, 361, 30))
#: Seed of the gaps and borders; a prediction has to follow from the record alone, so it is not a parameter.
SEED = 20221201


@dataclass(frozen=True)
class FittedReading:
    """One reading with the scatter of its cells."""

    rule: FittedRule
    scatter: Scatter
    fitted: int = 2  # numbers that were fitted
    delay_s: float = 0.0  # by which the stamps are late


@dataclass(frozen=True)
class Prediction:
    """The record's counts as the sky predicts them."""

    minutes: Minutes  # times of the nights
    chosen: FittedReading  # the reading that params.yaml asks for
    readings: dict[str, FittedReading]  # by name: those of :data:`RULE_READINGS`, and other models of the camera
    standard_time: FittedRule  # the chosen reading with all stamps read as standard time, and the camera of ``chosen``
    record: Published  # what they were fitted to and compared with
    gaps: Gaps  # drawn for the chosen reading
    of_nights: NightScatter  # of single nights
    missing_runs: list[MissingRun]  # nights whose absence would explain most of the deviation, the best first
    runs_tried: int  # runs of nights that were tried for this

    def segments(self) -> pd.DataFrame:
        """Spans of one condition, see :func:`repro.schedule.windows.segments`."""
        rule = self.chosen.rule
        return segments(self.minutes, rule.sun, rule.moon, rule.camera_on)

    def nights(self) -> pd.DataFrame:
        """One row a night, see :func:`repro.schedule.windows.night_table`, with the scatter of its counts.

        ``sd.CELL`` and ``sd.total`` are standard deviations; ``least.total`` is exceeded by 99 of 100 nights, and
        ``most.CELL`` by hardly any.
        """
        rule, scatter = self.chosen.rule, self.of_nights
        table = night_table(self.minutes, rule.minutes, rule.camera_on, CELLS)
        table["least.total"] = np.maximum(rule.minutes.sum(axis=0) - scatter.rare_loss, 0.0)
        table["sd.total"] = scatter.sd_total
        for number, cell in enumerate(CELLS):
            table[f"sd.{cell}"] = scatter.sd[number]
            table[f"most.{cell}"] = rule.minutes[number] + scatter.surplus[number]
        return table

    def frames_by_date(self) -> Floats:
        """Night & No_moon minutes with the camera on, one element a UTC date; dates without any are left out."""
        return _frames_by_date(self.chosen.rule, self.minutes)


def _frames_by_date(rule: FittedRule, minutes: Minutes) -> Floats:
    dates = minutes.times_utc[rule.sampled].astype("datetime64[D]")
    return np.unique(dates, return_counts=True)[1].astype(np.float64)


def predict(schedule: Schedule, sky: SkyParams, record: Published) -> Prediction:
    """Predict the counts of Tables 2 and 3 and of the sample, under every reading of the rule and of the camera.

    The camera switches on in the evening at the sun's altitude of the one start that the record prints. The altitude at
    which it switches off in the morning, and the share of its frames that is present, are fitted to the total and to the
    Nautical count. Where no start is printed, evening and morning share one fitted altitude. ``sky`` is the reading to
    report; its limits of the moon are those of every reading.

    Raises ReproError if the windows or the site are not usable, a night is outside the ephemeris, or nothing fits.
    """
    published = SkyParams(full_moon=sky.full_moon, quarter_moon=sky.quarter_moon)
    compared = {name: published.model_copy(update=change) for name, change in RULE_READINGS.items()}
    minutes = minutes_of(schedule)
    start = schedule.known_start_local
    starts = None if start is None else np.array([local_time(start, schedule.site.time_zone)])
    wanted = {sky.altitude, *(switches.altitude for switches in compared.values())}
    skies = {kind: positions(minutes.times_utc, schedule.site, altitude=kind) for kind in sorted(wanted)}

    def fitted(switches: SkyParams) -> FittedRule:
        evening = None
        if starts is not None:
            evening = float(positions(starts, schedule.site, altitude=switches.altitude).sun_alt_deg[0])
        return fit_rule(minutes, skies[switches.altitude], switches, record, evening_altitude_deg=evening)

    rules = {name: fitted(switches) for name, switches in compared.items()}
    chosen = next((rule for rule in rules.values() if rule.switches == sky), None) or fitted(sky)
    whole_sample = sample_by_date(_frames_by_date(chosen, minutes)).sum()
    gaps = draw_gaps(minutes, chosen, whole_sample - record.sample, SEED)

    def with_scatter(rule: FittedRule) -> FittedReading:
        return FittedReading(rule, scatter_of(rule, minutes, gaps, SEED))

    readings = {name: with_scatter(rule) for name, rule in rules.items()}
    if starts is not None:
        readings[ONE_ALTITUDE] = with_scatter(fit_rule(minutes, skies["apparent"], published, record))
    late, delay_s = _late_stamps(minutes, skies["apparent"], published, record)
    readings[LATE_STAMPS] = replace(with_scatter(late), fitted=3, delay_s=delay_s)
    reported = next((reading for reading in readings.values() if reading.rule is chosen), None) or with_scatter(chosen)
    return Prediction(
        minutes,
        reported,
        readings,
        _read_as_standard_time(minutes, schedule, skies[sky.altitude], chosen, record),
        record,
        gaps,
        night_scatter(chosen, minutes, gaps),
        *scan_missing_runs(chosen, minutes, reported.scatter, record),
    )


def _late_stamps(minutes: Minutes, sky: Positions, switches: SkyParams, record: Published) -> tuple[FittedRule, float]:
    """One altitude, and stamps that are later than the frames by the delay that fits the nine cells best."""
    seconds = (minutes.times_utc - minutes.times_utc[0]) / np.timedelta64(1, "s")

    def fit(delay_s: int) -> FittedRule:
        # Between two minutes the altitude is a straight line to within 1e-5 deg.
        taken_at = np.interp(seconds - delay_s, seconds, sky.sun_alt_deg)
        return fit_rule(minutes, sky, switches, record, camera_alt_deg=taken_at)

    def misfit(rule: FittedRule) -> float:
        counts = np.array([record.cells[cell] for cell in CELLS])
        return float((rule.deviation(record.cells) ** 2 / counts).sum())

    rules = {delay_s: fit(delay_s) for delay_s in DELAYS_S}
    best = min(rules, key=lambda delay_s: misfit(rules[delay_s]))
    return rules[best], float(best)


def _read_as_standard_time(
    minutes: Minutes, schedule: Schedule, sky: Positions, rule: FittedRule, record: Published
) -> FittedRule:
    """The same camera, but every stamp read as standard time: an hour late while daylight saving time is in force."""
    zone = pytz.timezone(schedule.site.time_zone)
    hours, place = np.unique(minutes.times_utc.astype("datetime64[h]"), return_inverse=True)
    ahead = [pytz.utc.localize(hour).astimezone(zone).dst() for hour in hours.astype("datetime64[s]").tolist()]
    stamps = minutes.times_utc + np.array(ahead, dtype="timedelta64[us]")[place]
    at_stamps = positions(stamps, schedule.site, altitude=rule.switches.altitude)
    return fit_rule(minutes, at_stamps, rule.switches, record, camera_alt_deg=sky.sun_alt_deg, fit=rule.fit)
