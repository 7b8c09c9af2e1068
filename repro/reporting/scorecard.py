"""The record by its parts in the order of the thesis: confirmed, not confirmed, waiting."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from repro.record.claims import Claim, Outcome
from repro.record.judge import OUTCOMES
from repro.reporting.verdicts import Results

SCRIPTS = "Published scripts"
#: Title of each part, its place on the page, and the sections of the record that belong to it.
PARTS: tuple[tuple[str, str, set[str]], ...] = (
    ("Site, camera, videos", "claims", {"II.1.1", "II.1.2", "overlay"}),
    ("Clock: Table 1", "clock", {"II.1.3"}),
    ("Sun and moon: Tables 2 and 3", "sky", {"II.2", "II.2.1", "II.2.2"}),
    ("Sample and split", "claims", {"II.3.1", "II.3.2"}),
    ("Network and settings: Tables 4 and 5, Figure 3", "networks", {"II.4.1", "II.4.2", "II.4.3"}),
    ("Training: Figure 5", "training", {"figure5"}),
    ("Classification: Table 6, Figures 6 and 7", "classification", {"figure6", "figure7", "III.1.1", "III.1.2"}),
    (
        "Grad-CAM",
        "gradcam",
        {"II.5.1", "II.5.2", "III.2", "III.2.1", "III.2.2", "III.2.3", "III.2.4", "gradcam_panels", "gradcam_no"},
    ),
    (SCRIPTS, "claims", {"protocol_of_the_published_scripts"}),
    ("Introduction, results in the text, conclusion", "claims", {"I", "III.1", "VI.1", "VI.2", "headings"}),
)
CITED = "Citations and references"
COMPANIONS = "Slides, README, poster, data record"
#: Claims of a section that another part than the section's own is about.
_MOVED = {"T5.": 4, "F3.": 4, "F5.": 5, "TXT.VAL_LOSS": 5, "TXT.ACCURACY": 5, "TXT.BEST_EPOCH": 5, "TXT.CURVES": 5,
          "TXT.NO_OVERFITTING": 5, "TXT.CHECKPOINT": 5}  # fmt: skip


@dataclass(frozen=True)
class RecordPart:
    """A part of the record: title, id of the section that shows it, number of claims, comparisons by outcome."""

    title: str
    anchor: str
    claims: int
    outcomes: dict[Outcome, int]

    @property
    def total(self) -> int:
        """All comparisons."""
        return sum(self.outcomes.values())

    @property
    def agreeing(self) -> int:
        """Comparisons that agree with the record."""
        return self.outcomes["confirmed"] + self.outcomes["consistent"]

    @property
    def against(self) -> int:
        """Comparisons that do not."""
        return self.outcomes["contradicted"] + self.outcomes["source_conflict"]

    @property
    def waiting(self) -> int:
        """Comparisons that could not be made."""
        return self.outcomes["not_run"] + self.outcomes["error"]

    @property
    def undecided(self) -> int:
        """Values that are only repeated, and comparisons that decide nothing."""
        return self.outcomes["repeated"] + self.outcomes["undecidable"]


def section_title(section: str) -> str:
    """Title of the part that a section of the thesis is about; empty if there is none."""
    if section == "references":
        return CITED
    return next((title for title, _, sections in PARTS if section in sections), "")


def part_of(claim: Claim) -> str:
    """Title of the part a claim belongs to."""
    if claim.id.startswith("CIT."):
        return CITED
    if claim.source.document == "scripts":
        return SCRIPTS
    if claim.source.document in ("thesis", "readings"):
        for prefix, place in _MOVED.items():
            if claim.id.startswith(prefix):
                return PARTS[place][0]
        if title := section_title(claim.source.section):
            return title
    return COMPANIONS


def by_part(results: Results, anchors: set[str]) -> tuple[RecordPart, ...]:
    """Count the comparisons of each part; parts without a claim are left out.

    ``anchors`` are the sections that are on a page; a part whose own section is not leads to the list of claims.
    """
    counts: dict[str, Counter[Outcome]] = {}
    claims: Counter[str] = Counter()
    for item in results.judged.values():
        title = part_of(item.claim)
        claims[title] += 1
        counts.setdefault(title, Counter()).update(verdict.outcome for verdict in item.verdicts)
    places = [(title, anchor) for title, anchor, _ in PARTS] + [(CITED, "claims"), (COMPANIONS, "claims")]
    return tuple(
        RecordPart(
            title, anchor if anchor in anchors else "claims", claims[title], {o: counts[title][o] for o in OUTCOMES}
        )
        for title, anchor in places
        if title in counts
    )
