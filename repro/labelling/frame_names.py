"""Every name by which another tool may call a frame."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from repro import frames
from repro.film.frame_archive import film_outputs
from repro.film.still_corpus import STAMPS
from repro.frames import archive_name
from repro.paths import Paths
from repro.untrusted import archive_member, open_archive


def frame_names(paths: Paths, corpus: str) -> dict[str, str]:
    """Published name of each frame by its published name, by ``NIGHT_NUMBER.jpg``, and, of stills, by the original file.

    An original file may be given by its path below the corpus' folder, or by its last part where that is the only one.
    Raises ReproError if stage clock has not run.
    """
    film, clock = (paths.stage(corpus, stage) for stage in ("film", "clock"))
    table = frames.readable(frames.read_nights(clock / "tables", "clock"))
    known: dict[str, str] = {}
    originals: dict[str, str] = {}
    last_parts: Counter[str] = Counter()
    for night, rows in table.groupby("night"):
        files = _original_files(film_outputs(film, str(night))[1])
        for name, number in zip(rows["name"], rows["number"], strict=True):
            known[name] = known[archive_name(name)] = name
            if number < len(files):
                originals[files[number]] = name
                last_parts[files[number].rsplit("/", 1)[-1]] += 1
    for file, name in originals.items():
        known.setdefault(file, name)
        last = file.rsplit("/", 1)[-1]
        if last_parts[last] == 1:
            known.setdefault(last, name)
    return known


def _original_files(strips: Path) -> list[str]:
    """Paths of a night's still images below the corpus' folder, by number; none for a video or a burned-in clock."""
    if not strips.is_file():
        return []
    with open_archive(strips) as archive:
        if STAMPS not in archive.namelist():
            return []
        return [str(stamp["file"]) for stamp in json.loads(archive_member(archive, STAMPS))]
