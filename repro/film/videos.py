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
    counts.

    Parameters
    ----------
    folder : Path
        Searched with all its subfolders, also linked ones.
    camera : Camera
        Says how a file is named.

    Returns
    -------
    dict, list of Failure
        Video of each night, in order; and files without a date in their name, or several different ones for one night.

    Raises
    ------
    ReproError
        If there is no video at all.
    """
    files = sorted(_video_files(folder))
    unfinished = [path for path in files if path.with_name(path.name + _ARIA2).exists()]
    files = [path for path in files if path not in unfinished]
    unfinished += sorted(_unfinished_files(folder))
    if unfinished:
        names = ", ".join(path_text(path.relative_to(folder)) for path in unfinished[:5])
        print(f"left out as unfinished downloads ({len(unfinished)}): {names}", file=sys.stderr)
    if not files:
        raise ReproError(
            found=f"no video among {sum(1 for _ in files_below(folder))} files",
            expected=f"files named {camera.file_pattern}",
            where=str(folder),
            remedy="put the videos there, or choose another corpus in params.yaml; still images are not read",
        )
    nights: dict[str, list[Path]] = {}
    failed = []
    for path in files:
        night = camera.night_of(path.name)
        if not path.is_file():
            failed.append(
                Failure(
                    night=night or path_text(path.name),
                    found="a link to a file that is not there",
                    expected="a video",
                    where=path_text(path),
                    remedy="restore the video that it points to, or remove the link",
                )
            )
            continue
        if night is not None and is_date(night):
            nights.setdefault(night, []).append(path)
            continue
        failed.append(
            Failure(
                night=path_text(path.name),
                found=f"a file name {'without a date' if night is None else 'with an impossible date'}: "
                f"{path_text(path.name)}",
                expected=f"{camera.file_pattern}, for example {camera.file_pattern.replace('YYYYMMDD', '20240201')}",
                where=path_text(path),
                remedy="rename the file after its night, or remove it from the folder",
            )
        )
    chosen = {}
    for night, paths in sorted(nights.items()):
        if all(_same_file(paths[0], path) for path in paths[1:]):
            chosen[night] = paths[0]
            continue
        failed.append(
            Failure(
                night=night,
                found=f"{len(paths)} different files for one night: "
                + ", ".join(path_text(path.relative_to(folder)) for path in paths),
                expected="one file a night",
                where=path_text(folder),
                remedy="keep the right one; none is chosen for you",
            )
        )
    return chosen, failed


def _video_files(folder: Path) -> Iterator[Path]:
    """Files with the suffix of a video; a dangling link counts, so that no night goes missing unnoticed."""
    for path in files_below(folder):
        is_file_or_dangling_link = path.is_file() or (path.is_symlink() and not path.exists())
        if path.suffix.lower() in VIDEO_SUFFIXES and is_file_or_dangling_link and not _within_unfinished(path, folder):
            yield path


def _unfinished_files(folder: Path) -> Iterator[Path]:
    for path in files_below(folder):
        if path.suffix.lower() in _UNFINISHED or _within_unfinished(path, folder):
            yield path


def _within_unfinished(path: Path, folder: Path) -> bool:
    parents = path.relative_to(folder).parent.parts
    return any(Path(name).suffix.lower() in _UNFINISHED for name in parents)


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


def _same_file(one: Path, other: Path) -> bool:
    return one.samefile(other) or filecmp.cmp(one, other, shallow=False)


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
