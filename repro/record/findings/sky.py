"""Findings about the counts of frames: whether Tables 2, 3 and 6 add up, and what dates, site and DE421 say of them."""

from __future__ import annotations

from repro.record.comparator import MOST_SIGMA
from repro.record.findings.finding import CONDITIONS, MOONS, SUNS, Detector, Finding, Numbers, View, agreement


def tables_close(view: View) -> Finding:
    """Whether tables, totals, nights and sampling are sums and products of one another."""
    windows = [f"WINDOW{number}.DAYS" for number in (1, 2, 3)]
    counts = (
        "TXT.FRAMES",
        *(f"T2.{sun}" for sun in SUNS),
        *(f"T3.{sun}.{moon}" for sun, moon in CONDITIONS),
        *(f"TXT.MOON.{moon}" for moon in MOONS),
        *(f"T6.{sun}.{moon}.{label}" for sun, moon in CONDITIONS for label in ("YES", "NO")),
        *windows,
        "TXT.NIGHTS",
        "TXT.CADENCE_S",
        "TXT.VIDEO_FPS",
    )
    failing = [name for name in counts if view.conflicts(name)]
    days, by_sun = [view.value(name) for name in windows], [view.value(f"T2.{sun}") for sun in SUNS]
    n = Numbers(counts=len(counts), failing=len(failing), frames=sum(by_sun), nights=sum(days))
    fps, cadence_s = view.value("TXT.VIDEO_FPS"), view.value("TXT.CADENCE_S")
    n.step_frames = fps * view.value("TXT.SAMPLING_NUMERATOR") / view.value("TXT.SAMPLING_DENOMINATOR")
    n.interval_s = n.step_frames * cadence_s
    if failing:
        text = f"{n.failing} of {n.counts} numbers are not what the others make of them: {', '.join(failing)}."
        return Finding("FND.TABLES_CLOSE", "The tables do not add up", counts, text, vars(n), "conflict", 25)
    frames, nights = view.value("TXT.FRAMES"), view.value("TXT.NIGHTS")
    moons = " / ".join(f"{view.value(f'TXT.MOON.{moon}'):,.0f}" for moon in MOONS)
    text = (
        f"{' + '.join(f'{count:,.0f}' for count in by_sun)} = {frames:,.0f}; the nine cells of Table 3 sum to "
        f"the rows of Table 2 and to {moons}; every yes + no "
        f"of Table 6 equals its cell of Table 3; the windows of {days[0]:.0f}, {days[1]:.0f} and {days[2]:.0f} days are "
        f"{nights:.0f} nights; every {n.step_frames:.0f}th frame of a video with one frame each {cadence_s:.0f} s is one each "
        f"{n.interval_s:.0f} s. That tables add up shows care; it does not show that the numbers are right."
    )
    title = f"The tables add up to {frames:,.0f} frames of {nights:.0f} nights"
    return Finding("FND.TABLES_CLOSE", title, counts, text, vars(n), "agreement", 25)


