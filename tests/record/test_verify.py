"""The visit of all claims, and the command that prints it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from repro.paths import Paths
from repro.record.claims import Claims, search, starting_with
from repro.record.judge import OUTCOMES, Evidence, Verification, verify
from repro.record.verdict_formats import as_markdown, print_claims, print_overview
from tests.record.test_claims import verification as of_the_record
from tests.support.chain import Chain
from tests.support.claims import REASON, made_up
from tests.support.processes import LIMIT_S


def judged(measured: dict[str, float], missing: str = "", **rules: dict[str, Any]) -> Verification:
    """Verdict on a made-up claim of value 1 by rules of these kinds, and by what the sky gives."""
    return verify(
        Claims([made_up(value=1, **rules)]), Evidence({"ephemeris": measured}, {"ephemeris": missing}), detectors=()
    )


@pytest.mark.parametrize(
    ("measured", "declared", "code"),
    [
        ({"m": 1}, "confirmed", 0),
        ({"m": 2}, "contradicted", 0),
        ({"m": 2}, "confirmed", 1),
        ({}, "confirmed", 2),
        ({}, "not_run", 0),
        ({"m": float("nan")}, "confirmed", 2),
    ],
)
def test_exit_code(measured: dict[str, float], declared: str, code: int) -> None:
    """0: as declared; 1: some verdict drifted; 2: something could not be compared."""
    assert judged(measured, ephemeris={"expect": declared}).exit_code == code


def test_a_missing_quantity_has_its_reason() -> None:
    """A comparison that could not be made says what is missing."""
    (verdict,) = judged({}, "the sky fell", ephemeris={}).verdicts
    assert (verdict.outcome, verdict.reason) == ("not_run", "the sky fell")


def test_formula_that_breaks_is_an_error() -> None:
    """A formula that names no claim is an error, not a pass and not a crash."""
    verification = judged({}, arithmetic={"formula": "X.MISSING + 1"})
    assert verification.verdicts[0].outcome == "error"
    assert verification.exit_code == 2


def repro(*arguments: str, project: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line on a project."""
    return subprocess.run(
        [sys.executable, "-m", "repro", *arguments], cwd=project, capture_output=True, text=True, timeout=LIMIT_S
    )


@pytest.fixture(scope="module")
def verification() -> Verification:
    """Verdicts on the record as it stands."""
    return of_the_record()


@pytest.fixture(scope="module")
def printed(recorded: Chain) -> dict[str, Any]:
    """What ``repro verify --format json`` prints where the pipeline ran; without its results the public example runs it."""
    run = repro("verify", "--format", "json", project=recorded.project.root)
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert isinstance(document, dict)
    return document


def test_json_has_the_contract_keys(printed: dict[str, Any]) -> None:
    """The JSON document has the keys that users rely on."""
    assert list(printed) == ["claims", "findings", "summary", "by_grade", "coverage"]
    assert set(printed["summary"]) == set(OUTCOMES)
    assert set(printed["by_grade"]) == set("RCBWPD")
    assert set(printed["coverage"]) == {"nights", "expected"}
    for claim in printed["claims"]:
        assert {"id", "published", "unit", "headline", "source", "verdicts"} <= set(claim)
        for verdict in claim["verdicts"]:
            assert {"evidence", "grade", "outcome", "measured", "tolerance", "catches", "reason"} <= set(verdict)
    for finding in printed["findings"]:
        assert {"id", "title", "claims", "explanation"} <= set(finding)


def test_no_repetition_counts_as_a_confirmation(printed: dict[str, Any]) -> None:
    """Grade R has repetitions and conflicts only, and closures are counted once an equation."""
    assert printed["by_grade"]["R"]["confirmed"] == printed["by_grade"]["R"]["consistent"] == 0
    closures = [
        verdict
        for claim in printed["claims"]
        for verdict in claim["verdicts"]
        if verdict["grade"] == "C" and verdict["outcome"] == "confirmed" and verdict["evidence"] == "arithmetic"
    ]
    equations = {tuple(verdict["equation"]) for verdict in closures}
    assert printed["by_grade"]["C"]["confirmed"] >= len(equations)
    assert len(equations) < len(closures)


@pytest.mark.parametrize(
    ("query", "names", "value"),
    [
        ("95.59", {"TXT.ACCURACY_BEST"}, 95.59),
        ("98,126", {"T3.NIGHT.NO_MOON"}, 98126),
        ("79.6 %", {"TXT.SHARE_NIGHT"}, 79.6),
        ("Moon_Full", {"T3.NIGHT.MOON_FULL", "TXT.MOON.MOON_FULL"}, None),
    ],
)
def test_claims_are_found_by_number_and_word(claims: Claims, query: str, names: set[str], value: float | None) -> None:
    """A number as printed or a word finds its claims; a number not also others."""
    found = search(claims, query)
    assert names <= {claim.id for claim in found}
    assert value is None or {claim.value for claim in found} == {value}


