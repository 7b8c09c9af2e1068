"""Text for people: short lists, counts with their noun, and the terminal that tables are printed to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def first_few(words: Sequence[str], most: int = 4) -> str:
    """Words with commas between them; of a long list the first ones and how many more there are."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def count(number: int, noun: str) -> str:
    """``1 claim``, ``2 claims``, ``1,234 claims``."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def console(*, highlight: bool = True) -> Console:
    """Standard output: as wide as the terminal; 160 columns elsewhere, so that a log does not fold tables."""
    from rich.console import Console  # only who prints tables needs it

    terminal = Console(highlight=highlight)
    return terminal if terminal.is_terminal else Console(width=160, highlight=highlight)
