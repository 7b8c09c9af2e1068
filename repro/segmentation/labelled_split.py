"""Training, validation and test images: eight tenths, one tenth, the rest, both shares rounded down, as the poster counts."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd

from repro.errors import ReproError
from repro.seeding import generator

Unit = Literal["nights", "frames"]
PARTS = ("train", "validation", "test")


def split_counts(total: int, train_share: float, validation_share: float) -> tuple[int, int, int]:
    """How many go to training, validation and test: floor, floor, and what is left.

    1,502 images at 0.8 and 0.1 give 1,201, 150 and 151, the poster's numbers.
    """
    # The small addition keeps a product such as 0.1 * 30 from falling below the whole number it stands for.
    train, validation = (math.floor(share * total + 1e-9) for share in (train_share, validation_share))
    return train, validation, total - train - validation


def split(table: pd.DataFrame, unit: Unit, train_share: float, validation_share: float, seed: int) -> pd.Series:
    """Part of each labelled image: ``train``, ``validation`` or ``test``.

    Parameters
    ----------
    table : DataFrame
        ``name`` and ``night`` of labelled images.
    unit : str
        ``frames``: images are drawn, as the poster's counts say; images of one night lie on both sides. ``nights``: whole
        nights are drawn, so that the network is tested on nights it never saw.
    train_share, validation_share : float
        Shares of the images or nights.
    seed : int
        Of the draw.

    Raises
    ------
    ReproError
        If a part would be empty.
    """
    column = "night" if unit == "nights" else "name"
    units = sorted(set(table[column]))
    counts = split_counts(len(units), train_share, validation_share)
    if min(counts) == 0:
        raise ReproError(
            found=f"{len(units)} labelled {unit}, which give {counts[0]}, {counts[1]} and {counts[2]}",
            expected="at least one of each for training, validation and test",
            where="kopri.train_share and kopri.validation_share in params.yaml",
            remedy="add labelled images of more nights, or split by frames",
        )
    order = generator(seed, "kopri", "split", unit).permutation(len(units))
    part = {
        units[place]: PARTS[int(rank >= counts[0]) + int(rank >= counts[0] + counts[1])]
        for rank, place in enumerate(order)
    }
    return table[column].map(part)
