from __future__ import annotations

import numpy as np
import pytest

from repro.figures.figure_quantity import FigureQuantity
from repro.figures.histogram_quantities import bin_means, moments
from repro.figures.map_statements import correlation
from repro.figures.quantities import figure_quantities
from repro.figures.readings import load_readings
from repro.figures.softmax_grid import MOONS, SUNS
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.table6 import table6_counts


@pytest.fixture(scope="module")
def quantities(project: Paths, claims: Claims) -> dict[str, FigureQuantity]:
    """All quantities of the committed readings."""
    return figure_quantities(load_readings(project.readings), table6_counts(claims))


def test_figure_7_gives_the_eighteen_numbers_of_figure_6(quantities: dict[str, FigureQuantity], claims: Claims) -> None:
    """Mean and population deviation of the frames classified yes lie within half a bin and three reading errors."""
    compared = 0
    for sun in SUNS:
        for moon in MOONS:
            cell = f"{sun.lower()}.{moon.lower()}"
            for label, name in (("MEAN", "mean_over_yes"), ("SD", "sd_over_yes")):
                read = quantities[f"figure7.{name}.{cell}"]
                printed = claims[f"F6.YES.{sun}.{moon}.{label}"].value
                assert read.value == pytest.approx(printed, abs=0.5 + 3 * read.error), (cell, label)
                compared += 1
    assert compared == 18


def test_each_predicted_class_sums_to_one(quantities: dict[str, FigureQuantity]) -> None:
    """The bars of each class of each condition sum to one within three standard errors: a check of the reading itself."""
    sums = {name: q for name, q in quantities.items() if name.startswith("figure7.sum_")}
    assert len(sums) == 18
    assert all(abs(q.value - 1) < 3 * q.error for q in sums.values())


def test_accuracies_of_the_text_lie_on_the_curve(quantities: dict[str, FigureQuantity], claims: Claims) -> None:
    """86.47 % and 95.59 % lie within three reading errors of Figure 5, at the first epoch and at epoch 10."""
    for name, claim in (("first", "TXT.ACCURACY_FIRST"), ("best", "TXT.ACCURACY_BEST")):
        read = quantities[f"figure5.val_accuracy_{name}_pct"]
        assert abs(read.value - claims[claim].value) < 3 * read.error
    assert quantities["figure5.epoch_of_lowest_loss"].value == 10
    assert quantities["figure5.epoch_of_highest_accuracy"].value == 10


def test_moments_of_a_known_histogram() -> None:
    """Two bars give the mean and deviation of two values, whatever they sum to."""
    place, density = np.array([60.0, 80.0]), np.array([0.3, 0.3])
    mean, _, deviation, _ = moments(place, density, np.zeros(2), 0.0)
    assert (mean, deviation) == pytest.approx((70, 10))


def test_a_steep_last_bin_leans_to_its_end() -> None:
    """Within the outermost bins content lies towards the end where density rises; elsewhere in the middle."""
    density = np.linspace(1, 1, 100)
    density[-1], density[0] = 10.0, 10.0
    place = bin_means(density)
    assert 99.5 < place[-1] < 100
    assert 0 < place[0] < 0.5
    assert place[50] == 50.5


def test_a_map_that_follows_beats_its_changed_copies() -> None:
    """A map equal to what it is said to follow is beyond 99 % of the reference; an unrelated smooth one is not."""
    rows, columns = np.mgrid[:8, :8]
    target = np.exp(-((rows - 2.3) ** 2 + (columns - 5.1) ** 2) / 4)
    other = np.exp(-((rows - 6.0) ** 2 + (columns - 1.0) ** 2) / 4)
    counted = np.ones((8, 8), dtype=bool)
    assert correlation(target, target, counted, "same")[1] < 0.01
    assert correlation(other, target, counted, "other")[1] > 0.05
    assert correlation(target, target, counted, "same") == correlation(target, target, counted, "same")


def test_no_map_disappears_in_a_clear_sky(quantities: dict[str, FigureQuantity]) -> None:
    """Each recovered map reaches full scale, that of the clear sky included."""
    assert quantities["gradcam.lowest_of_largest"].value > 0.95
    assert quantities["gradcam.holds.clear_disappears"].value is False


def test_the_mask_is_the_published_one(quantities: dict[str, FigureQuantity]) -> None:
    """The circle of the frames has the centre of a crop of 720 px and the radius 360."""
    for name, published in (("x", 360), ("y", 360), ("radius", 360)):
        assert quantities[f"frames.circle_{name}_px"].value == pytest.approx(published, abs=0.5)


def test_counts_are_needed_for_what_depends_on_them(project: Paths) -> None:
    """Without Table 6 the moments are there, and nothing is said about frames."""
    found = figure_quantities({"figure7": load_readings(project.readings)["figure7"]}, {})
    assert "figure7.mean_over_yes.night.no_moon" in found
    assert not [name for name in found if "expected" in name or "calibrated" in name]
