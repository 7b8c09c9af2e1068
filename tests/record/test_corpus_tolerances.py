"""How far the thesis' own images may lie from what is printed: the models that the tolerances of ``corpus`` rules state."""

import math
import re

import numpy as np
import pytest

from repro.params import Params
from repro.record.claims import Claim, Claims
from repro.schedule.document import published, read_or_predict
from repro.sky.bins import CONDITIONS
from tests.record.test_claims import results
from tests.support.chain import Chain

#: The validation images, and the training images of one epoch.
VALIDATION, TRAINING = 658, 2048


def of_two_draws(share: float, images: int) -> float:
    """Twice the standard deviation of the difference of two shares that are drawn from one binomial distribution."""
    return 2 * math.sqrt(2 * share * (1 - share) / images)


def tolerance(claim: Claim) -> float:
    """Of the claim's comparison with images."""
    declared = claim.evidence["corpus"].tolerance
    assert declared is not None
    return declared


@pytest.mark.parametrize(
    ("pattern", "whole", "images", "digits", "count"),
    [
        ("F5.VAL_ACCURACY_COUNT.*", VALIDATION, VALIDATION, None, 12),
        ("F5.TRAIN_ACCURACY.*", 1, TRAINING, 3, 12),
        ("TXT.ACCURACY_FIRST", 100, VALIDATION, 1, 1),
        ("TXT.ACCURACY_BEST", 100, VALIDATION, 1, 1),
    ],
)
def test_accuracies_may_differ_as_two_draws_do(
    claims: Claims, pattern: str, whole: int, images: int, digits: int | None, count: int
) -> None:
    """The tolerance of each accuracy of Figure 5 and of the text is that of two binomial draws, to the printed digits."""
    accuracies = claims.matching(pattern)
    assert len(accuracies) == count
    for claim in accuracies:
        assert tolerance(claim) == round(whole * of_two_draws(claim.number / whole, images), digits), claim.id


@pytest.mark.parametrize("share", [0.865, 0.956])
def test_two_draws_of_equal_networks_seldom_differ_by_more(share: float) -> None:
    """Of simulated pairs of draws about 95 % agree within the tolerance, and half of it would refuse a third of them."""
    first, second = np.random.default_rng(0).binomial(VALIDATION, share, size=(2, 100_000)) / VALIDATION
    apart = np.abs(first - second)
    assert np.mean(apart <= of_two_draws(share, VALIDATION)) == pytest.approx(0.95, abs=0.01)
    assert np.mean(apart <= of_two_draws(share, VALIDATION) / 2) == pytest.approx(0.68, abs=0.03)


def test_shares_of_yes_differ_by_no_more_than_all_errors(claims: Claims) -> None:
    """Of simulated pairs of networks with 29 errors in 658 none differs by more than the tolerance; some come near it."""
    errors = VALIDATION - claims["F5.VAL_ACCURACY_COUNT.E10"].number
    rates, rng = 2 * errors / VALIDATION, np.random.default_rng(0)
    true_share = rng.uniform(size=100_000)
    false_positives = rng.uniform(0, rates, size=(2, 100_000))
    classified = true_share * (1 - (rates - false_positives)) + (1 - true_share) * false_positives
    frames = claims["T3.NIGHT.NO_MOON"].number
    apart = frames * np.abs(classified[0] - classified[1])
    assert tolerance(claims["T6.NIGHT.NO_MOON.NO"]) == round(rates * frames)
    assert 0.95 * rates * frames < apart.max() <= rates * frames


def test_reason_says_how_sure_the_network_is_elsewhere(claims: Claims) -> None:
    """The percentages in the reason of the other cells of Table 6 are those that Figure 7 gives."""
    measured = results().quantities["figure"]
    of_cell = re.compile(r"figure7\.calibrated_accuracy_pct\.(?!night\.no_moon)\w+\.\w+")
    wrong = [100 - float(value) for name, value in measured.items() if of_cell.fullmatch(name)]
    assert len(wrong) == 8
    numbers = [round(factor * end(wrong)) for factor in (1, 2) for end in (min, max)]
    for name in ("T6.ASTRO.NO_MOON.YES", "T6.NAUTICAL.MOON_FULL.NO"):
        assert list(map(int, re.findall(r"\d+(?= to | %)", claims[name].evidence["corpus"].reason))) == numbers


def test_counts_may_differ_by_what_is_missing_and_its_scatter(claims: Claims, recorded: Chain, params: Params) -> None:
    """Each count of Tables 2 and 3: the missing share, and three standard deviations of the gaps of all nights, rounded up."""
    document, nights = read_or_predict(recorded.project.schedule, params.schedule, params.sky, published(claims))
    missing = 1 / document["fit"]["availability"] - 1
    cells = {f"{sun}.{moon}".upper(): nights[f"sd.{sun}.{moon}".lower()] for sun, moon in CONDITIONS}
    counts = {f"T3.{cell}": [cell] for cell in cells}
    counts |= {f"T2.{sun}": [cell for cell in cells if cell.startswith(sun)] for sun in ("NIGHT", "ASTRO", "NAUTICAL")}
    moons = ("NO_MOON", "MOON_QUARTER", "MOON_FULL")
    counts |= {f"TXT.MOON.{moon}": [cell for cell in cells if cell.endswith(f".{moon}")] for moon in moons}
    expected = {"TXT.FRAMES": missing}
    for name, parts in counts.items():
        # Cells of one night lose frames together, different nights do not.
        sd = math.hypot(*sum(cells[cell] for cell in parts))
        expected[name] = missing + 3 * sd / claims[name].number
    rounded_up = {name: math.ceil(1000 * share) / 1000 for name, share in expected.items()}
    assert {name: tolerance(claims[name]) for name in expected} == rounded_up
