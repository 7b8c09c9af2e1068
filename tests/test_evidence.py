"""Evidence of a corpus: only real nights of the thesis' own videos judge a published number, and only as far as they reach."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from repro.evidence import combine, of_corpus
from repro.files import write_json
from repro.params import Params, load_params
from repro.paths import Paths
from repro.record.claim_files import load_claims
from repro.record.claims import Claims
from repro.record.comparator import CONFLICTS, Verdict
from repro.record.judge import Verification, verify
from repro.simulated_mark import simulated_nights
from tests.conftest import ROOT
from tests.support.receipts import predicted_nights, write_nights

EMPTY: dict[str, dict[str, float]] = {"quantities": {}}
PARAMS = load_params(ROOT / "params.yaml")
ALL_NIGHTS = [
    f"{day:%Y%m%d}"
    for first, last in (("2022-12-01", "2023-04-30"), ("2024-02-01", "2024-04-30"), ("2024-12-01", "2025-02-28"))
    for day in pd.date_range(first, last)
]
#: What stages after the sky would measure.
SOFTMAX = {"table3.night.no_moon": 98000, "table6.yes_share_percent": 35.0, "figure6.mean.night.no_moon": 60.0}
ANY_NIGHT = {"TXT.VIDEO_FPS", "TXT.VIDEO_WIDTH_PX", "TXT.VIDEO_HEIGHT_PX", "TXT.CADENCE_S", "TXT.INTERVAL_MIN"}


@pytest.fixture(scope="module")
def claims() -> Claims:
    """Claims that images can judge, without their other rules."""
    registered = [claim for claim in load_claims(ROOT / "expected" / "published") if "corpus" in claim.evidence]
    return Claims([claim.model_copy(update={"evidence": {"corpus": claim.evidence["corpus"]}}) for claim in registered])


def params_of(corpus: str, nights_drawn: str = "unknown") -> Params:
    """The default parameters for a corpus."""
    evidence = PARAMS.evidence.model_copy(update={"nights_drawn": nights_drawn})
    return PARAMS.model_copy(update={"corpus": corpus, "evidence": evidence})


def judged(
    paths: Paths, claims: Claims, nights: Collection[str], corpus: str = "auroramax", **params: str
) -> Verification:
    """Verdicts on a project with receipts of some nights and the documents of later stages."""
    write_nights(paths, corpus, nights)
    return judge(paths, claims, params_of(corpus, **params))


def judge(paths: Paths, claims: Claims, params: Params) -> Verification:
    """Verdicts on a project as it lies there."""
    write_json(paths.stage(params.corpus, "softmax") / "softmax.json", {"quantities": SOFTMAX})
    write_json(paths.stage(params.corpus, "split") / "split.json", {"quantities": {"split.train_yes": 1000}})
    corpus = of_corpus(paths, params, predicted_nights(ALL_NIGHTS), 0.98)
    evidence = combine(
        schedule=EMPTY,
        architecture=EMPTY,
        corpus=params.corpus,
        measured=corpus.quantities or None,
        coverage=corpus.coverage,
    )
    return verify(claims, evidence, detectors=())


def by_corpus(verification: Verification) -> dict[str, Verdict]:
    """Verdicts of the images, by claim."""
    return {verdict.claim: verdict for verdict in verification.verdicts if verdict.evidence == "corpus"}


def compared(verification: Verification) -> set[str]:
    """Claims that the images were compared with."""
    return {name for name, verdict in by_corpus(verification).items() if verdict.compared}


@pytest.mark.parametrize("count", [1, 2, 5, 330])
def test_a_part_decides_only_what_any_night_can(tmp_path: Path, claims: Claims, count: int) -> None:
    """However many nights are missing, claims about all of them wait and say which nights are here."""
    verification = judged(Paths(tmp_path), claims, ALL_NIGHTS[2 : 2 + count] if count < 330 else ALL_NIGHTS[1:])
    decided = compared(verification)
    assert decided >= ANY_NIGHT
    assert all(claims[name].evidence["corpus"].coverage == "any" for name in decided)
    assert not [name for name in decided if by_corpus(verification)[name].outcome in CONFLICTS]
    waiting = by_corpus(verification)["T3.NIGHT.NO_MOON"]
    assert waiting.outcome == "not_run"
    assert f"{count} of 331 nights are here" in waiting.reason
    assert ("20221203" if count < 330 else "missing: 20221201") in waiting.reason
    assert verification.as_dict()["coverage"] == {"nights": count, "expected": 331}


def test_no_verdict_of_a_part_turns_when_nights_are_added(tmp_path: Path, claims: Claims) -> None:
    """What two and five nights decide, all nights decide likewise."""
    outcomes = []
    for number, nights in enumerate((ALL_NIGHTS[:2], ALL_NIGHTS[40:45], ALL_NIGHTS)):
        verification = judged(Paths(tmp_path / str(number)), claims, nights)
        outcomes.append(
            {name: verdict.outcome for name, verdict in by_corpus(verification).items() if verdict.compared}
        )
    for part in outcomes[:2]:
        assert part
        assert part.items() <= outcomes[2].items()


def test_all_nights_decide(tmp_path: Path, claims: Claims) -> None:
    """With every night of the windows the counts are judged, within a tolerance for what is unpublished."""
    verdicts = by_corpus(judged(Paths(tmp_path), claims, [*ALL_NIGHTS, "20251201"]))
    assert verdicts["TXT.NIGHTS"].outcome == "confirmed"
    assert verdicts["WINDOW2.DAYS"].outcome == "confirmed"
    assert verdicts["T3.NIGHT.NO_MOON"].outcome == "consistent"
    assert verdicts["SPLIT.TRAIN_YES"].outcome == "contradicted"
    assert verdicts["T3.ASTRO.NO_MOON"].outcome == "not_run"


def test_a_whole_window_confirms_its_length(tmp_path: Path, claims: Claims) -> None:
    """The nights of the second window are counted although the others are missing, which wait."""
    verdicts = by_corpus(judged(Paths(tmp_path), claims, [night for night in ALL_NIGHTS if night[:4] == "2024"][:90]))
    assert verdicts["WINDOW2.DAYS"].outcome == "confirmed"
    assert verdicts["WINDOW1.DAYS"].outcome == "not_run"
    assert "90 of 331 nights are here" in verdicts["WINDOW1.DAYS"].reason


def test_a_night_of_another_year_is_no_night_of_the_record(tmp_path: Path, claims: Claims) -> None:
    """A night outside the windows moves nothing, alone or beside one of the record."""
    verification = judged(Paths(tmp_path / "a"), claims, ["20211225"])
    assert verification.as_dict()["coverage"] == {"nights": 0, "expected": 331}
    assert not compared(verification)
    both = judged(Paths(tmp_path / "b"), claims, ["20211225", "20221203"])
    assert both.as_dict()["coverage"]["nights"] == 1


@pytest.mark.parametrize("corpus", ["simulated", "kho"])
def test_other_corpora_never_judge(tmp_path: Path, claims: Claims, corpus: str) -> None:
    """A foreign corpus is no evidence, even where its numbers happen to agree."""
    verification = judged(Paths(tmp_path), claims, ALL_NIGHTS[:3], corpus)
    assert not compared(verification)
    assert verification.as_dict()["coverage"]["nights"] == 0


def test_simulated_nights_never_judge(tmp_path: Path, claims: Claims) -> None:
    """Simulated nights under the thesis' own name are no evidence, and do not complete the nights of the record."""
    paths = Paths(tmp_path)
    write_nights(paths, "auroramax", ALL_NIGHTS[:3], simulated=True)
    alone = judge(paths, claims, params_of("auroramax"))
    assert not compared(alone)
    assert "simulated" in by_corpus(alone)["TXT.VIDEO_FPS"].reason
    write_nights(paths, "auroramax", ALL_NIGHTS[3:])
    beside = judge(paths, claims, params_of("auroramax"))
    assert beside.as_dict()["coverage"]["nights"] == 328
    assert by_corpus(beside)["T3.NIGHT.NO_MOON"].outcome == "not_run"


