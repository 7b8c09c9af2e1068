"""Summary for the first page: comparisons by outcome, headlines, and comparisons that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from repro.record.claims import EVIDENCE, Claim, EvidenceKind, Outcome
from repro.record.comparator import CONFLICTS, NOT_COMPARED, Verdict
from repro.record.judge import OUTCOMES, Headline
from repro.reporting.verdicts import Results
from repro.reporting.wording import EVIDENCE_WORDS, count


@dataclass(frozen=True)
class EvidenceLine:
    """One kind of evidence: how many comparisons by outcome, and a sentence."""

    evidence: EvidenceKind
    outcomes: dict[Outcome, int]
    sentence: str

    @property
    def total(self) -> int:
        """All comparisons this evidence declares."""
        return sum(self.outcomes.values())


@dataclass(frozen=True)
class Summary:
    """Counts for the head of the report.

    ``decided`` claims are those that at least one comparison was made for; ``by_grade`` counts an equation once; ``waiting`` has
    the reasons for comparisons that were not made, the most frequent first; ``drifted`` those whose outcome differs from the
    declared one, or that could not be made though declared; ``against`` those that contradict the record or show that it
    contradicts itself; ``nights`` are of the thesis' own videos.
    """

    claims: int
    decided: int
    outcomes: dict[Outcome, int]
    lines: tuple[EvidenceLine, ...]
    waiting: tuple[tuple[str, int], ...]
    drifted: tuple[tuple[Claim, Verdict], ...]
    headlines: tuple[Headline, ...]
    by_grade: Mapping[str, Mapping[str, int]]
    against: tuple[tuple[Claim, Verdict], ...]
    nights: int
    expected_nights: int

    def graded(self, grades: str, *outcomes: Outcome) -> int:
        """Comparisons of some grades with some outcomes; an equation counts once."""
        return sum(self.by_grade[grade][outcome] for grade in grades for outcome in outcomes)

    @property
    def made(self) -> int:
        """Comparisons that were made."""
        return sum(self.outcomes[outcome] for outcome in OUTCOMES[:4])

    @property
    def _of_images(self) -> dict[Outcome, int]:
        return next(line.outcomes for line in self.lines if line.evidence == "corpus")

    @property
    def without_videos(self) -> bool:
        """Whether nothing was compared with the thesis' own videos."""
        return not any(self._of_images[outcome] for outcome in OUTCOMES[:4])

    @property
    def awaiting_corpus(self) -> int:
        """Comparisons that wait for images: the thesis' videos and labels, or those of the other records."""
        return self._of_images["not_run"]

    @property
    def agreeing(self) -> int:
        """Comparisons that agree with the record."""
        return self.outcomes["confirmed"] + self.outcomes["consistent"]


def summarise(results: Results) -> Summary:
    """Count the verdicts of a report."""
    verdicts = list(results.verdicts)
    by_evidence = {name: Counter(v.outcome for _, v in verdicts if v.evidence == name) for name in EVIDENCE}
    waiting = Counter(verdict.reason for _, verdict in verdicts if not verdict.compared)
    total = Counter(verdict.outcome for _, verdict in verdicts)
    return Summary(
        claims=len(results.judged),
        decided=sum(item.decided for item in results.judged.values()),
        outcomes={outcome: total[outcome] for outcome in OUTCOMES},
        lines=tuple(
            EvidenceLine(name, {outcome: counts[outcome] for outcome in OUTCOMES}, _sentence(name, counts))
            for name, counts in by_evidence.items()
        ),
        waiting=tuple(waiting.most_common()),
        drifted=tuple((claim, verdict) for claim, verdict in verdicts if verdict.drifted or verdict.uncompared),
        headlines=tuple(results.verification.headlines()),
        by_grade=results.verification.by_grade,
        against=tuple((claim, verdict) for claim, verdict in verdicts if verdict.outcome in CONFLICTS),
        nights=results.verification.nights,
        expected_nights=results.verification.expected_nights,
    )


def _sentence(evidence: EvidenceKind, counts: Counter[Outcome]) -> str:
    """One sentence about the comparisons of one kind of evidence."""
    _, what, limit = EVIDENCE_WORDS[evidence]
    what = what[0].upper() + what[1:]
    total, unmade = sum(counts.values()), counts["not_run"] + counts["error"]
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
