"""One reading of the published rule: when the camera is on, fitted to two counts, and the nine cells that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from repro.errors import refuse
from repro.params import SkyParams
from repro.schedule.windows import Integers, Minutes, Switches, count_cells
from repro.sky.bins import CONDITIONS, Words, moon_bin, phase_for, sun_bin
from repro.sky.ephemeris import Floats, Positions

#: Names of the nine cells of Table 3, in the order of ``CONDITIONS``.
CELLS = tuple(f"{sun}.{moon}".lower() for sun, moon in CONDITIONS)
DARK = tuple(number for number, (sun, _) in enumerate(CONDITIONS) if sun != "Nautical")
NAUTICAL = tuple(number for number, (sun, _) in enumerate(CONDITIONS) if sun == "Nautical")
#: Number of the condition of a frame in civil twilight or by day, which Table 3 has no cell for.
BRIGHT = len(CONDITIONS)
#: Altitudes between which a switch is looked for; outside, a count of Nautical frames says nothing about it.
LOWEST_SWITCH_DEG, HIGHEST_SWITCH_DEG = -18.0, -6.0


@dataclass(frozen=True)
class Published:
    """What the record prints about the schedule; the camera is fitted to the first two counts."""

    total: float  # all frames
    nautical: float  # frames in nautical twilight
    cells: Mapping[str, float]  # frames of Table 3 by the names in ``CELLS``; only compared
    sample: float  # frames sampled for labelling; it says how long the gaps between frames are


@dataclass(frozen=True)
class Fit:
    """When the camera is on (the sun at or below an altitude), and what share of its frames is present."""

    evening_altitude_deg: float
    morning_altitude_deg: float  # as in the evening, unless the evening's is given
    availability: float  # frames present over minutes with the camera on; above 1 if there are more frames than minutes

    def camera_on(self, sun_alt_deg: Floats, evening: Switches) -> Switches:
        """Whether the camera takes a frame, shape (n,)."""
        return np.asarray(sun_alt_deg <= np.where(evening, self.evening_altitude_deg, self.morning_altitude_deg))


@dataclass(frozen=True)
class SwitchLadder:
    """Counts of frames for every altitude at which the camera could switch."""

    #: Altitudes of the sun at the minutes that the fit may add, rising, shape (k,).
    edges_deg: Floats
    #: Minutes with the camera on by condition, BRIGHT last, when the first 0 to k of them are added, shape (k + 1, 10).
    counts: Integers

    def steps(self, total: Floats, nautical: Floats) -> Integers:
        """How many minutes to add, so that the Nautical share of all minutes comes nearest to that of the counts.

        Both counts scale with the availability, so their ratio alone fixes the switch.
        """
        share = self.counts[:, NAUTICAL].sum(axis=1) / np.maximum(self.counts.sum(axis=1), 1)
        # The share falls while Astro minutes are added and rises with Nautical ones: the switch is where it rises.
        lowest = int(share.argmin())
        rising = np.maximum.accumulate(share[lowest:])
        wanted = np.asarray(nautical, dtype=np.float64) / total
        above = lowest + np.searchsorted(rising, wanted, side="right")
        above = np.clip(above, 1, share.size - 1)
        nearer_below = np.abs(wanted - share[above - 1]) <= np.abs(share[above] - wanted)
        return np.where(nearer_below, above - 1, above)

    def predicted(self, total: Floats, nautical: Floats) -> Floats:
        """Frames by condition after a fit to these two counts, shape (n, 10)."""
        minutes = self.counts[self.steps(total, nautical)]
        return np.asarray(minutes * (total / minutes.sum(axis=1))[:, None])


def switch_ladder(
    sun_alt_deg: Floats, evening: Switches, condition: Integers, evening_altitude_deg: float | None = None
) -> SwitchLadder:
    """Counts for every switch altitude between -18 and -6 deg.

    At every minute of the nights, shape (n,): the sun's altitude, whether it is sinking, and the condition as in
    :class:`FittedRule`. If it is known at which altitude the camera switches on in the evening, only the morning's varies.
    """
    free = (sun_alt_deg > LOWEST_SWITCH_DEG) & (sun_alt_deg <= HIGHEST_SWITCH_DEG)
    always = sun_alt_deg <= LOWEST_SWITCH_DEG
    if evening_altitude_deg is not None:
        always |= evening & (sun_alt_deg <= evening_altitude_deg)
        free &= ~evening
    order = np.flatnonzero(free)[np.argsort(sun_alt_deg[free], kind="stable")]
    counts = np.zeros((order.size + 1, BRIGHT + 1), dtype=np.int64)
    counts[np.arange(1, order.size + 1), condition[order]] = 1
    counts[0] = np.bincount(condition[always], minlength=BRIGHT + 1)
    return SwitchLadder(sun_alt_deg[order], counts.cumsum(axis=0))


def fit_camera(ladder: SwitchLadder, total: float, nautical: float, evening_altitude_deg: float | None = None) -> Fit:
    """Switch altitude and availability that give a total and a Nautical count; the evening as in :func:`switch_ladder`.

    Raises ReproError if no altitude between -18 and -6 deg gives these counts.
    """
    step = int(ladder.steps(np.array([float(total)]), np.array([float(nautical)]))[0]) if total > 0 else 0
    minutes = ladder.counts[step]
    on = int(minutes.sum())
    given = minutes[list(NAUTICAL)].sum() * total / on if on else np.inf
    if not abs(given - nautical) <= 1.0 or nautical < 0 or total <= 0:
        found = f"{nautical:,.0f} Nautical frames of {total:,.0f}"
        expected = f"a share that a switch altitude between {LOWEST_SWITCH_DEG:g} and {HIGHEST_SWITCH_DEG:g} deg gives"
        remedy = "check the windows in params.yaml and the claims TXT.FRAMES and T2.NAUTICAL"
        refuse(found, expected, "fit of the schedule to Table 2", remedy)
    below = ladder.edges_deg[step - 1] if step else LOWEST_SWITCH_DEG
    above = ladder.edges_deg[step] if step < ladder.edges_deg.size else HIGHEST_SWITCH_DEG
    altitude_deg = float(below + above) / 2
    return Fit(altitude_deg if evening_altitude_deg is None else evening_altitude_deg, altitude_deg, total / on)


@dataclass(frozen=True)
class FittedRule:
    """One reading of the rule, fitted to the total and the Nautical count and compared with the nine cells.

    Arrays have shape (n,), one element for the stamp of each minute of the nights, unless another shape is given.
    """

    switches: SkyParams  # the reading
    sun_alt_deg: Floats
    sun: Words  # bins
    moon: Words
    condition: Integers  # index into ``CONDITIONS``; :data:`BRIGHT` for civil twilight and day
    fit: Fit
    ladder: SwitchLadder  # counts for other altitudes
    camera_on: Switches  # by the fit
    minutes: Integers  # with the camera on, shape (9, nights)
    cells: dict[str, float]  # predicted frames by cell: minutes times availability

    @property
    def sampled(self) -> Switches:
        """Minutes at Night & No_moon with the camera on, of which the sample is drawn, shape (n,)."""
        return np.asarray(self.camera_on & (self.condition == CELLS.index("night.no_moon")))

    def frames(self, sun: str = "", moon: str = "") -> float:
        """Predicted frames of a bin of the sun, of the moon, or of both."""
        return sum(self.cells[CELLS[number]] for number in matching_cells(sun, moon))

    def deviation(self, counts: Mapping[str, float]) -> Floats:
        """Published minus predicted frames, shape (9,)."""
        return np.array([counts[cell] - self.cells[cell] for cell in CELLS])


def fit_rule(
    minutes: Minutes,
    sky: Positions,
    switches: SkyParams,
    record: Published,
    *,
    camera_alt_deg: Floats | None = None,
    evening_altitude_deg: float | None = None,
    fit: Fit | None = None,
) -> FittedRule:
    """Fit one reading of the rule (``switches``) to the counts of the record.

    ``sky`` is at the stamps of the frames, with the altitude that ``switches`` asks for; ``camera_alt_deg``, shape (n,), the
    altitude of the sun when each frame is taken, if its stamp is another time. The evening is as in :func:`switch_ladder`.
    With ``fit``, a camera that is known otherwise, nothing is fitted.
    """
    alt = sky.sun_alt_deg if camera_alt_deg is None else camera_alt_deg
    sun, moon = sun_bin(sky.sun_alt_deg), moon_bin(phase_for(sky, switches), sky.moon_alt_deg, switches)
    evening = np.diff(alt, append=alt[-1:]) < 0
    condition = np.full(alt.size, BRIGHT)
    for number, (of_sun, of_moon) in enumerate(CONDITIONS):
        condition[(sun == of_sun) & (moon == of_moon)] = number
    ladder = switch_ladder(alt, evening, condition, evening_altitude_deg)
    if fit is None:
        fit = fit_camera(ladder, record.total, record.nautical, evening_altitude_deg)
    on = fit.camera_on(alt, evening)
    counts = count_cells(condition[on], minutes.night[on], len(minutes.mornings))
    cells = dict(zip(CELLS, (counts.sum(axis=1) * fit.availability).tolist(), strict=True))
    return FittedRule(switches, sky.sun_alt_deg, sun, moon, condition, fit, ladder, on, counts, cells)


def matching_cells(sun: str = "", moon: str = "") -> list[int]:
    """Numbers of the cells of a bin of the sun, of the moon, or of both."""
    return [n for n, pair in enumerate(CONDITIONS) if sun in ("", pair[0]) and moon in ("", pair[1])]
