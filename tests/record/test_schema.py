"""The schema of claim files: what it refuses, and how it says so; and the published claims as a whole."""

import copy
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from repro.errors import ReproError
from repro.record.claim_files import RECORD_FILE, load_claims, merge
from repro.record.claims import Claims
from repro.record.comparator import CONFLICTS

GOOD = yaml.safe_load("""
id: T2.NIGHT
kind: count
value: 171003
unit: frames
source: {document: thesis, section: II.2.1, quote: '171003'}
evidence:
  ephemeris: {rule: relative, measure: night, tolerance: 0.01, reason: a made-up reason}
  arithmetic: {rule: exact, formula: T2.SUM - 1, reason: a made-up reason}
""")
SUM = yaml.safe_load("""
id: T2.SUM
kind: closure
value: 171004
source: {document: thesis, section: II.2.1, quote: '171004'}
evidence: {arithmetic: {rule: exact, formula: T2.NIGHT + 1, reason: a made-up reason}}
""")


def write(folder: Path, *claims: dict[str, Any], name: str = "table.yaml") -> Path:
    """A claim file with one block."""
    path = folder / name
    path.write_text(yaml.safe_dump([{"claims": list(claims)}], allow_unicode=True), encoding="utf-8")
    return path


GONE = object()
SKY, SUM_RULE = "evidence.ephemeris", "evidence.arithmetic.formula"
#: What is changed, the field that the error names, and a part of what it says.
MALFORMED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown key": ({"colour": "red"}, "colour", "not permitted"),
    "unknown key of the source": ({"source.page": 4}, "source.page", "not permitted"),
    "unknown key of a rule": ({f"{SKY}.tolerence": 1}, f"{SKY}.tolerence", "not permitted"),
    "no value": ({"value": GONE}, "value", "required"),
    "no quotation": ({"source.quote": GONE}, "source.quote", "required"),
    "unknown document": ({"source.document": "diary"}, "source.document", "thesis"),
    "unknown kind": ({"kind": "guess"}, "kind", "count"),
    "unknown evidence": ({"evidence.belief": GOOD["evidence"]["ephemeris"]}, "evidence.belief", "ephemeris"),
    "no evidence": ({"evidence": {}}, "evidence", "at least 1"),
    "unknown rule": ({f"{SKY}.rule": "roughly"}, f"{SKY}.rule", "rounds_to"),
    "rule without a reason": ({f"{SKY}.reason": GONE}, f"{SKY}.reason", "required"),
    "reason without words": ({f"{SKY}.reason": "because"}, f"{SKY}.reason", "10 characters"),
    "unknown outcome": ({f"{SKY}.expect": "passed"}, f"{SKY}.expect", "confirmed"),
    "declared error": ({f"{SKY}.expect": "error"}, SKY, "cannot be declared"),
    "no tolerance": ({f"{SKY}.tolerance": GONE}, SKY, "needs a tolerance"),
    "tolerance not used": ({f"{SKY}.rule": "exact"}, SKY, "takes no tolerance"),
    "tolerance zero": ({f"{SKY}.tolerance": 0}, f"{SKY}.tolerance", "greater than 0"),
    "tolerance below a step": ({f"{SKY}.tolerance": 5e-6}, f"{SKY}.tolerance", "below one printed step"),
    "formula and measure": ({f"{SKY}.formula": "1"}, SKY, "either a formula or"),
    "neither": ({f"{SKY}.measure": GONE}, SKY, "either a formula or"),
    "a range of one value": (
        {f"{SKY}.rule": "interval", f"{SKY}.tolerance": None, f"{SKY}.plausible": [5, 5]}, SKY, "low before high",
    ),
    "a range for a value": ({f"{SKY}.plausible": [0, 5]}, SKY, "only bounds"),
    "coverage by another word": ({f"{SKY}.coverage": "some"}, f"{SKY}.coverage", "unselected"),
    "headline zero": ({"headline": 0}, "headline", "1"),
    "headline without a sentence": ({"headline": 1}, "sentence", "with a sentence"),
    "sentence without a headline": ({"sentence": "So it is."}, "sentence", "only a headline"),
    "sky by formula": (
        {SKY: {"rule": "exact", "formula": "1", "reason": "a made-up reason"}}, SKY, "every other evidence a measure",
    ),
    "too many digits": ({"value": 171003.25}, "value", "more digits than decimals"),
    "a word by tolerance": ({"value": "many"}, f"{SKY}.rule", "only be judged exactly"),
    "id in lower case": ({"id": "t2.night"}, "id", "match pattern"),
    "id of one part": ({"id": "NIGHT"}, "id", "match pattern"),
    "unknown denominator": ({"denominator": "T2.ALL"}, "numerator/denominator", "registered claim"),
    "formula names no claim": ({SUM_RULE: "T2.SUM - T2.ASTRO"}, SUM_RULE, "T2.ASTRO"),
    "pattern names no claim": ({SUM_RULE: "total('T3.NIGHT.*')"}, SUM_RULE, "T3.NIGHT.*"),
    "formula cannot be read": ({SUM_RULE: "T2.SUM - "}, SUM_RULE, "cannot read"),
    "formula names itself": ({SUM_RULE: "T2.NIGHT"}, SUM_RULE, "its own id"),
}  # fmt: skip


