"""Figure 3: which crop, flip and change of colour turn panel (a) into (b), (c) and (d)."""

from __future__ import annotations

from itertools import permutations, product

import cv2
import numpy as np
import pandas as pd

from repro.figures.picture_axes import Floats, Pixels, grey, not_as_published

_WORK_PX = 120
_SHIFT_PX = 5
_SIDES = np.arange(0.70, 1.0001, 0.01)
_LEAST_CORRELATION = 0.9
_CORRELATION_ERROR = 0.005


def read_augmentation(picture: Pixels, *, where: str) -> pd.DataFrame:
    """All that Figure 3 (RGB) shows; ``where`` is its name for errors.

    Returns
    -------
    DataFrame
        ``quantity``, ``value`` and ``error``: ``crop_area``, the area that (b) keeps of (a), 0 to 1, and ``crop_aspect``, its
        width over its height; ``crop_correlation``, ``flip_correlation`` and ``jitter_correlation``, the agreement of (b), (c)
        and (d) with (a) after the change, ``unflipped_correlation`` that of (c) without a flip; ``brightness``, ``contrast``
        and ``saturation``, the factors of (d).

    Raises
    ------
    ReproError
        If the four pictures are not found, or (b) is no part of (a).
    """
    original, cropped, flipped, jittered = _find_panels(picture, where)
    width, height, correlation = _crop(original, cropped)
    if correlation < _LEAST_CORRELATION:
        raise not_as_published(
            f"a panel (b) that agrees with no part of (a) by more than {correlation:.2f}",
            f"a part of (a), enlarged; agreement of at least {_LEAST_CORRELATION}",
            where,
        )
    mirrored = original[:, ::-1]
    (brightness, contrast, saturation), error, agreement = _jitter(*_aligned(original, jittered))
    rows = [
        ("crop_area", width * height, 0.005 * (width + height)),  # both sides are tried in steps of 0.01
        ("crop_aspect", width / height, 0.015),
        ("crop_correlation", correlation, _CORRELATION_ERROR),
        ("flip_correlation", _correlation(*_aligned(mirrored, flipped)), _CORRELATION_ERROR),
        ("unflipped_correlation", _correlation(*_aligned(original, flipped)), _CORRELATION_ERROR),
        ("brightness", brightness, error),
        ("contrast", contrast, error),
        # Chroma is stored at half the resolution and in coarse steps, which takes from the saturation of narrow forms.
        ("saturation", saturation, float(np.hypot(error, 0.03))),
        ("jitter_correlation", agreement, _CORRELATION_ERROR),
    ]
    return pd.DataFrame(rows, columns=["quantity", "value", "error"])


def _find_panels(picture: Pixels, where: str) -> list[Pixels]:
    """The four pictures (a) to (d): dark areas on white, two by two and of one size."""
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
    for width, height in product(_SIDES, _SIDES):
        if not 0.74 < width / height < 1.35:  # torchvision's range of the aspect ratio is 3/4 to 4/3
            continue
        size = (round(2 * _WORK_PX * width), round(2 * _WORK_PX * height))
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        score = float(cv2.matchTemplate(whole, small, cv2.TM_CCOEFF_NORMED).max())
        if score > best[2]:
            best = (size[0] / (2 * _WORK_PX), size[1] / (2 * _WORK_PX), score)
    return best


def _jitter(original: Pixels, jittered: Pixels) -> tuple[Floats, float, float]:
    """Factors of brightness, contrast and saturation in the order that explains (d) best, their error, and the agreement."""
    from scipy.optimize import least_squares  # takes half a second, and the report only draws what was measured

    first, second = (
        cv2.resize(part, (_WORK_PX, _WORK_PX), interpolation=cv2.INTER_AREA).astype(float) / 255
        for part in (original, jittered)
    )
    tried = []
    for order in permutations(range(3)):

        def remainder(factors: Floats, order: tuple[int, ...] = order) -> Floats:
            return np.asarray(_change(first, factors, order) - second).ravel()

        tried.append((least_squares(remainder, (1.2, 1.2, 1.2), bounds=(0.3, 2.5)), order))
    best, order = min(tried, key=lambda one: one[0].cost)
    # Neighbouring pixels err together (blocks of 8 x 8 of JPEG), so the usual error is enlarged by 8.
    variance = 2 * best.cost / (first.size - 3) * np.linalg.pinv(best.jac.T @ best.jac)
    changed = _change(first, best.x, order)
    return (
        best.x,
        8 * float(np.sqrt(np.diag(variance).max())),
        float(np.corrcoef(changed.ravel(), second.ravel())[0, 1]),
    )


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
