"""Probability of reading a text when another is printed, and which glyphs are confused with which.

A stamp is compared with a reading by the cheapest alignment, each glyph being read right, read as another, lost or
added. Costs are negative logarithms of probabilities: guesses at first, then learnt from the night itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

NOTHING = ""  # what is read for a lost glyph, and what is printed for an added one
_WRONG, _LOST, _ADDED = 0.02, 0.005, 0.005  # shares of all glyphs; on legible digits Tesseract is better
_OTHERS = 12  # glyphs that one can be read as
_WEIGHT = 200  # observed glyphs that the initial guesses weigh as much as


@dataclass(frozen=True)
class ConfusionModel:
    """Probabilities of reading one glyph as another; ``seen`` counts pairs (printed, read)."""

    seen: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @cached_property
    def _printed(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for (glyph, _), count in self.seen.items():
            counts[glyph] += count
        return counts

    @cached_property
    def _costs(self) -> dict[tuple[str, str], float]:
        return {}

    def cost(self, printed: str, read: str) -> float:
        """Minus the logarithm of the probability of a reading, given what was printed."""
        if (printed, read) not in self._costs:
            if not printed:
                self._costs[printed, read] = -math.log(_ADDED / _OTHERS)
            else:
                guess = _LOST if not read else 1 - _WRONG - _LOST if read == printed else _WRONG / _OTHERS
                count = self.seen.get((printed, read), 0)
                self._costs[printed, read] = -math.log((count + guess * _WEIGHT) / (self._printed[printed] + _WEIGHT))
        return self._costs[printed, read]

    def costs(self, stamps: Iterable[str], read: str) -> dict[str, float]:
        """Cost of the cheapest alignment of a reading with each of several stamps.

        Stamps of one night begin alike; what they share is aligned once.
        """
        rows = self._first_row(read)
        return {stamp: self._row(stamp, read, rows)[-1] for stamp in stamps}

    def _first_row(self, read: str) -> dict[str, list[float]]:
        return {"": list(accumulate((self.cost(NOTHING, glyph) for glyph in read), initial=0.0))}

    def _row(self, printed: str, read: str, rows: dict[str, list[float]]) -> list[float]:
        """Cost of each beginning of the reading, given all that was printed so far."""
        if printed not in rows:
            above, glyph = self._row(printed[:-1], read, rows), printed[-1]
            lost, row = self.cost(glyph, NOTHING), [0.0] * len(above)
            row[0] = left = above[0] + lost
            for j, other in enumerate(read):
                # Read as another, lost, or an added glyph; written out, because most of the time is spent here.
                left += self.cost(NOTHING, other)
                if (swapped := above[j] + self.cost(glyph, other)) < left:
                    left = swapped
                if (gone := above[j + 1] + lost) < left:
                    left = gone
                row[j + 1] = left
            rows[printed] = row
        return rows[printed]

    def align(self, printed: str, read: str) -> list[tuple[int, str]]:
        """Cheapest alignment: for each printed glyph in turn its position and what was read for it.

        Added glyphs are in between, at position -1.
        """
        rows = self._first_row(read)
        self._row(printed, read, rows)
        path, i, j = [], len(printed), len(read)
        while i or j:
            total = rows[printed[:i]][j]
            if i and j and total == rows[printed[: i - 1]][j - 1] + self.cost(printed[i - 1], read[j - 1]):
                i, j = i - 1, j - 1
                path.append((i, read[j]))
            elif i and total == rows[printed[: i - 1]][j] + self.cost(printed[i - 1], NOTHING):
                i -= 1
                path.append((i, NOTHING))
            else:
                j -= 1
                path.append((-1, read[j]))
        return path[::-1]


def confusions(printed: str, read: str, model: ConfusionModel) -> Counter[tuple[str, str]]:
    """Pairs (printed, read) of one stamp, right ones included."""
    path = model.align(printed, read)
    return Counter((printed[place] if place >= 0 else NOTHING, glyph) for place, glyph in path)


def agreement(printed: str, read: str, places: tuple[int, ...], model: ConfusionModel) -> float:
    """Share of the printed glyphs at some places that were read right, 0 to 1."""
    path = model.align(printed, read)
    right = {place for place, glyph in path if place >= 0 and printed[place] == glyph}
    return sum(place in right for place in places) / len(places)
