"""Findings about the sky: what dates, site and DE421 alone say about Tables 2 and 3."""

from __future__ import annotations

from repro.record.findings.closure import MOONS, SUNS
from repro.record.findings.finding import Detector, Finding, View


def sky_confirms(view: View) -> Finding:
    """How well two fitted numbers predict the nine cells."""
    deviation = {
        (sun, moon): view.quantity("ephemeris", f"{sun.lower()}.{moon.lower()}") / view.value(f"T3.{sun}.{moon}") - 1
        for sun in SUNS
        for moon in MOONS
    }
    row = {sun: max(abs(deviation[sun, moon]) for moon in MOONS) for sun in SUNS}
    moons = {moon: view.quantity("ephemeris", moon.lower()) for moon in MOONS}
    moon_worst = max(abs(moons[moon] / view.value(f"TXT.MOON.{moon}") - 1) for moon in MOONS)
    altitude = view.quantity("ephemeris", "fit.switch_on_altitude_deg")
    availability = view.quantity("ephemeris", "fit.availability")
    claims = tuple(f"T3.{sun}.{moon}" for sun in SUNS for moon in MOONS) + tuple(f"TXT.MOON.{moon}" for moon in MOONS)
    failed = [name for name in claims if view.conflicts(name, "ephemeris")]
    text = (
        f"One frame a minute while the sun is below {altitude:.2f} deg, with {100 * availability:.1f} % of the frames "
        f"present - two numbers fitted to the total and the Nautical count alone - predicts the Night cells of Table 3 "
        f"within {100 * row['NIGHT']:.1f} %, the Astro cells within {100 * row['ASTRO']:.1f} %, the small Nautical cells "
        f"within {100 * row['NAUTICAL']:.0f} %, and the moon totals within {100 * moon_worst:.2f} % "
        f"({' / '.join(f'{moons[moon]:,.0f}' for moon in MOONS)})."
    )
    if failed:
        text += f" Outside the declared tolerance: {', '.join(failed)}."
    title = "The sky alone confirms Tables 2 and 3" if not failed else "The sky does not confirm all of Table 3"
    numbers = {
        "switch_on_altitude_deg": altitude,
        "availability": availability,
        "night_worst_percent": 100 * row["NIGHT"],
        "astro_worst_percent": 100 * row["ASTRO"],
        "nautical_worst_percent": 100 * row["NAUTICAL"],
        "moon_totals_worst_percent": 100 * moon_worst,
        **{f"{moon.lower()}_frames": moons[moon] for moon in MOONS},
    }
    return Finding("FND.SKY_CONFIRMS", title, claims, text, numbers, "conflict" if failed else "agreement")


def sky_unfitted(view: View) -> Finding:
    """What the sky offers without any fit."""
    night, astro = (view.quantity("ephemeris", f"unfitted.{name}") for name in ("night", "astro"))
    shares = {"NIGHT": view.value("T2.NIGHT") / night, "ASTRO": view.value("T2.ASTRO") / astro}
    text = (
        f"Without any fit, the {view.value('TXT.NIGHTS'):.0f} nights hold {night:,.0f} minutes with the sun at or below "
        f"-18 deg and {astro:,.0f} minutes of astronomical twilight; the published {view.value('T2.NIGHT'):,.0f} and "
        f"{view.value('T2.ASTRO'):,.0f} frames are {100 * shares['NIGHT']:.1f} % and {100 * shares['ASTRO']:.1f} % of them."
    )
    numbers = {"night_minutes": night, "astro_minutes": astro}
    return Finding(
        "FND.SKY_UNFITTED",
        "The counts fit into the sky without a fit",
        ("T2.NIGHT", "T2.ASTRO"),
        text,
        numbers,
        "agreement",
    )


def sample_size(view: View) -> Finding:
    """The sampling rule on the predicted schedule."""
    predicted, dates = view.quantity("ephemeris", "sample.frames"), view.quantity("ephemeris", "sample.dates")
    printed = view.value("SPLIT.LABELLED")
    text = (
        f"The published sampling rule on the predicted schedule gives {predicted:,.0f} frames on {dates:.0f} dates; "
        f"{printed:,.0f} were labelled, {100 * abs(predicted / printed - 1):.1f} % "
        f"{'fewer' if printed < predicted else 'more'}."
    )
    return Finding(
        "FND.SAMPLE_SIZE",
        "The sky and the sampling rule give the size of the sample",
        ("SPLIT.LABELLED",),
        text,
        {"predicted_frames": predicted, "dates": dates},
        "agreement",
    )


def condition_column(view: View) -> Finding | None:
    """Whether the condition printed for No_moon can be meant."""
    share = view.quantity("ephemeris", "as_printed.no_moon_share")
    printed = 100 * view.value("TXT.MOON.NO_MOON") / view.value("TXT.FRAMES")
    if abs(share - printed) < 1:
        return None
    text = (
        f"The condition that Table 3 prints for No_moon, phase >= 150 deg and altitude > 5 deg, holds for {share:.1f} % of the "
        f"predicted frames, but the row counts {printed:.1f} %: the condition column is upside down against the labels, and "
        "the published script has it the right way."
    )
    return Finding(
        "FND.CONDITION_COLUMN",
        "Table 3's condition column is upside down",
        (
            "T3.RULE.NO_MOON.CONDITION",
            "T3.RULE.MOON_FULL.CONDITION",
            "T3.RULE.NO_MOON.SHARE_AS_PRINTED",
            *view.failing("SCR.MOON.*.CONDITION"),
        ),
        text,
        {"share_as_printed_percent": share, "share_counted_percent": printed},
    )


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
    return Finding(
        "FND.UNFOLDED_PHASE",
        "An unfolded moon phase is excluded",
        tuple(f"T3.NIGHT.{moon}" for moon in MOONS),
        text,
        {f"unfolded_{moon.lower()}_percent": unfolded[moon] for moon in MOONS},
        "remark",
    )


def camera_switches_late(view: View) -> Finding | None:
    """Whether the camera runs from sunset to sunrise, as the text says."""
    claim = "TXT.CAMERA_ON_AFTER_SUNSET"
    if claim not in view.failed:
        return None
    altitude = view.quantity("ephemeris", "fit.switch_on_altitude_deg")
    text = (
        "The text has the camera on from just after sunset to just before sunrise, but no frame lies in civil twilight or day: the "
        f"counts put its switch at a sun {-altitude:.1f} deg below the horizon, deep in nautical twilight."
    )
    return Finding(
        "FND.CAMERA_ON",
        "The camera does not run from sunset to sunrise",
        (claim, "TXT.CIVIL_FRAMES"),
        text,
        {"switch_on_altitude_deg": altitude},
    )


DETECTORS: tuple[Detector, ...] = (
    camera_switches_late,
    sky_confirms,
    sky_unfitted,
    sample_size,
    condition_column,
    unfolded_phase,
)
