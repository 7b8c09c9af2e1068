"""Read most strips of a night by matching them with the glyphs that Tesseract read in some of them.

An overlay never moves and is drawn alike in every frame, so one night's strips differ only in the digits that change and
in noise. Tesseract reads some strips; those that the night's timeline confirms are the training set of a linear model:
a strip is a mean picture plus, for every place of the stamp whose digit changes, the picture of its digit. The pictures
come from ridge regression. Another strip is explained by the digits that leave the smallest residual. It is read so only
if every digit is clearly better than the next best one, and if no part of the strip leaves a residual that is larger than
those of training strips which were left out (leave-one-out residuals of linear regression, Allen 1974). A digit that was
not seen yet, dirt or a moved overlay leave such residuals. All other strips are read by Tesseract, in small portions, each
of which extends the training set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from repro.clock.ocr import Image

Floats = npt.NDArray[np.float32]
#: Texts and confidences of strips by running number, as Tesseract reads them.
ReadFrames = Callable[[Sequence[int]], list[tuple[str, float]]]
#: The stamps, by running number, that a night's timeline confirms among some readings.
Confirm = Callable[[Mapping[int, tuple[str, float]]], dict[int, str]]

_PORTION = 32  # strips that Tesseract reads at a time
_LEAST = 24  # confirmed strips of one layout from which glyphs are learnt
_RIDGE = 0.05  # strips that the prior counts for: pictures of digits that were hardly seen stay weak
_MARGIN = 0.5  # of the distance between the pictures of two digits: 1 if a strip is exactly the one, 0 halfway
_LOOSE = 1.25  # of the largest usual leave-one-out residual: what a good match may leave
_USUAL = 0.98  # share of the leave-one-out residuals that are usual; the others may be misreadings
CONFIDENCE = 95.0  # of a matched strip, on Tesseract's scale


def read_by_matching(strips: Sequence[Image], read: ReadFrames, confirm: Confirm) -> list[tuple[str, float]]:
    """Read a night's strips, most of them without Tesseract.

    Parameters
    ----------
    strips : sequence of ndarray, shape (height, width)
        Bright text on a dark ground, all of one size, cut to the text.
    read : callable
        Tesseract.
    confirm : callable
        The night's timeline.

    Returns
    -------
    list of (str, float)
        Text and confidence of each strip: Tesseract's own, or :data:`CONFIDENCE` for a matched one.
    """
    count = len(strips)
    pictures = np.asarray(strips, dtype=np.float32).reshape(count, -1)
    pictures -= np.median(pictures, axis=1, keepdims=True)
    shape = strips[0].shape
    spread = np.unique(np.linspace(0, count - 1, min(count, 2 * _PORTION)).round().astype(int))
    readings = dict(zip(spread.tolist(), read(spread.tolist()), strict=True))
    matched: dict[int, str] = {}
    while len(readings) < count:
        matched = _match(pictures, shape, readings, confirm(readings))
        left = [number for number in range(count) if number not in readings and number not in matched]
        if not left:
            break
        if len(left) > _PORTION:
            left = [left[place] for place in np.linspace(0, len(left) - 1, _PORTION).round().astype(int)]
        readings |= dict(zip(left, read(left), strict=True))
    return [readings.get(number) or (matched[number], CONFIDENCE) for number in range(count)]


def _match(
    pictures: Floats, shape: tuple[int, int], readings: Mapping[int, object], confirmed: Mapping[int, str]
) -> dict[int, str]:
    """Texts of the strips that match the glyphs of confirmed ones; a night may have several layouts of its stamp."""
    layouts: dict[str, list[int]] = {}
    for number, stamp in confirmed.items():
        layouts.setdefault("".join("0" if glyph.isdigit() else glyph for glyph in stamp), []).append(number)
    others = np.array([number for number in range(len(pictures)) if number not in readings])
    texts: dict[int, str] = {}
    least = np.full(len(others), np.inf)
    for numbers in layouts.values():
        if len(numbers) < _LEAST:
            continue
        model = GlyphModel.learn(pictures[numbers], [confirmed[number] for number in numbers], shape)
        for place, (text, residual) in enumerate(model.explain(pictures[others])):
            if text and residual < least[place]:
                least[place], texts[int(others[place])] = residual, text
    return texts


@dataclass(frozen=True)
class GlyphModel:
    """The pictures of a night's glyphs, for one layout of the stamp.

    Parameters
    ----------
    stamp : str
        One of the stamps.
    slots : tuple of (int, str)
        Places in the stamp whose digit changes, and the digits that were seen there.
    mean : ndarray, shape (pixels,)
        The mean picture.
    digits : ndarray, shape (digits of all slots, pixels)
        What each digit adds to it.
    usual : ndarray, shape (width,)
        Mean residual energy around each column.
    limit : float
        Largest ratio of a strip's residual energy around any column to the usual one.
    shape : tuple of int
        Height and width of a strip.
    """

    stamp: str
    slots: tuple[tuple[int, str], ...]
    mean: Floats
    digits: Floats
    usual: Floats
    limit: float
    shape: tuple[int, int]

    @classmethod
    def learn(cls, pictures: Floats, stamps: Sequence[str], shape: tuple[int, int]) -> GlyphModel:
        """Learn from strips, shape (count, pixels), whose stamps have one layout.

        Strips whose leave-one-out residual is unusual may be misread and are left out in a second round.
        """
        model, ratios = cls._fit(pictures, stamps, shape)
        usual = ratios <= model.limit
        if usual.all():
            return model
        return cls._fit(pictures[usual], [stamp for stamp, good in zip(stamps, usual, strict=True) if good], shape)[0]

    @classmethod
    def _fit(cls, pictures: Floats, stamps: Sequence[str], shape: tuple[int, int]) -> tuple[GlyphModel, Floats]:
        seen = [(place, "".join(sorted(set(column)))) for place, column in enumerate(zip(*stamps, strict=True))]
        slots = tuple((place, glyphs) for place, glyphs in seen if len(glyphs) > 1)
        design = np.array(
            [[stamp[place] == glyph for place, glyphs in slots for glyph in glyphs] for stamp in stamps], dtype=np.float64
        ).reshape(len(stamps), -1)  # fmt: skip
        share = design.mean(axis=0)
        centred, mean = design - share, pictures.mean(axis=0)
        inverse = np.linalg.inv(centred.T @ centred + _RIDGE * np.eye(design.shape[1])) @ centred.T
        digits = (inverse @ (pictures - mean)).astype(np.float32)
        leverage = np.einsum("nd,dn->n", centred, inverse) + 1 / len(stamps)
        residuals = (pictures - mean - centred @ digits) / (1 - leverage)[:, None]
        energy = _around_columns(residuals.astype(np.float32), shape, len(stamps[0]))
        usual = np.maximum(energy.mean(axis=0), 1.0)  # a noiseless overlay still has rounding
        ratios = (energy / usual).max(axis=1)
        limit = _LOOSE * float(np.quantile(ratios, _USUAL))
        base = (mean - share @ digits).astype(np.float32)
        return cls(stamps[0], slots, base, digits, usual, limit, shape), ratios

    def explain(self, pictures: Floats) -> list[tuple[str, float]]:
        """Text and residual of each strip, shape (count, pixels); no text for one that is not explained well."""
        gram, signal = self.digits @ self.digits.T, (pictures - self.mean) @ self.digits.T
        ends = np.cumsum([0, *(len(glyphs) for _, glyphs in self.slots)])
        blocks = [slice(begin, end) for begin, end in pairwise(ends)]
        chosen = np.zeros_like(signal, dtype=np.float32)
        clear = np.full(len(pictures), True)
        rows = np.arange(len(pictures))
        for _ in range(3):  # digits hardly overlap, so the second pass changes little and the third nothing
            clear[:] = True
            for block in blocks:
                chosen[:, block] = 0
                energy = np.diag(gram)[block] + 2 * (chosen @ gram[:, block] - signal[:, block])
                best = energy.argmin(axis=1)
                chosen[rows, block.start + best] = 1
                apart = np.diag(gram)[block] + np.diag(gram)[block][best][:, None] - 2 * gram[block, block][best]
                margin = (energy - energy[rows, best][:, None]) / np.maximum(apart, 1e-6)
                margin[rows, best] = np.inf
                clear &= margin.min(axis=1) >= _MARGIN
        residuals: Floats = pictures - self.mean - chosen @ self.digits
        ratios = (_around_columns(residuals, self.shape, len(self.stamp)) / self.usual).max(axis=1)
        results = []
        for row, ratio, good in zip(chosen, ratios, clear & (ratios <= self.limit), strict=True):
            glyphs = list(self.stamp)
            for (place, seen), block in zip(self.slots, blocks, strict=True):
                glyphs[place] = seen[int(row[block].argmax())]
            results.append(("".join(glyphs) if good else "", float(ratio)))
        return results


def _around_columns(residuals: Floats, shape: tuple[int, int], glyphs: int) -> Floats:
    """Residual energy in a window of about a glyph's width around each column, shape (count, width)."""
    columns = (residuals.reshape(-1, *shape) ** 2).sum(axis=1)
    window = max(3, shape[1] // glyphs)
    return np.asarray(cv2.blur(columns, (window, 1), borderType=cv2.BORDER_REFLECT), dtype=np.float32)
