"""How much the sheets of an aurora wind, as the camera sees them: 0 for straight arcs, 0.5 for curls that run every way.

Whether aurora is an arc or band, or breaks up into folds and curls, can be seen in a single picture; whether it is rayed is
another matter: a rayed band is still a band (polar aurora forms of WMO's International Cloud Atlas, which names rayed
arcs and rayed bands). So rays are smoothed away here, and what is far off and foreshortened counts as little as it shows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import gaussian_filter

from repro.engine.threads import limited_threads
from repro.observatory import aurora, geometry

SMOOTH = 0.1  # rad of azimuth, and the same share of the distance, over which rays are smoothed away
LOWEST_DEG = 10.0  # altitude
NEAREST_KM = 10.0  # from the observer's own field line
Floats = npt.NDArray[np.float64]


def winding(sheets: npt.NDArray[np.float64]) -> Floats:
    """Share of the gradients of the sheets' light, on the lens' image, that do not lie across magnetic east and west.

    With L the light at :data:`repro.observatory.geometry.REFERENCE_KM`, smoothed, and y the distance north, it is
    1 - sum (grad L . grad y)^2 / |grad y|^2 / sum |grad L|^2 over the image, and 0 without light.

    ``sheets`` (n, sheets, len(SHEET)) are of :func:`repro.observatory.display.at`; gives values from 0 to 1, (n,).
    """
    east, north, _ = (grid.numpy().astype(float) for grid in geometry.feet())
    radius = np.hypot(east, north)[:, 0]
    rows = (radius >= NEAREST_KM) & (radius <= geometry.REFERENCE_KM / np.tan(np.radians(LOWEST_DEG)))
    radius = radius[rows][:, None]
    zenith = np.arctan(radius / geometry.REFERENCE_KM)
    # The image's two directions, away from the zenith and around it, by unit of log distance and of azimuth.
    out, around = np.sin(zenith) * np.cos(zenith), zenith
    across = np.stack([north[rows] / out, east[rows] / around])
    across /= np.hypot(*across)
    turn = 2 * np.pi / geometry.AZIMUTHS
    result = np.zeros(len(sheets))
    for place, of_frame in enumerate(sheets):
        lit = of_frame[of_frame[:, 0] > 0]
        if not len(lit):
            continue
        with limited_threads(), torch.inference_mode():
            light = aurora.sheets(torch.as_tensor(lit, dtype=torch.float32), "cpu")[:, 0].sum(0).numpy().astype(float)
        smooth = gaussian_filter(light, (SMOOTH / geometry.STEP, SMOOTH / turn), mode=("nearest", "wrap"))
        outward = np.gradient(smooth, geometry.STEP, axis=0)[rows] / out
        sideways = (np.roll(smooth, -1, 1) - np.roll(smooth, 1, 1))[rows] / (2 * turn) / around
        area = out * around
        total = (area * (outward**2 + sideways**2)).sum()
        if total > 0:
            result[place] = 1 - (area * (across[0] * outward + across[1] * sideways) ** 2).sum() / total
    return result
