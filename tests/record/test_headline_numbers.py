"""The numbers in the headline sentences: each follows from the claims and from what was computed."""

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from repro.record.claims import EVIDENCE
from repro.record.comparator import MOST_SIGMA
from repro.record.judge import Quantities, with_protocol_bounds
from repro.sky.bins import MOON_BINS
from tests.record.test_claims import CLAIMS, results
from tests.record.test_findings import findings

SENTENCES = {claim.headline: claim.sentence for claim in CLAIMS if claim.sentence}
#: Numbers in digits and in words, in a sentence. Names such as Table 3 do not count.
_NUMBER = re.compile(
    r"(?<!Table )(?<!Figure )\b\d[\d,]*(?:\.\d+)?|\b(?:one|two|three|nine|tenth|a third|some hundreds)\b"
)
WORDS = {1: "one", 2: "two", 3: "three", 9: "nine", 10: "tenth"}


@cache
def measured() -> dict[str, Quantities]:
    """Everything computed, by kind of evidence."""
    return {str(kind): values for kind, values in with_protocol_bounds(CLAIMS, results()).quantities.items()}


class Source:
    """Values by name: ``T2.NIGHT`` of a claim, ``ephemeris:night`` of a kind of evidence, ``count:T3.*.*`` of claims.

    The value called ``changed`` is given as so many times what it is.
    """

    def __init__(self, changed: str = "", factor: float = 1.0) -> None:
        self._changed, self._factor = changed, factor
        self.used: set[str] = set()

    def __call__(self, name: str) -> Any:
        """A number, or the two ends of an interval."""
        self.used.add(name)
        value = self._value(name)
        if name != self._changed:
            return value
        ends = [self._factor * end for end in (value if isinstance(value, tuple) else [value])]
        ends = [round(end) if isinstance(value, int) else end for end in ends]
        return tuple(ends) if isinstance(value, tuple) else ends[0]

    def _value(self, name: str) -> Any:
        kind, _, rest = name.partition(":")
        if not rest:
            return CLAIMS[name].value
        if kind == "limit":
            return MOST_SIGMA
        if kind == "count":
            return len(CLAIMS.matching(rest))
        return measured()[kind][rest] if kind in EVIDENCE else findings()[kind].numbers[rest]


def _percent_off(value: Source, claim: str, measure: str) -> float:
    return 100 * abs(value(f"ephemeris:{measure}") / value(claim) - 1)


def _up(number: float, digits: int) -> str:
    """A bound that is printed: rounded up."""
    return f"{math.ceil(number * 10**digits - 1e-9) / 10**digits:.{digits}f}"


def _cells(value: Source, *suns: str) -> float:
    """Largest deviation of the sky from the cells of some rows of Table 3, in percent."""
    return max(
        _percent_off(value, f"T3.{sun}.{moon}".upper(), f"{sun}.{moon}".lower()) for sun in suns for moon in MOON_BINS
    )


def _share_off(value: Source, name: str) -> float:
    return abs(value(f"TXT.SHARE_{name}".upper()) - value(f"ephemeris:share.{name}".lower()))


def _share(value: Source, part: str, whole: str) -> float:
    return 100 * value(part) / value(whole)


def _refuted(value: Source) -> str:
    """How many switch altitudes are refuted: one, if it leaves more than the worst deviation of two."""
    one = value("ephemeris:one_altitude.largest_deviation_percent")
    return WORDS[1] if one > 2 * _cells(value, "Astro", "Nautical") else "no"


def _z(value: Source, claim: str, measure: str) -> float:
    return abs(value(claim) - value(f"ephemeris:{measure}")) / value(f"ephemeris:sd.{measure}")


def _beyond(value: Source) -> str:
    """The limit in standard deviations that some cells of twilight pass, and some do not."""
    cells = [f"{sun}.{moon}" for sun in ("Astro", "Nautical") for moon in MOON_BINS]
    z = [_z(value, f"T3.{cell}".upper(), cell.lower()) for cell in cells]
    limit = value("limit:standard deviations")
    return _in_words(limit) if min(z) < limit < max(z) else "other"


def _in_words(number: float) -> str:
    return WORDS.get(int(number), "other") if number == int(number) else f"{number:.1f}"


def _both_classes(value: Source) -> str:
    """Validation images of both classes, if the two printed accuracies are whole counts of them."""
    images = 2 * value("SPLIT.VAL_YES")
    printed = [value(f"TXT.ACCURACY_{name}") for name in ("FIRST", "BEST")]
    whole = all(round(100 * round(share / 100 * images) / images, 2) == share for share in printed)
    return f"{images:,}" if whole else "no whole number"


