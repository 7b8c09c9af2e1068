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

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from repro.clock.ocr import MARGIN_PX, Image

Floats = npt.NDArray[np.float32]
#: Texts and confidences of strips by running number, as Tesseract reads them.
ReadFrames = Callable[[Sequence[int]], list[tuple[str, float]]]
#: The stamps, by running number, that a night's timeline confirms among some readings.
Confirm = Callable[[Mapping[int, tuple[str, float]]], dict[int, str]]

_PORTION = 32  # strips that Tesseract reads at a time
_LEAST = 24  # confirmed strips of one layout from which glyphs are learnt
_RIDGE = 0.05  # weight of the prior, in strips: pictures of rarely seen digits stay weak
_MARGIN = 0.5  # of the distance between the pictures of two digits: 1 if a strip is exactly the one, 0 halfway
# Share of the leave-one-out residuals that a match may not exceed. Of 10,240 strips with a digit that the training set lacks,
# none of fair contrast stays below it; of the poorest contrast 11 in 2,560 do.
_USUAL = 0.95
_MISREAD = 1.5  # of that residual: a training strip beyond it may be misread
CONFIDENCE = 95.0  # of a matched strip, on Tesseract's scale


def read_by_matching(strips: Sequence[Image], read: ReadFrames, confirm: Confirm) -> list[tuple[str, float]]:
    """Read a night's strips, most of them without Tesseract: text and confidence, Tesseract's own or :data:`CONFIDENCE`.

    Strips have bright text on a dark ground, are all of one size, and cut to the text. ``read`` is Tesseract, ``confirm``
    the night's timeline.
    """
    count = len(strips)
    pictures = np.asarray(strips, dtype=np.float32).reshape(count, -1)
    pictures -= np.median(pictures, axis=1, keepdims=True)
    shape = strips[0].shape
    # Evenly spread over the night, but not evenly spaced: every tenth frame would show the same minute.
    edges = np.linspace(0, count, min(count, 2 * _PORTION) + 1)
    first = np.floor(edges[:-1] + np.random.default_rng(0).random(len(edges) - 1) * np.diff(edges)).astype(int)
    portion = np.unique(first).tolist()
    readings = dict(zip(portion, read(portion), strict=True))
    matched: dict[int, str] = {}
    while len(readings) < count:
        matched = _match(pictures, shape, readings, confirm(readings))
        left = [number for number in range(count) if number not in readings and number not in matched]
        if len(left) <= _PORTION:
            readings |= dict(zip(left, read(left), strict=True))
            break
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
        numbers = _repeated(numbers, confirmed)
        if len(numbers) < _LEAST:
            continue
        model = GlyphModel.learn(pictures[numbers], [confirmed[number] for number in numbers], shape)
        for place, (text, residual) in enumerate(model.explain(pictures[others])):
            if text and residual < least[place]:
                least[place], texts[int(others[place])] = residual, text
    return texts


def _repeated(numbers: list[int], stamps: Mapping[int, str]) -> list[int]:
    """Strips all of whose digits occur at the same place in another strip, too: a digit seen once may be a misreading."""
    while True:
        counts = Counter((place, glyph) for number in numbers for place, glyph in enumerate(stamps[number]))
        kept = [number for number in numbers if all(counts[entry] > 1 for entry in enumerate(stamps[number]))]
        if len(kept) == len(numbers):
            return kept
        numbers = kept


