"""The visit of all claims, and the command that prints it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from repro.paths import Paths
from repro.record.claims import Claim, Claims
from repro.record.judge import OUTCOMES, Evidence, verify

REASON = "a made-up reason of sufficient length"


def claims(*rules: dict[str, object]) -> Claims:
    """Made-up claims X.A0, X.A1 ... of value 1, each with the evidence given."""
    return Claims(
        [
            Claim.model_validate(
                {
                    "id": f"X.A{number}",
                    "source": {"document": "thesis", "section": "1", "quote": "some words"},
                    "kind": "count",
                    "value": 1,
                    "evidence": rule,
                }
            )
            for number, rule in enumerate(rules)
        ]
    )


def ephemeris(**changes: object) -> dict[str, object]:
    """One exact ephemeris rule on the quantity ``m``."""
    return {"ephemeris": {"rule": "exact", "measure": "m", "reason": REASON, **changes}}


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
    verification = verify(claims(ephemeris(expect=declared)), Evidence({"ephemeris": measured}, {}), detectors=())
    assert verification.exit_code == code


def test_reason_of_a_missing_quantity_is_told() -> None:
    """A comparison that could not be made says what is missing."""
    verification = verify(claims(ephemeris()), Evidence({}, {"ephemeris": "the sky fell"}), detectors=())
    assert verification.verdicts[0].outcome == "not_run"
    assert verification.verdicts[0].reason == "the sky fell"


def test_formula_that_breaks_is_an_error() -> None:
    """A formula that names no claim is an error, not a pass and not a crash."""
    broken = {"arithmetic": {"rule": "exact", "formula": "X.MISSING + 1", "reason": REASON}}
    verification = verify(claims(broken), Evidence({}, {}), detectors=())
    assert verification.verdicts[0].outcome == "error"
    assert verification.exit_code == 2


def repro(*arguments: str, project: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line on a project."""
    return subprocess.run(
        [sys.executable, "-m", "repro", *arguments], cwd=project, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def printed(project: Paths) -> dict[str, object]:
    """What ``repro verify --format json`` prints."""
    run = repro("verify", "--format", "json", project=project.root)
    assert run.returncode == 0, run.stderr
    document = json.loads(run.stdout)
    assert isinstance(document, dict)
    return document


def test_json_has_the_contract_keys(printed: dict[str, list[dict[str, object]]]) -> None:
    """The JSON document has the keys that users rely on."""
    assert list(printed) == ["claims", "findings", "summary"]
    assert set(printed["summary"]) == set(OUTCOMES)
    for claim in printed["claims"]:
        assert {"id", "published", "unit", "source", "verdicts"} <= set(claim)
        for verdict in claim["verdicts"]:  # type: ignore[attr-defined]
            assert {"evidence", "outcome", "measured", "tolerance", "reason"} <= set(verdict)
    for finding in printed["findings"]:
        assert {"id", "title", "claims", "explanation"} <= set(finding)


def test_only_restricts_claims(project: Paths) -> None:
    """``--only T3`` prints the claims of Table 3 and no others."""
    run = repro("verify", "--format", "json", "--only", "T3.", project=project.root)
    names = [claim["id"] for claim in json.loads(run.stdout)["claims"]]
    assert len(names) >= 9
    assert all(name.startswith("T3.") for name in names)


def test_unknown_prefix_is_refused(project: Paths) -> None:
    """A prefix that no id begins with is an error, not an empty success."""
    run = repro("verify", "--only", "NOTHING", project=project.root)
    assert run.returncode == 2
    assert "to do:" in run.stderr
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


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_other_formats_list_every_claim(form: str, project: Paths, printed: dict[str, list[dict[str, str]]]) -> None:
    """The table and the Markdown name every claim that the JSON names."""
    run = repro("verify", "--format", form, project=project.root)
    assert run.returncode == 0
    assert [claim["id"] for claim in printed["claims"] if claim["id"] not in run.stdout] == []
