"""Figure 3: which crop, flip and change of colour turn panel (a) into (b), (c) and (d)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import cv2
import numpy as np

from repro.figures.picture_axes import Floats, Pixels, grey, not_as_published

_WORK_PX = 120
_SHIFT_PX = 5
_SIDES = np.arange(0.70, 1.0001, 0.01)
_LEAST_CORRELATION = 0.9
Factors = tuple[float, float, float]


@dataclass(frozen=True)
class Augmentation:
    """What Figure 3 shows.

    Parameters
    ----------
    crop_area, crop_area_error : float
        Area that (b) keeps of (a), 0 to 1.
    crop_aspect : float
        Width over height of the part that is kept.
    crop_correlation, flip_correlation, jitter_correlation : float
        Agreement of (b), (c) and (d) with (a) after the change.
    unflipped_correlation : float
        Agreement of (c) with (a) without a flip.
    brightness, contrast, saturation, jitter_error : float
        Factors of (d), and their standard error.
    """

    crop_area: float
    crop_area_error: float
    crop_aspect: float
    crop_correlation: float
    flip_correlation: float
    unflipped_correlation: float
    brightness: float
    contrast: float
    saturation: float
    jitter_error: float
    jitter_correlation: float


def find_panels(picture: Pixels, *, where: str) -> list[Pixels]:
    """The four pictures (a) to (d): dark areas on white, two by two.

    Raises
    ------
    ReproError
        If there are not four of one size.
    """
    # Letters are small and apart from the pictures, which are square to their corners.
    _, _, boxes, _ = cv2.connectedComponentsWithStats((grey(picture) < 220).astype(np.uint8))
    least = picture.shape[0] * picture.shape[1] / 30
    large = [tuple(int(part) for part in box[:4]) for box in boxes[1:] if box[2] * box[3] > least]
    sides = [side for box in large for side in box[2:]]
    if len(large) != 4 or max(sides) - min(sides) > 4:
        raise not_as_published(
            f"{len(large)} pictures of sides {sorted(set(sides))} px", "four pictures of one size, two by two", where
        )
    large.sort(key=lambda box: (round(box[1] / 50), box[0]))
    side = min(sides)
    return [picture[y : y + side, x : x + side] for x, y, _, _ in large]


def read_augmentation(picture: Pixels, *, where: str) -> Augmentation:
    """All that Figure 3 shows.

    Parameters
    ----------
    picture : ndarray, uint8, shape (height, width, 3)
        The figure, RGB.
    where : str
        Name of the figure, for errors.

    Raises
    ------
    ReproError
        If the four pictures are not found, or (b) is no part of (a).
    """
    original, cropped, flipped, jittered = find_panels(picture, where=where)
    width, height, correlation = _crop(original, cropped)
    if correlation < _LEAST_CORRELATION:
        raise not_as_published(
            f"a panel (b) that agrees with no part of (a) by more than {correlation:.2f}",
            f"a part of (a), enlarged; agreement of at least {_LEAST_CORRELATION}",
            where,
        )
    mirrored = original[:, ::-1]
    factors, error, agreement = _jitter(*_aligned(original, jittered))
    return Augmentation(
        crop_area=width * height,
        crop_area_error=0.005 * (width + height),  # sides are tried in steps of 0.01
        crop_aspect=width / height,
        crop_correlation=correlation,
        flip_correlation=_correlation(*_aligned(mirrored, flipped)),
        unflipped_correlation=_correlation(*_aligned(original, flipped)),
        brightness=factors[0],
        contrast=factors[1],
        saturation=factors[2],
        jitter_error=error,
        jitter_correlation=agreement,
    )


def _aligned(first: Pixels, second: Pixels) -> tuple[Pixels, Pixels]:
    """The same part of two pictures: borders found in JPEG are a pixel or two off."""
    inner = first[_SHIFT_PX:-_SHIFT_PX, _SHIFT_PX:-_SHIFT_PX]
    agreement = cv2.matchTemplate(grey(second).astype(np.float32), grey(inner).astype(np.float32), cv2.TM_CCOEFF_NORMED)
    y, x = np.unravel_index(int(agreement.argmax()), agreement.shape)
    return inner, second[y : y + inner.shape[0], x : x + inner.shape[1]]


def _correlation(first: Pixels, second: Pixels) -> float:
    a, b = (cv2.resize(grey(part), (_WORK_PX, _WORK_PX), interpolation=cv2.INTER_AREA) for part in (first, second))
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def _crop(original: Pixels, cropped: Pixels) -> tuple[float, float, float]:
    """Width and height of the part of the original that was kept, 0 to 1, and the agreement."""
    whole = cv2.resize(grey(original).astype(np.float32), (2 * _WORK_PX, 2 * _WORK_PX), interpolation=cv2.INTER_AREA)
    part = grey(cropped).astype(np.float32)
    best = (1.0, 1.0, -1.0)
    for width in _SIDES:
        for height in _SIDES:
            if not 0.74 < width / height < 1.35:  # torchvision's range of the aspect ratio is 3/4 to 4/3
                continue
            size = (round(2 * _WORK_PX * width), round(2 * _WORK_PX * height))
            small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
            score = float(cv2.matchTemplate(whole, small, cv2.TM_CCOEFF_NORMED).max())
            if score > best[2]:
                best = (size[0] / (2 * _WORK_PX), size[1] / (2 * _WORK_PX), score)
    return best


def _jitter(original: Pixels, jittered: Pixels) -> tuple[Factors, float, float]:
    """Factors of brightness, contrast and saturation in the order that explains (d) best, their error, and the agreement."""
    from scipy.optimize import least_squares  # takes half a second, and the report only draws what was measured

    first, second = (
        cv2.resize(part, (_WORK_PX, _WORK_PX), interpolation=cv2.INTER_AREA).astype(float) / 255
        for part in (original, jittered)
    )
    best_cost, best, error = np.inf, (1.0, 1.0, 1.0), 1.0
    for order in permutations(range(3)):
        solution = least_squares(
            lambda factors, order=order: (_change(first, factors, order) - second).ravel(),
            (1.2, 1.2, 1.2), bounds=(0.3, 2.5),
        )  # fmt: skip
        if solution.cost < best_cost:
            best_cost = float(solution.cost)
            best = (float(solution.x[0]), float(solution.x[1]), float(solution.x[2]))
            # Neighbouring pixels err together (blocks of 8 x 8 of JPEG), so the usual error is enlarged by 8.
            variance = 2 * best_cost / (first.size - 3) * np.linalg.pinv(solution.jac.T @ solution.jac)
            error = 8 * float(np.sqrt(np.diag(variance).max()))
            order_best = order
    changed = _change(first, np.asarray(best), order_best)
    return best, error, float(np.corrcoef(changed.ravel(), second.ravel())[0, 1])


def _change(picture: Floats, factors: Floats, order: tuple[int, ...]) -> Floats:
    """Torchvision's change of brightness (0), contrast (1) and saturation (2), one after another, each clipped to 0 to 1."""
    luminance = np.array([0.2989, 0.587, 0.114])
    for kind in order:
        level: Floats | float = 0.0
        if kind == 1:
            level = float((picture @ luminance).mean())
        elif kind == 2:
            level = (picture @ luminance)[..., None]
        picture = np.clip(factors[kind] * picture + (1 - factors[kind]) * level, 0, 1)
    return picture
