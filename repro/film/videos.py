"""Find each night's video."""

from __future__ import annotations

import filecmp
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from repro.camera import VIDEO_SUFFIXES, Camera
from repro.engine.run_nights import Failure
from repro.errors import ReproError

#: Suffixes that browsers and download programs give to an incomplete file or its folder.
_UNFINISHED = {".part", ".crdownload", ".download", ".partial", ".ytdl"}
_ARIA2 = ".aria2"  # next to an unfinished file that already has its final name and length


def find_videos(folder: Path, camera: Camera) -> tuple[dict[str, Path], list[Failure]]:
    """Find the nights of a corpus.

    Files whose names begin with a dot are ignored: macOS and desktop systems use such names for copies and deleted files.
    Unfinished downloads are left out, too, with a line on stderr. Of several copies of one file the first
    counts. The folder is searched with all its subfolders, also linked ones; the camera says how a file is named. Gives the
    video of each night, in order, and files without a date in their name, or several different ones for one night. Raises
    ReproError if there is no video at all.
    """
    names = sorted(files_below(folder))
    unfinished = [path for path in names if _is_unfinished(path, folder)]
    # A dangling link counts, so that no night goes missing unnoticed.
    files = [
        path
        for path in names
        if path.suffix.lower() in VIDEO_SUFFIXES and path not in unfinished
        if path.is_file() or (path.is_symlink() and not path.exists())
    ]
    if unfinished:
        listed = ", ".join(path_text(path.relative_to(folder)) for path in unfinished[:5])
        print(f"left out as unfinished downloads ({len(unfinished)}): {listed}", file=sys.stderr)
    if not files:
        raise ReproError(
            found=f"no video among {len(names)} files",
            expected=f"files named {camera.file_pattern}",
            where=str(folder),
            remedy="put the videos there, or choose another corpus in params.yaml; still images need a camera profile with "
            "frames: stills",
        )
    nights: dict[str, list[Path]] = {}
    failed = []
    for path in files:
        night, name = camera.night_of(path.name), path_text(path.name)
        if not path.is_file():
            failed.append(
                Failure(
                    night=night or name,
                    found="a link to a file that is not there",
                    expected="a video",
                    where=path_text(path),
                    remedy="restore the video that it points to, or remove the link",
                )
            )
        elif night is not None and is_date(night):
            nights.setdefault(night, []).append(path)
        else:
            failed.append(
                Failure(
                    night=name,
                    found=f"a file name {'without a date' if night is None else 'with an impossible date'}: {name}",
                    expected=f"{camera.file_pattern}, for example {camera.file_pattern.replace('YYYYMMDD', '20240201')}",
                    where=path_text(path),
                    remedy="rename the file after its night, or remove it from the folder",
                )
            )
    chosen = {}
    for night, paths in sorted(nights.items()):
        first = paths[0]
        if all(first.samefile(path) or filecmp.cmp(first, path, shallow=False) for path in paths[1:]):
            chosen[night] = first
            continue
        listed = ", ".join(path_text(path.relative_to(folder)) for path in paths)
        failed.append(
            Failure(
                night=night,
                found=f"{len(paths)} different files for one night: {listed}",
                expected="one file a night",
                where=path_text(folder),
                remedy="keep the right one; none is chosen for you",
            )
        )
    return chosen, failed


def _is_unfinished(path: Path, folder: Path) -> bool:
    """Whether a browser or download program still works on a file, or on the folder that it is in."""
    within = any(Path(part).suffix.lower() in _UNFINISHED for part in path.relative_to(folder).parts)
    return within or path.with_name(path.name + _ARIA2).exists()


def files_below(folder: Path) -> Iterator[Path]:
    """All files but hidden ones; links to folders are followed, each folder is visited once."""
    visited = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        status = Path(root).stat()
        if (status.st_dev, status.st_ino) in visited:
            folders.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in names if not name.startswith("."))


def path_text(path: Path | str) -> str:
    """A path as text; bytes that are not text are escaped."""
    return str(path).encode(errors="backslashreplace").decode()


def is_date(text: str) -> bool:
    """Whether a text YYYYMMDD is a day of the calendar."""
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return True
