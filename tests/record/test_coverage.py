"""Whether the claims cover the record: the count of numbers on made-up texts, and the real texts where they are."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.errors import ReproError
from repro.paths import Paths
from repro.record.claims import Claim, Claims
from tests.support import coverage
from tests.support.claims import made_up
from tests.support.coverage import Document, Exemption

TEXT = "In 2022 the camera took 214,890 frames,\n79.6 % of them at night (Figure 3)."


def claim(value: Any, quote: str = "q", *, name: str = "X.Y", **fields: Any) -> Claim:
    """A made-up claim on a text."""
    return made_up(name, value, quote=quote, **fields)


def exemption(pattern: str) -> Exemption:
    """A made-up exemption."""
    return Exemption(document="thesis", pattern=pattern, reason="a made-up reason")


COMPLETE = [
    claim(2022, "In 2022", name="X.A"),
    claim(214890, "214,890 frames", name="X.B"),
    claim(79.6, "79.6 % of them", decimals=1, name="X.C"),
]
FIGURES = exemption(r"Figure \d")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5,824장", [5824]),
        ("약 1천장, 120만 장, 7억 장", [1000, 1200000, 700000000]),
        ("62°26′N", [62, 26]),
        ("2×329", [2, 329]),
        ("3e-4 and 3e-5", [0.0003, 0.00003]),
        ("IMAGENET1K_V1", [1, 1]),
        ("1280×720(720p)", [1280, 720, 720]),
        ("July 2,2020, 07:02:00", [2, 2020, 7, 2, 0]),
        ("<sup>1,2</sup>", [1, 2]),
        ("fps\\*2/5", [2, 5]),
        ("(0.8-1.0)", [0.8, 1.0]),
        ("2025. 06. 27.", [2025, 6, 27]),
        ("−18° to -12°", [18, 12]),
        ("e2020JA027808", [2020, 27808]),
        ("1,024.5 and 1,0245", [1024.5, 1, 245]),
        ("six, Ⅵ, x²", []),
    ],
)
def test_numbers_of_a_text(text: str, values: list[float]) -> None:
    """Every run of digits is found once, as printed: separators, points, powers, Korean multipliers, inside words."""
    assert [number.value for number in coverage.numbers(text)] == values


@given(st.text(alphabet="0123456789,.eE-천만 x장", max_size=30))
def test_no_digit_is_left_out(text: str) -> None:
    """Each digit of a text belongs to exactly one number."""
    listed = coverage.numbers(text)
    inside = [place for number in listed for place in range(number.start, number.stop) if text[place].isdigit()]
    assert inside == [place for place, letter in enumerate(text) if letter in "0123456789"]
    assert all(text[number.start : number.stop] == number.printed for number in listed)


@given(st.integers(-(10**9), 10**9), st.integers(0, 6))
def test_a_claim_prints_its_own_value(digits: int, decimals: int) -> None:
    """The value as a claim shows it is found again in its quotation, whatever its digits and its sign."""
    value = round(digits / 10**decimals, decimals)
    own = claim(value, f"about {value:,.{decimals}f} of them", decimals=decimals)
    (number,) = coverage.numbers(own.source.quote)
    assert coverage.prints(own, number)


@pytest.mark.parametrize(
    ("own", "text", "holds"),
    [
        (claim(95.6, decimals=1), "95.60", False),
        (claim(95), "95.0", False),
        (claim(-18), "18", True),
        (claim(0.0003, decimals=4), "3e-4", True),
        (claim(4563), "4.563", True),
        (claim(4563), "4.5630", False),
        (claim(4.563, decimals=3), "4.563", True),
        (claim("2022-12-01"), "1", True),
        (claim("2022-12-01"), "11", False),
        (claim(True), "1", False),
    ],
)
def test_what_a_value_prints(own: Claim, text: str, holds: bool) -> None:
    """A number is a claim's only with its value and its digits; a point may stand for a comma."""
    (number,) = coverage.numbers(text)
    assert coverage.prints(own, number) is holds


