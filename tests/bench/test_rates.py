"""The measuring loop of the benchmarks, with a clock of the test's own; speed itself is never tested."""

import pytest

from repro.bench.rates import best_rates, speed_document


def test_the_best_round_counts_and_the_first_only_warms_up() -> None:
    """The rate is that of the quickest round after the first one, and the result is that of the last round."""
    seconds = iter([1.0, 4.0, 2.0])  # of the three rounds
    now = 0.0

    def work() -> float:
        nonlocal now
        spent = next(seconds)
        now += spent
        return spent

    rates, results = best_rates({"ours": (8, work)}, rounds=2, clock=lambda: now)
    assert rates == {"ours": 4.0}
    assert results == {"ours": 2.0}


def test_ratios_are_those_of_the_rates() -> None:
    """The document has ours over the baseline and over the limit, the unit, and whatever else was measured."""
    document = speed_document("sky", "frames/s", {"ours": 30.0, "baseline": 10.0, "limit": 40.0}, difference=0.5)
    assert document["ratio_to_baseline"] == pytest.approx(3.0)
    assert document["ratio_to_limit"] == pytest.approx(0.75)
    assert (document["name"], document["unit"], document["difference"]) == ("sky", "frames/s", 0.5)
