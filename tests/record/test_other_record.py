"""The comparator for the record of another paper: begin it, judge it, hand its verdicts to other tools."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from junitparser import JUnitXml
from sarif_pydantic import Sarif

from repro.errors import ReproError
from repro.files import dumps
from repro.record.claim_files import claim_files, load_claims
from repro.record.other_record import by_arithmetic, claim_file_schema, new_record
from repro.record.verdict_exports import as_junit, as_sarif, claim_places
from repro.verify_command import run
from tests.conftest import ROOT
from tests.support.processes import LIMIT_S

#: The example of docs/another-paper.md with three faults: a sum, a mean that GRIM refuses, and a conflict that is declared.
FAULTY = """
- defaults:
    kind: count
    source: {document: paper, section: Methods, quote: "28 participants"}
  claims:
    - {id: PAPER.WOMEN, value: 21, evidence: {arithmetic: {rule: exact, formula: PAPER.N - PAPER.MEN, reason: the sexes add up}}}
    - {id: PAPER.MEN, value: 8, evidence: {corpus: {rule: exact, measure: men, reason: only the data can say}}}
    - {id: PAPER.N, value: 28, evidence: {arithmetic: {rule: undecidable, reason: stated only once}}}
    - {id: PAPER.MEAN, value: 5.19, decimals: 2, evidence: {arithmetic: {rule: undecidable, reason: the answers are not published}}}
    - id: PAPER.MEAN_POSSIBLE
      value: true
      evidence:
        arithmetic: {rule: exact, expect: source_conflict, formula: "grim('PAPER.MEAN', PAPER.N)", reason: "GRIM of <28> whole values"}
"""


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """Folder of a record with faults."""
    new_record("faulty", tmp_path / "faulty")
    (tmp_path / "faulty" / "claims.yaml").write_text(FAULTY, encoding="utf-8")
    return tmp_path / "faulty"


def test_new_record_can_be_judged_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The record that the command writes has verdicts, of which none drifts."""
    new_record("smith-2021", tmp_path / "smith")
    assert run(tmp_path / "smith") == 0
    assert "4 confirmed" in capsys.readouterr().out
    assert (
        by_arithmetic(load_claims(tmp_path / "smith")).by_grade["C"]["confirmed"] == 2
    )  # three counts are one equation


@pytest.mark.parametrize(
    ("name", "folder", "says"),
    [
        *((name, "new", "letters, digits") for name in ("", "../smith", "a b", "x" * 70)),
        ("smith", ".", "new or empty folder"),
    ],
)
def test_bad_names_and_folders(tmp_path: Path, name: str, folder: str, says: str) -> None:
    """A name that is no folder's name, and a folder that holds anything, are refused, and nothing is written."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ReproError, match=says):
        new_record(name, tmp_path / folder)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_faults_are_found(faulty: Path) -> None:
    """A wrong sum drifts, an impossible mean is a conflict as declared, and what needs data waits."""
    verdicts = by_arithmetic(load_claims(faulty)).verdicts
    assert [(verdict.claim, verdict.outcome, verdict.drifted) for verdict in verdicts] == [
        ("PAPER.WOMEN", "source_conflict", True),
        ("PAPER.MEN", "not_run", False),
        ("PAPER.N", "undecidable", False),
        ("PAPER.MEAN", "undecidable", False),
        ("PAPER.MEAN_POSSIBLE", "source_conflict", False),
    ]
    assert run(faulty) == 1


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("claims", FAULTY.replace("document: paper", "document: papers"), r"a document of _record\.yaml: paper"),
        ("_record", "documents: {}", r"_record\.yaml"),
        ("_record", "title: x\ndocuments: {A: b}", r"_record\.yaml"),
        ("_record", "[]", r"_record\.yaml"),
        ("_record", "title: x\nlicence: y", r"_record\.yaml"),
    ],
)
def test_bad_record_file(faulty: Path, file: str, text: str, says: str) -> None:
    """A claim of a document that the record does not name, and a record file without documents or with other keys, are errors."""
    (faulty / f"{file}.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ReproError, match=says):
        load_claims(faulty)


def test_sarif(faulty: Path) -> None:
    """The SARIF log fits its model and points to the line of each claim that is against the record."""
    text = as_sarif(by_arithmetic(load_claims(faulty)), claim_places(faulty, faulty.parent))
    Sarif.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    levels = [(result["ruleId"], result["level"]) for result in run["results"]]
    assert levels == [("drifted", "error"), ("source-conflict", "note")]
    assert {"drifted", "source-conflict"} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    for result, name in zip(run["results"], ("PAPER.WOMEN", "PAPER.MEAN_POSSIBLE"), strict=True):
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "faulty/claims.yaml"
        assert f"id: {name}" in FAULTY.splitlines()[place["region"]["startLine"] - 1]


def test_junit(faulty: Path, tmp_path: Path) -> None:
    """The JUnit document has one case a comparison: failed where drifted, skipped where nothing was compared."""
    path = tmp_path / "verdicts.xml"
    path.write_text(as_junit(by_arithmetic(load_claims(faulty))), encoding="utf-8")
    suites = list(JUnitXml.fromfile(str(path)))
    counts = [(suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) for suite in suites]
    assert counts == [("arithmetic", 4, 1, 0, 2), ("corpus", 1, 0, 0, 1)]
    results = [(case.name, result.type) for suite in suites for case in suite for result in case.result]
    assert [name for name, kind in results if kind == "source_conflict"] == ["PAPER.WOMEN"]


@pytest.mark.parametrize(("form", "start"), [("sarif", "{"), ("junit", "<?xml")])
def test_formats_of_the_command(faulty: Path, capsys: pytest.CaptureFixture[str], form: Any, start: str) -> None:
    """The command prints the document alone, and exits as it does with the table."""
    assert run(faulty, format=form) == 1
    assert capsys.readouterr().out.startswith(start)


def test_places_of_all_claims() -> None:
    """Every registered claim has a line in its file."""
    folder = ROOT / "expected" / "published"
    places = claim_places(folder, ROOT)
    assert {claim.id for claim in load_claims(folder)} <= set(places)
    file, line = places["T6.NIGHT.NO_MOON.YES"]
    assert "T6.NIGHT.NO_MOON.YES" in (ROOT / file).read_text(encoding="utf-8").splitlines()[line - 1]


def test_schema_is_current() -> None:
    """The committed schema is the one that the models give: repro record schema > expected/claim-file.schema.json."""
    assert (ROOT / "expected" / "claim-file.schema.json").read_text(encoding="utf-8") == dumps(claim_file_schema())


SCHEMA = jsonschema.Draft202012Validator(claim_file_schema())


@pytest.mark.parametrize("path", claim_files(ROOT / "expected" / "published"), ids=lambda path: path.stem)
def test_claim_files_fit_the_schema(path: Path) -> None:
    """Every claim file fits the schema that editors check."""
    SCHEMA.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("old", "new"), [("kind: count", "kind: number"), ("rule: exact", "rules: exact"), ("id:", "name:")]
)
def test_schema_refuses(old: str, new: str) -> None:
    """A misspelt kind, field or id does not fit the schema."""
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(yaml.safe_load(FAULTY.replace(old, new)))


def test_the_record_needs_little() -> None:
    """Judging another record imports none of torch, opencv, matplotlib and skyfield."""
    code = "import sys, repro.verify_command; print({'torch', 'cv2', 'matplotlib', 'skyfield'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT_S)
    assert done.stdout.strip() == "set()"