def test_the_unchanged_claim_is_read(tmp_path: Path) -> None:
    """What the malformed files are made from is itself well formed."""
    write(tmp_path, GOOD, SUM)
    claims = load_claims(tmp_path)
    assert [claim.id for claim in claims] == ["T2.NIGHT", "T2.SUM"]
    assert claims["T2.NIGHT"].shown() == "171,003 frames"


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_claim(tmp_path: Path, case: str) -> None:
    """A malformed claim is refused with its file, id, field, what would be right, and what to do."""
    changes, field, says = MALFORMED[case]
    claim = copy.deepcopy(GOOD)
    for way, value in changes.items():
        *outer, last = way.split(".")
        place = reduce(dict.__getitem__, outer, claim)
        place[last] = value
        if value is GONE:
            del place[last]
    path = write(tmp_path, claim, SUM)
    (tmp_path / RECORD_FILE).write_text("{title: a made-up record, documents: {thesis: Thesis}}\n", encoding="utf-8")
    with pytest.raises(ReproError) as caught:
        load_claims(tmp_path)
    assert caught.value.where == f"{path}, claim {claim['id']}, field {field}"
    assert says in f"{caught.value.found} {caught.value.expected}"
    assert "correct the claim file" in caught.value.remedy


def test_duplicate_id(tmp_path: Path) -> None:
    """An id that is used twice is refused, with both files."""
    one, two = write(tmp_path, GOOD, SUM, name="a.yaml"), write(tmp_path, GOOD, name="b.yaml")
    with pytest.raises(ReproError, match=r"T2\.NIGHT") as caught:
        load_claims(tmp_path)
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


def test_defaults_are_merged_key_by_key() -> None:
    """A claim's own keys win over its block's defaults, inside the source and inside each rule; null drops a rule."""
    rules = {"arithmetic": {"rule": "exact", "reason": "shared"}, "corpus": {"rule": "exact"}}
    defaults = {"kind": "count", "source": {"document": "thesis", "section": "1"}, "evidence": rules}
    own = {"source": {"section": "2"}, "evidence": {"arithmetic": {"formula": "1"}, "corpus": None}}
    merged = {"arithmetic": {"rule": "exact", "reason": "shared", "formula": "1"}}
    assert merge(defaults, own) == {
        "kind": "count", "source": {"document": "thesis", "section": "2"}, "evidence": merged,
    }  # fmt: skip


def test_published_claims_as_a_whole(claims: Claims) -> None:
    """Every document has claims; a declared conflict has a reason of some words; what the schedule is fitted to is not judged by it."""
    assert {claim.source.document for claim in claims} == set(claims.documents)
    declared = [rule.reason for claim in claims for rule in claim.evidence.values() if rule.expect in CONFLICTS]
    assert min(len(reason.split()) for reason in declared) >= 6
    assert "ephemeris" not in {*claims["TXT.FRAMES"].evidence, *claims["T2.NAUTICAL"].evidence}


def test_hidden_files_are_no_claim_files(tmp_path: Path) -> None:
    """The hidden twin that macOS keeps of a claim file is not read; a folder without claim files is no empty record."""
    (tmp_path / "._table.yaml").write_bytes(b"\x00\x05\x16\x07Mac OS X")
    with pytest.raises(ReproError, match="no claim files"):
        load_claims(tmp_path)
    write(tmp_path, GOOD, SUM)
    assert len(load_claims(tmp_path)) == 2
