"""Grad-CAM overlays turned back into maps.

An overlay is made of a frame and a map: the map in OpenCV's colours JET, half of it and half of the frame are added, and
the sum is divided by its largest value (``show_cam_on_image`` of the package grad-cam). With the frame at hand, the map at
each pixel is the colour that explains the overlay best, and the divisor is the one with the smallest remainder. The map was
enlarged from the network's last feature map by linear interpolation, so all of it follows from a few numbers, which are
fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from repro.errors import refuse
from repro.figures.picture_axes import Floats, Pixels

FRAME_PX = 720
NETWORK_PX = 240  # side of the network's input, to which the package enlarges the map first
WORK_PX = 120  # the fit is made on means over 6 x 6 pixels, where JPEG's noise is small
GRID = 8  # side of the last feature map of EfficientNet-B1 for an input of 240 px
GRIDS = (6, 7, 8, 9, 10, 12)  # sides that are compared
MOST_COLOUR_MISFIT = 0.1  # root mean square, colours from 0 to 1; JPEG of quality 35 gives about 0.02
MOST_RESIDUAL = 0.06  # of full scale; a map that explains an overlay worse is none
_REMEDY = "give the frame that the overlay was made of"

_JET = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_JET)[:, 0, ::-1].astype(float) / 255


@dataclass(frozen=True)
class RecoveredMap:
    """A map recovered from an overlay.

    Parameters
    ----------
    nodes : ndarray, shape (8, 8)
        The map at the size of the feature map, 0 to 1 of its own largest value; row 0 is the top.
    divisor : float
        Largest value of the sum of frame and colours, by which the overlay was divided; 0.5 to 1.
    residual : float
        Root mean square difference between the pixels' own values and the enlarged map, of full scale.
    grid : int
        Side of the feature map, of those that are compared, for which that difference is smallest.
    """

    nodes: Floats
    divisor: float
    residual: float
    grid: int


def enlarge(nodes: Floats, side: int = FRAME_PX) -> Floats:
    """A map as the package and the script enlarge it: to the network's input, then to the frame, both linearly."""
    inner = cv2.resize(np.asarray(nodes, dtype=np.float32), (NETWORK_PX, NETWORK_PX))
    return np.asarray(np.clip(cv2.resize(inner, (side, side)), 0, 1), dtype=float)


def recover_map(overlay: Pixels, frame: Pixels, *, where: str) -> RecoveredMap:
    """Map of one overlay over its frame, both RGB uint8 (height, width, 3); ``where`` is the name of the pair for errors.

    Raises
    ------
    ReproError
        If the two differ in size, or no map explains the overlay.
    """
    if overlay.shape != frame.shape:
        refuse(
            f"an overlay of {overlay.shape[1]} x {overlay.shape[0]} over a frame of {frame.shape[1]} x {frame.shape[0]}",
            "two pictures of one size",
            where,
            _REMEDY,
        )
    shown, sky = (_small(picture) for picture in (overlay, frame))
    values, divisor, misfit = _invert(shown, sky)
    # A pixel counts by how well its value is determined: where JET changes fast and the colours agree.
    weight = 1 / (misfit**2 + 0.02**2)
    nodes = _fit_nodes(values, weight)
    fits = {side: nodes if side == GRID else _quick_nodes(values, side) for side in GRIDS}
    residuals = {
        side: float(np.sqrt(np.average((enlarge(fit, WORK_PX) - values) ** 2, weights=weight)))
        for side, fit in fits.items()
    }
    colour_misfit = float(np.sqrt(np.mean(misfit**2)))
    if residuals[GRID] > MOST_RESIDUAL or colour_misfit > MOST_COLOUR_MISFIT:
        refuse(
            f"an overlay that no map explains better than to {residuals[GRID]:.3f} of full scale, "
            f"with colours off by {colour_misfit:.3f}",
            f"half a frame and half a map in the colours JET, to {MOST_RESIDUAL:g} and {MOST_COLOUR_MISFIT:g}",
            where,
            _REMEDY,
        )
    return RecoveredMap(nodes, divisor, residuals[GRID], min(residuals, key=residuals.__getitem__))


def _small(picture: Pixels) -> Floats:
    small = cv2.resize(picture, (WORK_PX, WORK_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=float) / 255


def _invert(shown: Floats, sky: Floats) -> tuple[Floats, float, Floats]:
    """Value of each pixel, the divisor, and how far each pixel's colour is from the one that explains it best."""

    def cost(divisor: float) -> float:
        _, distance = _nearest(2 * divisor * shown[::3, ::3] - sky[::3, ::3])
        return float(np.mean(np.minimum(distance, 0.2) ** 2)) / divisor**2

    coarse = min(np.arange(0.5, 1.001, 0.02), key=cost)
    divisor = float(min([coarse, *np.arange(coarse - 0.02, coarse + 0.021, 0.002)], key=cost))
    index, distance = _nearest(2 * divisor * shown - sky)
    return index / 255, divisor, distance


def _nearest(colours: Floats) -> tuple[Floats, Floats]:
    """Number of the nearest colour of JET, and the distance to it."""
    flat = colours.reshape(-1, 3)
    squares = (flat**2).sum(axis=1)[:, None] - 2 * flat @ _JET.T + (_JET**2).sum(axis=1)
    index = squares.argmin(axis=1)
    distance = np.sqrt(np.clip(squares[np.arange(len(flat)), index], 0, None))
    return index.reshape(colours.shape[:2]).astype(float), distance.reshape(colours.shape[:2])


def _enlargement(side: int) -> Floats:
    """Matrix by which linear interpolation enlarges a row (or a column) of nodes, shape (120, side)."""
    unit = np.eye(side, dtype=np.float32)
    return np.asarray(cv2.resize(cv2.resize(unit, (side, NETWORK_PX)), (side, WORK_PX)), dtype=float)


def _quick_nodes(values: Floats, side: int) -> Floats:
    """Nodes by unweighted least squares, rows and columns apart."""
    inverse = np.linalg.pinv(_enlargement(side))
    return np.asarray(inverse @ values @ inverse.T)


def _fit_nodes(values: Floats, weight: Floats) -> Floats:
    """Nodes between 0 and 1 whose enlarged map comes nearest to the values."""
    one = _enlargement(GRID)
    root = np.sqrt(weight).ravel()
    # The bounds are met on the triangular factor, which has as many rows as there are nodes.
    factored, triangle = np.linalg.qr(np.kron(one, one) * root[:, None])
    from scipy.optimize import lsq_linear  # takes a third of a second, and verify needs only the constants above

    solution = lsq_linear(triangle, factored.T @ (root * values.ravel()), bounds=(0, 1))
    return np.asarray(solution.x.reshape(GRID, GRID))
