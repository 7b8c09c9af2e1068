"""Published claims: what the record prints, word for word, and how each may be judged.

A claim file is YAML: a list of blocks, each with optional ``defaults`` that its ``claims`` inherit. A claim's own
fields win; ``source`` and each entry of ``evidence`` are merged key by key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from repro.errors import ReproError
from repro.record.formula import FormulaError, references, unresolved
from repro.untrusted import message_of, read_yaml, short_repr

Kind = Literal["count", "share", "metric", "setting", "ordering", "closure", "figure", "statement"]
EvidenceKind = Literal["arithmetic", "ephemeris", "architecture", "protocol", "figure", "corpus"]
EVIDENCE: tuple[EvidenceKind, ...] = get_args(EvidenceKind)
#: Name of a document in ``_record.yaml``.
Document = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
#: Names the record's documents, beside its claim files.
RECORD_FILE = "_record.yaml"
Outcome = Literal[
    "confirmed", "consistent", "contradicted", "source_conflict", "repeated", "undecidable", "not_run", "error"
]
#: How strong a comparison is; :mod:`repro.record.strength` computes it.
Grade = Literal["R", "C", "B", "W", "P", "D"]
RuleName = Literal[
    "exact",
    "rounds_to",
    "absolute",
    "relative",
    "scatter",
    "interval",
    "at_most",
    "at_least",
    "undecidable",
    "other_quantity",
    "out_of_scope",
]
#: Rules that compare nothing, and what each says of the claim.
NO_COMPARISON: dict[RuleName, str] = {
    "undecidable": "the record cannot decide it",
    "other_quantity": "the evidence measures another quantity",
    "out_of_scope": "out of scope",
}
#: Rules that give a bound or an interval rather than a value.
BOUNDS: frozenset[RuleName] = frozenset({"interval", "at_most", "at_least"})
Value = bool | int | float | str

LARGEST = 1e15  # up to here every whole number is a floating-point number, too

_REMEDY = "correct the claim file; docstrings of repro/record/claims.py say what each field may be"
CLAIM_ID = r"^[A-Z][A-Z0-9_]*(\.[A-Z][A-Z0-9_]*)+$"


class Strict(BaseModel):
    """An immutable model that refuses unknown keys, infinity and NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Source(Strict):
    """Where the record says it.

    Parameters
    ----------
    document, section, place : str
        Where the quotation stands.
    quote : str
        Copied letter by letter from the text (runs of blanks count as one).
    gloss : str
        The quotation in English, where it is in another language.
    """

    document: Document
    section: str = Field(min_length=1)
    place: str = ""
    quote: str = Field(min_length=1)
    gloss: str = ""


