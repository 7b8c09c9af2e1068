"""Frames of a corpus for the page: which there are, their pictures, and the keograms of their nights.

A name is never used as a path. It is taken apart by its pattern, and only a frame that stands in the table of its night is
read out of that night's archive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd

from repro import frames
from repro.engine.run_nights import summaries
from repro.errors import refuse
from repro.film.frame_archive import film_outputs, read_frame
from repro.frames import NAME_PATTERN
from repro.labels import labelfile
from repro.paths import Paths
from repro.simulated_mark import simulated_nights


class FrameSource:
    """Frames of one corpus after the stages film and clock."""

    def __init__(self, paths: Paths, corpus: str) -> None:
        self._film, self._clock = (paths.stage(corpus, stage) for stage in ("film", "clock"))
        self.simulated = frozenset(simulated_nights(summaries(self._film)))
        self._night = lru_cache(maxsize=64)(self._read_night)

    def times(self, night: str) -> dict[str, str]:
        """Names of a night's frames in their order, each with its time, ISO 8601, UTC; empty if there is no such night."""
        return self._night(night) if re.fullmatch(r"\d{8}", night) else {}

    def time_of(self, name: str) -> str | None:
        """Time of a frame; None if the corpus has no frame of that name."""
        match = re.fullmatch(NAME_PATTERN, name)
        return self.times(match["night"]).get(name) if match else None

    def jpeg(self, name: str) -> bytes | None:
        """Picture of a frame; None if the corpus has no frame of that name.

        Raises ReproError if the night's archive is missing or damaged.
        """
        if self.time_of(name) is None:
            return None
        return read_frame(film_outputs(self._film, name.split("_")[1])[0], name)

    def keogram(self, night: str) -> bytes | None:
        """Keogram of a night as PNG, one column a frame, north at the top; None if there is none."""
        source = film_outputs(self._film, night)[3]
        return source.read_bytes() if self.times(night) and source.is_file() else None

    def numbers(self, night: str) -> dict[str, int]:
        """Running number of each named frame of a night, which is its column in the keogram."""
        return {name: int(re.fullmatch(NAME_PATTERN, name)["number"]) for name in self.times(night)}  # type: ignore[index]

    def _read_night(self, night: str) -> dict[str, str]:
        source = self._clock / "tables" / f"{night}.parquet"
        if not source.is_file():
            return {}
        table = frames.readable(frames.read(source, "clock")).sort_values("time_utc")
        stamps = table["time_utc"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        return dict(zip(table["name"], stamps, strict=True))


def names_in(source: Path, *, remedy: str) -> list[str]:
    """Column ``name`` of a CSV file, sorted, each once.

    Raises ReproError if there is no such file or column.
    """
    try:
        table = pd.read_csv(source, dtype=str, usecols=["name"], keep_default_na=False)
    except (OSError, ValueError) as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else f"no list of frames: {error}"
        expected = f"a CSV file with a column name, such as {','.join(labelfile.COLUMNS)}"
        refuse(found, expected, str(source), remedy)
    return sorted(set(table["name"]))


def check_frames(names: Sequence[str], source: FrameSource, where: Path) -> None:
    """Refuse a list with names that are no frames of the corpus.

    Raises ReproError if the list is empty or has such a name.
    """
    unknown = [name for name in names if source.time_of(name) is None]
    if unknown or not names:
        found = f"{len(unknown)} names that are no frames, such as {unknown[0]!r}" if unknown else "no frame"
        remedy = "draw the list again after the frames changed: dvc repro sample"
        refuse(found, "names of frames of this corpus", str(where), remedy)
