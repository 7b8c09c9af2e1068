"""Verdicts for other tools: SARIF for code scanning, JUnit XML for test reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import repro
from repro.errors import printable
from repro.files import dumps
from repro.record.claim_files import claim_files
from repro.record.claims import Claim
from repro.record.comparator import Verdict
from repro.record.judge import Verification
from repro.record.verdict_formats import measured_text, published_text

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

#: Rules of the SARIF document: id, level and what it says.
_RULES: dict[str, tuple[str, str]] = {
    "drifted": ("error", "A comparison came out otherwise than the claim file declares."),
    "not-compared": ("error", "A comparison that the claim file declares could not be made."),
    "contradicted": ("warning", "Evidence contradicts the published value, as the claim file declares."),
    "source-conflict": ("note", "The record contradicts itself, as the claim file declares."),
}
_ID = re.compile(r"\bid:\s*[\"']?([A-Z][A-Z0-9_.]+)")


def claim_places(folder: Path, root: Path) -> dict[str, tuple[str, int]]:
    """File and line of each claim, by its id: path with forward slashes, and line counted from 1."""
    places: dict[str, tuple[str, int]] = {}
    for path in claim_files(folder):
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for match in _ID.finditer(line):
                places.setdefault(match[1], (name, number))
    return places


def _rule(verdict: Verdict) -> str | None:
    """The SARIF rule that a verdict breaks; None if it breaks none."""
    if verdict.uncompared or verdict.outcome == "error":
        return "not-compared"
    if verdict.drifted:
        return "drifted"
    return verdict.outcome.replace("_", "-") if verdict.outcome in ("contradicted", "source_conflict") else None


def _sentence(claim: Claim, verdict: Verdict) -> str:
    measured = measured_text(claim, verdict)
    return (
        f"{claim.id}: published {published_text(claim)}; {verdict.words} by {verdict.evidence}"
        + (f", measured {measured}" if measured else "")
        + f", expected {verdict.expected.replace('_', ' ')} ({verdict.tolerance}). {verdict.reason}"
    )


def as_sarif(verification: Verification, places: dict[str, tuple[str, int]]) -> str:
    """Verdicts that are against the record as a SARIF 2.1.0 log; code scanning shows them in the claim files.

    Verdicts that agree are left out, as SARIF lists problems. ``places`` are those of :func:`claim_places`. Level ``error``:
    drifted or not compared; ``warning``: contradicted as declared; ``note``: the record contradicts itself, as declared.
    """
    results: list[dict[str, Any]] = []
    for claim, verdicts in verification.by_claim():
        for verdict in verdicts:
            rule = _rule(verdict)
            if rule is None:
                continue
            file, line = places.get(claim.id, ("expected/published", 1))
            location = {"artifactLocation": {"uri": file, "uriBaseId": "SRCROOT"}, "region": {"startLine": line}}
            results.append(
                {
                    "ruleId": rule,
                    "level": _RULES[rule][0],
                    "message": {"text": _sentence(claim, verdict)},
                    "locations": [{"physicalLocation": location}],
                    "partialFingerprints": {"claimAndEvidence/v1": f"{claim.id}/{verdict.evidence}"},
                }
            )
    rules = [
        {"id": name, "shortDescription": {"text": text}, "defaultConfiguration": {"level": level}}
        for name, (level, text) in _RULES.items()
    ]
    driver = {"name": "repro", "semanticVersion": repro.__version__, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def as_junit(verification: Verification) -> str:
    """Every comparison as a test case of JUnit XML, one suite for each kind of evidence.

    Drifted comparisons are failures, those that could not be made although declared are errors, and those that wait for
    evidence are skipped.
    """
    root = ElementTree.Element("testsuites", name="repro verify")
    suites: dict[str, ElementTree.Element] = {}
    for claim, verdicts in verification.by_claim():
        for verdict in verdicts:
            kind = verdict.evidence
            if kind not in suites:
                suites[kind] = ElementTree.SubElement(root, "testsuite", name=kind)
            case = ElementTree.SubElement(
                suites[kind], "testcase", classname=f"{claim.source.document}.{kind}", name=claim.id, time="0"
            )
            if tag := _junit_tag(verdict):
                note = ElementTree.SubElement(case, tag, message=printable(_sentence(claim, verdict)))
                if tag != "skipped":
                    note.set("type", verdict.outcome)
    for suite in root:
        suite.set("tests", str(len(suite)))
        for tag, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _junit_tag(verdict: Verdict) -> str:
    """The element that says how a test case ended; empty if it passed."""
    if verdict.uncompared or verdict.outcome == "error":
        return "error"
    return "failure" if verdict.drifted else "" if verdict.compared else "skipped"