def sky_confirms(view: View) -> Finding:
    """Whether two fitted numbers and one printed start predict the nine cells."""
    sky = {cell: view.quantity("ephemeris", ".".join(cell).lower()) for cell in CONDITIONS}
    off = {(sun, moon): 100 * abs(sky[sun, moon] / view.value(f"T3.{sun}.{moon}") - 1) for sun, moon in CONDITIONS}
    moons = {moon: view.quantity("ephemeris", moon.lower()) for moon in MOONS}
    n = Numbers()
    n.evening_altitude_deg, n.morning_altitude_deg, n.availability = view.quantities(
        "ephemeris", "fit", "evening_altitude_deg", "morning_altitude_deg", "availability"
    )
    n.night_minutes, n.astro_minutes = view.quantities("ephemeris", "unfitted", "night", "astro")
    n.night_worst_percent, n.astro_worst_percent, n.nautical_worst_percent = (
        max(off[sun, moon] for moon in MOONS) for sun in SUNS
    )
    n.moon_totals_worst_percent = 100 * max(abs(moons[moon] / view.value(f"TXT.MOON.{moon}") - 1) for moon in MOONS)
    night, astro = view.value("T2.NIGHT"), view.value("T2.ASTRO")
    cells = tuple(f"T3.{sun}.{moon}" for sun, moon in CONDITIONS)
    claims = (*cells, *(f"TXT.MOON.{moon}" for moon in MOONS), "T2.NIGHT", "T2.ASTRO")
    failed = [name for name in claims if view.conflicts(name, "ephemeris")]
    n.failed_claims = len(failed)
    n.night_minutes_missing, n.astro_minutes_missing = n.night_minutes - night, n.astro_minutes - astro
    text = (
        f"The model has one frame a minute, from a sun {-n.evening_altitude_deg:.2f} deg below the horizon in the evening "
        f"until {-n.morning_altitude_deg:.2f} deg in the morning, and {100 * n.availability:.1f} % of the frames present. "
        "The evening's value follows from the one printed start of a night; the other two are fitted to the total and the "
        f"Nautical count. It predicts the Night cells of Table 3 within {n.night_worst_percent:.1f} %, the Astro cells within "
        f"{n.astro_worst_percent:.1f} %, the small Nautical cells within {n.nautical_worst_percent:.0f} %, and the moon totals "
        f"within {n.moon_totals_worst_percent:.2f} % ({' / '.join(f'{frames:,.0f}' for frames in moons.values())}). Without "
        f"any fit the nights hold {n.night_minutes:,.0f} minutes of night and {n.astro_minutes:,.0f} of astronomical twilight; "
        f"{100 * night / n.night_minutes:.1f} % and {100 * astro / n.astro_minutes:.1f} % of them are printed as frames."
    )
    if failed:
        twilight = any(name.startswith("T3.NAUTICAL.") for name in failed)
        text += f" More than three standard deviations off: {', '.join(failed)}"
        text += "; the switch is known too coarsely for the Nautical cells." if twilight else "."
    title = (
        f"Dates, the sky and two fitted numbers predict {len(claims) - len(failed)} of {len(claims)} counts of Tables 2 and 3; "
        f"the Night cells within {n.night_worst_percent:.1f} %"
    )
    numbers = vars(n) | {f"{moon.lower()}_frames": frames for moon, frames in moons.items()}
    return Finding("FND.SKY_CONFIRMS", title, claims, text, numbers, agreement(len(failed) <= len(cells) / 2), 9)


def camera_readings(view: View) -> Finding | None:
    """Whether one switch altitude explains the counts."""
    n = Numbers()
    n.one_altitude_chi_square, n.two_switches_chi_square, n.late_stamps_chi_square = (
        view.quantity("ephemeris", f"{name}.chi_square_nine") for name in ("one_altitude", "published", "late_stamps")
    )
    n.stamps_late_s = view.quantity("ephemeris", "late_stamps.stamps_late_s")
    for name in ("one_altitude", "published", "late_stamps"):
        setattr(n, f"{name}_worst_percent", view.quantity("ephemeris", f"{name}.largest_deviation_percent"))
    if n.one_altitude_chi_square < 2 * min(n.two_switches_chi_square, n.late_stamps_chi_square):
        return None
    published, late = (
        view.quantities("ephemeris", name, "first_stamp_altitude_deg", "last_stamp_altitude_deg")
        for name in ("published", "late_stamps")
    )
    text = (
        f"A camera that switches at one altitude of the sun misses a Nautical cell by {n.one_altitude_worst_percent:+.0f} % "
        f"(chi-square {n.one_altitude_chi_square:.0f} over the nine cells). Two accounts do better: two switches, the "
        f"evening's at the printed start (largest deviation {n.published_worst_percent:+.1f} %, chi-square "
        f"{n.two_switches_chi_square:.0f}), or one altitude and stamps {n.stamps_late_s / 60:.1f} minutes late "
        f"({n.late_stamps_worst_percent:+.1f} %, chi-square {n.late_stamps_chi_square:.0f}, one number more fitted). One "
        f"night's videos separate them: the first and last stamps lie at {published[0]:.1f} and {published[1]:.1f} deg under "
        f"the first account, at {late[0]:.1f} and {late[1]:.1f} deg under the second."
    )
    claims = tuple(f"T3.NAUTICAL.{moon}" for moon in MOONS)
    title = (
        f"Switching at one altitude of the sun is refuted: one cell would be {n.one_altitude_worst_percent:+.0f} % off"
    )
    return Finding("FND.CAMERA_SWITCHES", title, claims, text, vars(n), "remark", 22)


def missing_nights(view: View) -> Finding | None:
    """Whether a run of nights without frames explains what the sky has too much."""
    cell = "T3.ASTRO.NO_MOON"
    if not view.conflicts(cell, "ephemeris"):
        return None
    n, tried = Numbers(), view.quantity("ephemeris", "missing_nights.tried")
    n.frames, n.sample_lost = view.quantities("ephemeris", "missing_nights", "frames", "sample_lost")
    n.chi_square_before = view.quantity("ephemeris", "published.chi_square")
    n.chi_square_after = view.quantity("ephemeris", "missing_nights.chi_square")
    first, last = (view.word("ephemeris", f"missing_nights.{name}") for name in ("first", "last"))
    text = (
        f"The sky has {100 * (view.measured(cell, 'ephemeris') / view.value(cell) - 1):.1f} % more moonless frames of "
        f"astronomical twilight than the table. Of {tried:.0f} runs of one to four nights that may be missing, "
        f"{first} to {last} explains most: {n.frames:,.0f} frames, {n.sample_lost:.0f} of the sample, and the chi-square of "
        f"the Night and Astro cells falls from {n.chi_square_before:.1f} to {n.chi_square_after:.1f}. Late April nights have "
        "no astronomical night, so a gap there costs the sample nothing. This is a hint that a scan found, no proof."
    )
    title = f"A few moonless nights, {first} to {last}, may be missing"
    return Finding("FND.MISSING_NIGHTS", title, (cell,), text, vars(n), "remark", 23)