def test_complete_coverage() -> None:
    """Where claims and exemptions answer for all numbers, nothing is left over; an exemption of nothing more is stale."""
    unmatched, covered = exemption("Figure 7"), exemption("In 2022")
    result = coverage.cover(TEXT, COMPLETE, [FIGURES, unmatched, covered])
    assert [number.printed for number in result.by_claim] == ["2022", "214,890", "79.6"]
    assert [number.printed for number in result.by_exemption] == ["3"]
    assert result.stale == [unmatched, covered]
    assert not result.uncovered + result.missing_quotes


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_number_without_a_claim_is_found(missing: int) -> None:
    """Taking any claim away leaves exactly its number over, and the message shows where it stands."""
    claims = [own for place, own in enumerate(COMPLETE) if place != missing]
    (left,) = coverage.cover(TEXT, claims, [FIGURES]).uncovered
    assert coverage.prints(COMPLETE[missing], left)
    assert f"[{left.printed}]" in coverage.around(TEXT, left)


@pytest.mark.parametrize(
    ("text", "claims", "exemptions", "start"),
    [
        ("80 % here and 80 % there", [claim(80, "80 % here")], [], 14),  # elsewhere it needs a claim of its own
        ("took 214,890 frames", [claim(214891, "214,890 frames")], [], 5),  # not the value that is printed
        ("took 214,890 frames", [claim(214890, "214,890 in a chart", place="picture: slide 1")], [], 5),
        ("page 126", [], [exemption("page 1")], 5),  # a pattern that touches only part of a number
    ],
)
def test_what_covers_no_number(text: str, claims: list[Claim], exemptions: list[Exemption], start: int) -> None:
    """The number that begins here is left over; a quotation from a picture is not reported as missing in the text."""
    result = coverage.cover(text, claims, exemptions)
    assert [number.start for number in result.uncovered] == [start]
    assert result.missing_quotes == []


def test_a_quotation_that_is_not_in_the_text_is_found() -> None:
    """A quotation must stand in the text letter by letter; only blanks and bold marks may differ."""
    claims = [claim(1, "one  <b>w</b>ord\nonly", name="X.A"), claim(1, "one Word", name="X.B")]
    assert coverage.cover("one word\tonly", claims, []).missing_quotes == ["X.B"]
    assert coverage.normalise(" 4-<b>0</b>1 \n x ") == "4-01 x"  # marks may split a number


def test_claims_that_print_nothing_are_found(claims: Claims) -> None:
    """A number that is not in its own quotation must be noted as such, and each of the record is."""
    silent = claim(7, "seven classes", name="X.A")
    noted = claim(7, "seven classes", name="X.B", note="In words.")
    assert coverage.unprinted([silent, noted, claim(7, "7 classes", name="X.C"), *claims]) == ["X.A"]


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{document: thesis, pattern: '1'}", "reason"),
        ("{document: diary, pattern: '1', reason: a made-up reason}", "document"),
        ("{document: thesis, pattern: '1', reason: a made-up reason, page: 4}", "page"),
        ("{document: thesis, pattern: '(', reason: a made-up reason}", "regular expression"),
        ("{key: 연구에서}", "either claims or a reason"),
        ("{key: 연구에서, claims: [X.Y], reason: a made-up reason}", "either claims or a reason"),
    ],
)
def test_malformed_entries(tmp_path: Path, entry: str, says: str) -> None:
    """Exemptions and sentences that are malformed are refused with file, field and what to do."""
    name, load = ("sentences", coverage.load_sentences) if "key" in entry else ("exemptions", coverage.load_exemptions)
    (tmp_path / f"_{name}.yaml").write_text(f"- {entry}", encoding="utf-8")
    with pytest.raises(ReproError, match=says) as caught:
        load(tmp_path)
    assert str(tmp_path / f"_{name}.yaml") in caught.value.where
    assert caught.value.remedy


def test_documents_of_the_record(tmp_path: Path) -> None:
    """Thesis and slides are two documents of one file; a document that is not there is an error that names the folder."""
    for document, pattern in coverage.FILES.items():
        path = tmp_path / pattern.replace("*", "made_up")
        path.parent.mkdir(exist_ok=True)
        path.write_text(document, encoding="utf-8")
    both = tmp_path / "seeds" / "000_made_up.txt"
    both.write_text(f"thesis\n{coverage.APPENDIX}\nslides", encoding="utf-8")
    texts = coverage.read_documents(tmp_path)
    assert set(texts) == set(coverage.FILES)
    assert coverage.normalise(texts["thesis"]) == "thesis"
    assert coverage.normalise(texts["slides"]) == f"{coverage.APPENDIX} slides"
    for harm in (lambda: both.write_text("thesis", encoding="utf-8"), both.unlink):
        harm()
        with pytest.raises(ReproError, match="text of the record") as caught:
            coverage.read_documents(tmp_path)
        assert str(tmp_path) in caught.value.where


