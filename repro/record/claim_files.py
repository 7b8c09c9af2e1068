"""Claim files, read and checked.

A claim file is YAML: a list of blocks, each with optional ``defaults`` that its ``claims`` inherit. A claim's own
fields win; ``source`` and each entry of ``evidence`` are merged key by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NoReturn

from pydantic import Field, ValidationError

from repro.errors import refuse
from repro.record.claims import Claim, Claims, Document, Strict
from repro.record.formula import FormulaError, references, unresolved
from repro.untrusted import message_of, read_yaml, short_repr, validated

#: Names the record's documents, beside its claim files.
RECORD_FILE = "_record.yaml"
_REMEDY = "correct the claim file; repro/record/claims.py says what each field may be"


class _Block(Strict):
    """A run of claims that share ``defaults``."""

    defaults: dict[str, Any] = Field(default_factory=dict)
    claims: Annotated[list[dict[str, Any]], Field(min_length=1)]


class RecordFile(Strict):
    """``_record.yaml``: title of the record, and title of each document by the name that claims use, in the order shown."""

    title: str = Field(min_length=1)
    documents: dict[Document, str] = Field(min_length=1)


def merge(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A claim's own fields over its block's defaults; ``source`` and each evidence are merged key by key.

    An evidence of the defaults is dropped when the claim sets it to null.
    """
    merged = {**defaults, **own}
    for key in defaults.keys() & own.keys():
        if isinstance(defaults[key], dict) and isinstance(own[key], dict):
            merged[key] = merge(defaults[key], own[key])
            if key == "evidence":
                merged[key] = {kind: rule for kind, rule in merged[key].items() if rule is not None}
    return merged


def claim_files(folder: Path) -> list[Path]:
    """Claim files under a folder, in order of path.

    Left out are files whose name begins with an underscore (exemptions and the like) or a dot, ``documents.yaml``, and
    what lies in ``readings``.
    """
    return [
        path
        for path in sorted(folder.rglob("*.yaml"))
        if not path.name.startswith(("_", ".")) and path.name != "documents.yaml" and path.parent.name != "readings"
    ]


def load_claims(folder: Path) -> Claims:
    """Read every claim file under a folder such as ``expected/published``, see :func:`claim_files`.

    Raises ReproError if a file is not YAML, a key is unknown, an id is used twice, a document is not in
    ``_record.yaml``, a tolerance is below one printed step, a rule has no reason, or a formula names no claim. The
    message names file, id, field and remedy.
    """
    files = claim_files(folder)
    if not files:
        remedy = "restore expected/published from the repository, or begin a record with: repro record new NAME"
        refuse("no claim files", "*.yaml files with claims", str(folder), remedy)
    documents = _documents(folder)
    claims: dict[str, tuple[Claim, Path]] = {}
    for path in files:
        for claim in _read(path):
            if claim.id in claims:
                found, where = f"id {claim.id} used twice", f"{path} and {claims[claim.id][1]}"
                refuse(found, "permanent ids, each used once", where, "give the newer claim another id")
            if documents and claim.source.document not in documents:
                expected = f"a document of {RECORD_FILE}: {', '.join(documents)}"
                _refuse(path, claim.id, "source.document", claim.source.document, expected)
            claims[claim.id] = claim, path
    registered = Claims([claim for claim, _ in claims.values()], documents)
    for claim, path in claims.values():
        for reference in (claim.numerator, claim.denominator):
            if reference is not None and reference not in claims:
                _refuse(path, claim.id, "numerator/denominator", reference, "the id of a registered claim")
        with_sentence = [other.id for other in registered if other.sentence and other.headline == claim.headline]
        if claim.headline is not None and len(with_sentence) != 1:
            expected = f"one claim of headline {claim.headline} with a sentence"
            _refuse(path, claim.id, "sentence", ", ".join(with_sentence) or "none", expected)
        _check_formula(path, claim, registered)
    return registered


def _documents(folder: Path) -> dict[str, str]:
    """Titles of the record's documents, by name; none without the file, and claims may then name any."""
    path = folder / RECORD_FILE
    if not path.is_file():
        return {}
    content = read_yaml(path, expected="the title and the documents of the record", remedy=_REMEDY)
    return validated(RecordFile, content, where=str(path), remedy=_REMEDY).documents


def _check_formula(path: Path, claim: Claim, registered: Claims) -> None:
    rule = claim.evidence.get("arithmetic")
    if rule is None or rule.formula is None:
        return
    field, formula = "evidence.arithmetic.formula", short_repr(rule.formula)
    try:
        missing = unresolved(rule.formula, registered)
    except FormulaError as error:
        _refuse(path, claim.id, field, formula, message_of(error))
    if missing:
        found = f"{message_of(LookupError(', '.join(missing)))} in {formula}"
        _refuse(path, claim.id, field, found, "ids of registered claims")
    if claim.id in references(rule.formula):
        _refuse(path, claim.id, field, f"its own id in {formula}", "ids of other claims")


def _read(path: Path) -> Iterator[Claim]:
    document = read_yaml(path, expected="a list of blocks with claims", remedy=_REMEDY)
    if not isinstance(document, list):
        _refuse(path, "(file)", "(whole file)", type(document).__name__, "a list of blocks with claims")
    for number, raw in enumerate(document, start=1):
        try:
            block = _Block.model_validate(raw)
        except ValidationError as error:
            _refuse_invalid(path, f"(block {number})", error)
        for entry in block.claims:
            name = str(entry.get("id", f"(block {number}, claim without id)"))[:80]
            try:
                yield Claim.model_validate(merge(block.defaults, entry))
            except ValidationError as error:
                _refuse_invalid(path, name, error)


def _refuse_invalid(path: Path, name: str, error: ValidationError) -> NoReturn:
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part != "[key]"]
    given, message = first.get("input"), first["msg"].removeprefix("Value error, ")
    # Checks over a whole claim say themselves which field is wrong.
    named = re.match(r"([a-z_.]+): (.*)", message)
    if named and not place and isinstance(given, dict):
        place, message = named[1].split("."), named[2]
        for part in place:
            given = given.get(part) if isinstance(given, dict) else given
    found = "nothing" if first["type"] == "missing" else short_repr(given)
    field = ".".join(place) or "(whole claim)"
    _refuse(path, name, field, found, message_of(ValueError(message)))


def _refuse(path: Path, name: str, field: str, found: str, expected: str) -> NoReturn:
    refuse(found, expected, f"{path}, claim {name}, field {field}", _REMEDY)