def test_own_videos_that_were_not_run_judge_nothing(tmp_path: Path) -> None:
    """With the right corpus but no results there is nothing to compare."""
    assert of_corpus(Paths(tmp_path), params_of("auroramax"), predicted_nights(ALL_NIGHTS), 0.98).quantities == {}


def with_interval(monkeypatch: pytest.MonkeyPatch, low: float, high: float) -> None:
    """Let the softmax stage have measured an interval over nights."""
    monkeypatch.setitem(SOFTMAX, "interval.table6.yes_share_percent", [low, high])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("count", "drawn", "interval", "outcome"),
    [
        (40, "unknown", (27.0, 31.0), "not_run"),
        (20, "at_random", (27.0, 31.0), "not_run"),
        (40, "at_random", None, "not_run"),
        (40, "at_random", (27.0, 31.0), "consistent"),
        (40, "at_random", (27.0, 28.0), "consistent"),
        (40, "at_random", (20.0, 24.0), "contradicted"),
    ],
)
def test_shares_of_a_part_are_judged_by_an_interval_over_random_nights(
    tmp_path: Path, claims: Claims, monkeypatch: pytest.MonkeyPatch,
    count: int, drawn: str, interval: Any, outcome: str,
) -> None:  # fmt: skip
    """A share ("about 30 %", to 5 points) waits unless enough nights were drawn at random; then their interval decides."""
    if interval is not None:
        with_interval(monkeypatch, *interval)
    verdict = by_corpus(judged(Paths(tmp_path), claims, ALL_NIGHTS[:count], nights_drawn=drawn))["TXT.OCCURRENCE_ABOUT"]
    assert verdict.outcome == outcome
    if outcome != "not_run":
        assert f"{count} of 331 nights" in verdict.reason


def test_a_night_of_unknown_kind_is_no_evidence() -> None:
    """A night whose film summary does not say that it is real counts as simulated."""
    assert simulated_nights({"20221203": {}, "20221204": {"simulated": False}}) == ["20221203"]
