"""Findings about the sky: what dates, site and DE421 say about Tables 2 and 3."""

from __future__ import annotations

from repro.record.findings.closure import MOONS, SUNS
from repro.record.findings.finding import Detector, Finding, View


def sky_predicts_tables(view: View) -> Finding:
    """Whether the sky and three numbers of the camera predict the nine cells of Table 3."""
    cells = {f"T3.{sun}.{moon}": f"{sun}.{moon}".lower() for sun in SUNS for moon in MOONS}
    deviation = {name: 100 * (view.quantity("ephemeris", cell) / view.value(name) - 1) for name, cell in cells.items()}
    row = {sun: max(abs(deviation[f"T3.{sun}.{moon}"]) for moon in MOONS) for sun in SUNS}
    moons = {moon: view.quantity("ephemeris", moon.lower()) for moon in MOONS}
    moon_worst = max(100 * abs(moons[moon] / view.value(f"TXT.MOON.{moon}") - 1) for moon in MOONS)
    evening, morning = (view.quantity("ephemeris", f"fit.{name}_altitude_deg") for name in ("evening", "morning"))
    availability = 100 * view.quantity("ephemeris", "fit.availability")
    one_altitude = view.quantity("ephemeris", "one_altitude.largest_deviation_percent")
    minutes = {sun: view.quantity("ephemeris", f"unfitted.{sun.lower()}") for sun in ("NIGHT", "ASTRO")}
    missing = {sun: minutes[sun] - view.value(f"T2.{sun}") for sun in minutes}
    claims = (*cells, *(f"TXT.MOON.{moon}" for moon in MOONS), "T2.NIGHT", "T2.ASTRO")
    failing = tuple(name for name in claims if view.conflicts(name, "ephemeris"))
    text = (
        f"With the camera on from {evening:.2f} deg in the evening, the sun's altitude at the one start that the thesis prints, "
        f"to a fitted {morning:.2f} deg in the morning, and {availability:.1f} % of the frames present, the Night cells come out "
        f"within {row['NIGHT']:.1f} %, the Astro cells within {row['ASTRO']:.1f} %, the Nautical cells within "
        f"{row['NAUTICAL']:.1f} % and the totals by moon within {moon_worst:.2f} %. Two numbers are fitted, to the total and to "
        f"the Nautical count, so the sky does not do it alone; one altitude for both switches is refuted, it leaves "
        f"{one_altitude:.0f} % in one cell. Before any fit, {missing['NIGHT']:,.0f} of {minutes['NIGHT']:,.0f} Night minutes and "
        f"{missing['ASTRO']:,.0f} of {minutes['ASTRO']:,.0f} Astro minutes have no frame."
    )
    if failing:
        text += f" Beyond three standard deviations of missing frames: {', '.join(failing)}."
    title = (
        f"The sky and a camera of three numbers give the Night cells within {row['NIGHT']:.1f} % "
        f"and all nine within {max(row.values()):.1f} %"
    )
    numbers = {
        "evening_altitude_deg": evening,
        "morning_altitude_deg": morning,
        "availability_percent": availability,
        "night_worst_percent": row["NIGHT"],
        "astro_worst_percent": row["ASTRO"],
        "nautical_worst_percent": row["NAUTICAL"],
        "moon_totals_worst_percent": moon_worst,
        "one_altitude_worst_percent": one_altitude,
        "night_minutes": minutes["NIGHT"],
        "astro_minutes": minutes["ASTRO"],
        "night_minutes_missing": missing["NIGHT"],
        "astro_minutes_missing": missing["ASTRO"],
        **{f"{moon.lower()}_frames": moons[moon] for moon in MOONS},
    }
    return Finding("FND.SKY_CONFIRMS", title, claims, text, numbers, "conflict" if failing else "agreement", 9)


def sample_size(view: View) -> Finding:
    """Whether the sampling rule on the predicted schedule gives the size of the sample."""
    predicted, dates = view.quantity("ephemeris", "sample.frames"), view.quantity("ephemeris", "sample.dates")
    printed, per_date = view.value("SPLIT.LABELLED"), view.value("SAMPLE.PER_DATE_MAX")
    lost = (predicted - printed) / per_date
    earliest_min = view.quantity("ephemeris", "earliest_frame_utc_min")
    text = (
        f"The published sampling rule on the predicted schedule gives {predicted:,.0f} frames on {dates:.0f} dates; "
        f"{printed:,.0f} were labelled. A date without frames costs {per_date:.0f}, so about {lost:.1f} dates with Night & "
        "No_moon are missing: what else is missing is spread over nights, not whole nights. Grouping by UTC date is grouping by "
        f"night here, since no night has a frame before {earliest_min:.0f} minutes past midnight UTC."
    )
    title = f"The sky and the sampling rule give {predicted:,.0f} labelled frames; {printed:,.0f} are printed"
    numbers = {
        "predicted_frames": predicted,
        "dates": dates,
        "dates_lost": lost,
        "earliest_frame_utc_min": earliest_min,
    }
    return Finding("FND.SAMPLE_SIZE", title, ("SPLIT.LABELLED", "TXT.NIGHTS"), text, numbers, "agreement", 15)


