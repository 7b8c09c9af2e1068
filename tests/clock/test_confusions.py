"""ConfusionModel that are taken for others."""

import pytest

from repro.clock.confusions import NOTHING, ConfusionModel, agreement, confusions


@pytest.mark.parametrize(
    ("printed", "read", "pair"),
    [
        ("18:19:54", "18:49:54", ("1", "4")),
        ("18:19:54", "18:1954", (":", NOTHING)),
        ("18:19:54", "418:19:54", (NOTHING, "4")),
    ],
)
def test_the_one_confusion_is_found(printed: str, read: str, pair: tuple[str, str]) -> None:
    """One glyph misread, lost or added is found, and all others are seen as right."""
    pairs = confusions(printed, read, ConfusionModel())
    assert {p: n for p, n in pairs.items() if p[0] != p[1]} == {pair: 1}
    assert sum(n for p, n in pairs.items() if p[0] == p[1]) == len(printed) - (pair[0] != NOTHING)


def test_what_was_seen_becomes_likelier() -> None:
    """After 1 was often read as 4, that reading costs less, and 1 read as 7 costs more."""
    before = ConfusionModel()
    after = ConfusionModel({("1", "4"): 50, ("1", "1"): 500})
    assert after.cost("1", "4") < before.cost("1", "4")
    assert after.cost("1", "7") > before.cost("1", "7")


def test_agreement_counts_only_the_digits_of_time() -> None:
    """A stamp whose date is right and whose time was lost agrees in one digit at most, by chance."""
    places = (9, 10, 12, 13, 15, 16)
    assert agreement("24/01/31 18:19:54", "24/01/31", places, ConfusionModel()) <= 1 / 6
    assert agreement("24/01/31 18:19:54", "24/01/31 18:19:5", places, ConfusionModel()) == pytest.approx(5 / 6)