#: The means on the diagonal of Figure 6.
DIAGONAL = ("F6.YES.NAUTICAL.NO_MOON.MEAN", "F6.YES.ASTRO.MOON_QUARTER.MEAN", "F6.YES.NIGHT.MOON_FULL.MEAN")
#: What each sentence has to print, in its order. Sentences without a number are not listed.
PRINTS: dict[int, Callable[[Source], tuple[str, ...]]] = {
    1: lambda v: (f"{v('TXT.FRAMES'):,}", f"{100 * (1 - v('ephemeris:fit.availability')):.0f}"),
    2: lambda v: (
        _in_words(v("count:WINDOW*.DAYS")),
        f"{sum(v(f'WINDOW{number}.DAYS') for number in (1, 2, 3))}",
        _in_words(round(v("FND.SAMPLE_SIZE:dates_lost"))),
    ),
    3: lambda v: ("a third" if 0.25 < _percent_off(v, "T2.NIGHT", "night") < 1 / 3 else "other",),
    4: lambda v: (f"{_percent_off(v, 'T2.ASTRO', 'astro'):.1f}", f"{_z(v, 'T2.ASTRO', 'astro'):.1f}"),
    6: lambda v: ("some hundreds" if 100 < v("ephemeris:standard_time.civil") < 1000 else "other",),
    7: lambda v: (_in_words(v("count:T3.NIGHT.*")), _up(_cells(v, "Night"), 1)),
    8: lambda v: (_up(_cells(v, "Astro", "Nautical"), 0), _beyond(v), _refuted(v)),
    9: lambda v: (_up(max(_share_off(v, "night"), _share_off(v, "no_moon")), 1),),
    11: lambda v: (
        _in_words(v("TXT.VIDEO_FPS") * v("TXT.SAMPLING_NUMERATOR") / v("TXT.SAMPLING_DENOMINATOR")),
        f"{v('TXT.CADENCE_S')}",
        _in_words(v("TXT.INTERVAL_MIN")),
    ),
    12: lambda v: (f"{v('ephemeris:sample.frames'):,}", f"{v('ephemeris:sample.frames') - v('SPLIT.LABELLED'):,}"),
    14: lambda v: (f"{v('SPLIT.TRAIN_YES'):,}", f"{v('SPLIT.VAL_YES'):,}"),
    15: lambda v: tuple(
        f"{_share(v, f'SPLIT.{side}_{word}', f'SPLIT.LABELLED_{word}'):.{digits}f}"
        for word, digits in (("YES", 1), ("NO", 2))
        for side in ("TRAIN", "VAL")
    ),
    16: lambda v: (f"{v('SPLIT.VAL_YES')}", f"{v('SLD.VALIDATION_PER_CLASS')}", _both_classes(v)),
    17: lambda v: (_both_classes(v),),
    18: lambda v: (f"{v('TXT.ACCURACY_BEST.AS_PERFORMANCE'):.2f}",),
    19: lambda v: (f"{v('TXT.BEST_EPOCH_LOSS')}",),
    20: lambda v: (f"{v('F5.VAL_LOSS.E10'):.2f}", f"{v('TXT.BEST_EPOCH_LOSS')}", f"{v('F5.VAL_LOSS.E12'):.2f}"),
    21: lambda v: (f"{v('TXT.BEST_EPOCH_ACCURACY')}",),
    22: lambda v: (_in_words(v("count:T3.*.*")), _in_words(v("count:SLD.CHART.*.YES"))),
    23: lambda v: (f"{v('TXT.OCCURRENCE')}", f"{_share(v, 'TXT.YES_FRAMES', 'TXT.FRAMES'):.1f}"),
    24: lambda v: tuple(f"{end:.0f}" for end in v("protocol:occurrence.night_no_moon")),
    25: lambda v: (
        _in_words(round(v("FND.ERRORS_BY_CONDITION:moon_quarter_z_runs"), 1)),
        _in_words(v("count:T6.*.*.RATIO")),
    ),
    26: lambda v: (
        f"{abs(v('FND.ERRORS_BY_CONDITION:no_moon_z_runs')):.1f}",
        _in_words(v("count:T6.*.*.RATIO")),
    ),
    28: lambda v: tuple(f"{end([v(name) for name in DIAGONAL]):.0f}" for end in (min, max)),
    29: lambda v: (WORDS[2] if v("F7.FIRST_BIN.NIGHT.NO_MOON") + v("F7.LAST_BIN.NIGHT.NO_MOON") > 1 else "no",),
}


def test_every_headline_has_a_sentence() -> None:
    """They are numbered without a gap, and those with a number in the sentence are all listed here."""
    assert set(SENTENCES) == set(range(1, len(SENTENCES) + 1))
    assert {place for place, sentence in SENTENCES.items() if _NUMBER.search(sentence)} == set(PRINTS)


@pytest.mark.parametrize("place", sorted(PRINTS))
def test_numbers_of_a_headline_follow_from_the_evidence(place: int) -> None:
    """A sentence prints what the claims and the results give, to its digits."""
    assert tuple(_NUMBER.findall(SENTENCES[place])) == PRINTS[place](Source())


@pytest.mark.parametrize("place", sorted(PRINTS))
def test_another_value_asks_for_another_sentence(place: int) -> None:
    """Each number of a sentence changes with some claim or result, so that a stale sentence cannot stay."""
    source = Source()
    printed = PRINTS[place](source)
    others = [PRINTS[place](Source(name, factor)) for name in sorted(source.used) for factor in (0.5, 2.0, 20.0)]
    assert [number for number, *changed in zip(printed, *others, strict=True) if set(changed) == {number}] == []
