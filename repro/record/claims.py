"""Published claims: what the record prints, word for word, how each may be judged, and how one is found."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["count", "share", "metric", "setting", "ordering", "closure", "figure", "statement"]
EvidenceKind = Literal["arithmetic", "ephemeris", "architecture", "protocol", "figure", "corpus"]
EVIDENCE: tuple[EvidenceKind, ...] = get_args(EvidenceKind)
#: Name of a document in ``_record.yaml``.
Document = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
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
    """One statement of the record that can be right or wrong."""

    id: str = Field(pattern=CLAIM_ID)  # permanent; never reused, never renumbered
    source: Source
    kind: Kind
    value: Value  # as printed
    decimals: int = Field(default=0, ge=0, le=6)  # digits printed after the point
    unit: str = ""  # empty for a pure number or a word
    reading_error: float = Field(
        default=0.0, ge=0
    )  # of a value read off a figure: half-width of the reading, in the unit
    numerator: str | None = None  # claims that a share is a share of
    denominator: str | None = None
    headline: int | None = Field(default=None, ge=1)  # position among the headlines; claims of one share it
    sentence: str = ""  # what the evidence says about the headline; one claim of each headline has it
    evidence: dict[EvidenceKind, Rule] = Field(min_length=1)  # how each kind of evidence judges it
    note: str = ""  # a remark for the reader, such as how an ambiguous text was understood

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


def search(claims: Claims, query: str) -> Claims:
    """Claims that a reader can mean, in the order of the files.

    The query is a number as printed (``95.59``, ``98,126``, ``79.6 %``), the beginning of an id (``t3.night``) or words of
    the id, quotation, gloss, place or sentence (``moon``), in any case. The first of these ways that finds a claim is taken;
    a number is also looked for in the quotations.
    """
    number = _number(query)
    if number is not None and (same := [claim for claim in claims if claim.is_number and claim.value == number]):
        return Claims(same)
    word = " ".join(query.casefold().split())
    if not word:
        return Claims([])
    starts = [claim for claim in claims if claim.id.casefold().startswith(word)]
    return Claims(starts or [claim for claim in claims if word in _text(claim)])


def starting_with(claims: Claims, prefix: str) -> Claims:
    """Claims whose id begins with a prefix, in any case."""
    return Claims([claim for claim in claims if claim.id.casefold().startswith(prefix.casefold())])


def _number(query: str) -> float | None:
    try:
        number = float(query.replace(",", "").replace("\N{MINUS SIGN}", "-").rstrip("% "))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(claim: Claim) -> str:
    source = claim.source
    of_source = (source.quote, source.gloss, source.section, source.place)
    return " ".join(" ".join((claim.id, str(claim.value), *of_source, claim.sentence, claim.note)).casefold().split())