def condition_column(view: View) -> Finding | None:
    """Whether the condition that Table 3 prints for No_moon can be meant."""
    share = view.quantity("ephemeris", "as_printed.no_moon_share")
    printed = 100 * view.value("TXT.MOON.NO_MOON") / view.value("TXT.FRAMES")
    if abs(share - printed) < 1:
        return None
    text = (
        f"The condition that Table 3 prints for No_moon, phase >= 150 deg and altitude > 5 deg, holds for {share:.1f} % of the "
        f"predicted frames, but the row counts {printed:.1f} %: the condition column is upside down against the labels. The "
        "published script has it the right way, and slide 10 gives the altitude of 5 deg to the full moon, too."
    )
    claims = (
        "T3.RULE.NO_MOON.CONDITION",
        "T3.RULE.MOON_FULL.CONDITION",
        "T3.RULE.NO_MOON.SHARE_AS_PRINTED",
        "SLD.PICTURE.FULL_MOON_ALTITUDE_DEG",
        *view.failing("SCR.MOON.*.CONDITION"),
    )
    numbers = {"share_as_printed_percent": share, "share_counted_percent": printed}
    title = (
        f"Table 3's condition column is upside down: as printed, No_moon would be {share:.0f} %, not {printed:.0f} %"
    )
    return Finding("FND.CONDITION_COLUMN", title, claims, text, numbers, rank=10)


def unfolded_phase(view: View) -> Finding | None:
    """Whether the counts exclude a phase angle that runs from 0 to 360 degrees."""
    night = {moon: view.value(f"T3.NIGHT.{moon}") for moon in MOONS}
    counted = {moon: 100 * night[moon] / sum(night.values()) for moon in MOONS}
    unfolded = {moon: view.quantity("ephemeris", f"unfolded.night.{moon.lower()}_share") for moon in MOONS}
    if max(abs(unfolded[moon] - counted[moon]) for moon in MOONS) < 1:
        return None

    def listed(shares: dict[str, float]) -> str:
        return " / ".join(f"{shares[moon]:.1f}" for moon in MOONS)

    text = (
        f"A phase angle that runs from 0 to 360 deg would put {listed(unfolded)} % of the night frames into No_moon, "
        f"Moon_Quarter and Moon_Full; the table has {listed(counted)} %, so the phase was folded to 0 to 180 deg."
    )
    title = f"The phase was folded: unfolded, Moon_Full would be {unfolded['MOON_FULL']:.0f} % of the night"
    numbers = {f"unfolded_{moon.lower()}_percent": unfolded[moon] for moon in MOONS}
    return Finding(
        "FND.UNFOLDED_PHASE", title, tuple(f"T3.NIGHT.{moon}" for moon in MOONS), text, numbers, "remark", 24
    )


def clock_was_converted(view: View) -> Finding:
    """Whether the counts tell that summer time was converted."""
    names = ("nautical", "civil")
    as_standard = {name: view.quantity("ephemeris", f"standard_time.{name}") for name in names}
    nights = view.quantity("protocol", "clock.mdt_nights")
    text = (
        f"{nights:.0f} of the {view.value('TXT.NIGHTS'):.0f} nights have daylight saving time. Had all stamps been read as "
        f"standard time, there would be {as_standard['nautical']:,.0f} Nautical and {as_standard['civil']:,.0f} Civil frames; "
        f"the table has {view.value('T2.NAUTICAL'):,.0f} and none, so the conversion was right, whatever the text calls the zone."
    )
    title = f"The counts show that daylight saving time was converted: no Civil frame instead of {as_standard['civil']:,.0f}"
    numbers = {"mdt_nights": nights, **{f"standard_time_{name}_frames": value for name, value in as_standard.items()}}
    claims = ("T2.NAUTICAL", "T2.EMPTY.CIVIL", "TXT.CIVIL_FRAMES")
    return Finding("FND.DAYLIGHT_SAVING", title, claims, text, numbers, "agreement", 23)


def camera_switches_late(view: View) -> Finding | None:
    """Whether the camera runs from sunset to sunrise, as the text says."""
    claim = "TXT.CAMERA_ON_AFTER_SUNSET"
    if claim not in view.failed:
        return None
    evening, morning = (view.quantity("ephemeris", f"fit.{name}_altitude_deg") for name in ("evening", "morning"))
    text = (
        "The text has the camera on from just after sunset to just before sunrise, but no frame lies in civil twilight or day: "
        f"the counts put its switches at a sun {-evening:.1f} deg (evening) and {-morning:.1f} deg (morning) below the horizon, "
        "deep in nautical twilight."
    )
    title = f"The camera switches {-evening:.1f} deg below the horizon, not at sunset"
    numbers = {"evening_altitude_deg": evening, "morning_altitude_deg": morning}
    return Finding("FND.CAMERA_ON", title, (claim, "TXT.CIVIL_FRAMES"), text, numbers, rank=22)


DETECTORS: tuple[Detector, ...] = (
    sky_predicts_tables,
    sample_size,
    condition_column,
    unfolded_phase,
    clock_was_converted,
    camera_switches_late,
)
