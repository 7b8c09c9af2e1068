"""What of a module counts as its code."""

from __future__ import annotations

import pytest

from repro.source import code_of


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ('"""Other words."""\n\n\ndef f(x):  # why\n    """More."""\n    return x + 1\n', True),
        ("def f(x):\n    return x + 2\n", False),
        ('def f(x):\n    return "x"\n', False),
    ],
)
def test_code_without_comments(other: str, same: bool) -> None:
    """Comments, docstrings and layout make no other code; a number or a string that is returned does."""
    assert (code_of("def f(x):\n    return x + 1\n") == code_of(other)) is same
