"""Findings about the sky: what dates, site and DE421 say about Tables 2 and 3."""

from __future__ import annotations

from typing import Literal

from repro.record.findings.closure import MOONS, SUNS
from repro.record.findings.finding import Detector, Finding, View


def sky_confirms(view: View) -> Finding:
    """Whether two fitted numbers and one printed start predict the nine cells."""
    deviation = {
        (sun, moon): view.quantity("ephemeris", f"{sun.lower()}.{moon.lower()}") / view.value(f"T3.{sun}.{moon}") - 1
        for sun in SUNS
        for moon in MOONS
    }
    row = {sun: max(abs(deviation[sun, moon]) for moon in MOONS) for sun in SUNS}
    moons = {moon: view.quantity("ephemeris", moon.lower()) for moon in MOONS}
    moon_worst = max(abs(moons[moon] / view.value(f"TXT.MOON.{moon}") - 1) for moon in MOONS)
    evening, morning, availability = (
        view.quantity("ephemeris", f"fit.{name}")
        for name in ("evening_altitude_deg", "morning_altitude_deg", "availability")
    )
    night, astro = (view.quantity("ephemeris", f"unfitted.{name}") for name in ("night", "astro"))
    shares = {"NIGHT": view.value("T2.NIGHT") / night, "ASTRO": view.value("T2.ASTRO") / astro}
    cells = tuple(f"T3.{sun}.{moon}" for sun in SUNS for moon in MOONS)
    claims = (*cells, *(f"TXT.MOON.{moon}" for moon in MOONS), "T2.NIGHT", "T2.ASTRO")
    failed = [name for name in claims if view.conflicts(name, "ephemeris")]
    failed_twilight = [name for name in failed if name.startswith("T3.NAUTICAL.")]
    text = (
        f"The model has one frame a minute, from a sun {-evening:.2f} deg below the horizon in the evening until "
        f"{-morning:.2f} deg in the morning, and {100 * availability:.1f} % of the frames present. The evening's value follows "
        "from the one printed start of a night; the other two are fitted to the total and the Nautical count. It predicts the "
        "Night cells of Table 3 within "
        f"{100 * row['NIGHT']:.1f} %, the Astro cells within {100 * row['ASTRO']:.1f} %, the small Nautical cells within "
        f"{100 * row['NAUTICAL']:.0f} %, and the moon totals within {100 * moon_worst:.2f} % "
        f"({' / '.join(f'{moons[moon]:,.0f}' for moon in MOONS)}). Without any fit the nights hold {night:,.0f} minutes of "
        f"night and {astro:,.0f} of astronomical twilight; {100 * shares['NIGHT']:.1f} % and {100 * shares['ASTRO']:.1f} % "
        "of them are printed as frames."
    )
    if failed:
        text += f" More than three standard deviations off: {', '.join(failed)}"
        text += "; the switch is known too coarsely for the Nautical cells." if failed_twilight else "."
    title = (
        f"Dates, the sky and two fitted numbers predict {len(claims) - len(failed)} of {len(claims)} counts of Tables 2 and 3; "
        f"the Night cells within {100 * row['NIGHT']:.1f} %"
    )
    numbers = {
        "evening_altitude_deg": evening,
        "morning_altitude_deg": morning,
        "availability": availability,
        "night_minutes": night,
        "astro_minutes": astro,
        "night_worst_percent": 100 * row["NIGHT"],
        "astro_worst_percent": 100 * row["ASTRO"],
        "nautical_worst_percent": 100 * row["NAUTICAL"],
        "moon_totals_worst_percent": 100 * moon_worst,
        "failed_claims": len(failed),
        "night_minutes_missing": night - view.value("T2.NIGHT"),
        "astro_minutes_missing": astro - view.value("T2.ASTRO"),
        **{f"{moon.lower()}_frames": moons[moon] for moon in MOONS},
    }
    kind: Literal["agreement", "conflict"] = "agreement" if len(failed) <= len(cells) / 2 else "conflict"
    return Finding("FND.SKY_CONFIRMS", title, claims, text, numbers, kind, 9)


