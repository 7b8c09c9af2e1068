"""The times of still images that need no reading of pictures: from names or EXIF data, as stage film found them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from repro.clock.read_clock import NightClock
from repro.errors import ReproError
from repro.untrusted import archive_member, open_archive

_MEMBER = "stamps.json"
_GAP = 1.5  # of the usual distance of two images; from here on images are missing between them


def read_stamps(source: Path, count: int) -> NightClock:
    """Times of a night's ``count`` frames, from its archive ``strips`` of stage film.

    Raises ReproError if the archive is damaged or does not hold one time for each frame.
    """
    with open_archive(source) as archive:
        data = archive_member(archive, _MEMBER)
    try:
        stamps = [(str(stamp["text"]), float(stamp["utc_s"])) for stamp in json.loads(data)]
        if len(stamps) != count:
            raise ValueError(f"{len(stamps)} times of {count} frames")
        times = pd.to_datetime([round(utc_s) for _, utc_s in stamps], unit="s", utc=True)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise ReproError(
            found=f"a damaged list of times: {error}",
            expected="text and utc_s of each frame, as the film stage writes them",
            where=f"{source}, {_MEMBER}",
            remedy="film the night again: dvc repro film",
        ) from None
    table = pd.DataFrame({"clock_read": [text for text, _ in stamps], "clock_confidence": 100.0})
    table = table.assign(clock_text=table["clock_read"], clock_repair="", time_utc=times.as_unit("us"))
    return NightClock(table, _summary([utc_s for _, utc_s in stamps]))


def _summary(times_s: list[float]) -> dict[str, Any]:
    gaps_s = [after - before for before, after in pairwise(times_s)]
    step_s = float(median(gaps_s)) if gaps_s else 0.0
    breaks = [
        {"kind": "gap", "after": place, "before": place + 1, "seconds": round(gap_s - step_s, 1),
         "frames": round(gap_s / step_s) - 1}
        for place, gap_s in enumerate(gaps_s)
        if step_s > 0 and gap_s > _GAP * step_s
    ]  # fmt: skip
    return {"frames": len(times_s), "step_s": round(step_s, 4), "unreadable": [], "breaks": breaks}
