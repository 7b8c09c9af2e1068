"""What the bars of Figure 7 say: moments, orders of conditions, and with Table 6 what the network expects to get wrong."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from repro.figures.histograms import HEIGHT_PX
from repro.figures.picture_axes import ROUNDING_PX, Floats
from repro.figures.readings import FigureQuantity
from repro.figures.softmax_grid import MOONS, SUNS

#: Frames classified yes and no, by time of night and lunar condition as in Table 6 (``NIGHT``, ``NO_MOON``).
Counts = Mapping[tuple[str, str], tuple[int, int]]
HALF = 50  # percent; the decision between the two classes
NEAR_DECISION_PCT = 10


def histogram_quantities(table: pd.DataFrame, counts: Counts) -> dict[str, FigureQuantity]:
    """Figure 7: moments of each predicted class, and with Table 6 what the network itself expects to get wrong."""
    quantities: dict[str, FigureQuantity] = {}
    accounts = []
    for (sun, moon), part in table.groupby(["sun", "moon"]):
        part = part.sort_values("bin_from_pct")
        name = f"{sun}.{moon}".lower()
        density, error = part["value"].to_numpy(float), part["error"].to_numpy(float)
        scale_error = float(part["scale_error"].iloc[0])
        place = bin_means(density)
        no, yes = slice(0, HALF), slice(HALF, 2 * HALF)
        quantities[f"figure7.first_bin.{name}"] = FigureQuantity(density[0], float(np.hypot(error[0], scale_error)))
        quantities[f"figure7.last_bin.{name}"] = FigureQuantity(density[-1], float(np.hypot(error[-1], scale_error)))
        for label, side in (("yes", yes), ("no", no)):
            own = float(np.sqrt((error[side] ** 2).sum() + (scale_error * HALF) ** 2))
            quantities[f"figure7.sum_{label}.{name}"] = FigureQuantity(float(density[side].sum()), own)
        mean, mean_error, deviation, deviation_error = moments(place[yes], density[yes], error[yes], scale_error)
        quantities[f"figure7.mean_over_yes.{name}"] = FigureQuantity(mean, mean_error)
        quantities[f"figure7.sd_over_yes.{name}"] = FigureQuantity(deviation, deviation_error)
        no_mean, no_error, _, _ = moments(place[no], density[no], error[no], scale_error)
        quantities[f"figure7.mean_over_no.{name}"] = FigureQuantity(no_mean, no_error)
        if (cell := (str(sun), str(moon))) not in counts:
            continue
        frames_yes, frames_no = counts[cell]
        p_yes, p_no = density[yes] / density[yes].sum(), density[no] / density[no].sum()
        least_yes, least_no = (p_yes * np.arange(HALF)[::-1]).sum(), (p_no * np.arange(HALF)).sum()
        near_yes, near_no = p_yes[:NEAR_DECISION_PCT].sum(), p_no[-NEAR_DECISION_PCT:].sum()
        accounts.append(
            {
                "frames": frames_yes + frames_no,
                "yes": frames_yes,
                "expected_yes": (frames_yes * mean + frames_no * no_mean) / 100,
                "expected_errors": (frames_yes * (100 - mean) + frames_no * no_mean) / 100,
                "least_errors": (frames_yes * least_yes + frames_no * least_no) / 100,
                "near": frames_yes * near_yes + frames_no * near_no,
                "variance": np.hypot(frames_yes * mean_error, frames_no * no_error) ** 2 / 100**2,
            }
        )
        quantities |= {f"figure7.{key}.{name}": value for key, value in _account(pd.Series(accounts[-1])).items()}
    if accounts and len(accounts) == len(counts):
        total = pd.DataFrame(accounts).sum()
        quantities |= {f"figure7.{key}": value for key, value in _account(total).items()}
        quantities["figure7.expected_errors"] = FigureQuantity(
            float(total["expected_errors"]), float(np.sqrt(total["variance"]))
        )
    return quantities


def _account(sums: pd.Series[float]) -> dict[str, FigureQuantity]:
    """What the probabilities of some frames add up to, as shares of these frames and as numbers of frames."""
    percent, error = 100 / sums["frames"], np.sqrt(sums["variance"])
    measured = {
        "share_yes_pct": (percent * sums["yes"], 0.0),
        "expected_share_pct": (percent * sums["expected_yes"], percent * error),
        "calibrated_accuracy_pct": (100 - percent * sums["expected_errors"], percent * error),
        "least_errors": (sums["least_errors"], error),
        "frames_near_decision": (sums["near"], 0.05 * sums["near"]),
    }
    return {name: FigureQuantity(float(value), float(error)) for name, (value, error) in measured.items()}


def order_quantities(quantities: Mapping[str, FigureQuantity]) -> dict[str, FigureQuantity]:
    """What the text says of the order of conditions in Figures 6 and 7, asked of the bars of Figure 7.

    Values are the words of the claims. An order holds only if each step is larger than two standard errors of its ends.
    """

    def read(quantity: str, sun: str, moon: str) -> tuple[float, float]:
        value, error = quantities[f"figure7.{quantity}.{sun}.{moon}".lower()]
        return float(value), error

    def above(quantity: str, first: tuple[str, str], second: tuple[str, str]) -> bool:
        (high, high_error), (low, low_error) = read(quantity, *first), read(quantity, *second)
        return high - low > 2 * float(np.hypot(high_error, low_error))

    def peaks_at_night(moons: tuple[str, ...]) -> bool:
        return all(
            above(quantity, ("NIGHT", moon), (sun, moon))
            for quantity in ("first_bin", "last_bin") for moon in moons for sun in SUNS[1:]
        )  # fmt: skip

    orders: dict[str, bool | str] = {
        "last_bin_lowest_at_night": min(MOONS, key=lambda moon: read("last_bin", "NIGHT", moon)),
        "mean_falls_towards_twilight": all(
            above("mean_over_yes", (a, moon), (b, moon)) for moon in MOONS for a, b in pairwise(SUNS)
        ),
        "mean_falls_with_moon": all(
            above("mean_over_yes", (sun, a), (sun, b)) for sun in SUNS for a, b in pairwise(MOONS)
        ),
        "peaks_highest_at_night": peaks_at_night(MOONS),
        "peaks_highest_at_night_without_full_moon": peaks_at_night(MOONS[:2]),
    }
    deviation = pd.DataFrame({moon: {sun: read("sd_over_yes", sun, moon)[0] for sun in SUNS} for moon in MOONS})
    for highest in (deviation.idxmax(), deviation.idxmax(axis=1)):
        orders |= {f"sd_highest_at.{str(given).lower()}": str(at) for given, at in highest.items()}
    return {f"figure7.{name}": FigureQuantity(value) for name, value in orders.items()}


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
