"""Wording of the report for evidence, outcomes and documents, and its format of numbers."""

from __future__ import annotations

import math
import re
from itertools import cycle
from typing import Any

from markupsafe import Markup, escape

from repro.printing import count as count  # for the templates, too
from repro.record.claims import EVIDENCE, Claim, EvidenceKind, Outcome
from repro.record.comparator import Verdict
from repro.record.strength import GRADES
from repro.record.verdict_formats import caught_text, measured_text, strength_text

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EM DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"

#: Name and explanation of each outcome.
OUTCOME: dict[Outcome, tuple[str, str]] = {
    "confirmed": ("confirmed", "The evidence gives the published value, exactly or to the printed digits."),
    "consistent": (
        "consistent",
        "The evidence is within a tolerance, bound or interval that was declared beforehand, with its reason.",
    ),
    "contradicted": ("contradicted", "Evidence from outside the record gives something else."),
    "source_conflict": ("source conflict", "The record contradicts itself; no outside evidence is needed to see it."),
    "repeated": ("repeated", "The same value is printed in two places. That confirms nothing."),
    "undecidable": ("undecidable", "Neither the record nor the available evidence can decide it; the reason is given."),
    "not_run": ("not compared", "The comparison could not be made. It never counts as agreement; the reason is given."),
    "error": ("error", "Measuring or comparing failed. It never counts as agreement."),
}

#: What each grade of a comparison means, from the strongest.
GRADE: dict[str, str] = {
    "D": "The images themselves give the value.",
    "P": "The sky, or a network that is built and counted, predicts the value from outside the record.",
    "W": "Another document agrees: a published script, the slides, or the pixels of a figure.",
    "B": "A bound or an interval holds. It counts by the share of the plausible range that it excludes.",
    "C": "Numbers of one document fit together. An equation counts once, whichever of its numbers it is seen from.",
    "R": "The same value is printed in two places of one document. That confirms nothing.",
}
assert set(GRADE) == set(GRADES)

#: Name of each kind of evidence, what it is, and what it can and cannot show.
EVIDENCE_WORDS: dict[EvidenceKind, tuple[str, str, str]] = {
    "arithmetic": (
        "Arithmetic",
        "printed numbers compared with each other: sums, shares, means, dates and bounds",
        "It shows whether printed numbers fit together, not whether they are right.",
    ),
    "ephemeris": (
        "Ephemeris",
        "the real sky: sun and moon over the site from JPL DE421, given dates and place only",
        "It predicts how many frames fall into each condition, not what the camera saw in them.",
    ),
    "architecture": (
        "Architecture",
        "the networks themselves: built, counted and looked up in torchvision, without a download",
        "It shows size, cost and documented accuracy of a network, nothing about aurora.",
    ),
    "protocol": (
        "Protocol",
        "what the published rules of sampling, splitting and counting can and cannot give",
        "It gives bounds and intervals that any honest run of the procedure stays within.",
    ),
    "figure": (
        "Figure",
        "the record's own pictures, measured",
        "It is a second witness of a printed number, no new measurement of the sky.",
    ),
    "corpus": (
        "Corpus",
        "the thesis' own videos and labels, run through the same pipeline",
        "It alone can judge what depends on the images. A simulated corpus never counts here.",
    ),
}
assert tuple(EVIDENCE_WORDS) == EVIDENCE

#: Kinds of findings in the order of the summary.
FINDING = {
    "conflict": "Where the record is at odds with itself or with evidence",
    "agreement": "Where evidence supports the record",
    "remark": "What was done that the text does not mention",
    "not_derived": "What could not be derived yet",
    "error": "What failed while it was derived",
}

#: Mark of each kind of finding: that of the most similar outcome.
FINDING_MARK: dict[str, Outcome] = {
    "conflict": "source_conflict", "agreement": "confirmed", "remark": "consistent", "not_derived": "not_run", "error": "error"
}  # fmt: skip

#: Explanation of each reading of the rule of Table 3.
READING = {
    "published": "as the author's script has it, two switches",
    "as_printed": "as Table 3 prints it, although conditions and labels disagree",
    "unfolded": "moon phase not folded, 0 to 360°",
    "refracted": "altitudes raised by refraction",
    "geometric": "geometric altitudes, without aberration",
    "one_altitude": "as the script, one switch altitude in the evening and in the morning",
    "late_stamps": "as the script, one switch altitude and stamps that are minutes late",
}

#: Words of the bins of sun and moon, for labels.
SUN_WORDS = {"Night": "Night", "Astro": "Astronomical", "Nautical": "Nautical"}
MOON_WORDS = {"No_moon": "no moon", "Moon_Quarter": "quarter moon", "Moon_Full": "full moon"}

#: What each repair of a clock does; the first seven are Table 1's, in its order.
REPAIR = {
    "leading_a4": "“A4” read for the year's last digit becomes 4",
    "leading_a0": "“A0” read for the year's last digit becomes 4",
    "day_4x": "a day that begins with 4 begins with 1",
    "day_34": "day 34 becomes 31",
    "hour_over_24": "an hour of 24 or more gets 1 as its first digit",
    "extra_4_before_hour": "a 4 too many before the hour is taken out",
    "extra_4_before_minute": "a 4 too many before the minute is taken out",
    "second_look": "the same stamp, read another way, fits the night's cadence or, if images follow none, their order",
    "continuity": "the night's cadence and the glyphs' known confusions decide what was printed",
    "two_meanings": "two times fit as well; the frame stays without a time",
    "unreadable": "nothing fits well enough; the frame stays without a time",
}

#: Glyphs for a table that have no shape of their own: a lost or added one, and a space.
GLYPH = {"": "nothing", " ": "blank"}

