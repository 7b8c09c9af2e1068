"""What the committed readings say, as named quantities with errors; no document is needed.

Names begin with the figure: ``figure5.``, ``figure6.``, ``figure7.``, ``gradcam.``, ``frames.``, ``figure3.``, ``clock.``,
``readme.``, ``slides.``. Conditions are ``<time of night>.<lunar condition>`` in small letters, as elsewhere in the project.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from repro.engine.receipts import settings_digest
from repro.figures.histogram_quantities import Counts, histogram_quantities, order_quantities
from repro.figures.map_statements import statements
from repro.figures.readings import FigureQuantity, Reading

Quantities = dict[str, FigureQuantity]
VALIDATION_IMAGES = 658
#: Rows of tables that are quantities: the table, name by the columns of a row, and the columns of value and error.
ROWS: tuple[tuple[str, str, str, str | None], ...] = (
    ("figure3", "figure3.{quantity}", "value", "error"),
    ("figure5", "figure5.{curve}.e{epoch}", "value", "error"),
    ("figure6", "figure6.mean.{panel}.{sun}.{moon}", "mean_pct", None),
    ("figure6", "figure6.sd.{panel}.{sun}.{moon}", "sd_pct", None),
    ("figure6", "figure6.sd_by_colour.{panel}.{sun}.{moon}", "sd_by_colour_pct", "sd_by_colour_pct_error"),
    ("figure7_extents", "figure7.no_first_pct.{sun}.{moon}", "no_first_pct", "error"),
    ("figure7_extents", "figure7.no_last_pct.{sun}.{moon}", "no_last_pct", "error"),
    ("figure7_extents", "figure7.yes_first_pct.{sun}.{moon}", "yes_first_pct", "error"),
    ("figure7_extents", "figure7.yes_last_pct.{sun}.{moon}", "yes_last_pct", "error"),
    ("gradcam_maps", "gradcam.area_above_half.{case}", "area_above_half", "error"),
    ("gradcam_maps", "gradcam.largest.{case}", "largest", "error"),
    ("overlay_clock", "clock.{quantity}", "value", None),
    ("readme_curves", "readme.{curve}.{number}", "value", "error"),
    ("readme_table3", "readme.table3.{sun}.{moon}", "value", None),
    ("slide_bars", "slides.bars.{sun}.{series}", "value", "error"),
)


def figure_quantities(readings: Mapping[str, Reading], counts: Counts) -> Quantities:
    """All quantities that the readings at hand give, see :func:`repro.figures.readings.load_readings`, with Table 6."""
    tables = {name: reading.table for name, reading in readings.items()}
    quantities: Quantities = {}
    for table, name, value, error in ROWS:
        for row in tables[table].to_dict("records") if table in tables else ():
            read = FigureQuantity(float(row[value]), row[error]) if error else FigureQuantity(row[value])
            quantities[name.format_map(row).lower()] = read
    for table, derive in DERIVED.items():
        if table in tables:
            quantities |= derive(tables[table])
    if "figure7" in tables:
        quantities |= histogram_quantities(tables["figure7"], counts)
        quantities |= order_quantities(quantities)
    return quantities


def quantities_inputs(readings: Path, counts: Counts) -> str:
    """Digest of what the quantities follow from: the folder of committed readings, Table 6, and the code."""
    tables = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(readings.glob("*.csv"))}
    return settings_digest({"readings": tables, "counts": {str(key): count for key, count in counts.items()}}, __name__)


def as_document(quantities: Mapping[str, FigureQuantity]) -> dict[str, dict[str, float | str | bool]]:
    """Values and errors, fit for JSON: ``quantities`` and ``errors``."""
    return {
        "quantities": {
            name: round(q.value, 6) if isinstance(q.value, float) else q.value for name, q in quantities.items()
        },
        "errors": {name: round(q.error, 6) for name, q in quantities.items() if q.error},
    }


def _augmentation(table: pd.DataFrame) -> Quantities:
    """Figure 3 in the units of its caption."""
    value, error = (table.set_index("quantity")[column] for column in ("value", "error"))
    factors = ["brightness", "contrast", "saturation"]
    return {
        "figure3.crop_area_pct": FigureQuantity(100 * float(value["crop_area"]), 100 * float(error["crop_area"])),
        "figure3.jitter_factor": FigureQuantity(float(value[factors].mean()), float(error[factors].max())),
        "figure3.flipped": FigureQuantity(bool(value["flip_correlation"] > value["unflipped_correlation"])),
    }


def _learning_curves(table: pd.DataFrame) -> Quantities:
    """Figure 5 against the text: loss and accuracy at the first, best and last epoch, and validation images that are right."""
    loss, accuracy = (table[table["curve"] == name].sort_values("epoch") for name in ("val_loss", "val_accuracy"))
    lowest, highest = loss.iloc[loss["value"].argmin()], accuracy.iloc[accuracy["value"].argmax()]
    rows = {
        "val_loss_first": loss.iloc[0],
        "val_loss_lowest": lowest,
        "val_loss_last": loss.iloc[-1],
        "val_accuracy_first_pct": accuracy.iloc[0],
        "val_accuracy_best_pct": highest,
        "val_accuracy_last_pct": accuracy.iloc[-1],
    }
    quantities = {
        "figure5.epoch_of_lowest_loss": FigureQuantity(int(lowest["epoch"])),
        "figure5.epoch_of_highest_accuracy": FigureQuantity(int(highest["epoch"])),
    }
    for name, row in rows.items():
        scale = 100 if name.endswith("_pct") else 1
        quantities[f"figure5.{name}"] = FigureQuantity(scale * float(row["value"]), scale * float(row["error"]))
    for epoch, share in zip(accuracy["epoch"], accuracy["value"], strict=True):
        quantities[f"figure5.val_correct.e{epoch}"] = FigureQuantity(round(VALIDATION_IMAGES * share))
    return quantities


def _maps(table: pd.DataFrame) -> Quantities:
    return {
        "gradcam.maps": FigureQuantity(len(table)),
        "gradcam.grid": FigureQuantity(int(table["grid"].mode().iloc[0])),
        "gradcam.lowest_of_largest": FigureQuantity(float(table["largest"].min()), 0.01),
    }


def _circles(table: pd.DataFrame) -> Quantities:
    quantities = {
        "frames.width_px": FigureQuantity(int(table["width"].max())),
        "frames.height_px": FigureQuantity(int(table["height"].max())),
    }
    # OpenCV counts from the middle of the first pixel, the edge that is measured from its border.
    for column, shift in (("x", 0.5), ("y", 0.5), ("radius", 0.0)):
        values = table[column].to_numpy(float)
        spread = max(float(np.std(values, ddof=1)) / np.sqrt(len(values)), 0.1)
        quantities[f"frames.circle_{column}_px"] = FigureQuantity(float(values.mean()) - shift, spread)
    return quantities


#: Tables from which further quantities follow.
DERIVED: dict[str, Callable[[pd.DataFrame], Quantities]] = {
    "figure3": _augmentation,
    "figure5": _learning_curves,
    "gradcam_cells": statements,
    "gradcam_maps": _maps,
    "sky_circles": _circles,
}
