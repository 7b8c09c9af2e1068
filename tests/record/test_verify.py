"""The visit of all claims, and the command that prints it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from repro.paths import Paths
from repro.record.claims import Claims, search, starting_with
from repro.record.judge import OUTCOMES, Evidence, Verification, verify
from repro.record.verdict_formats import as_markdown, print_claims, print_overview
from tests.record.test_claims import CLAIMS, verification
from tests.support.chain import Chain
from tests.support.claims import REASON, made_up
from tests.support.project import call, output, write_params

VERIFY = ("python", "-m", "repro", "verify")


def judged(measured: dict[str, float], **rules: dict[str, Any]) -> Verification:
    """Verdict on a made-up claim of value 1 by rules of these kinds, and by what the sky gives; there are no videos."""
    evidence = Evidence({"ephemeris": measured}, {"ephemeris": "the sky fell", "corpus": "no videos"})
    return verify(Claims([made_up(value=1, **rules)]), evidence, detectors=())


@pytest.mark.parametrize(
    ("measured", "declared", "code"),
    [
        ({"m": 1}, "confirmed", 0),
        ({"m": 2}, "contradicted", 0),
        ({"m": 2}, "confirmed", 1),
        ({}, "confirmed", 2),
        ({}, "not_run", 0),
        ({"m": 1}, "not_run", 1),  # made after all: it asks for a new declaration
        ({"m": float("nan")}, "confirmed", 2),
    ],
)
def test_exit_code(measured: dict[str, float], declared: str, code: int) -> None:
    """0: as declared; 1: some verdict drifted; 2: something could not be compared."""
    assert judged(measured, ephemeris={"expect": declared}).exit_code == code


@pytest.mark.parametrize(
    ("rules", "reason", "uncompared"),
    [({"ephemeris": {}}, "the sky fell", True), ({"corpus": {}}, "no videos", False)],
)
def test_a_missing_quantity_is_never_a_pass(rules: dict[str, Any], reason: str, uncompared: bool) -> None:
    """A comparison that could not be made says what is missing; what only waits for the thesis' videos is no drift."""
    verification = judged({}, **rules)
    (verdict,) = verification.verdicts
    assert (verdict.outcome, verdict.reason) == ("not_run", reason)
    assert (verdict.drifted, verdict.uncompared, verdict.awaits_corpus) == (False, uncompared, not uncompared)
    assert verification.exit_code == 2 * uncompared


def test_formula_that_breaks_is_an_error() -> None:
    """A formula that names no claim is an error, not a pass and not a crash."""
    verification = judged({}, arithmetic={"formula": "X.MISSING + 1"})
    assert verification.verdicts[0].outcome == "error"
    assert verification.exit_code == 2


def test_json_has_the_contract_keys(recorded: Chain) -> None:
    """Where the pipeline ran, ``repro verify --format json`` has the keys that users rely on; the public example runs it elsewhere."""
    printed = json.loads(output(recorded.project.root, *VERIFY, "--format", "json"))
    assert list(printed) == ["claims", "findings", "summary", "by_grade", "coverage"]
    assert set(printed["summary"]) == set(OUTCOMES)
    assert set(printed["by_grade"]) == set("RCBWPD")
    assert set(printed["coverage"]) == {"nights", "expected"}
    verdicts = [verdict for claim in printed["claims"] for verdict in claim["verdicts"]]
    for entries, keys in (
        (printed["claims"], {"id", "published", "unit", "headline", "source", "verdicts"}),
        (verdicts, {"evidence", "grade", "outcome", "measured", "tolerance", "catches", "reason"}),
        (printed["findings"], {"id", "title", "claims", "explanation"}),
    ):
        assert entries
        assert all(keys <= set(entry) for entry in entries)


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


@pytest.mark.parametrize("choose", [search, starting_with])
def test_claims_are_found_by_the_beginning_of_an_id(claims: Claims, choose: Callable[..., Claims]) -> None:
    """The beginning of an id in any case finds the claims that have it, in their order; other words find none."""
    names = ["T3.NIGHT.NO_MOON", "T3.NIGHT.MOON_QUARTER", "T3.NIGHT.MOON_FULL"]
    assert [claim.id for claim in choose(claims, "t3.night")] == names
    assert not len(choose(claims, "no such words"))


BAD = """
- claims:
    - {id: X.BAD, value: 1, kind: guess, source: {document: thesis, section: '1', quote: word},
       evidence: {arithmetic: {rule: exact, formula: '1', reason: made up for this test}}}
"""


@pytest.mark.parametrize(
    ("query", "in_project", "says"),
    [
        (["NOTHING.AT.ALL"], True, ["repro verify --format markdown"]),
        ([], True, ["bad.yaml", "X.BAD", "kind", "to do:"]),
        ([], False, ["--project"]),
    ],
    ids=["a query that fits no claim", "a malformed claim file", "outside a project"],
)
def test_errors_exit_with_2_and_a_remedy(
    project: Paths, tmp_path: Path, query: list[str], in_project: bool, says: list[str]
) -> None:
    """What cannot be verified is named with what to do, without a traceback."""
    if in_project:
        write_params(tmp_path, "simulated")
        (tmp_path / "expected" / "published").mkdir(parents=True)
        (tmp_path / "expected" / "published" / "bad.yaml").write_text(BAD)
    run = call(project.root if query else tmp_path, *VERIFY, *query)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert [word for word in says if word not in run.stderr] == []


def test_markdown_lists_every_claim() -> None:
    """The Markdown table names every claim."""
    text = as_markdown(verification())
    assert [claim.id for claim in CLAIMS if claim.id not in text] == []


def test_overview_lists_what_is_against_the_record_and_ends_with_the_drift(capsys: pytest.CaptureFixture[str]) -> None:
    """The plain command lists the conflicts together, then counts, and its last line says how many verdicts drifted."""
    print_overview(verification())
    text = capsys.readouterr().out
    assert (
        text.index("Against the record")
        < text.index("Findings, most important first")
        < text.index("Comparisons by outcome")
    )
    assert "SPLIT.TRAIN_SHARE_YES" in text
    assert text.splitlines()[-1].startswith(f"0 of {len(verification().verdicts)} verdicts drifted")


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
    for part in ("X.A", "40.5 %", "Table 9", "인용문", "(a quotation)", "a.yaml, line 7", ">= 39.34", "B bound", REASON,
                 "excludes 39 %", "not excluded", "would have caught: 39.3 or less", "within 2 points"):  # fmt: skip
        assert part in text, part