class Rule(Strict):
    """How one kind of evidence judges a claim.

    Parameters
    ----------
    rule : str
        ``exact``: equal. ``rounds_to``: the measured value prints as the claim does. ``absolute`` and ``relative``:
        within ``tolerance`` (in the claim's unit, or as a fraction of the claim). ``scatter``: within three standard
        deviations of the measured value. ``interval``: the measure is a pair ``[low, high]`` that must hold the claim.
        ``at_most`` / ``at_least``: the measured value may not be above / below the claim, by more than ``tolerance``
        if one is given. Three rules compare nothing and give the outcome ``undecidable``: ``undecidable`` (the record
        cannot decide it), ``other_quantity`` (the evidence at hand measures something else) and ``out_of_scope``.
    formula : str, optional
        For arithmetic: an expression over other claims (see :mod:`repro.record.formula`).
    measure : str, optional
        For every other evidence: name of the quantity in the result of the stage that measures it. A rule that compares
        nothing may leave out formula and measure; what one of them gives is shown.
    tolerance : float, optional
        At least one printed step. An absolute one also widens the interval over nights of an ``unselected`` claim.
    sd : str, optional
        Name of the quantity that is the standard deviation of ``measure``; ``sd.<measure>`` if not given. Where such a
        quantity exists, the verdict says how many standard deviations the claim is away, and more than three
        contradict it, whatever the tolerance.
    plausible : pair of float, optional
        Lowest and highest value that the claim could have had before any evidence, for the share of this range that a
        bound excludes. If not given: 0 to 100 for %, else 0 to twice the claim.
    coverage : str
        For corpus evidence, which nights must be here. ``any``: one night decides. ``refuting``: some nights can
        contradict, but only all of them can agree. ``all``: all nights of the claim's windows. ``unselected``: any nights that were not chosen by condition, judged with an interval over nights.
    expect : str
        The outcome declared for this comparison. ``confirmed`` declares agreement of whatever strength, ``not_run``
        that the comparison cannot be made yet. For corpus evidence: the outcome once the thesis' own videos are there.
    reason : str
        Why this rule with this tolerance; for a declared conflict or contradiction, why it is one.
    """

    rule: RuleName
    formula: str | None = None
    measure: str | None = None
    tolerance: float | None = Field(default=None, gt=0)
    sd: str | None = None
    plausible: tuple[float, float] | None = None
    coverage: Literal["any", "refuting", "all", "unselected"] = "all"
    expect: Outcome = "confirmed"
    reason: str = Field(min_length=10)

    @property
    def compares(self) -> bool:
        """Whether the rule compares anything."""
        return self.rule not in NO_COMPARISON

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if self.formula is not None and self.measure is not None:
            raise ValueError("a rule needs either a formula or a measure, not both")
        if self.compares and self.formula is None and self.measure is None:
            raise ValueError("a rule needs either a formula or a measure")
        if self.plausible is not None and (self.rule not in BOUNDS or self.plausible[0] >= self.plausible[1]):
            raise ValueError("plausible is a pair, low before high, and only bounds and intervals take it")
        if self.rule in ("absolute", "relative") and self.tolerance is None:
            raise ValueError(f"rule {self.rule} needs a tolerance")
        if self.tolerance is not None and self.rule not in ("absolute", "relative", "at_most", "at_least"):
            raise ValueError(f"rule {self.rule} takes no tolerance")
        if self.coverage == "unselected" and self.rule == "relative":
            raise ValueError("an interval over nights can be widened by an absolute tolerance only")
        if self.expect == "error":
            raise ValueError("an error cannot be declared")
        return self


