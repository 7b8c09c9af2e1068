"""The first page: comparisons by outcome, headlines, the record by its parts, and what waits or is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from repro.paths import SIMULATED
from repro.record.claims import EVIDENCE, Claim, EvidenceKind, Outcome
from repro.record.comparator import CONFLICTS, NOT_COMPARED, Verdict
from repro.record.judge import OUTCOMES, Headline
from repro.reporting.augmentation import MADE_BY, Figure3
from repro.reporting.classifier_results import GRADCAM, SOFTMAX, TRAIN, Gradcam, Predictions, Training
from repro.reporting.nights_table import CorpusOverview
from repro.reporting.observatory import Observatory
from repro.reporting.verdicts import Results
from repro.reporting.wording import EVIDENCE_WORDS, count

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


class OutcomeCounts(Counter[Outcome]):
    """Comparisons by outcome."""

    @property
    def agreeing(self) -> int:
        """Comparisons that agree with the record."""
        return self["confirmed"] + self["consistent"]

    @property
    def against(self) -> int:
        """Comparisons that do not."""
        return sum(self[outcome] for outcome in CONFLICTS)

    @property
    def waiting(self) -> int:
        """Comparisons that could not be made."""
        return sum(self[outcome] for outcome in NOT_COMPARED)

    @property
    def undecided(self) -> int:
        """Values that are only repeated, and comparisons that decide nothing."""
        return self["repeated"] + self["undecidable"]


class EvidenceLine(NamedTuple):
    """One kind of evidence: how many comparisons by outcome, and a sentence."""

    evidence: EvidenceKind
    outcomes: OutcomeCounts
    sentence: str


class RecordPart(NamedTuple):
    """A part of the record: title, id of the section that shows it, comparisons by outcome."""

    title: str
    anchor: str
    outcomes: OutcomeCounts

    @property
    def total(self) -> int:
        """All comparisons."""
        return self.outcomes.total()


class Summary(NamedTuple):
    """Counts for the head of the report.

    ``decided`` claims are those that at least one comparison was made for; ``by_grade`` counts an equation once; ``waiting`` has
    the reasons for comparisons that were not made, the most frequent first; ``drifted`` those whose outcome differs from the
    declared one, or that could not be made though declared; ``against`` those that contradict the record or show that it
    contradicts itself.
    """

    claims: int
    decided: int
    outcomes: OutcomeCounts
    lines: tuple[EvidenceLine, ...]
    waiting: tuple[tuple[str, int], ...]
    drifted: tuple[tuple[Claim, Verdict], ...]
    headlines: tuple[Headline, ...]
    by_grade: Mapping[str, Mapping[str, int]]
    against: tuple[tuple[Claim, Verdict], ...]

    def graded(self, grades: str, *outcomes: Outcome) -> int:
        """Comparisons of some grades with some outcomes; an equation counts once."""
        return sum(self.by_grade[grade][outcome] for grade in grades for outcome in outcomes)

    @property
    def of_images(self) -> OutcomeCounts:
        """Comparisons with images: the thesis' videos and labels, or those of the other records."""
        return next(line.outcomes for line in self.lines if line.evidence == "corpus")


def summarise(results: Results) -> Summary:
    """Count the verdicts of a report."""
    verdicts = list(results.verdicts)
    by_evidence = {name: OutcomeCounts(v.outcome for _, v in verdicts if v.evidence == name) for name in EVIDENCE}
    return Summary(
        claims=len(results.judged),
        decided=sum(item.decided for item in results.judged.values()),
        outcomes=OutcomeCounts(verdict.outcome for _, verdict in verdicts),
        lines=tuple(EvidenceLine(name, counts, _sentence(name, counts)) for name, counts in by_evidence.items()),
        waiting=tuple(Counter(verdict.reason for _, verdict in verdicts if not verdict.compared).most_common()),
        drifted=tuple((claim, verdict) for claim, verdict in verdicts if verdict.drifted or verdict.uncompared),
        headlines=tuple(results.verification.headlines()),
        by_grade=results.verification.by_grade,
        against=tuple((claim, verdict) for claim, verdict in verdicts if verdict.outcome in CONFLICTS),
    )


def _sentence(evidence: EvidenceKind, counts: OutcomeCounts) -> str:
    """One sentence about the comparisons of one kind of evidence."""
    _, what, limit = EVIDENCE_WORDS[evidence]
    what = what[0].upper() + what[1:]
    total, unmade = counts.total(), counts.waiting
    if not total:
        return f"{what}. No claim declares this evidence."
    if unmade == total:
        return f"{what}. Not one of its {count(total, 'comparison')} could be made yet. {limit}"
    parts = [
        count(counts[outcome], "source conflict") if outcome == "source_conflict" else f"{counts[outcome]:,} {outcome}"
        for outcome in OUTCOMES
        if counts[outcome] and outcome not in NOT_COMPARED
    ]
    made = f"{what}. Of {count(total - unmade, 'comparison')} made: {', '.join(parts)}."
    return f"{made}{f' {unmade:,} more could not be made.' if unmade else ''} {limit}"


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
    counts: dict[str, OutcomeCounts] = {}
    for claim, verdict in results.verdicts:
        counts.setdefault(part_of(claim), OutcomeCounts())[verdict.outcome] += 1
    places = [(title, anchor) for title, anchor, _ in PARTS] + [(CITED, "claims"), (COMPANIONS, "claims")]
    return tuple(
        RecordPart(title, anchor if anchor in anchors else "claims", counts[title])
        for title, anchor in places
        if title in counts
    )


def missing_parts(
    corpus: CorpusOverview,
    observatory: Observatory | None,
    trained: Training | None,
    predicted: Predictions | None,
    gradcam: Gradcam | None,
    figure3: Figure3 | None,
) -> list[tuple[str, str]]:
    """Parts of the report that are missing, in its order, each with the command that makes it."""
    name, simulated = corpus.name, corpus.name == SIMULATED
    filmed, conditions = bool(corpus.nights) or not corpus.status.failed.empty, bool(corpus.conditions)
    waits = {
        (f"Nights of the corpus {name}: no video has been filmed", "dvc repro film"): not filmed,
        (f"Times of the corpus {name}: no clock has been read", "dvc repro clock"): filmed and not corpus.clocked,
        (f"Conditions and keograms of the corpus {name}: no sky was computed", "dvc repro sky"): (
            filmed and corpus.clocked and not conditions
        ),
        ("The simulated observatory: no night was simulated", "dvc repro simulate"): simulated and observatory is None,
        ("The contact sheet of the simulated observatory", "dvc repro --force simulate"): (
            observatory is not None and observatory.sheet is None
        ),
        (f"Figure 3 from the corpus {name}: no frame with aurora trains yet", MADE_BY): figure3 is None,
        (f"Training on the corpus {name}, beside Figure 5", TRAIN): trained is None,
        (f"Table 6 and Figures 6 and 7 of the corpus {name}", SOFTMAX): predicted is None,
        (f"Grad-CAM panels of the corpus {name}", GRADCAM): gradcam is None,
    }
    return [part for part, missing in waits.items() if missing]
