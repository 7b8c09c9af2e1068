"""The named consistency checks, against published examples and against all data sets of a small size."""

import itertools
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from repro.record import consistency
from repro.record.claims import Claims
from repro.record.consistency import Printed
from repro.record.formula import FormulaError, evaluate
from tests.support.claims import made_up


# The first three rows and the percentage are documented examples of the R package scrutiny; 5.19 of 28 is the paper's own.
@pytest.mark.parametrize(
    ("mean", "n", "unit", "possible"),
    [
        (Printed(7.22, 2), 32, 1, True),
        (Printed(4.74, 2), 25, 1, False),
        (Printed(5.23, 2), 29, 1, False),
        (Printed(5.19, 2), 28, 1, False),
        (Printed(5.18, 2), 28, 1, True),
        (Printed(95.59, 2), 658, 100, True),
        (Printed(95.60, 2), 658, 100, False),
    ],
)
def test_grim_examples(mean: Printed, n: int, unit: float, possible: bool) -> None:
    """GRIM agrees with its published examples, and with the accuracies of Figure 5."""
    assert consistency.grim(mean, n, unit) is possible


@pytest.mark.parametrize("n", [3, 7, 28, 61])
def test_grim_is_exact(n: int) -> None:
    """Of all means with two decimals, exactly those of whole sums pass."""
    possible = {round(100 * total / n, 9) for total in range(3 * n + 1)}
    printable = {step for step in range(301) if any(abs(mean - step) <= 0.5 + 1e-9 for mean in possible)}
    assert {step for step in range(301) if consistency.grim(Printed(step / 100, 2), n)} == printable


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_grimmer_accepts_all_data(n: int) -> None:
    """No data set of whole numbers is refused, and most of all other pairs are."""
    pairs = {
        (round(statistics.fmean(data), 2), round(statistics.stdev(data), 2))
        for data in itertools.combinations_with_replacement(range(7), n)
    }
    assert all(consistency.grimmer(Printed(mean, 2), Printed(sd, 2), n) for mean, sd in pairs)
    means = sorted({mean for mean, _ in pairs})
    grid = [(mean, step / 100) for mean in means for step in range(0, 300, 7)]
    refused = sum(not consistency.grimmer(Printed(mean, 2), Printed(sd, 2), n) for mean, sd in grid)
    assert refused / len(grid) > 0.5


def test_grimmer_examples() -> None:
    """GRIMMER refuses the example of the analytic test, and a parity that no data have."""
    assert not consistency.grimmer(Printed(3.44, 2), Printed(2.47, 2), 18)
    assert consistency.grim(Printed(3.44, 2), 18)
    # Two numbers with the sum 3 differ by an odd number: 0.71 and 2.12 exist, 1.41 does not.
    assert [consistency.grimmer(Printed(1.5, 1), Printed(sd, 2), 2) for sd in (0.71, 1.41, 2.12)] == [True, False, True]


@pytest.mark.parametrize("n", [2, 5, 12, 20])
def test_debit_is_exact(n: int) -> None:
    """Of all pairs with two decimals, exactly those of zeros and ones pass."""
    zeros_and_ones = [[1] * ones + [0] * (n - ones) for ones in range(n + 1)]
    pairs = {(round(statistics.fmean(data) * 100), round(statistics.stdev(data) * 100)) for data in zeros_and_ones}
    passed = {
        (mean, sd)
        for mean, sd in itertools.product(range(101), range(75))
        if consistency.debit(Printed(mean / 100, 2), Printed(sd / 100, 2), n)
    }
    # A tie may be rounded either way, so a neighbour may pass beside it.
    assert pairs <= passed
    assert all(min(abs(m - mean) + abs(s - sd) for m, s in pairs) <= 1 for mean, sd in passed)


@given(st.lists(st.floats(50, 100), min_size=1, max_size=30))
def test_bhatia_davis_accepts_all_data(data: list[float]) -> None:
    """No data within the bounds are refused."""
    assert consistency.bhatia_davis(Printed(float(np.mean(data)), 1), Printed(float(np.std(data)), 1), 50, 100)


def test_bhatia_davis_is_reached() -> None:
    """Values at the two ends reach the bound, and a larger deviation is refused."""
    sd = float(np.std([50] * 4 + [100]))
    assert consistency.largest_sd(60.0, 50, 100) == pytest.approx(sd)
    assert consistency.bhatia_davis(Printed(60, 0), Printed(sd + 0.3, 1), 50, 100)
    assert not consistency.bhatia_davis(Printed(60.0, 1), Printed(sd + 0.3, 1), 50, 100)
    assert not consistency.bhatia_davis(Printed(49.0, 1), Printed(0.0, 1), 50, 100)


