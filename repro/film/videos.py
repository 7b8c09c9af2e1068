"""Which file is which night's video."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from repro.camera import Camera
from repro.engine.nights import Failure
from repro.errors import ReproError

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
    # A link to nothing is listed: DVC and people link videos, and a night must not go missing in silence.
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES and (path.is_file() or (path.is_symlink() and not path.exists()))
    )
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
        if not path.is_file():
            failed.append(
                Failure(
                    night=night or _text(path.name),
                    found="a link to a file that is not there",
                    expected="a video",
                    where=_text(path),
                    remedy="put the video back that it points to, or remove the link",
                )
            )
            continue
        if night is not None and _is_date(night):
            nights.setdefault(night, []).append(path)
            continue
        failed.append(
            Failure(
                night=_text(path.name),
                found=f"a file name without {'a date' if night is None else 'a date that exists'}: {_text(path.name)}",
                expected=f"{camera.file_pattern}, for example {camera.file_pattern.replace('YYYYMMDD', '20240201')}",
                where=_text(path),
                remedy="rename the file after its night, or take it out of the folder",
            )
        )
    for night, paths in nights.items():
        if len(paths) > 1:
            failed.append(
                Failure(
                    night=night,
                    found=f"{len(paths)} files for one night: "
                    + ", ".join(_text(path.relative_to(folder)) for path in paths),
                    expected="one file a night",
                    where=_text(folder),
                    remedy="keep the right one; none is chosen for you",
                )
            )
    return {night: paths[0] for night, paths in sorted(nights.items()) if len(paths) == 1}, failed


def _text(path: Path | str) -> str:
    """A path that can be written into a listing; bytes that are no text are shown by their number."""
    return str(path).encode(errors="backslashreplace").decode()


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True
