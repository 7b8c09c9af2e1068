"""The committed readings, the quantities that follow from them, and their drawings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from repro.errors import ReproError
from repro.figures.curves import CURVES, EPOCHS
from repro.figures.documents import load_documents
from repro.figures.drawing import draw_all, draw_over_curves
from repro.figures.histogram_quantities import bin_means, moments
from repro.figures.jpeg import decode
from repro.figures.map_statements import correlation
from repro.figures.measure import measure_document, read_pictures
from repro.figures.quantities import figure_quantities
from repro.figures.readings import KEYS, FigureQuantity, Reading, differences, load_readings, write_reading
from repro.paths import Paths
from repro.record.claims import Claims
from repro.record.table6 import table6_counts
from tests.conftest import SHARED
from tests.figures.synthetic_figures import draw_curves


@pytest.fixture(scope="module")
def readings(project: Paths) -> dict[str, Reading]:
    """The committed readings."""
    return load_readings(project.readings)


def test_tables_are_complete_and_say_where_they_are_from(readings: dict[str, Reading], project: Paths) -> None:
    """48 points, 18 cells, 900 bars, twelve maps of 8 x 8; of the README 24 points, nine counts and eight maps; nine bars."""
    known = {document.file: document.sha256 for document in load_documents(project.published)}
    assert set(readings) == set(KEYS)
    for reading in readings.values():
        assert known[reading.origin["document"]] == reading.origin["document_sha256"]
        assert set(reading.origin) == {"document", "document_sha256", "object", "code"}
    sizes = {"figure5": 48, "figure6": 18, "figure7": 900, "gradcam_cells": 12 * 64, "readme_curves": 24,
             "readme_table3": 9, "readme_gradcam_maps": 8, "slide_bars": 9}  # fmt: skip
    assert {name: len(readings[name].table) for name in sizes} == sizes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["thesis", "slides", "readme_curves", "readme_conditions", "readme_gradcam"])
def test_reading_again_gives_the_same(name: str, readings: dict[str, Reading], project: Paths) -> None:
    """Where a document is at hand, reading it again gives the committed values within their errors."""
    document = next(document for document in load_documents(project.published) if document.name == name)
    source = SHARED / "thesis" / "documents" / document.file
    if not source.is_file():
        pytest.skip("the documents of the record are not beside this checkout")
    again = measure_document(document, read_pictures(document, source))
    assert again
    for key, reading in again.items():
        assert differences(key, readings[key].table, reading.table) == []


def test_another_value_is_told() -> None:
    """A value further off than its error allows is named with its row; a smaller change is not."""
    first = pd.DataFrame({"curve": ["a", "a"], "epoch": [1, 2], "value": [0.1, 0.2], "error": [0.001, 0.001]})
    near, far = first.assign(value=[0.102, 0.202]), first.assign(value=[0.1, 0.21])
    assert differences("figure5", first, near) == []
    assert differences("figure5", first, far) == ["figure5, a, 2, value: 0.21 instead of 0.2"]
    assert len(differences("figure5", first, first.iloc[:1])) == 1
    assert len(differences("figure5", first, first.assign(value=[np.nan, 0.2]))) == 1


def test_a_damaged_table_is_refused(tmp_path) -> None:
    """A table without the columns that name its rows, or with a row twice, gives an error that names the file."""
    write_reading(tmp_path, "figure5", Reading(pd.DataFrame({"value": [1.0]}), {"document": "thesis.pdf"}))
    with pytest.raises(ReproError, match="no column curve, epoch"):
        load_readings(tmp_path)
    twice = pd.DataFrame({"curve": ["a", "a"], "epoch": [1, 1], "value": [1.0, 2.0]})
    write_reading(tmp_path, "figure5", Reading(twice, {}))
    with pytest.raises(ReproError, match="same row twice"):
        load_readings(tmp_path)


@pytest.fixture(scope="module")
def quantities(readings: dict[str, Reading], claims: Claims) -> dict[str, FigureQuantity]:
    """All quantities of the committed readings."""
    return figure_quantities(readings, table6_counts(claims))


def test_hand_readings_agree(quantities: dict[str, FigureQuantity], claims: Claims) -> None:
    """The readings by hand, which the claims hold, lie within their stated error of those by code."""
    by_hand = [*claims.matching("F5.VAL_LOSS.E*"), *claims.matching("F7.*_BIN.*.*")]
    assert len(by_hand) == 22
    for claim in by_hand:
        measure = claim.evidence["figure"].measure
        assert quantities[measure].value == pytest.approx(claim.value, abs=claim.reading_error), measure


def test_readings_show_what_must_be(quantities: dict[str, FigureQuantity]) -> None:
    """The bars of each class of each condition sum to one, each map reaches full scale, and the mask is the published one."""
    sums = [q for name, q in quantities.items() if name.startswith("figure7.sum_")]
    assert len(sums) == 18
    assert all(abs(q.value - 1) < 3 * q.error for q in sums)
    assert quantities["gradcam.lowest_of_largest"].value > 0.95
    for name in ("x", "y", "radius"):
        assert quantities[f"frames.circle_{name}_px"].value == pytest.approx(360, abs=0.5)


def test_moments_of_a_known_histogram() -> None:
    """Two bars give the mean and deviation of two values, whatever they sum to."""
    place, density = np.array([60.0, 80.0]), np.array([0.3, 0.3])
    mean, _, deviation, _ = moments(place, density, np.zeros(2), 0.0)
    assert (mean, deviation) == pytest.approx((70, 10))


def test_a_steep_last_bin_leans_to_its_end() -> None:
    """Within the outermost bins content lies towards the end where density rises; elsewhere in the middle."""
    density = np.ones(100)
    density[[0, -1]] = 10.0
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


def test_counts_are_needed_for_what_depends_on_them(readings: dict[str, Reading]) -> None:
    """Without Table 6 the moments are there, and nothing is said about frames."""
    found = figure_quantities({"figure7": readings["figure7"]}, {})
    assert "figure7.mean_over_yes.night.no_moon" in found
    assert not [name for name in found if "expected" in name or "calibrated" in name]


def test_values_are_drawn_where_the_figure_shows_them(tmp_path: Path) -> None:
    """Crosses drawn over a figure stand on its markers, to a pixel."""
    data, truth = draw_curves(7, 90, (12.0, 5.0))
    picture, _ = decode(data, where="synthetic")
    rows = [(curve, epoch, values[epoch - 1], 0.001) for curve, values in truth.items() for epoch in EPOCHS]
    table = pd.DataFrame(rows, columns=["curve", "epoch", "value", "error"])
    draw_over_curves(picture, table, tmp_path / "over.png")
    over = np.asarray(Image.open(tmp_path / "over.png").convert("RGB")).astype(int)
    assert over.shape == picture.shape
    drawn = np.argwhere(abs(over - [214, 39, 40]).sum(axis=2) < 60)
    marker = np.any([abs(picture.astype(int) - curve.colour).sum(axis=2) < 60 for curve in CURVES], axis=0)
    near = [marker[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5].any() for y, x in drawn]
    assert len(near) > 100
    assert np.mean(near) > 0.95


def test_all_drawings_stand_without_documents(readings: dict[str, Reading], tmp_path: Path) -> None:
    """From the committed readings alone, curves, nine panels and maps are drawn."""
    draw_all({name: reading.table for name, reading in readings.items()}, {}, tmp_path)
    files = list(tmp_path.iterdir())
    assert {file.stem for file in files} == {
        "figure5", "figure7_nine_panels", "gradcam_maps", "readme_gradcam_maps", "readme_errors", "slide_bars",
    }  # fmt: skip
    assert all(np.ptp(np.asarray(Image.open(file).convert("L"))) > 100 for file in files)
