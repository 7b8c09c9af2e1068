"""Evidence of a corpus: only real nights of the thesis' own videos judge a published number, and only as far as they reach."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from repro.evidence import combine, of_corpus, print_record_status, record_status
from repro.files import write_json
from repro.params import Params
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.comparator import CONFLICTS, Verdict
from repro.record.judge import Verification, verify
from repro.simulated_mark import simulated_nights
from tests.support.receipts import predicted_nights, write_nights

EMPTY: dict[str, dict[str, float]] = {"quantities": {}}
ALL_NIGHTS = [
    f"{day:%Y%m%d}"
    for first, last in (("2022-12-01", "2023-04-30"), ("2024-02-01", "2024-04-30"), ("2024-12-01", "2025-02-28"))
    for day in pd.date_range(first, last)
]
Judge = Callable[..., Verification]
#: What stages after the sky would measure.
SOFTMAX = {"table3.night.no_moon": 98000, "table6.yes_share_percent": 35.0, "figure6.mean.night.no_moon": 60.0}
ANY_NIGHT = {"TXT.VIDEO_FPS", "TXT.VIDEO_WIDTH_PX", "TXT.VIDEO_HEIGHT_PX", "TXT.CADENCE_S", "TXT.INTERVAL_MIN"}


@pytest.fixture(scope="module")
def claims(claims: Claims) -> Claims:
    """Claims that images can judge, without their other rules."""
    registered = [claim for claim in claims if "corpus" in claim.evidence]
    return Claims([claim.model_copy(update={"evidence": {"corpus": claim.evidence["corpus"]}}) for claim in registered])


@pytest.fixture
def judged(claims: Claims, params: Params) -> Judge:
    """Verdicts on a project to which receipts of some nights, and the documents of later stages, are added."""

    def judge(
        folder: Path, nights: Collection[str], corpus: str = "auroramax", drawn: str = "unknown", **kind: bool
    ) -> Verification:
        paths = Paths(folder)
        write_nights(paths, corpus, nights, **kind)
        write_json(paths.stage(corpus, "softmax") / "softmax.json", {"quantities": SOFTMAX})
        write_json(paths.stage(corpus, "split") / "split.json", {"quantities": {"split.train_yes": 1000}})
        chosen = params.evidence.model_copy(update={"nights_drawn": drawn})
        changed = params.model_copy(update={"corpus": corpus, "evidence": chosen})
        images = of_corpus(paths, changed, predicted_nights(ALL_NIGHTS), 0.98)
        evidence = combine(schedule=EMPTY, architecture=EMPTY, corpus=corpus, images=images)
        return verify(claims, evidence, detectors=())

    return judge


def by_corpus(verification: Verification) -> dict[str, Verdict]:
    """Verdicts of the images, by claim."""
    return {verdict.claim: verdict for verdict in verification.verdicts if verdict.evidence == "corpus"}


def compared(verification: Verification) -> set[str]:
    """Claims that the images were compared with."""
    return {name for name, verdict in by_corpus(verification).items() if verdict.compared}


@pytest.mark.parametrize("count", [1, 2, 5, 330])
def test_a_part_decides_only_what_any_night_can(judged: Judge, tmp_path: Path, claims: Claims, count: int) -> None:
    """However many nights are missing, claims about all of them wait and say which nights are here."""
    verification = judged(tmp_path, ALL_NIGHTS[2 : 2 + count] if count < 330 else ALL_NIGHTS[1:])
    decided = compared(verification)
    assert decided >= ANY_NIGHT
    assert all(claims[name].evidence["corpus"].coverage == "any" for name in decided)
    assert not [name for name in decided if by_corpus(verification)[name].outcome in CONFLICTS]
    waiting = by_corpus(verification)["T3.NIGHT.NO_MOON"]
    assert waiting.outcome == "not_run"
    assert f"{count} of 331 nights are here" in waiting.reason
    assert ("20221203" if count < 330 else "missing: 20221201") in waiting.reason
    assert verification.as_dict()["coverage"] == {"nights": count, "expected": 331}


def test_no_verdict_of_a_part_turns_when_nights_are_added(judged: Judge, tmp_path: Path) -> None:
    """What two and five nights decide, all nights decide likewise."""
    outcomes = []
    for number, nights in enumerate((ALL_NIGHTS[:2], ALL_NIGHTS[40:45], ALL_NIGHTS)):
        verification = judged(tmp_path / str(number), nights)
        outcomes.append(
            {name: verdict.outcome for name, verdict in by_corpus(verification).items() if verdict.compared}
        )
    for part in outcomes[:2]:
        assert part
        assert part.items() <= outcomes[2].items()


def test_all_nights_decide(judged: Judge, tmp_path: Path) -> None:
    """With every night of the windows the counts are judged, within a tolerance for what is unpublished."""
    verdicts = by_corpus(judged(tmp_path, [*ALL_NIGHTS, "20251201"]))
    assert verdicts["TXT.NIGHTS"].outcome == "confirmed"
    assert verdicts["WINDOW2.DAYS"].outcome == "confirmed"
    assert verdicts["T3.NIGHT.NO_MOON"].outcome == "consistent"
    assert verdicts["SPLIT.TRAIN_YES"].outcome == "contradicted"
    assert verdicts["T3.ASTRO.NO_MOON"].outcome == "not_run"


def test_a_whole_window_confirms_its_length(judged: Judge, tmp_path: Path) -> None:
    """The nights of the second window are counted although the others are missing, which wait."""
    verdicts = by_corpus(judged(tmp_path, [night for night in ALL_NIGHTS if night[:4] == "2024"][:90]))
    assert verdicts["WINDOW2.DAYS"].outcome == "confirmed"
    assert verdicts["WINDOW1.DAYS"].outcome == "not_run"
    assert "90 of 331 nights are here" in verdicts["WINDOW1.DAYS"].reason


def test_a_night_of_another_year_is_no_night_of_the_record(judged: Judge, tmp_path: Path) -> None:
    """A night outside the windows moves nothing, alone or beside one of the record."""
    verification = judged(tmp_path / "a", ["20211225"])
    assert verification.as_dict()["coverage"] == {"nights": 0, "expected": 331}
    assert not compared(verification)
    both = judged(tmp_path / "b", ["20211225", "20221203"])
    assert both.as_dict()["coverage"]["nights"] == 1


@pytest.mark.parametrize("corpus", ["simulated", "kho"])
def test_other_corpora_never_judge(judged: Judge, tmp_path: Path, corpus: str) -> None:
    """A foreign corpus is no evidence, even where its numbers happen to agree."""
    verification = judged(tmp_path, ALL_NIGHTS[:3], corpus)
    assert not compared(verification)
    assert verification.as_dict()["coverage"]["nights"] == 0


def test_simulated_nights_never_judge(judged: Judge, tmp_path: Path) -> None:
    """Simulated nights under the thesis' own name are no evidence, and do not complete the nights of the record."""
    alone = judged(tmp_path, ALL_NIGHTS[:3], simulated=True)
    assert not compared(alone)
    assert "simulated" in by_corpus(alone)["TXT.VIDEO_FPS"].reason
    beside = judged(tmp_path, ALL_NIGHTS[3:])
    assert beside.as_dict()["coverage"]["nights"] == 328
    assert by_corpus(beside)["T3.NIGHT.NO_MOON"].outcome == "not_run"


