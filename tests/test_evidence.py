"""Evidence of a corpus: only real nights of the thesis' own videos judge a published number, and only as far as they reach."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from repro.evidence import combine, of_corpus, print_record_status, record_status
from repro.files import write_json
from repro.observed import LEAST_NIGHTS, against_schedule, listed, part_quantities, quantities
from repro.params import Params, Schedule
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.comparator import CONFLICTS, Verdict
from repro.record.judge import verify
from tests.support.receipts import FRAMES, MINUTES, conditions, predicted_nights, write_nights

EMPTY: dict[str, dict[str, float]] = {"quantities": {}}
WINDOWS = [
    [f"{day:%Y%m%d}" for day in pd.date_range(first, last)]
    for first, last in (("2022-12-01", "2023-04-30"), ("2024-02-01", "2024-04-30"), ("2024-12-01", "2025-02-28"))
]
ALL_NIGHTS = [night for window in WINDOWS for night in window]
Judge = Callable[..., tuple[dict[str, Verdict], int]]
#: What stages after the sky would measure.
SOFTMAX = {"table3.night.no_moon": 98000, "table6.yes_share_percent": 35.0, "figure6.mean.night.no_moon": 60.0}
ANY_NIGHT = {"TXT.VIDEO_FPS", "TXT.VIDEO_WIDTH_PX", "TXT.VIDEO_HEIGHT_PX", "TXT.CADENCE_S", "TXT.INTERVAL_MIN"}


@pytest.fixture(scope="module")
def claims(claims: Claims) -> Claims:
    """Claims that images can judge, without their other rules."""
    registered = [claim for claim in claims if "corpus" in claim.evidence]
    return Claims([claim.model_copy(update={"evidence": {"corpus": claim.evidence["corpus"]}}) for claim in registered])


@pytest.fixture(scope="module")
def judged(claims: Claims, params: Params) -> Judge:
    """Verdicts on a project to which receipts of some nights, and the documents of later stages, are added."""

    def judge(
        folder: Path, nights: Collection[str], corpus: str = "auroramax", drawn: str = "unknown", **kind: bool
    ) -> tuple[dict[str, Verdict], int]:
        paths = Paths(folder)
        write_nights(paths, corpus, nights, **kind)
        write_json(paths.stage(corpus, "softmax") / "softmax.json", {"quantities": SOFTMAX})
        write_json(paths.stage(corpus, "split") / "split.json", {"quantities": {"split.train_yes": 1000}})
        chosen = params.evidence.model_copy(update={"nights_drawn": drawn})
        changed = params.model_copy(update={"corpus": corpus, "evidence": chosen})
        images = of_corpus(paths, changed, predicted_nights(ALL_NIGHTS), 0.98)
        evidence = combine(schedule=EMPTY, architecture=EMPTY, corpus=corpus, images=images)
        verification = verify(claims, evidence, detectors=())
        coverage = verification.as_dict()["coverage"]
        assert coverage["expected"] == 331
        verdicts = {verdict.claim: verdict for verdict in verification.verdicts if verdict.evidence == "corpus"}
        return verdicts, coverage["nights"]

    return judge


@pytest.fixture(scope="module")
def every(judged: Judge, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Verdicts on all nights of the record and a later one."""
    return judged(tmp_path_factory.mktemp("every"), [*ALL_NIGHTS, "20251201"])[0]


def decided(verdicts: dict[str, Verdict]) -> dict[str, str]:
    """Outcomes of the claims that the images were compared with."""
    return {name: verdict.outcome for name, verdict in verdicts.items() if verdict.compared}


@pytest.mark.parametrize("count", [1, 2, 5, 330])
def test_a_part_decides_only_what_any_night_can(judged: Judge, tmp_path: Path, claims: Claims, count: int) -> None:
    """However many nights are missing, claims about all of them wait and say which nights are here."""
    verdicts, here = judged(tmp_path, ALL_NIGHTS[2 : 2 + count] if count < 330 else ALL_NIGHTS[1:])
    assert here == count
    assert decided(verdicts).keys() >= ANY_NIGHT
    assert all(claims[name].evidence["corpus"].coverage == "any" for name in decided(verdicts))
    assert not set(CONFLICTS) & set(decided(verdicts).values())
    waiting = verdicts["T3.NIGHT.NO_MOON"]
    assert waiting.outcome == "not_run"
    assert f"{count} of 331 nights are here" in waiting.reason
    assert ("here: 20221203" if count < 330 else "missing: 20221201") in waiting.reason


def test_no_verdict_of_a_part_turns_when_nights_are_added(
    judged: Judge, every: dict[str, Verdict], tmp_path: Path
) -> None:
    """What two and five nights decide, all nights decide likewise."""
    for nights in (ALL_NIGHTS[:2], ALL_NIGHTS[40:45]):
        part = decided(judged(tmp_path / nights[0], nights)[0])
        assert part
        assert part.items() <= decided(every).items()


