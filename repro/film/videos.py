"""Which file is which night's video."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from repro.errors import ReproError
from repro.film.profile import Camera
from repro.nights import Failure

_SUFFIXES = {".mp4", ".m4v", ".mov", ".avi", ".mkv"}


def find_videos(folder: Path, camera: Camera) -> tuple[dict[str, Path], list[Failure]]:
    """Find the nights of a corpus.

    Parameters
    ----------
    folder : Path
        Searched with all its subfolders for video files.
    camera : Camera
        Says how a file is named.

    Returns
    -------
    dict
        Video of each night, by night in order.
    list of Failure
        Files that cannot be taken: without a date in their name, or two for one night.

    Raises
    ------
    ReproError
        If there is no video at all.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not files:
        raise ReproError(
            found="no video",
            expected=f"files named {camera.file_pattern}",
            where=str(folder),
            remedy="put the videos there, or choose another corpus in params.yaml",
        )
    nights: dict[str, list[Path]] = {}
    failed = []
    for path in files:
        night = camera.night_of(path.name)
        if night is not None and _is_date(night):
            nights.setdefault(night, []).append(path)
            continue
        failed.append(
            Failure(
                night=path.name,
                found=f"a file name without {'a date' if night is None else 'a date that exists'}: {path.name}",
                expected=f"{camera.file_pattern}, for example {camera.file_pattern.replace('YYYYMMDD', '20240201')}",
                where=str(path),
                remedy="rename the file after its night, or take it out of the folder",
            )
        )
    for night, paths in nights.items():
        if len(paths) > 1:
            failed.append(
                Failure(
                    night=night,
                    found=f"{len(paths)} files for one night: " + ", ".join(str(p.relative_to(folder)) for p in paths),
                    expected="one file a night",
                    where=str(folder),
                    remedy="keep the right one; none is chosen for you",
                )
            )
    return {night: paths[0] for night, paths in sorted(nights.items()) if len(paths) == 1}, failed


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True
