"""How likely a text is read when another is printed, and which glyphs are taken for which.

A stamp is compared with a reading by the cheapest alignment, each glyph being read right, read as another, lost or
added. Costs are negative logarithms of probabilities: guesses at first, then learnt from the night itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

NOTHING = ""  # stands for a glyph that was lost, or for what was printed where one was added
_WRONG, _LOST, _ADDED = 0.02, 0.005, 0.005  # of all glyphs; Tesseract on legible digits does better
_OTHERS = 12  # glyphs that one can be taken for
_WEIGHT = 200  # glyphs that the guesses count for beside what is learnt


@dataclass(frozen=True)
class Glyphs:
    """Probabilities of readings.

    Parameters
    ----------
    seen : mapping
        How often a printed glyph was read as which: ``{(printed, read): count}``.
    """

    seen: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        printed: Counter[str] = Counter()
        for (glyph, _), count in self.seen.items():
            printed[glyph] += count
        object.__setattr__(self, "_printed", printed)

    def cost(self, printed: str, read: str) -> float:
        """Minus the logarithm of the probability of a reading, given what was printed."""
        if not printed:
            return -math.log(_ADDED / _OTHERS)
        guess = _LOST if not read else 1 - _WRONG - _LOST if read == printed else _WRONG / _OTHERS
        total: Counter[str] = self._printed  # type: ignore[attr-defined]
        count = self.seen.get((printed, read), 0)
        return -math.log((count + guess * _WEIGHT) / (total[printed] + _WEIGHT))

    def align(self, printed: str, read: str) -> tuple[float, list[tuple[int, str]]]:
        """Cheapest alignment.

        Returns
        -------
        tuple
            Minus the log-probability of the reading; and for each printed glyph in turn its position and what was
            read for it, added glyphs standing between as position -1.
        """
        rows, columns = len(printed) + 1, len(read) + 1
        added = [self.cost(NOTHING, glyph) for glyph in read]
        cost = [[0.0] * columns for _ in range(rows)]
        for j in range(1, columns):
            cost[0][j] = cost[0][j - 1] + added[j - 1]
        for i in range(1, rows):
            glyph, above, here = printed[i - 1], cost[i - 1], cost[i]
            lost = self.cost(glyph, NOTHING)
            known = {other: self.cost(glyph, other) for other in set(read)}
            here[0] = above[0] + lost
            for j in range(1, columns):
                here[j] = min(above[j - 1] + known[read[j - 1]], above[j] + lost, here[j - 1] + added[j - 1])
        path, i, j = [], rows - 1, columns - 1
        while i or j:
            if i and j and math.isclose(cost[i][j], cost[i - 1][j - 1] + self.cost(printed[i - 1], read[j - 1])):
                i, j = i - 1, j - 1
                path.append((i, read[j]))
            elif i and math.isclose(cost[i][j], cost[i - 1][j] + self.cost(printed[i - 1], NOTHING)):
                i -= 1
                path.append((i, NOTHING))
            else:
                j -= 1
                path.append((-1, read[j]))
        return cost[-1][-1], path[::-1]

    def learn(self, pairs: Mapping[tuple[str, str], int]) -> Glyphs:
        """The same with more seen."""
        return Glyphs(Counter(self.seen) + Counter(pairs))


def confusions(printed: str, read: str, glyphs: Glyphs) -> Counter[tuple[str, str]]:
    """Pairs (printed, read) of one stamp, right ones included."""
    _, path = glyphs.align(printed, read)
    return Counter((printed[place] if place >= 0 else NOTHING, glyph) for place, glyph in path)


def agreement(printed: str, read: str, places: tuple[int, ...], glyphs: Glyphs) -> float:
    """Share of the printed glyphs at some places that were read right, 0 to 1."""
    _, path = glyphs.align(printed, read)
    right = {place for place, glyph in path if place >= 0 and printed[place] == glyph}
    return sum(place in right for place in places) / len(places)
