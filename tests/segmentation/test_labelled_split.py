"""The split: the poster's three counts from one rule, and no night on both sides where nights are split."""

import pandas as pd
import pytest

from repro.errors import ReproError
from repro.record.claims import Claims
from repro.segmentation.train_fcn_corpus import PARTS, split, split_counts


def test_rule_gives_the_published_counts(claims: Claims) -> None:
    """Eight tenths and one tenth of 1,502, rounded down, and the rest are the poster's three numbers."""
    images, *wanted = (int(claims[f"KOP.{part}"].value) for part in ("IMAGES", "TRAIN", "VALIDATION", "TEST"))
    assert split_counts(images, 0.8, 0.1) == tuple(wanted) == (1201, 150, 151)
    # A tenth of 30 is 3, though 0.1 * 30 is a little less or more in floating point.
    for total in range(10, 400):
        counts = split_counts(total, 0.8, 0.1)
        assert counts == (total * 8 // 10, total // 10, total - total * 8 // 10 - total // 10)


@pytest.fixture
def table() -> pd.DataFrame:
    """Thirty nights of ten images."""
    rows = [(f"202007{night:02d}{image:02d}", f"202007{night:02d}") for night in range(1, 31) for image in range(10)]
    return pd.DataFrame(rows, columns=["name", "night"])


def test_frames_are_counted_as_published(table: pd.DataFrame) -> None:
    """By frames the parts have the counts of the rule, and nights lie on both sides."""
    parts = split(table, "frames", 0.8, 0.1, seed=1)
    assert tuple(int((parts == part).sum()) for part in PARTS) == split_counts(300, 0.8, 0.1)
    assert set(table["night"][parts == "train"]) & set(table["night"][parts == "test"])


def test_nights_are_never_on_two_sides(table: pd.DataFrame) -> None:
    """By nights each night has one part, and the nights are counted by the rule."""
    parts = split(table, "nights", 0.8, 0.1, seed=1)
    assert len({*zip(table["night"], parts, strict=True)}) == 30
    assert tuple(table["night"][parts == part].nunique() for part in PARTS) == (24, 3, 3)


def test_draw_depends_on_the_seed_and_on_no_order(table: pd.DataFrame) -> None:
    """The same seed draws the same parts in whatever order the images come; another seed draws others."""
    first = split(table, "frames", 0.8, 0.1, seed=1)
    shuffled = table.sample(frac=1, random_state=3)
    assert split(shuffled, "frames", 0.8, 0.1, seed=1).sort_index().equals(first)
    assert not split(table, "frames", 0.8, 0.1, seed=2).equals(first)


def test_too_few_are_refused(table: pd.DataFrame) -> None:
    """Nine nights would leave no validation night; the message says what to do."""
    few = table[table["night"] < "20200710"]
    with pytest.raises(ReproError, match="9 labelled nights, which give 7, 0 and 2"):
        split(few, "nights", 0.8, 0.1, seed=1)
