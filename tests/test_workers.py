"""Work over nights: every item is answered, whatever happens to the others."""

from __future__ import annotations

import pytest

from repro.errors import ReproError
from repro.workers import run, worker_count


def square(number: int) -> int:
    """Work of one item; three is a bad night."""
    if number == 3:
        raise ReproError(found="three", expected="another number", where="here", remedy="choose")
    return number * number


@pytest.mark.parametrize("workers", [1, 2])
def test_one_bad_item_does_not_stop_the_others(workers: int) -> None:
    """Every item is answered once; the bad one by its error, with all four parts."""
    answers = dict(run(square, [1, 2, 3, 4], workers=workers))
    error = answers.pop(3)
    assert answers == {1: 1, 2: 4, 4: 16}
    assert isinstance(error, ReproError)
    assert (error.found, error.remedy) == ("three", "choose")


def test_worker_count_is_at_least_one() -> None:
    """Zero asks for one worker a core; any other number is taken as it is."""
    assert worker_count(0) >= 1
    assert worker_count(3) == 3
