"""One reading of the published rule: when the camera is on, fitted to two counts, and the nine cells that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from repro.errors import ReproError
from repro.params import Sky
from repro.schedule.scatter import chi_square, missing_nights_covariance
from repro.schedule.windows import Integers, Minutes, Switches, count_cells
from repro.sky.bins import CONDITIONS, Words, moon_bin, phase_for, sun_bin
from repro.sky.ephemeris import Floats, Positions

#: Names of the nine cells of Table 3, in the order of ``CONDITIONS``.
CELLS = tuple(f"{sun}.{moon}".lower() for sun, moon in CONDITIONS)
DARK = tuple(number for number, (sun, _) in enumerate(CONDITIONS) if sun != "Nautical")
NAUTICAL = tuple(number for number, (sun, _) in enumerate(CONDITIONS) if sun == "Nautical")


@dataclass(frozen=True)
class Published:
    """What the record prints about the schedule.

    Parameters
    ----------
    total, nautical : float
        All frames, and those in nautical twilight; the fit uses these two.
    cells : dict
        Frames of Table 3 by the names in ``CELLS``; only compared.
    """

    total: float
    nautical: float
    cells: Mapping[str, float]


@dataclass(frozen=True)
class Fit:
    """When the camera is on, and how much of what it took is there.

    Parameters
    ----------
    evening_altitude_deg, morning_altitude_deg : float
        The camera takes frames while the sun is at or below this; the two are one number unless the evening's is given.
    availability : float
        Frames present over minutes with the camera on; above 1 if there are more frames than minutes.
    """

    evening_altitude_deg: float
    morning_altitude_deg: float
    availability: float

    def camera_on(self, sun_alt_deg: Floats, evening: Switches) -> Switches:
        """Whether the camera takes a frame, shape (n,)."""
        return np.asarray(sun_alt_deg <= np.where(evening, self.evening_altitude_deg, self.morning_altitude_deg))


def fit_camera(
    sun_alt_deg: Floats,
    evening: Switches,
    total: float,
    nautical: float,
    *,
    evening_altitude_deg: float | None = None,
) -> Fit:
    """Switch-on altitude and availability that give a total and a Nautical count.

    Both counts scale with the availability f, so their ratio fixes the Nautical minutes k: f k = nautical and
    f (k + minutes at -12 deg or below) = total. The altitude then lies between the k-th and the next minute.

    Parameters
    ----------
    sun_alt_deg : ndarray, shape (n,)
        At every minute of the nights.
    evening : ndarray of bool, shape (n,)
        Whether the sun is sinking.
    total, nautical : float
        Published counts.
    evening_altitude_deg : float, optional
        Altitude at which the camera goes on, if known otherwise; then only the morning's altitude is fitted.

    Raises
    ------
    ReproError
        If no altitude between -12 and -6 deg gives these counts.
    """
    dark = int((sun_alt_deg <= -12.0).sum())
    free = (sun_alt_deg > -12.0) & (sun_alt_deg <= -6.0)
    given = 0
    if evening_altitude_deg is not None:
        given = int((free & evening & (sun_alt_deg <= evening_altitude_deg)).sum())
        free &= ~evening
    edges = np.sort(sun_alt_deg[free])
    wanted = dark * nautical / (total - nautical) if 0 <= nautical < total else np.inf
    k = round(wanted) - given if np.isfinite(wanted) else -1
    if not 0 <= k < edges.size or dark == 0:
        raise ReproError(
            found=f"{nautical:,.0f} Nautical frames of {total:,.0f}, with {dark:,} minutes at -12 deg or below",
            expected=f"a share that a switch-on altitude between -12 and -6 deg can give (up to {edges.size:,} minutes)",
            where="fit of the schedule to Table 2",
            remedy="check the windows in params.yaml and the claims TXT.FRAMES and T2.NAUTICAL",
        )
    altitude = float((edges[k - 1] if k else -12.0) + edges[k]) / 2
    evening_alt = altitude if evening_altitude_deg is None else evening_altitude_deg
    return Fit(evening_alt, altitude, total / (dark + given + k))


@dataclass(frozen=True)
class Reading:
    """One reading of the rule, fitted and held against the nine cells.

    Parameters
    ----------
    switches : Sky
        The reading.
    sun_alt_deg, sun, moon : ndarray, shape (n,)
        At every minute of the nights.
    fit : Fit
        Fitted to the total and the Nautical count.
    camera_on : ndarray of bool, shape (n,)
        By the fit.
    minutes : ndarray of int, shape (9, nights)
        Minutes with the camera on.
    cells : dict
        Predicted frames by cell: minutes times availability.
    covariance : ndarray, shape (9, 9)
        Of the cells, see :func:`repro.schedule.scatter.missing_nights_covariance`.
    """

    switches: Sky
    sun_alt_deg: Floats
    sun: Words
    moon: Words
    fit: Fit
    camera_on: Switches
    minutes: Integers
    cells: dict[str, float]
    covariance: Floats

    def total(self, sun: str = "", moon: str = "") -> float:
        """Predicted frames of a bin of the sun, of the moon, or of both."""
        return sum(self.cells[_cell(*pair)] for pair in _matching(sun, moon))

    def sd(self, sun: str = "", moon: str = "") -> float:
        """Standard deviation of :meth:`total` that whole missing nights make."""
        chosen = [CONDITIONS.index(pair) for pair in _matching(sun, moon)]
        return float(np.sqrt(max(self.covariance[np.ix_(chosen, chosen)].sum(), 0.0)))

    def distance(self, counts: Mapping[str, float], chosen: tuple[int, ...]) -> tuple[float, int]:
        """Chi-square and degrees of freedom of published counts over some cells."""
        deviation = np.array([counts[cell] - self.cells[cell] for cell in CELLS])[list(chosen)]
        return chi_square(deviation, self.covariance[np.ix_(chosen, chosen)])


def read(
    minutes: Minutes, sky: Positions, switches: Sky, record: Published, *, evening_altitude_deg: float | None = None
) -> Reading:
    """Fit one reading of the rule.

    Parameters
    ----------
    minutes : Minutes
        Times of the nights, n in all.
    sky : Positions
        At these times, with the altitude that ``switches`` asks for.
    switches, record, evening_altitude_deg
        The reading, the counts, and as in :func:`fit_camera`.
    """
    alt = sky.sun_alt_deg
    sun, moon = sun_bin(alt), moon_bin(phase_for(sky, switches), sky.moon_alt_deg, switches.moon_rule)
    evening = np.diff(alt, append=alt[-1:]) < 0
    fit = fit_camera(alt, evening, record.total, record.nautical, evening_altitude_deg=evening_altitude_deg)
    on = fit.camera_on(alt, evening)
    condition = np.full(alt.size, -1)
    for number, (of_sun, of_moon) in enumerate(CONDITIONS):
        condition[on & (sun == of_sun) & (moon == of_moon)] = number
    counts = count_cells(condition, minutes.night, len(minutes.mornings))
    cells = dict(zip(CELLS, (counts.sum(axis=1) * fit.availability).tolist(), strict=True))
    # The Nautical cells sum to a fitted count, and so do the six others.
    covariance = missing_nights_covariance(counts, min(fit.availability, 1.0), (DARK, NAUTICAL))
    return Reading(switches, alt, sun, moon, fit, on, counts, cells, covariance)


def _matching(sun: str, moon: str) -> list[tuple[str, str]]:
    return [pair for pair in CONDITIONS if sun in ("", pair[0]) and moon in ("", pair[1])]


def _cell(sun: str, moon: str) -> str:
    return f"{sun}.{moon}".lower()
