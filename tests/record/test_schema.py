"""The schema of claim files: what it refuses, and how it says so; and the published claims as a whole."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from repro.errors import ReproError
from repro.record.claims import CLAIM_ID, RECORD_FILE, Claims, load_claims, merge

GOOD: dict[str, Any] = {
    "id": "T2.NIGHT",
    "kind": "count",
    "value": 171003,
    "unit": "frames",
    "source": {"document": "thesis", "section": "II.2.1", "quote": "171003"},
    "evidence": {
        "ephemeris": {"rule": "relative", "measure": "night", "tolerance": 0.01, "reason": "a made-up reason"},
        "arithmetic": {"rule": "exact", "formula": "T2.SUM - 1", "reason": "a made-up reason"},
    },
}
SUM: dict[str, Any] = {
    "id": "T2.SUM",
    "kind": "closure",
    "value": 171004,
    "source": {"document": "thesis", "section": "II.2.1", "quote": "171004"},
    "evidence": {"arithmetic": {"rule": "exact", "formula": "T2.NIGHT + 1", "reason": "a made-up reason"}},
}


def write(folder: Path, *claims: dict[str, Any], name: str = "table.yaml") -> Path:
    """A claim file with one block."""
    path = folder / name
    path.write_text(yaml.safe_dump([{"claims": list(claims)}], allow_unicode=True), encoding="utf-8")
    return path


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """The good claim after a change."""
    claim = copy.deepcopy(GOOD)
    change(claim)
    return claim


def rule(claim: dict[str, Any], evidence: str = "ephemeris") -> dict[str, Any]:
    """The rule of a claim for one kind of evidence."""
    result: dict[str, Any] = claim["evidence"][evidence]
    return result


MALFORMED: dict[str, tuple[Callable[[dict[str, Any]], Any], str, str]] = {
    "unknown key": (lambda c: c.update(colour="red"), "colour", "not permitted"),
    "unknown key of the source": (lambda c: c["source"].update(page=4), "source.page", "not permitted"),
    "unknown key of a rule": (lambda c: rule(c).update(tolerence=1), "evidence.ephemeris.tolerence", "not permitted"),
    "no value": (lambda c: c.pop("value"), "value", "required"),
    "no quotation": (lambda c: c["source"].pop("quote"), "source.quote", "required"),
    "unknown document": (lambda c: c["source"].update(document="diary"), "source.document", "thesis"),
    "unknown kind": (lambda c: c.update(kind="guess"), "kind", "count"),
    "unknown evidence": (lambda c: c["evidence"].update(belief=rule(c)), "evidence.belief", "ephemeris"),
    "no evidence": (lambda c: c.update(evidence={}), "evidence", "at least 1"),
    "unknown rule": (lambda c: rule(c).update(rule="roughly"), "evidence.ephemeris.rule", "rounds_to"),
    "rule without a reason": (lambda c: rule(c).pop("reason"), "evidence.ephemeris.reason", "required"),
    "reason without words": (lambda c: rule(c).update(reason="because"), "evidence.ephemeris.reason", "10 characters"),
    "unknown outcome": (lambda c: rule(c).update(expect="passed"), "evidence.ephemeris.expect", "confirmed"),
    "declared error": (lambda c: rule(c).update(expect="error"), "evidence.ephemeris", "cannot be declared"),
    "no tolerance": (lambda c: rule(c).pop("tolerance"), "evidence.ephemeris", "needs a tolerance"),
    "tolerance not used": (lambda c: rule(c).update(rule="exact"), "evidence.ephemeris", "takes no tolerance"),
    "tolerance zero": (lambda c: rule(c).update(tolerance=0), "evidence.ephemeris.tolerance", "greater than 0"),
    "tolerance below a step": (
        lambda c: rule(c).update(tolerance=5e-6),
        "evidence.ephemeris.tolerance",
        "below one printed step",
    ),
    "formula and measure": (lambda c: rule(c).update(formula="1"), "evidence.ephemeris", "either a formula or"),
    "neither": (lambda c: rule(c).pop("measure"), "evidence.ephemeris", "either a formula or"),
    "a range that is none": (
        lambda c: rule(c).update(rule="interval", tolerance=None, plausible=[5, 5]),
        "evidence.ephemeris",
        "low before high",
    ),
    "a range for a value": (lambda c: rule(c).update(plausible=[0, 5]), "evidence.ephemeris", "only bounds"),
    "coverage by another word": (
        lambda c: rule(c).update(coverage="some"),
        "evidence.ephemeris.coverage",
        "unselected",
    ),
    "headline too far down": (lambda c: c.update(headline=31), "headline", "30"),
    "headline without a sentence": (lambda c: c.update(headline=1), "sentence", "with a sentence"),
    "sentence without a headline": (lambda c: c.update(sentence="So it is."), "sentence", "only a headline"),
    "sky by formula": (
        lambda c: c["evidence"].update(ephemeris={"rule": "exact", "formula": "1", "reason": "a made-up reason"}),
        "evidence.ephemeris",
        "every other evidence a measure",
    ),
    "too many digits": (lambda c: c.update(value=171003.25), "value", "more digits than decimals"),
    "a word by tolerance": (lambda c: c.update(value="many"), "evidence.ephemeris.rule", "only be judged exactly"),
    "id in lower case": (lambda c: c.update(id="t2.night"), "id", "match pattern"),
    "id of one part": (lambda c: c.update(id="NIGHT"), "id", "match pattern"),
    "unknown denominator": (lambda c: c.update(denominator="T2.ALL"), "numerator/denominator", "registered claim"),
    "formula names no claim": (
        lambda c: rule(c, "arithmetic").update(formula="T2.SUM - T2.ASTRO"),
        "evidence.arithmetic.formula",
        "T2.ASTRO",
    ),
    "pattern names no claim": (
        lambda c: rule(c, "arithmetic").update(formula="total('T3.NIGHT.*')"),
        "evidence.arithmetic.formula",
        "T3.NIGHT.*",
    ),
    "formula cannot be read": (
        lambda c: rule(c, "arithmetic").update(formula="T2.SUM - "),
        "evidence.arithmetic.formula",
        "cannot read",
    ),
    "formula names itself": (
        lambda c: rule(c, "arithmetic").update(formula="T2.NIGHT"),
        "evidence.arithmetic.formula",
        "its own id",
    ),
}


def test_the_unchanged_claim_is_read(tmp_path: Path) -> None:
    """What the malformed files are made from is itself well formed."""
    write(tmp_path, GOOD, SUM)
    claims = load_claims(tmp_path)
    assert [claim.id for claim in claims] == ["T2.NIGHT", "T2.SUM"]
    assert claims["T2.NIGHT"].shown() == "171,003 frames"


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_claim(tmp_path: Path, case: str) -> None:
    """A malformed claim is refused with its file, id, field, what would be right, and what to do."""
    change, field, says = MALFORMED[case]
    claim = changed(change)
    path = write(tmp_path, claim, SUM)
    (tmp_path / RECORD_FILE).write_text("{title: a made-up record, documents: {thesis: Thesis}}\n", encoding="utf-8")
    with pytest.raises(ReproError) as caught:
        load_claims(tmp_path)
    error = caught.value
    assert error.where == f"{path}, claim {claim['id']}, field {field}"
    assert says in f"{error.found} {error.expected}"
    assert "correct the claim file" in error.remedy


def test_duplicate_id(tmp_path: Path) -> None:
    """An id that is used twice is refused, with both files."""
    one, two = write(tmp_path, GOOD, SUM, name="a.yaml"), write(tmp_path, GOOD, name="b.yaml")
    with pytest.raises(ReproError) as caught:
        load_claims(tmp_path)
    assert "T2.NIGHT" in caught.value.found
    assert str(one) in caught.value.where
    assert str(two) in caught.value.where


@pytest.mark.parametrize(
    "text",
    ["id: T2.NIGHT\n", "- claims: []\n", "- {claim: 1}\n", "- claims: [a\n", "just words", "- claims: [{value: 1}]\n"],
)
def test_file_of_another_shape(tmp_path: Path, text: str) -> None:
    """A file that is no list of blocks with claims is refused with its name."""
    path = tmp_path / "table.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReproError) as caught:
        load_claims(tmp_path)
    assert str(path) in caught.value.where
    assert caught.value.remedy


def test_folder_without_claims(tmp_path: Path) -> None:
    """No claim files at all is an error, not an empty record."""
    with pytest.raises(ReproError, match="no claim files"):
        load_claims(tmp_path)


def test_defaults_are_merged_key_by_key() -> None:
    """A claim's own keys win over its block's defaults, inside the source and inside each rule; null drops a rule."""
    defaults = {
        "kind": "count",
        "source": {"document": "thesis", "section": "1"},
        "evidence": {"arithmetic": {"rule": "exact", "reason": "shared"}, "corpus": {"rule": "exact"}},
    }
    own = {"source": {"section": "2"}, "evidence": {"arithmetic": {"formula": "1"}, "corpus": None}}
    assert merge(defaults, own) == {
        "kind": "count",
        "source": {"document": "thesis", "section": "2"},
        "evidence": {"arithmetic": {"rule": "exact", "reason": "shared", "formula": "1"}},
    }


def test_every_document_has_claims(claims: Claims) -> None:
    """Claims are registered from every document; that each of its numbers has one is tested with the documents."""
    assert {claim.source.document for claim in claims} == set(claims.documents)


def test_ids_are_of_the_permanent_form(claims: Claims) -> None:
    """Every id is of upper-case words joined by dots."""
    assert all(re.fullmatch(CLAIM_ID, claim.id) for claim in claims)


def test_every_conflict_is_explained(claims: Claims) -> None:
    """A declared conflict or contradiction has a reason of more than a few words."""
    declared = [
        rule.reason
        for claim in claims
        for rule in claim.evidence.values()
        if rule.expect in ("source_conflict", "contradicted")
    ]
    assert declared
    assert all(len(reason.split()) >= 6 for reason in declared)


def test_fitted_counts_are_not_judged_by_the_fit(claims: Claims) -> None:
    """The two counts that the schedule is fitted to have no ephemeris rule, which would only confirm the fit."""
    assert "ephemeris" not in claims["TXT.FRAMES"].evidence
    assert "ephemeris" not in claims["T2.NAUTICAL"].evidence


def test_hidden_files_are_no_claim_files(tmp_path: Path) -> None:
    """The hidden twin that macOS keeps of a claim file is not read."""
    write(tmp_path, GOOD, SUM)
    (tmp_path / "._table.yaml").write_bytes(b"\x00\x05\x16\x07Mac OS X")
    assert len(load_claims(tmp_path)) == 2
