"""What the bars of Figure 7 say: moments, orders of conditions, and with Table 6 what the network expects to get wrong."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from repro.figures.figure_quantity import FigureQuantity, condition_name
from repro.figures.histograms import HEIGHT_PX
from repro.figures.picture_axes import ROUNDING_PX, Floats
from repro.figures.softmax_grid import MOONS, SUNS

#: Frames classified yes and no, by time of night and lunar condition as in Table 6 (``NIGHT``, ``NO_MOON``).
Counts = Mapping[tuple[str, str], tuple[int, int]]
HALF = 50  # percent; the decision between the two classes
NEAR_DECISION_PCT = 10


def histogram_quantities(table: pd.DataFrame, counts: Counts) -> dict[str, FigureQuantity]:
    """Figure 7: moments of each predicted class, and with Table 6 what the network itself expects to get wrong."""
    found: dict[str, FigureQuantity] = {}
    totals = dict.fromkeys(
        ("frames", "yes", "expected_yes", "expected_errors", "least_errors", "near", "variance"), 0.0
    )
    seen = 0
    for (sun, moon), part in table.groupby(["sun", "moon"]):
        part = part.sort_values("bin_from_pct")
        name = condition_name(str(sun), str(moon))
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


def order_quantities(found: Mapping[str, FigureQuantity]) -> dict[str, FigureQuantity]:
    """What the text says of the order of conditions in Figures 6 and 7, asked of the bars of Figure 7.

    Values are the words of the claims. An order holds only if each step is larger than two standard errors of its ends.
    """

    def value(quantity: str, sun: str, moon: str) -> tuple[float, float]:
        read = found[f"figure7.{quantity}.{condition_name(sun, moon)}"]
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
    rounding = error.min() * ROUNDING_PX / HEIGHT_PX  # the same for all bars, whose errors are at least HEIGHT_PX
    rest = np.sqrt(error**2 - rounding**2)
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