#: Patterns of plain text, and how a page sets them.
_TYPESET = (
    (re.compile(r"(?<![\w.])-(?=\d)"), MINUS),
    (re.compile(r" - "), " \N{EN DASH} "),
    (re.compile(r" x (?=\d)"), f" {TIMES} "),
    (re.compile(r"(?<=\d) deg\b"), "\N{DEGREE SIGN}"),
    (re.compile(r"(?<=\d) %"), "\N{NO-BREAK SPACE}%"),
    (re.compile(r"(?<= )>= "), "\N{GREATER-THAN OR EQUAL TO} "),
    (re.compile(r"(?<= )<= "), "\N{LESS-THAN OR EQUAL TO} "),
)

_HANGUL = re.compile("[\N{HANGUL SYLLABLE GA}-\N{HANGUL SYLLABLE HIH}]")
_HAN = re.compile("[\N{CJK UNIFIED IDEOGRAPH-4E00}-\N{CJK UNIFIED IDEOGRAPH-9FFF}]")


def language(text: str) -> str:
    """Language of a quotation for its ``lang`` attribute: Korean if it has Hangul, Chinese if Han alone, else English."""
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _HAN.search(text) else "en"


def _names(claim: Claim) -> bool:
    """Whether a claim's number names something, as a year or a chapter does, and counts nothing."""
    return claim.kind == "statement" and not claim.unit


def published(claim: Claim) -> str:
    """The published value as printed, with its unit; a statement that is simply made reads as such."""
    if isinstance(claim.value, bool):
        return "stated" if claim.value else "denied"
    if isinstance(claim.value, str) or _names(claim):
        return str(claim.value)
    return claim.shown().replace("-", MINUS)


def measured(claim: Claim, verdict: Verdict) -> str:
    """The measured value with one digit more than the claim prints; a dash if there is none."""
    if verdict.measured is None:
        return NOTHING
    if isinstance(verdict.measured, bool):
        return "holds" if verdict.measured else "does not hold"
    if isinstance(verdict.measured, str) or (isinstance(verdict.measured, int) and _names(claim)):
        return str(verdict.measured)
    return measured_text(claim, verdict).replace("-", MINUS)


def strength(verdict: Verdict) -> str:
    """Grade of a comparison and what qualifies it; empty where nothing is compared."""
    return strength_text(verdict).replace("-", MINUS)


def caught(claim: Claim, verdict: Verdict) -> str:
    """The wrong values that a comparison would have caught; empty if it was not made."""
    return caught_text(claim, verdict).replace("-", MINUS)


def number(value: float, decimals: int | None = None) -> str:
    """A number for reading: thousands apart, a true minus, five significant digits unless given.

    Raises ValueError if the value is not finite; a page shows a dash for what is missing, never ``nan``.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be printed")
    if decimals is not None:
        text = f"{value:,.{decimals}f}"
    elif float(value).is_integer() or abs(value) >= 10_000:
        text = f"{value:,.0f}"
    else:
        rounded = float(f"{value:.5g}")
        text = f"{rounded:,.0f}" if rounded.is_integer() else f"{rounded:,}"
    return text.replace("-", MINUS)


def signed(value: float, decimals: int) -> str:
    """A difference with its sign; one that rounds to nothing has none."""
    text = number(abs(value), decimals)
    if not any(digit in text for digit in "123456789"):
        return text
    return ("+" if value > 0 else MINUS) + text


def plain(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ").replace(".", ", ")


def whole(number: int | None) -> str:
    """A count, or a dash where it is not known."""
    return NOTHING if number is None else f"{number:,}"


def share(part: int, of: int) -> str:
    """A share in percent; never ``100.0 %`` or ``0.0 %`` unless it is all or none."""
    if not of:
        return NOTHING
    percent = 100 * part / of
    if 0 < part < of:
        for decimals in range(1, 6):
            if 0 < float(f"{percent:.{decimals}f}") < 100:
                return f"{percent:.{decimals}f} %"
    return f"{percent:.0f} %"


def interval(ends: tuple[float, float] | list[float] | None) -> str:
    """An interval of shares in percent; a dash if there is none."""
    return NOTHING if ends is None else f"{number(100 * ends[0], 1)} to {number(100 * ends[1], 1)} %"


def percent(fraction: float | None) -> str:
    """A fraction in percent with one decimal, without the sign; a dash where there is none."""
    return NOTHING if fraction is None or not math.isfinite(fraction) else number(100 * fraction, 1)


def between(low: float, high: float, *, brackets: bool = False) -> str:
    """An interval of fractions in percent, short, for a narrow cell; a dash where there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOTHING
    text = f"{number(100 * low, 1)}\N{EN DASH}{number(100 * high, 1)}"
    return f"[{text}]" if brackets else text


def amount(number: int) -> str:
    """A whole number inside a sentence: ``none``, ``1``, ``1,234``."""
    return f"{number:,}" if number else "none"


def code(text: str) -> Markup:
    """Text with parts between backticks set as code; everything is escaped."""
    parts = [
        f"<code>{escape(part)}</code>" if odd else escape(part) for part, odd in zip(text.split("`"), cycle((0, 1)))
    ]
    return Markup("".join(parts))


def typeset(text: str) -> str:
    """A sentence of a finding, typeset: true minus, multiplication sign, degree sign, dash and inequalities."""
    for pattern, set_as in _TYPESET:
        text = pattern.sub(set_as, text)
    return text


def finite(value: Any) -> Any:
    """A value that a template prints; None and NaN are refused. Used as jinja's ``finalize``."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(f"{value} reached the page; show a dash with a reason instead")
    return value
