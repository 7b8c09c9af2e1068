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

from repro.errors import ReproError
from repro.figures.picture_axes import Floats, Pixels

FRAME_PX = 720
NETWORK_PX = 240  # side of the network's input, to which the package enlarges the map first
WORK_PX = 120  # the fit is made on means over 6 x 6 pixels, where JPEG's noise is small
GRID = 8  # side of the last feature map of EfficientNet-B1 for an input of 240 px
GRIDS = (6, 7, 8, 9, 10, 12)  # sides that are compared
MOST_COLOUR_MISFIT = 0.1  # root mean square, colours from 0 to 1; JPEG of quality 35 gives about 0.02
MOST_RESIDUAL = 0.06  # of full scale; a map that explains an overlay worse is none

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
    largest : float
        Largest value of the enlarged map by the pixels themselves (99.9 % quantile), of full scale.
    residual_by_grid : dict
        The same residual for grids of other sides.
    """

    nodes: Floats
    divisor: float
    residual: float
    largest: float
    residual_by_grid: dict[int, float]

    @property
    def enlarged(self) -> Floats:
        """The map at the size of the frame, shape (720, 720)."""
        return enlarge(self.nodes)


def enlarge(nodes: Floats, side: int = FRAME_PX) -> Floats:
    """A map as the package and the script enlarge it: to the network's input, then to the frame, both linearly."""
    inner = cv2.resize(np.asarray(nodes, dtype=np.float32), (NETWORK_PX, NETWORK_PX))
    return np.asarray(np.clip(cv2.resize(inner, (side, side)), 0, 1), dtype=float)


def recover_map(overlay: Pixels, frame: Pixels, *, where: str) -> RecoveredMap:
    """Map of one overlay.

    Parameters
    ----------
    overlay, frame : ndarray, uint8, shape (height, width, 3)
        RGB, both of one size.
    where : str
        Name of the pair, for errors.

    Raises
    ------
    ReproError
        If the two differ in size, or no map explains the overlay.
    """
    if overlay.shape != frame.shape:
        raise ReproError(
            found=f"an overlay of {overlay.shape[1]} x {overlay.shape[0]} over a frame of {frame.shape[1]} x {frame.shape[0]}",
            expected="two pictures of one size",
            where=where,
            remedy="give the frame that the overlay was made of",
        )
    shown, sky = (_small(picture) for picture in (overlay, frame))
    values, divisor, misfit = _invert(shown, sky)
    # A pixel counts by how well its value is determined: where JET changes fast and the colours agree.
    weight = 1 / (misfit**2 + 0.02**2)
    residuals, fits = {}, {}
    for side in GRIDS:
        nodes = _fit_nodes(values, weight) if side == GRID else _quick_nodes(values, side)
        fits[side] = nodes
        difference = enlarge(nodes, WORK_PX) - values
        residuals[side] = float(np.sqrt(np.average(difference**2, weights=weight)))
    colour_misfit = float(np.sqrt(np.mean(misfit**2)))
    if residuals[GRID] > MOST_RESIDUAL or colour_misfit > MOST_COLOUR_MISFIT:
        raise ReproError(
            found=f"an overlay that no map explains better than to {residuals[GRID]:.3f} of full scale, "
            f"with colours off by {colour_misfit:.3f}",
            expected=f"half a frame and half a map in the colours JET, to {MOST_RESIDUAL:g} and {MOST_COLOUR_MISFIT:g}",
            where=where,
            remedy="give the frame that the overlay was made of",
        )
    return RecoveredMap(fits[GRID], divisor, residuals[GRID], float(np.quantile(values, 0.999)), residuals)


def _small(picture: Pixels) -> Floats:
    small = cv2.resize(picture, (WORK_PX, WORK_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=float) / 255


def _invert(shown: Floats, sky: Floats) -> tuple[Floats, float, Floats]:
    """Value of each pixel, the divisor, and how far each pixel's colour is from the one that explains it best."""
    best: tuple[float, float] = (np.inf, 1.0)
    for step in (0.02, 0.002):
        centre = best[1]
        tried = np.arange(0.5, 1.001, step) if step == 0.02 else np.arange(centre - 0.02, centre + 0.021, step)
        for divisor in tried:
            distance = _nearest(2 * divisor * shown[::3, ::3] - sky[::3, ::3])[1]
            cost = float(np.mean(np.minimum(distance, 0.2) ** 2)) / divisor**2
            if cost < best[0]:
                best = (cost, float(divisor))
    index, distance = _nearest(2 * best[1] * shown - sky)
    return index / 255, best[1], distance


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
