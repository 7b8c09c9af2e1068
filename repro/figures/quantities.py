"""What the committed readings say, as named quantities with errors; no document is needed.

Names begin with the figure: ``figure5.``, ``figure6.``, ``figure7.``, ``gradcam.``, ``frames.``, ``figure3.``, ``clock.``,
``readme.``, ``slides.``. Conditions are ``<time of night>.<lunar condition>`` in small letters, as elsewhere in the project.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from repro.engine.receipts import settings_digest
from repro.figures import map_statements
from repro.figures.figure_quantity import FigureQuantity, condition_name
from repro.figures.histogram_quantities import Counts, histogram_quantities, order_quantities
from repro.figures.readings import Reading

VALIDATION_IMAGES = range(640, 680)  # denominators that are compared


def figure_quantities(readings: Mapping[str, Reading], counts: Counts) -> dict[str, FigureQuantity]:
    """All quantities that the readings at hand give.

    Parameters
    ----------
    readings : mapping
        From :func:`repro.figures.readings.load_readings`.
    counts : mapping
        Table 6.
    """
    found: dict[str, FigureQuantity] = {}
    tables = {name: reading.table for name, reading in readings.items()}
    if "figure3" in tables:
        found |= {
            f"figure3.{row.quantity}": FigureQuantity(float(row.value), float(row.error))
            for row in _rows(tables["figure3"])
        }
        found |= _augmentation(tables["figure3"])
    if "figure5" in tables:
        found |= _curves(tables["figure5"])
    if "figure6" in tables:
        found |= _grid(tables["figure6"])
    if "figure7" in tables:
        found |= histogram_quantities(tables["figure7"], counts)
        found |= order_quantities(found)
    if "figure7_extents" in tables:
        found |= {
            f"figure7.{name}.{condition_name(row.sun, row.moon)}": FigureQuantity(
                float(getattr(row, name)), float(row.error)
            )
            for row in _rows(tables["figure7_extents"])
            for name in ("no_first_pct", "no_last_pct", "yes_first_pct", "yes_last_pct")
        }
    if "gradcam_cells" in tables:
        found |= {
            name: FigureQuantity(value) for name, value in map_statements.statements(tables["gradcam_cells"]).items()
        }
    if "gradcam_maps" in tables:
        found |= _maps(tables["gradcam_maps"])
    if "sky_circles" in tables:
        found |= _circles(tables["sky_circles"])
    if "overlay_clock" in tables:
        found |= {
            f"clock.{row.quantity}": FigureQuantity(int(row.value) if row.quantity == "hour" else str(row.value))
            for row in _rows(tables["overlay_clock"])
        }
    if "readme_curves" in tables:
        found |= {
            f"readme.{row.curve}.{row.number}": FigureQuantity(float(row.value), float(row.error))
            for row in _rows(tables["readme_curves"])
        }
    if "readme_gradcam_maps" in tables and "readme_gradcam_cells" in tables:
        maps = tables["readme_gradcam_maps"]
        found |= {
            "readme.gradcam.maps": FigureQuantity(len(maps)),
            "readme.gradcam.lowest_of_largest": FigureQuantity(float(maps["largest"].min()), 0.01),
            "readme.gradcam.largest_residual": FigureQuantity(float(maps["residual"].max())),
        }
        found |= {
            f"readme.gradcam.maps_that_follow_{measure}": FigureQuantity(count)
            for measure, count in map_statements.maps_that_follow(tables["readme_gradcam_cells"]).items()
        }
    if "readme_errors" in tables:
        errors = tables["readme_errors"]
        found["readme.errors.frames"] = FigureQuantity(len(errors))
        found |= {
            f"readme.errors.mean_{measure}": FigureQuantity(
                float(errors[measure].mean()), float(errors[measure].std(ddof=1) / np.sqrt(len(errors)))
            )
            for measure in ("brightness", "chroma", "edge")
        }
    if "slide_bars" in tables:
        found |= {
            f"slides.bars.{row.sun.lower()}.{row.series}": FigureQuantity(float(row.value), float(row.error))
            for row in _rows(tables["slide_bars"])
        }
    if "readme_table3" in tables:
        found |= {
            f"readme.table3.{condition_name(row.sun, row.moon)}": FigureQuantity(int(row.value))
            for row in _rows(tables["readme_table3"])
        }
    return found


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


def _rows(table: pd.DataFrame) -> list[Any]:
    """Rows of a table with its columns as attributes."""
    return list(table.itertuples(index=False))


def _curves(table: pd.DataFrame) -> dict[str, FigureQuantity]:
    """Figure 5 against the text: loss, accuracy, best epoch, and which denominators fit."""
    found = {
        f"figure5.{row.curve}.e{row.epoch}": FigureQuantity(float(row.value), float(row.error)) for row in _rows(table)
    }
    curve = {name: part.sort_values("epoch") for name, part in table.groupby("curve")}
    loss, accuracy = curve["val_loss"], curve["val_accuracy"]
    values, errors = accuracy["value"].to_numpy(), accuracy["error"].to_numpy()
    # The denominator is that for which all values are nearest to whole counts; neighbours fit as well as it does.
    misfit = {
        n: float(np.sqrt(np.mean(((values * n - np.round(values * n)) / (errors * n)) ** 2))) for n in VALIDATION_IMAGES
    }
    images = 658
    counts = values * images
    found |= {f"figure5.val_correct.e{n}": FigureQuantity(round(c), 0.0) for n, c in enumerate(counts, start=1)}
    first_loss, lowest = loss.iloc[0], loss.iloc[int(loss["value"].argmin())]
    last, best, first = loss.iloc[-1], accuracy.iloc[int(accuracy["value"].argmax())], accuracy.iloc[0]
    found |= {
        "figure5.misfit_of_658": FigureQuantity(misfit[images]),
        "figure5.rms_of_658_images": FigureQuantity(float(np.sqrt(np.mean((counts - np.round(counts)) ** 2)))),
        "figure5.val_loss_first": FigureQuantity(float(first_loss["value"]), float(first_loss["error"])),
        "figure5.val_loss_lowest": FigureQuantity(float(lowest["value"]), float(lowest["error"])),
        "figure5.val_loss_last": FigureQuantity(float(last["value"]), float(last["error"])),
        "figure5.epoch_of_lowest_loss": FigureQuantity(int(lowest["epoch"])),
        "figure5.epoch_of_highest_accuracy": FigureQuantity(int(best["epoch"])),
        "figure5.val_accuracy_first_pct": FigureQuantity(100 * float(first["value"]), 100 * float(first["error"])),
        "figure5.val_accuracy_best_pct": FigureQuantity(100 * float(best["value"]), 100 * float(best["error"])),
        "figure5.val_accuracy_last_pct": FigureQuantity(
            100 * float(accuracy.iloc[-1]["value"]), 100 * float(accuracy.iloc[-1]["error"])
        ),
    }
    for name, column in (("training", "train_loss"), ("validation", "val_loss")):
        steps = np.diff(curve[column]["value"])
        slack = 2 * np.hypot(curve[column]["error"].to_numpy()[1:], curve[column]["error"].to_numpy()[:-1])
        found[f"figure5.rises_of_{name}_loss"] = FigureQuantity(int(np.count_nonzero(steps > slack)))
    return found


def _grid(table: pd.DataFrame) -> dict[str, FigureQuantity]:
    found = {}
    for row in _rows(table):
        name = f"{row.panel.lower()}.{condition_name(row.sun, row.moon)}"
        found[f"figure6.mean.{name}"] = FigureQuantity(float(row.mean_pct))
        found[f"figure6.sd.{name}"] = FigureQuantity(float(row.sd_pct))
        found[f"figure6.sd_by_colour.{name}"] = FigureQuantity(
            float(row.sd_by_colour_pct), float(row.sd_by_colour_pct_error)
        )
    return found


def _augmentation(table: pd.DataFrame) -> dict[str, FigureQuantity]:
    """Figure 3 in the units of its caption."""
    value, error = (table.set_index("quantity")[column] for column in ("value", "error"))
    factors = ["brightness", "contrast", "saturation"]
    return {
        "figure3.crop_area_pct": FigureQuantity(100 * float(value["crop_area"]), 100 * float(error["crop_area"])),
        "figure3.jitter_factor": FigureQuantity(float(value[factors].mean()), float(error[factors].max())),
        "figure3.flipped": FigureQuantity(bool(value["flip_correlation"] > value["unflipped_correlation"])),
    }


def _maps(table: pd.DataFrame) -> dict[str, FigureQuantity]:
    found: dict[str, FigureQuantity] = {
        "gradcam.maps": FigureQuantity(len(table)),
        "gradcam.grid": FigureQuantity(int(table["grid"].mode().iloc[0])),
        "gradcam.maps_with_that_grid": FigureQuantity(int((table["grid"] == table["grid"].mode().iloc[0]).sum())),
        "gradcam.lowest_of_largest": FigureQuantity(float(table["largest"].min()), 0.01),
        "gradcam.largest_residual": FigureQuantity(float(table["residual"].max())),
    }
    for row in _rows(table):
        found[f"gradcam.area_above_half.{row.case}"] = FigureQuantity(float(row.area_above_half), float(row.error))
        found[f"gradcam.largest.{row.case}"] = FigureQuantity(float(row.largest), float(row.error))
    return found


def _circles(table: pd.DataFrame) -> dict[str, FigureQuantity]:
    found = {
        "frames.width_px": FigureQuantity(int(table["width"].max())),
        "frames.height_px": FigureQuantity(int(table["height"].max())),
    }
    for column in ("x", "y", "radius"):
        values = table[column].to_numpy(float)
        spread = max(float(np.std(values, ddof=1)) / np.sqrt(len(values)), 0.1)
        # OpenCV counts from the middle of the first pixel, the edge that is measured from its border.
        shift = 0.0 if column == "radius" else 0.5
        found[f"frames.circle_{column}_px"] = FigureQuantity(float(values.mean()) - shift, spread)
    return found