class Claim(Strict):
    """One statement of the record that can be right or wrong.

    Parameters
    ----------
    id : str
        Permanent; never reused, never renumbered. Upper-case words joined by dots.
    source : Source
        Document, section, place and quotation.
    kind : str
        count, share, metric, setting, ordering, closure, figure or statement.
    value : int, float, bool or str
        As printed.
    decimals : int
        Digits printed after the point; the printed step is ``10 ** -decimals``.
    unit : str
        Unit of the value; empty for a pure number or a word.
    reading_error : float
        For values read off a figure: half-width of the reading, in the unit.
    headline : int, optional
        Position among the headlines of the record, from 1. Claims that make one headline together share it.
    sentence : str
        What the evidence says about the headline, in one plain sentence; one claim of each headline has it.
    numerator, denominator : str, optional
        Claims that a share is a share of.
    evidence : dict
        Rule for each kind of evidence that can judge the claim; empty only for a statement that none can.
    note : str
        A remark for the reader, such as how an ambiguous text was understood.
    """

    id: str = Field(pattern=CLAIM_ID)
    source: Source
    kind: Kind
    value: Value
    decimals: int = Field(default=0, ge=0, le=6)
    unit: str = ""
    reading_error: float = Field(default=0.0, ge=0)
    numerator: str | None = None
    denominator: str | None = None
    headline: int | None = Field(default=None, ge=1, le=30)
    sentence: str = ""
    evidence: dict[EvidenceKind, Rule] = Field(min_length=1)
    note: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the value is a number, and neither a word nor a truth value."""
        return not isinstance(self.value, bool | str)

    @property
    def number(self) -> float:
        """The value of a claim that must be a number; TypeError if it is not."""
        if isinstance(self.value, bool | str):
            raise TypeError(f"{self.id} is not a number")
        return float(self.value)

    @property
    def step(self) -> float:
        """The smallest difference that the printed digits can show."""
        return 10.0**-self.decimals

    @model_validator(mode="after")
    def _sound(self) -> Claim:
        if self.is_number and abs(self.value) > LARGEST:  # type: ignore[arg-type]
            raise ValueError(f"value: larger than {LARGEST:g}")
        if self.is_number and round(self.number, self.decimals) != self.number:
            raise ValueError(f"value: more digits than decimals: {self.decimals}")
        if self.sentence and self.headline is None:
            raise ValueError("sentence: only a headline has one")
        for name, rule in self.evidence.items():
            if (rule.measure if name == "arithmetic" else rule.formula) is not None:
                raise ValueError(f"evidence.{name}: arithmetic takes a formula, every other evidence a measure")
            if not self.is_number and rule.rule != "exact" and rule.compares:
                raise ValueError(f"evidence.{name}.rule: a word or a truth value can only be judged exactly")
            if rule.tolerance is None or not self.is_number:
                continue
            tolerance = rule.tolerance * abs(self.number) if rule.rule == "relative" else rule.tolerance
            if tolerance < self.step * (1 - 1e-9):
                raise ValueError(f"evidence.{name}.tolerance: {tolerance:g} is below one printed step, {self.step:g}")
        return self

    def shown(self) -> str:
        """The value with its printed digits and unit."""
        if isinstance(self.value, bool | str):
            return f"{self.value} {self.unit}".strip()
        # A number without a unit may be a year or a label, which take no separator.
        text = f"{self.value:,.{self.decimals}f}" if self.unit else f"{self.value:.{self.decimals}f}"
        return f"{text} {self.unit}".strip()


class _Block(Strict):
    """A run of claims that share ``defaults``."""

    defaults: dict[str, Any] = {}
    claims: Annotated[list[dict[str, Any]], Field(min_length=1)]


class RecordFile(Strict):
    """``_record.yaml``: title of the record, and title of each document by the name that claims use, in the order shown."""

    title: str = Field(min_length=1)
    documents: dict[Document, str] = Field(min_length=1)


class Claims:
    """All registered claims, by id, in the order of the files; ``documents`` has the title of each document by name."""

    def __init__(self, claims: list[Claim], documents: Mapping[str, str] = MappingProxyType({})) -> None:
        self._by_id = {claim.id: claim for claim in claims}
        self._parts = {name: name.split(".") for name in self._by_id}
        self.documents = documents

    def __iter__(self) -> Iterator[Claim]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, name: object) -> bool:
        return name in self._by_id

    def __getitem__(self, name: str) -> Claim:
        return self._by_id[name]

    def matching(self, pattern: str) -> list[Claim]:
        """Claims whose id matches a pattern in which ``*`` stands for one part of the id."""
        if "*" not in pattern:
            return [self[pattern]] if pattern in self else []
        if not re.fullmatch(r"[A-Z0-9_.*]*", pattern):
            return []
        # fnmatch takes time in proportion to the pattern, where an expression of many * would not end.
        asked = [part.replace("*", "?*") for part in pattern.split(".")]
        return [
            self[name]
            for name, parts in self._parts.items()
            if len(parts) == len(asked) and all(map(fnmatchcase, parts, asked))
        ]


def merge(defaults: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A claim's own fields over its block's defaults; ``source`` and each evidence are merged key by key.

    An evidence of the defaults is dropped when the claim sets it to null.
    """
    merged = {**defaults, **own}
    if isinstance(defaults.get("source"), dict) and isinstance(own.get("source"), dict):
        merged["source"] = {**defaults["source"], **own["source"]}
    shared, rules = defaults.get("evidence"), own.get("evidence")
    if isinstance(shared, dict) and isinstance(rules, dict):
        both = {**shared, **rules}
        for name in shared.keys() & rules.keys():
            if isinstance(shared[name], dict) and isinstance(rules[name], dict):
                both[name] = {**shared[name], **rules[name]}
        merged["evidence"] = {name: rule for name, rule in both.items() if rule is not None}
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
        raise ReproError(
            found="no claim files",
            expected="*.yaml files with claims",
            where=str(folder),
            remedy="restore expected/published from the repository, or begin a record with: repro record new NAME",
        )
    documents = _documents(folder)
    claims: dict[str, tuple[Claim, Path]] = {}
    for path in files:
        for claim in _read(path):
            if claim.id in claims:
                raise ReproError(
                    found=f"id {claim.id} used twice",
                    expected="permanent ids, each used once",
                    where=f"{path} and {claims[claim.id][1]}",
                    remedy="give the newer claim another id",
                )
            if documents and claim.source.document not in documents:
                expected = f"a document of {RECORD_FILE}: {', '.join(documents)}"
                raise _bad(path, claim.id, "source.document", claim.source.document, expected)
            claims[claim.id] = claim, path
    registered = Claims([claim for claim, _ in claims.values()], documents)
    for claim, path in claims.values():
        for reference in (claim.numerator, claim.denominator):
            if reference is not None and reference not in claims:
                raise _bad(path, claim.id, "numerator/denominator", reference, "the id of a registered claim")
        with_sentence = [other.id for other in registered if other.sentence and other.headline == claim.headline]
        if claim.headline is not None and len(with_sentence) != 1:
            expected = f"one claim of headline {claim.headline} with a sentence"
            raise _bad(path, claim.id, "sentence", ", ".join(with_sentence) or "none", expected)
        _check_formula(path, claim, registered)
    return registered