def test_claims_are_found_by_the_beginning_of_an_id(claims: Claims) -> None:
    """The beginning of an id in any case finds the claims that have it, in their order; other words find none."""
    found = ["T3.NIGHT.NO_MOON", "T3.NIGHT.MOON_QUARTER", "T3.NIGHT.MOON_FULL"]
    assert [claim.id for claim in search(claims, "t3.night")] == found
    assert not len(search(claims, "no such words"))


def test_only_restricts_claims(claims: Claims) -> None:
    """``--only t3.`` chooses the claims of Table 3 and no others, in any case."""
    names = [claim.id for claim in starting_with(claims, "t3.")]
    assert len(names) >= 9
    assert all(name.startswith("T3.") for name in names)


def test_what_fits_no_claim_is_refused(project: Paths) -> None:
    """A query that no claim fits is an error with a remedy, not an empty success."""
    run = repro("verify", "NOTHING.AT.ALL", project=project.root)
    assert run.returncode == 2
    assert "repro verify --format markdown" in run.stderr
    assert "Traceback" not in run.stderr


def test_malformed_claim_file_exits_with_2(project: Paths, tmp_path: Path) -> None:
    """A malformed claim file names file, id, field and remedy, without a traceback."""
    shutil.copy(project.params, tmp_path)
    folder = tmp_path / "expected" / "published"
    folder.mkdir(parents=True)
    (folder / "bad.yaml").write_text(
        "- claims:\n    - {id: X.BAD, value: 1, kind: guess, source: {document: thesis, section: '1', quote: word},\n"
        "       evidence: {arithmetic: {rule: exact, formula: '1', reason: made up for this test}}}\n"
    )
    run = repro("verify", project=tmp_path)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    for word in ("bad.yaml", "X.BAD", "kind", "to do:"):
        assert word in run.stderr


def test_outside_a_project_the_error_says_what_to_do(tmp_path: Path) -> None:
    """Run in an empty folder, the command says what it looked for and what to do."""
    run = repro("verify", project=tmp_path)
    assert run.returncode == 2
    assert "--project" in run.stderr


def test_markdown_lists_every_claim(verification: Verification) -> None:
    """The Markdown table names every claim."""
    text = as_markdown(verification)
    assert [claim.id for claim in verification.claims if claim.id not in text] == []


def test_overview_lists_what_is_against_the_record_and_ends_with_the_drift(
    verification: Verification, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plain command lists the conflicts together, then counts, and its last line says how many verdicts drifted."""
    print_overview(verification)
    text = capsys.readouterr().out
    assert (
        text.index("Against the record")
        < text.index("Findings, most important first")
        < text.index("Comparisons by outcome")
    )
    assert "SPLIT.TRAIN_SHARE_YES" in text
    assert text.splitlines()[-1].startswith(
        f"{len(verification.drifted)} of {len(verification.verdicts)} verdicts drifted"
    )


def test_headlines_come_first_with_their_strongest_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    """Headlines are printed in their order; a conflict is named before agreement, a strong grade before a weak one."""
    headlined = [
        made_up("X.A0", 1, headline=2, sentence="Sentence 2.", arithmetic={"formula": "X.A1 + 1 - 1"}, ephemeris={}),
        made_up("X.A1", 1, headline=1, sentence="Sentence 1.", ephemeris={}),
        made_up("X.A2", 1, headline=3, sentence="Sentence 3.", ephemeris={"measure": "other"}),
    ]
    evidence = Evidence({"ephemeris": {"m": 1, "other": 2}}, {})
    print_overview(verify(Claims(headlined), evidence, detectors=()))
    lines = [line for line in capsys.readouterr().out.splitlines() if "Sentence" in line]
    assert [line.split(".")[0].strip() for line in lines] == ["1", "2", "3"]
    assert "confirmed (P predicted from outside)" in lines[1]
    assert "closure" not in lines[1]
    assert "contradicted" in lines[2]


def test_a_claim_is_printed_with_everything_a_reader_asks(capsys: pytest.CaptureFixture[str]) -> None:
    """Quotation, gloss, value, grade, tolerance, reason and caught values stand under the claim; a bound reads as a bound."""
    bound, near = {"rule": "at_most", "tolerance": 0.1}, {"rule": "absolute", "tolerance": 2}
    source = {"section": "II", "place": "Table 9", "quote": "인용문", "gloss": "a quotation"}
    claim = made_up("X.A", 40.5, kind="share", decimals=1, unit="%", ephemeris=bound, protocol=near, **source)
    verification = verify(Claims([claim]), Evidence({"ephemeris": {"m": 39.44}}, {}), detectors=())
    print_claims(verification, {"X.A": ("expected/published/a.yaml", 7)})
    text = capsys.readouterr().out
    for part in ("X.A", "40.5 %", "Table 9", "인용문", "(a quotation)", "a.yaml, line 7", ">= 39.34", "B bound", "excludes 39 %", REASON,
                 "not excluded", "would have caught: 39.3 or less", "within 2 points"):  # fmt: skip
        assert part in text, part