def time_zone(view: View) -> Finding | None:
    """Whether the counts exclude that every stamp was read as standard time."""
    n, printed = Numbers(), view.value("T2.NAUTICAL")
    n.standard_time_nautical_frames, n.standard_time_civil_frames = nautical, civil = view.quantities(
        "ephemeris", "standard_time", "nautical", "civil"
    )
    n.mdt_nights = view.quantity("protocol", "clock.mdt_nights")
    if civil < 1 and abs(nautical / printed - 1) < 0.1:
        return None
    text = (
        f"Read as standard time throughout, the stamps of the {n.mdt_nights:.0f} nights of daylight saving time would give "
        f"{nautical:,.0f} Nautical and {civil:,.0f} civil frames; the tables have {printed:,.0f} and "
        f"{view.value('T2.EMPTY.CIVIL'):.0f}. The conversion with daylight saving time, which the text describes, is confirmed."
    )
    title = f"The conversion of local time is confirmed: without it {civil:,.0f} Civil frames would appear"
    claims = ("T2.NAUTICAL", "T2.EMPTY.CIVIL", "TXT.CIVIL_FRAMES")
    return Finding("FND.TIME_ZONE", title, claims, text, vars(n), "agreement", 15)


def sample_size(view: View) -> Finding:
    """Whether the sampling rule on the predicted schedule gives the size of the sample."""
    n, printed = Numbers(), view.value("SPLIT.LABELLED")
    n.predicted_frames, n.dates = view.quantities("ephemeris", "sample", "frames", "dates")
    n.dates_lost = (n.predicted_frames - printed) / 20
    n.mean_gap_h = view.quantity("ephemeris", "fit.mean_gap_h")
    n.earliest_frame_utc_min = view.quantity("ephemeris", "earliest_frame_utc_min")
    text = (
        f"The published sampling rule on the predicted schedule gives {n.predicted_frames:,.0f} frames on {n.dates:.0f} dates; "
        f"{printed:,.0f} were labelled, {abs(n.predicted_frames - printed):.0f} "
        f"{'fewer' if printed < n.predicted_frames else 'more'}. A date that is lost costs up to 20, so about "
        f"{abs(n.dates_lost):.0f} is: the missing frames came in gaps of some {n.mean_gap_h:.0f} hours rather than in whole "
        "nights. Grouping by UTC date is grouping by night here, since no night has a frame before "
        f"{n.earliest_frame_utc_min:.0f} minutes past midnight UTC."
    )
    title = f"The sky and the sampling rule give {n.predicted_frames:,.0f} labelled frames; {printed:,.0f} are printed"
    conflict = view.conflicts("SPLIT.LABELLED", "ephemeris")
    claims = ("SPLIT.LABELLED", "TXT.NIGHTS")
    return Finding("FND.SAMPLE_SIZE", title, claims, text, vars(n), agreement(not conflict), 15)


def condition_column(view: View) -> Finding | None:
    """Whether the condition printed for No_moon can be meant."""
    n = Numbers(share_as_printed_percent=view.quantity("ephemeris", "as_printed.no_moon_share"))
    n.share_counted_percent = 100 * view.value("TXT.MOON.NO_MOON") / view.value("TXT.FRAMES")
    if abs(n.share_as_printed_percent - n.share_counted_percent) < 1:
        return None
    phase_deg, altitude_deg = view.quantities(
        "ephemeris", "as_printed", "full_moon_phase_deg", "full_moon_altitude_deg"
    )
    text = (
        f"The condition that Table 3 prints for No_moon, phase >= {phase_deg:g} deg and altitude > {altitude_deg:g} deg, "
        f"holds for {n.share_as_printed_percent:.1f} % of the predicted frames, but the row counts "
        f"{n.share_counted_percent:.1f} %. The conditions therefore stand in the opposite order to the labels of the rows. The "
        "published script has the right order, and slide 10 gives the same altitude to the full moon."
    )
    rules = tuple(
        f"T3.RULE.{name}" for name in ("NO_MOON.CONDITION", "MOON_FULL.CONDITION", "NO_MOON.SHARE_AS_PRINTED")
    )
    claims = (*rules, "SLD.PICTURE.FULL_MOON_ALTITUDE_DEG", *view.failing("SCR.MOON.*.CONDITION"))
    title = (
        f"Table 3's conditions are in reverse order: as printed, No_moon would be {n.share_as_printed_percent:.0f} %, not "
        f"{n.share_counted_percent:.0f} %"
    )
    return Finding("FND.CONDITION_COLUMN", title, claims, text, vars(n), rank=10)