def test_own_videos_that_were_not_run_judge_nothing(tmp_path: Path, params: Params) -> None:
    """With the right corpus but no results there is nothing to compare."""
    own = params.model_copy(update={"corpus": "auroramax"})
    assert of_corpus(Paths(tmp_path), own, predicted_nights(ALL_NIGHTS), 0.98).quantities == {}


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
    judged: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, drawn: str, interval: Any, outcome: str
) -> None:  # fmt: skip
    """A share ("about 30 %", to 5 points) waits unless enough nights were drawn at random; then their interval decides."""
    if interval is not None:
        monkeypatch.setitem(SOFTMAX, "interval.table6.yes_share_percent", list(interval))  # type: ignore[arg-type]
    verdict = by_corpus(judged(tmp_path, ALL_NIGHTS[:count], drawn=drawn))["TXT.OCCURRENCE_ABOUT"]
    assert verdict.outcome == outcome
    if outcome != "not_run":
        assert f"{count} of 331 nights" in verdict.reason


def test_a_night_of_unknown_kind_is_no_evidence() -> None:
    """A night whose film summary does not say that it is real counts as simulated."""
    assert simulated_nights({"20221203": {}, "20221204": {"simulated": False}}) == ["20221203"]


def test_nights_and_waiting_claims_are_listed(
    tmp_path: Path, params: Params, claims: Claims, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two nights leave the counts waiting for 329 more, shares for nights drawn at random, and settings for none."""
    paths = Paths(tmp_path)
    write_nights(paths, "auroramax", ["20221203", "20221210", "20260101"])
    write_nights(paths, "auroramax", ["20240201"], simulated=True)
    status = record_status(paths, params, claims, "auroramax")
    assert status.coverage.present == ("20221203", "20221210")
    waiting = {name for ids in status.waiting.values() for name in ids}
    assert {"TXT.FRAMES", "T3.NIGHT.NO_MOON", "TXT.OCCURRENCE_ABOUT", "T2.EMPTY.CIVIL"} <= waiting
    assert "TXT.VIDEO_FPS" not in waiting
    print_record_status(status)
    printed = capsys.readouterr().out
    assert "2 of 331 are here as evidence" in printed
    assert "here: 20221203, 20221210" in printed
    assert "missing: 20221201 to 20221202, 20221204 to 20221209, 20221211 to 20230430" in printed
    assert "simulated, never evidence: 20240201" in printed
    assert "outside the record's windows: 20260101" in printed
    assert "claims wait for all nights, 329 of which are missing" in printed


def test_windows_wait_for_their_own_nights(tmp_path: Path, params: Params, claims: Claims) -> None:
    """The length of a window waits for its nights, not for one night."""
    paths = Paths(tmp_path)
    write_nights(paths, "auroramax", ["20221203"])
    waiting = record_status(paths, params, claims, "auroramax").waiting
    assert ("WINDOW1.DAYS", "WINDOW2.DAYS", "WINDOW3.DAYS") in waiting.values()


def test_another_corpus_is_no_evidence(tmp_path: Path, params: Params, claims: Claims) -> None:
    """Nights of another camera do not count as nights of the record, whatever their dates."""
    paths = Paths(tmp_path)
    write_nights(paths, "kho", ["20221203"])
    status = record_status(paths, params, claims, "kho")
    assert status.coverage.present == ()
    assert any("at least one night" in reason for reason in status.waiting)
