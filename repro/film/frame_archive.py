"""Read frames from the archives of stage film: ZIP without compression, one a night.

In the archive a frame is called ``NIGHT_NUMBER.jpg``, because its time is unknown until the clock has been read. It can
be read by that name or by its published name ``<UTC stamp>_NIGHT_NUMBER.jpg``.
"""

from __future__ import annotations

import zipfile
from contextlib import ExitStack
from pathlib import Path
from threading import local

from repro.errors import ReproError
from repro.files import atomic_path, write_bytes
from repro.frames import archive_name, read, readable
from repro.untrusted import archive_member, open_archive

_thread = local()


def film_outputs(folder: Path, night: str) -> tuple[Path, Path, Path, Path]:
    """Files of a night in the folder of stage film: frames, strips, index, keogram."""
    return (
        folder / "frames" / f"{night}.zip",
        folder / "strips" / f"{night}.zip",
        folder / "index" / f"{night}.parquet",
        folder / "keograms" / f"{night}.png",
    )


def new_archive(stack: ExitStack, path: Path) -> zipfile.ZipFile:
    """A ZIP file without compression that takes its place at ``path`` when the stack closes without an error."""
    return stack.enter_context(zipfile.ZipFile(stack.enter_context(atomic_path(path)), "w", zipfile.ZIP_STORED))


def add_file(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add a file to an archive; a fixed time makes archives of the same frames the same file."""
    archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)


def read_frame(source: Path, name: str) -> bytes:
    """JPEG file of one frame.

    Each thread keeps its latest archive open, because two threads must not read one ``ZipFile`` at the same time.

    ``name`` is the published name, such as ``20240201011954_20240201_0.jpg``, or the archive's, such as
    ``20240201_0.jpg``. Raises ReproError if the archive is missing or damaged, or does not hold the frame; see
    :func:`repro.untrusted.archive_member`.
    """
    return archive_member(_opened(source), archive_name(name))


def unpack_night(film: Path, clock: Path, night: str, folder: Path) -> int:
    """Write a night's frames as JPEG files under their published names; returns how many are in ``folder`` then.

    A frame without a time has no published name and is left out. ``film`` and ``clock`` are the folders of these
    stages. Raises ReproError if the night was not filmed or its clock not read; the message lists the available nights;
    if a file of that name holds something else, and nothing is written then; or as :func:`read_frame`.
    """
    table, source = clock / "tables" / f"{night}.parquet", film_outputs(film, night)[0]
    if not table.is_file():
        nights = sorted(path.stem for path in table.parent.glob("[!.]*.parquet"))
        raise ReproError(
            found=f"no night {night}",
            expected=f"one of {', '.join(nights[:5])}{' ...' if len(nights) > 5 else ''}" if nights else "a night",
            where=str(table),
            remedy="name one of these nights, or run: dvc repro clock" if nights else "run: dvc repro clock",
        )
    targets = {name: folder / name for name in readable(read(table, "clock"))["name"]}
    there = {name: target for name, target in targets.items() if target.exists() or target.is_symlink()}
    for name, target in there.items():
        if not target.is_file() or target.read_bytes() != read_frame(source, name):
            raise ReproError(
                found="a file of that name that is another frame, or no frame",
                expected="no such file, or the same frame",
                where=str(target),
                remedy="name another folder with --out, or move the file away",
            )
    folder.mkdir(parents=True, exist_ok=True)
    for name in targets.keys() - there.keys():
        write_bytes(targets[name], read_frame(source, name))
    return len(targets)


def _opened(source: Path) -> zipfile.ZipFile:
    stamp = source, source.stat().st_mtime_ns if source.is_file() else None
    if getattr(_thread, "stamp", None) != stamp:
        _thread.stamp, _thread.archive = None, None
        _thread.archive = open_archive(source)
        _thread.stamp = stamp
    archive: zipfile.ZipFile = _thread.archive
    return archive
