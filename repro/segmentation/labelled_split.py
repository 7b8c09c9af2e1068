"""Training, validation and test images: eight tenths, one tenth, the rest, both shares rounded down, as the poster counts."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
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
    """Part of each labelled image (``name`` and ``night``): ``train``, ``validation`` or ``test``.

    By ``frames`` images are drawn, as the poster's counts say, and images of one night lie on both sides. By ``nights`` whole
    nights are drawn, so that the network is tested on nights it never saw. An empty part is an error.
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
    parts = np.repeat(PARTS, counts)
    return table[column].map({units[place]: str(part) for place, part in zip(order, parts, strict=True)})
