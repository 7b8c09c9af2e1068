"""Tables of the thesis beside what the evidence gives: published, predicted, difference, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repro.record.claims import Evidence
from repro.record.compare import Verdict
from repro.reporting.results import Judged, Results, claim_number
from repro.reporting.words import NOTHING, number, signed


@dataclass(frozen=True)
class Row:
    """One line of a comparison.

    Parameters
    ----------
    label : tuple of str
        Cells that say which number it is.
    claim : str
        Id of the claim, for a link to it.
    published, predicted, difference, percent : str
        Ready to print; a dash where there is nothing.
    verdict : Verdict or None
        None where the claim declares no such evidence.
    """

    label: tuple[str, ...]
    claim: str
    published: str
    predicted: str
    difference: str
    percent: str
    verdict: Verdict | None


@dataclass(frozen=True)
class Table:
    """One table of the thesis.

    Parameters
    ----------
    name, title, korean : str
        ``Table 2``, what it shows in English, and its title as the thesis prints it.
    heads : tuple of str
        Headings of the label cells.
    evidence : str
        The kind of evidence it is compared with.
    rows : tuple of Row
        In the order of the thesis.
    """

    name: str
    title: str
    korean: str
    heads: tuple[str, ...]
    evidence: Evidence
    rows: tuple[Row, ...]

    @property
    def anchor(self) -> str:
        """Id of the table on the page."""
        return self.name.lower().replace(" ", "-")


SUN_WORDS = {"NIGHT": "Night", "ASTRO": "Astronomical twilight", "NAUTICAL": "Nautical twilight"}
MOON_WORDS = {"NO_MOON": "No_moon", "MOON_QUARTER": "Moon_Quarter", "MOON_FULL": "Moon_Full"}


def tables(results: Results) -> tuple[Table, ...]:
    """The tables that the evidence of this report speaks of."""
    suns, moons = SUN_WORDS.items(), MOON_WORDS.items()
    return (
        Table(
            "Table 2",
            "Frames by altitude of the sun",
            "태양 고도 조건에 따른 시간대별 이미지 분포",
            ("Sun",),
            "ephemeris",
            _rows(
                results,
                "ephemeris",
                [((words,), f"T2.{sun}") for sun, words in suns] + [(("All frames",), "TXT.FRAMES")],
            ),
        ),
        Table(
            "Table 3",
            "Frames by moonlight and altitude of the sun",
            "달 고도 및 위상 조건에 따른 달빛 단계별 이미지 분포",
            ("Moonlight", "Sun"),
            "ephemeris",
            _rows(
                results,
                "ephemeris",
                [
                    row
                    for moon, moonlight in moons
                    for row in (
                        *(((moonlight, words), f"T3.{sun}.{moon}") for sun, words in suns),
                        ((moonlight, "All"), f"TXT.MOON.{moon}"),
                    )
                ],
            ),
        ),
    )


def _rows(results: Results, evidence: Evidence, wanted: Sequence[tuple[tuple[str, ...], str]]) -> tuple[Row, ...]:
    return tuple(_row(results.judged[name], label, evidence) for label, name in wanted if name in results.judged)


def _row(item: Judged, label: tuple[str, ...], evidence: Evidence) -> Row:
    claim, verdict = item.claim, item.by(evidence)
    published = claim_number(claim)
    predicted = difference = percent = NOTHING
    if verdict is not None and isinstance(verdict.measured, int | float):
        gap = verdict.measured - published
        predicted = number(verdict.measured, claim.decimals)
        difference = signed(gap, claim.decimals)
        percent = f"{signed(100 * gap / published, 2)} %" if published else NOTHING
    return Row(label, claim.id, number(published, claim.decimals), predicted, difference, percent, verdict)
