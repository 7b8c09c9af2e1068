"""A value measured on pictures of the record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FigureQuantity:
    """A value measured on pictures of the record.

    Parameters
    ----------
    value : float, str or bool
        In the unit that the name ends in, or that of the claim.
    error : float
        Standard error; 0 for words, counts and printed numbers.
    """

    value: float | str | bool
    error: float = 0.0


def condition_name(sun: str, moon: str) -> str:
    """Name of a condition within that of a quantity: ``night.no_moon``."""
    return f"{sun.lower()}.{moon.lower()}"
