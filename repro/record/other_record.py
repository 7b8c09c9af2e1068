"""The comparator for the record of any paper: begin one, judge one, and the schema of its claim files.

A record is a folder with claim files (``*.yaml``) and, in ``_record.yaml``, the names of its documents. Judging it needs neither
torch nor opencv, and none of this project's stages: arithmetic is the evidence that any record has.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from repro.errors import refuse
from repro.files import new_folder, write_text
from repro.record.claims import Claim, Claims
from repro.record.judge import Evidence, Verification, verify
from repro.untrusted import short_repr

_RECORD = """\
# The record {name}: its documents. A claim's source.document is one of these names.
title: {name}
documents:
  paper: the article and its supplement
"""

_CLAIMS = """\
# Claims of {name}: one for each printed statement that can be right or wrong. These four are an example; replace them.
# Judge them with: repro verify --record {folder}
- defaults:
    kind: count
    unit: participants
    source: {{document: paper, section: Methods, quote: "28 participants (20 women, 8 men)"}}
  claims:
    - {{id: PAPER.WOMEN, value: 20, evidence: {{arithmetic: {{rule: exact, formula: PAPER.N - PAPER.MEN, reason: the sexes add up}}}}}}
    - {{id: PAPER.MEN, value: 8, evidence: {{arithmetic: {{rule: exact, formula: PAPER.N - PAPER.WOMEN, reason: the sexes add up}}}}}}
    - {{id: PAPER.N, value: 28, evidence: {{arithmetic: {{rule: exact, formula: PAPER.WOMEN + PAPER.MEN, reason: the sexes add up}}}}}}
- claims:
    - id: PAPER.MEAN
      kind: metric
      value: 5.18
      decimals: 2
      source: {{document: paper, section: Results, quote: "M = 5.18 on a scale from 1 to 7"}}
      evidence: {{arithmetic: {{rule: undecidable, reason: the answers of the participants are not published}}}}
    - id: PAPER.MEAN_POSSIBLE
      kind: closure
      value: true
      source: {{document: paper, section: Results, quote: "M = 5.18 on a scale from 1 to 7"}}
      evidence: {{arithmetic: {{rule: exact, formula: "grim('PAPER.MEAN', PAPER.N)", reason: "GRIM: 28 whole numbers must have this mean"}}}}
"""

_EXEMPTIONS = """\
# Printed numbers that need no claim, each with its reason, such as:
# - {document: paper, pattern: 'Figure [1-3]', reason: numbers of figures}
"""


def new_record(name: str, folder: Path) -> list[Path]:
    """Write an example record that can be judged at once into a new or empty folder, and give the files that were written.

    Raises ReproError if the name has anything but letters, digits, ``_`` and ``-``, or the folder holds anything.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name):
        expected = "1 to 64 letters, digits, _ and -, beginning with a letter or digit"
        refuse(f"the name {short_repr(name)}", expected, "repro record new", "choose a name such as smith-2021")
    new_folder(folder)
    texts = {
        "_record.yaml": _RECORD.format(name=name),
        "claims.yaml": _CLAIMS.format(name=name, folder=folder.as_posix()),
        "_exemptions.yaml": _EXEMPTIONS,
    }
    for file, text in texts.items():
        write_text(folder / file, text)
    return [folder / file for file in texts]


def by_arithmetic(claims: Claims) -> Verification:
    """Judge a record by its own arithmetic; what needs other evidence is ``not_run``."""
    kinds = {kind for claim in claims for kind in claim.evidence if kind != "arithmetic"}
    missing: dict[str, str] = dict.fromkeys(kinds, "a record outside this project is judged by its arithmetic alone")
    return verify(claims, Evidence({}, missing), detectors=())


def claim_file_schema() -> dict[str, Any]:
    """JSON Schema of a claim file, for editors that complete and check YAML; ``expected/claim-file.schema.json`` holds it.

    It is generated from the models that read the files. Fields may come from a block's ``defaults``, so no field but the id is
    required here; :func:`repro.record.claim_files.load_claims` checks the merged claims.
    """
    schema = Claim.model_json_schema()
    definitions = schema.pop("$defs")
    for model in definitions.values():
        model.pop("required", None)
    properties = schema["properties"]
    rule = properties["evidence"].pop("additionalProperties")
    # A claim drops an evidence of the defaults by setting it to null.
    properties["evidence"] = {
        "type": "object",
        "propertyNames": properties["evidence"].get("propertyNames", {}),
        "additionalProperties": {"anyOf": [rule, {"type": "null"}]},
    }
    partial = {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "claim-file.schema.json",
        "title": "Claims of a record",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "defaults": {"$ref": "#/$defs/PartialClaim"},
                "claims": {
                    "type": "array",
                    "minItems": 1,
                    "items": {"allOf": [{"$ref": "#/$defs/PartialClaim"}, {"required": ["id"]}]},
                },
            },
            "required": ["claims"],
            "additionalProperties": False,
        },
        "$defs": {**definitions, "PartialClaim": partial},
    }