def test_all_nights_decide(every: dict[str, Verdict]) -> None:
    """With every night of the windows the counts are judged, within a tolerance for what is unpublished."""
    assert every["TXT.NIGHTS"].outcome == "confirmed"
    assert every["WINDOW2.DAYS"].outcome == "confirmed"
    assert every["T3.NIGHT.NO_MOON"].outcome == "consistent"
    assert every["SPLIT.TRAIN_YES"].outcome == "contradicted"
    assert every["T3.ASTRO.NO_MOON"].outcome == "not_run"


def test_a_whole_window_confirms_its_length(judged: Judge, tmp_path: Path) -> None:
    """The nights of the second window are counted, with a later one; a window without nights and a part of one wait."""
    verdicts, _ = judged(tmp_path, [*WINDOWS[1], "20240501", *WINDOWS[2][:31]])
    assert [verdicts[f"WINDOW{number}.DAYS"].outcome for number in (1, 2, 3)] == ["not_run", "confirmed", "not_run"]
    assert "121 of 331 nights are here" in verdicts["WINDOW1.DAYS"].reason


def test_a_night_of_another_year_is_no_night_of_the_record(judged: Judge, tmp_path: Path) -> None:
    """A night outside the windows moves nothing, alone or beside one of the record."""
    verdicts, here = judged(tmp_path / "a", ["20211225"])
    assert (decided(verdicts), here) == ({}, 0)
    assert judged(tmp_path / "b", ["20211225", "20221203"])[1] == 1


@pytest.mark.parametrize("corpus", ["simulated", "kho"])
def test_other_corpora_never_judge(judged: Judge, tmp_path: Path, corpus: str, params: Params, claims: Claims) -> None:
    """A foreign corpus is no evidence, even where its numbers and dates happen to agree; all claims wait for a night."""
    verdicts, here = judged(tmp_path, ALL_NIGHTS[:3], corpus)
    assert (decided(verdicts), here) == ({}, 0)
    assert any(
        "at least one night" in reason for reason in record_status(Paths(tmp_path), params, claims, corpus).waiting
    )


def test_simulated_nights_never_judge(judged: Judge, tmp_path: Path) -> None:
    """Simulated nights under the thesis' own name are no evidence, and do not complete a window of the record."""
    alone, _ = judged(tmp_path, WINDOWS[1][:3], simulated=True)
    assert not decided(alone)
    assert "simulated" in alone["TXT.VIDEO_FPS"].reason
    beside, here = judged(tmp_path, WINDOWS[1][3:])
    assert here == 87
    assert beside["WINDOW2.DAYS"].outcome == "not_run"


def test_own_videos_that_were_not_run_judge_nothing(tmp_path: Path, params: Params) -> None:
    """With the right corpus but no results there is nothing to compare."""
    own = params.model_copy(update={"corpus": "auroramax"})
    assert of_corpus(Paths(tmp_path), own, predicted_nights(ALL_NIGHTS), 0.98).quantities == {}


@pytest.mark.parametrize(
    ("count", "drawn", "interval", "outcome", "says"),
    [
        (LEAST_NIGHTS, "unknown", (27.0, 31.0), "not_run", "nights_drawn"),
        (LEAST_NIGHTS - 1, "at_random", (27.0, 31.0), "not_run", f"needs at least {LEAST_NIGHTS}"),
        (LEAST_NIGHTS, "at_random", None, "not_run", ""),
        (LEAST_NIGHTS, "at_random", (27.0, 31.0), "consistent", f"{LEAST_NIGHTS} of 331 nights"),
        (40, "at_random", (27.0, 28.0), "consistent", "40 of 331 nights"),
        (40, "at_random", (20.0, 24.0), "contradicted", "40 of 331 nights"),
    ],
)
def test_shares_of_a_part_are_judged_by_an_interval_over_random_nights(
    judged: Judge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, drawn: str, interval: Any, outcome: str, says: str
) -> None:  # fmt: skip
    """A share ("about 30 %", to 5 points) waits unless enough nights were drawn at random; then their interval decides."""
    if interval is not None:
        monkeypatch.setitem(SOFTMAX, "interval.table6.yes_share_percent", list(interval))  # type: ignore[arg-type]
    verdict = judged(tmp_path, ALL_NIGHTS[:count], drawn=drawn)[0]["TXT.OCCURRENCE_ABOUT"]
    assert verdict.outcome == outcome
    assert says in verdict.reason


