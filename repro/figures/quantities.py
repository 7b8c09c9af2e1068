"""What the committed readings say, as named quantities with errors; no document is needed.

Names begin with the figure: ``figure5.``, ``figure6.``, ``figure7.``, ``gradcam.``, ``frames.``, ``figure3.``, ``clock.``,
``readme.``. Conditions are ``<time of night>.<lunar condition>`` in small letters, as elsewhere in the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from repro.figures import map_statements
from repro.figures.histograms import HEIGHT_PX
from repro.figures.picture_axes import ROUNDING_PX, Floats
from repro.figures.readings import Reading
from repro.figures.softmax_grid import MOONS, SUNS

#: Frames classified yes and no, by time of night and lunar condition as in Table 6 (``NIGHT``, ``NO_MOON``).
Counts = Mapping[tuple[str, str], tuple[int, int]]
HALF = 50  # percent; the decision between the two classes
NEAR_DECISION_PCT = 10
VALIDATION_IMAGES = range(640, 680)  # denominators that are compared


@dataclass(frozen=True)
class FigureQuantity:
    """A value measured on pictures of the record.

    Parameters
    ----------
    value : float, str or bool
        In the unit that the name ends in, or that of the claim.
    error : float
        Standard error; 0 for words, counts and printed numbers.
    """

    value: float | str | bool
    error: float = 0.0


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
        found |= _histograms(tables["figure7"], counts)
        found |= _orders(found)
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
    if "readme_table3" in tables:
        found |= {
            f"readme.table3.{_condition(row.sun, row.moon)}": FigureQuantity(int(row.value))
            for row in _rows(tables["readme_table3"])
        }
    return found


def as_measured(quantities: Mapping[str, FigureQuantity]) -> dict[str, float | str | bool]:
    """Values alone, for the comparator."""
    return {name: quantity.value for name, quantity in quantities.items()}


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


def _condition(sun: str, moon: str) -> str:
    return f"{sun.lower()}.{moon.lower()}"


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
        name = f"{row.panel.lower()}.{_condition(row.sun, row.moon)}"
        found[f"figure6.mean.{name}"] = FigureQuantity(float(row.mean_pct))
        found[f"figure6.sd.{name}"] = FigureQuantity(float(row.sd_pct))
        found[f"figure6.sd_by_colour.{name}"] = FigureQuantity(
            float(row.sd_by_colour_pct), float(row.sd_by_colour_pct_error)
        )
    return found


def _histograms(table: pd.DataFrame, counts: Counts) -> dict[str, FigureQuantity]:
    """Figure 7: moments of each predicted class, and with Table 6 what the network itself expects to get wrong."""
    found: dict[str, FigureQuantity] = {}
    totals = dict.fromkeys(
        ("frames", "yes", "expected_yes", "expected_errors", "least_errors", "near", "variance"), 0.0
    )
    seen = 0
    for (sun, moon), part in table.groupby(["sun", "moon"]):
        part = part.sort_values("bin_from_pct")
        name = _condition(str(sun), str(moon))
        density, error = part["value"].to_numpy(float), part["error"].to_numpy(float)
        scale_error = float(part["scale_error"].iloc[0])
        place = bin_means(density)
        no, yes = slice(0, HALF), slice(HALF, 2 * HALF)
        found[f"figure7.first_bin.{name}"] = FigureQuantity(density[0], float(np.hypot(error[0], scale_error)))
        found[f"figure7.last_bin.{name}"] = FigureQuantity(density[-1], float(np.hypot(error[-1], scale_error)))
        for label, side in (("yes", yes), ("no", no)):
            own = float(np.sqrt((error[side] ** 2).sum() + (scale_error * HALF) ** 2))
            found[f"figure7.sum_{label}.{name}"] = FigureQuantity(float(density[side].sum()), own)
        mean, mean_error, deviation, deviation_error = moments(place[yes], density[yes], error[yes], scale_error)
        found[f"figure7.mean_over_yes.{name}"] = FigureQuantity(mean, mean_error)
        found[f"figure7.sd_over_yes.{name}"] = FigureQuantity(deviation, deviation_error)
        no_mean, no_error, _, _ = moments(place[no], density[no], error[no], scale_error)
        found[f"figure7.mean_over_no.{name}"] = FigureQuantity(no_mean, no_error)
        # Five bins on each side of the decision: their ratio is that of the two classes if nothing else jumps there.
        above, below = density[HALF : HALF + 5].sum(), density[HALF - 5 : HALF].sum()
        if below > 0:
            spread = (above / below) * np.hypot(
                np.sqrt((error[HALF : HALF + 5] ** 2).sum()) / max(above, 1e-9),
                np.sqrt((error[HALF - 5 : HALF] ** 2).sum()) / below,
            )
            found[f"figure7.jump.{name}"] = FigureQuantity(float(above / below), float(spread))
        if (str(sun), str(moon)) not in counts:
            continue
        frames_yes, frames_no = counts[str(sun), str(moon)]
        frames = frames_yes + frames_no
        p_yes, p_no = density[yes] / density[yes].sum(), density[no] / density[no].sum()
        expected_yes = (frames_yes * mean + frames_no * no_mean) / 100
        expected_error = np.hypot(frames_yes * mean_error, frames_no * no_error) / 100
        right = (frames_yes * mean + frames_no * (100 - no_mean)) / frames
        least = frames_yes * float((p_yes * (99 - np.arange(HALF, 2 * HALF))).sum()) / 100
        least += frames_no * float((p_no * np.arange(HALF)).sum()) / 100
        near = frames_yes * p_yes[:NEAR_DECISION_PCT].sum() + frames_no * p_no[-NEAR_DECISION_PCT:].sum()
        found |= {
            f"figure7.calibrated_accuracy_pct.{name}": FigureQuantity(right, 100 * expected_error / frames),
            f"figure7.expected_share_pct.{name}": FigureQuantity(
                100 * expected_yes / frames, 100 * expected_error / frames
            ),
            f"figure7.share_yes_pct.{name}": FigureQuantity(100 * frames_yes / frames),
            f"figure7.frames_near_decision.{name}": FigureQuantity(float(near), float(near) * 0.05),
            f"figure7.least_errors.{name}": FigureQuantity(least, expected_error),
        }
        sums = (frames, frames_yes, expected_yes, frames * (1 - right / 100), least, near, expected_error**2)
        totals = {key: totals[key] + value for key, value in zip(totals, sums, strict=True)}
        seen += 1
    if seen and seen == len(counts):
        all_frames, spread = totals["frames"], float(np.sqrt(totals["variance"]))
        found |= {
            "figure7.share_yes_pct": FigureQuantity(100 * totals["yes"] / all_frames),
            "figure7.expected_share_pct": FigureQuantity(
                100 * totals["expected_yes"] / all_frames, 100 * spread / all_frames
            ),
            "figure7.calibrated_accuracy_pct": FigureQuantity(
                100 * (1 - totals["expected_errors"] / all_frames), 100 * spread / all_frames
            ),
            "figure7.expected_errors": FigureQuantity(totals["expected_errors"], spread),
            "figure7.least_errors": FigureQuantity(totals["least_errors"], spread),
            "figure7.frames_near_decision": FigureQuantity(totals["near"], 0.05 * totals["near"]),
            "figure7.share_near_decision_pct": FigureQuantity(
                100 * totals["near"] / all_frames, 5 * totals["near"] / all_frames
            ),
        }
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


def _orders(found: Mapping[str, FigureQuantity]) -> dict[str, FigureQuantity]:
    """What the text says of the order of conditions in Figures 6 and 7, asked of the bars of Figure 7.

    Values are the words of the claims. An order holds only if each step is larger than two standard errors of its ends.
    """

    def value(quantity: str, sun: str, moon: str) -> tuple[float, float]:
        read = found[f"figure7.{quantity}.{_condition(sun, moon)}"]
        return float(read.value), read.error

    def above(quantity: str, first: tuple[str, str], second: tuple[str, str]) -> bool:
        (high, high_error), (low, low_error) = value(quantity, *first), value(quantity, *second)
        return high - low > 2 * float(np.hypot(high_error, low_error))

    orders: dict[str, FigureQuantity] = {}
    for moon in MOONS:
        best = max(SUNS, key=lambda sun, moon=moon: value("sd_over_yes", sun, moon)[0])  # type: ignore[misc]
        orders[f"figure7.sd_highest_at.{moon.lower()}"] = FigureQuantity(best)
    for sun in SUNS:
        best = max(MOONS, key=lambda moon, sun=sun: value("sd_over_yes", sun, moon)[0])  # type: ignore[misc]
        orders[f"figure7.sd_highest_at.{sun.lower()}"] = FigureQuantity(best)
    lowest = min(MOONS, key=lambda moon: value("last_bin", "NIGHT", moon)[0])
    orders["figure7.last_bin_lowest_at_night"] = FigureQuantity(lowest)
    orders["figure7.mean_falls_towards_twilight"] = FigureQuantity(
        all(above("mean_over_yes", (a, moon), (b, moon)) for moon in MOONS for a, b in pairwise(SUNS))
    )
    orders["figure7.mean_falls_with_moon"] = FigureQuantity(
        all(above("mean_over_yes", (sun, a), (sun, b)) for sun in SUNS for a, b in pairwise(MOONS))
    )
    for name, moons in (("peaks_highest_at_night", MOONS), ("peaks_highest_at_night_without_full_moon", MOONS[:2])):
        orders[f"figure7.{name}"] = FigureQuantity(
            all(
                above(quantity, ("NIGHT", moon), (sun, moon))
                for quantity in ("first_bin", "last_bin")
                for moon in moons
                for sun in SUNS[1:]
            )
        )
    return orders


def bin_means(density: Floats) -> Floats:
    """Mean of what lies in each bin, in percent: the middle, but for the two outermost bins.

    There the density changes so fast that it matters: it is taken to go on exponentially, as from the bin beside it.
    """
    place = np.arange(len(density)) + 0.5
    for bin_number, beside in ((0, 1), (len(density) - 1, len(density) - 2)):
        if density[bin_number] > density[beside] > 0:
            k = np.log(density[bin_number] / density[beside])
            inside = 1 / (1 - np.exp(-k)) - 1 / k  # of an exponential rise over a bin, counted from its low side
            place[bin_number] = inside + bin_number if bin_number else 1 - inside
    return np.asarray(place)


def moments(place: Floats, density: Floats, error: Floats, scale_error: float) -> tuple[float, float, float, float]:
    """Mean, its error, population deviation, and its error, of a histogram.

    Errors are those of the reading, of the common zero of the scale, and of where in its bin the fullest one's content
    lies (an eighth of a bin). Neighbouring bars of one height were rounded to it alike, so that part of their errors adds up.
    """
    rounding, rest = error * ROUNDING_PX / HEIGHT_PX, error * np.sqrt(1 - (ROUNDING_PX / HEIGHT_PX) ** 2)
    runs = np.flatnonzero(np.concatenate([[True], np.diff(density) != 0]))
    total = density.sum()
    mean = float((place * density).sum() / total)
    variance = float((density * (place - mean) ** 2).sum() / total)
    deviation = float(np.sqrt(variance))
    slope = (place - mean) / total
    mean_error = float(
        np.sqrt((slope**2 * error**2).sum() + (slope.sum() * scale_error) ** 2 + (0.125 * density.max() / total) ** 2)
    )
    slope = ((place - mean) ** 2 - variance) / total
    variance_error = np.sqrt(
        (np.add.reduceat(slope * rounding, runs) ** 2).sum()
        + (slope**2 * rest**2).sum()
        + (slope.sum() * scale_error) ** 2
        + (2 * abs(place[density.argmax()] - mean) * 0.125 * density.max() / total) ** 2
    )
    return mean, mean_error, deviation, float(variance_error / (2 * max(deviation, 1e-9)))


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
