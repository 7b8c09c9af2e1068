from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from repro.errors import ReproError
from repro.figures.documents import load_documents
from repro.figures.measure import CASES, measure_document, read_pictures
from repro.figures.readings import KEYS, Reading, differences, load_readings, write_reading
from repro.paths import Paths
from tests.conftest import SHARED


@pytest.fixture(scope="module")
def readings(project: Paths) -> dict[str, Reading]:
    """The committed readings."""
    return load_readings(project.readings)


def test_every_table_is_there_with_its_origin(readings: dict[str, Reading], project: Paths) -> None:
    """All tables are committed, each with document, hash, place in it and version of the code."""
    known = {document.file: document.sha256 for document in load_documents(project.published)}
    assert set(readings) == set(KEYS)
    for reading in readings.values():
        assert known[reading.origin["document"]] == reading.origin["document_sha256"]
        assert set(reading.origin) == {"document", "document_sha256", "object", "code"}


def test_tables_are_complete(readings: dict[str, Reading]) -> None:
    """48 points, 18 cells, 900 bars, twelve maps of 8 x 8; of the README 24 points, nine counts and eight maps; nine bars."""
    sizes = {name: len(reading.table) for name, reading in readings.items()}
    assert sizes["figure5"] == 48
    assert sizes["figure6"] == 18
    assert sizes["figure7"] == 900
    assert sizes["gradcam_cells"] == 64 * sum(map(len, CASES.values())) == 768
    assert sizes["readme_curves"] == 24
    assert sizes["readme_table3"] == 9
    assert sizes["readme_gradcam_maps"] == 8
    assert sizes["slide_bars"] == 9


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
    assert [
        text for key, reading in again.items() for text in differences(key, readings[key].table, reading.table)
    ] == []


def test_another_value_is_told() -> None:
    """A value further off than its error allows is named with its row; a smaller change is not."""
    first = pd.DataFrame({"curve": ["a", "a"], "epoch": [1, 2], "value": [0.1, 0.2], "error": [0.001, 0.001]})
    near, far = first.copy(), first.copy()
    near["value"] += 0.002
    far.loc[1, "value"] = 0.21
    assert differences("figure5", first, near) == []
    assert differences("figure5", first, far) == ["figure5, a, 2, value: 0.21 instead of 0.2"]
    assert len(differences("figure5", first, first.iloc[:1])) == 1
    lost = first.copy()
    lost.loc[0, "value"] = np.nan
    assert len(differences("figure5", first, lost)) == 1


def test_a_damaged_table_is_refused(tmp_path) -> None:
    """A table without the columns that name its rows, or with a row twice, gives an error that names the file."""
    write_reading(tmp_path, "figure5", Reading(pd.DataFrame({"value": [1.0]}), {"document": "thesis.pdf"}))
    with pytest.raises(ReproError, match="no column curve, epoch"):
        load_readings(tmp_path)
    twice = pd.DataFrame({"curve": ["a", "a"], "epoch": [1, 1], "value": [1.0, 2.0]})
    write_reading(tmp_path, "figure5", Reading(twice, {}))
    with pytest.raises(ReproError, match="same row twice"):
        load_readings(tmp_path)


def test_hand_readings_agree(readings: dict[str, Reading], claims) -> None:
    """The readings by hand, which the claims hold, lie within their stated error of those by code."""
    table = readings["figure5"].table.set_index(["curve", "epoch"])["value"]
    for claim in claims.matching("F5.VAL_LOSS.*"):
        epoch = int(claim.id.rsplit(".E", 1)[1])
        assert table["val_loss", epoch] == pytest.approx(claim.value, abs=claim.reading_error)
    for claim in claims.matching("F5.VAL_ACCURACY_COUNT.*"):
        epoch = int(claim.id.rsplit(".E", 1)[1])
        assert round(658 * table["val_accuracy", epoch]) == claim.value
    bars = readings["figure7"].table.set_index(["moon", "sun", "bin_from_pct"])["value"]
    for pattern, bin_number in (("F7.FIRST_BIN.*.*", 0), ("F7.LAST_BIN.*.*", 99)):
        for claim in claims.matching(pattern):
            _, _, sun, moon = claim.id.split(".")
            assert bars[moon, sun, bin_number] == pytest.approx(claim.value, abs=claim.reading_error)