def test_every_quotation_in_another_language_has_a_gloss(claims: Claims) -> None:
    """Each Korean or Chinese quotation has a gloss without such letters, which prints the claim's number if the quotation does."""
    foreign = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3\u4e00-\u9fff]")
    own = [claim for claim in claims if foreign.search(claim.source.quote)]
    assert len(own) > 200
    assert [claim.id for claim in own if not claim.source.gloss or foreign.search(claim.source.gloss)] == []
    bare = [claim.model_copy(update={"note": ""}) for claim in own]
    glosses = [claim.source.model_copy(update={"quote": claim.source.gloss}) for claim in own]
    in_gloss = [claim.model_copy(update={"source": gloss}) for claim, gloss in zip(bare, glosses, strict=True)]
    assert set(coverage.unprinted(in_gloss)) <= set(coverage.unprinted(bare))


def test_no_exemption_or_sentence_stands_twice(project: Paths, claims: Claims) -> None:
    """Every exemption and every sentence is well formed and stands once, and each sentence names claims that exist."""
    exemptions, listed = coverage.load_exemptions(project.published), coverage.load_sentences(project.published)
    assert len({(entry.document, entry.pattern) for entry in exemptions}) == len(exemptions) > 0
    assert len({sentence.key for sentence in listed}) == len(listed) > 0
    assert [name for sentence in listed for name in sentence.claims if name not in claims] == []


@pytest.mark.seeds
@pytest.mark.parametrize("document", coverage.FILES)
def test_nothing_printed_is_left_over(document: Document, seeds: Path, project: Paths, claims: Claims) -> None:
    """Every number that a document of the record prints is in a claim or an exemption, and every quotation is found."""
    text = coverage.read_documents(seeds.parent)[document]
    own = [claim for claim in claims if claim.source.document == document]
    exemptions = [entry for entry in coverage.load_exemptions(project.published) if entry.document == document]
    result = coverage.cover(text, own, exemptions)
    assert [coverage.around(text, number) for number in result.uncovered] == []
    assert [entry.pattern for entry in result.stale] == []
    assert result.missing_quotes == []
    assert result.by_claim


def test_lines_that_no_claim_quotes() -> None:
    """Of an English text, the sentences of four words or more without any quoted word are left over."""
    text = (
        "# A title of four words\n- It took 214,890 frames. They show aurora very often.\nToo few.\nkey: one two three"
    )
    left = coverage.unquoted(text, [claim(214890, "214,890 frames")])
    assert left == ["They show aurora very often.", "key: one two three"]


def test_sentences_of_a_text() -> None:
    """A sentence ends with the Korean verb ending and a full stop; titles and references are none."""
    section = "# Ⅱ. 연구방법\n\n첫 문장이다. 둘째 문장을\n나누었다.\n\n표 1. 제목\n- 항목이다.\n\n"
    thesis = f"{section}# 참 고 문 헌\n- 인용하였다.\n"
    assert coverage.sentences(thesis) == ["첫 문장이다", "둘째 문장을 나누었다", "- 항목이다"]


@pytest.mark.seeds
@pytest.mark.parametrize("document", ["thesis", "readme", "readings", "scripts"])
def test_every_sentence_is_quoted_or_listed(document: Document, seeds: Path, project: Paths, claims: Claims) -> None:
    """Every sentence in which the thesis asserts has exactly one key, as has each of the other texts that no claim quotes."""
    text = coverage.read_documents(seeds.parent)[document]
    own = [claim for claim in claims if claim.source.document == document and claim.source.place[:8] != "picture:"]
    texts = coverage.sentences(text) if document == "thesis" else coverage.unquoted(text, own)
    keys = [sentence.key for sentence in coverage.load_sentences(project.published) if sentence.document == document]
    assert keys
    assert [text[:60] for text in texts if sum(key in text for key in keys) != 1] == []
    assert [key for key in keys if sum(key in text for text in texts) != 1] == []