@dataclass(frozen=True)
class GlyphModel:
    """The pictures of a night's glyphs, for one layout of the stamp."""

    stamp: str  # one of the stamps
    slots: tuple[tuple[int, str], ...]  # places in the stamp whose digit changes, and the digits that were seen there
    mean: Floats  # the mean picture, shape (pixels,)
    digits: Floats  # what each digit adds to it, shape (digits of all slots, pixels)
    usual: Floats  # mean residual energy around each column, shape (width,)
    limit: float  # largest ratio of a strip's residual energy around any column to the usual one
    shape: tuple[int, int]  # height and width of a strip

    @classmethod
    def learn(cls, pictures: Floats, stamps: Sequence[str], shape: tuple[int, int]) -> GlyphModel:
        """Learn from strips, shape (count, pixels), whose stamps have one layout.

        Strips whose leave-one-out residual is unusual may be misread and are left out in a second round.
        """
        model, ratios = cls._fit(pictures, stamps, shape)
        usual = ratios <= _MISREAD * model.limit
        if usual.all():
            return model
        return cls._fit(pictures[usual], [stamp for stamp, good in zip(stamps, usual, strict=True) if good], shape)[0]

    @classmethod
    def _fit(cls, pictures: Floats, stamps: Sequence[str], shape: tuple[int, int]) -> tuple[GlyphModel, Floats]:
        seen = [(place, "".join(sorted(set(column)))) for place, column in enumerate(zip(*stamps, strict=True))]
        slots = tuple((place, glyphs) for place, glyphs in seen if len(glyphs) > 1)
        designs = [
            np.array([[stamp[place] == glyph for glyph in glyphs] for stamp in stamps], dtype=np.float32)
            for place, glyphs in slots
        ]
        mean = pictures.mean(axis=0)
        centred = (pictures - mean).reshape(-1, *shape)
        windows = [
            _window(
                centred, design - design.mean(axis=0), _centre(stamps[0], place, shape[1]), shape[1] // len(stamps[0])
            )
            for (place, _), design in zip(slots, designs, strict=True)
        ]
        residuals = np.empty_like(centred)
        digits = np.zeros((sum(design.shape[1] for design in designs), *shape), dtype=np.float32)
        starts = np.cumsum([0, *(design.shape[1] for design in designs)])
        edges = sorted({0, shape[1], *(edge for window in windows for edge in window)})
        base = mean.reshape(shape).copy()
        for left, right in pairwise(edges):
            # Only the digits whose window this part of the strip lies in can show there.
            inside = [k for k, window in enumerate(windows) if window[0] <= left and right <= window[1]]
            design = np.hstack([np.zeros((len(stamps), 0), np.float32), *(designs[k] for k in inside)])
            offset = design - design.mean(axis=0)
            inverse = np.linalg.inv(offset.T @ offset + _RIDGE * np.eye(design.shape[1], dtype=np.float32)) @ offset.T
            part = centred[:, :, left:right].reshape(len(stamps), -1)
            weights = inverse @ part
            leverage = np.einsum("nd,dn->n", offset, inverse) + 1 / len(stamps)
            left_out = (part - offset @ weights) / (1 - np.minimum(leverage, 0.99))[:, None]
            residuals[:, :, left:right] = left_out.reshape(len(stamps), shape[0], -1)
            base[:, left:right] -= (design.mean(axis=0) @ weights).reshape(shape[0], -1)
            row = 0
            for k in inside:
                rows = slice(starts[k], starts[k + 1])
                size = starts[k + 1] - starts[k]
                digits[rows, :, left:right] = weights[row : row + size].reshape(size, shape[0], -1)
                row += size
        energy = _around_columns(residuals, shape, len(stamps[0]))
        usual = np.maximum(energy.mean(axis=0), 1.0)  # a noiseless overlay still has rounding
        ratios = (energy / usual).max(axis=1)
        limit = float(np.quantile(ratios, _USUAL))
        flat = digits.reshape(len(digits), -1)
        return cls(stamps[0], slots, base.ravel(), flat, usual, limit, shape), ratios

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


def _centre(stamp: str, place: int, width: int) -> float:
    """Column (px) of the middle of a glyph: marks and spaces are about half as wide as digits and letters."""
    widths = np.array([1.0 if glyph.isalnum() else 0.53 for glyph in stamp])
    return MARGIN_PX + (width - 2 * MARGIN_PX) * float(widths[:place].sum() + widths[place] / 2) / float(widths.sum())


def _window(centred: Floats, design: Floats, centre: float, glyph_px: int) -> tuple[int, int]:
    """Columns, 1.5 glyphs wide, in which a changing digit shows most, at most a glyph from its expected place."""
    counts = np.maximum((design > 0).sum(axis=0), 1)[:, None, None]
    effect = np.tensordot((design > 0).astype(np.float32), centred, axes=(0, 0)) / counts
    columns = ((effect**2).sum(axis=1) * counts[:, :, 0]).sum(axis=0)
    size = max(3, round(1.5 * glyph_px))
    sums = np.convolve(columns, np.ones(size, dtype=np.float32), mode="valid")
    starts = np.arange(len(sums))
    sums[np.abs(starts + size / 2 - centre) > glyph_px] = -1
    start = int(sums.argmax())
    return start, start + size


def _around_columns(residuals: Floats, shape: tuple[int, int], glyphs: int) -> Floats:
    """Residual energy in a window of about a glyph's width around each column, shape (count, width)."""
    columns = (residuals.reshape(-1, *shape) ** 2).sum(axis=1)
    window = max(3, shape[1] // glyphs)
    return np.asarray(cv2.blur(columns, (window, 1), borderType=cv2.BORDER_REFLECT), dtype=np.float32)
