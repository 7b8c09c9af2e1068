"""The standard checks of error detection in science: whether printed numbers can belong to one data set.

Every check takes printed numbers as :class:`Printed`, and allows for their rounding in either direction. A check that fails
shows an error in the record; one that holds proves nothing.

References
----------
- GRIM: Brown & Heathers (2017), *The GRIM Test*, Social Psychological and Personality Science 8, 363-369.
- GRIMMER: Anaya (2016), PeerJ Preprints 4:e2400v1; the parity test is Allard's (2018), *Analytic-GRIMMER*.
- DEBIT: Heathers & Brown (2019), *DEBIT: A Simple Consistency Test For Binary Data*.
- Largest deviation for a bounded mean: Bhatia & Davis (2000), American Mathematical Monthly 107, 353-357.
- Recomputed p-values: Nuijten et al. (2016), *statcheck*, Behavior Research Methods 48, 1205-1226.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Statistic = Literal["z", "t", "r", "chi2", "F"]

#: Samples above this are refused: with so many values every printed mean is possible.
LARGEST_SAMPLE = 1_000_000
#: A correlation that prints as 1.00; the p-value of exactly 1 is undefined.
_LARGEST_CORRELATION = 1 - 1e-12


@dataclass(frozen=True)
class Printed:
    """A number as it is printed, with its digits after the point; it stands for everything within half a printed step."""

    value: float
    decimals: int = 0

    @property
    def exact(self) -> Fraction:
        """The printed digits as a fraction."""
        return Fraction(f"{self.value:.{self.decimals}f}")

    @property
    def half_step(self) -> Fraction:
        """Half of a printed step."""
        return Fraction(1, 2 * 10**self.decimals)

    @property
    def low(self) -> Fraction:
        """Smallest number that prints so."""
        return self.exact - self.half_step

    @property
    def high(self) -> Fraction:
        """Largest number that prints so."""
        return self.exact + self.half_step


def _counts(mean: Printed, n: int, unit: float) -> range:
    """Whole counts ``k`` for which ``k * unit / n`` prints as the mean."""
    if not 1 <= n <= LARGEST_SAMPLE or n != int(n):
        raise ValueError(f"a sample of {n}: a whole number from 1 to {LARGEST_SAMPLE:,} is needed")
    if unit <= 0:
        raise ValueError(f"a unit of {unit}: it must be above 0")
    share = Fraction(int(n)) / Fraction(str(unit))
    return range(math.ceil(mean.low * share), math.floor(mean.high * share) + 1)


def grim(mean: Printed, n: int, unit: float = 1) -> bool:
    """Whether a printed mean or percentage can come from ``n`` whole counts (GRIM; Brown & Heathers 2017).

    ``unit`` is what one count adds to the sum: 1 for a mean, 100 for a percentage, 1/items for a scale of several items.
    So 28 whole numbers cannot have the mean 5.19, but 5.18. ValueError if the sample is not 1 to 1,000,000 or the unit not
    above 0.
    """
    return len(_counts(mean, n, unit)) > 0


def grimmer(mean: Printed, sd: Printed, n: int) -> bool:
    """Whether a mean and a sample deviation (divisor n - 1) can come from ``n`` whole numbers (GRIMMER).

    A sum of squares has the parity of the sum, and is at least that of the most even numbers with this sum. Both are necessary,
    not sufficient. ValueError if the sample is not 2 to 1,000,000 or the deviation negative.
    """
    if n < 2 or sd.value < 0:
        raise ValueError(f"a deviation of {sd.value} of {n} values: at least 2 values and 0 are needed")
    low, high = max(sd.low, Fraction(0)) ** 2 * (n - 1), sd.high**2 * (n - 1)
    for total in _counts(mean, n, 1):
        square = Fraction(total * total, n)
        quotient, rest = divmod(total, n)
        most_even = rest * (quotient + 1) ** 2 + (n - rest) * quotient**2
        first = max(math.ceil(low + square), most_even)
        first += (first - total) % 2
        if first <= high + square:
            return True
    return False


def debit(mean: Printed, sd: Printed, n: int) -> bool:
    """Whether a mean and a sample deviation (divisor n - 1) can come from ``n`` zeros and ones (DEBIT).

    ValueError if the sample is not 2 to 1,000,000, the mean, which is the share of ones, outside 0 to 1 or the deviation
    negative.
    """
    if n < 2 or sd.value < 0 or not 0 <= mean.value <= 1:
        raise ValueError(f"a mean of {mean.value} and a deviation of {sd.value} of {n} zeros and ones")
    possible = (Fraction(ones * (n - ones), n * (n - 1)) for ones in _counts(mean, n, 1) if 0 <= ones <= n)
    return any(max(sd.low, Fraction(0)) ** 2 <= variance <= sd.high**2 for variance in possible)


def largest_sd(mean: float, lowest: float, highest: float) -> float:
    """Largest population deviation (divisor n) of values in ``[lowest, highest]`` with this mean (Bhatia & Davis 2000).

    It is ``sqrt((highest - mean) * (mean - lowest))``; all are in one unit. ValueError if the mean lies outside the bounds.
    """
    if not lowest <= mean <= highest:
        raise ValueError(f"a mean of {mean} outside {lowest} to {highest}")
    return math.sqrt((highest - mean) * (mean - lowest))


def bhatia_davis(mean: Printed, sd: Printed, lowest: float, highest: float) -> bool:
    """Whether values in ``[lowest, highest]`` can have this mean and this population deviation (divisor n)."""
    floor, ceiling = Fraction(str(lowest)), Fraction(str(highest))
    middle = (floor + ceiling) / 2
    # The bound is largest at the middle, so the mean that prints so and lies nearest to it allows most.
    nearest = min(max(middle, mean.low), mean.high)
    if not floor <= nearest <= ceiling:
        return False
    return max(sd.low, Fraction(0)) ** 2 <= (ceiling - nearest) * (nearest - floor)


def partition(parts: Iterable[Printed], whole: Printed) -> bool:
    """Whether printed parts can add up to a printed whole, given the rounding of each."""
    listed = list(parts)
    slack = sum((part.half_step for part in listed), whole.half_step)
    return abs(sum((part.exact for part in listed), Fraction(0)) - whole.exact) <= slack


def percentage(share: Printed, part: float, whole: float) -> bool:
    """Whether ``100 * part / whole`` prints as the share; part and whole are exact. ValueError if the whole is not above 0."""
    if whole <= 0:
        raise ValueError(f"a share of {whole}: the whole must be above 0")
    return share.low <= 100 * Fraction(str(part)) / Fraction(str(whole)) <= share.high


def p_value(kind: Statistic, statistic: float, first: float = 0, second: float = 0) -> float:
    """Two-sided p-value of a test statistic.

    ``first`` and ``second`` are degrees of freedom: ``z`` has none; ``t``, ``r`` (correlation) and ``chi2`` have the first;
    ``F`` has both. ValueError if the kind is unknown, or a value is out of its range.
    """
    from scipy import special  # takes a tenth of a second, and few records state a test

    if kind not in ("z", "t", "r", "chi2", "F"):
        raise ValueError(f"a test statistic {kind!r}: z, t, r, chi2 or F")
    if (kind != "z" and first <= 0) or (kind == "F" and second <= 0):
        raise ValueError(f"degrees of freedom {first:g} and {second:g} of {kind}: they must be above 0")
    if kind == "r":
        if not -1 < statistic < 1:
            raise ValueError(f"a correlation of {statistic}: it lies between -1 and 1")
        kind, statistic = "t", statistic * math.sqrt(first / (1 - statistic**2))
    match kind:
        case "z":
            return float(2 * special.ndtr(-abs(statistic)))
        case "t":
            return float(2 * special.stdtr(first, -abs(statistic)))
        case "chi2":
            return float(special.chdtrc(first, max(statistic, 0)))
    return float(special.fdtrc(first, second, max(statistic, 0)))


def p_value_fits(p: Printed, kind: Statistic, statistic: Printed, first: float = 0, second: float = 0) -> bool:
    """Whether a printed p-value can belong to a printed statistic; both may be rounded."""
    # The p-value falls with the size of the statistic.
    near, far = sorted((abs(float(statistic.low)), abs(float(statistic.high))))
    near = 0.0 if statistic.low <= 0 <= statistic.high else near
    if kind == "r":
        near, far = min(near, _LARGEST_CORRELATION), min(far, _LARGEST_CORRELATION)
    largest, smallest = p_value(kind, near, first, second), p_value(kind, far, first, second)
    return float(p.low) <= largest and smallest <= float(p.high)
