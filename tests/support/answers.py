"""Classified frames with known answers; test support, no part of the library."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tests.support.frames import night_frames

Cell = tuple[str, str]


def answered(night: str, p_yes: np.ndarray, cell: Cell = ("Night", "No_moon"), first: int = 0) -> pd.DataFrame:
    """Frames of one night and condition with these probabilities."""
    p = np.asarray(p_yes, dtype=float)
    table = night_frames(night, len(p), first=first).assign(sun_bin=cell[0], moon_bin=cell[1])
    logit = np.log(np.clip(p, 1e-12, 1) / np.clip(1 - p, 1e-12, 1))
    words = pd.Series(np.where(p > 0.5, "yes", "no"), dtype="str")
    return table.assign(logit_no=0.0, logit_yes=logit, p_yes=p, predicted=words)


def cells(counts: Mapping[Cell, tuple[int, int]]) -> pd.DataFrame:
    """Frames with so many answers yes and no in each condition, one night each."""
    parts = []
    for place, (cell, (yes, no)) in enumerate(counts.items()):
        p = np.concatenate([np.full(yes, 0.9), np.full(no, 0.1)])
        parts.append(answered(f"202402{place + 1:02}", p, cell))
    return pd.concat(parts, ignore_index=True)