def unfolded_phase(view: View) -> Finding | None:
    """Whether the counts exclude a phase angle that runs from 0 to 360 degrees."""
    frames = [view.value(f"T3.NIGHT.{moon}") for moon in MOONS]
    counted = [100 * count / sum(frames) for count in frames]
    unfolded = view.quantities("ephemeris", "unfolded.night", *(f"{moon.lower()}_share" for moon in MOONS))
    if max(abs(one - other) for one, other in zip(unfolded, counted, strict=True)) < 1:
        return None

    def listed(shares: list[float]) -> str:
        return " / ".join(f"{share:.1f}" for share in shares)

    text = (
        f"A phase angle that runs from 0 to 360 deg would put {listed(unfolded)} % of the night frames into No_moon, "
        f"Moon_Quarter and Moon_Full; the table has {listed(counted)} %, so the phase was folded to 0 to 180 deg."
    )
    title = f"The phase was folded: unfolded, Moon_Full would be {unfolded[-1]:.0f} % of the night"
    numbers = {f"unfolded_{moon.lower()}_percent": share for moon, share in zip(MOONS, unfolded, strict=True)}
    claims = tuple(f"T3.NIGHT.{moon}" for moon in MOONS)
    return Finding("FND.UNFOLDED_PHASE", title, claims, text, numbers, "remark", 24)


def camera_switches_late(view: View) -> Finding | None:
    """Whether the camera runs from sunset to sunrise, as the text says."""
    claim = "TXT.CAMERA_ON_AFTER_SUNSET"
    if not view.fails(claim):
        return None
    n = Numbers()
    n.evening_altitude_deg, n.morning_altitude_deg = evening, morning = view.quantities(
        "ephemeris", "fit", "evening_altitude_deg", "morning_altitude_deg"
    )
    text = (
        "The text has the camera on from just after sunset to just before sunrise, but no frame lies in civil twilight or day: "
        f"the printed start of a night has the sun {-evening:.1f} deg below the horizon, and the counts put the end of the "
        f"nights at {-morning:.1f} deg, both deep in nautical twilight."
    )
    title = f"The camera switches {-evening:.1f} deg below the horizon, not at sunset"
    return Finding("FND.CAMERA_ON", title, (claim, "TXT.CIVIL_FRAMES"), text, vars(n), rank=22)


def nights_against_schedule(view: View) -> Finding:
    """Whether each recorded night has as many frames as the sky predicts."""
    claims = ("TXT.FRAMES", "T2.NIGHT", "T2.ASTRO", "T2.NAUTICAL")
    for claim in claims:
        view.check(claim)
    n = Numbers()
    n.nights, n.frames, n.predicted_frames, n.sd_frames, n.z, n.largest_z, n.nights_outside = view.quantities(
        "corpus", "part", "nights", "frames", "predicted", "sd", "z", "largest_z", "outside"
    )
    at, which = (view.word("corpus", f"part.{name}") for name in ("largest_z_at", "outside_nights"))
    agree = max(abs(n.z), abs(n.largest_z)) <= MOST_SIGMA
    text = (
        f"The {n.nights:.0f} nights at hand have {n.frames:,.0f} frames in the nine conditions; the schedule predicts "
        f"{n.predicted_frames:,.0f} with a standard deviation of {n.sd_frames:,.0f} ({n.z:+.1f} standard deviations). The "
        f"largest deviation by condition is at {at} ({n.largest_z:+.1f} standard deviations). Outside the scatter of a single "
        f"night: {n.nights_outside:.0f} nights ({which}); chance alone puts about one night in a hundred there."
    )
    title = f"The nights at hand {'have' if agree else 'do not have'} as many frames as the sky predicts"
    return Finding("FND.NIGHTS_AGAINST_SCHEDULE", title, claims, text, vars(n), agreement(agree))


DETECTORS: tuple[Detector, ...] = (
    tables_close,
    camera_switches_late,
    sky_confirms,
    time_zone,
    sample_size,
    camera_readings,
    missing_nights,
    condition_column,
    unfolded_phase,
    nights_against_schedule,
)