def camera_readings(view: View) -> Finding | None:
    """Whether one switch altitude explains the counts."""
    one, two, late = (
        view.quantity("ephemeris", f"{name}.chi_square_nine") for name in ("one_altitude", "published", "late_stamps")
    )
    worst = {
        name: view.quantity("ephemeris", f"{name}.largest_deviation_percent")
        for name in ("one_altitude", "published", "late_stamps")
    }
    delay_s = view.quantity("ephemeris", "late_stamps.stamps_late_s")
    if one < 2 * min(two, late):
        return None
    stamps = {
        name: [view.quantity("ephemeris", f"{name}.{end}_stamp_altitude_deg") for end in ("first", "last")]
        for name in ("published", "late_stamps")
    }
    text = (
        f"A camera that switches at one altitude of the sun misses a Nautical cell by {worst['one_altitude']:+.0f} % "
        f"(chi-square {one:.0f} over the nine cells). Two accounts do better: two switches, the evening's at the printed "
        f"start (largest deviation {worst['published']:+.1f} %, chi-square {two:.0f}), or one altitude and stamps "
        f"{delay_s / 60:.1f} minutes late ({worst['late_stamps']:+.1f} %, chi-square {late:.0f}, one number more fitted). "
        f"One night's videos separate them: the first and last stamps lie at {stamps['published'][0]:.1f} and "
        f"{stamps['published'][1]:.1f} deg under the first account, at {stamps['late_stamps'][0]:.1f} and "
        f"{stamps['late_stamps'][1]:.1f} deg under the second."
    )
    numbers = {
        "one_altitude_chi_square": one,
        "two_switches_chi_square": two,
        "late_stamps_chi_square": late,
        "stamps_late_s": delay_s,
        **{f"{name}_worst_percent": value for name, value in worst.items()},
    }
    claims = tuple(f"T3.NAUTICAL.{moon}" for moon in MOONS)
    title = f"One switch altitude is refuted: it leaves {worst['one_altitude']:+.0f} % in one cell"
    return Finding("FND.CAMERA_SWITCHES", title, claims, text, numbers, "remark", 22)


def missing_nights(view: View) -> Finding | None:
    """Whether a run of nights without frames explains what the sky has too much."""
    cell = "T3.ASTRO.NO_MOON"
    if not view.conflicts(cell, "ephemeris"):
        return None
    before = view.quantity("ephemeris", "published.chi_square")
    after, frames, lost, tried = (
        view.quantity("ephemeris", f"missing_nights.{name}")
        for name in ("chi_square", "frames", "sample_lost", "tried")
    )
    nights = [view.word("ephemeris", f"missing_nights.{name}") for name in ("first", "last")]
    text = (
        f"The sky has {100 * (view.measured(cell, 'ephemeris') / view.value(cell) - 1):.1f} % more moonless frames of "
        f"astronomical twilight than the table. Of {tried:.0f} runs of one to four nights that may be missing, "
        f"{nights[0]} to {nights[1]} explains most: {frames:,.0f} frames, {lost:.0f} of the sample, and the chi-square of "
        f"the Night and Astro cells falls from {before:.1f} to {after:.1f}. Late April nights have no astronomical night, so "
        "a gap there costs the sample nothing. This is a hint that a scan found, no proof."
    )
    numbers = {"frames": frames, "sample_lost": lost, "chi_square_before": before, "chi_square_after": after}
    title = f"A few moonless nights, {nights[0]} to {nights[1]}, may be missing"
    return Finding("FND.MISSING_NIGHTS", title, (cell,), text, numbers, "remark", 23)


def time_zone(view: View) -> Finding | None:
    """Whether the counts exclude that every stamp was read as standard time."""
    nautical, civil = (view.quantity("ephemeris", f"standard_time.{name}") for name in ("nautical", "civil"))
    printed = view.value("T2.NAUTICAL")
    mdt_nights = view.quantity("protocol", "clock.mdt_nights")
    if civil < 1 and abs(nautical / printed - 1) < 0.1:
        return None
    text = (
        f"Read as standard time throughout, the stamps of the {mdt_nights:.0f} nights of daylight saving time would give {nautical:,.0f} "
        f"Nautical and {civil:,.0f} civil frames; the tables have {printed:,.0f} and {view.value('T2.EMPTY.CIVIL'):.0f}. The "
        "conversion with daylight saving time, which the text describes, is confirmed."
    )
    title = f"The conversion of local time is confirmed: without it {civil:,.0f} Civil frames would appear"
    numbers = {
        "standard_time_nautical_frames": nautical,
        "standard_time_civil_frames": civil,
        "mdt_nights": mdt_nights,
    }
    claims = ("T2.NAUTICAL", "T2.EMPTY.CIVIL", "TXT.CIVIL_FRAMES")
    return Finding("FND.TIME_ZONE", title, claims, text, numbers, "agreement", 15)