def _documents(folder: Path) -> dict[str, str]:
    """Titles of the record's documents, by name; none without the file, and claims may then name any."""
    path = folder / RECORD_FILE
    if not path.is_file():
        return {}
    content = read_yaml(path, expected="the title and the documents of the record", remedy=_REMEDY)
    try:
        return dict(RecordFile.model_validate(content).documents)
    except ValidationError as error:
        raise _invalid(path, "(record)", error) from None


def _check_formula(path: Path, claim: Claim, registered: Claims) -> None:
    rule = claim.evidence.get("arithmetic")
    if rule is None or rule.formula is None:
        return
    field, formula = "evidence.arithmetic.formula", short_repr(rule.formula)
    try:
        missing = unresolved(rule.formula, registered)
    except FormulaError as error:
        raise _bad(path, claim.id, field, formula, message_of(error)) from None
    if missing:
        found = f"{message_of(LookupError(', '.join(missing)))} in {formula}"
        raise _bad(path, claim.id, field, found, "ids of registered claims")
    if claim.id in references(rule.formula):
        raise _bad(path, claim.id, field, f"its own id in {formula}", "ids of other claims")


def _read(path: Path) -> Iterator[Claim]:
    document = read_yaml(path, expected="a list of blocks with claims", remedy=_REMEDY)
    if not isinstance(document, list):
        raise _bad(path, "(file)", "(whole file)", type(document).__name__, "a list of blocks with claims")
    for number, raw in enumerate(document, start=1):
        try:
            block = _Block.model_validate(raw)
        except ValidationError as error:
            raise _invalid(path, f"(block {number})", error) from None
        for entry in block.claims:
            name = str(entry.get("id", f"(block {number}, claim without id)"))[:80]
            try:
                yield Claim.model_validate(merge(block.defaults, entry))
            except ValidationError as error:
                raise _invalid(path, name, error) from None


def _invalid(path: Path, name: str, error: ValidationError) -> ReproError:
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
    return _bad(path, name, field, found, message_of(ValueError(message)))


def _bad(path: Path, name: str, field: str, found: str, expected: str) -> ReproError:
    return ReproError(found=found, expected=expected, where=f"{path}, claim {name}, field {field}", remedy=_REMEDY)