def test_nights_and_waiting_claims_are_listed(
    tmp_path: Path, params: Params, claims: Claims, capsys: pytest.CaptureFixture[str]
) -> None:
    """Finished real nights are here; counts wait for 329 more, windows and shares for their own, and settings for none."""
    paths = Paths(tmp_path)
    write_nights(paths, "auroramax", ["20221203", "20221205", "20221210", "20260101"])
    write_nights(paths, "auroramax", ["20240201"], simulated=True)
    (paths.stage("auroramax", "clock") / "receipts" / "20221205.json").unlink()
    status = record_status(paths, params, claims, "auroramax")
    waiting = {name for ids in status.waiting.values() for name in ids}
    assert {"TXT.FRAMES", "T3.NIGHT.NO_MOON", "TXT.OCCURRENCE_ABOUT", "T2.EMPTY.CIVIL"} <= waiting
    assert "TXT.VIDEO_FPS" not in waiting
    assert ("WINDOW1.DAYS", "WINDOW2.DAYS", "WINDOW3.DAYS") in status.waiting.values()
    print_record_status(status)
    printed = capsys.readouterr().out
    assert "2 of 331 are here as evidence" in printed
    assert "here: 20221203, 20221210" in printed
    assert "missing: 20221201 to 20221202, 20221204 to 20221209, 20221211 to 20230430" in printed
    assert "simulated, never evidence: 20240201" in printed
    assert "outside the record's windows: 20260101" in printed
    assert "claims wait for all nights, 329 of which are missing" in printed


#: Summaries of a night: of its video, and of its sky.
VIDEO = {"fps": 25.0, "step": 10, "width_px": 1280, "height_px": 720, "sampled": 600}
CELLS = [["No_moon", "Night", 590], ["No_moon", "Civil", 7], ["Moon_Full", "Civil", 2]]
NIGHTS = ("20221201", "20230430", "20250228", "20250301")


def measured(schedule: Schedule, simulated: Sequence[str] = ()) -> dict[str, float]:
    """Quantities of two nights of the first window, one of the third, and one after the record."""
    film, clock, sky = (dict.fromkeys(NIGHTS, summary) for summary in (VIDEO, {"step_s": 60.0}, {"conditions": CELLS}))
    return quantities(film, clock, sky, schedule, simulated)


def test_real_nights_of_the_record_count(params: Params) -> None:
    """Nights, frames and bins are counted over the record's windows, both ends included; no night gives no number, not zero."""
    found = measured(params.schedule)
    assert (found["nights"], found["frames"]) == (3, 1800)
    assert (found["table2.civil"], found["table2.daytime"]) == (27, 0)
    assert (found["frames.interval_min"], found["video.cadence_s"]) == (
        1,
        6,
    )  # by the clock; every tenth frame is sampled
    assert measured(params.schedule, NIGHTS[:1])["nights"] == 2
    assert measured(params.schedule, NIGHTS) == {}


def test_every_quantity_is_asked_for_by_a_claim(params: Params, claims: Claims) -> None:
    """No quantity is measured under a name that no claim knows."""
    assert set(measured(params.schedule)) <= {claim.evidence["corpus"].measure for claim in claims}


@pytest.mark.parametrize(
    ("nights", "text"),
    [
        (["20221203"], "20221203"),
        (["20221231", "20230101", "20230103"], "20221231 to 20230101, 20230103"),
        ([f"202212{day:02}" for day in range(1, 20, 2)], "20221201, 20221203, 20221205, 20221207, 20221209, 20221211 and 4 more"),
    ],
)  # fmt: skip
def test_nights_are_listed_as_spans(nights: list[str], text: str) -> None:
    """Consecutive nights are one span, over the end of a year too, and a long list is cut."""
    assert listed(nights) == text


def test_nights_are_compared_with_their_schedule() -> None:
    """A night that loses much and one with more frames than minutes are outside; a usual night is not."""
    counts = (FRAMES, {**FRAMES, "night.no_moon": 90}, {**FRAMES, "nautical.no_moon": 25})
    sky = {f"2022120{day}": {"conditions": conditions(frames)} for day, frames in enumerate(counts, 3)}
    nights = against_schedule(sky, predicted_nights(sky), sky, 0.98)
    outside = ["", "310 of 530 frames missing", "25 frames of nautical.no_moon in 10 minutes"]
    assert nights["outside"].tolist() == outside
    assert nights["predicted"].tolist() == pytest.approx([0.98 * sum(MINUTES.values())] * 3)
    part = part_quantities(nights)
    assert (part["part.nights"], part["part.outside"]) == (3, 2)
    assert part["part.outside_nights"] == "20221204 to 20221205"
    assert part["part.frames"] == sum(nights["frames"])


def test_a_part_is_judged_as_a_whole() -> None:
    """Deviations of the nights add up and their scatter by squares, so a small lack in each of many nights is seen."""
    names = [f"202212{day:02}" for day in range(1, 31)]
    usual = {**FRAMES, "night.no_moon": 392, "astro.no_moon": 88}
    lacking = {**FRAMES, "night.no_moon": 370}
    z = []
    for frames in (usual, lacking):
        sky = {night: {"conditions": conditions(frames)} for night in names}
        part = part_quantities(against_schedule(sky, predicted_nights(names), names, 0.98))
        z.append(part["part.largest_z"])
        assert part["part.outside"] == 0
    assert abs(z[0]) < 3 < abs(z[1])
    assert part["part.largest_z_at"] == "night.no_moon"