def sample_size(view: View) -> Finding:
    """Whether the sampling rule on the predicted schedule gives the size of the sample."""
    predicted, dates, gap_h = (
        view.quantity("ephemeris", name) for name in ("sample.frames", "sample.dates", "fit.mean_gap_h")
    )
    printed, earliest_min = view.value("SPLIT.LABELLED"), view.quantity("ephemeris", "earliest_frame_utc_min")
    agrees = not view.conflicts("SPLIT.LABELLED", "ephemeris")
    text = (
        f"The published sampling rule on the predicted schedule gives {predicted:,.0f} frames on {dates:.0f} dates; "
        f"{printed:,.0f} were labelled, {abs(predicted - printed):.0f} {'fewer' if printed < predicted else 'more'}. A date "
        f"that is lost costs up to 20, so about {abs(predicted - printed) / 20:.0f} is: the missing frames came in gaps of "
        f"some {gap_h:.0f} hours rather than in whole nights. Grouping by UTC date is grouping by night here, since no night has "
        f"a frame before {earliest_min:.0f} minutes past midnight UTC."
    )
    title = f"The sky and the sampling rule give {predicted:,.0f} labelled frames; {printed:,.0f} are printed"
    numbers = {
        "predicted_frames": predicted,
        "dates": dates,
        "dates_lost": (predicted - printed) / 20,
        "mean_gap_h": gap_h,
        "earliest_frame_utc_min": earliest_min,
    }
    kind: Literal["agreement", "conflict"] = "agreement" if agrees else "conflict"
    return Finding("FND.SAMPLE_SIZE", title, ("SPLIT.LABELLED", "TXT.NIGHTS"), text, numbers, kind, 15)


def condition_column(view: View) -> Finding | None:
    """Whether the condition printed for No_moon can be meant."""
    share = view.quantity("ephemeris", "as_printed.no_moon_share")
    printed = 100 * view.value("TXT.MOON.NO_MOON") / view.value("TXT.FRAMES")
    if abs(share - printed) < 1:
        return None
    phase_deg, altitude_deg = (
        view.quantity("ephemeris", f"as_printed.full_moon_{name}_deg") for name in ("phase", "altitude")
    )
    text = (
        f"The condition that Table 3 prints for No_moon, phase >= {phase_deg:g} deg and altitude > {altitude_deg:g} deg, "
        f"holds for {share:.1f} % of the predicted frames, but the row counts {printed:.1f} %. The conditions therefore stand "
        "in the opposite order to the labels of the rows. The published script has the right order, and slide 10 gives the "
        "same altitude to the full moon."
    )
    claims = (
        "T3.RULE.NO_MOON.CONDITION",
        "T3.RULE.MOON_FULL.CONDITION",
        "T3.RULE.NO_MOON.SHARE_AS_PRINTED",
        "SLD.PICTURE.FULL_MOON_ALTITUDE_DEG",
        *view.failing("SCR.MOON.*.CONDITION"),
    )
    title = (
        f"Table 3's condition column is upside down: as printed, No_moon would be {share:.0f} %, not {printed:.0f} %"
    )
    numbers = {"share_as_printed_percent": share, "share_counted_percent": printed}
    return Finding("FND.CONDITION_COLUMN", title, claims, text, numbers, rank=10)


def unfolded_phase(view: View) -> Finding | None:
    """Whether the counts exclude a phase angle that runs from 0 to 360 degrees."""
    night = {moon: view.value(f"T3.NIGHT.{moon}") for moon in MOONS}
    counted = {moon: 100 * night[moon] / sum(night.values()) for moon in MOONS}
    unfolded = {moon: view.quantity("ephemeris", f"unfolded.night.{moon.lower()}_share") for moon in MOONS}
    worst = max(abs(unfolded[moon] - counted[moon]) for moon in MOONS)
    if worst < 1:
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


def camera_switches_late(view: View) -> Finding | None:
    """Whether the camera runs from sunset to sunrise, as the text says."""
    claim = "TXT.CAMERA_ON_AFTER_SUNSET"
    if claim not in view.failed:
        return None
    evening, morning = (view.quantity("ephemeris", f"fit.{name}_altitude_deg") for name in ("evening", "morning"))
    text = (
        "The text has the camera on from just after sunset to just before sunrise, but no frame lies in civil twilight or day: "
        f"the printed start of a night has the sun {-evening:.1f} deg below the horizon, and the counts put the end of the "
        f"nights at {-morning:.1f} deg, both deep in nautical twilight."
    )
    title = f"The camera switches {-evening:.1f} deg below the horizon, not at sunset"
    numbers = {"evening_altitude_deg": evening, "morning_altitude_deg": morning}
    return Finding("FND.CAMERA_ON", title, (claim, "TXT.CIVIL_FRAMES"), text, numbers, rank=22)


DETECTORS: tuple[Detector, ...] = (
    camera_switches_late,
    sky_confirms,
    time_zone,
    sample_size,
    camera_readings,
    missing_nights,
    condition_column,
    unfolded_phase,
)