def test_partition_allows_rounding() -> None:
    """Rounded parts may miss the whole by half a step each, and no more."""
    parts = [Printed(16.7, 1)] * 6
    assert consistency.partition(parts, Printed(100.0, 1))
    assert consistency.partition(parts, Printed(100.5, 1))
    assert not consistency.partition(parts, Printed(100.6, 1))


#: A correlation, with its p-value.
KNOWN = stats.pearsonr(*np.random.default_rng(1).normal(size=(2, 20)))


@pytest.mark.parametrize(
    ("kind", "statistic", "degrees", "expected"),
    [
        ("z", -1.96, (), 2 * stats.norm.sf(1.96)),
        ("t", -2.2, (28,), 2 * stats.t.sf(2.2, 28)),
        ("chi2", 9.4, (3,), stats.chi2.sf(9.4, 3)),
        ("F", 4.1, (2, 57), stats.f.sf(4.1, 2, 57)),
        ("r", KNOWN.statistic, (18,), KNOWN.pvalue),
    ],
)
def test_p_values(kind: consistency.Statistic, statistic: float, degrees: tuple[float, ...], expected: float) -> None:
    """P-values equal those of scipy's distributions, and of its test of a correlation."""
    assert consistency.p_value(kind, statistic, *degrees) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("p", "kind", "statistic", "fits"),
    [
        (Printed(0.04, 2), "t", Printed(2.2, 1), True),
        (Printed(0.03, 2), "t", Printed(2.3, 1), True),
        (Printed(0.05, 2), "t", Printed(2.2, 1), False),
        (Printed(0.0, 3), "r", Printed(1.0, 2), True),
    ],
)
def test_rounded_p_values(p: Printed, kind: consistency.Statistic, statistic: Printed, fits: bool) -> None:
    """The p-value of 2.2 with 28 degrees of freedom is 0.036: it prints as 0.04, and never as 0.05; r may print as 1."""
    assert consistency.p_value_fits(p, kind, statistic, 28) is fits


@pytest.mark.parametrize(
    "call",
    [
        lambda: consistency.grim(Printed(1, 0), 0),
        lambda: consistency.grim(Printed(1, 0), 10**9),
        lambda: consistency.grim(Printed(1, 0), 5, 0),
        lambda: consistency.grimmer(Printed(1, 0), Printed(-1, 0), 5),
        lambda: consistency.debit(Printed(2, 0), Printed(0, 0), 5),
        lambda: consistency.largest_sd(1, 2, 3),
        lambda: consistency.percentage(Printed(1, 0), 1, 0),
        lambda: consistency.p_value("w", 1),  # type: ignore[arg-type]
        lambda: consistency.p_value("t", 1, 0),
        lambda: consistency.p_value("r", 1.5, 3),
    ],
)
def test_impossible_arguments(call: object) -> None:
    """An argument out of its range is an error, not an answer."""
    with pytest.raises(ValueError, match=r"a (sample|unit|deviation|mean|share|test|correlation)|degrees"):
        call()  # type: ignore[operator]


#: Printed numbers by id, with their decimals.
PRINTED = {
    "T.MEAN": (5.19, 2), "T.ACCURACY": (95.6, 1), "T.EXACT": (95.59, 2), "T.SD": (2.0, 1), "T.N": (28, 0), "T.IMAGES": (658, 0),
    "P.A": (33.3, 1), "P.B": (66.6, 1), "T.P": (0.04, 2), "T.T": (2.2, 1),
}  # fmt: skip
CLAIMS = Claims([made_up(name, value, decimals=decimals) for name, (value, decimals) in PRINTED.items()])


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("grim('T.MEAN', T.N)", False),
        ("grim('T.EXACT', T.IMAGES, 100)", True),
        ("grim('T.ACCURACY', T.IMAGES, 100)", True),
        ("grimmer('T.SD', 'T.SD', T.N)", True),
        ("bhatia_davis('T.ACCURACY', 'T.SD', 0, 100)", True),
        ("bhatia_davis('T.ACCURACY', 'P.B', 0, 100)", False),
        ("partition('P.*', 'T.N')", False),
        ("percentage('P.A', 1, 3)", True),
        ("percentage('P.A', 1, 3) and percentage('P.B', 2, 3)", False),
        ("p_value_fits('T.P', 't', 'T.T', T.N)", True),
    ],
)
def test_checks_in_formulas(formula: str, value: bool) -> None:
    """A formula names printed numbers by id in quotes, and their decimals decide."""
    assert evaluate(formula, CLAIMS) is value


@pytest.mark.parametrize("formula", ["grim(T.MEAN, T.N)", "grim('P.*', T.N)", "grim('T.NONE', 3)", "grim('T.MEAN', 0)"])
def test_wrong_use_of_checks(formula: str) -> None:
    """A value where an id is needed, several claims, an unknown claim and an empty sample are errors."""
    with pytest.raises(FormulaError):
        evaluate(formula, CLAIMS)
