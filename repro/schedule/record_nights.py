"""Which nights the record covers: those in the windows of section ``schedule``.

Nights added later are processed like any other, but train no network and enter no published table.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from repro.params import Schedule, Window


def covers(windows: Iterable[Window], night: str) -> bool:
    """Whether a night, YYYYMMDD, is in one of some windows."""
    day = f"{night[:4]}-{night[4:6]}-{night[6:]}"
    return any(window.first <= day <= window.last for window in windows)


def in_record(table: pd.DataFrame, schedule: Schedule) -> pd.Series[bool]:
    """Which rows of a table are of a ``night`` that the record covers; all, where it covers none, as with another camera."""
    covered = {night: covers(schedule.windows, night) for night in table["night"].unique()}
    if not any(covered.values()):
        return pd.Series(True, index=table.index)
    return table["night"].map(covered).astype(bool)
