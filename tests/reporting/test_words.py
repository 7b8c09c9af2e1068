"""Numbers and words as the report writes them."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.clock.table1 import RULES
from repro.record.comparator import Verdict
from repro.record.judge import OUTCOMES
from repro.reporting import wording as words
from tests.support.claims import made_up


@pytest.mark.parametrize(
    ("write", "given", "text"),
    [
        # Thousands stand apart, the minus is a true one, and digits beyond the fifth are left out.
        (words.number, (214890,), "214,890"),
        (words.number, (-11.5423,), "−11.542"),
        (words.number, (0.0004,), "0.0004"),
        (words.number, (28733.93,), "28,734"),
        (words.number, (1517.06,), "1,517.1"),
        (words.number, (3211.9998,), "3,212"),
        (words.number, (1024, 2), "1,024.00"),
        (words.number, (-0.5, 1), "−0.5"),
        # A quotation with Hangul is Korean, also with a Chinese word in it; one with Chinese alone is Chinese.
        (words.language, ("총 214,890장",), "ko"),
        (words.language, ("전천(全天) 카메라",), "ko"),
        (words.language, ("极光",), "zh"),
        (words.language, ("214,890 images",), "en"),
        # A share is all or none only if it is; of nothing there is no share.
        (words.share, (3, 4), "75.0 %"),
        (words.share, (0, 4), "0 %"),
        (words.share, (4, 4), "100 %"),
        (words.share, (9999, 10_000), "99.99 %"),
        (words.share, (1, 10_000), "0.01 %"),
        (words.share, (0, 0), "—"),
        # A short interval is in percent, and a dash where it is not known.
        (words.between, (0.5, 0.75), "50.0–75.0"),
        (partial(words.between, brackets=True), (0.5, 0.75), "[50.0–75.0]"),
        (words.between, (float("nan"), 0.5), "—"),
        # Backticks become code, everything else stays text, also inside the code.
        (words.code, ("set `a<b` & <i>",), "set <code>a&lt;b</code> &amp; &lt;i&gt;"),
        (words.code, ("one ` alone",), "one <code> alone</code>"),
        # Signs that a terminal prints plainly are set as a printer would, and names and dates keep their hyphens.
        (words.typeset, ("below -11.54 deg, 98.0 % present",), "below −11.54°, 98.0\N{NO-BREAK SPACE}% present"),
        (words.typeset, ("25 frames a second x 2/5 is every 10th",), "25 frames a second × 2/5 is every 10th"),
        (words.typeset, ("phase >= 150 deg and altitude <= 5",), "phase ≥ 150° and altitude ≤ 5"),
        (words.typeset, ("two numbers - fitted - predict",), "two numbers – fitted – predict"),
        (words.typeset, ("A4-01-31, 2022-12-01, top-1, features[-1]",), "A4-01-31, 2022-12-01, top-1, features[−1]"),
    ],
)
def test_texts(write, given, text):
    """Numbers, languages, shares, intervals, code and sentences are written as the remarks above say."""
    assert write(*given) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_number_refuses_infinity_and_nan(value):
    """What is not a finite number cannot be written as one."""
    with pytest.raises(ValueError, match="cannot be printed"):
        words.number(value)


@given(st.floats(-1e6, 1e6), st.integers(0, 3))
def test_signed(value, decimals):
    """A difference carries its sign unless it rounds to nothing, and reads back as the rounded value."""
    text = words.signed(value, decimals)
    back = float(text.replace("−", "-").replace(",", ""))
    assert back == pytest.approx(float(f"{value:.{decimals}f}"))
    assert (text[0] in "+−") == (back != 0)


@pytest.mark.parametrize(
    ("kind", "value", "unit", "by_evidence", "published", "measured"),
    [
        ("statement", 2018, "", 2020, "2018", "2020"),
        ("statement", 1024, "images", 329, "1,024 images", "329"),
        ("count", 2057, "frames", 1920.74, "2,057 frames", "1,920.7"),
        ("count", 2057, "frames", None, "2,057 frames", "—"),
        ("metric", 95.59, "%", (93.73, 96.91), "95.59 %", "93.730 to 96.910"),
        ("statement", True, "", False, "stated", "does not hold"),
        ("statement", "Adam", "", "SGD-M", "Adam", "SGD-M"),
    ],
)
def test_published_and_measured(kind, value, unit, by_evidence, published, measured):
    """Counts have thousands apart and their unit, years have neither, statements read as words."""
    claim = made_up("A.B", value, kind=kind, decimals=2 if unit == "%" else 0, unit=unit)
    verdict = Verdict("A.B", "arithmetic", "confirmed", "confirmed", by_evidence, "exact", "")
    assert words.published(claim) == published
    assert words.measured(claim, verdict) == measured


def test_every_outcome_and_every_repair_has_words():
    """Outcomes have a name and a meaning of their own; the rules of Table 1 are described in the published order."""
    assert tuple(words.OUTCOME) == OUTCOMES
    assert len({meaning for _, meaning in words.OUTCOME.values()}) == len(OUTCOMES)
    assert list(words.REPAIR)[:7] == list(RULES)
