"""Whether the registered claims cover every number that the record prints, and every sentence in which the thesis asserts.

A number is a run of digits as it is printed: with thousands separators (``214,890``), a decimal point (``79.6``), a
power of ten (``3e-4``) or a Korean multiplier (``1천`` is 1,000, ``120만`` is 1,200,000). Digits inside words count too
(``720p``, ``IMAGENET1K_V1``); signs do not, and number words (``seven``) are no numbers.

A number is covered where it lies inside the quotation of a claim of that document and is what the claim's value
prints; or where an exemption (``_exemptions.yaml``) says why it needs none.

A sentence is covered where ``_sentences.yaml`` names the claims that register what it asserts, or says why none is needed.
Sentences are found by short keys copied from the text, so that the text itself is not committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar

from pydantic import Field, RootModel, model_validator

from repro.errors import refuse
from repro.record.claims import Claim, Strict
from repro.untrusted import read_yaml, validated

Entry = TypeVar("Entry", bound=Strict)
Document = Literal["thesis", "slides", "kopri", "kvammen", "readme", "readings", "scripts"]
#: Where the text of each document lies under ``shared/``.
FILES: dict[Document, str] = {
    "thesis": "seeds/000_*.txt",
    "slides": "seeds/000_*.txt",
    "kopri": "seeds/001_*.txt",
    "kvammen": "seeds/002_*.txt",
    "readme": "seeds/003_*.txt",
    "readings": "thesis/readings.yaml",
    "scripts": "thesis/readings_added.yaml",
}
#: The slides are appendix 1 of the thesis, in the same file.
APPENDIX = "# 〈부록 1〉"

#: How the place of a quotation begins that was read from a picture, which no text holds.
PICTURE = "picture:"

#: How the note of a claim begins whose number stands in no digits in its quotation.
NOT_IN_DIGITS = ("Not printed;", "In words", "Printed as a Roman numeral")

_MULTIPLIERS = {"천": 10**3, "만": 10**4, "억": 10**8}
_NUMBER = re.compile(
    r"(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
    r"(?:(?P<power>[eE]-?[0-9]+)(?![0-9A-Za-z])|(?P<multiplier>[천만억]))?"
)
_EMPHASIS = re.compile(r"</?b>")
_THOUSANDS_AS_POINT = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+")


class Number(NamedTuple):
    """One number in a text."""

    start: int  # where its characters lie
    stop: int
    printed: str
    value: float
    decimals: int | None  # digits after the point; None where a power or a multiplier leaves that open


class Exemption(Strict):
    """A pattern whose numbers need no claim, and why."""

    document: Document
    pattern: re.Pattern[str]
    reason: Annotated[str, Field(min_length=10)]


class Coverage(NamedTuple):
    """The numbers of one document, each in one of the first three lists, and what covers nothing."""

    by_claim: list[Number]
    by_exemption: list[Number]
    uncovered: list[Number]
    stale: list[Exemption]  # those that exempt nothing which is not covered by a claim
    missing_quotes: list[str]  # ids of claims whose quotation is not in the text


def normalise(text: str) -> str:
    """A text with every run of blanks as one blank and without ``<b>`` marks, which may split a number."""
    return re.sub(r"\s+", " ", _EMPHASIS.sub("", text)).strip()


def numbers(text: str) -> list[Number]:
    """Every number in a text, in order."""
    found = []
    for match in _NUMBER.finditer(text):
        digits, power, multiplier = match["digits"].replace(",", ""), match["power"] or "", match["multiplier"]
        value = float(digits + power) * _MULTIPLIERS.get(multiplier, 1)
        decimals = None if power or multiplier else len(digits.partition(".")[2])
        found.append(Number(match.start(), match.end(), match[0], value, decimals))
    return found


def prints(claim: Claim, number: Number) -> bool:
    """Whether a number is what a claim's value prints.

    A number must have the claim's value, whatever its sign, and its digits after the point; in a word, date or
    condition every number counts. ``4.563`` is also taken for 4,563 where the claim says so: the text layer of the
    thesis has points for some commas.
    """
    value = claim.value
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return any(other.value == number.value for other in numbers(value))
    if number.decimals in (None, claim.decimals) and abs(value) == number.value:
        return True
    point = _THOUSANDS_AS_POINT.fullmatch(number.printed) is not None
    return point and claim.decimals == 0 and abs(value) == float(number.printed.replace(".", ""))


def unprinted(claims: Iterable[Claim]) -> list[str]:
    """Ids of claims of a number that their own quotation does not print, without a note that says so."""
    return [
        claim.id
        for claim in claims
        if not isinstance(claim.value, bool | str)
        and not claim.note.startswith(NOT_IN_DIGITS)
        and not any(prints(claim, number) for number in numbers(normalise(claim.source.quote)))
    ]


def cover(text: str, claims: Sequence[Claim], exemptions: Sequence[Exemption]) -> Coverage:
    """Find for every number of a document the claim or the exemption (a pattern in the normalised text) that answers for it."""
    text = normalise(text)
    places = {
        claim.id: _places(text, normalise(claim.source.quote))
        for claim in claims
        if not claim.source.place.startswith(PICTURE)
    }
    listed = numbers(text)
    by_claim = [
        number
        for number in listed
        if any(prints(claim, number) and _inside(number, places.get(claim.id, ())) for claim in claims)
    ]
    others = {*listed} - {*by_claim}
    exempted: set[Number] = set()
    stale = []
    for exemption in exemptions:
        spans = [match.span() for match in exemption.pattern.finditer(text)]
        own = {number for number in others if _inside(number, spans)}
        if not own:
            stale.append(exemption)
        exempted |= own
    missing = [name for name, found in places.items() if not found]
    return Coverage(by_claim, sorted(exempted), sorted(others - exempted), stale, missing)


def _inside(number: Number, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= number.start and number.stop <= stop for start, stop in spans)


def _places(text: str, quote: str) -> list[tuple[int, int]]:
    return [(match.start(), match.start() + len(quote)) for match in re.finditer(f"(?={re.escape(quote)})", text)]


def around(text: str, number: Number, width: int = 40) -> str:
    """A number with its neighbourhood in the normalised text, for a message."""
    text = normalise(text)
    return f"{text[max(0, number.start - width) : number.start]}[{number.printed}]{text[number.stop :][:width]}"


class Sentence(Strict):
    """A sentence of a document, by a key, with the claims that register it or the reason why none does."""

    document: Document = "thesis"
    key: Annotated[str, Field(min_length=4, max_length=60)]
    claims: tuple[str, ...] = ()
    reason: str = ""

    @model_validator(mode="after")
    def _one_of_two(self) -> Sentence:
        if bool(self.claims) == (len(self.reason) >= 10):
            raise ValueError("a sentence has either claims or a reason of some words")
        return self


#: The part that reports aims, methods, results and interpretations; before it, the introduction cites other works.
ASSERTING = re.compile(r"(?P<part>(따라서 본 연구에서는|# Ⅱ\. 연구방법).*?)# 참 고 문 헌", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=다)\.\s+|\n\s*\n|\n(?=[-→#])|다:\n")


def sentences(thesis: str) -> list[str]:
    """Sentences of the methods, results and conclusions of the thesis that have a verb, without tables and formulae.

    A sentence ends with the Korean verb ending and a full stop, at a blank line, or where an item of a list begins.
    """
    match = ASSERTING.search(thesis)
    if match is None:
        raise ValueError("the thesis has no section II or no references")
    parts = (normalise(part) for part in _SENTENCE_END.split(match["part"]))
    return [part for part in parts if re.search(r"다\.?$", part)]


#: A title, a comment, or a key whose entries follow; and the place of a picture.
_TITLE, _SHOWN = re.compile(r"\s*(#|\w+:\s*#)"), re.compile(r"!\[[^\]]*\]\([^)]*\)")


def unquoted(text: str, claims: Iterable[Claim]) -> list[str]:
    """Lines and sentences of an English text or of readings, of four words or more, that no quotation of a claim touches."""
    text = _SHOWN.sub("", text)
    whole = normalise(text)
    spans = [span for claim in claims for span in _places(whole, normalise(claim.source.quote))]
    lines = [line for line in text.splitlines() if not _TITLE.match(line)]
    parts = [normalise(part) for line in lines for part in re.split(r"(?<=[.;])\s+(?=[A-Z])", line)]
    left, start = [], 0
    for part in parts:
        start = whole.index(part, start)
        stop = start + len(part)
        if len(part.split()) >= 4 and not any(first < stop and start < last for first, last in spans):
            left.append(part)
        start = stop
    return left


def read_documents(shared: Path) -> dict[Document, str]:
    """Text of every document of the record, from a folder that holds ``seeds/`` and ``thesis/``.

    Raises ReproError if a document is missing, or the thesis has no appendix 1.
    """
    texts: dict[Document, str] = {}
    remedy = "put the text of the record back; it is not in git"
    for document, pattern in FILES.items():
        found = sorted(shared.glob(pattern))
        if len(found) != 1:
            refuse(f"{len(found)} files {pattern}", "one", str(shared), remedy)
        texts[document] = found[0].read_text(encoding="utf-8")
    thesis, mark, appendix = texts["thesis"].partition(APPENDIX)
    if not mark:
        refuse(f"no {APPENDIX}", "the slides as appendix of the thesis", str(shared), remedy)
    texts["thesis"], texts["slides"] = thesis, mark + appendix
    return texts


def load_sentences(folder: Path) -> list[Sentence]:
    """The list of sentences beside the claim files."""
    return _entries(folder / "_sentences.yaml", Sentence)


def load_exemptions(folder: Path) -> list[Exemption]:
    """The exemptions beside the claim files."""
    return _entries(folder / "_exemptions.yaml", Exemption)


def _entries(path: Path, kind: type[Entry]) -> list[Entry]:
    """Entries of a file; raises ReproError if it is missing or malformed."""
    remedy = "compare with the entries beside it, or restore the file from the repository"
    document = read_yaml(path, expected="a list of entries", remedy=remedy)
    return validated(RootModel[list[kind]], document, where=str(path), remedy=remedy).root  # type: ignore[valid-type]
