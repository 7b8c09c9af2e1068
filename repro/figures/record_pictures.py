"""Work of stage figures: read the documents that are there, compare them with the committed readings, derive quantities."""

from __future__ import annotations

from typing import Any

from repro.errors import ReproError, refuse
from repro.figures.documents import load_documents, missing_documents, present_documents
from repro.figures.drawing import draw_all
from repro.figures.histogram_quantities import Counts
from repro.figures.jpeg import Coding
from repro.figures.measure import measure_document, read_pictures
from repro.figures.picture_axes import Pixels
from repro.figures.quantities import as_document, figure_quantities, quantities_inputs
from repro.figures.readings import KEYS, Reading, differences, load_readings, write_reading
from repro.files import write_json
from repro.paths import Paths


def measure_record(paths: Paths, counts: Counts, *, renew: bool = False) -> dict[str, Any]:
    """Write ``figures.json``, tables and drawings to results/figures, and return what ``figures.json`` holds.

    ``counts`` is Table 6, by time of night and lunar condition. With ``renew`` new readings are written to
    expected/published/readings instead of compared with those that are there.

    Raises
    ------
    ReproError
        If a document is damaged, or gives other values than the committed readings by more than their errors, or a committed
        reading is missing.
    """
    again: dict[str, Reading] = {}
    pictures: dict[str, tuple[Pixels, Coding | None]] = {}
    present = present_documents(paths)
    for document in load_documents(paths.published):
        if document.name in present:
            shown = read_pictures(document, present[document.name])
            again |= measure_document(document, shown)
            pictures |= shown
    if renew:
        for name, reading in again.items():
            write_reading(paths.readings, name, reading)
    committed = load_readings(paths.readings)
    if lacking := ", ".join(KEYS.keys() - committed.keys()):
        remedy = "restore expected/published/readings from the repository"
        refuse(f"no reading {lacking}", "a table of each picture", str(paths.readings), remedy)
    apart = [
        text for name, reading in again.items() for text in differences(name, committed[name].table, reading.table)
    ]
    if apart:
        raise ReproError(
            found=f"{len(apart)} values that differ from the committed readings, for example {apart[0]}",
            expected="the same values within their errors",
            where=str(paths.readings),
            remedy="if the reading has become better, write it anew with: python stages/figures.py --renew",
        )
    for name, reading in committed.items():
        write_reading(paths.figures, name, reading)
    result = {
        "inputs": quantities_inputs(paths.readings, counts),
        **as_document(figure_quantities(committed, counts)),
        "documents_read": sorted(present),
        "missing": [{"file": one.file, "enables": one.enables} for one in missing_documents(paths)],
    }
    write_json(paths.figures / "figures.json", result)
    draw_all({name: reading.table for name, reading in committed.items()}, pictures, paths.figures)
    return result
